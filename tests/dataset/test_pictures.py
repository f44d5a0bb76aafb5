"""Picture files and photographs: every kind gives the same ink, and every fault a sentence."""

import io
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pen_drawing import DIGITS, board
from photographs import KINDS, Kind, crumpled, photograph
from PIL import Image
from scipy import ndimage

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import has_ink, ink_box, normalise_ink
from mnist_draw.dataset.pictures import picture_file
from mnist_draw.dataset.pictures.coarse import InkPixels, before_enlarging, without_blocks
from mnist_draw.dataset.pictures.ink_on_paper import ink_on_paper, without_lines
from mnist_draw.dataset.pictures.picture_file import PictureError, load_picture, picture_size


def encoded(image, kind="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def digit(size=280, number=0):
    """Return a digit of MNIST, enlarged smoothly, light on dark, uint8."""
    picture = load_dataset().test_images[number, 0]
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))


def difference(ink, number=0):
    """Return how far the network's input is from that of the digit itself."""
    return float(np.abs(normalise_ink(ink) - normalise_ink(digit(number=number))).mean())


FILES: dict[str, Callable[[], bytes]] = {
    "light on dark": lambda: encoded(digit()),
    "dark on light": lambda: encoded(255 - digit()),
    "gray on gray": lambda: encoded((100 + digit() // 4).astype(np.uint8)),
    "JPEG": lambda: encoded(255 - digit(), "JPEG", quality=70),
    "BMP": lambda: encoded(255 - digit(), "BMP"),
    "GIF": lambda: encoded(255 - digit(), "GIF"),
    "TIFF": lambda: encoded(255 - digit(), "TIFF"),
    "large": lambda: encoded(255 - digit(2000)),
    "color": lambda: encoded(np.stack([digit() // 8, digit() // 2, digit()], axis=2)),
    "palette": lambda: encoded(Image.fromarray(255 - digit()).convert("P")),
    "16 bits": lambda: encoded(digit().astype(np.uint16) * 100),
    "1 bit": lambda: encoded(Image.fromarray(digit()).convert("1")),
    "float": lambda: encoded(1000 - digit().astype(np.float32), "TIFF"),
    "CMYK": lambda: encoded(Image.fromarray(digit()).convert("CMYK"), "JPEG", quality=95),
    "ink on nothing": lambda: encoded(np.dstack([np.zeros((280, 280, 3), np.uint8), digit()])),
    "chalk on nothing": lambda: encoded(
        np.dstack([np.full((280, 280, 3), 255, np.uint8), digit()]),
    ),
    "paper with transparent corners": lambda: encoded(
        np.dstack([np.repeat(255 - digit()[..., None], 3, axis=2), corners()]),
    ),
}


def corners():
    opacity = np.full((280, 280), 255, np.uint8)
    opacity[:20, :20] = opacity[-20:, -20:] = 0
    return opacity


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_gives_the_same_ink(kind):
    ink = load_picture(FILES[kind]())
    assert ink.dtype == np.float32
    assert ink.ndim == 2
    assert ink.min() >= 0
    assert ink.max() == pytest.approx(1, abs=1e-5)
    assert max(ink.shape) <= picture_file.WORKING_SIDE
    assert difference(ink) < (0.08 if kind == "1 bit" else 0.012)


def test_empty_paper_and_plain_pictures_have_no_ink():
    rng = np.random.default_rng(6)
    for noise in (1, 4, 12):
        ramp = np.add.outer(np.linspace(-0.15, 0.15, 400), np.linspace(0.1, -0.1, 400))
        paper = (0.7 + ramp) * 255 + rng.normal(0, noise, (400, 400))
        picture = encoded(np.clip(paper, 0, 255).astype(np.uint8), "JPEG", quality=85)
        assert not has_ink(load_picture(picture))
    plain = [np.zeros((9, 9, 4), np.uint8), np.full((9, 9), 128, np.uint16)]
    for gray in (0, 128, 255):
        plain += [np.full(shape, gray, np.uint8) for shape in ((50, 50), (1, 1), (1, 200))]
    for values in plain:
        assert not has_ink(load_picture(encoded(values)))


def test_telephone_picture_is_turned_upright():
    upright = Image.fromarray(255 - digit())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    assert difference(load_picture(encoded(turned, "JPEG", exif=exif, quality=95))) < 0.012
    assert difference(load_picture(encoded(turned, "PNG", exif=exif))) < 0.012
    for orientation, wanted in ((1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))):
        exif[0x0112] = orientation
        content = encoded(Image.new("L", (30, 20), 255), "JPEG", exif=exif)
        assert picture_size(content) == wanted


def test_what_is_no_picture_is_said(tmp_path):
    path = tmp_path / "file.png"
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
    for content, words in ((b"hello", "not a"), (b"", "empty file"), (postscript, "not a picture")):
        path.write_bytes(content)
        with pytest.raises(PictureError, match=rf"file\.png.*{words}"):
            load_picture(path)
    path.write_bytes(encoded(255 - digit()))
    assert difference(load_picture(str(path))) < 0.012
    for name, words in (("none.png", "no file"), ("", "is a folder"), ("a\0b", "be used")):
        with pytest.raises(PictureError, match=words):
            load_picture(f"{tmp_path}/{name}")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
def test_cut_short(kind):
    content = encoded(255 - digit(), kind)
    with pytest.raises(PictureError, match=r"damaged or cut short|not a picture"):
        load_picture(content[: len(content) // 2])


def test_several_pages_and_too_many_pixels(monkeypatch):
    pages = [Image.fromarray(digit()), Image.fromarray(255 - digit())]
    for kind in ("TIFF", "GIF"):
        content = encoded(pages[0], kind, save_all=True, append_images=pages[1:])
        with pytest.raises(PictureError, match=r"\(2\)"):
            load_picture(content)
    monkeypatch.setattr(picture_file, "MAX_PIXELS", 50_000)
    with pytest.raises(PictureError, match="280×280 pixels"):
        load_picture(encoded(digit()))
    header = encoded(np.zeros((1, 1), np.uint8), "BMP")
    huge = header[:18] + (60_000).to_bytes(4, "little") * 2 + header[26:]
    with pytest.raises(PictureError, match=r"too large|60,000×60,000"):
        load_picture(huge)


@given(st.data())
@settings(max_examples=150)
def test_damaged_pictures_give_picture_errors_or_ink(data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "TIFF"]))
    content = bytearray(encoded(255 - digit(40), kind))
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[position] = data.draw(st.integers(0, 255))
    try:
        ink = load_picture(bytes(content))
    except PictureError:
        return
    assert np.isfinite(ink).all()
    assert 0 <= ink.min() <= ink.max() <= 1.001


# -- photographs


PHOTOGRAPHS = (
    *("falling light", "shadow", "lamp", "crumpled", "dark edges, noise", "glare", "dark corner"),
    *("on a table", "pencil", "chalk", "ruled", "ruled, scanned", "squared", "squared, pencil"),
)


@pytest.mark.parametrize("kind", PHOTOGRAPHS)
def test_the_network_gets_what_was_written(kind):
    # Not hash(): it differs from run to run.
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    picture = load_dataset().test_images[rng.integers(100), 0]
    found = load_picture(photograph(picture, KINDS[kind], rng))
    assert has_ink(found)
    seen, own = normalise_ink(found), normalise_ink(picture)
    # The photograph's strokes are smoother than MNIST's own.
    assert np.corrcoef(seen.ravel(), own.ravel())[0, 1] > 0.85


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["hand", "hard shadow"])
def test_hard_edges_of_shadows_take_nothing_away(kind, seed):
    rng = np.random.default_rng(seed)
    picture = load_dataset().test_images[rng.integers(100), 0]
    found = load_picture(photograph(picture, KINDS[kind], rng))
    seen, own = normalise_ink(found), normalise_ink(picture)
    assert np.corrcoef(seen.ravel(), own.ravel())[0, 1] > 0.85


@pytest.mark.parametrize(
    "kind",
    [
        *(KINDS[name] for name in ("falling light", "squared", "ruled", "on a table")),
        Kind(lambda rng: 0.4 + 0.5 * crumpled(rng)),
    ],
)
def test_an_unwritten_sheet_holds_hardly_anything(kind):
    nothing = np.zeros((28, 28), np.uint8)
    found = load_picture(photograph(nothing, kind, np.random.default_rng(1)))
    assert np.count_nonzero(found) < 0.05 * found.size


@pytest.mark.parametrize("pen", [1.5, 2.5, 4, 24])
def test_digits_that_fill_the_picture_are_no_lines(pen):
    for digit in (1, 4, 7):
        ink = board(DIGITS[digit], pen, 300, 260, (30, 20)).astype(np.float32) / 255
        assert without_lines(ink) is ink


def test_strokes_stay_whole_where_lines_cross_them():
    ink = np.zeros((480, 640), np.float32)
    ink[80:392, 100:412] = board(DIGITS[8], 22, 312, 234, (39, 31)) / np.float32(255)
    down, across = np.mgrid[:480, :640]
    ruled = np.clip(1.5 - np.abs((down + 0.02 * across) % 40 - 20), 0, 1).astype(np.float32)
    cleaned = without_lines(np.maximum(ink, 0.5 * ruled))
    assert np.abs(cleaned - ink).mean() < 0.002
    assert np.abs(cleaned - ink)[ink > 0.9].mean() < 0.02


@pytest.mark.parametrize("quality", [40, 95])
@pytest.mark.parametrize("noise", [0, 3, 10])
def test_noise_of_a_camera_is_no_ink(quality, noise):
    """On paper that is lit evenly, too: the box lies around the digit, not the whole picture."""
    digit = load_dataset().test_images[0, 0].repeat(8, axis=0).repeat(8, axis=1)
    sheet = np.full((480, 640), 200.0)
    sheet[120:344, 210:434] -= 160 * (digit / 255)
    sheet = ndimage.gaussian_filter(sheet, 2)
    noisy = sheet[..., None] + np.random.default_rng(3).normal(0, noise, (480, 640, 3))
    content = encoded(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), "JPEG", quality=quality)
    top, left, bottom, right = ink_box(load_picture(content))
    assert 120 < top < bottom < 344
    assert 210 < left < right < 434


# -- few pixels


WAYS = [getattr(Image.Resampling, way) for way in ("NEAREST", "BILINEAR", "BICUBIC", "LANCZOS")]


def coarse_digit(index):
    """Return a digit of MNIST on 8 by 8 pixels, uint8."""
    image = load_dataset().test_images[index, 0, 4:24, 4:24].astype(float)
    rows = np.clip(
        np.minimum(np.arange(1, 9)[:, None] * 2.5, np.arange(1, 21))
        - np.maximum(np.arange(8)[:, None] * 2.5, np.arange(20)),
        0,
        None,
    )
    return np.rint(rows @ image @ rows.T / 2.5**2).astype(np.uint8)


def test_blocks_become_smooth():
    steps = []
    for index in range(20):
        blocks = np.kron(coarse_digit(index), np.ones((10, 10), np.uint8))
        pictures = [normalise_ink(ink) for ink in (InkPixels(blocks).smoothed(), blocks)]
        steps.append([np.abs(np.diff(picture, n=2, axis=1)).mean() for picture in pictures])
        # The same drawing in the same place, a little smaller: its rim is soft.
        assert np.corrcoef(pictures[0].ravel(), pictures[1].ravel())[0, 1] > 0.7
    smooth, blocky = np.mean(steps, axis=0)
    assert smooth < 0.8 * blocky


def test_what_is_not_coarse_stays_as_it_is():
    usual = load_dataset().test_images[3, 0]
    line = [[(0.1, 0.2), (0.5, 0.9)]]
    disc = np.where(np.hypot(*(np.mgrid[:280, :280] - 139.5)) < 90, 255, 0).astype(np.uint8)
    # The last has large pixels, but not few.
    inks = [usual, *(board(line, pen, scale=280) for pen in (12, 40)), disc]
    for ink in (*inks, np.kron(usual, np.ones((6, 6), np.uint8))):
        assert InkPixels(ink).smoothed() is ink
        assert not InkPixels(ink).are_few()
    for ink in (np.full((1, 1), 255, np.uint8), np.full((30, 30), 255, np.uint8)):
        assert np.isfinite(normalise_ink(InkPixels(ink).smoothed())).all()


def test_little_ink_on_much_paper_is_read_as_it_is():
    crumb = np.zeros((300, 300), np.uint8)
    crumb[100:102, 100:103] = 90
    # It has few pixels, which are not taken for an enlargement of none.
    assert before_enlarging(crumb) is None
    assert has_ink(InkPixels(crumb).smoothed())
    small = np.zeros((300, 300), np.uint8)
    small[120:150, 130:160] = digit(30)
    assert InkPixels(small).smoothed() is small
    assert not InkPixels(small).are_few()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.bool_])
