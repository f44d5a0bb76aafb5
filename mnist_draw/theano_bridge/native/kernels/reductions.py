"""The kernels that reduce: sums and the like, softmax, argmax, choosing by index, max pooling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from mnist_draw.theano_bridge.native.kernels import scalars
from mnist_draw.theano_bridge.native.kernels.emitter import (
    LLVM_TYPES,
    START,
    STOP,
    Emitter,
    Function,
    Register,
    integer,
    literal,
)

#: What a reduction starts from.
_START_VALUES = {"Add": 0.0, "Mul": 1.0, "Maximum": -math.inf, "Minimum": math.inf}


@cache
def reduce_columns(operation: str, source: str, target: str, accumulator: str) -> Function:
    """out[k] = Σ_o x[o, k] (or product, maximum, minimum), for columns start to stop.

    Arguments: the addresses of out and x; rows; columns (the distance of two rows).
    """
    name = f"columns_{operation}_{source}_{target}_{accumulator}"
    e = Emitter(name)
    out, x = e.pointer(0), e.pointer(1)
    rows, columns = e.argument(2), e.argument(3)
    width = 64
    block = "%" + e.name("block")
    e.variables.append(f"  {block} = alloca [{width} x {LLVM_TYPES[accumulator]}], align 64")
    with e.loop(START, STOP, step=width) as first:
        left = e.op("sub", STOP, first)
        narrow = e.value(f"icmp slt i64 {left.name}, {width}", "bool").name
        count = e.value(f"select i1 {narrow}, i64 {left.name}, i64 {width}", "int64")
        with e.loop(integer(0), count, independent=True) as j:
            e.store(block, j, _start_value(operation, accumulator))
        with e.loop(integer(0), rows) as o:
            base = e.op("add", e.op("mul", o, columns), first)
            with e.loop(integer(0), count, independent=True) as j:
                value = e.load(x, source, e.op("add", base, j))
                value = scalars.convert(e, value, accumulator)
                old = e.load(block, accumulator, j)
                e.store(block, j, _combined(e, operation, old, value))
        with e.loop(integer(0), count, independent=True) as j:
            value = scalars.convert(e, e.load(block, accumulator, j), target)
            e.store(out, e.op("add", first, j), value)
    return e.finished()


@cache
def reduce_rows(operation: str, source: str, target: str, accumulator: str) -> Function:
    """out[k] = Σ_o Σ_i x[o, k, i] (or product, maximum, minimum), for k from start to stop.

    Arguments: the addresses of out and x; the sizes of o and i; the distances of two o and of
    two k, in elements.
    """
    name = f"rows_{operation}_{source}_{target}_{accumulator}"
    e = Emitter(name)
    out, x = e.pointer(0), e.pointer(1)
    outer, inner, outer_step, step = (e.argument(index) for index in range(2, 6))
    total = e.variable(accumulator)
    with e.loop(START, STOP) as k:
        e.set(total, _start_value(operation, accumulator))
        with e.loop(integer(0), outer) as o:
            base = e.op("add", e.op("mul", o, outer_step), e.op("mul", k, step))
            with e.loop(integer(0), inner) as i:
                value = e.load(x, source, e.op("add", base, i))
                value = scalars.convert(e, value, accumulator)
                e.set(total, _combined(e, operation, e.get(total, accumulator), value))
        e.store(out, k, scalars.convert(e, e.get(total, accumulator), target))
    return e.finished()


def _combined(e: Emitter, operation: str, a: Register, b: Register) -> Register:
    return (
        plus(e, a, b) if operation == "Add" else scalars.OPERATIONS[operation](e, [a, b], a.dtype)
    )


def _start_value(operation: str, dtype: str) -> Register:
    value = _START_VALUES[operation]
    if math.isinf(value) and not dtype.startswith("float"):
        limits = np.iinfo(dtype)
        value = limits.max if value > 0 else limits.min
    return literal(value, dtype)


def plus(e: Emitter, a: Register, b: Register) -> Register:
    # Sums may be taken in another order: many at once, and no less exact than one by one.
    return e.op("fadd reassoc contract" if a.is_float else "add", a, b)


@cache
def sum_by_parts(dtype: str, planes: bool) -> Function:
    """part[c, k] = Σ_o Σ_i x[o, k, i] for the o of chunk c, which may come in several blocks.

    Arguments: the addresses of the parts and of x; the sizes of k and i; o in a chunk; the
    distance of two parts. ``planes``: whether i has more than one element.
    """
    e = Emitter(f"sum_by_parts_{dtype}_{int(planes)}")
    parts, x = e.pointer(0), e.pointer(1)
    kept, inner, chunk, width = (e.argument(index) for index in range(2, 6))
    number = e.op("sdiv", START, chunk)
    part = e.element(parts, dtype, e.op("mul", number, width))
    within = e.op("srem", START, chunk)
    begins = e.value(f"icmp eq i64 {within.name}, 0", "bool").name
    with e.when(begins), e.loop(integer(0), kept, independent=True) as k:
        e.store(part, k, literal(0, dtype))
    total = e.variable(dtype)
    with e.loop(START, STOP) as o:
        row = e.op("mul", o, kept)
        with e.loop(integer(0), kept, independent=not planes) as k:
            place = e.op("add", row, k)
            if planes:
                e.set(total, literal(0, dtype))
                base = e.op("mul", place, inner)
                with e.loop(integer(0), inner) as i:
                    value = e.load(x, dtype, e.op("add", base, i))
                    e.set(total, plus(e, e.get(total, dtype), value))
                value = e.get(total, dtype)
            else:
                value = e.load(x, dtype, place)
            e.store(part, k, plus(e, e.load(part, dtype, k), value))
    return e.finished()


_CACHE_LINE = 64
#: Rows that `take_rows` asks the memory for in advance: four pictures of 784 bytes are 52 cache
#: lines, about as many as a core's second-level cache can wait for at a time (48 on Intel's).
_ROWS_AHEAD = 4


@cache
def softmax(dtype: str, logarithm: bool) -> Function:
    """Softmax of each row, or its logarithm, for rows start to stop.

    Arguments: the addresses of out and x; columns. The row's maximum is taken off first, so that
    no power overflows.
    """
    name = f"{'log_' if logarithm else ''}softmax_{dtype}"
    e = Emitter(name)
    out, x = e.pointer(0), e.pointer(1)
    columns = e.argument(2)
    largest, total = e.variable(dtype), e.variable(dtype)
    with e.loop(START, STOP) as row:
        base = e.op("mul", row, columns)
        e.set(largest, e.load(x, dtype, base))
        with e.loop(integer(0), columns) as j:
            value = e.load(x, dtype, e.op("add", base, j))
            pair = [value, e.get(largest, dtype)]
            e.set(largest, scalars.OPERATIONS["Maximum"](e, pair, dtype))
        top = e.get(largest, dtype)
        e.set(total, literal(0, dtype))
        with e.loop(integer(0), columns) as j:
            at = e.op("add", base, j)
            shifted = e.op("fsub", e.load(x, dtype, at), top)
            power = scalars.OPERATIONS["Exp"](e, [shifted], dtype)
            e.store(out, at, shifted if logarithm else power)
            e.set(total, plus(e, e.get(total, dtype), power))
        whole = e.get(total, dtype)
        if logarithm:
            whole = scalars.OPERATIONS["Log"](e, [whole], dtype)
        with e.loop(integer(0), columns) as j:
            at = e.op("add", base, j)
            value = e.load(out, dtype, at)
            e.store(out, at, e.op("fsub" if logarithm else "fdiv", value, whole))
    return e.finished()


@cache
def argmax(dtype: str) -> Function:
    """Index of the largest element of each row, the first of several, for rows start to stop.

    Arguments: the addresses of out (int64) and x; columns.
    """
    name = f"argmax_{dtype}"
    e = Emitter(name)
    out, x = e.pointer(0), e.pointer(1)
    columns = e.argument(2)
    best, where = e.variable(dtype), e.variable("int64")
    with e.loop(START, STOP) as row:
        base = e.op("mul", row, columns)
        e.set(best, e.load(x, dtype, base))
        e.set(where, integer(0))
        with e.loop(integer(1), columns) as j:
            value = e.load(x, dtype, e.op("add", base, j))
            # As in NumPy, the first that is not a number counts as the largest.
            old = e.get(best, dtype)
            test = e.value(f"fcmp ugt {value.typed}, {old.name}", "bool").name
            number = e.value(f"fcmp ord {old.typed}, {old.name}", "bool").name
            better = e.value(f"and i1 {test}, {number}", "bool").name
            with e.when(better):
                e.set(best, value)
                e.set(where, j)
        e.store(out, row, e.get(where, "int64"))
    return e.finished()


@cache
def gather(dtype: str, index_dtype: str) -> Function:
    """out[i] = x[i, index[i]], for i from start to stop; negative indices count from the end.

    Arguments: the addresses of out, x and index; columns; the address of an int64 that becomes
    1 where an index is out of range.
    """
    name = f"gather_{dtype}_{index_dtype}"
    e = Emitter(name)
    out, x, indices = (e.pointer(index) for index in range(3))
    columns = e.argument(3)
    fault = e.pointer(4)
    with e.loop(START, STOP) as row:
        at = _checked(e, indices, index_dtype, row, columns, fault)
        e.store(out, row, e.load(x, dtype, e.op("add", e.op("mul", row, columns), at)))
    return e.finished()


@cache
def take_rows(index_dtype: str) -> Function:
    """out[i] = x[index[i]], whole rows, for i from start to stop; negative indices as in `gather`.

    Arguments: the addresses of out, x and index; bytes of a row; rows of x; the address of an
    int64 that becomes 1 where an index is out of range. Rows are spread over
    a large memory, and nearly all time is spent waiting for it: the kernel prefetches some rows.
    """
    name = f"take_rows_{index_dtype}"
    e = Emitter(name)
    out, x, indices = (e.pointer(index) for index in range(3))
    width, count = e.argument(3), e.argument(4)
    fault = e.pointer(5)
    with e.loop(START, STOP) as row:
        last = e.op("sub", STOP, integer(1))
        ahead = e.op("add", row, integer(_ROWS_AHEAD))
        inside = e.value(f"icmp slt i64 {ahead.name}, {last.name}", "bool").name
        ahead = e.value(f"select i1 {inside}, {ahead.typed}, {last.typed}", "int64")
        coming = scalars.convert(e, e.load(indices, index_dtype, ahead), "int64")
        coming = e.op("mul", coming, width)
        with e.loop(integer(0), width, step=_CACHE_LINE) as i:
            e.prefetch(e.element(x, "int8", e.op("add", coming, i)))
        at = _checked(e, indices, index_dtype, row, count, fault)
        source, target = e.op("mul", at, width), e.op("mul", row, width)
        with e.loop(integer(0), width, independent=True) as i:
            value = e.load(x, "int8", e.op("add", source, i))
            e.store(out, e.op("add", target, i), value)
    return e.finished()


@cache
def scatter(dtype: str, index_dtype: str, scalar: bool) -> Function:
    """Out = 0 but for out[i, index[i]] = v[i], for rows start to stop.

    Arguments as of `gather`: out, v, index; columns; fault. ``scalar``: one v for all rows.
    """
    name = f"scatter_{dtype}_{index_dtype}_{int(scalar)}"
    e = Emitter(name)
    out, values, indices = (e.pointer(index) for index in range(3))
    columns = e.argument(3)
    fault = e.pointer(4)
    with e.loop(START, STOP) as row:
        base = e.op("mul", row, columns)
        with e.loop(integer(0), columns) as j:
            e.store(out, e.op("add", base, j), literal(0, dtype))
        at = _checked(e, indices, index_dtype, row, columns, fault)
        value = e.load(values, dtype, integer(0) if scalar else row)
        e.store(out, e.op("add", base, at), value)
    return e.finished()


def _checked(
    e: Emitter, indices: str, dtype: str, row: Register, columns: Register, fault: str
) -> Register:
    """Read an index; where it is out of range, report that and return 0."""
    index = scalars.convert(e, e.load(indices, dtype, row), "int64")
    negative = e.value(f"icmp slt i64 {index.name}, 0", "bool").name
    wrapped = e.op("add", index, columns)
    index = e.value(f"select i1 {negative}, i64 {wrapped.name}, i64 {index.name}", "int64")
    outside = e.value(f"icmp uge i64 {index.name}, {columns.name}", "bool").name
    with e.when(outside):
        e.line(f"store i64 1, ptr {fault}")
    return e.value(f"select i1 {outside}, i64 0, i64 {index.name}", "int64")


@dataclass(frozen=True)
class Regions:
    """The positions of the regions of a picture; none is padded."""

    dtype: str
    height: int
    width: int
    rows: int
    columns: int
    window_height: int
    window_width: int
    down: int
    right: int

    @property
    def tile(self) -> bool:
        """Whether every pixel belongs to exactly one region."""
        return (
            (self.down, self.right) == (self.window_height, self.window_width)
            and self.rows * self.down == self.height
            and self.columns * self.right == self.width
        )

    @property
    def inside(self) -> bool:
        """Whether no region sticks out of the picture."""
        return (self.rows - 1) * self.down + self.window_height <= self.height and (
            self.columns - 1
        ) * self.right + self.window_width <= self.width


def _pixels(e: Emitter, r: Regions, picture: Register, i: Register, j: Register) -> list[Register]:
    """Return the indices of a region's pixels."""
    base = e.op("mul nsw", picture, integer(r.height * r.width))
    base = e.op("add nsw", base, e.op("mul nsw", i, integer(r.down * r.width)))
    base = e.op("add nsw", base, e.op("mul nsw", j, integer(r.right)))
    return [
        e.op("add nsw", base, integer(y * r.width + x))
        for y in range(r.window_height)
        for x in range(r.window_width)
    ]


