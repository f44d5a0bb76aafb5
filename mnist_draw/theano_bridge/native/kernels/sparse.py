"""Matrix products that leave out the zeros of their left factor, exactly (see ``DESIGN.md``).

`product` packs a block of the right factor, 64 rows of a *panel* of columns, so that every load is
a whole cache line, and uses it for all rows of its part before it packs the next. A panel's sums
stay in vector registers while a row's bits are looked through.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.binding as llvm

from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Function,
    Register,
    register,
    written,
)
from mnist_draw.theano_bridge.native.kernels.vectors import WORD, Vectors, index_of, lanes_of

DTYPE = "float32"
#: Vectors of a panel. Below, additions wait for the one before (4 cycles); above, 16 registers
#: hold no number to multiply with.
_PANELS = range(6, 12)
#: Rows that use a block before the next is packed: their sums (256 kB for 128 columns) are in the
#: second-level cache when the next block adds to them.
_ROWS = 512
#: Numbers in a cache line.
_LINE = 16


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

    @classmethod
    def of(cls, columns: int) -> Panels:
        """Choose the panels that load least: an element takes a load for each vector, and one."""
        vectors = -(-columns // lanes_of(DTYPE))
        return cls(columns, min(_PANELS, key=lambda count: -(-vectors // count) * (count + 1)))


def is_supported() -> bool:
    """Tell whether this processor has been measured: one with x86's vector registers."""
    return bool(llvm.get_host_cpu_features().get("sse2"))


