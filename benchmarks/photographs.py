"""Measure how many digits on made-up photographs of paper are read rightly.

Test digits of MNIST, smoothed and sharpened to strokes of a pen, are written on a sheet, which is
then lit, blurred, made noisy and stored as a JPEG file; the program reads the file as it reads
one that is dropped on the board::

    python benchmarks/photographs.py [--model FILE.npz] [--each N] [--seed N] [--noise] [--json]

With ``--noise`` clear digits on evenly lit paper are counted, for each noise of the sensor and
each quality of the JPEG file.

Each kind is one way in which photographs differ from drawings; all of them vary size, place,
sharpness and direction at random.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import has_ink
from mnist_draw.dataset.pictures.picture_file import load_picture
from mnist_draw.errors import UserError

WIDTH, HEIGHT = 900, 700
DOWN, ACROSS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
#: The same from -0.5 to 0.5.
U, V = ACROSS / WIDTH - 0.5, DOWN / HEIGHT - 0.5
WHITE, BOARD = (0.93, 0.92, 0.89), (0.12, 0.2, 0.16)
BLACK, BLUE, RED = (0.12, 0.12, 0.18), (0.15, 0.2, 0.55), (0.8, 0.15, 0.2)
PENCIL, FAINT, CHALK = (0.45, 0.45, 0.47), (0.66, 0.66, 0.68), (0.85, 0.87, 0.85)
RULED, SQUARED, DARK = (0.5, 0.6, 0.85), (0.55, 0.65, 0.85), (0.35, 0.4, 0.6)
Rng = np.random.Generator
Plane = np.ndarray


@dataclass(frozen=True)
class Kind:
    """One way to make a photograph.

    Attributes
    ----------
    light : callable
        Returns the light on each pixel, (H, W).
    pen, paper : tuple of float
        Colors, 0 to 1.
    lines : tuple of (distance, width, color, upright)
        Of ruled paper, in pixels.
    sides : tuple of int
        Heights of MNIST's 28 pixels on the photograph.
    swell : int
        By how many pixels strokes are widened.
    noise : float
        Standard deviation of the noise, of 255.
    table : bool
        Whether the sheet lies on a table.
    """

    light: Callable[[Rng], Plane]
    pen: tuple[float, float, float] = BLACK
    paper: tuple[float, float, float] = WHITE
    lines: tuple[tuple[tuple[float, float], float, tuple[float, float, float], bool], ...] = ()
    sides: tuple[int, ...] = (168, 224, 308, 392)
    swell: int = 0
    noise: float = 5
    table: bool = field(default=False)


def even(rng: Rng) -> Plane:
    return np.ones_like(U)


def _fall(rng: Rng) -> Plane:
    angle = rng.uniform(0, 2 * np.pi)
    return U * np.cos(angle) + V * np.sin(angle)


def falling(rng: Rng) -> Plane:
    return 0.75 + 0.45 * _fall(rng)


def shadow(rng: Rng) -> Plane:
    edge = (_fall(rng) - rng.uniform(-0.15, 0.15)) * WIDTH / rng.uniform(8, 60)
    return 0.95 - 0.45 / (1 + np.exp(-edge))


def lamp(rng: Rng) -> Plane:
    x, y = rng.uniform(-0.4, 0.4, 2)
    return 0.35 + 0.65 * np.exp(-((U - x) ** 2 + (V - y) ** 2) / 0.25)


def crumpled(rng: Rng) -> Plane:
    return 0.85 + ndimage.gaussian_filter(rng.normal(0, 1, U.shape), 30) * 6


def vignette(rng: Rng) -> Plane:
    return 1 - 0.9 * (U**2 + V**2)


def glare(rng: Rng) -> Plane:
    return 0.7 + 0.5 * np.exp(-((U - 0.3) ** 2 + (V + 0.3) ** 2) / 0.02)


def dark_corner(rng: Rng) -> Plane:
    return 1 - 0.75 / (1 + np.exp(-(U + V - 0.55) * 25))


def hard_shadow(rng: Rng) -> Plane:
    """Return the light beside an edge, such as a book's, whose shadow ends within few pixels."""
    angle = rng.uniform(0, 2 * np.pi)
    x, y = rng.uniform(-0.12, 0.12, 2)
    away = ((U - x) * np.cos(angle) + (V - y) * np.sin(angle)) * WIDTH
    depth = rng.uniform(0.3, 0.55)
    return 0.95 - depth / (1 + np.exp(-np.clip(away / rng.uniform(0.7, 3), -50, 50)))


