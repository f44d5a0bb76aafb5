"""How matrix products, convolution and pooling become kernels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.handlers.arrays import contiguous, materialise
from mnist_draw.theano_bridge.native.handlers.row_operations import add_up
from mnist_draw.theano_bridge.native.handlers.zeros import is_often_zero, root_of
from mnist_draw.theano_bridge.native.kernels import contractions, reductions, sparse
from mnist_draw.theano_bridge.native.kernels.llvm import addresses_of
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.kernels.vectors import WORD, Shapes
from mnist_draw.theano_bridge.native.plan import Argument, Array, Planner, Value
from mnist_draw.theano_bridge.native.team import MAX_THREADS

#: A product of fewer rows than this is cut by columns: the BLAS packs the other operand anew for
#: each call, which pays only over many rows.
_FEW_ROWS = 128
#: OpenBLAS takes other kernels, which round otherwise, for fewer multiplications than this, and
#: for rows that are left over where 12 of them are taken at a time.
_SMALL = 1_000_000
_ROWS = 12
#: Calls of the BLAS for a product that is cut by shape alone, so that any number of threads
#: computes the same: small ones, and those of few rows.
_CALLS = 6

#: A sparse product of so few columns, or with so few rows or products for an element, is not tried.
_MIN_COLUMNS = 64
_MIN_SPARSE = 32
#: Share of non-zeros up to which a convolution's gradient by the pictures leaves out zeros. On an
#: EPYC (Zen 5) both ways are equally fast at 0.42 to 0.5, with AVX-512, with AVX2 and without.
_MAX_SPREAD = 0.35
#: Share of the multiplications of all numbers up to which its gradient by the filters does; what
#: finding a number takes, in multiplications of vectors.
_MAX_GATHERED = 0.6
_FINDING = 4
#: A share that few pictures stay below: of few channels, vectors would be mostly empty.
_MIN_GATHERED = 0.1
#: Elements of a left factor that remains near the core.
_CACHED = 1_000_000


def dot(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan a matrix product; transposed operands are taken as they are."""
    a, b = (_matrix(planner, value) for value in values)
    (m, k) = a.shape
    (other, n) = b.shape
    if k != other:
        raise ValueError(f"shapes do not fit: {a.shape} times {b.shape}")
    dtype = a.array.dtype.name
    if dtype not in ("float32", "float64") or b.array.dtype != a.array.dtype:
        raise UnknownOperationError(f"product of {dtype} and {b.array.dtype.name}")
    if 0 in (m, n, k):
        return [Value(np.zeros((m, n), dtype), static=True)]
    c = planner.empty((m, n), dtype)
    is_sparse = _may_be_sparse(node.inputs[0], a, b)
    multiply(planner, a, b, c, root_of(node.inputs[0]) if is_sparse else None)
    return [Value(c)]


