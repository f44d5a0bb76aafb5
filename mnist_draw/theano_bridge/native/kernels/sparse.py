"""Matrix products that leave out the zeros of their left factor, exactly.

A rectifier, dropout and the paper of a picture make four fifths of the numbers that enter a
product zeros. `count_nonzeros` counts, `list_entries` lists the others row by row, and `product`
adds up one row of the right factor for each, in the order of the columns: every element is one
chain of fused multiplications and additions, so that neither threads nor blocks change a bit.
Above a share of non-zeros the BLAS is faster, and `product` calls it instead: the minibatch alone
decides.

`product` packs a block of the right factor, some rows of a *panel* of columns, so that every load
is a whole cache line, and uses it for all rows of its part before it packs the next. A panel's
sums stay in vector registers while a row's entries are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

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
from mnist_draw.theano_bridge.native.kernels.vectors import (
    Vectors,
    lanes_of,
)

DTYPE = "float32"
#: Bytes of a packed block: on a Xeon with 48 kB of first-level cache all sizes from 46 to 80 kB
#: are equally fast; smaller ones load and store the sums too often.
_BLOCK_BYTES = 65_536
#: Vectors of a panel. Below, additions wait for the one before (4 cycles); above, 16 registers
#: hold no number to multiply with.
_PANELS = range(6, 12)
#: Rows that use a block before the next is packed: their sums (256 kB for 128 columns) are in the
#: second-level cache when the next block adds to them.
_ROWS = 512
#: Cache lines of entries that are prefetched, and entries in a line: 128 columns of which 19 % are
#: not zero have 24 entries.
_LINES, _LINE = 3, 8
#: Lists are made for so many columns at a time, a cache line of them.
TILE = 16


@dataclass(frozen=True)
class Panels:
    """How the columns of a right factor are cut."""

    columns: int
    #: Vectors of every panel but the last.
    vectors: int

    @property
    def width(self) -> int:
        """Columns of a panel."""
        return self.vectors * lanes_of(DTYPE)

    @property
    def rows(self) -> int:
        """Rows of a block."""
        return _BLOCK_BYTES // (4 * self.width * TILE) * TILE

    @classmethod
    def of(cls, columns: int) -> Panels:
        """Choose the panels that load least: an entry takes a load for each vector, and one."""
        vectors = -(-columns // lanes_of(DTYPE))
        return cls(columns, min(_PANELS, key=lambda count: -(-vectors // count) * (count + 1)))


def is_supported() -> bool:
    """Tell whether this processor has been measured: one with x86's vector registers."""
    return bool(llvm.get_host_cpu_features().get("sse2"))


@cache
def count_nonzeros() -> Function:
    """count[i] = how many elements of row i are not zero, for rows start to stop.

    Arguments: the addresses of count (int32) and x; columns.
    """
    e = Emitter("count_nonzeros")
    counts, x, columns = e.pointer(0), e.pointer(1), e.argument(2)
    total = e.variable("int32")
    with e.loop(START, STOP) as row:
        e.set(total, literal(0, "int32"))
        base = e.op("mul", row, columns)
        with e.loop(integer(0), columns) as j:
            there = scalars.convert(e, e.load(x, DTYPE, e.op("add", base, j)), "bool")
            e.set(total, e.op("add", e.get(total, "int32"), scalars.convert(e, there, "int32")))
        e.store(counts, row, e.get(total, "int32"))
    return e.finished()


def _pays(e: Emitter, first: int) -> Register:
    """Tell whether there are few enough non-zeros.

    Arguments from ``first`` on: the address of the counts, how many there are, the limit.
    """
    counts, number, limit = e.pointer(first), e.argument(first + 1), e.argument(first + 2)
    total = e.variable("int64", integer(0))
    with e.loop(integer(0), number) as i:
        count = scalars.convert(e, e.load(counts, "int32", i), "int64")
        e.set(total, e.op("add", e.get(total, "int64"), count))
    return e.value(f"icmp sle i64 {e.get(total, 'int64').name}, {limit.name}", "bool")


