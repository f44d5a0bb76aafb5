"""The exported Python program: read pictures with NumPy alone.

`mnist_draw.recognition.network_formats` copies this module, without the docstring and the
imports of other modules, behind those that it uses, and the network behind it.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import SIDE, has_ink, normalise_ink
from mnist_draw.dataset.pictures.ink_on_paper import border
from mnist_draw.dataset.pictures.picture_file import on_a_ground
from mnist_draw.networks.operations import Operation, forward
from mnist_draw.recognition.answer import apply_temperature

Array = npt.NDArray[np.generic]

# The values of a network are at the end of the written file.
NETWORK: tuple[Operation, ...] = ()
TEMPERATURE = 1.0
#: Longer side of the normalised ink, in pixels of 28.
INK_SIDE = 20
CLASS_NAMES: tuple[str, ...] = ()
#: The bytes of an .npz file as text (Base64).
PARAMETERS = ""


def load_parameters() -> list[npt.NDArray[np.float32]]:
    """Return the network's weights and biases, from the picture on."""
    with np.load(io.BytesIO(base64.b64decode(PARAMETERS))) as archive:
        return [archive[f"arr_{number}"] for number in range(len(archive.files))]


def predict(pictures: Array) -> npt.NDArray[np.float32]:
    """Return the probabilities, float32 (N, classes), of gray levels 0 to 255, ink high.

    Pictures are placed as in MNIST: (N, 1, 28, 28), (N, 28, 28) or (28, 28); others raise
    ValueError.
    """
    # Rows of 784 pixels are accepted, too.
    if pictures.shape[-2:] != (SIDE, SIDE) and pictures.shape[-1:] != (SIDE * SIDE,):
        raise ValueError(
            f"the pictures have the shape {pictures.shape}, but the network reads {SIDE} by {SIDE} "
            f"pixels: (N, {SIDE}, {SIDE})",
        )
    scaled = pictures.reshape(-1, 1, SIDE, SIDE).astype(np.float32) / np.float32(256)
    return apply_temperature(forward(NETWORK, load_parameters(), scaled), TEMPERATURE)


def read_picture(name: str) -> Array:
    """Return a file's gray levels, ink high: the array of an .npy file, or one picture."""
    if name.endswith(".npy"):
        return np.load(name, allow_pickle=False)
    from PIL import Image

    with Image.open(name) as image:
        if image.mode[0] in "IF":
            # The range of 16-bit and floating-point gray is unknown.
            gray = np.asarray(image, np.float32)
            gray = 255 * (gray - gray.min()) / max(float(np.ptp(gray)), 1e-30)
        else:
            rgba = image.convert("RGBA")
            planes = np.asarray(rgba.convert("LA"), np.float32) / np.float32(255)
            gray = 255 * on_a_ground(planes[..., 0], planes[..., 1])
    # Paper is at the edge.
    return 255 - gray if np.median(border(gray)) > 127 else gray


def shown(text: str) -> str:
    """Escape what a terminal would execute."""
    return text if text.isprintable() else ascii(text)[1:-1]


def main(names: Sequence[str]) -> int:
    """Print the answer for each picture; return 1 if one cannot be read."""
    if not names or names[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if names else 2
    status = 0
    for file in names:
        name = shown(file)
        try:
            pictures = read_picture(file)
            if pictures.shape[-2:] != (SIDE, SIDE):
                if not has_ink(pictures):
                    raise ValueError("there is no ink on the picture")
                pictures = normalise_ink(pictures, INK_SIDE) * np.float32(256)
            for row in predict(pictures):
                best = int(row.argmax())
                share = "over 99.9" if row[best] > 0.9995 else f"{100 * row[best]:.1f}"
                print(f"{name}: {CLASS_NAMES[best]} ({share}%)", flush=True)
        except ModuleNotFoundError:
            print(f"{name}: only .npy files can be read without Pillow", file=sys.stderr)
            status = 1
        except FileNotFoundError:
            print(f"{name}: there is no such file", file=sys.stderr)
            status = 1
        except (OSError, ValueError) as error:
            print(f"{name}: {shown(str(error))}", file=sys.stderr)
            status = 1
    return status
