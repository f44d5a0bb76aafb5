"""The guide's steps are all there, and its code runs from the first line to the last."""

import subprocess
import sys

import pytest

from mnist_draw.analysis.guide import guide, step_for
from mnist_draw.analysis.robustness import Distortion, first_test_pictures
from mnist_draw.dataset.mnist import scale
from mnist_draw.library.networks import list_shipped
from mnist_draw.recognition.recogniser import Recogniser


def test_there_are_sixteen_short_steps():
    steps = guide()
    assert [step.number for step in steps] == list(range(1, 17))
    for step in steps:
        # What fits under the example, in its narrow column, and what fits the page.
        assert 60 < len(step.short) < 260, step.title
        assert all(len(line) <= 120 for code in step.code for line in code.splitlines())
        assert step.title
        assert not set(step.title) & set("#`")
        assert "<!--" not in step.text
        assert step.section in ("draw", "network", "step", "results", "map", "limits")
        assert step.code or step.number == 8
        assert step.text.count("**Exercise.**") == 1
    assert len({step.short for step in steps}) == 16


def test_a_view_has_its_step():
    assert step_for("network", "unit").title == "What one unit does"
    assert step_for("network", "").section == "network"
    assert step_for("x", "") is None
    assert [step.number for step in guide() if "dense" in step.needs] == [3, 4, 6]


def test_a_unit_is_explained_before_layers_and_steps_before_their_graph():
    views = [step.view for step in guide() if step.section in ("network", "step")]
    order = ["unit", "live", "fresh", "why", "map", *(f"stage {n}" for n in range(2, 6)), "graph"]
    assert views == ["stage 1", *order]


@pytest.mark.parametrize("shift", [-4, 4])
def test_which_networks_read_digits_four_pixels_aside(shift):
    pictures, labels = first_test_pictures()
    moved = scale(pictures.altered(Distortion(shift=shift)))
    right = {}
    for one in list_shipped():
        answers = Recogniser(one.load(), compiled=False).predict(moved).argmax(axis=1)
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
