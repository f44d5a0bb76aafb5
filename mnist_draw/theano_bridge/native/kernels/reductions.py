"""The kernels that reduce: sums and the like, softmax, argmax, choosing by index, max pooling."""

from __future__ import annotations

import math

import numpy as np

from mnist_draw.theano_bridge.native.kernels import scalars
from mnist_draw.theano_bridge.native.kernels.emitter import (
    LLVM_TYPES,
    START,
    STOP,
    Emitter,
    Register,
    literal,
    register,
    written,
)
from mnist_draw.theano_bridge.native.kernels.vectors import Shapes, begun_part, index_of

#: Sums may be taken in another order: many at once, and no less exact than one by one.
_PLUS = "fadd reassoc"
#: What a reduction starts from.
START_VALUES = {"Add": 0.0, "Mul": 1.0, "Maximum": -math.inf, "Minimum": math.inf}


@written
def reduce_columns(e: Emitter, operation: str, source: str, target: str, accumulator: str) -> None:
    """out[k] = Σ_o x[o, k] (or product, maximum, minimum), for columns start to stop."""
    out, x = e.pointers(2)
    rows = e.argument(2)
    columns = e.argument(3)
    width = 64
    block = "%" + e.name("block")
    e.variables.append(f"  {block} = alloca [{width} x {LLVM_TYPES[accumulator]}], align 64")
    with e.loop(START, STOP, step=width) as first:
        count = e.smaller(e.op("sub", STOP, first), width)
        with e.loop(0, count, independent=True) as j:
            e.store(block, j, _start_value(operation, accumulator))
        with e.loop(0, rows) as o:
            base = e.op("add", e.op("mul", o, columns), first)
            with e.loop(0, count, independent=True) as j:
                value = e.load(x, source, e.op("add", base, j))
                value = scalars.convert(e, value, accumulator)
                old = e.load(block, accumulator, j)
                e.store(block, j, _combined(e, operation, old, value))
        with e.loop(0, count, independent=True) as j:
            value = scalars.convert(e, e.load(block, accumulator, j), target)
            e.store(out, e.op("add", first, j), value)


@written
def reduce_rows(e: Emitter, operation: str, source: str, target: str, accumulator: str) -> None:
    """out[k] = Σ_o Σ_i x[o, k, i] (or product, maximum, minimum), for k from start to stop."""
    out, x = e.pointers(2)
    outer, inner, outer_step, step = e.arguments(2, 6)
    with e.rows() as k:
        total = e.variable(accumulator, _start_value(operation, accumulator))
        with e.loop(0, outer) as o:
            base = e.op("add", e.op("mul", o, outer_step), e.op("mul", k, step))
            with e.loop(0, inner) as i:
                value = e.load(x, source, e.op("add", base, i))
                value = scalars.convert(e, value, accumulator)
                e.set(total, _combined(e, operation, e.get(total, accumulator), value))
        e.store(out, k, scalars.convert(e, e.get(total, accumulator), target))


def _combined(e: Emitter, operation: str, a: Register, b: Register) -> Register:
    if operation == "Add":
        return e.op(_PLUS if a.is_float else "add", a, b)
    return scalars.OPERATIONS[operation](e, [a, b], a.dtype)


def _start_value(operation: str, dtype: str) -> Register:
    value = START_VALUES[operation]
    if math.isinf(value) and not dtype.startswith("float"):
        limits = np.iinfo(dtype)
        value = limits.max if value > 0 else limits.min
    return literal(value, dtype)


