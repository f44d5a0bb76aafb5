"""A cache of its own for each test: what one has counted must not be there for the next."""

import pytest

from mnist_draw.app.inside.section import Example
from mnist_draw.storage import cache


@pytest.fixture(autouse=True)
def own_analysis_cache(tmp_path, monkeypatch):
    """Keep nothing of one test for the next."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)


@pytest.fixture
def example(digits):
    return Example.of(digits.test_images, digits.test_labels, "Test picture {number}", 8)
