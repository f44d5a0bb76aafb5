"""Compiled loops: kept in the cache folder, made again where that is damaged."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.dataset.augmentation import numba_loops
from mnist_draw.dataset.augmentation.numba_loops import Compiled

pytest.importorskip("numba")


def double_loops(values: np.ndarray, result: np.ndarray) -> None:
    for place in range(len(values)):
        result[place] = 2 * values[place]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    numba_loops._code_folder.cache_clear()
    yield tmp_path
    numba_loops._code_folder.cache_clear()


def doubles() -> bool:
    result = np.zeros(3, np.float32)
    function = Compiled(double_loops)
    for _ in range(2):
        function(np.arange(3, dtype=np.float32), result)
    return result.tolist() == [0, 2, 4]


def test_machine_code_is_kept_in_the_cache_folder(home: Path) -> None:
    assert doubles()
    kept = list((home / "cache" / "loops").rglob("*.nbi"))
    assert kept
    before = kept[0].stat().st_mtime_ns
    assert doubles()
    assert kept[0].stat().st_mtime_ns == before


@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_damaged_code_is_made_again(
    home: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert doubles()
    files = [path for path in (home / "cache" / "loops").rglob("*.nb*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with caplog.at_level(logging.WARNING):
        assert doubles()
        assert "made again" in caplog.text
        caplog.clear()
        # Whole again, or gone: nothing to complain about the next time.
        assert doubles()
    assert caplog.text == ""


def test_a_folder_that_cannot_be_written(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "cache").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert doubles()
    assert "not kept" in caplog.text


def test_errors_of_the_function_itself_are_raised(home: Path) -> None:
    def fail_loops(values: np.ndarray) -> None:
        if values[0] > 1:
            raise ValueError("too large")

    with pytest.raises(ValueError, match="too large"):
        Compiled(fail_loops)(np.full(1, 2.0))