def hand(rng: Rng) -> Plane:
    """Return the light beside a hand: a wide shadow, and four fingers."""
    x, y = rng.uniform(-0.1, 0.1, 2)
    angle = rng.uniform(0, 2 * np.pi)
    down = (U - x) * np.cos(angle) + 0.8 * (V - y) * np.sin(angle)
    across = 0.8 * (V - y) * np.cos(angle) - (U - x) * np.sin(angle)
    shade = (down > 0.12) & (abs(across) < 0.22)
    for middle, tip in zip((-0.16, -0.05, 0.06, 0.17), (0.05, -0.08, -0.1, -0.02), strict=True):
        shade |= (down > tip) & (abs(across - middle) < 0.04)
    soft = ndimage.gaussian_filter(shade.astype(np.float32), rng.uniform(1.5, 6))
    return 0.95 - rng.uniform(0.3, 0.55) * soft


def wiped(rng: Rng) -> Plane:
    """Return the light on a blackboard that was wiped badly."""
    return (0.9 + 0.4 * _fall(rng)) * (
        1 + 4 * ndimage.gaussian_filter(rng.normal(0, 1, U.shape), 25)
    )


_RULED = ((60, 90), 2.5, RULED, False)
_SQUARED = (((35, 55), 2.0, SQUARED, False), ((35, 55), 2.0, SQUARED, True))

KINDS: dict[str, Kind] = {
    "plain": Kind(even),
    "falling light": Kind(falling),
    "shadow": Kind(shadow),
    "lamp": Kind(lamp),
    "crumpled": Kind(crumpled),
    "dark edges, noise": Kind(vignette, noise=14),
    "glare": Kind(glare),
    "dark corner": Kind(dark_corner),
    "on a table": Kind(falling, table=True),
    "small": Kind(falling, sides=(112,)),
    "marker": Kind(falling, sides=(560,), swell=25),
    "blue pen": Kind(falling, BLUE),
    "red pen": Kind(falling, RED),
    "pencil": Kind(falling, PENCIL),
    "faint pencil": Kind(falling, FAINT),
    "chalk": Kind(wiped, CHALK, BOARD),
    "ruled": Kind(falling, lines=(_RULED,)),
    "ruled, pencil": Kind(falling, PENCIL, lines=(_RULED,)),
    "ruled, scanned": Kind(even, lines=(_RULED,)),
    "squared": Kind(falling, BLUE, lines=_SQUARED),
    "squared, dark": Kind(
        falling,
        lines=tuple((distance, 2.5, DARK, up) for distance, _, _, up in _SQUARED),
    ),
    "squared, pencil": Kind(falling, PENCIL, lines=_SQUARED),
    "squared, faint": Kind(falling, FAINT, lines=_SQUARED),
    "squared, scanned": Kind(even, lines=_SQUARED),
    "hard shadow": Kind(hard_shadow),
    "hand": Kind(hand),
}


def written(digit: np.ndarray, side: int, swell: int) -> Plane:
    """Return a picture of MNIST as strokes of a pen: 0 to 1, (side, side)."""
    factor = side // digit.shape[0]
    smooth = ndimage.zoom(digit.astype(np.float32) / 255, factor, order=3)
    strokes = np.clip((ndimage.gaussian_filter(smooth, factor * 0.35) - 0.35) / 0.3, 0, 1)
    return ndimage.grey_dilation(strokes, size=(swell, swell)) if swell else strokes


def photograph(digit: np.ndarray, kind: Kind, rng: Rng) -> bytes:
    """Return a JPEG file."""
    ink = np.zeros_like(U)
    strokes = written(digit, int(rng.choice(kind.sides)), kind.swell)
    top, left = (rng.integers(40, length - len(strokes) - 40) for length in ink.shape)
    ink[top : top + len(strokes), left : left + len(strokes)] = strokes
    paper = np.ones((*U.shape, 3), np.float32) * kind.paper
    slope = rng.uniform(-0.04, 0.04)
    for (low, high), width, color, upright in kind.lines:
        along = ACROSS - slope * DOWN if upright else DOWN + slope * ACROSS
        distance = rng.uniform(low, high)
        off = np.abs((along + rng.uniform(0, distance)) % distance - distance / 2)
        line = 0.8 * np.clip(width / 2 + 0.5 - off, 0, 1)[..., None]
        paper = paper * (1 - line) + line * np.array(color)
    if kind.table:
        sheet = (abs(U + 0.005) < 0.435) & (abs(V + 0.005) < 0.445)
        mask = ndimage.gaussian_filter(sheet.astype(np.float32), 1.5)[..., None]
        grain = 1 + 0.15 * np.sin(ACROSS / 23 + np.sin(DOWN / 50))
        paper = paper * mask + grain[..., None] * np.array((0.32, 0.22, 0.15)) * (1 - mask)
    shown = paper * (1 - ink[..., None]) + ink[..., None] * np.array(kind.pen)
    sharpness = rng.uniform(0.5, 1.6)
    blurred = ndimage.gaussian_filter(shown * kind.light(rng)[..., None], (*(sharpness,) * 2, 0))
    noisy = blurred * 255 + rng.normal(0, kind.noise, blurred.shape)
    content = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(content, "JPEG", quality=80)
    return content.getvalue()


