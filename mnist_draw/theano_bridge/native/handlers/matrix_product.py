"""How matrix products become kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.handlers.elementwise import contiguous, materialise
from mnist_draw.theano_bridge.native.kernels import matrix_product
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.plan import Argument, Array, Planner, Value

#: A thread with fewer rows of a matrix product than this is better off with columns: the BLAS
#: packs the other operand anew for each thread, which pays only over many rows.
_FEW_ROWS = 64


def dot(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan a matrix product; transposed operands are taken as they are."""
    a, b = (_matrix(planner, value) for value in values)
    (m, k), (other, n) = a.shape, b.shape
    if k != other:
        raise ValueError(f"shapes do not fit: {a.shape} times {b.shape}")
    dtype = a.array.dtype.name
    if dtype not in ("float32", "float64") or b.array.dtype != a.array.dtype:
        raise UnknownOperationError(f"product of {dtype} and {b.array.dtype.name}")
    if 0 in (m, n, k):
        return [Value(np.zeros((m, n), dtype), static=True)]
    c = planner.empty((m, n), dtype)
    multiply(planner, a, b, c)
    return [Value(c)]


def multiply(planner: Planner, a: Value, b: Value, c: Array) -> None:
    """Add the kernel of C = A B; each matrix is row-major or the transpose of one that is."""
    (m, k), n = a.shape, b.shape[1]
    ta, lda = _layout(a.array)
    tb, ldb = _layout(b.array)
    # Rows are what other kernels can follow; few of them are cut the other way.
    columns = m < min(n, _FEW_ROWS * planner.threads)
    gemm = matrix_product.gemm(c.dtype.name)
    sizes = (m, n, k, lda, ldb, n)
    arguments: list[Argument] = [c, a, b, *sizes, ta, tb, int(columns), gemm]
    extent = n if columns else m
    # Rows of C are columns to the BLAS, whose innermost kernels take 4 of them, or 16 of the other.
    chunk = planner.share(extent, m * n * k // 16, 16 if columns else 4, parts=1)
    by_rows = () if columns else (0,) if ta else (0, 1)
    planner.add(
        matrix_product.matrix_product(c.dtype.name), arguments, extent, chunk,
        rows=by_rows, whole=True, work=m * n * k // 16,
    )  # fmt: skip


def _matrix(planner: Planner, value: Value) -> Value:
    value = materialise(planner, value)
    if value.array.ndim != 2:
        raise UnknownOperationError(f"product of {value.array.ndim}-dimensional arrays")
    array = value.array
    return (
        value
        if array.flags.c_contiguous or array.T.flags.c_contiguous
        else contiguous(planner, value)
    )


def _layout(array: Array) -> tuple[int, int]:
    """Return whether the matrix is stored transposed, and its leading dimension."""
    if array.flags.c_contiguous:
        return 0, max(1, array.shape[1])
    return 1, max(1, array.shape[0])