@written
def mark_nonzeros(e: Emitter, columns: int) -> None:
    """Mark what is not zero in rows start to stop of x, a bit each, and count it.

    Arguments: the addresses of the counts (int64), of the marks (words of 64 bits) and of x.
    """
    counts, marks, x = e.pointers(3)
    v = Vectors(e, DTYPE)
    words = -(-columns // WORD)
    with e.rows() as row:
        total = e.variable("int64", register(0))
        for place, bits in v.words_of_marks(x, e.op("mul", row, columns), columns):
            e.store(marks, index_of(e, (row, words), place), bits)
            e.add_to(total, e.call("int64", "llvm.ctpop.i64", bits))
        e.store(counts, row, e.get(total, "int64"))


def _pays(e: Emitter, first: int) -> str:
    """Tell whether counts (their address, number and limit from argument ``first`` on) are few."""
    counts = e.pointer(first)
    number = e.argument(first + 1)
    limit = e.argument(first + 2)
    total = e.variable("int64", register(0))
    with e.loop(0, number) as i:
        e.add_to(total, e.load(counts, "int64", i))
    return e.test("icmp sle", e.get(total, "int64"), limit)


@written
def turn_marks(e: Emitter) -> None:
    """Turn the marks of rows into those of columns, 8 for each of start to stop, if there are few.

    Arguments: the addresses of the marks of columns and of rows, of so many rows that they fill
    words; see `_pays`; words for a row and for a column.
    """
    turned = e.pointer(0)
    marks = e.pointer(1)
    words = e.argument(5)
    filled = e.argument(6)
    vector = f"<{WORD} x i8>"
    mask = f"<{WORD} x i1>"
    gathered = "%" + e.name("bytes")
    e.variables.append(f"  {gathered} = alloca {vector}")
    width = e.op("mul", words, 8)
    with e.when(_pays(e, 2)), e.rows() as eight, e.loop(0, filled) as word:
        first = e.op("add", e.op("mul", e.op("mul", word, WORD), width), eight)
        for t in range(WORD):
            place = e.op("add", first, e.op("mul", width, t))
            e.store(gathered, t, e.load(marks, "uint8", place))
        eights = e.value(f"load {vector}, ptr {gathered}", "uint8").name
        # The highest bit of a byte is its sign, for which every processor has an instruction.
        for bit in reversed(range(8)):
            column = e.op("add", e.op("mul", eight, 8), bit)
            signs = e.value(f"icmp slt {vector} {eights}, zeroinitializer", "bool").name
            bits = e.value(f"bitcast {mask} {signs} to i64", "uint64")
            e.store(turned, e.op("add", e.op("mul", column, filled), word), bits)
            eights = e.value(f"add {vector} {eights}, {eights}", "uint8").name


#: Arguments of `product` before its own: those of `contractions.matrix_product`.
_OWN = 11


def product(panels: Panels, a_turned: bool, b_turned: bool, by_columns: bool) -> Function:
    """C = A B by the marked elements of A, if there are few; else as `contractions.matrix_product`.

    Arguments: those of `matrix_product`, which is compiled for the same flags; see `_pays`; the
    addresses of the marks of op(A)'s rows and of scratch memory, and for how many blocks, no
    fewer than chunks; the address of `matrix_product`'s code.
    """
    e = Emitter("sparse_product")
    pays = _pays(e, _OWN)
    with e.when(e.negated(pays)):
        e.line(f"call void {e.pointer(_OWN + 6)}(ptr %args, i64 %start, i64 %stop)")
    with e.when(pays):
        _Tile(e, panels, (a_turned, b_turned), by_columns).write()
    return e.named()


#: Where a matrix is, whether it is stored transposed, and its leading dimension.
Matrix = tuple[str, bool, Register]


class _Tile:
    """The code of `product` for one chunk."""

    def __init__(
        self,
        e: Emitter,
        panels: Panels,
        turned: tuple[bool, bool],
        by_columns: bool,
    ) -> None:
        self.e = e
        self.v = Vectors(e, DTYPE)
        self.panels = panels
        self.c = e.pointer(0)
        self.marks = e.pointer(_OWN + 3)
        self.c_distance = e.argument(8)
        self.a: Matrix = e.pointer(1), turned[0], e.argument(6)
        self.b: Matrix = e.pointer(2), turned[1], e.argument(7)
        self.k = e.argument(5)
        m = e.argument(3)
        whole = (register(0), register(panels.columns))
        self.columns = (START, STOP) if by_columns else whole
        self.rows = (register(0), m) if by_columns else (START, STOP)
        extent = whole[1] if by_columns else m
        slot = e.op("sdiv", e.op("mul", START, e.argument(_OWN + 5)), extent)
        place = e.op("mul", slot, WORD * panels.width)
        self.scratch = e.element(e.pointer(_OWN + 4), DTYPE, place)

    def write(self) -> None:
        """Write the loops over panels."""
        e = self.e
        width = self.panels.width
        whole, rest = divmod(self.panels.columns, width)
        (left, right) = self.columns
        with e.loop(left, e.smaller(right, whole * width), step=width) as column:
            self._panel(column, width)
        if rest:
            with e.when(e.test("icmp eq", right, self.panels.columns)):
                self._panel(register(whole * width), rest)

    def _panel(self, column: Register, columns: int) -> None:
        """Compute one panel of the chunk's rows."""
        e = self.e
        v = self.v
        vectors = -(-columns // v.lanes)
        lanes = [min(v.lanes, columns - t * v.lanes) for t in range(vectors)]
        blocks = e.op("sdiv", e.op("add", self.k, WORD - 1), WORD)
        (top, bottom) = self.rows
        with e.loop(top, bottom, step=_ROWS) as above, e.loop(0, blocks) as number:
            self._pack(number, column, columns, vectors * v.lanes)
            begun = e.test("icmp sgt", number)
            below = e.smaller(e.op("add", above, _ROWS), bottom)
            with e.loop(above, below) as row:
                word = e.load(self.marks, "int64", e.op("add", e.op("mul", row, blocks), number))
                # In the first block sums begin at 0, in others with what is there.
                needed = e.test("icmp ne", word)
                needed = e.value(f"select i1 {begun}, i1 {needed}, i1 true", "bool").name
                with e.when(needed):
                    place = e.op("add", e.op("mul", row, self.c_distance), column)
                    target = e.whole(e.element(self.c, DTYPE, place))
                    following = e.element(target, DTYPE, self.c_distance)
                    places = [register(t * v.lanes) for t in range(vectors)]
                    for place in places:
                        e.prefetch(e.element(following, DTYPE, place))
                    sums = [v.accumulator() for _ in range(vectors)]
                    with e.when(begun):
                        for total, place, count in zip(sums, places, lanes, strict=True):
                            v.set(total, v.load(target, place, count))
                    self._add(row, number, word, sums)
                    for total, place, count in zip(sums, places, lanes, strict=True):
                        v.store(target, place, v.value(total), count)

    def _pack(self, number: Register, column: Register, columns: int, width: int) -> None:
        e = self.e
        v = self.v
        first = e.op("mul", number, WORD)
        height = e.smaller(register(WORD), e.op("sub", self.k, first))
        tall = register(0)
        wide = 0
        if self.b[1]:
            # Whole squares of numbers are turned in registers.
            tall = e.op("and", height, -v.lanes)
            wide = columns // v.lanes * v.lanes
            with e.loop(0, tall, step=v.lanes) as r, e.loop(0, wide, step=v.lanes) as j:
                place = self._place(self.b, e.op("add", first, r), e.op("add", column, j))
                lines = []
                for _ in range(v.lanes):
                    lines.append(v.load(self.b[0], place))
                    place = e.op("add", place, self.b[2])
                target = e.op("add", e.op("mul", r, width), j)
                for i, line in enumerate(v.turned(lines)):
                    v.store(self.scratch, e.op("add", target, i * width), line)
        for top, bottom, left in ((register(0), tall, wide), (tall, height, 0)):
            with e.loop(top, bottom) as r, e.loop(left, columns, independent=True) as j:
                place = self._place(self.b, e.op("add", first, r), e.op("add", column, j))
                target = e.op("add", e.op("mul", r, width), j)
                e.store(self.scratch, target, e.load(self.b[0], DTYPE, place))

    def _add(self, row: Register, number: Register, word: Register, sums: list[str]) -> None:
        """Add the rows of the block that are marked to the sums."""
        e = self.e
        v = self.v
        first = e.op("mul", number, WORD)
        values = e.whole(e.element(self.a[0], DTYPE, self._place(self.a, row, first)))
        # Prefetch some of A: no processor looks ahead over rows that are a page apart. If A is
        # transposed, sixteen rows share their lines: fetch some of those that the next need.
        ahead = register(4)
        group = register(0)
        apart = _LINE
        if self.a[1]:
            group = e.op("mul", e.op("and", row, _LINE - 1), WORD // _LINE)
            ahead = register(_LINE)
            apart = 1
        coming = e.element(values, DTYPE, self._place(self.a, ahead, group))
        for line in range(WORD // _LINE):
            place = self._place(self.a, register(0), register(line * apart))
            e.prefetch(e.element(coming, DTYPE, place))
        with e.each_bit(word) as place:
            factor = v.splat(e.load(values, DTYPE, self._place(self.a, register(0), place)))
            source = e.op("mul nsw", place, len(sums) * v.lanes)
            block = e.whole(e.element(self.scratch, DTYPE, source))
            for t, total in enumerate(sums):
                v.multiply_add(total, factor, v.load(block, register(t * v.lanes)))

    def _place(self, matrix: Matrix, row: Register, column: Register) -> Register:
        """Return where an element of op(A) or op(B) is."""
        _, is_turned, distance = matrix
        outer, inner = (column, row) if is_turned else (row, column)
        return self.e.op("add", self.e.op("mul", outer, distance), inner)
