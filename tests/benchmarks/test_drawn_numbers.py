"""Composed numbers have the spacing they claim, and junk is as varied as it is said to be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.storage import save_model

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import drawn_digits
        import drawn_numbers
        import junk_drawings
        import not_a_digit
    finally:
        sys.path.remove(str(BENCHMARKS))
    return SimpleNamespace(
        digits=drawn_digits, numbers=drawn_numbers, junk=junk_drawings, none=not_a_digit
    )


@pytest.fixture(scope="module")
def ink_file(tmp_path_factory):
    """Six writers' rings and lines."""
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([6 * np.cos(angle), 10 * np.sin(angle)], axis=1)
    line = np.stack([np.full(20, 3.0), np.linspace(0, 12, 20)], axis=1)
    strokes = [ring, line] * 18
    path = tmp_path_factory.mktemp("ink") / "ink.npz"
    np.savez(
        path,
        points=np.concatenate(strokes),
        stroke_offsets=np.cumsum([0, *map(len, strokes)]),
        digit_stroke_offsets=np.arange(37),
        labels=np.tile([0, 1], 18),
        writer=np.repeat(np.arange(6), 6),
    )
    return path


@pytest.mark.parametrize("spacing", ["clear", "natural", "touching"])
def test_numbers_are_spaced_as_they_claim(scripts, ink_file, spacing):
    ink = scripts.digits.load_ink(ink_file)
    rng = np.random.default_rng(3)
    for length in (2, 3, 5):
        number = scripts.numbers.composed(ink, rng, length, spacing, 16.8)
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


def test_errors_are_counted_digit_by_digit(scripts):
    errors = scripts.numbers.digit_errors
    assert errors("2026", "2026") == 0
    assert errors("2026", "206") == 1
    assert errors("2026", "20126") == 1
    assert errors("2026", "?026") == 1
    assert errors("10", "?") == 2


@pytest.mark.slow
@pytest.mark.process
def test_drawn_numbers_runs(tmp_path, ink_file):
    save_model(tmp_path / "model.npz", linear_model())
    command = [sys.executable, str(BENCHMARKS / "drawn_numbers.py"), str(ink_file)]
    options = ["--model", str(tmp_path / "model.npz"), "--each", "2", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert {"whole", "writer_mean", "interval", "length", "confidence"} <= set(found["clear 3"])
    low, high = found["natural 2"]["interval"]
    assert 0 <= low <= found["natural 2"]["writer_mean"] <= high <= 1
    assert 0 <= found["touching calibration error"] <= 1
    assert 0 <= found["single digits read as several"] <= 1


@pytest.mark.slow
@pytest.mark.process
def test_hard_pictures_run(tmp_path, ink_file):
    save_model(tmp_path / "model.npz", linear_model())
    command = [sys.executable, str(BENCHMARKS / "hard_pictures.py"), str(ink_file)]
    options = ["--model", str(tmp_path / "model.npz"), "--limit", "4", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert {"thin", "turned"} <= set(found)
    for row in found.values():
        assert row["digits"] == 4
        assert 0 <= row["label"] <= row["digit"] <= row["accuracy"] <= 1
        assert row["label"] + row["refused"] <= 1


def test_junk_is_reproducible_ink(scripts):
    make = scripts.junk
    for kind in (make.scribble, make.filled, make.dot, make.tick, make.smiley):
        ink = kind(np.random.default_rng(5))
        assert ink.shape == (280, 280)
        assert ink.dtype == np.uint8
        assert ink.max() == 255
        assert np.array_equal(ink, kind(np.random.default_rng(5)))
        assert not np.array_equal(ink, kind(np.random.default_rng(6)))


def test_letters_that_count_are_those_that_are_no_digits(scripts):
    counted, left_out = set(scripts.junk.LETTERS), set(scripts.junk.LOOKALIKES)
    assert not counted & left_out
    alphabet = set("abcdefghijklmnopqrstuvwxyz")
    assert {letter.lower() for letter in counted | left_out} == alphabet
    assert len(counted | left_out) == 52


def test_thinning_leaves_lines(scripts):
    shape = np.zeros((40, 40), bool)
    shape[5:35, 16:24] = True
    line = scripts.junk.thinned(shape)
    assert line.any(axis=1).sum() > 18
    assert line.sum(axis=1).max() == 1
