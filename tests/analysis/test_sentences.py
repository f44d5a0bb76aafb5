"""What is said of figures is true of them: each sentence is asked of NumPy."""

import re
from dataclasses import replace

import numpy as np
import pytest
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis import sentences
from mnist_draw.analysis.results import EDGES, Calibration, Results, wilson
from mnist_draw.analysis.robustness import AXES, SETTINGS, Limits
from mnist_draw.analysis.sentences import FilmFigures
from mnist_draw.training.updates import UPDATE_RULES


def frame(**others):
    usual = FilmFigures(
        10, 5000, 10_000, 4000, 545_000, 480_000, 0.01, 10, 0.11, 5000, 50_000,
    )  # fmt: skip
    return replace(usual, **others)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (frame(steps=0, right=691), ("545,000 weights are random", "It guesses")),
        (frame(steps=0, right=1010), ("are random", "It guesses")),
        (frame(steps=0, right=1200), ("are random", "")),
        (frame(steps=0, right=400, classes=26, counted=10_000), ("are random", "It guesses")),
        (frame(steps=0, right=600, classes=26), ("are random", "")),
        (frame(steps=0, began_with="Mine"), ("weights of Mine", "")),
        (frame(steps=0, is_from_start=False), ("not known", "from its end")),
        (frame(steps=1), ("1 step changed 480,000 weights.", "5,000 of 50,000")),
        (frame(steps=1, change=0.2), ("1 step changed 480,000 weights.", "5,000 of 50,000")),
        (frame(), ("10 steps changed 480,000 weights.", "5,000 of 50,000")),
        (frame(steps=100, seen=50_000), ("100 steps", "was used once")),
        (frame(steps=300, seen=150_000), ("300 steps", "used 3 times")),
        (frame(steps=101, seen=50_500), ("101 steps", "")),
        (frame(right=7404, right_before=7907), ("10 steps", "worse: 79.07 → 74.04%")),
        (frame(right=7900, right_before=7907), ("10 steps", "5,000 of 50,000")),
        (frame(is_end=True), ("network itself", "")),
    ],
)
def test_a_frame_is_described_by_its_figures(figures, words):
    for line, word in zip(sentences.describe_frame(figures), words, strict=True):
        assert word in line
        assert word or not line


def test_chance_is_that_of_the_classes():
    assert sentences.describe_chance(frame()) == "chance: 10%"
    assert sentences.describe_chance(frame(classes=26, most_frequent=0.04)) == "chance: 3.8%"
    assert "5%" in sentences.describe_chance(frame(classes=20, most_frequent=0.06))
    assert sentences.describe_chance(frame(most_frequent=0.3)) == "the most frequent: 30%"


@pytest.mark.parametrize("rule", UPDATE_RULES)
def test_how_full_a_memory_is(rule):
    said = sentences.describe_memory(rule, {}, 20, from_run=False)
    full = {"rmsprop": 1 - 0.9**20, "adam": 1 - 0.999**20, "adadelta": 1 - 0.95**20}
    if rule in full:
        assert f"{full[rule]:.0%} full" in said
    else:
        assert ("not stored" in said) == (rule != "sgd")
    kept = sentences.describe_memory(rule, {}, 20, from_run=True)
    assert ("from the run" in kept) == (rule != "sgd")


def test_strokes_are_found_where_neighbors_agree():
    assert sentences.describe_learned(0, 0.0) == "nothing yet"
    assert "strokes" in sentences.describe_learned(1, 0.87)
    assert "so far" in sentences.describe_learned(1, 0.2)


# -- results


def answers(ranges):
    """Return results whose ranges hold so many answers, right answers, at this confidence."""
    rows, labels = [], []
    for confidence, count, right in ranges:
        rows += [[confidence, 1 - confidence]] * count
        labels += [0] * right + [1] * (count - right)
    return Results(np.array(rows, np.float32), np.array(labels, np.uint8), 1.0, len(rows))


SURE = (0.9989, 8467, 8461)


