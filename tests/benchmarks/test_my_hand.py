"""The benchmark of one hand's digits: who is taught what, and what is measured."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile

import my_hand
import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.recognition.fine_tuning import FineTuned, Score, Step
from mnist_draw.storage import save_model

# Before Qt is loaded: no display is needed, and Qt finds the runtime folder it asks for.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="mnist-draw-tests-"))

TAUGHT = 3


def ring():
    angle = np.linspace(0, 2 * np.pi, 40)
    return np.stack([6 * np.cos(angle), 10 * np.sin(angle)], axis=1)


def line():
    return np.stack([np.full(20, 3.0), np.linspace(0, 12, 20)], axis=1)


@pytest.fixture
def ink(tmp_path, qapp):
    """Return a file of four writers: one is read wrongly, one wrote too little."""
    digits: list[tuple[int, int, np.ndarray]] = []
    for writer, (label, count) in enumerate([(0, 20), (5, 20), (0, 20), (0, 5)]):
        digits += [(label if n >= TAUGHT else 1, writer, ring() if n >= TAUGHT else line())
                   for n in range(count)]  # fmt: skip
    lengths = [len(stroke) for _, _, stroke in digits]
    np.savez(
        tmp_path / "ink.npz",
        points=np.concatenate([stroke for _, _, stroke in digits]).astype(np.float32),
        stroke_offsets=np.cumsum([0, *lengths]),
        digit_stroke_offsets=np.arange(len(digits) + 1),
        labels=np.array([label for label, _, _ in digits], np.uint8),
        writer=np.array([writer for _, writer, _ in digits], np.int32),
    )
    save_model(tmp_path / "model.npz", linear_model())
    return tmp_path / "ink.npz"


@pytest.mark.slow
def test_the_first_digits_are_taught_and_the_others_measured(ink, monkeypatch, capsys):
    taught: list[ExtraDigits] = []

    def fine_tune(model, extra):
        """Return a network that calls everything a 5."""
        taught.append(extra)
        yield Step("Learning", 0.5)
        weights, biases = (np.zeros_like(value) for value in model.parameters)
        biases[5] = 1
        fives = dataclasses.replace(model, parameters=(weights, biases))
        yield FineTuned(fives, Score(3, TAUGHT, 0.9), Score(0, TAUGHT, 0.1))

    monkeypatch.setattr(my_hand, "fine_tune", fine_tune)
    arguments = [str(ink), "--model", str(ink.with_name("model.npz")), "--taught", str(TAUGHT)]
    assert my_hand.main([*arguments, "--hard", "1", "--random", "5", "--json"]) == 0
    (rows,) = json.loads(capsys.readouterr().out).values()
    assert [(row["writer"], row["chosen"]) for row in rows] == [
        (1, "hard"), (0, "random"), (2, "random"),
    ]  # fmt: skip
    # As many of MNIST's for comparison, then each writer's first.
    assert len(taught) == 4
    assert len(taught[0]) == TAUGHT
    assert all(list(extra.labels) == [1] * TAUGHT for extra in taught[1:])
    assert [row["control"] for row in rows] == [1.0, 0.0, 0.0]
    assert [(row["others"], row["before"], row["after"]) for row in rows] == [
        (17, 0.0, 1.0), (17, 1.0, 0.0), (17, 1.0, 0.0),
    ]  # fmt: skip
    assert (rows[0]["mnist_before"], rows[0]["mnist_after"]) == (0.9, 0.1)
    assert (rows[0]["taught_before"], rows[0]["taught_after"]) == (1.0, 0.0)
    assert my_hand.main([*arguments, "--hard", "1", "--random", "0"]) == 0
    table = capsys.readouterr().out
    assert "hard" in table
    assert "100.00%" in table


def test_nobody_wrote_enough(ink, capsys):
    arguments = [str(ink), "--model", str(ink.with_name("model.npz"))]
    assert my_hand.main([*arguments, "--taught", "50"]) == 1
    assert "No writer" in capsys.readouterr().err
