"""Augmentation: repeatable, normalised as a drawing is, and still the digits they were."""

import dataclasses
import logging
import os
import pickle
import sys

import numpy as np
import pytest

from mnist_draw.dataset.augmentation import augmenter, moving, numba_loops, painting, warp
from mnist_draw.dataset.augmentation.augmenter import RECIPES, Augmenter, preview, restyle
from mnist_draw.dataset.augmentation.numba_loops import Compiled
from mnist_draw.dataset.augmentation.skeleton import EXTRA, StrokeStore, skeletons
from mnist_draw.dataset.augmentation.warp import HashedRandom
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.normalise import ink_box, normalise_ink

VARYING = [name for name in RECIPES if name != "off"]
DATA = load_dataset()
IMAGES, LABELS = DATA.train_images[:600], DATA.train_labels[:600]


@pytest.fixture(scope="module")
def varied():
    return {
        name: Augmenter(name, IMAGES, LABELS, seed=1).batch(np.arange(600), 1) for name in RECIPES
    }


def centers(pictures):
    pictures = pictures.reshape(-1, 28, 28).astype(np.float64)
    total = pictures.sum(axis=(1, 2))
    places = np.arange(28)
    return np.stack(
        [pictures.sum(axis=1) @ places / total, pictures.sum(axis=2) @ places / total],
        axis=1,
    )


def widths(pictures):
    """Estimate line widths: ink over half of its outline, in pixels."""
    pictures = pictures.reshape(-1, 28, 28) / 255.0
    down, across = np.gradient(pictures, axis=(1, 2))
    outline = np.sqrt(down**2 + across**2).sum(axis=(1, 2))
    return 2 * pictures.sum(axis=(1, 2)) / outline


@pytest.mark.parametrize("recipe", VARYING)
def test_varied_pictures_are_normalised_up_to_the_jitter(recipe, varied):
    pictures = varied[recipe]
    assert pictures.shape == (600, 1, 28, 28)
    assert pictures.dtype == np.uint8
    assert (pictures.max(axis=(1, 2, 3)) > 200).all()
    # A digit covers between a few lines' ends and half of the picture.
    assert ((pictures > 127).mean(axis=(1, 2, 3)) > 0.015).all()
    assert ((pictures > 127).mean(axis=(1, 2, 3)) < 0.5).all()
    # Beyond the jitter only lopsided ink, which must not be cut off.
    assert np.quantile(np.abs(centers(pictures) - 14), 0.97) < augmenter.PLACE_JITTER + 0.15
    boxes = np.array([ink_box(picture[0]) for picture in pictures])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    # Ink that measures 20 pixels from edge to edge touches 20 to 22.
    assert sides.mean() == pytest.approx(21, abs=0.5)
    assert np.quantile(sides, 0.01) >= 19
    assert np.quantile(sides, 0.99) <= 23
    # They keep their classes: the unvaried pictures reach 0.81; a tenth by chance.
    many, classes = DATA.train_images[:10_000], DATA.train_labels[:10_000]
    means = np.stack([scale(many[classes == digit]).mean(axis=0).ravel() for digit in range(10)])
    flat = scale(pictures).reshape(600, -1)
    nearest = np.argmin((means**2).sum(axis=1) - 2 * flat @ means.T, axis=1)
    assert (nearest == LABELS).mean() > 0.6


def test_recipes_differ_and_so_do_pens(varied):
    assert np.array_equal(varied["off"], IMAGES)
    for place, one in enumerate(RECIPES):
        for other in list(RECIPES)[:place]:
            same = (varied[one] == varied[other]).all(axis=(1, 2, 3))
            # The two share what happens to pictures that are not re-inked.
            limit = 0.35 if {one, other} == {"elastic", "pen"} else 0.01
            assert same.mean() < limit, (one, other)
    before = np.quantile(widths(IMAGES), [0.02, 0.98])
    after = np.quantile(widths(varied["pen"]), [0.02, 0.98])
    assert after[0] < before[0]
    assert after[1] > before[1] - 0.1
    assert 1 < after[0] < after[1] < 6


@pytest.mark.parametrize("recipe", VARYING)
def test_a_picture_follows_from_seed_epoch_and_index(recipe):
    augmenter = Augmenter(recipe, IMAGES, LABELS, seed=7)
    together = augmenter.batch(np.arange(100), 3)
    # Another object, other company, another order.
    other = Augmenter(recipe, IMAGES, LABELS, seed=7)
    order = np.random.default_rng(0).permutation(100)
    parts = np.concatenate([other.batch(part, 3) for part in np.split(order, [1, 30, 64])])
    assert np.array_equal(parts, together[order])
    for changed in (
        augmenter.batch(np.arange(100), 4),
        Augmenter(recipe, IMAGES, LABELS, seed=8).batch(np.arange(100), 3),
    ):
        assert (changed == together).all(axis=(1, 2, 3)).mean() < 0.02


