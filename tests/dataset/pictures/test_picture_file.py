"""Picture files: every kind gives the same ink, and every fault a sentence."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import has_ink, normalise_ink
from mnist_draw.dataset.pictures import picture_file
from mnist_draw.dataset.pictures.ink_on_paper import otsu_threshold
from mnist_draw.dataset.pictures.picture_file import (
    PictureError,
    load_picture,
    picture_size,
)


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


KINDS: dict[str, Callable[[], bytes]] = {
    "light on dark": lambda: encoded(digit()),
    "dark on light": lambda: encoded(255 - digit()),
    "grey on grey": lambda: encoded((100 + digit() // 4).astype(np.uint8)),
    "JPEG": lambda: encoded(255 - digit(), "JPEG", quality=70),
    "BMP": lambda: encoded(255 - digit(), "BMP"),
    "GIF": lambda: encoded(255 - digit(), "GIF"),
    "TIFF": lambda: encoded(255 - digit(), "TIFF"),
    "large": lambda: encoded(255 - digit(2000)),
    "colour": lambda: encoded(np.stack([digit() // 8, digit() // 2, digit()], axis=2)),
    "palette": lambda: encoded(Image.fromarray(255 - digit()).convert("P")),
    "16 bits": lambda: encoded(digit().astype(np.uint16) * 100),
    "float": lambda: encoded(1000 - digit().astype(np.float32), "TIFF"),
    "CMYK": lambda: encoded(Image.fromarray(digit()).convert("CMYK"), "JPEG", quality=95),
    "ink on nothing": lambda: encoded(np.dstack([np.zeros((280, 280, 3), np.uint8), digit()])),
    "chalk on nothing": lambda: encoded(
        np.dstack([np.full((280, 280, 3), 255, np.uint8), digit()])
    ),
    "paper with transparent corners": lambda: encoded(
        np.dstack([np.repeat(255 - digit()[..., None], 3, axis=2), corners()])
    ),
}


def corners():
    opacity = np.full((280, 280), 255, np.uint8)
    opacity[:20, :20] = opacity[-20:, -20:] = 0
    return opacity


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_ink(kind):
    ink = load_picture(KINDS[kind]())
    assert ink.dtype == np.float32
    assert ink.ndim == 2
    assert ink.min() >= 0
    assert ink.max() == pytest.approx(1, abs=1e-5)
    assert max(ink.shape) <= picture_file.WORKING_SIDE
    assert difference(ink) < 0.012


def test_picture_of_mnist_itself_hardly_changes():
    picture = load_dataset().test_images[0, 0]
    for content in (encoded(picture), encoded(255 - picture)):
        assert np.abs(normalise_ink(load_picture(content)) - picture / 256).max() < 0.01


def test_black_and_white_bitmap():
    assert difference(load_picture(encoded(Image.fromarray(digit()).convert("1")))) < 0.08


def test_photograph_of_empty_paper_has_no_ink():
    rng = np.random.default_rng(6)
    for noise in (1, 4, 12):
        ramp = np.add.outer(np.linspace(-0.15, 0.15, 400), np.linspace(0.1, -0.1, 400))
        paper = (0.7 + ramp) * 255 + rng.normal(0, noise, (400, 400))
        picture = encoded(np.clip(paper, 0, 255).astype(np.uint8), "JPEG", quality=85)
        assert not has_ink(load_picture(picture))


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_plain_picture_has_no_ink(grey):
    for shape in ((50, 50), (1, 1), (1, 200)):
        assert not has_ink(load_picture(encoded(np.full(shape, grey, np.uint8))))
    assert not has_ink(load_picture(encoded(np.full((9, 9), grey, np.uint16))))
    assert not has_ink(load_picture(encoded(np.zeros((9, 9, 4), np.uint8))))


def test_telephone_picture_is_turned_upright():
    upright = Image.fromarray(255 - digit())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    assert difference(load_picture(encoded(turned, "JPEG", exif=exif, quality=95))) < 0.012
    assert difference(load_picture(encoded(turned, "PNG", exif=exif))) < 0.012


def test_reads_files_and_names_them(tmp_path):
    path = tmp_path / "Ziffer 1.png"
    path.write_bytes(encoded(255 - digit()))
    assert difference(load_picture(path)) < 0.012
    assert difference(load_picture(str(path))) < 0.012


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello, this is no picture", "not a picture that can be read"),
        (b"", "empty file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
    ids=["text", "nothing", "PostScript"],
)
def test_what_is_no_picture_is_said(content, message, tmp_path):
    path = tmp_path / "file.png"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=message) as caught:
        load_picture(path)
    assert "file.png" in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
def test_cut_short(kind):
    content = encoded(255 - digit(), kind)
    with pytest.raises(PictureError, match=r"damaged or cut short|not a picture"):
        load_picture(content[: len(content) // 2])


def test_several_pages():
    pages = [Image.fromarray(digit()), Image.fromarray(255 - digit())]
    for kind in ("TIFF", "GIF"):
        content = encoded(pages[0], kind, save_all=True, append_images=pages[1:])
        with pytest.raises(PictureError, match="holds 2 pictures"):
            load_picture(content)


def test_too_many_pixels(monkeypatch):
    monkeypatch.setattr(picture_file, "MAX_PIXELS", 50_000)
    with pytest.raises(PictureError, match="280×280 pixels"):
        load_picture(encoded(digit()))


def test_picture_that_unfolds_into_gigabytes_is_refused_unread():
    header = encoded(np.zeros((1, 1), np.uint8), "BMP")
    huge = header[:18] + (60_000).to_bytes(4, "little") * 2 + header[26:]
    with pytest.raises(PictureError, match=r"too large|60,000×60,000"):
        load_picture(huge)


def test_not_a_file(tmp_path):
    with pytest.raises(PictureError, match="does not exist"):
        load_picture(tmp_path / "none.png")
    with pytest.raises(PictureError, match="is a folder"):
        load_picture(tmp_path)
    with pytest.raises(PictureError, match="could not be read"):
        load_picture(f"{tmp_path}/a\0b")
    if os.name != "nt":
        with pytest.raises(PictureError, match="not a regular file"):
            load_picture("/dev/zero")


@given(st.data())
@settings(max_examples=150, deadline=None)
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


def test_otsu_parts_two_peaks_in_the_middle():
    values = np.array([0.2] * 50 + [0.8] * 10)
    assert otsu_threshold(values) == pytest.approx(0.5, abs=0.01)
    assert 0 <= otsu_threshold(np.full(9, 0.3)) <= 1


def test_size_is_that_of_the_upright_picture():
    picture = Image.new("L", (30, 20), 255)
    for orientation, wanted in ((1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))):
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = io.BytesIO()
        picture.save(stored, "JPEG", exif=exif)
        assert picture_size(stored.getvalue()) == wanted
    with pytest.raises(PictureError, match="empty file"):
        picture_size(b"")
