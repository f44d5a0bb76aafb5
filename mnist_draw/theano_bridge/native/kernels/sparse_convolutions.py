"""Both gradients of a convolution by what is not zero of the gradient by its result.

Max pooling, rectifiers and dropout leave few of these numbers. Each one that is left meets one
filter's window of pixels: all taps, in vectors, the sums or the weights of which stay in registers
while a filter's marks are looked through (see ``DESIGN.md``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mnist_draw.theano_bridge.native.kernels.emitter import Emitter, Register, register
from mnist_draw.theano_bridge.native.kernels.vectors import (
    WORD,
    Shapes,
    Vectors,
    blocks,
    index_of,
    turn,
)

#: Vector registers that hold sums or weights, of 32 or of 16.
_MANY_REGISTERS = 28
_FEW_REGISTERS = 12


@dataclass(frozen=True)
class Window:
    """How the pixels below a filter are cut into vectors: by channels or, of few, by columns."""

    shapes: Shapes
    #: Numbers in a vector.
    lanes: int
    by_channels: bool

    @classmethod
    def of(cls, shapes: Shapes) -> Window:
        """Choose the cut with fewer vectors."""
        by_channels = cls(shapes, shapes.lanes, True)
        lanes = 1
        while lanes < shapes.columns:
            lanes *= 2
        by_columns = cls(shapes, lanes, False)
        return min(by_channels, by_columns, key=lambda window: window.registers)

    @property
    def registers(self) -> int:
        """Registers that all vectors would take."""
        s = self.shapes
        vectors = self.outer * s.rows * (s.columns if self.by_channels else 1)
        return vectors * -(-self.lanes // s.lanes)

    @property
    def outer(self) -> int:
        """Vectors of channels for each tap, or channels."""
        s = self.shapes
        return s.padded(s.channels) // self.lanes if self.by_channels else s.channels

    @property
    def pixel(self) -> int:
        """Distance of neighbouring pixels in the picture that is read."""
        return self.shapes.padded(self.shapes.channels) if self.by_channels else 1

    @property
    def picture(self) -> int:
        """Numbers of the picture that is read, and behind it what a vector may touch."""
        s = self.shapes
        channels = s.padded(s.channels) if self.by_channels else s.channels
        return channels * s.height * s.width + s.lanes * 2

    @property
    def rows_apart(self) -> tuple[int, int]:
        """Distances of a window's rows: in the picture, and of their weights in a part."""
        s = self.shapes
        weights = s.columns * self.pixel if self.by_channels else self.lanes
        return s.width * self.pixel, weights

    @property
    def outer_apart(self) -> tuple[int, int]:
        """Distances of vectors of channels, or of channels, as `rows_apart`."""
        s = self.shapes
        by_columns = (s.height * s.width, s.rows * self.lanes)
        return (self.lanes, self.lanes) if self.by_channels else by_columns

    @property
    def filters_apart(self) -> int:
        """Distance of filters in a part."""
        s = self.shapes
        return s.rows * self.rows_apart[1] * (1 if self.by_channels else s.channels)

    @property
    def part(self) -> int:
        """Numbers of the gradient by all filters."""
        return self.shapes.filters * self.filters_apart

    def weight(self, e: Emitter, f: Register, c: Register, tap: Register) -> Register:
        """Return where a part holds a weight."""
        row = e.op("sdiv", tap, self.shapes.columns)
        column = e.op("srem", tap, self.shapes.columns)
        apart = 1 if self.by_channels else self.outer_apart[1]
        rows = (row, self.rows_apart[1])
        return index_of(e, (f, self.filters_apart), rows, (column, self.pixel), (c, apart))

    def read(self, e: Emitter, x: str, n: Register, scratch: str) -> None:
        """Copy a picture into scratch memory in the order in which it is read."""
        s = self.shapes
        area = s.height * s.width
        first = index_of(e, (n, s.channels * area))
        if self.by_channels:
            v = Vectors(e, s.dtype)
            turn(v, (s.channels, area), (x, first, area), (scratch, register(0), self.pixel))
            return
        with e.loop(0, s.channels * area, independent=True) as i:
            e.store(scratch, i, e.load(x, s.dtype, e.op("add nsw", first, i)))


def is_sparse(v: Vectors, g: str, n: Register, size: int, limit: Register) -> str:
    """Compare the count of picture n's non-zeros with a limit."""
    e = v.e
    total = e.variable("int64", register(0))
    e.set(total, register(0))
    for first, count in blocks(e, size, WORD):
        marks = v.marks(g, index_of(e, (n, size), (first, 1)), count)
        e.set(total, e.op("add", e.get(total, "int64"), e.call("int64", "llvm.ctpop.i64", marks)))
    return e.test("icmp sle", e.get(total, "int64"), limit)