def test_strokes_are_normalised_as_on_a_large_canvas(monkeypatch):
    """Paint the warped strokes on 280×280, and let the canvas normalise that."""
    monkeypatch.setattr(augmenter, "PLACE_JITTER", 0)
    monkeypatch.setattr(augmenter, "SIZE_JITTER", 0)
    monkeypatch.setattr(augmenter, "ROUND", 0)
    recipe = dataclasses.replace(RECIPES["handwriting"], reinked=1.0)
    monkeypatch.setitem(RECIPES, "strokes", recipe)
    painted: list[tuple[np.ndarray, ...]] = []
    paint = painting.paint

    def note(x, y, radius):
        painted.append((x, y, radius))
        return paint(x, y, radius)

    monkeypatch.setattr(painting, "paint", note)
    found = Augmenter("strokes", IMAGES[:3], LABELS[:3], 1).batch(np.arange(3), 1)[:, 0]
    down, across = (np.mgrid[:400, :400] - 60) / 10
    for number in range(3):
        strokes = zip(*(values[number] for values in painted[0]), strict=True)
        canvas = np.zeros((400, 400), np.float32)
        for x, y, radius in strokes:
            if radius > 0:
                distance = np.hypot(down - y, across - x)
                canvas = np.maximum(canvas, np.clip((radius - distance) * 10 + 0.5, 0, 1))
        expected = normalise_ink(canvas)
        assert np.abs(scale(found[number]) - expected).mean() < 0.02
        assert centers(found[number]) == pytest.approx(centers(expected), abs=0.25)


def test_identical_where_nothing_varies(monkeypatch):
    still = warp.WarpRange(rotation=0, shear=0, aspect=0)
    for name in ("PLACE_JITTER", "SIZE_JITTER", "EDGE", "ROUND"):
        monkeypatch.setattr(augmenter, name, 0)
    for reinked, difference in ((0.0, 0.03), (1.0, 0.045)):
        recipe = augmenter.Recipe("Nothing", "nothing", still, reinked)
        monkeypatch.setitem(RECIPES, "still", recipe)
        found = Augmenter("still", IMAGES, LABELS, 1).batch(np.arange(600), 1)
        assert np.abs(scale(found) - scale(IMAGES)).mean() < difference
        assert found.mean() == pytest.approx(IMAGES.mean(), rel=0.03)


def test_faint_and_odd_pictures():
    images = IMAGES[:3].copy()
    images[1] = 0
    images[2] //= 8
    found = Augmenter("handwriting", images, LABELS[:3], 1).batch(np.arange(3), 1)
    assert np.array_equal(found[1:], images[1:])
    assert not np.array_equal(found[0], images[0])
    # Nor do odd pictures any harm.
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (60, 1, 28, 28), dtype=np.uint8)
    images[:20] = 255
    images[20:40] *= images[20:40] > 250
    found = Augmenter("handwriting", images, np.arange(60) % 10, 1).batch(np.arange(60), 1)
    assert (found.max(axis=(1, 2, 3)) > 100).all()
    assert Augmenter("pen", IMAGES, LABELS, 1).batch(np.arange(0), 1).shape == (0, 1, 28, 28)


def test_preview_shows_all_classes_repeats_and_compiles_nothing(monkeypatch):
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        monkeypatch.setattr(Compiled, "_first_call", None)
    first = preview("handwriting", IMAGES, LABELS, seed=4)
    assert first.shape == (16, 1, 28, 28)
    assert first.dtype == np.uint8
    assert np.array_equal(first, preview("handwriting", IMAGES, LABELS, seed=4))
    assert not np.array_equal(first, preview("handwriting", IMAGES, LABELS, seed=5))
    plain = preview("off", IMAGES, LABELS, seed=4)
    shown = {int(LABELS[(picture == IMAGES).all(axis=(1, 2, 3))][0]) for picture in plain}
    assert shown == set(range(10))
    assert preview("pen", IMAGES[:5], LABELS[:5], seed=4).shape == (5, 1, 28, 28)


