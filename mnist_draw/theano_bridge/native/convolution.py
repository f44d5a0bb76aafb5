"""Convolution kernels for one set of shapes: forward, by the input and by the filters.

Every kernel works on whole pictures, ``start`` to ``stop`` of the minibatch. The innermost loops
hold a tile of results in vector registers, one lane for each filter (or channel), and are
written out for the shapes at hand, so that a step is little else than loading a row of weights
and multiplying it with one pixel after another. Nothing like im2col is stored. (The idea is that
of J. Zhang, F. Franchetti, T. M. Low: "High performance zero-memory overhead direct
convolutions", ICML 2018.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import llvmlite.binding as llvm

from mnist_draw.theano_bridge.native.emitter import (
    LLVM_TYPES,
    Emitter,
    Function,
    Register,
    integer,
    literal,
)

_PARAMETERS = "ptr %args, i64 %start, i64 %stop"
_START, _STOP = Register("%start", "int64"), Register("%stop", "int64")


def _lanes(dtype: str) -> int:
    """Numbers in a vector register of this processor."""
    features = llvm.get_host_cpu_features()
    width = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return width // (4 if dtype == "float32" else 8)


@dataclass(frozen=True)
class Shapes:
    """The shapes of a convolution of pictures that are padded already.

    Attributes
    ----------
    channels, height, width
        Of a picture.
    filters, rows, columns
        How many filters, and the size of each.
    down, right
        Steps between two places of a filter.
    flip
        Whether filters are turned around, as in a true convolution.
    """

    dtype: str
    channels: int
    height: int
    width: int
    filters: int
    rows: int
    columns: int
    down: int
    right: int
    flip: bool
    lanes: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lanes", _lanes(self.dtype))

    @property
    def out_height(self) -> int:
        """Places of a filter, downwards."""
        return (self.height - self.rows) // self.down + 1

    @property
    def out_width(self) -> int:
        """Places of a filter, to the right."""
        return (self.width - self.columns) // self.right + 1

    @property
    def places(self) -> int:
        """Places of a filter altogether."""
        return self.out_height * self.out_width

    @property
    def taps(self) -> int:
        """Weights of a filter in one channel."""
        return self.rows * self.columns

    def padded(self, count: int) -> int:
        """Round up to whole vectors."""
        return -(-count // self.lanes) * self.lanes


class _Vectors:
    """Vector instructions on top of an emitter."""

    def __init__(self, e: Emitter, shapes: Shapes) -> None:
        self.e = e
        self.dtype = shapes.dtype
        self.scalar = LLVM_TYPES[shapes.dtype]
        self.type = f"<{shapes.lanes} x {self.scalar}>"
        self.lanes = shapes.lanes
        self.fma = f"llvm.fmuladd.v{shapes.lanes}f{'32' if self.dtype == 'float32' else '64'}"
        e.declarations.add(f"declare {self.type} @{self.fma}({', '.join([self.type] * 3)})")

    def accumulator(self) -> str:
        """Reserve a vector and set it to nothing where the code stands."""
        name = "%" + self.e.name("acc")
        self.e.variables.append(f"  {name} = alloca {self.type}")
        self.clear(name)
        return name

    def clear(self, accumulator: str) -> None:
        self.e.line(f"store {self.type} zeroinitializer, ptr {accumulator}")

    def load(self, pointer: str, index: Register) -> str:
        address = self.e.element(pointer, self.dtype, index)
        name = "%" + self.e.name("w")
        align = 4 if self.dtype == "float32" else 8
        self.e.line(f"{name} = load {self.type}, ptr {address}, align {align}")
        return name

    def store(self, pointer: str, index: Register, value: str) -> None:
        address = self.e.element(pointer, self.dtype, index)
        align = 4 if self.dtype == "float32" else 8
        self.e.line(f"store {self.type} {value}, ptr {address}, align {align}")

    def splat(self, value: Register) -> str:
        one, all_ = "%" + self.e.name("s"), "%" + self.e.name("s")
        self.e.line(f"{one} = insertelement {self.type} poison, {value.typed}, i32 0")
        self.e.line(
            f"{all_} = shufflevector {self.type} {one}, {self.type} poison, "
            f"<{self.lanes} x i32> zeroinitializer"
        )
        return all_

    def multiply_add(self, accumulator: str, a: str, b: str) -> None:
        old, new = "%" + self.e.name("a"), "%" + self.e.name("a")
        self.e.line(f"{old} = load {self.type}, ptr {accumulator}")
        self.e.line(
            f"{new} = call {self.type} @{self.fma}"
            f"({self.type} {a}, {self.type} {b}, {self.type} {old})"
        )
        self.e.line(f"store {self.type} {new}, ptr {accumulator}")

    def value(self, accumulator: str) -> str:
        name = "%" + self.e.name("a")
        self.e.line(f"{name} = load {self.type}, ptr {accumulator}")
        return name

    def add(self, a: str, b: str) -> str:
        name = "%" + self.e.name("a")
        self.e.line(f"{name} = fadd {self.type} {a}, {b}")
        return name


def _index(e: Emitter, *terms: tuple[Register, int] | int) -> Register:
    """Add up products of registers and constants."""
    total: Register | None = None
    constant = 0
    for term in terms:
        if isinstance(term, int):
            constant += term
            continue
        register, factor = term
        product = register if factor == 1 else e.op("mul nsw", register, integer(factor))
        total = product if total is None else e.op("add nsw", total, product)
    if total is None:
        return integer(constant)
    return e.op("add nsw", total, integer(constant)) if constant else total


def _named(e: Emitter, prefix: str) -> Function:
    text = e.text()
    name = f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    return Function(name, text.replace("@KERNEL", f"@{name}"), tuple(sorted(e.declarations)))


def _blocks(vectors: int, largest: int) -> list[tuple[int, int]]:
    """Cut a row of vectors into blocks: (first, count)."""
    return [(at, min(largest, vectors - at)) for at in range(0, vectors, largest)]


def pack_weights(shapes: Shapes, by_input: bool) -> Function:
    """Reorder filters (filters, channels, rows, columns) so that a vector holds neighbours.

    Arguments: the addresses of the result and of the filters. The result is (channels, taps,
    filters) for the forward kernel, parallel over channels, or (filters, taps, channels) for the
    gradient by the input, parallel over filters; the last dimension is padded to whole vectors.
    """
    s, e = shapes, Emitter("KERNEL", _PARAMETERS)
    out, w = e.pointer(0), e.pointer(1)
    lanes_of = s.channels if by_input else s.filters
    per_outer, per_lane = (s.channels, 1) if by_input else (1, s.channels)
    with e.loop(_START, _STOP) as outer, e.loop(integer(0), integer(s.taps)) as tap:
        source = tap
        if s.flip:
            source = e.op("sub nsw", integer(s.taps - 1), tap)
        base = _index(e, (outer, s.taps * s.padded(lanes_of)), (tap, s.padded(lanes_of)))
        with e.loop(integer(0), integer(lanes_of)) as lane:
            at = _index(e, (outer, per_outer * s.taps), (lane, per_lane * s.taps), (source, 1))
            e.store(out, e.op("add nsw", base, lane), e.load(w, s.dtype, at))
    return _named(e, "pack_weights")


def forward(shapes: Shapes) -> Function:
    """Convolve pictures with packed filters.

    Arguments: the addresses of the result (pictures, filters, places), of the pictures, of the
    packed filters and of scratch memory for each chunk (places × filters, padded); pictures in
    a chunk.
    """
    s, e = shapes, Emitter("KERNEL", _PARAMETERS)
    v = _Vectors(e, s)
    out, x, w, scratch_base = (e.pointer(index) for index in range(4))
    width = s.padded(s.filters)
    scratch = _scratch(e, scratch_base, e.argument(4), s.places * width, s.dtype)
    with e.loop(_START, _STOP) as n:
        for first, count in _blocks(width // s.lanes, 2):
            with e.loop(integer(0), integer(s.out_height)) as y:
                for x0, pixels in _blocks(s.out_width, 16 // count // (1 if s.lanes == 16 else 2)):
                    _forward_tile(v, s, (x, w, scratch), (n, y, x0, pixels), (first, count))
        with e.loop(integer(0), integer(s.filters)) as f:
            target = _index(e, (n, s.filters * s.places), (f, s.places))
            with e.loop(integer(0), integer(s.places), independent=True) as place:
                value = e.load(scratch, s.dtype, _index(e, (place, width), (f, 1)))
                e.store(out, e.op("add nsw", target, place), value)
    return _named(e, "convolution")


def _forward_tile(
    v: _Vectors,
    s: Shapes,
    memory: tuple[str, str, str],
    place: tuple[Register, Register, int, int],
    block: tuple[int, int],
) -> None:
    """Compute some neighbouring places for one block of filters."""
    e, (x, w, scratch), (n, y, x0, pixels), (first, count) = v.e, memory, place, block
    width = s.padded(s.filters)
    sums = [[v.accumulator() for _ in range(count)] for _ in range(pixels)]
    with e.loop(integer(0), integer(s.channels)) as c, e.loop(integer(0), integer(s.rows)) as ky:
        pixel = _index(
            e,
            (n, s.channels * s.height * s.width),
            (c, s.height * s.width),
            (y, s.down * s.width),
            (ky, s.width),
            x0 * s.right,
        )
        weight = _index(e, (c, s.taps * width), (ky, s.columns * width), first * s.lanes)
        for kx in range(s.columns):
            rows = [
                v.load(w, _index(e, (weight, 1), kx * width + k * s.lanes)) for k in range(count)
            ]
            for p in range(pixels):
                value = v.splat(e.load(x, s.dtype, _index(e, (pixel, 1), kx + p * s.right)))
                for k in range(count):
                    v.multiply_add(sums[p][k], value, rows[k])
    for p in range(pixels):
        for k in range(count):
            at = _index(e, (y, s.out_width * width), (x0 + p) * width + (first + k) * s.lanes)
            v.store(scratch, at, v.value(sums[p][k]))


def _scratch(e: Emitter, base: str, chunk: Register, size: int, dtype: str) -> str:
    """Return the scratch memory of the chunk at hand."""
    number = e.op("sdiv", _START, chunk)
    return e.element(base, dtype, e.op("mul nsw", number, integer(size)))


def by_input(shapes: Shapes) -> Function:
    """Compute the gradient by the pictures from the gradient by the result.

    Arguments: the addresses of the gradient by the pictures, of that by the result, of the
    packed filters and of scratch memory for each chunk (height × width × channels, padded);
    pictures in a chunk.
    """
    s, e = shapes, Emitter("KERNEL", _PARAMETERS)
    v = _Vectors(e, s)
    out, g, w, scratch_base = (e.pointer(index) for index in range(4))
    lanes_of = s.padded(s.channels)
    area = s.height * s.width
    scratch = _scratch(e, scratch_base, e.argument(4), area * lanes_of, s.dtype)
    with e.loop(_START, _STOP) as n:
        with e.loop(integer(0), integer(area * lanes_of), independent=True) as i:
            e.store(scratch, i, literal(0, s.dtype))
        for first, count in _blocks(lanes_of // s.lanes, 2):
            room = (24 if s.lanes == 16 else 12) // count
            pixels_at_once = max(1, (room - s.columns) // s.right + 1)
            with (
                e.loop(integer(0), integer(s.out_height)) as y,
                e.loop(integer(0), integer(s.rows)) as ky,
            ):
                for x0, pixels in _blocks(s.out_width, pixels_at_once):
                    _by_input_tile(v, s, (g, w, scratch), (n, y, ky), (x0, pixels), (first, count))
        with e.loop(integer(0), integer(s.channels)) as c:
            target = _index(e, (n, s.channels * area), (c, area))
            with e.loop(integer(0), integer(area), independent=True) as place:
                value = e.load(scratch, s.dtype, _index(e, (place, lanes_of), (c, 1)))
                e.store(out, e.op("add nsw", target, place), value)
    return _named(e, "convolution_by_input")


def _by_input_tile(
    v: _Vectors,
    s: Shapes,
    memory: tuple[str, str, str],
    place: tuple[Register, Register, Register],
    tile: tuple[int, int],
    block: tuple[int, int],
) -> None:
    """Spread some neighbouring places of the result over one row of pixels."""
    e, (g, w, scratch), (n, y, ky) = v.e, memory, place
    (x0, pixels), (first, count) = tile, block
    lanes_of = s.padded(s.channels)
    reach = (pixels - 1) * s.right + s.columns
    sums = [[v.accumulator() for _ in range(count)] for _ in range(reach)]
    with e.loop(integer(0), integer(s.filters)) as f:
        place_of = _index(e, (n, s.filters * s.places), (f, s.places), (y, s.out_width), x0)
        weight = _index(e, (f, s.taps * lanes_of), (ky, s.columns * lanes_of), first * s.lanes)
        values = [v.splat(e.load(g, s.dtype, _index(e, (place_of, 1), p))) for p in range(pixels)]
        for kx in range(s.columns):
            rows = [
                v.load(w, _index(e, (weight, 1), kx * lanes_of + k * s.lanes)) for k in range(count)
            ]
            for p in range(pixels):
                for k in range(count):
                    v.multiply_add(sums[p * s.right + kx][k], values[p], rows[k])
    for r in range(reach):
        for k in range(count):
            at = _index(
                e,
                (y, s.down * s.width * lanes_of),
                (ky, s.width * lanes_of),
                (x0 * s.right + r) * lanes_of + (first + k) * s.lanes,
            )
            v.store(scratch, at, v.add(v.load(scratch, at), v.value(sums[r][k])))


def by_filters(shapes: Shapes) -> Function:
    """Compute the gradient by the filters, a part for each chunk of pictures.

    Arguments: the addresses of the parts (channels × taps × filters, padded, for each chunk), of
    the pictures, of the gradient by the result and of scratch memory for each chunk
    (places × filters, padded); pictures in a chunk.
    """
    s, e = shapes, Emitter("KERNEL", _PARAMETERS)
    v = _Vectors(e, s)
    parts, x, g, scratch_base = (e.pointer(index) for index in range(4))
    width = s.padded(s.filters)
    size = s.channels * s.taps * width
    part = _scratch(e, parts, e.argument(4), size, s.dtype)
    scratch = _scratch(e, scratch_base, e.argument(4), s.places * width, s.dtype)
    with e.loop(integer(0), integer(size), independent=True) as i:
        e.store(part, i, literal(0, s.dtype))
    with e.loop(_START, _STOP) as n:
        with e.loop(integer(0), integer(s.filters)) as f:
            source = _index(e, (n, s.filters * s.places), (f, s.places))
            with e.loop(integer(0), integer(s.places), independent=True) as place:
                value = e.load(g, s.dtype, e.op("add nsw", source, place))
                e.store(scratch, _index(e, (place, width), (f, 1)), value)
        for first, count in _blocks(width // s.lanes, 2):
            taps_at_once = (20 if s.lanes == 16 else 10) // count
            with (
                e.loop(integer(0), integer(s.channels)) as c,
                e.loop(integer(0), integer(s.rows)) as ky,
            ):
                for k0, taps in _blocks(s.columns, taps_at_once):
                    _by_filters_tile(
                        v, s, (part, x, scratch), (n, c, ky), (k0, taps), (first, count)
                    )
    return _named(e, "convolution_by_filters")


def _by_filters_tile(
    v: _Vectors,
    s: Shapes,
    memory: tuple[str, str, str],
    place: tuple[Register, Register, Register],
    tile: tuple[int, int],
    block: tuple[int, int],
) -> None:
    """Add up one picture's share of the gradient by some neighbouring weights."""
    e, (part, x, scratch), (n, c, ky) = v.e, memory, place
    (k0, taps), (first, count) = tile, block
    width = s.padded(s.filters)
    sums = [[v.accumulator() for _ in range(count)] for _ in range(taps)]
    with e.loop(integer(0), integer(s.out_height)) as y:
        row = _index(
            e,
            (n, s.channels * s.height * s.width),
            (c, s.height * s.width),
            (y, s.down * s.width),
            (ky, s.width),
            k0,
        )
        with e.loop(integer(0), integer(s.out_width)) as i:
            place_of = _index(e, (y, s.out_width * width), (i, width), first * s.lanes)
            gradients = [
                v.load(scratch, _index(e, (place_of, 1), k * s.lanes)) for k in range(count)
            ]
            for t in range(taps):
                pixel = _index(e, (row, 1), (i, s.right), t)
                value = v.splat(e.load(x, s.dtype, pixel))
                for k in range(count):
                    v.multiply_add(sums[t][k], value, gradients[k])
    for t in range(taps):
        for k in range(count):
            at = _index(
                e,
                (c, s.taps * width),
                (ky, s.columns * width),
                (k0 + t) * width + (first + k) * s.lanes,
            )
            v.store(part, at, v.add(v.load(part, at), v.value(sums[t][k])))