def list_entries(turned: bool) -> Function:
    """List the non-zeros of rows start to stop of x, or of its columns (``turned``).

    Arguments: the addresses of the entries (a number, and as int32 its place within a block of
    columns), of the bounds (int32; for each row its first entry in each block, and the end), and of
    x; see `_pays`; rows and columns of what is listed; columns of x; room for a row's entries;
    columns in a block. What a tile lists of columns behind the last goes to a row behind the last.
    """
    e = Emitter("list_entries")
    entries, bounds, x = (e.pointer(index) for index in range(3))
    rows, columns, distance, room, block = (e.argument(index) for index in range(6, 11))
    lister = _Lister(e, entries)
    step = TILE if turned else 1
    blocks = e.op("sdiv", e.op("add", columns, e.op("sub", block, integer(1))), block)
    ends = [e.variable("int64") for _ in range(step)]
    with e.when(_pays(e, 3).name), e.loop(START, STOP, step=step) as row:
        listed = [row]
        for t in range(1, step):
            at = e.op("add", row, integer(t))
            inside = e.value(f"icmp slt i64 {at.name}, {STOP.name}", "bool").name
            listed.append(e.value(f"select i1 {inside}, {at.typed}, {rows.typed}", "int64"))
        starts = [e.op("mul", one, room) for one in listed]
        for end, start in zip(ends, starts, strict=True):
            e.set(end, start)

        def bound(number: Register) -> None:
            for one, end, start in zip(listed, ends, starts, strict=True):
                place = e.op("mul", one, e.op("add", blocks, integer(1)))
                count = e.op("sub", e.get(end, "int64"), start)
                e.store(bounds, e.op("add", place, number), scalars.convert(e, count, "int32"))

        with e.loop(integer(0), blocks) as number:
            bound(number)
            first = e.op("mul", number, block)
            last = _smaller(e, e.op("add", first, block), columns)
            with e.loop(first, last, step=lister.lanes) as column:
                if turned:
                    left = e.op("sub", STOP, row)
                    found = lister.columns(x, distance, (row, left), (column, last))
                else:
                    place = e.op("add", e.op("mul", row, distance), column)
                    found = [lister.load(x, place, e.op("sub", last, column))]
                for end, value in zip(ends, found, strict=True):
                    lister.append(end, value, e.op("sub", column, first))
        bound(blocks)
    return e.named()


def _smaller(e: Emitter, a: Register, b: Register) -> Register:
    test = e.value(f"icmp slt i64 {a.name}, {b.name}", "bool").name
    return e.value(f"select i1 {test}, {a.typed}, {b.typed}", "int64")


class _Lister:
    """Appends what is not zero to lists: a vector at a time with AVX-512, else one by one."""

    def __init__(self, e: Emitter, entries: str) -> None:
        self.e, self.entries = e, entries
        self.lanes = 16 if llvm.get_host_cpu_features().get("avx512f") else 1
        if self.lanes > 1:
            e.declarations |= {
                "declare <16 x i32> @llvm.x86.avx512.mask.compress.v16i32"
                "(<16 x i32>, <16 x i32>, <16 x i1>)",
                "declare <16 x float> @llvm.masked.load.v16f32.p0"
                "(ptr, i32, <16 x i1>, <16 x float>)",
                "declare i16 @llvm.ctpop.i16(i16)",
            }

    def _value(self, instruction: str) -> str:
        return self.e.value(instruction, "int64").name

    def _ramp(self, first: Register) -> str:
        """Return first, first + 1, …"""
        narrow = self._value(f"trunc {first.typed} to i32")
        one = self._value(f"insertelement <16 x i32> poison, i32 {narrow}, i32 0")
        zeros = "<16 x i32> zeroinitializer"
        many = self._value(f"shufflevector <16 x i32> {one}, <16 x i32> poison, {zeros}")
        ramp = ", ".join(f"i32 {lane}" for lane in range(16))
        return self._value(f"add <16 x i32> {many}, <{ramp}>")

    def load(self, x: str, place: Register, left: Register) -> str:
        """Read elements of a row, 0 behind its end."""
        if self.lanes == 1:
            return self.e.load(x, DTYPE, place).name
        # Lanes below ``left``: those for which lane − left is negative.
        ramp = self._ramp(self.e.op("sub", integer(0), left))
        mask = self._value(f"icmp slt <16 x i32> {ramp}, zeroinitializer")
        address = self.e.element(x, DTYPE, place)
        return self._value(
            "call <16 x float> @llvm.masked.load.v16f32.p0"
            f"(ptr {address}, i32 4, <16 x i1> {mask}, <16 x float> zeroinitializer)"
        )

    def columns(
        self, x: str, distance: Register, across: tuple[Register, Register],
        down: tuple[Register, Register],
    ) -> list[str]:  # fmt: skip
        """Read a tile of columns; each comes as so many elements as `append` takes."""
        e, (first, left), (row, last) = self.e, across, down
        if self.lanes == 1:
            base = e.op("mul", row, distance)
            end = e.op("add", first, e.op("sub", left, integer(1)))
            places = [_smaller(e, e.op("add", first, integer(t)), end) for t in range(TILE)]
            return [self.load(x, e.op("add", base, place), left) for place in places]
        vectors = []
        for t in range(TILE):
            at = e.op("add", row, integer(t))
            inside = e.value(f"icmp slt i64 {at.name}, {last.name}", "bool").name
            here = e.value(f"select i1 {inside}, {left.typed}, i64 0", "int64")
            place = e.op("add", e.op("mul", at, distance), first)
            vectors.append(self.load(x, place, here))
            ahead = e.op("add", place, e.op("mul", distance, integer(TILE)))
            e.prefetch(e.element(x, DTYPE, ahead))
        return self._turned(vectors)

    def _turned(self, vectors: list[str]) -> list[str]:
        """Transpose a square tile: every round of shuffles moves one bit of row to column."""
        half = TILE // 2
        for _ in range(TILE.bit_length() - 1):
            pairs = zip(vectors[:half], vectors[half:], strict=True)
            vectors = [one for pair in pairs for one in self._interleaved(*pair, "float")]
        return vectors

    def _interleaved(self, a: str, b: str, kind: str) -> list[str]:
        """Let the lanes of two vectors take turns; return the first and the second half."""
        halves = [
            ", ".join(f"i32 {first + lane // 2 + 16 * (lane % 2)}" for lane in range(16))
            for first in (0, 8)
        ]
        return [
            self._value(f"shufflevector <16 x {kind}> {a}, <16 x {kind}> {b}, <16 x i32> <{lanes}>")
            for lanes in halves
        ]

    def append(self, at: str, value: str, place: Register) -> None:
        """Add the non-zeros of the value, whose first element has this place, to a list."""
        e, end = self.e, self.e.get(at, "int64")
        target = e.element(self.entries, "int64", end)
        if self.lanes == 1:
            number = Register(value, DTYPE)
            e.store(target, integer(0), number)
            e.store(target, integer(1), scalars.convert(e, place, "int32"))
            there = scalars.convert(e, scalars.convert(e, number, "bool"), "int64")
        else:
            mask = self._value(f"fcmp une <16 x float> {value}, zeroinitializer")
            bits = self._value(f"bitcast <16 x float> {value} to <16 x i32>")
            numbers, places = (
                self._value(
                    "call <16 x i32> @llvm.x86.avx512.mask.compress.v16i32"
                    f"(<16 x i32> {vector}, <16 x i32> zeroinitializer, <16 x i1> {mask})"
                )
                for vector in (bits, self._ramp(place))
            )
            halves = self._interleaved(numbers, places, "i32")
            for first, vector in zip((0, 16), halves, strict=True):
                address = e.element(target, "int32", integer(first))
                e.line(f"store <16 x i32> {vector}, ptr {address}, align 4")
            bits = self._value(f"bitcast <16 x i1> {mask} to i16")
            count = self._value(f"call i16 @llvm.ctpop.i16(i16 {bits})")
            there = e.value(f"zext i16 {count} to i64", "int64")
        e.set(at, e.op("add", end, there))