@pytest.mark.slow
def test_interpreted_loops_give_the_same_pictures():
    for recipe in VARYING:
        fast = Augmenter(recipe, IMAGES, LABELS, 1).batch(np.arange(40), 1)
        with numba_loops.interpreted():
            plain = Augmenter(recipe, IMAGES, LABELS, 1).batch(np.arange(40), 1)
        difference = np.abs(fast.astype(int) - plain)
        # Sums in another order: a level here and there is rounded the other way.
        assert difference.max() <= 2, recipe
        assert (difference > 0).mean() < 0.02, recipe


@pytest.mark.slow
def test_a_lattice_of_its_own_places_moves_nothing():
    nodes = np.arange(moving.NODES, dtype=np.float32) * moving.SPACING
    x, y = np.tile(nodes, moving.NODES), np.repeat(nodes, moving.NODES)
    many = np.broadcast_to(x, (600, 64)), np.broadcast_to(y, (600, 64))
    found = moving.move(IMAGES[:, 0], *many).astype(int)
    expected = np.clip((IMAGES[:, 0] - 127.5) * moving.CONTRAST + 127.5, 0, 255)
    assert np.abs(found - expected).max() <= 1
    shifted = moving.move(IMAGES[:, 0], many[0] + 1, many[1]).astype(int)
    assert np.array_equal(shifted[:, :, :-1], found[:, :, 1:])


# -- random numbers


def test_numbers_are_even_unrelated_and_in_their_range():
    drawn = HashedRandom(1, 1, np.arange(20_000)).uniforms(8, 0, 1)
    assert drawn.shape == (8, 20_000)
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.stack([np.histogram(row, 10, (0, 1))[0] for row in drawn])
    assert np.abs(counts - 2000).max() < 250
    related = np.corrcoef(np.concatenate([drawn, np.roll(drawn, 1, axis=1)]))
    assert np.abs(related - np.eye(16)).max() < 0.04
    random = HashedRandom(0, 0, np.arange(10_000))
    drawn = random.uniform(-3, 5)
    assert -3 <= drawn.min() < drawn.max() < 5
    assert drawn.mean() == pytest.approx(1, abs=0.1)
    assert random.happens(0.2).mean() == pytest.approx(0.2, abs=0.02)
    assert not random.happens(0).any()
    assert random.happens(1).all()
    largest = HashedRandom(2**31 + 1, 100_000, np.array([2**31 - 1]))
    assert np.isfinite(largest.uniform(0, 1)).all()


# -- skeletons


def bar(top, left, bottom, right):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, top:bottom, left:right] = 255
    return image


def test_a_bar_gives_its_middle_line_and_a_comb_some_points():
    _, (x, y, radius, length, end_x, end_y) = skeletons(bar(4, 12, 24, 16))
    assert x == pytest.approx(13.5, abs=0.5)
    assert radius[np.abs(y - 13.5) < 6] == pytest.approx(2, abs=0.3)
    assert length.sum() == pytest.approx(16, abs=2.5)
    assert sorted(np.rint(end_y[end_y != 0])) == [-1, 1]
    assert np.abs(end_x[end_y != 0]).max() < 0.3
    # A picture without ink has no points.
    assert (skeletons(np.concatenate([bar(0, 0, 0, 0), bar(4, 12, 24, 16)]))[0] == 1).all()
    comb = np.zeros((1, 28, 28), np.uint8)
    comb[0, :, ::2] = 255
    store = StrokeStore(comb)
    assert store.has_points(np.array([0]))[0]
    assert np.isfinite(store.strokes(np.array([0])).x).all()


# -- writing styles


def restyled(digit, count=300):
    chosen = np.flatnonzero(DATA.train_labels == digit)[:count]
    store = StrokeStore(DATA.train_images[:, 0])
    before, after = store.strokes(chosen), store.strokes(chosen)
    restyle(after, np.full(count, digit), HashedRandom(1, 1, chosen))
    return before, after


def added(strokes, values):
    """Return the values of the places for added strokes, (n, EXTRA)."""
    return np.take_along_axis(values, strokes.used[:, None] - EXTRA + np.arange(EXTRA), axis=1)


def long_strokes(strokes):
    """Tell where a stroke was added that is no tail: tails have a quarter of the places."""
    return (added(strokes, strokes.radius) > 0).sum(axis=1) > EXTRA // 4


@pytest.mark.parametrize(
    ("digit", "share"),
    [(0, 0.35), (1, 0.65), (2, 0.25), (3, 0), (7, 0.35), (8, 0), (9, 0.3)],
)
def test_strokes_are_added_to_the_right_digits(digit, share):
    _, after = restyled(digit)
    assert long_strokes(after).mean() == pytest.approx(share, abs=0.1)