def multiply(planner: Planner, a: Value, b: Value, c: Array, root: Any = None) -> None:
    """Add the kernels of C = A B; zeros of A are left out if it shows a variable, the root."""
    (m, k) = a.shape
    n = b.shape[1]
    (ta, lda) = _layout(a.array)
    (tb, ldb) = _layout(b.array)
    # Rows are what other kernels can follow; few of them are cut the other way.
    columns = m < min(n, _FEW_ROWS)
    extent = c.shape[columns]
    kernel = contractions.matrix_product(c.dtype.name, bool(ta), bool(tb), columns)
    gemm = contractions.gemm(c.dtype.name)
    panels = sparse.Panels.of(n)
    unit = panels.width if columns else _ROWS
    multiple = -(-_SMALL * extent // (m * n * k * unit)) * unit
    step = extent
    if columns or m * n * k < MAX_THREADS * _SMALL:
        multiple = -(-extent // (_CALLS * unit)) * unit
        step = multiple
    arguments: list[Argument] = [c, a, b, m, n, k, lda, ldb, n, gemm, step]
    by_rows = [] if columns else [0] if ta else [0, 1]
    writes = [0]
    work = m * n * k // 16
    if root is not None:
        decision, marks = _marks_of_rows(planner, root, a)
        # At most two chunks for each thread: see `Planner.share`.
        slots = 2 * planner.threads
        # Lanes behind the last column are multiplied too: what lay there could be slow to multiply.
        scratch = planner.zeros((slots, WORD * panels.width), sparse.DTYPE)
        arguments += [*decision, marks, scratch, slots, addresses_of([kernel])[kernel.name]]
        kernel = sparse.product(panels, bool(ta), bool(tb), columns)
        by_rows += [] if columns else [14]
        writes = [0, 15]
    planner.add(
        kernel,
        arguments,
        extent,
        planner.share(extent, work, multiple, parts=1),
        rows=by_rows,
        writes=writes,
        multiple=multiple,
        whole=True,
        work=work // len(writes),
    )


def _may_be_sparse(variable: Any, a: Value, b: Value) -> bool:
    (m, k) = a.shape
    n = b.shape[1]
    return (
        a.array.dtype.name == sparse.DTYPE
        and n >= _MIN_COLUMNS
        and min(m, k) >= _MIN_SPARSE
        and _may_have_few(variable)
    )


def _marks(planner: Planner, root: Any, a: Value) -> tuple[Array, Array]:
    """Count and mark what is not zero in the rows of a matrix as it is stored, once."""
    if root not in planner.marks:
        stored = a.array.T if _layout(a.array)[0] else a.array
        rows, columns = stored.shape
        counts = planner.empty((rows,), "int64")
        marks = _no_marks(planner, rows, columns)
        planner.marks[root] = counts, marks
        planner.add(
            sparse.mark_nonzeros(columns),
            [counts, marks[:rows], Value(stored, a.source)],
            rows,
            elements=stored.size,
            rows=(0, 1, 2),
            writes=(0, 1),
            work=stored.size // 8,
        )
    return planner.marks[root]


def _no_marks(planner: Planner, rows: int, columns: int) -> Array:
    """Reserve marks for rows, whole words of them, and columns; all are 0."""
    down, across = (-(-count // WORD) for count in (rows, columns))
    return planner.zeros((down * WORD, across), "uint64")


def _marks_of_rows(planner: Planner, root: Any, a: Value) -> tuple[list[Argument], Array]:
    """Return what `sparse.product` decides by, and the marks of A's rows."""
    m, k = a.shape
    counts, stored = _marks(planner, root, a)
    # The share of non-zeros up to which a sparse product is faster than the BLAS. On a Xeon both
    # were equally fast at 0.6 or above, with AVX-512 and with AVX2, for 32 to 500 rows and 300 to
    # 2,000 columns, at 0.5 and 0.4 for 4,096 rows: the left factor is read again for each panel.
    density = 0.5 if m * k <= _CACHED else 0.38
    decision: list[Argument] = [counts, len(counts), int(m * k * density)]
    if not _layout(a.array)[0]:
        return decision, stored[:m]
    marks = _no_marks(planner, m, k)
    eights = -(-m // 8)
    planner.add(
        sparse.turn_marks(),
        [marks, stored, *decision, stored.shape[1], marks.shape[1]],
        eights,
        elements=m * k // 8,
        work=m * k // 16,
    )
    return decision, marks[:m]


def _matrix(planner: Planner, value: Value) -> Value:
    value = materialise(planner, value)
    array = value.array
    if array.ndim != 2:
        raise UnknownOperationError(f"product of {array.ndim}-dimensional arrays")
    fits = array.flags.c_contiguous or array.T.flags.c_contiguous
    return value if fits else contiguous(planner, value)


def _layout(array: Array) -> tuple[int, int]:
    """Return whether the matrix is stored transposed, and its leading dimension."""
    if array.flags.c_contiguous:
        return 0, max(1, array.shape[1])
    return 1, max(1, array.shape[0])


def _padded_shapes(
    op: Any,
    image: tuple[int, ...],
    filters: tuple[int, ...],
    dtype: str,
) -> tuple[Shapes, Any]:
    """Return the shapes after padding, and the padding."""
    _, channels, height, width = image
    count, _, rows, columns = filters
    sides = op.pads((rows, columns))
    height = height + sum(sides[0])
    width = width + sum(sides[1])
    down, right = op.subsample
    flip = op.filter_flip
    shapes = Shapes(dtype, channels, height, width, count, rows, columns, down, right, flip)
    # Wider filters would need more vector registers than there are (see `kernels.contractions`).
    if min(shapes.out_height, shapes.out_width, image[0], channels) < 1 or columns > 9:
        raise UnknownOperationError(f"a convolution of {image} with {filters}")
    return shapes, sides


def _padded(planner: Planner, value: Value, sides: Any) -> Value:
    value = contiguous(planner, value)
    if not any(any(side) for side in sides):
        return value
    count, channels, height, width = value.shape
    size = (height + sum(sides[0]), width + sum(sides[1]))
    big = planner.zeros((count, channels, *size), value.array.dtype)
    function = contractions.pad(value.array.dtype.name, height, width, sides)
    pictures = count * channels
    planner.add(function, [big, value], pictures, elements=big.size, rows=(0, 1))
    return Value(big)


def _packed(planner: Planner, shapes: Shapes, w: Value, by_input: bool) -> Array:
    outer = shapes.filters if by_input else shapes.channels
    lanes = shapes.channels if by_input else shapes.filters
    packed = planner.zeros((outer, shapes.taps, shapes.padded(lanes)), shapes.dtype)
    function = contractions.pack_weights(shapes, by_input)
    operands: list[Argument] = [packed, contiguous(planner, w)]
    planner.add(function, operands, outer, elements=packed.size, rows=(0,))
    return packed


def forward(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan a convolution."""
    shapes, x, packed = prepared(planner, node.op, *values)
    places = (shapes.out_height, shapes.out_width)
    out = planner.empty((x.shape[0], shapes.filters, *places), shapes.dtype)
    size = shapes.places * shapes.padded(shapes.filters)
    convolve(planner, contractions.convolution(shapes), shapes, (out, x, packed), size)
    return [Value(out)]


def prepared(planner: Planner, op: Any, x: Value, w: Value) -> tuple[Shapes, Value, Array]:
    """Plan what comes before a convolution; return shapes, padded pictures, packed filters."""
    shapes, sides = _padded_shapes(op, x.shape, w.shape, x.array.dtype.name)
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"filters for {w.shape[1]} channels do not fit pictures of {x.shape[1]}")
    x = _padded(planner, x, sides)
    return shapes, x, _packed(planner, shapes, w, by_input=False)


def convolve(
    planner: Planner,
    kernel: Any,
    shapes: Shapes,
    operands: tuple[Array, Value, Array],
    size: int,
    *more: Argument,
) -> None:
    """Add a kernel over pictures, with scratch memory of a size for each part of them.

    What is written beside the result comes first of ``more``.
    """
    count = len(operands[0])
    part = planner.part(count)
    scratch = planner.empty((-(-count // part), size), shapes.dtype)
    planner.add(
        kernel,
        [*operands, scratch, part, *more],
        count,
        planner.share(count, operands[0].size, part),
        rows=(0, 1, 5),
        writes=(0, 3, 5),
        multiple=part,
        work=_work(shapes, count),
    )


def by_input(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan the gradient of a convolution by its pictures."""
    w, g, height, width = values
    size = _numbers(height, width)
    image = (g.shape[0], w.shape[1], *size)
    shapes, sides = _padded_shapes(node.op, image, w.shape, w.array.dtype.name)
    packed = _packed(planner, shapes, w, by_input=True)
    g = contiguous(planner, g)
    out = planner.empty((g.shape[0], shapes.channels, shapes.height, shapes.width), shapes.dtype)
    area = shapes.height * shapes.width * shapes.padded(shapes.channels)
    limit = int(_MAX_SPREAD * shapes.filters * shapes.places)
    kernel = contractions.convolution_by_input(shapes, _may_have_few(node.inputs[1]))
    convolve(planner, kernel, shapes, (out, g, packed), area, limit)
    (top, _), (left, _) = sides
    return [Value(out[:, :, top : top + size[0], left : left + size[1]])]


def by_filters(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan the gradient of a convolution by its filters."""
    x, g, rows, columns = values
    filters = (g.shape[1], x.shape[1], *_numbers(rows, columns))
    shapes, sides = _padded_shapes(node.op, x.shape, filters, x.array.dtype.name)
    x = _padded(planner, x, sides)
    g = contiguous(planner, g)
    count = x.shape[0]
    part = planner.part(count)
    parts = -(-count // part)
    limit = _most_gathered(shapes) if _may_have_few(node.inputs[1]) else 0
    sums = [planner.empty((parts, contractions.part_size(shapes, False)), shapes.dtype)]
    scratch = planner.zeros((parts, shapes.places * shapes.padded(shapes.filters)), shapes.dtype)
    more: list[Argument] = []
    if limit:
        sums.append(planner.empty((parts, contractions.part_size(shapes, True)), shapes.dtype))
        area = shapes.height * shapes.width * shapes.padded(shapes.channels)
        more = [sums[1], planner.zeros((parts, area), shapes.dtype), limit]
    planner.add(
        contractions.convolution_by_filters(shapes, bool(limit)),
        [sums[0], x, g, scratch, part, *more],
        count,
        planner.share(count, g.array.size, part),
        rows=(1, 2),
        writes=(0, 3, 5, 6),
        multiple=part,
        work=_work(shapes, count),
    )
    out = planner.empty(filters, shapes.dtype)
    totals = [add_up(planner, each) for each in sums]
    function = contractions.turn_filters(shapes, bool(limit))
    planner.add(function, [out, *totals], shapes.filters, elements=out.size, rows=(0,))
    return [Value(out)]


def _most_gathered(s: Shapes) -> int:
    """Return up to how many non-zeros of a picture its gradient by the filters is sparse, or 0."""
    dense = s.places * s.channels * s.taps * s.padded(s.filters) // s.lanes
    sparse = s.taps * s.padded(s.channels) // s.lanes + _FINDING
    limit = int(_MAX_GATHERED * dense / sparse)
    return limit if limit >= _MIN_GATHERED * s.filters * s.places else 0


def _may_have_few(variable: Any) -> bool:
    return sparse.is_supported() and is_often_zero(variable)


def _work(shapes: Shapes, count: int) -> int:
    return count * shapes.places * shapes.taps * shapes.channels * shapes.filters // 16


def _numbers(*values: Value) -> tuple[int, ...]:
    if not all(value.static for value in values):
        raise UnknownOperationError("a convolution of a size that depends on values")
    return tuple(int(value.array) for value in values)


def pool(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan max pooling, or its gradient where there is one by the regions."""
    x, *gradient = (contiguous(planner, value) for value in values)
    s = regions_of(node.op, x.array.dtype.name, x.shape[-2:])
    shape = x.shape if gradient else (*x.shape[:-2], s.out_height, s.out_width)
    out = planner.empty(shape, s.dtype)
    pictures = prod(x.shape[:-2])
    size = x.array.size
    kernel = reductions.pool_gradient(s) if gradient else reductions.pool(s)
    operands: list[Argument] = [out, x, *gradient]
    rows = range(len(operands))
    planner.add(kernel, operands, pictures, elements=size, rows=rows, work=size)
    return [Value(out)]


def regions_of(op: Any, dtype: str, image: tuple[int, ...]) -> Shapes:
    """Return the regions of max pooling; each lies within the picture."""
    (height, width) = image
    (rows, columns) = op.window
    (down, right) = op.stride
    s = Shapes(dtype, 1, height, width, 1, rows, columns, down, right, flip=False)
    regions = (s.out_height, s.out_width)
    if op.mode != "max" or any(op.pad) or op.size(image) != regions or min(regions) < 1:
        raise UnknownOperationError(f"pooling by {op}")
    return s
