"""What is said of figures is true of them: each sentence is asked of NumPy."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from made_networks import random_model
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis import sentences
from mnist_draw.analysis.followed_weight import (
    follow,
    gradient_without_penalty,
    moved_figures,
)
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.analysis.results import EDGES, Calibration, Results
from mnist_draw.analysis.robustness import SETTINGS, Limits
from mnist_draw.analysis.sentences import FilmFigures
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES, WITH_MOMENTUM

MLP = "custom_mlp:1,20,0.2,0.5"
CONVOLUTIONS = "cnn"


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", lambda: digits)


def lettered(digits):
    """Return the digits as if they showed 26 classes."""
    names = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    sets = (digits.train_images, digits.train_labels, digits.validation_images,
            digits.validation_labels, digits.test_images, digits.test_labels)  # fmt: skip
    return Dataset(*sets, "letters", digits.folder, names)


def steps_of(network, rule, l2, from_run, classes, digits, monkeypatch):
    """Return a step of a network after some others, its figures, and how many it knows of."""
    settings = TrainingSettings(
        network=network if classes == 10 else f"{network}#{classes}",
        update=rule,
        l2=l2,
        batch_size=40,
    )
    if classes != 10:
        monkeypatch.setattr(
            "mnist_draw.analysis.one_step.own_data",
            lambda model: lettered(digits),
        )
    step = OneStep(random_model(settings.network, spread=0.05), settings)
    count = 3 if from_run else 0
    for number in range(count):
        step.learn(step.minibatch(number))
    return step, step.step(step.minibatch(count), count), count


CASES = [
    *product(UPDATE_RULES, (0.0, 0.01), (False, True), (10,), (MLP,)),
    # What more classes and convolutions change is the same with and without the others.
    *product(UPDATE_RULES, (0.01,), (True,), (26,), (MLP,)),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            *product(UPDATE_RULES, (0.0,), (False,), (10,), (CONVOLUTIONS,)),
            *product(UPDATE_RULES, (0.01,), (True,), (26,), (CONVOLUTIONS,)),
        )
    ),
]


@pytest.mark.parametrize(("rule", "l2", "from_run", "classes", "network"), CASES)
def test_what_is_said_of_a_step_is_true(
    rule, l2, from_run, classes, network, digits, monkeypatch, compiled_once,
):  # fmt: skip
    step, figures, count = steps_of(network, rule, l2, from_run, classes, digits, monkeypatch)
    assert len(figures.p) == classes
    values = {**UPDATE_RULES[rule].parameters}
    for place in range(6):
        found = follow(figures, step.settings, place, count, True)
        weight = found.figures
        unit, label = found.unit, figures.label
        last = len(figures.before) - 2
        # All its figures are those of the step.
        whole = figures.gradients[last][unit, label]
        moved = float(figures.after[last][unit, label]) - float(figures.before[last][unit, label])
        assert weight.gradient + weight.penalty == pytest.approx(whole, rel=1e-4, abs=1e-9)
        assert weight.moved == moved
        own = figures.x[-1].ravel()[unit] * (figures.p[label] - 1)
        assert weight.own == pytest.approx(own, rel=1e-4)
        # What the rule makes of it, formula by formula.
        assert found.updates[-1][0] in ("W", "d")
        said = sentences.describe_move(weight)
        assert ("against its gradient" in said) == (moved * weight.gradient < 0)
        assert ("It moves with its gradient" in said) == (moved * weight.gradient > 0)
        assert ("although its gradient is 0" in said) == (not weight.gradient and moved != 0)
        if "remembers of earlier steps is stronger" in said:
            assert rule in WITH_MOMENTUM
            assert count
        if "L2 penalty" in said:
            assert l2
            assert moved * whole < 0
        if "for large gradients" in said:
            assert not from_run
            assert rule in ("rmsprop", "adam", "adagrad")
            length = 0.001 if rule == "adam" else step.settings.learning_rate
            length = length / np.sqrt(1 - values["rho"]) if rule == "rmsprop" else length
            assert abs(moved) <= 1.01 * length
            if abs(whole) > 0.03:
                assert abs(moved) == pytest.approx(length, rel=0.02)
        if "usual size" in said:
            assert rule in ("rmsprop", "adam")
        part = weight.value * weight.weight
        word = sentences.describe_part(weight, "3")
        if part:
            assert ("for 3" in word) == (part > 0)
            parts = np.abs(figures.x[-1].ravel() * figures.before[last][:, label]).sum()
            assert ("a little" in word) == (abs(part) < 0.05 * parts)
        asked = sentences.describe_gradient(weight.gradient)
        assert ("A larger weight would lower" in asked) == (weight.gradient < 0)
        assert ("A smaller weight would lower" in asked) == (weight.gradient > 0)
    check_moved(step, figures, rule, l2, network)


def check_moved(step, figures, rule, l2, network):
    """Check what is said of all weights."""
    moved = along = without = silent = total = 0
    for place, before in enumerate(figures.before[::2]):
        gradient = gradient_without_penalty(figures, place, l2)
        change = figures.after[2 * place] - before
        total += change.size
        moved += np.count_nonzero(change)
        along += np.count_nonzero(change * gradient > 0)
        without += np.count_nonzero((change != 0) & (gradient == 0))
        silent += np.count_nonzero(gradient == 0)
    found = moved_figures(figures, step.settings)
    assert (found.weights, found.moved, found.along) == (total, moved, along)
    assert (found.without, found.silent) == (without, silent)
    first, second = sentences.describe_moved(found)
    assert f"{moved:,} of {total:,}" in first
    assert ("all against" in first) == (not along and not without)
    if without:
        assert ("earlier steps" in second) == (rule in WITH_MOMENTUM)
        assert ("L2" in second) == bool(l2)
    elif silent:
        assert f"{silent:,} had none" in second
    if network == MLP and not l2 and rule == "sgd":
        # Pixels that are black in all pictures, and units that are off, have none.
        black = (figures.minibatch.pictures.reshape(40, -1) == 0).all(axis=0).sum()
        assert silent >= black * 20
        assert "their pixel was black" in second


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
        (frame(steps=1), ("One step changed 480,000 weights a little", "5,000 of 50,000")),
        (frame(steps=1, change=0.2), ("One step changed 480,000 weights.", "5,000 of 50,000")),
        (frame(), ("10 steps changed 480,000 weights a little", "5,000 of 50,000")),
        (frame(steps=100, seen=50_000), ("100 steps", "was used once")),
        (frame(steps=300, seen=150_000), ("300 steps", "used 3 times")),
        (frame(steps=101, seen=50_500), ("101 steps", "")),
        (frame(right=7404, right_before=7907), ("10 steps", "worse: 79.07 → 74.04%")),
        (frame(right=7900, right_before=7907), ("10 steps", "5,000 of 50,000")),
        (frame(is_end=True), ("the network itself", "")),
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


def test_nothing_less_than_all_is_a_hundred_percent():
    assert sentences.share(9999, 10_000) == "99.99%"
    assert sentences.share(99_999, 100_000) == "99.99%"
    assert sentences.share(10_000, 10_000) == "100%"
    assert sentences.share(691, 10_000) == "6.91%"
    # 0.29 · 100 is 28.999… in floating point.
    assert sentences.share(29, 100, 0) == "29%"


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
    if "too modest" in said:
        assert too_sure
        assert too_modest
    if "Surer" in said:
        assert too_sure >= too_modest


def test_the_surest_answers_are_not_all_right_if_six_are_wrong():
    results = answers([(0.75, 100, 76), SURE])
    _verdict, figures = sentences.describe_calibration(results, is_calibrated=True)
    assert "8,467 above" in figures
    assert "99.92%, 6 wrong" in figures
    assert "100%" not in figures
    _verdict, figures = sentences.describe_calibration(
        answers([(0.75, 100, 76), (1.0, 500, 500)]),
        is_calibrated=True,
    )
    assert "right in all" in figures
    assert "says 99.99%" in figures


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
