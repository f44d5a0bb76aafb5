"""Both gradients of a convolution by what is not zero of the gradient by its result.

Max pooling, rectifiers and dropout leave few of these numbers. Each one that is left meets one
filter's window of pixels: all taps and channels, in vectors of channels, the sums or the weights of
which stay in registers while a filter's marks are looked through (see ``DESIGN.md``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mnist_draw.theano_bridge.native.kernels.emitter import Register, register
from mnist_draw.theano_bridge.native.kernels.vectors import (
    WORD,
    Shapes,
    Vectors,
    blocks,
    index_of,
)

#: Vector registers that hold sums or weights, of 32 or of 16.
_MANY_REGISTERS = 28
_FEW_REGISTERS = 12

#: Memory: the gradient by the result, what is read, what is added to.
Memory = tuple[str, str, str]


def is_sparse(v: Vectors, s: Shapes, g: str, n: Register, limit: Register) -> str:
    """Compare the count of picture n's non-zeros with a limit."""
    e = v.e
    size = s.filters * s.places
    total = e.variable("int64", register(0))
    for _, marks in v.words_of_marks(g, e.op("mul", n, size), size):
        e.add_to(total, e.call("int64", "llvm.ctpop.i64", marks))
    return e.test("icmp sle", e.get(total, "int64"), limit)


def add_to_picture(v: Vectors, s: Shapes, memory: Memory, n: Register) -> None:
    """Add picture n's gradient by the packed filters to scratch memory (pixels, channels)."""
    e = v.e
    (g, packed, scratch) = memory
    for marks, weight, pixel, places in _passes(v, s, g, n):
        taps = [v.load(packed, index_of(e, weight, at)) for at, _ in places]
        with marks.each() as (value, first):
            window = e.whole(e.element(scratch, s.dtype, e.op("add nsw", first, pixel)))
            for tap, (_, at) in zip(taps, places, strict=True):
                total = v.product_and(value, tap, v.load(window, register(at)))
                v.store(window, register(at), total)


def add_to_filters(v: Vectors, s: Shapes, memory: Memory, n: Register) -> None:
    """Add picture n's gradient, by its pixels (pixels, channels), to (filters, taps, channels)."""
    e = v.e
    (g, picture, part) = memory
    for marks, weight, pixel, places in _passes(v, s, g, n):
        target = e.whole(e.element(part, s.dtype, weight))
        sums = [v.accumulator() for _ in places]
        for total, (at, _) in zip(sums, places, strict=True):
            v.set(total, v.load(target, register(at)))
        with marks.each() as (value, first):
            window = e.whole(e.element(picture, s.dtype, e.op("add nsw", first, pixel)))
            for total, (_, at) in zip(sums, places, strict=True):
                v.multiply_add(total, value, v.load(window, register(at)))
        for total, (at, _) in zip(sums, places, strict=True):
            v.store(target, register(at), v.value(total))


#: Marks, the index of a pass' first weight, its first pixel's distance from a window's, and for
#: each vector the distances from both.
_Pass = tuple["_Marks", Register, Register, list[tuple[int, int]]]


def _passes(v: Vectors, s: Shapes, g: str, n: Register) -> Iterator[_Pass]:
    """Go through filters that have numbers and through parts of a window that fit in registers."""
    e = v.e
    width = s.padded(s.channels)
    marks = _Marks(v, s, g)
    room = _MANY_REGISTERS if s.lanes == 16 else _FEW_REGISTERS
    rows_at_once = max(1, min(s.rows, room // s.columns))
    at_once = max(1, room // (rows_at_once * s.columns))
    with e.loop(0, s.filters) as f, marks.of_filter(n, f):
        for c, vectors in blocks(e, width // v.lanes, at_once):
            for k, rows in blocks(e, s.rows, rows_at_once):
                weight = index_of(e, (f, s.taps * width), (k, s.columns * width), (c, v.lanes))
                pixel = index_of(e, (k, s.width * width), (c, v.lanes))
                places = [
                    (
                        (row * s.columns + column) * width + vector * v.lanes,
                        (row * s.width + column) * width + vector * v.lanes,
                    )
                    for row in range(rows)
                    for column in range(s.columns)
                    for vector in range(vectors)
                ]
                yield marks, weight, pixel, places


class _Marks:
    """The marks of one filter's places, for several passes."""

    def __init__(self, v: Vectors, shapes: Shapes, g: str) -> None:
        self.v = v
        self.shapes = shapes
        self.g = g
        self.count = -(-shapes.places // WORD)
        self._words = "%" + v.e.name("marks")
        v.e.variables.append(f"  {self._words} = alloca [{self.count} x i64]")

    @contextmanager
    def of_filter(self, n: Register, f: Register) -> Iterator[None]:
        """Mark the places of a filter, and go on only if there are any."""
        e = self.v.e
        s = self.shapes
        self._first = index_of(e, (n, s.filters * s.places), (f, s.places))
        every = e.variable("int64", register(0))
        for place, marks in self.v.words_of_marks(self.g, self._first, s.places):
            e.store(self._words, place, marks)
            e.add_to(every, marks, "or")
        with e.when(e.test("icmp ne", e.get(every, "int64"))):
            yield

    @contextmanager
    def each(self) -> Iterator[tuple[str, Register]]:
        """Loop over what is not zero: the number in all lanes, and its window in a picture."""
        e = self.v.e
        s = self.shapes
        with (
            e.loop(0, self.count) as word,
            e.each_bit(e.load(self._words, "int64", word)) as bit,
        ):
            place = index_of(e, (word, WORD), bit)
            value = e.load(self.g, s.dtype, e.op("add nsw", self._first, place))
            row = e.op("udiv", place, s.out_width)
            skipped = s.down * s.width - s.right * s.out_width
            pixel = index_of(e, (place, s.right), (row, skipped))
            yield self.v.splat(value), e.op("mul nsw", pixel, s.padded(s.channels))
