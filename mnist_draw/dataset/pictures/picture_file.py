"""Picture files become ink: any size, dark on light or light on dark, drawn or photographed.

A picture is decoded, turned upright, laid on a ground that shows its transparent parts, and
separated from its ground.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO, TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from mnist_draw.arrays import Floats
from mnist_draw.dataset.picture_formats import read_formats
from mnist_draw.dataset.pictures.ink_on_paper import border, ink_on_paper
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, number
from mnist_draw.storage.opening import MEGABYTE, PathName, open_file, reading

T = TypeVar("T")

#: Larger pictures could fill the memory when decoded.
MAX_PIXELS = 100_000_000
#: A decoded picture may take as much: Pillow has four bytes for a colored pixel and one for a gray
#: one.
MAX_DECODED_BYTES = 200 * MEGABYTE
#: Pillow's decoder of WebP keeps the whole picture several times (15 bytes for each pixel), and
#: that of plain PNM, a number in letters for each sample, reads about a megabyte a second.
MAX_WEBP_PIXELS = 16_000_000
MAX_PLAIN_BYTES = 4 * MEGABYTE
MAX_FILE_BYTES = 512 * MEGABYTE
#: Pictures are reduced to at most this side before they are looked at.
WORKING_SIDE = 800
# A telephone stores further views in its JPEG files; the first is the photograph.
_MANY_VIEWS_ALLOWED = ("JPEG", "MPO")
#: Pixels that are converted at a time.
_BAND_PIXELS = 2_000_000
# The EXIF tag that says how the camera was held; 1 is upright.
_ORIENTATION = 0x0112


class PictureError(UserError):
    """A picture file is damaged, of an unknown format, too large, or holds several pictures."""


def load_picture(source: PathName | bytes) -> Floats:
    """Read a file, or the content of one, and find the ink on it: float32 (H, W).

    It is 0 for the ground to 1 for the strongest ink, at most 800 pixels long; all 0 when there is
    nothing on the picture. A `PictureError` names the file and what is wrong with it.
    """
    luminance, opacity = _opened(source, _planes)
    return ink_on_paper(on_a_ground(luminance, opacity))


def picture_size(source: PathName | bytes) -> tuple[int, int]:
    """Return width and height of the whole upright picture, from the beginning of its file."""
    return _opened(source, _upright_size)


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(_ORIENTATION, 1))


def _upright_size(image: Image.Image, _name: str) -> tuple[int, int]:
    width, height = image.size
    # From 5 on, the camera was held on its side.
    return (height, width) if _orientation(image) >= 5 else (width, height)


@contextlib.contextmanager
def _bytes_of(source: PathName | bytes) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with reading(source, PictureError), open_file(source, MAX_FILE_BYTES) as file:
        yield file


def _opened(source: PathName | bytes, look: Callable[[Image.Image, str], T]) -> T:
    """Open a picture, check it, and return the result of `look`."""
    if isinstance(source, bytes):
        name = _("The picture")
    else:
        name = _("The picture {path}", path=os.fspath(source))
    Image.init()
    try:
        with warnings.catch_warnings(), _bytes_of(source) as file:
            # Pillow warns of large pictures and of damaged EXIF data: the size is checked
            # below, and without EXIF a picture is not rotated.
            warnings.simplefilter("ignore")
            silence_libtiff()
            _check_file(file, name)
            formats = [known.decoder for known in read_formats() if known.decoder in Image.OPEN]
            with Image.open(file, formats=formats) as image:
                _check(image, name)
                return look(image, name)
    except UserError:
        raise
    except UnidentifiedImageError:
        raise PictureError(
            "{name} is not a picture that can be read. Save it as PNG, JPEG or BMP.",
            name=name,
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(
            "{name} is too large; at most {most} megapixels are read.",
            name=name,
            most=MAX_PIXELS // 1_000_000,
        ) from None
    except MemoryError:
        raise PictureError("{name} is too large for this computer's memory.", name=name) from None
    # What Pillow's decoders raise for damaged files is not documented and changes: OSError,
    # SyntaxError, ValueError, struct.error, EOFError and others were seen.
    except Exception as error:
        raise PictureError(
            "{name} is damaged or cut short ({error}).",
            name=name,
            error=str(error)[:200],
        ) from error


def _check_file(file: BinaryIO, name: str) -> None:
    """Refuse files that would keep the decoder busy for minutes."""
    start = file.read(12)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if not start:
        raise PictureError("{name} is an empty file.", name=name)
    plain = start[:2] in (b"P1", b"P2", b"P3")
    if plain and size > MAX_PLAIN_BYTES:
        raise PictureError(
            "{name} is a plain PNM file of {size} MB; at most {most} MB of those are read. Save "
            "it as PNG.",
            name=name,
            size=number(size / 1e6, ",.0f"),
            most=number(MAX_PLAIN_BYTES / 1e6, ",.0f"),
        )


def check_pixels(width: int, height: int, name: str) -> None:
    """Refuse a picture of too many pixels, before it is decoded; raises `PictureError`."""
    if width * height > MAX_PIXELS:
        raise PictureError(
            "{name} has {width}×{height} pixels ({size} megapixels); at most {most} megapixels "
            "are read. Save it smaller.",
            name=name,
            width=number(width),
            height=number(height),
            size=number(width * height / 1e6, ",.0f"),
            most=MAX_PIXELS // 1_000_000,
        )


def _check(image: Image.Image, name: str) -> None:
    width, height = image.size
    check_pixels(width, height, name)
    if width * height == 0:
        raise PictureError("{name} has no pixels.", name=name)
    pages = getattr(image, "n_frames", 1)
    if pages > 1 and image.format not in _MANY_VIEWS_ALLOWED:
        raise PictureError(
            "{name} holds several pictures ({count}). Save the one you mean on its own.",
            name=name,
            count=pages,
        )


def _decoded_bytes(image: Image.Image) -> int:
    each = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    return image.width * image.height * each


def _check_decoded(image: Image.Image, name: str) -> None:
    """Refuse pictures with few enough pixels, but too much memory for each."""
    pixels = image.width * image.height
    if image.format == "WEBP" and pixels > MAX_WEBP_PIXELS:
        most = MAX_WEBP_PIXELS
    elif _decoded_bytes(image) > MAX_DECODED_BYTES:
        most = MAX_DECODED_BYTES * pixels // _decoded_bytes(image)
    elif image.format == "JPEG" and image.info.get("progressive") and pixels > MAX_PIXELS // 2:
        # Its coefficients stay in memory until the last pass.
        most = MAX_PIXELS // 2
    else:
        return
    raise PictureError(
        "{name} has {size} megapixels; of its kind ({format}, {mode}) at most {most} are read. "
        "Save it smaller, or as JPEG.",
        name=name,
        size=number(pixels / 1e6, ",.0f"),
        format=image.format,
        mode=image.mode,
        most=number(most / 1e6, ",.0f"),
    )


def _planes(image: Image.Image, name: str) -> tuple[Floats, Floats | None]:
    """Return luminance and opacity, if the picture has any, both 0 to 1."""
    if image.format == "JPEG":
        # Lets the decoder shrink while it decodes: ten times faster for a photograph.
        shrink = max(1, max(image.size) // (2 * WORKING_SIDE))
        mode = "RGB" if image.mode == "RGB" else None
        image.draft(mode, (max(1, image.width // shrink), max(1, image.height // shrink)))
    _check_decoded(image, name)
    orientation = _orientation(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _upright(_stretched(image), orientation), None
    if "A" in image.getbands() or "transparency" in image.info:
        luminance = _reduced(image, lambda band: _rgba(band).convert("L"))
        opacity = _reduced(image, lambda band: _rgba(band).getchannel("A"))
        return _upright(luminance, orientation), _upright(opacity, orientation)
    return _upright(_reduced(image, lambda band: band.convert("L")), orientation), None


def _rgba(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGBA" else image.convert("RGBA")


def _upright(plane: Floats, orientation: int) -> Floats:
    """Turn a picture as EXIF says the camera was held."""
    if not 2 <= orientation <= 8:
        return plane
    # Of each four, the first is not mirrored, the second across, the third both ways.
    down, across = ((1, 1), (1, -1), (-1, -1), (-1, 1))[(orientation - 1) % 4]
    turned = plane.T if orientation >= 5 else plane
    return np.ascontiguousarray(turned[::down, ::across])


def _stretched(image: Image.Image) -> Floats:
    """Stretch 16-bit or floating-point gray, whose range is unknown, to 0 to 1."""
    ends = [(float(values.min()), float(values.max())) for values in map(_finite, _bands(image, 1))]
    low = min(low for low, _ in ends)
    high = max(high for _, high in ends)
    if high <= low:
        return np.zeros((1, 1), np.float32)

    def stretch(band: Image.Image) -> Image.Image:
        return Image.fromarray(((_finite(band) - low) / (high - low)).astype(np.float32))

    return _reduced(image, stretch, full=1.0)


def _finite(image: Image.Image) -> Floats:
    values = np.asarray(image, dtype=np.float32)
    return np.where(np.isfinite(values), values, np.float32(0))


def _bands(image: Image.Image, rows: int) -> Iterator[Image.Image]:
    """Yield bands of a picture, top to bottom, whose height is a multiple of `rows`."""
    height = rows * max(1, _BAND_PIXELS // (image.width * rows))
    for top in range(0, image.height, height):
        yield image.crop((0, top, image.width, min(top + height, image.height)))


def _reduced(
    image: Image.Image,
    convert: Callable[[Image.Image], Image.Image],
    full: float = 255.0,
) -> Floats:
    """Convert, and average whole blocks of pixels until the picture fits the working size."""
    factor = -(-max(image.size) // WORKING_SIDE)
    converted = map(convert, _bands(image, factor))
    planes = [
        np.asarray(band.reduce(factor) if factor > 1 else band, dtype=np.float32)
        for band in converted
    ]
    return np.concatenate(planes) / np.float32(full)


def on_a_ground(luminance: Floats, opacity: Floats | None) -> Floats:
    """Put a transparent picture on a ground that contrasts with its opaque part."""
    if opacity is None or float(opacity.min()) > 0.99:
        return luminance
    total = float(opacity.sum())
    if total == 0:
        return np.zeros_like(luminance)
    if float(np.median(border(opacity))) > 0.5:
        # An opaque picture with holes: fill them with the color of its border.
        rim = border(luminance)[border(opacity) > 0.5]
        ground: Any = np.median(rim)
    else:
        ground = 1.0 if float((luminance * opacity).sum()) / total < 0.5 else 0.0
    return luminance * opacity + np.float32(ground) * (1 - opacity)


@lru_cache(maxsize=1)
def silence_libtiff() -> None:
    """Remove libtiff's printing functions: Pillow raises an exception for the same damage.

    Where libtiff is a part of Pillow, as on Windows, it goes on printing.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError):
        from PIL import _imaging

        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
