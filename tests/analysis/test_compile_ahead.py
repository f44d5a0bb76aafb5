"""What *Start* needs is compiled ahead, once, and found by the next process."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mnist_draw import theano_bridge
from mnist_draw.analysis import compile_ahead, results, robustness
from mnist_draw.analysis.pictures import load_test_pictures, load_validation_pictures
from mnist_draw.dataset.augmentation.augmenter import Augmenter
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.library.networks import default_model, find_network
from mnist_draw.training.presets import PRESETS

native = pytest.mark.skipif(theano_bridge.installed_theano(), reason="Theano compiles itself")

_COMPILE = """
import sys
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.analysis.compile_ahead import compile_functions
from mnist_draw.theano_bridge.native.kernels import llvm
from mnist_draw.training.presets import PRESETS

if sys.argv[1:]:
    llvm._optimised = lambda assembly: sys.exit("compiled again")
compile_functions(PRESETS["tutorial"].settings, load_dataset())
"""


def run(home, *arguments):
    return subprocess.run(
        [sys.executable, "-c", _COMPILE, *arguments],
        env={**os.environ, "MNIST_DRAW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@native
@pytest.mark.slow
@pytest.mark.process
def test_another_process_finds_what_was_compiled(tmp_path):
    assert run(tmp_path).returncode == 0
    again = run(tmp_path, "refuse")
    assert again.returncode == 0, again.stderr


@native
def test_all_presets_are_compiled_once_for_a_version(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    (tmp_path / "cache" / "compiled").mkdir(parents=True)
    monkeypatch.setattr(os, "nice", lambda _: 0, raising=False)
    done = []
    monkeypatch.setattr(compile_ahead, "compile_functions", lambda each, _: done.append(each))
    monkeypatch.setattr(compile_ahead, "count_ahead", done.append)
    assert compile_ahead.is_needed()
    compile_ahead.main()
    assert [preset.settings for preset in PRESETS.values()] == done[: len(PRESETS)]
    *_, learning, counted = done
    assert learning.augmentation == "handwriting"
    assert counted.fingerprint == default_model().fingerprint
    assert not compile_ahead.is_needed()
    monkeypatch.setattr(compile_ahead, "__version__", "another")
    assert compile_ahead.is_needed()


@pytest.mark.slow
def test_what_results_shows_was_counted_ahead(monkeypatch):
    model = find_network("mlp")
    compile_ahead.count_ahead(model)
    for module in (results, robustness):
        monkeypatch.setattr(module, "Recogniser", None)
    for pictures in (load_test_pictures(), load_validation_pictures()):
        assert next(results.count_results(model, pictures)).is_complete
    assert next(robustness.count_limits(model)).is_complete


@native
def test_both_ways_of_varying_pictures_are_compiled_ahead(monkeypatch):
    """A digit is moved or painted anew by chance: one picture alone takes one way."""
    settings = PRESETS["handwriting"].settings
    ways = set()

    def note(way):
        vary = getattr(Augmenter, way)
        monkeypatch.setattr(Augmenter, way, lambda *args: ways.add(way) or vary(*args))

    note("_moved")
    note("_written")
    nothing = SimpleNamespace(train=lambda *_: None)
    monkeypatch.setattr(compile_ahead, "compile_train", lambda *_: nothing)
    monkeypatch.setattr(compile_ahead, "compile_evaluate", lambda *_: nothing.train)
    compile_ahead.compile_functions(settings, load_dataset())
    assert ways == {"_moved", "_written"}