#: Arguments of `product` before its own: those of `contractions.matrix_product`.
_OWN = 13


def product(panels: Panels, turned: bool) -> Function:
    """C = A B by the entries of A, if there are few; else as `contractions.matrix_product`.

    Arguments: those of `matrix_product`; see `_pays`; the addresses of the entries and bounds
    of op(A)'s rows; room for a row's entries; rows of a block; the address of scratch
    memory, and for how many blocks, no fewer than chunks; the address of `matrix_product`'s code.
    ``turned``: whether B is stored transposed.
    """
    e = Emitter("sparse_product")
    pays = _pays(e, _OWN)
    dense = e.value(f"xor i1 {pays.name}, true", "bool")
    with e.when(dense.name):
        e.line(f"call void {e.pointer(_OWN + 9)}(ptr %args, i64 %start, i64 %stop)")
    with e.when(pays.name):
        _Tile(e, panels, turned).write()
    return e.named()


class _Tile:
    """The code of `product` for one chunk."""

    def __init__(self, e: Emitter, panels: Panels, turned: bool) -> None:
        self.e, self.panels, self.turned = e, panels, turned
        self.entries, self.bounds = e.pointer(_OWN + 3), e.pointer(_OWN + 4)
        self.v = Vectors(e, DTYPE)
        self.c, self.b = e.pointer(0), e.pointer(2)
        self.m, self.k = e.argument(3), e.argument(5)
        self.distance, self.c_distance = e.argument(7), e.argument(8)
        self.by_columns = e.value(f"icmp ne i64 {e.argument(11).name}, 0", "bool").name
        self.room, self.block = e.argument(_OWN + 5), e.argument(_OWN + 6)
        extent = self._chosen(integer(panels.columns), self.m)
        slot = e.op("sdiv", e.op("mul", START, e.argument(_OWN + 8)), extent)
        size = integer(panels.rows * panels.width)
        self.scratch = e.element(e.pointer(_OWN + 7), DTYPE, e.op("mul", slot, size))

    def _chosen(self, by_columns: Register, by_rows: Register) -> Register:
        return self.e.value(
            f"select i1 {self.by_columns}, {by_columns.typed}, {by_rows.typed}", "int64"
        )

    def write(self) -> None:
        """Write the loops over panels."""
        e, width = self.e, self.panels.width
        whole, rest = divmod(self.panels.columns, width)
        left = self._chosen(START, integer(0))
        right = self._chosen(STOP, integer(self.panels.columns))
        with e.loop(left, _smaller(e, right, integer(whole * width)), step=width) as column:
            self._panel(column, width)
        if rest:
            reached = e.value(f"icmp eq i64 {right.name}, {self.panels.columns}", "bool")
            with e.when(reached.name):
                self._panel(integer(whole * width), rest)

    def _panel(self, column: Register, columns: int) -> None:
        """Compute one panel of the chunk's rows."""
        e, v = self.e, self.v
        vectors = -(-columns // v.lanes)
        lanes = [min(v.lanes, columns - t * v.lanes) for t in range(vectors)]
        blocks = e.op("sdiv", e.op("add", self.k, e.op("sub", self.block, integer(1))), self.block)
        top, bottom = self._chosen(integer(0), START), self._chosen(self.m, STOP)
        with e.loop(top, bottom, step=_ROWS) as above, e.loop(integer(0), blocks) as number:
            self._pack(number, column, columns, vectors * v.lanes)
            begun = e.value(f"icmp sgt i64 {number.name}, 0", "bool").name
            below = _smaller(e, e.op("add", above, integer(_ROWS)), bottom)
            with e.loop(above, below) as row:
                first, last = self._entries(row, number, blocks)
                # In the first block sums begin at 0, in others with what is there.
                needed = e.value(f"icmp slt i64 {first.name}, {last.name}", "bool").name
                needed = e.value(f"select i1 {begun}, i1 {needed}, i1 true", "bool").name
                with e.when(needed):
                    target = e.op("add", e.op("mul", row, self.c_distance), column)
                    places = [e.op("add", target, integer(t * v.lanes)) for t in range(vectors)]
                    for place in places:
                        e.prefetch(e.element(self.c, DTYPE, e.op("add", place, self.c_distance)))
                    sums = [v.accumulator() for _ in range(vectors)]
                    with e.when(begun):
                        for total, place, count in zip(sums, places, lanes, strict=True):
                            v.set(total, v.load(self.c, place, count))
                    self._add(first, last, sums)
                    for total, place, count in zip(sums, places, lanes, strict=True):
                        v.store(self.c, place, v.value(total), count)

    def _pack(self, number: Register, column: Register, columns: int, width: int) -> None:
        e = self.e
        first = e.op("mul", number, self.block)
        height = e.op("sub", _smaller(e, e.op("add", first, self.block), self.k), first)
        with e.loop(integer(0), height) as r:
            row, target = e.op("add", first, r), e.op("mul", r, integer(width))
            with e.loop(integer(0), integer(columns), independent=True) as j:
                outer, inner = e.op("add", column, j), row
                if not self.turned:
                    outer, inner = inner, outer
                source = e.op("add", e.op("mul", outer, self.distance), inner)
                e.store(self.scratch, e.op("add", target, j), e.load(self.b, DTYPE, source))

    def _entries(
        self, row: Register, number: Register, blocks: Register
    ) -> tuple[Register, Register]:
        """Return the first of the row's entries in one block, and the one behind the last.

        Prefetch those of the next row: rows are a page apart, which no processor looks ahead over.
        """
        e = self.e
        at = e.op("add", e.op("mul", row, e.op("add", blocks, integer(1))), number)
        base = e.op("mul", row, self.room)
        first, last = (
            e.op("add", base, scalars.convert(e, e.load(self.bounds, "int32", place), "int64"))
            for place in (at, e.op("add", at, integer(1)))
        )
        following = e.load(self.bounds, "int32", e.op("add", at, e.op("add", blocks, integer(1))))
        following = e.op(
            "add", e.op("add", base, self.room), scalars.convert(e, following, "int64")
        )
        for line in range(_LINES):
            ahead = e.op("add", following, integer(line * _LINE))
            e.prefetch(e.element(self.entries, "int64", ahead))
        return first, last

    def _add(self, first: Register, last: Register, sums: list[str]) -> None:
        """Add entries to the sums."""
        e, v = self.e, self.v
        width = len(sums) * v.lanes
        with e.loop(first, last) as entry:
            address = e.element(self.entries, "int64", entry)
            factor = v.splat(e.load(address, DTYPE, integer(0)))
            place = scalars.convert(e, e.load(address, "int32", integer(1)), "int64")
            source = e.op("mul nsw", place, integer(width))
            block = e.element(self.scratch, DTYPE, source)
            for t, total in enumerate(sums):
                v.multiply_add(total, factor, v.load(block, integer(t * v.lanes)))
