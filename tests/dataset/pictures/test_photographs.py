"""Photographs of paper, made up: light, shadows, ruled lines, the table around the sheet."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from pen_drawing import DIGITS, board
from PIL import Image
from scipy import ndimage

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import has_ink, ink_box, normalise_ink
from mnist_draw.dataset.pictures.ink_on_paper import find_lines, surroundings, without_lines
from mnist_draw.dataset.pictures.picture_file import load_picture

HEIGHT, WIDTH = 480, 640
DOWN, ACROSS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
U, V = ACROSS / WIDTH - 0.5, DOWN / HEIGHT - 0.5
Light = np.ndarray
Rng = np.random.Generator


def written(digit, rng, size=200):
    """Return a digit somewhere on a large sheet: 0 to 1."""
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    side = int(size * 1.2)
    drawn = board(DIGITS[digit], size / 12, side, size * 0.9, (size * 0.15, size * 0.12)) / 255
    top, left = rng.integers(20, HEIGHT - side - 20), rng.integers(20, WIDTH - side - 20)
    ink[top : top + side, left : left + side] = drawn
    return ink


def lines(distance, width, slope, upright=False):
    """Return the lines of ruled paper: 0 to 1."""
    along = ACROSS - slope * DOWN if upright else DOWN + slope * ACROSS
    off = np.abs(along % distance - distance / 2)
    return np.clip(width / 2 + 0.5 - off, 0, 1)


def photograph(ink, rng, light=0.9, paper=0.9, pen=0.15, noise=5):
    """Return a JPEG file of a sheet that is written on and lit."""
    shown = (np.asarray(paper) * (1 - ink) + pen * ink) * light
    blurred = ndimage.gaussian_filter(shown * 255, 0.8) + rng.normal(0, noise, ink.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(blurred, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def falling(rng):
    angle = rng.uniform(0, 6.28)
    return 0.75 + 0.45 * (U * np.cos(angle) + V * np.sin(angle))


def shadow(rng):
    angle = rng.uniform(0, 6.28)
    edge = (U * np.cos(angle) + V * np.sin(angle) - rng.uniform(-0.1, 0.1)) * WIDTH
    return 0.95 - 0.45 / (1 + np.exp(-edge / rng.uniform(6, 40)))


def lamp(rng):
    x, y = rng.uniform(-0.4, 0.4, 2)
    return 0.35 + 0.65 * np.exp(-((U - x) ** 2 + (V - y) ** 2) / 0.25)


def glare(rng):
    return 0.7 + 0.5 * np.exp(-((U - 0.3) ** 2 + (V + 0.3) ** 2) / 0.02)


def folds(rng):
    return 0.85 + ndimage.gaussian_filter(rng.normal(0, 1, U.shape), 25) * 5


def dark_corner(rng):
    return 1 - 0.75 / (1 + np.exp(-(U + V - 0.6) * 25))


def squared(strength, rng):
    slope = rng.uniform(-0.04, 0.04)
    both = np.maximum(lines(34, 2, slope), lines(34, 2, slope, upright=True))
    return 0.9 - strength * both


def ruled(strength, rng):
    paper = 0.9 - strength * lines(52, 2.2, rng.uniform(-0.04, 0.04))
    # With the margin of an exercise book.
    return np.where(np.abs(ACROSS - 90) < 1.5, 0.45, paper)


def table(rng):
    sheet = (abs(U) < 0.44) & (abs(V) < 0.45)
    return np.where(sheet, 0.9, 0.25 + 0.04 * np.sin(ACROSS / 17))


KINDS: dict[str, Callable[[np.ndarray, Rng], bytes]] = {
    "falling light": lambda ink, rng: photograph(ink, rng, falling(rng)),
    "a shadow": lambda ink, rng: photograph(ink, rng, shadow(rng)),
    "under a lamp": lambda ink, rng: photograph(ink, rng, lamp(rng)),
    "glare": lambda ink, rng: photograph(ink, rng, glare(rng)),
    "crumpled": lambda ink, rng: photograph(ink, rng, folds(rng)),
    "a dark corner": lambda ink, rng: photograph(ink, rng, dark_corner(rng)),
    "squared": lambda ink, rng: photograph(ink, rng, falling(rng), squared(0.25, rng)),
    "squared, pencil": lambda ink, rng: photograph(ink, rng, 0.9, squared(0.3, rng), pen=0.5),
    "ruled": lambda ink, rng: photograph(ink, rng, falling(rng), ruled(0.3, rng)),
    "ruled, scanned": lambda ink, rng: photograph(ink, rng, 1.0, ruled(0.3, rng), noise=0.5),
    "on a table": lambda ink, rng: photograph(ink, rng, falling(rng), table(rng)),
    "pencil": lambda ink, rng: photograph(ink, rng, falling(rng), pen=0.6),
    "chalk": lambda ink, rng: photograph(ink, rng, falling(rng), 0.18, pen=0.85),
    "much noise": lambda ink, rng: photograph(ink, rng, falling(rng), noise=14),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_gets_what_was_written(kind):
    # Not hash(): it differs from run to run.
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    for digit in rng.permutation(10)[:2]:
        ink = written(int(digit), rng, rng.uniform(120, 280))
        found = load_picture(KINDS[kind](ink, rng))
        assert has_ink(found)
        seen, own = normalise_ink(found), normalise_ink(ink)
        assert np.corrcoef(seen.ravel(), own.ravel())[0, 1] > 0.9, digit


@pytest.mark.parametrize("kind", ["falling light", "squared", "ruled", "on a table", "crumpled"])
def test_an_unwritten_sheet_holds_hardly_anything(kind):
    rng = np.random.default_rng(1)
    found = load_picture(KINDS[kind](np.zeros((HEIGHT, WIDTH), np.float32), rng))
    assert np.count_nonzero(found) < 0.05 * found.size


def test_lines_are_found_where_they_are():
    ink = 0.4 * lines(50, 2, 0.03).astype(np.float32)
    found = find_lines(ink)
    assert len(found) == pytest.approx(HEIGHT / 50, abs=2)
    for line in found:
        assert line.slope == pytest.approx(-0.03, abs=0.006)
        middle = line.start + line.slope * WIDTH / 2 + 0.03 * WIDTH / 2
        assert abs(middle % 50 - 25) < 4
    assert not find_lines(ink.T)


@pytest.mark.parametrize("digit", range(10))
def test_digits_are_no_lines(digit):
    ink = written(digit, np.random.default_rng(digit), 300)
    assert without_lines(ink) is ink


@pytest.mark.parametrize("pen", [1.5, 2.5, 4, 24])
def test_digits_that_fill_the_picture_are_no_lines(pen):
    for digit in (1, 4, 7):
        ink = board(DIGITS[digit], pen, 300, 260, (30, 20)).astype(np.float32) / 255
        assert without_lines(ink) is ink


def test_strokes_stay_whole_where_lines_cross_them():
    ink = written(8, np.random.default_rng(2), 260)
    crossed = np.maximum(ink, 0.5 * lines(40, 2, 0.02).astype(np.float32))
    cleaned = without_lines(crossed)
    assert np.abs(cleaned - ink).mean() < 0.002
    assert np.abs(cleaned - ink)[ink > 0.9].mean() < 0.02


def test_surroundings_are_found_only_where_a_sheet_ends():
    rng = np.random.default_rng(3)
    coarse = lambda light: np.log(light[::6, ::6].astype(np.float32) + 0.05)  # noqa: E731
    outside = surroundings(coarse(table(rng) * falling(rng)))
    assert outside is not None
    assert outside[0].all()
    assert not outside[20:60, 20:80].any()
    for light in (lamp(rng), shadow(rng), falling(rng), glare(rng), np.full(U.shape, 0.7)):
        assert surroundings(coarse(light)) is None


@pytest.mark.parametrize("quality", [40, 95])
@pytest.mark.parametrize("noise", [0, 1, 3, 5, 10])
def test_noise_of_a_camera_is_no_ink(quality, noise):
    """On paper that is lit evenly, too: the box lies around the digit, not the whole picture."""
    digit = load_dataset().test_images[0, 0].repeat(8, axis=0).repeat(8, axis=1)
    sheet = np.full((480, 640), 200.0)
    sheet[120:344, 210:434] -= 160 * (digit / 255)
    sheet = ndimage.gaussian_filter(sheet, 2)
    noisy = sheet[..., None] + np.random.default_rng(3).normal(0, noise, (480, 640, 3))
    content = io.BytesIO()
    picture = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    picture.save(content, "JPEG", quality=quality)
    top, left, bottom, right = ink_box(load_picture(content.getvalue()))
    assert top > 120
    assert left > 210
    assert bottom < 344
    assert right < 434