@written
def sum_by_parts(e: Emitter, dtype: str, planes: bool) -> None:
    """part[p, k] = Σ_o Σ_i x[o, k, i] for the o of part p."""
    parts, x = e.pointers(2)
    kept, inner, rows = e.arguments(2, 5)
    with e.rows() as o:
        part = begun_part(e, parts, (o, rows), kept, dtype)
        row = e.op("mul", o, kept)
        with e.loop(0, kept, independent=not planes) as k:
            place = e.op("add", row, k)
            if planes:
                total = e.variable(dtype, literal(0, dtype))
                base = e.op("mul", place, inner)
                with e.loop(0, inner) as i:
                    value = e.load(x, dtype, e.op("add", base, i))
                    e.add_to(total, value, _PLUS)
                value = e.get(total, dtype)
            else:
                value = e.load(x, dtype, place)
            e.store(part, k, e.op(_PLUS, e.load(part, dtype, k), value))


_CACHE_LINE = 64
#: Rows that `take_rows` asks the memory for in advance: four pictures of 784 bytes are 52 cache
#: lines, about as many as a core's second-level cache can wait for at a time (48 on Intel's).
_ROWS_AHEAD = 4


@written
def softmax(e: Emitter, dtype: str, logarithm: bool) -> None:
    """Softmax of each row less its maximum, or its logarithm, for rows start to stop."""
    out, x = e.pointers(2)
    columns = e.argument(2)
    with e.rows() as row:
        base = e.op("mul", row, columns)
        largest = e.variable(dtype, e.load(x, dtype, base))
        total = e.variable(dtype, literal(0, dtype))
        with e.loop(0, columns) as j:
            value = e.load(x, dtype, e.op("add", base, j))
            pair = [value, e.get(largest, dtype)]
            e.set(largest, scalars.OPERATIONS["Maximum"](e, pair, dtype))
        top = e.get(largest, dtype)
        with e.loop(0, columns) as j:
            at = e.op("add", base, j)
            shifted = e.op("fsub", e.load(x, dtype, at), top)
            power = scalars.OPERATIONS["Exp"](e, [shifted], dtype)
            e.store(out, at, shifted if logarithm else power)
            e.add_to(total, power, _PLUS)
        whole = e.get(total, dtype)
        if logarithm:
            whole = scalars.OPERATIONS["Log"](e, [whole], dtype)
        with e.loop(0, columns) as j:
            at = e.op("add", base, j)
            value = e.load(out, dtype, at)
            e.store(out, at, e.op("fsub" if logarithm else "fdiv", value, whole))


@written
def argmax(e: Emitter, dtype: str) -> None:
    """Index of the largest element of each row, the first of several, for rows start to stop."""
    out, x = e.pointers(2)
    columns = e.argument(2)
    with e.rows() as row:
        base = e.op("mul", row, columns)
        best = e.variable(dtype, e.load(x, dtype, base))
        where = e.variable("int64", register(0))
        with e.loop(1, columns) as j:
            value = e.load(x, dtype, e.op("add", base, j))
            # As in NumPy, the first that is not a number counts as the largest.
            old = e.get(best, dtype)
            test = e.test("fcmp ugt", value, old)
            number = e.test("fcmp ord", old, old)
            better = e.value(f"and i1 {test}, {number}", "bool").name
            with e.when(better):
                e.set(best, value)
                e.set(where, j)
        e.store(out, row, e.get(where, "int64"))


@written
def gather(e: Emitter, dtype: str, index_dtype: str) -> None:
    """out[i] = x[i, index[i]]; negative indices count from the end, others may be a ``fault``."""
    out, x, indices = e.pointers(3)
    columns = e.argument(3)
    fault = e.pointer(4)
    with e.rows() as row:
        at = _checked(e, indices, index_dtype, row, columns, fault)
        e.store(out, row, e.load(x, dtype, e.op("add", e.op("mul", row, columns), at)))