@pytest.mark.parametrize(
    ("ranges", "found"),
    [
        ([(0.55, 100, 55), (0.75, 100, 76), SURE], Calibration.AGREES),
        # One range in twenty is outside by chance.
        ([(0.55, 100, 42), (0.65, 100, 68), (0.75, 100, 78), SURE], Calibration.AGREES),
        # Both that are outside are too sure: no others are less sure.
        (
            [(0.55, 100, 42), (0.65, 100, 52), (0.75, 100, 82), (0.85, 200, 178), SURE],
            Calibration.TOO_SURE,
        ),
        ([(0.55, 100, 70), (0.75, 100, 88), SURE], Calibration.TOO_MODEST),
        ([(0.55, 100, 40), (0.75, 100, 88), SURE], Calibration.MIXED),
        # Of few answers nothing is said alone.
        ([(0.55, 5, 0), (0.65, 100, 65), (0.75, 100, 88), SURE], Calibration.AGREES),
    ],
)
def test_the_verdict_names_the_sides_on_which_ranges_are_outside(ranges, found):
    results = answers(ranges)
    assert results.calibration is found
    too_sure = sum(part.confidence > part.most for part in results.doubted)
    too_modest = sum(part.confidence < part.least for part in results.doubted)
    said, _figures = sentences.describe_calibration(results, is_calibrated=True)
    if "not sure enough in others" in said:
        assert too_sure
        assert too_modest
    if said.startswith("Too sure."):
        assert too_sure >= too_modest


def test_the_surest_answers_are_not_all_right_if_six_are_wrong():
    results = answers([(0.75, 100, 76), SURE])
    _verdict, figures = sentences.describe_calibration(results, is_calibrated=True)
    assert "8,467 above" in figures
    assert "99.93%, 6 wrong" in figures
    assert "100%" not in figures
    _verdict, figures = sentences.describe_calibration(
        answers([(0.75, 100, 76), (1.0, 500, 500)]),
        is_calibrated=True,
    )
    assert "right 100%, 0 wrong" in figures
    assert "says 99.99%" in figures


@pytest.mark.parametrize("ranges", [[SURE], [(0.9996, 9000, 8999)], [(0.75, 9, 9)]])
def test_a_range_of_answers_is_described_by_its_figures(ranges):
    (part,) = answers(ranges).reliability
    said = sentences.describe_range(part)
    say, right, least, most = re.search(
        r"say ([\d.]+)% and are right in ([\d.]+)%; within chance: ([\d.]+) to ([\d.]+)%",
        said,
    ).groups()
    assert float(say) == pytest.approx(100 * part.confidence, abs=0.1)
    assert float(right) == pytest.approx(100 * part.right / part.count, abs=0.1)
    # The bar spans what the share that is right may be, round the share that is right.
    assert float(least) <= float(right) <= float(most)
    assert (float(least), float(most)) == pytest.approx(
        [100 * end for end in wilson(part.right, part.count)],
        abs=0.1,
    )
    # Nothing less than all is 100%.
    assert float(say) < 100
    assert (float(right) == 100) == (part.right == part.count)
    assert (float(most) == 100) == (part.right == part.count)


def test_the_weights_that_moved_are_never_all_of_them_by_rounding():
    figures = sentences.MovedFigures(545_000, 400_000, 399_900, 0, 0, 500, False, False)
    assert "99.9%" in sentences.describe_moved(figures)[0]
    figures = sentences.MovedFigures(545_000, 400_000, 0, 399_900, 0, 500, False, True)
    assert "99.9%" in sentences.describe_moved(figures)[1]


def test_a_network_without_a_temperature_is_not_called_calibrated():
    results = answers([(0.75, 100, 76), SURE])
    said, _figures = sentences.describe_calibration(results, is_calibrated=False)
    assert said.startswith("Not calibrated")
    assert len(EDGES) > len(results.doubted)


@pytest.mark.parametrize(
    ("low", "high", "is_dense", "words", "reason"),
    [
        (0.371, 0.436, True, "37 to 43%", True),
        (0.371, 0.436, False, "37 to 43%", False),
        (0.912, 0.938, True, "91 to 93%", False),
        (0.55, 0.61, True, "55 to 61%", False),
    ],
)
def test_a_reason_is_given_only_where_the_kind_of_network_gives_it(
    low, high, is_dense, words, reason,
):  # fmt: skip
    accuracy = np.ones(len(SETTINGS))
    accuracy[SETTINGS.index(("shift", -4))] = high
    accuracy[SETTINGS.index(("shift", 4))] = low
    said = sentences.describe_limits(Limits(accuracy), is_dense)
    assert words in said
    assert ("by its place" in said) == reason
    accuracy[SETTINGS.index(("shift", 4))] = np.nan
    assert not sentences.describe_limits(Limits(accuracy), is_dense)


def test_it_is_said_why_a_network_has_no_limits():
    limits = Limits(np.full(len(SETTINGS), 0.8995))
    assert {limits.largest_borne(axis) for axis in AXES} == {None}
    assert "only 89.9% are right" in sentences.describe_limits(limits, is_dense=True)
    limits = Limits(np.full(len(SETTINGS), 0.9))
    assert "only" not in sentences.describe_limits(limits, is_dense=True)
