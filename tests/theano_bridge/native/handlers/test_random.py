"""Random numbers: the same in NumPy, Numba and machine code, and random enough for dropout."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams

from mnist_draw.theano_bridge.native.linker import NativeLinker
from mnist_draw.theano_bridge.random_streams import hashed_uniform

MODES = {
    "numba": lambda: theano.Mode(linker="numba", optimizer="fast_run"),
    "native": lambda: theano.Mode(linker=NativeLinker(), optimizer="fast_run"),
}


@pytest.mark.parametrize("mode", ["numba", "native"])
def test_all_linkers_draw_the_same_numbers(mode, numpy_mode):
    draws = {}
    x = T.matrix()
    for name in ("py", mode):
        stream = MRG_RandomStreams(7)
        masked = x * stream.binomial(x.shape, p=0.6, dtype="float32")
        function = theano.function(
            [x],
            [masked, stream.uniform((33, 7)), stream.normal((9, 5))],
            mode=numpy_mode if name == "py" else MODES[name](),
        )
        draws[name] = [function(np.ones((500, 300), np.float32)) for _ in range(3)]
    for want, got in zip(draws["py"], draws[mode], strict=True):
        for a, b in zip(want, got, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not np.array_equal(draws["py"][0][0], draws["py"][1][0])


def test_numbers_are_uniform_and_independent():
    previous = None
    for state in (0, 1, 2, 12345, -1, 2**62):
        numbers = hashed_uniform(state, (1000, 1000)).astype(np.float64)
        assert numbers.min() >= 0
        assert numbers.max() < 1
        # Five standard errors: a sound generator fails once in a million and a half draws.
        assert abs(numbers.mean() - 0.5) < 5 * (1 / 12) ** 0.5 / 1e3
        histogram = np.histogram(numbers, 256, (0, 1))[0]
        expected = 1e6 / 256
        chi_squared = ((histogram - expected) ** 2 / expected).sum()
        assert chi_squared < 255 + 5 * (2 * 255) ** 0.5
        centred = numbers - 0.5
        for shifted in (np.roll(centred, 1, 0), np.roll(centred, 1, 1), np.roll(centred, 64, 1)):
            assert abs((centred * shifted).mean()) < 5 / 12 / 1e3
        if previous is not None:
            assert abs((centred * previous).mean()) < 5 / 12 / 1e3
        previous = centred


def test_normal_numbers_are_normal():
    stream = MRG_RandomStreams(3)
    numbers = theano.function([], stream.normal((1000, 200)), mode=MODES["native"]())()
    assert np.isfinite(numbers).all()
    assert abs(numbers.mean()) < 5 / 200_000**0.5
    assert abs(numbers.std() - 1) < 5 / (2 * 200_000) ** 0.5
    assert abs((np.abs(numbers) < 1).mean() - 0.6827) < 0.006
