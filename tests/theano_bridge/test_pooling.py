"""``pool_2d`` against its definition, its gradients against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d

from mnist_draw.theano_bridge import installed_theano

REAL = installed_theano()
on_pytensor = pytest.mark.skipif(REAL, reason="the operation of the bridge")
LINKER = "cvm" if REAL else "py"
KINDS = ["max", "sum", "average_inc_pad", "average_exc_pad"]
#: Region, step, padding, whether what sticks out is left out.
PLACES = [
    ((2, 2), None, (0, 0), True),
    ((2, 2), None, (0, 0), False),
    ((3, 2), (1, 2), (0, 0), False),
    ((3, 3), (2, 1), (1, 2), True),
    ((2, 3), (3, 4), (0, 0), False),
]


def by_definition(x: Any, ws: Any, steps: Any, pad: Any, ignore: bool, kind: str) -> Any:
    """Pool one image, region by region."""
    steps = ws if steps is None else steps
    inside = np.pad(np.ones_like(x), [(p, p) for p in pad])
    whole = np.pad(x, [(p, p) for p in pad])
    starts = [
        [s for s in range(0, n, step) if not ignore or s + w <= n]
        for n, step, w in zip(whole.shape, steps, ws, strict=False)
    ]
    if not ignore:
        # No region that lies entirely within the one before it.
        starts = [
            [s for k, s in enumerate(line) if k == 0 or line[k - 1] + w < n]
            for line, w, n in zip(starts, ws, whole.shape, strict=False)
        ]
    give = {
        "max": lambda part, pixels: pixels.max(),
        "sum": lambda part, pixels: pixels.sum(),
        "average_inc_pad": lambda part, pixels: part.mean(),
        "average_exc_pad": lambda part, pixels: pixels.mean(),
    }
    rows = []
    for y in starts[0]:
        row = []
        for z in starts[1]:
            part = whole[y : y + ws[0], z : z + ws[1]]
            there = inside[y : y + ws[0], z : z + ws[1]] > 0
            row.append(give[kind](part, part[there]))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_definition_says(kind: str) -> None:
    x = np.random.default_rng(5).permutation(2 * 3 * 7 * 8).reshape(2, 3, 7, 8) / 100
    images = T.dtensor4()
    pooled = [
        pool_2d(images, ws, ignore_border=ignore, stride=steps, pad=pad, mode=kind)
        for ws, steps, pad, ignore in PLACES
    ]
    run = theano.function([images], pooled, mode=theano.Mode(linker=LINKER))
    for arranged in (x, np.asfortranarray(x)):
        for result, place in zip(run(arranged), PLACES, strict=False):
            expected = [[by_definition(plane, *place, kind) for plane in image] for image in x]
            np.testing.assert_allclose(result, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_gradients_agree_with_differences(kind: str, place: Any) -> None:
    ws, steps, pad, ignore = place
    if REAL and any(pad) and kind == "average_exc_pad":
        pytest.skip("Theano 1.0.5 has no gradient for it")
    x = np.random.default_rng(5).permutation(2 * 7 * 8).reshape(1, 2, 7, 8) / 10
    theano.gradient.verify_grad(
        lambda v: pool_2d(v, ws, ignore_border=ignore, stride=steps, pad=pad, mode=kind),
        [x],
        rng=np.random.RandomState(1),
        mode=theano.Mode(linker=LINKER, optimizer="fast_compile"),
    )


def test_every_pixel_that_is_the_maximum_gets_the_gradient() -> None:
    images = T.dtensor4()
    slope = T.grad(pool_2d(images, (2, 2), ignore_border=True).sum(), images)
    run = theano.function([images], slope, mode=theano.Mode(linker=LINKER))
    x = np.array([[1.0, 3, 0, 0], [3, 2, 0, 0]]).reshape(1, 1, 2, 4)
    assert run(x).reshape(2, 4).tolist() == [[0, 1, 1, 1], [1, 0, 1, 1]]


@on_pytensor
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"ws": (0, 2)}, ValueError, "ws is a pair"),
        ({"ws": None}, ValueError, "ws is a pair"),
        ({"ws": (2, 2), "mode": "min"}, ValueError, "not 'min'"),
        ({"ws": (2, 2), "pad": (1, 1)}, NotImplementedError, "ignore_border"),
        ({"ws": (2, 2), "pad": (2, 0), "ignore_border": True}, ValueError, "smaller than ws"),
    ],
)
def test_wrong_arguments_are_refused_in_words(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        pool_2d(T.tensor4(), **arguments)