class _Marks:
    """The marks of one filter's places, for several passes."""

    def __init__(self, v: Vectors, shapes: Shapes, g: str) -> None:
        self.v = v
        self.shapes = shapes
        self.g = g
        self.count = -(-shapes.places // WORD)
        self._words = "%" + v.e.name("marks")
        v.e.variables.append(f"  {self._words} = alloca [{self.count} x i64]")
        v.e.declarations.add("declare i64 @llvm.cttz.i64(i64, i1)")

    @contextmanager
    def of_filter(self, n: Register, f: Register) -> Iterator[None]:
        """Mark the places of a filter, and go on only if there are any."""
        e = self.v.e
        s = self.shapes
        self._first = index_of(e, (n, s.filters * s.places), (f, s.places))
        every = e.variable("int64")
        e.set(every, register(0))
        for place, count in blocks(e, s.places, WORD):
            marks = self.v.marks(self.g, index_of(e, (self._first, 1), (place, 1)), count)
            e.store(self._words, e.op("lshr", place, 6), marks)
            e.set(every, e.op("or", e.get(every, "int64"), marks))
        with e.when(e.test("icmp ne", e.get(every, "int64"))):
            yield

    @contextmanager
    def each(self, v: Vectors) -> Iterator[tuple[str, Register]]:
        """Loop over what is not zero: the number in all lanes, and the window's first pixel."""
        e = v.e
        s = self.shapes
        with e.loop(0, self.count) as word:
            bits = e.variable("int64")
            marks = e.load(self._words, "int64", word)
            e.set(bits, marks)
            first = e.op("mul", word, WORD)
            with e.loop(0, e.call("int64", "llvm.ctpop.i64", marks)):
                left = e.get(bits, "int64")
                bit = e.value(f"call i64 @llvm.cttz.i64({left.typed}, i1 true)", "int64")
                e.set(bits, e.op("and", left, e.op("sub", left, 1)))
                place = e.op("add nsw", first, bit)
                value = v.splat(e.load(self.g, s.dtype, index_of(e, (self._first, 1), (place, 1))))
                y = e.op("udiv", place, s.out_width)
                skipped = s.down * s.width - s.right * s.out_width
                yield value, index_of(e, (place, s.right), (y, skipped))


def add_to_pictures(v: Vectors, s: Shapes, memory: tuple[str, str, str], n: Register) -> None:
    """Add picture n's gradient to scratch memory (height, width, channels), which holds zeros."""
    e = v.e
    (g, packed, scratch) = memory
    width = s.padded(s.channels)
    marks = _Marks(v, s, g)
    rows_at_once, at_once = _in_registers(s, s.columns)
    with e.loop(0, s.filters) as f, marks.of_filter(n, f):
        for c, vectors in blocks(e, width // v.lanes, at_once):
            for k, rows in blocks(e, s.rows, rows_at_once):
                first = index_of(e, (f, s.taps * width), (k, s.columns * width), (c, v.lanes))
                places = [
                    ((row * s.columns + column) * width, (row * s.width + column) * width)
                    for row in range(rows)
                    for column in range(s.columns)
                ]
                taps = [
                    (v.load(packed, index_of(e, (first, 1), at + i * v.lanes)), to + i * v.lanes)
                    for at, to in places
                    for i in range(vectors)
                ]
                with marks.each(v) as (value, pixel):
                    to = index_of(e, (pixel, width), (k, s.width * width), (c, v.lanes))
                    window = e.whole(e.element(scratch, s.dtype, to))
                    for weights, offset in taps:
                        old = v.load(window, register(offset))
                        v.store(window, register(offset), v.product_and(value, weights, old))


def add_to_filters(e: Emitter, window: Window, memory: tuple[str, str, str], n: Register) -> None:
    """Add picture n's gradient by the filters to a part, the picture as `Window.read` left it."""
    (g, picture, part) = memory
    s = window.shapes
    v = Vectors(e, s.dtype, window.lanes)
    marks = _Marks(Vectors(e, s.dtype), s, g)
    across = s.columns if window.by_channels else 1
    (row_in, row_of) = window.rows_apart
    (outer_in, outer_of) = window.outer_apart
    wide = -(-window.lanes // s.lanes)
    rows_at_once, at_once = _in_registers(s, across * wide)
    with e.loop(0, s.filters) as f, marks.of_filter(n, f):
        for c, vectors in blocks(e, window.outer, at_once):
            for k, rows in blocks(e, s.rows, rows_at_once):
                to = index_of(e, (f, window.filters_apart), (k, row_of), (c, outer_of))
                target = e.whole(e.element(part, s.dtype, to))
                places = [
                    (
                        row * row_in + column * window.pixel + i * outer_in,
                        row * row_of + column * window.pixel + i * outer_of,
                    )
                    for row in range(rows)
                    for column in range(across)
                    for i in range(vectors)
                ]
                sums = [v.accumulator() for _ in places]
                for total, (_, at) in zip(sums, places, strict=True):
                    v.set(total, v.load(target, register(at)))
                with marks.each(v) as (value, pixel):
                    source = index_of(e, (pixel, window.pixel), (k, row_in), (c, outer_in))
                    pixels = e.whole(e.element(picture, s.dtype, source))
                    for total, (at, _) in zip(sums, places, strict=True):
                        v.multiply_add(total, value, v.load(pixels, register(at)))
                for total, (_, at) in zip(sums, places, strict=True):
                    v.store(target, register(at), v.value(total))


def _in_registers(s: Shapes, across: int) -> tuple[int, int]:
    """Return how many rows of so many vectors, and how many times that, the registers hold."""
    room = _MANY_REGISTERS if s.lanes == 16 else _FEW_REGISTERS
    rows = max(1, min(s.rows, room // across))
    return rows, max(1, room // (rows * across))