def test_any_kind_of_ink(dtype):
    ink = np.zeros((9, 7), dtype)
    full = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    ink[2:7, 3] = full
    smooth = InkPixels(ink).smoothed()
    assert smooth.dtype == np.float32
    assert (smooth.min(), smooth.max()) == pytest.approx((0, 1), abs=0.05)
    assert smooth.shape[0] > smooth.shape[1]


@pytest.mark.parametrize("index", range(10))
def test_few_pixels_are_known_however_they_were_enlarged(index):
    small, usual = coarse_digit(index), load_dataset().test_images[index, 0]
    assert InkPixels(small).are_few()
    assert not InkPixels(usual).are_few()
    for way in WAYS[:3]:
        assert InkPixels(np.asarray(Image.fromarray(small).resize((280, 280), way))).are_few()
        assert not InkPixels(np.asarray(Image.fromarray(usual).resize((280, 280), way))).are_few()


@pytest.mark.parametrize("side", [100, 280])
@pytest.mark.parametrize("way", WAYS)
def test_the_way_in_which_few_pixels_were_enlarged_makes_no_difference(way, side):
    for index in range(10):
        small = coarse_digit(index)
        enlarged = np.asarray(Image.fromarray(small).resize((side, side), way))
        read = normalise_ink(InkPixels(enlarged).smoothed())
        wanted = normalise_ink(InkPixels(small).smoothed())
        assert np.abs(read - wanted).mean() < 0.01


