"""Numba is not imported before somebody wants it, and then knows our operations."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mnist_draw.theano_bridge import installed_theano

pytestmark = pytest.mark.skipif(installed_theano(), reason="Theano knows no Numba")

TRAIN = """
import sys
import numpy as np
import mnist_draw
import lasagne
from mnist_draw.training import functions
from mnist_draw.training.settings import TrainingSettings
network = mnist_draw.build_mlp()
train = functions.compile_train(network, TrainingSettings()).train
train(np.zeros((5, 1, 28, 28), np.uint8), np.zeros(5, np.int32))
assert "numba" not in sys.modules
"""

BY_NUMBA = """
import numpy as np
import mnist_draw
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams
pictures, filters = T.tensor4("pictures"), T.tensor4("filters")
masks = MRG_RandomStreams(5).uniform((2, 3))
given = [np.ones((1, 1, 4, 4), "float32"), np.ones((1, 1, 3, 3), "float32")]
outputs = [T.nnet.conv2d(pictures, filters), masks]
sums, numbers = theano.function([pictures, filters], outputs, mode="NUMBA")(*given)
assert sums.tolist() == [[[[9, 9], [9, 9]]]], sums
assert ((0 <= numbers) & (numbers < 1)).all(), numbers
"""


@pytest.mark.parametrize("code", [TRAIN, BY_NUMBA], ids=["not imported", "told when imported"])
def test_numba(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
