"""The kernels that go through the rows of a matrix: softmax, argmax, choosing by index."""

from __future__ import annotations

from functools import cache

from mnist_draw.theano_bridge.native.kernels import scalars
from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Function,
    Register,
    integer,
    literal,
)
from mnist_draw.theano_bridge.native.kernels.reductions import plus

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
    int64 that becomes 1 where an index is out of range. Rows lie anywhere in a large memory, so
    that nearly all time is spent waiting for it: it is told a few rows ahead what comes.
    """
    name = f"take_rows_{index_dtype}"
    e = Emitter(name)
    e.declarations.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
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
            address = e.element(x, "int8", e.op("add", coming, i))
            e.line(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 3, i32 1)")
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