@written
def take_rows(e: Emitter, index_dtype: str) -> None:
    """out[i] = x[index[i]], whole rows, some of which are prefetched, for i from start to stop."""
    out, x, indices = e.pointers(3)
    width = e.argument(3)
    count = e.argument(4)
    fault = e.pointer(5)
    with e.rows() as row:
        last = e.op("sub", STOP, 1)
        ahead = e.smaller(e.op("add", row, _ROWS_AHEAD), last)
        coming = scalars.convert(e, e.load(indices, index_dtype, ahead), "int64")
        coming = e.op("mul", coming, width)
        with e.loop(0, width, step=_CACHE_LINE) as i:
            e.prefetch(e.element(x, "int8", e.op("add", coming, i)))
        at = _checked(e, indices, index_dtype, row, count, fault)
        source = e.op("mul", at, width)
        target = e.op("mul", row, width)
        with e.loop(0, width, independent=True) as i:
            value = e.load(x, "int8", e.op("add", source, i))
            e.store(out, e.op("add", target, i), value)


@written
def scatter(e: Emitter, dtype: str, index_dtype: str, scalar: bool) -> None:
    """Out = 0 but for out[i, index[i]] = v[i], or the only v, for rows start to stop."""
    out, values, indices = e.pointers(3)
    columns = e.argument(3)
    fault = e.pointer(4)
    with e.rows() as row:
        base = e.op("mul", row, columns)
        with e.loop(0, columns) as j:
            e.store(out, e.op("add", base, j), literal(0, dtype))
        at = _checked(e, indices, index_dtype, row, columns, fault)
        value = e.load(values, dtype, 0 if scalar else row)
        e.store(out, e.op("add", base, at), value)


def _checked(
    e: Emitter,
    indices: str,
    dtype: str,
    row: Register,
    columns: Register,
    fault: str,
) -> Register:
    """Read an index; where it is out of range, report that and return 0."""
    index = scalars.convert(e, e.load(indices, dtype, row), "int64")
    negative = e.test("icmp slt", index)
    index = e.choose(negative, e.op("add", index, columns), index)
    outside = e.test("icmp uge", index, columns)
    with e.when(outside):
        e.line(f"store i64 1, ptr {fault}")
    return e.choose(outside, register(0), index)


def _pixels(e: Emitter, s: Shapes, picture: Register, i: Register, j: Register) -> list[Register]:
    """Return the indices of a region's pixels."""
    base = index_of(e, (picture, s.height * s.width), (i, s.down * s.width), (j, s.right))
    places = (y * s.width + x for y in range(s.rows) for x in range(s.columns))
    return [index_of(e, base, place) for place in places]


@written
def pool(e: Emitter, s: Shapes) -> None:
    """Take the largest pixel of each region. Parallel over pictures and channels."""
    out, x = e.pointers(2)
    with e.rows() as n, e.loop(0, s.out_height) as i:
        row = index_of(e, (n, s.places), (i, s.out_width))
        with e.loop(0, s.out_width, independent=True) as j:
            values = [e.load(x, s.dtype, at) for at in _pixels(e, s, n, i, j)]
            largest = scalars.OPERATIONS["Maximum"](e, values, s.dtype)
            e.store(out, e.op("add nsw", row, j), largest)


@written
def pool_gradient(e: Emitter, s: Shapes) -> None:
    """Give each region's gradient to its largest pixel (to each of them where several are)."""
    out, x, z, gz = e.pointers(4)
    zero = literal(0, s.dtype)
    area = s.height * s.width
    with e.rows() as n:
        if not s.tiles:
            first = e.op("mul nsw", n, area)
            with e.loop(0, area, independent=True) as i:
                e.store(out, e.op("add nsw", first, i), zero)
        with e.loop(0, s.out_height) as i:
            row = index_of(e, (n, s.places), (i, s.out_width))
            with e.loop(0, s.out_width, independent=s.tiles) as j:
                place = e.op("add nsw", row, j)
                largest = e.load(z, s.dtype, place)
                share = e.load(gz, s.dtype, place)
                for at in _pixels(e, s, n, i, j):
                    value = e.load(x, s.dtype, at)
                    test = e.test("fcmp oeq", value, largest)
                    part = e.choose(test, share, zero)
                    if not s.tiles:
                        part = e.op("fadd", e.load(out, s.dtype, at), part)
                    e.store(out, at, part)