def test_blocks_of_two_sizes_are_found_wherever_their_edges_fall():
    small = coarse_digit(3)
    # As OpenCV enlarges: other pixels than Pillow's are the last of their block.
    rows = np.arange(100) * 8 // 100
    found = without_blocks(small[np.ix_(rows, rows)])
    assert found is not None
    np.testing.assert_array_equal(found, small)


@pytest.mark.parametrize("shape", [(280, 260), (150, 140), (900, 836)])
def test_pictures_of_any_shape_are_brought_back(shape):
    small = np.pad(coarse_digit(4), ((3, 3), (2, 3)))
    enlarged = Image.fromarray(small).resize(shape[::-1], Image.Resampling.BICUBIC)
    found = before_enlarging(np.asarray(enlarged))
    assert found is not None
    assert found == pytest.approx(small / small.max(), abs=0.1)


def test_a_hand_s_shadow_is_no_ink_and_takes_none_away():
    down, across = np.mgrid[0:350, 0:450].astype(np.float32)
    along = 0.8 * across + 0.6 * down - 345
    aside = 0.8 * down - 0.6 * across + 15
    shade = (along > 60) & (abs(aside) < 110)
    for finger in (-80, -25, 30, 85):
        shade |= (along > -30) & (abs(aside - finger) < 18)
    stroke = (abs(across - 210) < 6) & (abs(down - 175) < 60)
    light = 0.95 - 0.5 * ndimage.gaussian_filter(shade.astype(np.float32), 2)
    noise = np.random.default_rng(0).normal(0, 0.01, light.shape)
    photo = np.where(stroke, 0.12, 0.93) * light + noise
    ink = ink_on_paper(np.clip(photo, 0, 1).astype(np.float32))
    beside = ~ndimage.binary_dilation(stroke, iterations=4)
    assert ink[stroke].mean() > 0.9
    assert ink[beside].max() < 0.3
