"""Compiled loops: kept in the cache folder, made again where that is damaged."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import sys

import numpy as np
import pytest

from mnist_draw.dataset.augmentation import numba_loops
from mnist_draw.dataset.augmentation.numba_loops import Compiled

pytest.importorskip("numba")


def double_loops(values, result):
    for place in range(len(values)):
        result[place] = 2 * values[place]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    numba_loops._code_folder.cache_clear()
    yield tmp_path
    numba_loops._code_folder.cache_clear()


def doubles():
    result = np.zeros(3, np.float32)
    function = Compiled(double_loops)
    for _ in range(2):
        function(np.arange(3, dtype=np.float32), result)
    return result.tolist() == [0, 2, 4]


def test_machine_code_is_kept_in_the_cache_folder(home):
    assert doubles()
    kept = list((home / "cache" / "loops").rglob("*.nbi"))
    assert kept
    before = kept[0].stat().st_mtime_ns
    assert doubles()
    assert kept[0].stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_damaged_code_is_made_again(home, content, caplog):
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


def test_a_folder_that_cannot_be_written(home, caplog):
    (home / "cache").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert doubles()
    assert "not stored" in caplog.text


def test_errors_of_the_function_itself_are_raised(home):
    def fail_loops(values):
        if values[0] > 1:
            raise ValueError("too large")

    with pytest.raises(ValueError, match="too large"):
        Compiled(fail_loops)(np.full(1, 2.0))


def test_compiling_ends_when_it_is_not_wanted_any_more(home):
    asked: list[int] = []

    def unwanted():
        asked.append(1)
        return len(asked) > 5

    with numba_loops.stopped_by(unwanted), pytest.raises(numba_loops.CompilingStoppedError):
        doubles()
    assert len(asked) == 6
    assert doubles()


class Trap:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def trapped(home, sprung):
    """Put what must not be unpickled into the place of all that is kept in a home."""
    files = [path for path in (home / "cache" / "loops").rglob("*.nb*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(pickle.dumps(Trap(sprung)))


@pytest.mark.slow
def test_code_in_a_home_from_elsewhere_is_not_run(home, tmp_path_factory, monkeypatch):
    assert doubles()
    sprung = home / "sprung"
    trapped(home, sprung)
    received = tmp_path_factory.mktemp("received") / "home"
    shutil.copytree(home, received)
    monkeypatch.setenv("MNIST_DRAW_HOME", str(received))
    numba_loops._code_folder.cache_clear()
    assert doubles()
    assert not sprung.exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
@pytest.mark.parametrize("what", ["loops", "file", "folder"])
def test_code_that_others_can_write_is_not_run(home, what):
    assert doubles()
    sprung = home / "sprung"
    trapped(home, sprung)
    loops = home / "cache" / "loops"
    file = next(loops.rglob("*.nbi"))
    place = {"loops": loops, "file": file, "folder": file.parent}[what]
    place.chmod(0o777)
    numba_loops._code_folder.cache_clear()
    assert doubles()
    assert not sprung.exists()
