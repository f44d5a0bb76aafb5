"""What strokes are: a digit, a sign, a letter or several."""

import numpy as np
import pytest
from pen_drawing import DIGITS, smooth

from mnist_draw.recognition.glyphs import (
    CLASSES,
    PLACES,
    GlyphNetwork,
    in_place,
    line_of,
    shipped_glyphs,
)
from mnist_draw.storage import ModelFile, ModelFileError


def pen(*lines, at=(0, 0)):
    """Return strokes of a pen 9 wide, of points in heights of 100."""
    parts = [smooth(np.array(line, float)) * 100 + at for line in lines]
    return [np.column_stack([part, np.full(len(part), 9.0)]) for part in parts]


def likely(strokes, *line):
    """Return what strokes most probably are, on a line of others if there are some."""
    place = [line_of([*strokes, *line])] if line else []
    (logs,) = shipped_glyphs().read([strokes], *place)
    assert np.exp(logs).sum() == pytest.approx(1, abs=1e-4)
    return CLASSES[int(logs.argmax())]


@pytest.mark.parametrize("digit", [2, 3, 4, 7, 8])
def test_digits_are_digits(digit):
    assert likely(pen(*DIGITS[digit])) == str(digit)


def test_place_and_size_in_the_line_tell_signs_apart():
    two = pen(*DIGITS[2])
    tick = [(0, 0), (-0.03, 0.15), (-0.08, 0.3)]
    assert likely(pen(tick, at=(120, 90)), *two) == ","
    assert likely(pen(tick, at=(120, -10)), *two) != ","
    assert likely(pen([(0, 0.5), (0.45, 0.5)], at=(120, 0)), *two) in ("-", "part")
    assert likely(pen(*DIGITS[2], *DIGITS[8]), *two) != "2"
    beside = pen(*DIGITS[3], at=(90, 0))
    assert likely([*two, *beside], *two) == "several"


def test_a_dot_has_no_direction():
    dot = [np.array([[50.0, 60.0, 9.0]])]
    (logs,) = shipped_glyphs().read([dot])
    assert np.isfinite(logs).all()


@pytest.mark.parametrize(
    ("looks_like", "is_read"),
    [
        ("///", "1/1"),
        ("1+4", "1+4"),
        ("+-+", "+-4"),
        ("(1)", "(1)"),
        ("(11", "111"),
        ("1)1(", "1111"),
    ],
)
def test_signs_stand_where_lines_have_them(looks_like, is_read):
    digits = {"/": "1", "+": "4", "(": "1", ")": "1"}
    glyphs = np.full((len(looks_like), len(CLASSES)), -9.0, np.float32)
    for said, text in zip(glyphs, looks_like, strict=True):
        said[PLACES[text]] = np.log(0.7)
        said[PLACES[digits.get(text, text)]] = np.log(0.2 if text in digits else 0.7)
    groups = [(n, n + 1) for n in range(len(looks_like))]
    found = in_place(glyphs, groups, len(looks_like))
    assert np.exp(found).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert "".join(CLASSES[n] for n in found.argmax(axis=1)) == is_read


def test_a_sign_alone_may_be_any():
    glyphs = np.log(np.full((1, len(CLASSES)), 1 / len(CLASSES), np.float32))
    assert in_place(glyphs, [(0, 2)], 2) == pytest.approx(glyphs, abs=1e-4)


def test_other_files_are_refused():
    layers = (np.zeros((3, 4), np.float32), np.zeros(4, np.float32))
    for network, message in (("layers:4", "'layers:4', not"), ("glyphs:4", "4 parameters")):
        with pytest.raises(ModelFileError, match=message):
            GlyphNetwork.from_model(ModelFile(network, layers, {}))
