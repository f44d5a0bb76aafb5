"""Vectors in registers, and other means of the convolution kernels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

from mnist_draw.theano_bridge.native.kernels.emitter import (
    LLVM_TYPES,
    Emitter,
    Register,
    literal,
    register,
)

#: Bits in a word of marks; in a sparse product also rows of a block, which has 32 kB for 128
#: columns, in the first-level cache. Twice as many are slower.
WORD = 64
#: Where a matrix is: memory, index of its first number, distance of its rows.
Matrix = tuple[str, Register, int]


@cache
def lanes_of(dtype: str) -> int:
    """Numbers in a vector register of this processor."""
    features = llvm.get_host_cpu_features()
    width = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return width // (4 if dtype == "float32" else 8)


@dataclass(frozen=True)
class Shapes:
    """The shapes of a convolution, or of pooling, of pictures that are padded already."""

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

    @property
    def lanes(self) -> int:
        """Numbers in a vector."""
        return lanes_of(self.dtype)

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

    @property
    def tiles(self) -> bool:
        """Whether every pixel belongs to exactly one place."""
        size = (self.out_height * self.down, self.out_width * self.right)
        return (self.down, self.right, *size) == (
            self.rows,
            self.columns,
            self.height,
            self.width,
        )

    def padded(self, count: int) -> int:
        """Round up to whole vectors."""
        return -(-count // self.lanes) * self.lanes


class Vectors:
    """Vector instructions on top of an emitter."""

    def __init__(self, e: Emitter, dtype: str) -> None:
        self.e = e
        self.dtype = dtype
        self.lanes = lanes_of(dtype)
        self.type = self._type(self.lanes)
        #: Bytes of a number.
        self.size = 4 if dtype == "float32" else 8
        self.word = f"<{self.lanes} x i{8 * self.size}>"
        self.fma = f"llvm.fmuladd.v{self.lanes}f{8 * self.size}"
        e.declarations.add(f"declare {self.type} @{self.fma}({', '.join([self.type] * 3)})")

    def _value(self, instruction: str) -> str:
        """Add an instruction and return the register with its vector."""
        return self.e.value(instruction, self.dtype).name

    def accumulator(self) -> str:
        """Reserve a vector and set it to 0 at this point of the code."""
        name = "%" + self.e.name("acc")
        self.e.variables.append(f"  {name} = alloca {self.type}")
        self.e.line(f"store {self.type} zeroinitializer, ptr {name}")
        return name

    def _type(self, lanes: int) -> str:
        return f"<{lanes} x {LLVM_TYPES[self.dtype]}>"

    def _chosen(self, a: str, b: str, lanes: Sequence[int], count: int) -> str:
        kind = self._type(count)
        order = ", ".join(f"i32 {lane}" for lane in lanes)
        mask = f"<{len(lanes)} x i32> <{order}>"
        return self._value(f"shufflevector {kind} {a}, {kind} {b}, {mask}")

    def _resized(self, value: str, lanes: int, to: int) -> str:
        """Cut lanes off a vector, or add some that hold anything."""
        order = [min(lane, lanes - 1) for lane in range(to)]
        return value if lanes == to else self._chosen(value, "poison", order, lanes)

    def load(self, pointer: str, index: Register, lanes: int | None = None) -> str:
        """Read a vector, or its first lanes, of an array, which need not be aligned to vectors."""
        lanes = lanes or self.lanes
        address = self.e.element(pointer, self.dtype, index)
        value = self._value(f"load {self._type(lanes)}, ptr {address}, align {self.size}")
        return self._resized(value, lanes, self.lanes)

    def store(self, pointer: str, index: Register, value: str, lanes: int | None = None) -> None:
        """Write a vector, or its first lanes, to an array."""
        lanes = lanes or self.lanes
        address = self.e.element(pointer, self.dtype, index)
        value = self._resized(value, self.lanes, lanes)
        self.e.line(f"store {self._type(lanes)} {value}, ptr {address}, align {self.size}")

    def set(self, accumulator: str, value: str) -> None:
        """Set an accumulator to a vector."""
        self.e.line(f"store {self.type} {value}, ptr {accumulator}")

    def splat(self, value: Register) -> str:
        """Put one number into all lanes."""
        one = self._value(f"insertelement {self.type} poison, {value.typed}, i32 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self._value(f"shufflevector {self.type} {one}, {self.type} poison, {zeros}")

    def multiply_add(self, accumulator: str, a: str, b: str) -> None:
        """Add the product of two vectors to an accumulator."""
        self.set(accumulator, self.product_and(a, b, self.value(accumulator)))

    def product_and(self, a: str, b: str, c: str) -> str:
        """Return the product of two vectors and a third one added up."""
        operands = ", ".join(f"{self.type} {x}" for x in (a, b, c))
        return self._value(f"call {self.type} @{self.fma}({operands})")

    def words_of_marks(
        self,
        pointer: str,
        first: Register,
        count: int,
    ) -> Iterator[tuple[Register, Register]]:
        """Mark numbers: yield the place of a word, and the word, with 1 where one is not zero."""
        for place, size in blocks(self.e, count, WORD):
            marks = self._marks(pointer, self.e.op("add nsw", first, place), size)
            yield self.e.op("udiv", place, WORD), marks

    def _marks(self, pointer: str, index: Register, count: int) -> Register:
        kind = self._type(count)
        address = self.e.element(pointer, self.dtype, index)
        value = self._value(f"load {kind}, ptr {address}, align {self.size}")
        order = ", ".join(f"i32 {min(place, count)}" for place in range(WORD))
        value = self._value(
            f"shufflevector {kind} {value}, {kind} zeroinitializer, <{WORD} x i32> <{order}>",
        )
        mask = self._value(f"fcmp une {self._type(WORD)} {value}, zeroinitializer")
        return self.e.value(f"bitcast <{WORD} x i1> {mask} to i{WORD}", "int64")

    def value(self, accumulator: str) -> str:
        """Read an accumulator."""
        return self._value(f"load {self.type}, ptr {accumulator}")

    def add(self, a: str, b: str) -> str:
        """Add two vectors."""
        return self._value(f"fadd {self.type} {a}, {b}")

    def store_mixed(self, pointer: str, index: Register, values: list[str], lanes: int) -> None:
        """Write the first lanes of vectors in turn: first lane of each, second lane of each, …"""
        apart = len(values)
        count = apart * lanes
        line = "poison"
        for number, value in enumerate(values):
            order = [place // apart for place in range(count)]
            spread = self._chosen(value, "poison", order, self.lanes)
            order = [place + count * (place % apart >= number) for place in range(count)]
            line = self._chosen(line, spread, order, count)
        address = self.e.element(pointer, self.dtype, index)
        self.e.line(f"store {self._type(count)} {line}, ptr {address}, align {self.size}")

    def bits(self, pointer: str, index: Register, lanes: int) -> str:
        """Read the first lanes of a vector of integers that are as wide as the numbers."""
        return self._value(f"bitcast {self.type} {self.load(pointer, index, lanes)} to {self.word}")

    def where_bits(self, bits: str, mask: int, wanted: int, yes: str, no: str) -> str:
        """Choose the lanes of ``yes`` where masked bits are as wanted, others of ``no``."""
        both = [f"<{', '.join([f'i{8 * self.size} {x}'] * self.lanes)}>" for x in (mask, wanted)]
        found = self._value(f"and {self.word} {bits}, {both[0]}")
        test = self._value(f"icmp eq {self.word} {found}, {both[1]}")
        return self._value(
            f"select <{self.lanes} x i1> {test}, {self.type} {yes}, {self.type} {no}",
        )

    def turned(self, lines: list[str]) -> list[str]:
        """Turn a square of numbers, a vector for each line, so that its columns become lines.

        Where lines are missing, the last lanes of the result hold anything.
        """
        count = self.lanes
        lanes = range(self.lanes)
        step = 1
        lines = [*lines, *lines[:1] * (count - len(lines))]
        while step < count:
            low = [count + (t ^ step) if t & step else t for t in lanes]
            high = [count + t if t & step else t | step for t in lanes]
            lines = [
                self._chosen(lines[i & ~step], lines[i | step], high if i & step else low, count)
                for i in lanes
            ]
            step *= 2
        return lines


def index_of(e: Emitter, *terms: tuple[Register, int] | Register | int) -> Register:
    """Add up registers, products of registers and constants, and constants, the last."""
    total: Register | None = None
    for term in terms:
        value = e.op("mul nsw", *term) if isinstance(term, tuple) else term
        if value:
            total = register(value) if total is None else e.op("add nsw", total, value)
    return total or register(0)


def turn(v: Vectors, size: tuple[int, int], source: Matrix, target: Matrix) -> None:
    """Write a matrix of a size turned, a square of numbers after the other, in registers."""
    e = v.e
    (x, first, apart) = source
    (out, to, beside) = target
    for i, height in blocks(e, size[0], v.lanes):
        for j, width in blocks(e, size[1], v.lanes):
            place = index_of(e, first, (i, apart), j)
            lines = [v.load(x, index_of(e, place, line * apart), width) for line in range(height)]
            place = index_of(e, to, (j, beside), i)
            for line, value in enumerate(v.turned(lines)[:width]):
                v.store(out, index_of(e, place, line * beside), value, height)


def blocks(e: Emitter, vectors: int, largest: int) -> Iterator[tuple[Register, int]]:
    """Loop over blocks of a row of vectors: (first, count). What is left over is a block, too."""
    whole = vectors // largest * largest
    if whole:
        with e.loop(0, whole, step=largest) as first:
            yield first, largest
    if whole < vectors:
        yield register(whole), vectors - whole


def begun_part(
    e: Emitter,
    base: str,
    place: tuple[Register, Register],
    size: Register | int,
    dtype: str,
) -> str:
    """Return the part of a sum that a row belongs to, which is 0 at its first."""
    part = part_of(e, base, place, size, dtype)
    begins = e.test("icmp eq", e.op("srem", *place))
    with e.when(begins), e.loop(0, size, independent=True) as i:
        e.store(part, i, literal(0, dtype))
    return part


def part_of(
    e: Emitter,
    base: str,
    place: tuple[Register, Register],
    size: Register | int,
    dtype: str,
) -> str:
    """Return the memory of a part; the place is a row and how many of them are a part."""
    number = e.op("sdiv", *place)
    return e.element(base, dtype, e.op("mul nsw", number, size))
