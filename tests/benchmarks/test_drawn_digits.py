"""The measurement itself: strokes go where they should, and the figures are right."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.storage import save_model

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "drawn_digits.py"


@pytest.fixture(scope="module")
def drawn_digits():
    specification = importlib.util.spec_from_file_location("drawn_digits", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["drawn_digits"] = module
    specification.loader.exec_module(module)
    return module


def ring():
    angle = np.linspace(0, 2 * np.pi, 40)
    return np.stack([6 * np.cos(angle), 10 * np.sin(angle)], axis=1)


def line():
    return np.stack([np.full(20, 3.0), np.linspace(0, 12, 20)], axis=1)


def arrays(digits):
    """Return the file's arrays for (label, writer, strokes)."""
    strokes = [stroke for _, _, own in digits for stroke in own]
    return {
        "points": np.concatenate(strokes).astype(np.float32),
        "stroke_offsets": np.cumsum([0, *map(len, strokes)]),
        "digit_stroke_offsets": np.cumsum([0, *(len(own) for _, _, own in digits)]),
        "labels": np.array([label for label, _, _ in digits], np.uint8),
        "writer": np.array([writer for _, writer, _ in digits], np.int32),
    }


DIGITS = [
    (0, 7, [ring()]),
    (1, 7, [line()[:10], line()[9:]]),
    (0, 8, [ring() * 30]),
    (5, 8, [line()]),  # labelled wrongly
]


def write(path, **changes):
    values = {**arrays(DIGITS), **changes}
    np.savez(path, **{name: value for name, value in values.items() if value is not None})
    return path


@pytest.mark.slow
@pytest.mark.process
def test_measures_through_the_real_canvas(tmp_path):
    save_model(tmp_path / "model.npz", linear_model())
    write(tmp_path / "ink.npz")
    command = [sys.executable, str(SCRIPT), "ink.npz", "--model", "model.npz"]
    found = subprocess.run(
        [*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout) == {
        "digits": 4,
        "accuracy": 0.75,
        "writer_mean_accuracy": 0.75,
        "label": 0.75,
        "refused": 0.0,
    }
    found = subprocess.run(
        [*command, "--limit", "3"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "digits                          3" in found.stdout
    assert "mean over    2 writers" in found.stdout
    assert "first guess" in found.stdout


def test_digits_are_placed_as_described(drawn_digits):
    heights, centres = [], []
    for number in range(200):
        points = np.concatenate(drawn_digits.placed([ring(), ring() * 0.5], (0, number)))
        low, high = points.min(axis=0), points.max(axis=0)
        heights.append((high - low)[1] / 280)
        centres.append((high + low) / 2 - 140)
        assert (high - low)[0] / (high - low)[1] == pytest.approx(0.6, rel=0.01)
    assert 0.45 <= min(heights) < 0.47
    assert 0.68 < max(heights) <= 0.70
    assert np.abs(centres).max() == pytest.approx(20, abs=1)
    assert np.abs(np.mean(centres, axis=0)).max() < 4


def test_wide_digits_and_dots_stay_on_the_board(drawn_digits):
    for stroke in (ring()[:, ::-1] * [100, 1], np.array([[5.0, 5.0]])):
        [points] = drawn_digits.placed([stroke], (0, 0))
        assert points.min() >= 0
        assert points.max() <= 280


def test_same_seed_same_place(drawn_digits):
    first, again, other = (drawn_digits.placed([ring()], seed) for seed in ((0, 3), (0, 3), (1, 3)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_figures_by_hand(drawn_digits):
    results = drawn_digits.Results(
        labels=np.array([1, 1, 1, 2]),
        writers=np.array([5, 5, 5, 6]),
        guesses=np.array([1, 1, 7, 2]),
        confidences=np.array([0.9, 0.9, 0.5, 1.0]),
        texts=("1", "1 or 7", "?", "2"),
    )
    assert results.accuracy == 0.75
    assert results.writer_mean_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert results.labelled.tolist() == [True, False, False, True]
    assert results.confusion()[1, 7] == 1
    assert results.confusion().sum() == 4
    report = drawn_digits.report(results)
    assert "50.00%  (100.0% right)" in report
    assert 'refused ("?")                25.00%' in report


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"writer": None}, "no array 'writer'"),
        ({"points": np.zeros((5, 3))}, r"points is not \(N, 2\)"),
        ({"points": np.full((200, 2), np.nan)}, "not finite"),
        ({"labels": np.array([0, 1, 0, 12])}, "not all labels are digits"),
        ({"labels": np.array([0, 1])}, "differ in length"),
        ({"stroke_offsets": np.array([0, 40, 40, 60, 100, 120])}, "stroke_offsets do not rise"),
        ({"digit_stroke_offsets": np.array([0, 1, 3, 4, 9])}, "do not rise from 0 to 5"),
    ],
)
def test_unsound_files_are_refused(drawn_digits, tmp_path, changes, message, capsys):
    path = write(tmp_path / "ink.npz", **changes)
    with pytest.raises(drawn_digits.InkFileError, match=message):
        drawn_digits.load_ink(path)
    assert drawn_digits.main([str(path)]) == 1
    assert "ink.npz" in capsys.readouterr().err


def test_no_file_and_no_archive(drawn_digits, tmp_path):
    (tmp_path / "text.npz").write_text("text")
    for name, message in (("none.npz", "no file"), ("text.npz", "cannot be read")):
        with pytest.raises(drawn_digits.InkFileError, match=message):
            drawn_digits.load_ink(tmp_path / name)
