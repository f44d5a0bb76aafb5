"""Max pooling for one set of shapes, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Regions:
    """Where the regions of a picture lie; none is padded."""

    dtype: str
    height: int
    width: int
    rows: int
    columns: int
    window_height: int
    window_width: int
    down: int
    right: int

    @property
    def tile(self) -> bool:
        """Whether every pixel lies in exactly one region."""
        return (
            (self.down, self.right) == (self.window_height, self.window_width)
            and self.rows * self.down == self.height
            and self.columns * self.right == self.width
        )

    @property
    def inside(self) -> bool:
        """Whether no region sticks out of the picture."""
        return (self.rows - 1) * self.down + self.window_height <= self.height and (
            self.columns - 1
        ) * self.right + self.window_width <= self.width


def _pixels(e: Emitter, r: Regions, picture: Register, i: Register, j: Register) -> list[Register]:
    """Return the indices of a region's pixels."""
    base = e.op("mul nsw", picture, integer(r.height * r.width))
    base = e.op("add nsw", base, e.op("mul nsw", i, integer(r.down * r.width)))
    base = e.op("add nsw", base, e.op("mul nsw", j, integer(r.right)))
    return [
        e.op("add nsw", base, integer(y * r.width + x))
        for y in range(r.window_height)
        for x in range(r.window_width)
    ]


def maximum(r: Regions) -> Function:
    """Take the largest pixel of each region.

    Arguments: the addresses of the result and of the pictures. Parallel over pictures and
    channels.
    """
    e = Emitter("pool")
    out, x = e.pointer(0), e.pointer(1)
    with e.loop(START, STOP) as n, e.loop(integer(0), integer(r.rows)) as i:
        base = e.op("mul nsw", n, integer(r.rows * r.columns))
        row = e.op("add nsw", base, e.op("mul nsw", i, integer(r.columns)))
        with e.loop(integer(0), integer(r.columns), independent=True) as j:
            values = [e.load(x, r.dtype, at) for at in _pixels(e, r, n, i, j)]
            largest = scalars.OPERATIONS["Maximum"](e, values, r.dtype)
            e.store(out, e.op("add nsw", row, j), largest)
    return e.named()


def gradient(r: Regions) -> Function:
    """Give each region's gradient to its largest pixel (to each of them where several are).

    Arguments: the addresses of the result, of the pictures, of the maxima and of the gradient by
    the maxima. Parallel over pictures and channels.
    """
    e = Emitter("pool_gradient")
    out, x, z, gz = (e.pointer(index) for index in range(4))
    zero = literal(0, r.dtype)
    area = r.height * r.width
    with e.loop(START, STOP) as n:
        if not r.tile:
            first = e.op("mul nsw", n, integer(area))
            with e.loop(integer(0), integer(area), independent=True) as i:
                e.store(out, e.op("add nsw", first, i), zero)
        base = e.op("mul nsw", n, integer(r.rows * r.columns))
        with e.loop(integer(0), integer(r.rows)) as i:
            row = e.op("add nsw", base, e.op("mul nsw", i, integer(r.columns)))
            with e.loop(integer(0), integer(r.columns), independent=r.tile) as j:
                place = e.op("add nsw", row, j)
                largest, share = e.load(z, r.dtype, place), e.load(gz, r.dtype, place)
                for at in _pixels(e, r, n, i, j):
                    value = e.load(x, r.dtype, at)
                    test = e.value(f"fcmp oeq {value.typed}, {largest.name}", "bool").name
                    part = e.value(f"select i1 {test}, {share.typed}, {zero.typed}", r.dtype)
                    if not r.tile:
                        part = e.op("fadd", e.load(out, r.dtype, at), part)
                    e.store(out, at, part)
    return e.named()