def height(strokes):
    """Return the least and the greatest y of the points, (n,) each."""
    inside = strokes.radius > 0
    return (
        np.where(inside, strokes.y, np.inf).min(axis=1),
        np.where(inside, strokes.y, -np.inf).max(axis=1),
    )


def test_slashes_bars_and_plain_ones():
    _, after = restyled(0)
    rows = np.flatnonzero(long_strokes(after))
    x, y = added(after, after.x)[rows], added(after, after.y)[rows]
    assert (x[:, 0] < x[:, -1]).mean() > 0.8
    assert (y[:, 0] > y[:, -1]).all()
    assert np.abs(x.mean(axis=1)).max() < 3
    _, after = restyled(7)
    rows = np.flatnonzero(long_strokes(after))
    top, bottom = height(after.part(rows))
    level = added(after, after.y)[rows, : EXTRA // 2].mean(axis=1)
    assert ((level - top) / (bottom - top)).min() > 0.25
    assert ((level - top) / (bottom - top)).max() < 0.75
    before, after = restyled(1)
    top, bottom = height(before)
    share = (before.y - top[:, None]) / (bottom - top)[:, None]
    middle = (before.radius > 0) & (np.abs(share - 0.5) < 0.25)
    torn = (middle & (after.radius == 0)).any(axis=1)
    # Trimmed ends may reach the middle of a tiny or lying 1.
    assert torn.mean() < 0.02


@pytest.mark.parametrize("digit", range(10))
def test_enough_of_every_digit_is_left(digit):
    before, after = restyled(digit)
    kept = (after.radius > 0).sum(axis=1) / (before.radius > 0).sum(axis=1)
    assert kept.min() > 0.35
    for values in vars(after).values():
        assert np.isfinite(values).all()
    assert np.abs(after.x).max() < 24
    assert np.abs(after.y).max() < 24


# -- compiled loops


def double_loops(values, result):
    for place in range(len(values)):
        result[place] = 2 * values[place]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    numba_loops.code_folder.cache_clear()
    yield tmp_path
    numba_loops.code_folder.cache_clear()


def code_files(home):
    files = [path for path in (home / "cache" / "loops").rglob("*.nb*") if path.is_file()]
    assert len(files) >= 2
    return files


def doubles():
    result = np.zeros(3, np.float32)
    function = Compiled(double_loops)
    for _ in range(2):
        function(np.arange(3, dtype=np.float32), result)
    return result.tolist() == [0, 2, 4]


def test_machine_code_is_kept_in_the_cache_folder(home):
    assert doubles()
    before = [path.stat().st_mtime_ns for path in code_files(home)]
    assert doubles()
    assert [path.stat().st_mtime_ns for path in code_files(home)] == before


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"rubbish", None])
def test_damaged_code_is_made_again(home, content, caplog):
    assert doubles()
    for path in code_files(home):
        path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with caplog.at_level(logging.WARNING):
        assert doubles()
        assert "made again" in caplog.text
        caplog.clear()
        # Whole again, or gone: nothing to complain about the next time.
        assert doubles()
    assert caplog.text == ""


def test_a_folder_that_cannot_be_written_and_errors_of_the_function_itself(home, caplog):
    (home / "cache").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert doubles()
    assert "not stored" in caplog.text

    def fail_loops(values):
        if values[0] > 1:
            raise ValueError("too large")

    with pytest.raises(ValueError, match="too large"):
        Compiled(fail_loops)(np.full(1, 2.0))


def test_compiling_ends_when_it_is_not_wanted_any_more(home):
    asked: list[int] = []

    def unwanted():
        asked.append(1)
        return len(asked) > 5

    with numba_loops.stopped_by(unwanted), pytest.raises(numba_loops.CompilingStoppedError):
        doubles()
    assert len(asked) == 6
    assert doubles()


class Trap:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def trapped(home):
    """Replace the stored code of a home by a trap; return what it makes when it is unpickled."""
    assert doubles()
    for path in code_files(home):
        path.write_bytes(pickle.dumps(Trap(home / "sprung")))
    return home / "sprung"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_code_that_others_can_write_is_not_run(home):
    sprung = trapped(home)
    (home / "cache" / "loops" / "private").chmod(0o777)
    numba_loops.code_folder.cache_clear()
    assert doubles()
    assert not sprung.exists()