def pool(r: Regions) -> Function:
    """Take the largest pixel of each region.

    Arguments: the addresses of the result and of the pictures. Parallel over pictures and
    channels.
    """
    e = Emitter("pool")
    out, x = e.pointer(0), e.pointer(1)
    with e.loop(START, STOP) as n, e.loop(integer(0), integer(r.rows)) as i:
        base = e.op("mul nsw", n, integer(r.rows * r.columns))
        row = e.op("add nsw", base, e.op("mul nsw", i, integer(r.columns)))
        with e.loop(integer(0), integer(r.columns), independent=True) as j:
            values = [e.load(x, r.dtype, at) for at in _pixels(e, r, n, i, j)]
            largest = scalars.OPERATIONS["Maximum"](e, values, r.dtype)
            e.store(out, e.op("add nsw", row, j), largest)
    return e.named()


def pool_gradient(r: Regions) -> Function:
    """Give each region's gradient to its largest pixel (to each of them where several are).

    Arguments: the addresses of the result, of the pictures, of the maxima and of the gradient by
    the maxima. Parallel over pictures and channels.
    """
    e = Emitter("pool_gradient")
    out, x, z, gz = (e.pointer(index) for index in range(4))
    zero = literal(0, r.dtype)
    area = r.height * r.width
    with e.loop(START, STOP) as n:
        if not r.tile:
            first = e.op("mul nsw", n, integer(area))
            with e.loop(integer(0), integer(area), independent=True) as i:
                e.store(out, e.op("add nsw", first, i), zero)
        base = e.op("mul nsw", n, integer(r.rows * r.columns))
        with e.loop(integer(0), integer(r.rows)) as i:
            row = e.op("add nsw", base, e.op("mul nsw", i, integer(r.columns)))
            with e.loop(integer(0), integer(r.columns), independent=r.tile) as j:
                place = e.op("add nsw", row, j)
                largest, share = e.load(z, r.dtype, place), e.load(gz, r.dtype, place)
                for at in _pixels(e, r, n, i, j):
                    value = e.load(x, r.dtype, at)
                    test = e.value(f"fcmp oeq {value.typed}, {largest.name}", "bool").name
                    part = e.value(f"select i1 {test}, {share.typed}, {zero.typed}", r.dtype)
                    if not r.tile:
                        part = e.op("fadd", e.load(out, r.dtype, at), part)
                    e.store(out, at, part)
    return e.named()
