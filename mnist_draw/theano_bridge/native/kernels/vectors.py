"""Vectors in registers, and other means of the convolution kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import llvmlite.binding as llvm

from mnist_draw.theano_bridge.native.kernels.emitter import (
    LLVM_TYPES,
    START,
    Emitter,
    Register,
    integer,
)

#: Places that `turned` takes at once.
_TURNED = 16


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


class Vectors:
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
        self.e.line(f"store {self.type} zeroinitializer, ptr {name}")
        return name

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


def index_of(e: Emitter, *terms: tuple[Register, int] | int) -> Register:
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


@contextmanager
def turned(e: Emitter, places: int, filters: int) -> Iterator[tuple[Register, Register]]:
    """Loop over all places and filters of a picture that is read in one order, written in another.

    A few places at a time, so that the lines of memory they lie in are fetched once, not once
    for each filter. Gives place and filter.
    """
    with e.loop(integer(0), integer(places), step=_TURNED) as first:
        end = e.op("add nsw", first, integer(_TURNED))
        over = e.value(f"icmp sgt i64 {end.name}, {places}", "bool").name
        end = e.value(f"select i1 {over}, i64 {places}, i64 {end.name}", "int64")
        with (
            e.loop(integer(0), integer(filters)) as f,
            e.loop(first, end, independent=True) as place,
        ):
            yield place, f


def blocks(vectors: int, largest: int) -> list[tuple[int, int]]:
    """Cut a row of vectors into blocks: (first, count)."""
    return [(at, min(largest, vectors - at)) for at in range(0, vectors, largest)]


def scratch_of(e: Emitter, base: str, chunk: Register, size: int, dtype: str) -> str:
    """Return the scratch memory of the chunk at hand."""
    number = e.op("sdiv", START, chunk)
    return e.element(base, dtype, e.op("mul nsw", number, integer(size)))
