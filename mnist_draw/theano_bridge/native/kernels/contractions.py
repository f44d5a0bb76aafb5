"""Kernels of matrix products and convolutions.

The matrix product calls the BLAS that SciPy brings along. A convolution and its two gradients are
compiled for one set of shapes. Their innermost loops hold a tile of results in vector registers,
one lane for each filter (or channel), and nothing like im2col is stored (J. Zhang, F. Franchetti,
T. M. Low: "High performance zero-memory overhead direct convolutions", ICML 2018).
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from itertools import product
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import threadpool_limits

from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Register,
    literal,
    register,
    written,
)
from mnist_draw.theano_bridge.native.kernels.scalars import convert
from mnist_draw.theano_bridge.native.kernels.sparse_convolutions import (
    add_to_filters,
    add_to_picture,
    is_sparse,
)
from mnist_draw.theano_bridge.native.kernels.vectors import (
    Shapes,
    Vectors,
    begun_part,
    blocks,
    index_of,
    part_of,
    turn,
)

Arrays = tuple[str, ...]
#: Counters of the loops around a tile.
At = tuple[Register, ...]
#: Where some neighbours begin, and how many they are.
Pair = tuple[Register, int]


@cache
def _blas() -> Any:
    """Load SciPy's BLAS alone: the package around it takes 0.1 s of a processor to import."""
    folder = Path(scipy.__path__[0], "linalg")
    spec: Any = PathFinder.find_spec("scipy.linalg.cython_blas", [str(folder)])
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def gemm(dtype: str) -> int:
    """Return the address of the BLAS' matrix product for float32 or float64.

    The program cuts matrix products among its own threads, so the BLAS is told to use one:
    two pools of threads on the same cores fight, at three to five times the cost.
    """
    functions = _blas().__pyx_capi__
    threadpool_limits(limits=1, user_api="blas")
    capsule = functions[{"float32": "sgemm", "float64": "dgemm"}[dtype]]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype = ctypes.c_char_p
    get_name.argtypes = [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = ctypes.c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(get_pointer(capsule, get_name(capsule)))


@written
def matrix_product(e: Emitter, dtype: str, ta: bool, tb: bool, columns: bool) -> None:
    """C = A B through the BLAS, part of its rows or of its columns.

    Arguments: the addresses of C, A and B (row-major); M, N, K; the leading dimensions of A, B
    and C; the address of the BLAS' gemm; how many rows or columns are a call's. ``ta`` and ``tb``:
    whether A and B are stored transposed; ``columns``: whether start and stop are columns of C.

    The BLAS counts columns first, so it is asked for Cᵀ = Bᵀ Aᵀ; transposed operands go through
    its own flags, never through a copy.
    """
    c, a, b = e.pointers(3)
    m, n, k, lda, ldb, ldc, product, step = e.arguments(3, 11)
    flags = [e.variable("int8", literal(ord("NT"[flag]), "int8")) for flag in (tb, ta)]
    slots = [e.variable("int32") for _ in range(6)]
    one = e.variable(dtype, literal(1, dtype))
    nothing = e.variable(dtype, literal(0, dtype))
    s_n, s_m, s_k, s_ldb, s_lda, s_ldc = slots
    with e.loop(START, STOP, step=step) as first:
        part = e.smaller(step, e.op("sub", STOP, first))
        pa = a
        pb = b
        # A row of op(A) lies lda apart, or side by side where A is stored transposed; columns of
        # op(B) the other way round.
        if columns:
            pb = e.element(b, dtype, e.op("mul", first, ldb) if tb else first)
            pc = e.element(c, dtype, first)
        else:
            pa = e.element(a, dtype, first if ta else e.op("mul", first, lda))
            pc = e.element(c, dtype, e.op("mul", first, ldc))
        sizes = (part, m) if columns else (n, part)
        for slot, value in zip(slots, (*sizes, k, ldb, lda, ldc), strict=True):
            e.set(slot, convert(e, value, "int32"))
        arguments = [*flags, s_n, s_m, s_k, one, pb, s_ldb, pa, s_lda, nothing, pc, s_ldc]
        function = e.address(product)
        e.line(f"call void {function}({', '.join(f'ptr {x}' for x in arguments)})")


@written
def pack_weights(e: Emitter, shapes: Shapes, by_input: bool) -> None:
    """Reorder filters (filters, channels, rows, columns) so that a vector holds neighbors.

    Arguments: the addresses of the result and of the filters. The result is (channels, taps,
    filters) for the forward kernel, parallel over channels, or (filters, taps, channels) for
    the gradient by the input, parallel over filters.
    """
    s = shapes
    out, w = e.pointers(2)
    sides = [(s.channels, s.taps), (s.filters, s.channels * s.taps)]
    (_, per_outer), (lanes, per_lane) = reversed(sides) if by_input else sides
    width = s.padded(lanes)
    with e.rows() as outer, e.loop(0, s.taps) as tap, e.loop(0, lanes) as lane:
        source = e.op("sub", register(s.taps - 1), tap) if s.flip else tap
        value = e.load(w, s.dtype, index_of(e, (outer, per_outer), (lane, per_lane), source))
        e.store(out, index_of(e, (outer, s.taps * width), (tap, width), lane), value)


@written
def convolution(e: Emitter, shapes: Shapes) -> None:
    """Convolve pictures with packed filters.

    Arguments: the addresses of the result (pictures, filters, places), of the pictures, of the
    packed filters and of scratch memory for each part (places × filters, padded); pictures in
    a part.
    """
    s = shapes
    v = Vectors(e, s.dtype)
    out, x, w, scratch_base = e.pointers(4)
    width = s.padded(s.filters)
    scratch = part_of(e, scratch_base, (START, e.argument(4)), s.places * width, s.dtype)
    with e.rows() as n:
        convolve_picture(v, s, (x, w, scratch), n)
        target = index_of(e, (n, s.filters * s.places))
        whole = (s.places, s.filters)
        turn(v, whole, (scratch, register(0), width), (out, target, s.places))


def convolve_picture(v: Vectors, s: Shapes, memory: Arrays, n: Register) -> None:
    """Convolve picture n with packed filters, into scratch memory (places, filters)."""
    e = v.e
    for first, count in blocks(e, s.padded(s.filters) // s.lanes, 2):
        # Half of the 32 vector registers of AVX-512, or of the 16 of older processors, hold sums;
        # the others hold weights and pixels. Ten pixels are five and five, not eight and two:
        # additions of a short tile wait for each other.
        tiles = -(-s.out_width * count // (16 if s.lanes == 16 else 8))
        with e.loop(0, s.out_height) as y:
            for x0, pixels in blocks(e, s.out_width, -(-s.out_width // tiles)):
                _forward_tile(v, s, memory, (n, y), (x0, pixels), (first, count))


def _pixel_of(e: Emitter, s: Shapes, at: At, right: tuple[Register, int] | Register) -> Register:
    """Return the index of a pixel of a picture and channel, below a row of a filter."""
    n, c, y, ky = at
    picture = index_of(e, (n, s.channels), c)
    return index_of(e, (picture, s.height * s.width), (y, s.down * s.width), (ky, s.width), right)


def _forward_tile(v: Vectors, s: Shapes, memory: Arrays, at: At, tile: Pair, block: Pair) -> None:
    """Compute some neighbouring places for one block of filters."""
    e = v.e
    (x, w, scratch) = memory
    (n, y) = at
    (x0, pixels) = tile
    (first, count) = block
    width = s.padded(s.filters)
    sums = [[v.accumulator() for _ in range(count)] for _ in range(pixels)]
    with e.loop(0, s.channels) as c, e.loop(0, s.rows) as ky:
        pixel = _pixel_of(e, s, (n, c, y, ky), (x0, s.right))
        weight = index_of(e, (c, s.taps * width), (ky, s.columns * width), (first, s.lanes))
        for kx in range(s.columns):
            rows = [v.load(w, index_of(e, weight, kx * width + k * s.lanes)) for k in range(count)]
            for p in range(pixels):
                value = v.splat(e.load(x, s.dtype, index_of(e, pixel, kx + p * s.right)))
                for k in range(count):
                    v.multiply_add(sums[p][k], value, rows[k])
    to = index_of(e, (y, s.out_width * width), (x0, width), (first, s.lanes))
    for p in range(pixels):
        for k in range(count):
            target = index_of(e, to, p * width + k * s.lanes)
            v.store(scratch, target, v.value(sums[p][k]))


@written
def pad(
    e: Emitter,
    dtype: str,
    height: int,
    width: int,
    sides: tuple[tuple[int, int], ...],
) -> None:
    """Copy pictures into the middle of larger ones whose border is empty already."""
    out, x = e.pointers(2)
    (top, bottom), (left, right) = sides
    big_width = width + left + right
    area = (height + top + bottom) * big_width
    with e.rows() as n, e.loop(0, height) as y:
        source = index_of(e, (n, height * width), (y, width))
        target = index_of(e, (n, area), (y, big_width), top * big_width + left)
        with e.loop(0, width, independent=True) as i:
            value = e.load(x, dtype, e.op("add nsw", source, i))
            e.store(out, e.op("add nsw", target, i), value)


@written
def convolution_by_input(e: Emitter, shapes: Shapes, sparse: bool) -> None:
    """Compute the gradient by the pictures from the gradient by the result.

    Arguments: the addresses of the gradient by the pictures, of that by the result, of the
    packed filters and of scratch memory for each part (height × width × channels, padded);
    pictures in a part. If ``sparse``, how many numbers of a picture's gradient may not be zero
    where zeros are left out.
    """
    s = shapes
    v = Vectors(e, s.dtype)
    out, g, w, scratch_base = e.pointers(4)
    lanes_of = s.padded(s.channels)
    area = s.height * s.width
    scratch = part_of(e, scratch_base, (START, e.argument(4)), area * lanes_of, s.dtype)
    with e.rows() as n:
        with e.loop(0, area * lanes_of, independent=True) as i:
            e.store(scratch, i, literal(0, s.dtype))
        is_few = "false"
        if sparse:
            is_few = is_sparse(v, s, g, n, e.argument(5))
            with e.when(is_few):
                add_to_picture(v, s, (g, w, scratch), n)
        with e.when(e.negated(is_few)):
            _add_all_to_picture(v, s, (g, w, scratch), n)
        target = index_of(e, (n, s.channels * area))
        turn(v, (area, s.channels), (scratch, register(0), lanes_of), (out, target, area))


def _add_all_to_picture(v: Vectors, s: Shapes, memory: Arrays, n: Register) -> None:
    """Add picture n's gradient to scratch memory."""
    e = v.e
    for first, count in blocks(e, s.padded(s.channels) // s.lanes, 2):
        # Of 32 or 16 vector registers; one pixel of the result reaches a row of the filter.
        room = (24 if s.lanes == 16 else 12) // count
        pixels_at_once = max(1, (room - s.columns) // s.right + 1)
        with e.loop(0, s.out_height) as y, e.loop(0, s.rows) as ky:
            for x0, pixels in blocks(e, s.out_width, pixels_at_once):
                _by_input_tile(v, s, memory, (n, y, ky), (x0, pixels), (first, count))


def _by_input_tile(v: Vectors, s: Shapes, memory: Arrays, at: At, tile: Pair, block: Pair) -> None:
    """Spread some neighbouring places of the result over one row of pixels."""
    e = v.e
    (g, w, scratch) = memory
    (n, y, ky) = at
    (x0, pixels) = tile
    (first, count) = block
    lanes_of = s.padded(s.channels)
    reach = (pixels - 1) * s.right + s.columns
    sums = [[v.accumulator() for _ in range(count)] for _ in range(reach)]
    with e.loop(0, s.filters) as f:
        place_of = index_of(e, (n, s.filters * s.places), (f, s.places), (y, s.out_width), x0)
        weight = index_of(e, (f, s.taps * lanes_of), (ky, s.columns * lanes_of), (first, s.lanes))
        values = [v.splat(e.load(g, s.dtype, index_of(e, place_of, p))) for p in range(pixels)]
        for kx in range(s.columns):
            rows = [
                v.load(w, index_of(e, weight, kx * lanes_of + k * s.lanes)) for k in range(count)
            ]
            for p in range(pixels):
                for k in range(count):
                    v.multiply_add(sums[p * s.right + kx][k], values[p], rows[k])
    line = s.width * lanes_of
    to = index_of(e, (y, s.down * line), (ky, line), (x0, s.right * lanes_of), (first, s.lanes))
    _add_tile(v, scratch, to, lanes_of, sums)


def _add_tile(v: Vectors, target: str, to: Register, width: int, sums: list[list[str]]) -> None:
    """Add sums, some vectors for each of neighbouring places, to what is there."""
    for place, vectors in enumerate(sums):
        for k, total in enumerate(vectors):
            at = index_of(v.e, to, place * width + k * v.lanes)
            v.store(target, at, v.add(v.load(target, at), v.value(total)))


def part_size(s: Shapes, sparse: bool) -> int:
    """Return the numbers of a part: sums of all places; if ``sparse``, of the marked ones."""
    channels = s.padded(s.channels) if sparse else s.channels
    filters = s.filters if sparse else s.padded(s.filters)
    return channels * s.taps * filters


@written
def convolution_by_filters(e: Emitter, shapes: Shapes, sparse: bool) -> None:
    """Compute the gradient by the filters, in parts.

    Arguments: the addresses of the parts (channels × taps × filters, padded), of the pictures, of
    the gradient by the result and of scratch memory for each part (places × filters,
    padded); pictures in a part. If ``sparse``, also the addresses of other
    parts (filters × taps × channels, padded) and of scratch memory (height × width × channels,
    padded); how many numbers of a picture's gradient may not be zero where zeros are left out.
    """
    s = shapes
    v = Vectors(e, s.dtype)
    parts, x, g, scratch_base = e.pointers(4)
    width = s.padded(s.filters)
    pictures = e.argument(4)
    scratch = part_of(e, scratch_base, (START, pictures), s.places * width, s.dtype)
    if sparse:
        area = s.height * s.width
        apart = s.padded(s.channels)
        picture = part_of(e, e.pointer(6), (START, pictures), area * apart, s.dtype)
    with e.rows() as n:
        part = begun_part(e, parts, (n, pictures), part_size(s, False), s.dtype)
        is_few = "false"
        if sparse:
            marked = begun_part(e, e.pointer(5), (n, pictures), part_size(s, True), s.dtype)
            is_few = is_sparse(v, s, g, n, e.argument(7))
            with e.when(is_few):
                source = index_of(e, (n, s.channels * area))
                turn(v, (s.channels, area), (x, source, area), (picture, register(0), apart))
                add_to_filters(v, s, (g, picture, marked), n)
        with e.when(e.negated(is_few)):
            source = index_of(e, (n, s.filters * s.places))
            turn(v, (s.filters, s.places), (g, source, s.places), (scratch, register(0), width))
            _add_all_to_filters(v, s, (part, x, scratch), n)


def _add_all_to_filters(v: Vectors, s: Shapes, memory: Arrays, n: Register) -> None:
    """Add picture n's gradient to a part."""
    e = v.e
    for first, count in blocks(e, s.padded(s.filters) // s.lanes, 2):
        # Of 32 or 16 vector registers.
        taps_at_once = (20 if s.lanes == 16 else 10) // count
        rows_at_once = max(1, taps_at_once // s.columns)
        with e.loop(0, s.channels) as c:
            for ky, rows in blocks(e, s.rows, rows_at_once):
                for k0, taps in blocks(e, s.columns, taps_at_once):
                    _by_filters_tile(v, s, memory, (n, c, ky, rows), (k0, taps), (first, count))


def _by_filters_tile(
    v: Vectors,
    s: Shapes,
    memory: Arrays,
    at: tuple[Register, Register, Register, int],
    tile: Pair,
    block: Pair,
) -> None:
    """Add up one picture's share of the gradient by some neighbouring weights of some rows."""
    e = v.e
    (part, x, scratch) = memory
    (n, c, ky, rows) = at
    (k0, taps) = tile
    (first, count) = block
    width = s.padded(s.filters)
    sums = [[[v.accumulator() for _ in range(count)] for _ in range(taps)] for _ in range(rows)]
    with e.loop(0, s.out_height) as y:
        row = _pixel_of(e, s, (n, c, y, ky), k0)
        with e.loop(0, s.out_width) as i:
            place_of = index_of(e, (y, s.out_width * width), (i, width), (first, s.lanes))
            gradients = [v.load(scratch, index_of(e, place_of, k * s.lanes)) for k in range(count)]
            for below, tap in product(range(rows), range(taps)):
                pixel = index_of(e, row, (i, s.right), below * s.width + tap)
                value = v.splat(e.load(x, s.dtype, pixel))
                for total, gradient in zip(sums[below][tap], gradients, strict=True):
                    v.multiply_add(total, value, gradient)
    to = index_of(e, (c, s.taps * width), (ky, s.columns * width), (k0, width), (first, s.lanes))
    for below, line in enumerate(sums):
        _add_tile(v, part, index_of(e, to, below * s.columns * width), width, line)


@written
def turn_filters(e: Emitter, shapes: Shapes, sparse: bool) -> None:
    """Bring the gradient by the filters, the sum of all parts, into the filters' own order.

    Arguments: the addresses of the result and of the sum; if ``sparse``, that of the other sum to
    add, see `convolution_by_filters`.
    """
    s = shapes
    out, *sums = e.pointers(2 + sparse)
    width = s.padded(s.filters)
    apart = s.padded(s.channels)
    with e.rows() as f, e.loop(0, s.channels) as c, e.loop(0, s.taps) as tap:
        value = e.load(sums[0], s.dtype, index_of(e, (c, s.taps * width), (tap, width), f))
        if sparse:
            place = index_of(e, (f, s.taps * apart), (tap, apart), c)
            value = e.op("fadd", value, e.load(sums[1], s.dtype, place))
        turned = e.op("sub", register(s.taps - 1), tap) if s.flip else tap
        e.store(out, index_of(e, (f, s.channels * s.taps), (c, s.taps), turned), value)
