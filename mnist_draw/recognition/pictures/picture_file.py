"""Picture files become ink: any size, dark on light or light on dark, drawn or photographed.

Steps: decode; turn upright; lay transparent pictures on a ground that shows them; find out
whether ink is darker or lighter than the ground by the picture's border; subtract the ground;
and, where the ground is not even (a photograph), keep only what Otsu's threshold takes for ink.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_draw.dataset.picture_formats import read_formats
from mnist_draw.errors import UserError
from mnist_draw.recognition.pictures.ink_on_paper import ink_on_paper
from mnist_draw.recognition.pictures.threshold import border
from mnist_draw.storage.errors import reason_of

Float = npt.NDArray[np.float32]
T = TypeVar("T")

#: Larger pictures are refused: unpacked, they could fill the memory.
MAX_PIXELS = 100_000_000
MAX_FILE_BYTES = 512 * 1024 * 1024
#: Pictures are reduced to at most this side before they are looked at.
WORKING_SIDE = 800
# A telephone stores further views in its JPEG files; the first is the photograph.
_MANY_VIEWS_ALLOWED = ("JPEG", "MPO")
# The EXIF tag that says how the camera was held; 1 is upright.
_ORIENTATION = 0x0112


class PictureError(UserError):
    """A picture file cannot be read or holds no single picture of a fitting size."""


def load_picture(source: str | os.PathLike[str] | bytes) -> Float:
    """Read a picture and find the ink on it.

    Parameters
    ----------
    source : str, os.PathLike or bytes
        A file, or the content of one, in a format that
        `mnist_draw.dataset.picture_formats` names.

    Returns
    -------
    numpy.ndarray, float32, shape (H, W)
        0 for the ground to 1 for the strongest ink, at most 800 pixels long; all 0 when there
        is nothing on the picture.

    Raises
    ------
    PictureError
        The sentence names the file and what is wrong with it.
    """
    name = "The picture" if isinstance(source, bytes) else f"The picture {os.fspath(source)}"
    content = source if isinstance(source, bytes) else _read_file(Path(source), name)
    luminance, opacity = _decode(content, name)
    return ink_on_paper(_on_a_ground(luminance, opacity))


def picture_size(source: str | os.PathLike[str] | bytes) -> tuple[int, int]:
    """Return how large a picture is, as it stands upright: width and height in its own pixels.

    What `load_picture` returns may be smaller. Only the beginning of the file is decoded.

    Raises
    ------
    PictureError
        As `load_picture` does.
    """
    name = "The picture" if isinstance(source, bytes) else f"The picture {os.fspath(source)}"
    content = source if isinstance(source, bytes) else _read_file(Path(source), name)
    return _opened(content, name, _upright_size)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    # From 5 on, the camera was held on its side.
    lying = image.getexif().get(_ORIENTATION, 1) >= 5
    return (height, width) if lying else (width, height)


def _read_file(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise PictureError(f"{name} is a folder. Name the picture files in it.")
        if path.exists() and not path.is_file():
            raise PictureError(f"{name} is not a regular file.")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise PictureError(
                f"{name} takes {size / 1e6:,.0f} MB; at most {MAX_FILE_BYTES / 1e6:,.0f} MB "
                "are read. Save it smaller."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist.") from None
    except OSError as error:
        raise PictureError(f"{name} could not be read: {reason_of(error)}.") from error
    except ValueError as error:
        raise PictureError(f"{name} could not be read: {error}.") from error


def _decode(content: bytes, name: str) -> tuple[Float, Float | None]:
    """Return luminance and opacity, both 0 to 1; no opacity where the picture has none."""
    return _opened(content, name, _planes)


def _opened(content: bytes, name: str, look: Callable[[Image.Image], T]) -> T:
    """Open a picture, check it, and return what `look` finds in it."""
    if not content:
        raise PictureError(f"{name} is an empty file.")
    Image.init()
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures and of damaged EXIF data: the size is checked
            # below, and without EXIF a picture is taken as it lies.
            warnings.simplefilter("ignore")
            formats = [known.decoder for known in read_formats() if known.decoder in Image.OPEN]
            with Image.open(io.BytesIO(content), formats=formats) as image:
                _check(image, name)
                return look(image)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(
            f"{name} is not a picture that can be read. Save it as PNG, JPEG or BMP."
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(
            f"{name} is too large; at most {MAX_PIXELS // 1_000_000} megapixels are read."
        ) from None
    except MemoryError:
        raise PictureError(f"{name} is too large for this computer's memory.") from None
    # What Pillow's decoders raise for damaged files is not documented and changes: OSError,
    # SyntaxError, ValueError, struct.error, EOFError and others were seen.
    except Exception as error:
        raise PictureError(f"{name} is damaged or cut short ({error}).") from error


def _check(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name} has {width:,}×{height:,} pixels ({width * height / 1e6:,.0f} megapixels); at "
            f"most {MAX_PIXELS // 1_000_000} megapixels are read. Save it smaller."
        )
    if width * height == 0:
        raise PictureError(f"{name} has no pixels.")
    pages = getattr(image, "n_frames", 1)
    if pages > 1 and image.format not in _MANY_VIEWS_ALLOWED:
        raise PictureError(f"{name} holds {pages} pictures. Save the one you mean on its own.")


def _planes(image: Image.Image) -> tuple[Float, Float | None]:
    if image.format == "JPEG":
        # Lets the decoder shrink while it decodes: ten times faster for a photograph.
        image.draft("RGB" if image.mode == "RGB" else None, (2 * WORKING_SIDE, 2 * WORKING_SIDE))
    # Asked first: the function copies, and a large picture is large enough once.
    if image.getexif().get(_ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _stretched(image), None
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        return _reduced(rgba.convert("L")), _reduced(rgba.getchannel("A"))
    return _reduced(image.convert("L")), None


def _stretched(image: Image.Image) -> Float:
    """Take 16-bit or floating-point grey: what the whole range means is unknown, so stretch."""
    values = np.asarray(image, dtype=np.float32)
    values = np.where(np.isfinite(values), values, 0)
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros((1, 1), np.float32)
    return _reduced(Image.fromarray(((values - low) / (high - low)).astype(np.float32)), full=1.0)


def _reduced(image: Image.Image, full: float = 255.0) -> Float:
    """Average whole blocks of pixels until the picture fits the working size."""
    factor = -(-max(image.size) // WORKING_SIDE)
    if factor > 1:
        image = image.reduce(factor)
    plane: Float = np.asarray(image, dtype=np.float32) / np.float32(full)
    return plane


def _on_a_ground(luminance: Float, opacity: Float | None) -> Float:
    """Lay a transparent picture on a ground that its opaque part stands out from."""
    if opacity is None or float(opacity.min()) > 0.99:
        return luminance
    total = float(opacity.sum())
    if total == 0:
        return np.zeros_like(luminance)
    if float(np.median(border(opacity))) > 0.5:
        # An opaque picture with holes: the holes take the colour of the picture's border.
        rim = border(luminance)[border(opacity) > 0.5]
        ground: Any = np.median(rim)
    else:
        ground = 1.0 if float((luminance * opacity).sum()) / total < 0.5 else 0.0
    laid: Float = luminance * opacity + np.float32(ground) * (1 - opacity)
    return laid
