"""The guide's steps are all there, and its code runs from the first line to the last."""

import subprocess
import sys

import numpy as np
import pytest

from mnist_draw.analysis.guide import guide
from mnist_draw.analysis.network_probe import start_model
from mnist_draw.analysis.robustness import altered, pictures_of
from mnist_draw.dataset.mnist import scale
from mnist_draw.library.networks import list_shipped
from mnist_draw.recognition.recogniser import Recogniser


def test_there_are_twelve_short_steps():
    steps = guide()
    assert [step.number for step in steps] == list(range(1, 13))
    for step in steps:
        assert len(step.short.split()) <= 45, step.title
        assert len(step.exercise.split()) <= 20, step.title
        assert all(len(line) <= 120 for code in step.code for line in code.splitlines())
        assert step.title
        assert not set(step.title) & set("#`")
        assert "<!--" not in step.text
        assert step.section in ("draw", "network", "step", "results", "map")
        assert step.code
        assert step.text.count("**Exercise.**") == 1
    assert len({step.short for step in steps}) == 12


def test_what_a_step_says_is_so_for_every_network_that_it_is_shown_with():
    """A number of digits, or a digit by its name, needs a network of digits."""
    for step in guide():
        words = f"{step.short} {step.exercise}"
        if "of your 4" in words or "10 of 100" in words:
            assert "digits" in step.needs, step.title
    assert [step.title for step in guide() if "convolution" in step.needs] == [
        "One filter, everywhere",
    ]


@pytest.mark.parametrize("title", ["Tutorial MLP", "Handwriting MLP"])
def test_weights_that_are_changed_still_contain_the_start(title):
    model = next(one for one in list_shipped() if one.title == title).load()
    now, start = model.parameters[0], start_model(model).parameters[0]
    assert (now == start).mean() < 0.5
    assert np.corrcoef(now.ravel(), start.ravel())[0, 1] > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("shift", [-4, 4])
def test_which_networks_read_digits_four_pixels_aside(shift):
    right = {}
    for one in list_shipped():
        model = one.load()
        images, labels = pictures_of(model)
        moved = scale(altered(images, "shift", shift)[:, None])
        answers = Recogniser(model, compiled=False).predict(moved).argmax(axis=1)
        right[one.title] = (answers == labels).mean()
    assert right["Tutorial MLP"] < 0.5 < right["Handwriting MLP"] < right["Best reader"]


@pytest.mark.slow
@pytest.mark.process
def test_its_code_is_one_program():
    # There nothing has been imported that would let lasagne be found.
    code = "\n".join(piece for step in guide() for piece in step.code)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "It reads" in done.stdout
