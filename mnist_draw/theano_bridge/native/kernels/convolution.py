"""Convolution kernels for one set of shapes: the convolution itself.

Every kernel works on whole pictures, ``start`` to ``stop`` of the minibatch. The innermost loops
hold a tile of results in vector registers, one lane for each filter (or channel), and are
written out for the shapes at hand, so that a step is little else than loading a row of weights
and multiplying it with one pixel after another. Nothing like im2col is stored. (The idea is that
of J. Zhang, F. Franchetti, T. M. Low: "High performance zero-memory overhead direct
convolutions", ICML 2018.)
"""

from __future__ import annotations

from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Function,
    Register,
    integer,
)
from mnist_draw.theano_bridge.native.kernels.vectors import (
    Shapes,
    Vectors,
    blocks,
    index_of,
    scratch_of,
    turned,
)


def pack_weights(shapes: Shapes, by_input: bool) -> Function:
    """Reorder filters (filters, channels, rows, columns) so that a vector holds neighbours.

    Arguments: the addresses of the result and of the filters. The result is (channels, taps,
    filters) for the forward kernel, parallel over channels, or (filters, taps, channels) for the
    gradient by the input, parallel over filters; the last dimension is padded to whole vectors.
    """
    s, e = shapes, Emitter("pack_weights")
    out, w = e.pointer(0), e.pointer(1)
    lanes_of = s.channels if by_input else s.filters
    per_outer, per_lane = (s.channels, 1) if by_input else (1, s.channels)
    with e.loop(START, STOP) as outer, e.loop(integer(0), integer(s.taps)) as tap:
        source = tap
        if s.flip:
            source = e.op("sub nsw", integer(s.taps - 1), tap)
        base = index_of(e, (outer, s.taps * s.padded(lanes_of)), (tap, s.padded(lanes_of)))
        with e.loop(integer(0), integer(lanes_of)) as lane:
            at = index_of(e, (outer, per_outer * s.taps), (lane, per_lane * s.taps), (source, 1))
            e.store(out, e.op("add nsw", base, lane), e.load(w, s.dtype, at))
    return e.named()


def forward(shapes: Shapes) -> Function:
    """Convolve pictures with packed filters.

    Arguments: the addresses of the result (pictures, filters, places), of the pictures, of the
    packed filters and of scratch memory for each chunk (places × filters, padded); pictures in
    a chunk.
    """
    s, e = shapes, Emitter("convolution")
    v = Vectors(e, s)
    out, x, w, scratch_base = (e.pointer(index) for index in range(4))
    width = s.padded(s.filters)
    scratch = scratch_of(e, scratch_base, e.argument(4), s.places * width, s.dtype)
    with e.loop(START, STOP) as n:
        for first, count in blocks(width // s.lanes, 2):
            with e.loop(integer(0), integer(s.out_height)) as y:
                # Half of the 32 vector registers of AVX-512, or of the 16 of older processors,
                # hold sums; the others hold weights and pixels.
                for x0, pixels in blocks(s.out_width, 16 // count // (1 if s.lanes == 16 else 2)):
                    _forward_tile(v, s, (x, w, scratch), (n, y, x0, pixels), (first, count))
        with turned(e, s.places, s.filters) as (place, f):
            value = e.load(scratch, s.dtype, index_of(e, (place, width), (f, 1)))
            target = index_of(e, (n, s.filters * s.places), (f, s.places), (place, 1))
            e.store(out, target, value)
    return e.named()


def _forward_tile(
    v: Vectors,
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
        pixel = index_of(
            e,
            (n, s.channels * s.height * s.width),
            (c, s.height * s.width),
            (y, s.down * s.width),
            (ky, s.width),
            x0 * s.right,
        )
        weight = index_of(e, (c, s.taps * width), (ky, s.columns * width), first * s.lanes)
        for kx in range(s.columns):
            rows = [
                v.load(w, index_of(e, (weight, 1), kx * width + k * s.lanes)) for k in range(count)
            ]
            for p in range(pixels):
                value = v.splat(e.load(x, s.dtype, index_of(e, (pixel, 1), kx + p * s.right)))
                for k in range(count):
                    v.multiply_add(sums[p][k], value, rows[k])
    for p in range(pixels):
        for k in range(count):
            at = index_of(e, (y, s.out_width * width), (x0 + p) * width + (first + k) * s.lanes)
            v.store(scratch, at, v.value(sums[p][k]))


def pad(dtype: str, height: int, width: int, sides: tuple[tuple[int, int], ...]) -> Function:
    """Copy pictures into the middle of larger ones whose border is empty already.

    Arguments: the addresses of the result and of the pictures. Parallel over pictures and
    channels.
    """
    e = Emitter("pad")
    out, x = e.pointer(0), e.pointer(1)
    (top, bottom), (left, right) = sides
    big_width = width + left + right
    area = (height + top + bottom) * big_width
    with e.loop(START, STOP) as n, e.loop(integer(0), integer(height)) as y:
        source = index_of(e, (n, height * width), (y, width))
        target = index_of(e, (n, area), (y, big_width), top * big_width + left)
        with e.loop(integer(0), integer(width), independent=True) as i:
            value = e.load(x, dtype, e.op("add nsw", source, i))
            e.store(out, e.op("add nsw", target, i), value)
    return e.named()
