"""Drawn digits, numbers, junk and photographs are what they claim; one hand is measured."""

import dataclasses
import json
import subprocess
import sys

import drawn_digits
import drawn_numbers
import junk_drawings
import my_hand
import numpy as np
import photographs
import pytest
from linear_network import linear_model
from writers import expected_calibration_error

from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.recognition.fine_tuning import FineTuned, Score
from mnist_draw.storage import save_model

from .conftest import BENCHMARKS


def ring():
    angle = np.linspace(0, 2 * np.pi, 40)
    return np.stack([6 * np.cos(angle), 10 * np.sin(angle)], axis=1)


def line():
    return np.stack([np.full(20, 3.0), np.linspace(0, 12, 20)], axis=1)


def save_ink(path, digits, **changes):
    """Save (label, writer, strokes) as benchmarks read them; a change of None drops an array."""
    strokes = [stroke for _, _, own in digits for stroke in own]
    values = {
        "points": np.concatenate(strokes).astype(np.float32),
        "stroke_offsets": np.cumsum([0, *map(len, strokes)]),
        "digit_stroke_offsets": np.cumsum([0, *(len(own) for _, _, own in digits)]),
        "labels": np.array([label for label, _, _ in digits], np.uint8),
        "writer": np.array([writer for _, writer, _ in digits], np.int32),
        **changes,
    }
    np.savez(path, **{name: value for name, value in values.items() if value is not None})
    return path


#: The last one is labeled wrongly.
DIGITS = [
    (0, 7, [ring()]),
    (1, 7, [line()[:10], line()[9:]]),
    (0, 8, [ring() * 30]),
    (5, 8, [line()]),
]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.npz"
    save_model(path, linear_model())
    return str(path)