def measure(
    recogniser: Any,
    each: int,
    seed: int,
    kinds: dict[str, Kind] = KINDS,
) -> dict[str, int]:
    """Return how many digits of each kind are read rightly."""
    data = load_dataset()
    right = {}
    for number, (name, kind) in enumerate(kinds.items()):
        rng = np.random.default_rng((seed, number))
        chosen = rng.choice(len(data.test_images), each, replace=False)
        right[name] = 0
        for index in chosen:
            ink = load_picture(photograph(data.test_images[index, 0], kind, rng))
            digit = recogniser.recognise_ink(ink).digit if has_ink(ink) else None
            right[name] += int(digit == data.test_labels[index])
    return right


#: Noise of the sensor, standard deviations in gray levels, and qualities of the JPEG file.
SIGMAS, QUALITIES = (0, 1, 2, 3, 4, 5, 6, 8, 10), (40, 60, 80, 95)


def evenly_lit(digit: np.ndarray, sigma: float, quality: int, rng: Rng) -> bytes:
    """Return a JPEG file of a digit on evenly lit paper."""
    side = int(rng.choice((168, 224, 308)))
    ink = np.zeros_like(U)
    top, left = (rng.integers(20, length - side - 20) for length in ink.shape)
    ink[top : top + side, left : left + side] = written(digit, side, 0)
    paper, pen = rng.uniform(150, 240), rng.uniform(25, 70)
    light = ndimage.gaussian_filter(paper + (pen - paper) * ink, 0.8)[..., None]
    noisy = np.rint(light + rng.normal(0, sigma, (*ink.shape, 3)))
    content = io.BytesIO()
    picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    picture.save(content, "JPEG", quality=quality)
    return content.getvalue()


def measure_noise(recogniser: Any, each: int, seed: int) -> dict[int, list[int]]:
    """Return for each quality how many clear digits are read rightly at every noise.

    Clear are test digits that the network reads rightly, and surely, as MNIST has them.
    """
    data = load_dataset()
    answers = [recogniser.recognise_ink(image[0]) for image in data.test_images[: 4 * each]]
    clear = [
        n
        for n, answer in enumerate(answers)
        if answer.text == str(data.test_labels[n]) and answer.confidence > 0.95
    ][:each]
    found = {}
    for quality in QUALITIES:
        found[quality] = []
        for sigma in SIGMAS:
            right = 0
            for n in clear:
                rng = np.random.default_rng((seed, n))
                picture = evenly_lit(data.test_images[n, 0], sigma, quality, rng)
                ink = load_picture(picture)
                digit = recogniser.recognise_ink(ink).digit if has_ink(ink) else None
                right += int(digit == data.test_labels[n])
            found[quality].append(right)
    return found


def _report_noise(found: dict[int, list[int]], each: int) -> None:
    print("noise    " + "".join(f"{sigma:5}" for sigma in SIGMAS))
    for quality, counts in found.items():
        print(f"JPEG {quality:3} " + "".join(f"{count:5}" for count in counts) + f"  of {each}")


def main(argv: list[str] | None = None) -> int:
    """Print how many are read rightly."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", metavar="FILE.npz", help="the network (default: the shipped)")
    parser.add_argument("--each", type=int, default=20, help="photographs of each kind")
    parser.add_argument(
        "--noise",
        action="store_true",
        help="noise of the sensor × quality of the JPEG instead",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.each = 1
    from mnist_draw.library.networks import default_model
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    try:
        model = load_trained(arguments.model) if arguments.model else default_model()
    except UserError as error:
        print(f"photographs.py: {error}", file=sys.stderr)
        return 2
    recogniser = Recogniser(model)
    if arguments.noise:
        noise = measure_noise(recogniser, arguments.each, arguments.seed)
        if arguments.json:
            print(json.dumps({"sigmas": SIGMAS, "right": noise, "each": arguments.each}))
        else:
            _report_noise(noise, arguments.each)
        return 0
    kinds = dict(list(KINDS.items())[:3]) if arguments.quick else KINDS
    right = measure(recogniser, arguments.each, arguments.seed, kinds)
    total = arguments.each * len(right)
    if arguments.json:
        print(json.dumps({"right": right, "each": arguments.each, "total": total}))
        return 0
    for name, count in right.items():
        print(f"{name:20} {count:4} of {arguments.each}")
    print(f"{'all':20} {sum(right.values()):4} of {total}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
