"""Kernels of a convolution whose result is pooled at once, and of the way back.

What the way back needs of a pixel is whether it is a maximum of its region, and the sign of what
the rectifier took: two bits (see ``DESIGN.md``). The whole result is never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_draw.theano_bridge.native.kernels import scalars
from mnist_draw.theano_bridge.native.kernels.contractions import convolve_picture
from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    Emitter,
    Function,
    Register,
    literal,
    register,
    written,
)
from mnist_draw.theano_bridge.native.kernels.vectors import (
    Shapes,
    Vectors,
    blocks,
    index_of,
    part_of,
    turn,
)

#: Bits of a pixel: 0 unless it is a maximum; then 1, 2, 3 for a negative number, 0, a positive one.
_BITS = 2
#: Pixels of a region that a word of 32 bits has room for.
MAX_PIXELS = 16


def code_type(dtype: str) -> str:
    """Return the type of a region's codes, which are turned as if they were numbers."""
    return "uint32" if dtype == "float32" else "uint64"


def scratch_size(s: Shapes, regions: Shapes) -> int:
    """Return the numbers that `convolution_pool` notes of a picture."""
    return (s.places + 2 * regions.places) * s.padded(s.filters)


def convolution_pool(
    s: Shapes,
    regions: Shapes,
    op: Any,
    operands: Sequence[str],
    outputs: Sequence[int],
) -> Function:
    """Convolve pictures with packed filters, apply a scalar operation and take regions' maxima.

    Arguments: the addresses of the maxima (pictures, filters, regions), of the pictures, of the
    packed filters and of scratch memory for each part (see `scratch_size`); pictures in a part;
    the addresses of the maxima's codes and of the operation's operands but the "result": for
    each "filter" one, or a "scalar". ``outputs``: which output is pooled, and the sign of
    which is in the codes; without the latter there are none.
    """
    e = Emitter("convolution_pool")
    v = Vectors(e, s.dtype)
    out, x, w, scratch_base = e.pointers(4)
    pictures = e.argument(4)
    codes = e.pointer(5)
    width = s.padded(s.filters)
    scratch = part_of(e, scratch_base, (START, pictures), scratch_size(s, regions), s.dtype)
    places = iter(range(6, 6 + len(operands)))
    others = [scratch if kind == "result" else e.pointer(next(places)) for kind in operands]
    maxima = e.element(scratch, s.dtype, s.places * width)
    noted = e.element(maxima, s.dtype, regions.places * width)
    row = s.out_width * width
    pixels = [
        y * row + column * width for y in range(regions.rows) for column in range(regions.columns)
    ]

    def results_of(pixel: Register, f: Register) -> list[Register]:
        at = {"result": pixel, "filter": f, "scalar": register(0)}
        values = [
            e.load(other, s.dtype, at[kind]) for kind, other in zip(operands, others, strict=True)
        ]
        return scalars.write(e, op, values, [s.dtype] * op.nout)

    with e.rows() as n:
        convolve_picture(v, s, (x, w, scratch), n)
        with e.loop(0, regions.out_height) as i, e.loop(0, regions.out_width) as j:
            first = index_of(e, (i, regions.down * row), (j, regions.right * width))
            to = index_of(e, (i, regions.out_width * width), (j, width))
            with e.loop(0, s.filters, independent=True) as f:
                found = [results_of(index_of(e, first, f, at), f) for at in pixels]
                values = [results[outputs[0]] for results in found]
                largest = scalars.OPERATIONS["Maximum"](e, values, s.dtype)
                place = e.op("add nsw", to, f)
                e.store(maxima, place, largest)
                if len(outputs) > 1:
                    signs = [results[outputs[1]] for results in found]
                    e.store(noted, place, _codes(e, values, signs, largest))
        first = index_of(e, (n, s.filters * regions.places))
        whole = (regions.places, s.filters)
        turn(v, whole, (maxima, register(0), width), (out, first, regions.places))
        if len(outputs) > 1:
            turn(v, whole, (noted, register(0), width), (codes, first, regions.places))
    return e.named()


def _codes(
    e: Emitter,
    values: list[Register],
    signs: list[Register],
    largest: Register,
) -> Register:
    """Put the bits of a region's pixels into a word."""
    dtype = code_type(largest.dtype)
    nothing = literal(0, dtype)
    word = nothing
    for pixel, (value, sign) in enumerate(zip(values, signs, strict=True)):
        negative, zero, positive = (literal(code << pixel * _BITS, dtype) for code in (1, 2, 3))
        code = e.choose(e.test("fcmp olt", sign), negative, zero)
        code = e.choose(e.test("fcmp ogt", sign), positive, code)
        word = e.op("or", word, e.choose(e.test("fcmp oeq", value, largest), code, nothing))
    return word


@written
def pool_back(e: Emitter, regions: Shapes, factors: tuple[float, ...]) -> None:
    """Give each region's gradient to its maxima, times a factor for each sign; 0 to other pixels.

    Arguments: the addresses of the gradient by the pixels, of the codes and of the gradient by the
    maxima. Parallel over pictures and channels.
    """
    s = regions
    v = Vectors(e, s.dtype)
    out, codes, gradients = e.pointers(3)
    area = s.height * s.width
    with e.rows() as n:
        if not s.tiles:
            first = e.op("mul nsw", n, area)
            with e.loop(0, area, independent=True) as i:
                e.store(out, e.op("add nsw", first, i), literal(0, s.dtype))
        with e.loop(0, s.out_height) as i:
            for j, count in blocks(e, s.out_width, v.lanes):
                at = index_of(e, (n, s.places), (i, s.out_width), j)
                gradient = v.load(gradients, at, count)
                bits = v.bits(codes, at, count)
                shares = [
                    v.product_and(gradient, v.splat(literal(factor, s.dtype)), "zeroinitializer")
                    for factor in factors
                ]
                to = index_of(e, (n, area), (i, s.down * s.width), (j, s.right))
                for y in range(s.rows):
                    places = range(y * s.columns, (y + 1) * s.columns)
                    line = [_share(v, bits, place * _BITS, shares) for place in places]
                    v.store_mixed(out, index_of(e, to, y * s.width), line, count)


def _share(v: Vectors, bits: str, bit: int, shares: list[str]) -> str:
    """Choose a pixel's share by its bits."""
    value = "zeroinitializer"
    for code, share in enumerate(shares, 1):
        value = v.where_bits(bits, 3 << bit, code << bit, share, value)
    return value