def output_of(script, *options):
    command = [sys.executable, str(BENCHMARKS / script), *map(str, options), "--quick"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.process
def test_measures_through_the_real_canvas(tmp_path, model_file):
    options = [save_ink(tmp_path / "ink.npz", DIGITS), "--model", model_file]
    assert json.loads(output_of("drawn_digits.py", *options, "--json")) == {
        "digits": 4,
        "accuracy": 0.75,
        "writer_mean_accuracy": 0.75,
        "label": 0.75,
        "refused": 0.0,
    }


def test_digits_are_placed_as_described():
    heights, centers = [], []
    for number in range(200):
        points = np.concatenate(drawn_digits.placed([ring(), ring() * 0.5], (0, number)))
        low, high = points.min(axis=0), points.max(axis=0)
        heights.append((high - low)[1] / 280)
        centers.append((high + low) / 2 - 140)
        assert (high - low)[0] / (high - low)[1] == pytest.approx(0.6, rel=0.01)
    assert 0.45 <= min(heights) < 0.47
    assert 0.68 < max(heights) <= 0.70
    assert np.abs(centers).max() == pytest.approx(20, abs=1)
    assert np.abs(np.mean(centers, axis=0)).max() < 4
    # The same seed is the same place.
    first, again, other = (drawn_digits.placed([ring()], seed) for seed in ((0, 3), (0, 3), (1, 3)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_figures_by_hand():
    results = drawn_digits.Results(
        labels=np.array([1, 1, 1, 2]),
        writers=np.array([5, 5, 5, 6]),
        guesses=np.array([1, 1, 7, 2]),
        confidences=np.array([0.9, 0.9, 0.5, 1.0]),
        texts=("1", "1 or 7", "?", "2"),
    )
    assert results.accuracy == 0.75
    assert results.writer_mean_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert results.labeled.tolist() == [True, False, False, True]
    assert results.confusion()[1, 7] == 1
    assert results.confusion().sum() == 4
    assert 'refused ("?")                25.00%' in drawn_digits.report(results)


@pytest.fixture(scope="module")
def ink_file(tmp_path_factory):
    digits = [(n % 2, n // 6, [ring() if n % 2 == 0 else line()]) for n in range(36)]
    return save_ink(tmp_path_factory.mktemp("ink") / "ink.npz", digits)


@pytest.mark.parametrize("spacing", ["clear", "natural", "touching"])
def test_numbers_are_spaced_as_they_claim(ink_file, spacing):
    ink = drawn_digits.load_ink(ink_file)
    rng = np.random.default_rng(3)
    for length in (2, 3, 5):
        number = drawn_numbers.composed(ink, rng, length, spacing, 16.8)
        assert len(number.text) == len(number.strokes) == length
        assert number.pen <= 16.8
        points = np.concatenate(number.strokes)
        assert points.min() >= number.pen / 2 - 1
        assert np.ptp(points[:, 0]) + number.pen <= 0.93 * 280
        assert np.ptp(points[:, 1]) + number.pen <= 0.51 * 280
        for before, after in zip(number.strokes, number.strokes[1:], strict=False):
            gap = after[:, 0].min() - before[:, 0].max() - number.pen
            if spacing == "clear":
                assert gap > 0
            elif spacing == "touching":
                nearest = np.linalg.norm(before[:, None] - after[None], axis=2).min()
                assert nearest < 1.2 * number.pen


def test_errors_are_counted_digit_by_digit():
    pairs = [("2026", "2026"), ("2026", "206"), ("2026", "20126"), ("2026", "?026"), ("10", "?")]
    assert [drawn_numbers.digit_errors(*pair) for pair in pairs] == [0, 1, 1, 1, 2]


@pytest.mark.slow
@pytest.mark.process
def test_drawn_numbers_runs(model_file, ink_file):
    options = [ink_file, "--model", model_file, "--each", "2", "--json"]
    found = json.loads(output_of("drawn_numbers.py", *options))
    assert {"whole", "writer_mean", "interval", "length", "confidence"} <= set(found["clear 3"])
    low, high = found["natural 2"]["interval"]
    assert 0 <= low <= found["natural 2"]["writer_mean"] <= high <= 1
    assert 0 <= found["touching calibration error"] <= 1
    assert 0 <= found["single digits read as several"] <= 1


@pytest.mark.slow
@pytest.mark.process
def test_hard_pictures_run(model_file, ink_file):
    options = [ink_file, "--model", model_file, "--limit", "4", "--json"]
    found = json.loads(output_of("hard_pictures.py", *options))
    assert {"thin", "turned"} <= set(found)
    for row in found.values():
        assert row["digits"] == 4
        assert 0 <= row["label"] <= row["digit"] <= row["accuracy"] <= 1
        assert row["label"] + row["refused"] <= 1


def test_thinning_leaves_lines():
    shape = np.zeros((40, 40), bool)
    shape[5:35, 16:24] = True
    thin = junk_drawings.thinned(shape)
    assert thin.any(axis=1).sum() > 18
    assert thin.sum(axis=1).max() == 1


TAUGHT = 3


@pytest.fixture
def hands(tmp_path, qapp):
    """Return a file of four writers: one is read wrongly, one wrote too little."""
    digits = []
    for writer, (label, count) in enumerate([(0, 20), (5, 20), (0, 20), (0, 5)]):
        digits += [(1, writer, [line()])] * TAUGHT
        digits += [(label, writer, [ring()])] * (count - TAUGHT)
    return str(save_ink(tmp_path / "ink.npz", digits))


@pytest.mark.slow
def test_the_first_digits_are_taught_and_the_others_measured(
    hands,
    model_file,
    monkeypatch,
    capsys,
):
    taught: list[ExtraDigits] = []

    def fine_tune(model, extra, **_):
        """Return a network that calls everything a 5."""
        taught.append(extra)
        weights, biases = (np.zeros_like(value) for value in model.parameters)
        biases[5] = 1
        fives = dataclasses.replace(model, parameters=(weights, biases))
        score = Score((1,), ("1",), 0.9, 0.9)
        yield FineTuned(fives, score, score)

    monkeypatch.setattr(my_hand, "fine_tune", fine_tune)
    options = ["--taught", str(TAUGHT), "--hard", "1", "--random", "5", "--json"]
    assert my_hand.main([hands, "--model", model_file, *options]) == 0
    (rows,) = json.loads(capsys.readouterr().out).values()
    assert [(row["writer"], row["chosen"]) for row in rows] == [
        (1, "hard"),
        (0, "random"),
        (2, "random"),
    ]
    # As many of MNIST's for comparison, then each writer's first.
    assert len(taught[0]) == TAUGHT
    assert [list(extra.labels) for extra in taught[1:]] == [[1] * TAUGHT] * 3
    assert [(row["others"], row["before"], row["after"]) for row in rows] == [
        (17, 0.0, 1.0),
        (17, 1.0, 0.0),
        (17, 1.0, 0.0),
    ]


@pytest.mark.slow
def test_photographs_are_counted(monkeypatch, capsys):
    kinds = {name: photographs.KINDS[name] for name in ("plain", "ruled")}
    monkeypatch.setattr(photographs, "KINDS", kinds)
    assert photographs.main(["--each", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == 4
    assert [*found["right"]] == ["plain", "ruled"]
    # Some of MNIST's digits nobody can read.
    assert 2 <= sum(found["right"].values()) <= 4


def test_calibration_error_by_hand():
    confidences = np.array([0.9, 0.9, 0.3, 1.0])
    correct = np.array([True, False, False, True])
    # Bins: two answers at 0.9 (one right): |1 - 1.8|; one at 0.3 (wrong): 0.3; one at 1 (right): 0.
    assert expected_calibration_error(confidences, correct) == pytest.approx((0.8 + 0.3) / 4)
    with pytest.raises(ValueError, match="0 confidences"):
        expected_calibration_error(np.zeros(0), np.zeros(0, bool))