def add_parts(shapes: Shapes, parts: int) -> Function:
    """Add up the chunks' parts of the gradient by the filters, in the filters' own order.

    Arguments: the addresses of the result (filters, channels, rows, columns) and of the parts.
    Parallel over filters.
    """
    s, e = shapes, Emitter("KERNEL", _PARAMETERS)
    out, source = e.pointer(0), e.pointer(1)
    width = s.padded(s.filters)
    size = s.channels * s.taps * width
    with (
        e.loop(_START, _STOP) as f,
        e.loop(integer(0), integer(s.channels)) as c,
        e.loop(integer(0), integer(s.taps)) as tap,
    ):
        total = literal(0, s.dtype)
        for part in range(parts):
            at = _index(e, (c, s.taps * width), (tap, width), (f, 1), part * size)
            total = e.op("fadd", e.load(source, s.dtype, at), total)
        turned = e.op("sub nsw", integer(s.taps - 1), tap) if s.flip else tap
        at = _index(e, (f, s.channels * s.taps), (c, s.taps), (turned, 1))
        e.store(out, at, total)
    return _named(e, "add_parts")


def pad(dtype: str, height: int, width: int, sides: tuple[tuple[int, int], ...]) -> Function:
    """Copy pictures into the middle of larger ones whose border is empty already.

    Arguments: the addresses of the result and of the pictures. Parallel over pictures and
    channels.
    """
    e = Emitter("KERNEL", _PARAMETERS)
    out, x = e.pointer(0), e.pointer(1)
    (top, bottom), (left, right) = sides
    big_width = width + left + right
    area = (height + top + bottom) * big_width
    with e.loop(_START, _STOP) as n, e.loop(integer(0), integer(height)) as y:
        source = _index(e, (n, height * width), (y, width))
        target = _index(e, (n, area), (y, big_width), top * big_width + left)
        with e.loop(integer(0), integer(width), independent=True) as i:
            value = e.load(x, dtype, e.op("add nsw", source, i))
            e.store(out, e.op("add nsw", target, i), value)
    return _named(e, "pad")
