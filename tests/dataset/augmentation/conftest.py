"""The NumPy twins for all tests but those of Numba: compiling takes seconds."""

from __future__ import annotations

import pytest

from mnist_draw.dataset.augmentation.numba_loops import uncompiled


@pytest.fixture(scope="module", autouse=True)
def numpy_twins():
    with uncompiled():
        yield
