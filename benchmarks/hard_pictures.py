"""Measure pictures of digits of which only the pixels are known, and which are hard to read.

Digits that people wrote with a pen, in the file that `drawn_digits.py` describes, are drawn on
the board and shown as pictures, without their strokes::

    python benchmarks/hard_pictures.py FILE.npz [--writers left-out] [--limit N] [--json]

========== ====================================================================================
thin       lines of 2 pixels on a board of 280
turned     by 15 degrees to either side, with the board's own pen
small      scikit-learn's 1,797 digits of 8 by 8 pixels, enlarged to 280: each pixel a block,
           and smoothly (bicubic); they need no file, and scikit-learn must be installed
========== ====================================================================================

Printed is how often what is shown is exactly the digit, how often it is the digit or two of which
it is the first ("3 or 8"), how often the first guess is right, and how often the answer is "?".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from drawn_digits import BOARD_PIXELS, WRITERS, WRITERS_HELP, InkFile, counted, load_ink, placed
from drawn_numbers import Board
from PIL import Image

from mnist_draw.errors import UserError

THIN = 2.0
TURN = 15.0
Pictures = Iterator[tuple[np.ndarray, int]]


def thin(ink: InkFile, rows: np.ndarray, board: Board) -> Pictures:
    """Yield digits written with a fine pen, and what they are."""
    for n in rows:
        yield board.ink(placed(ink.strokes(int(n)), (0, int(n))), THIN), int(ink.labels[n])


def turned(ink: InkFile, rows: np.ndarray, board: Board) -> Pictures:
    """Yield digits turned to one side or the other by turns, and what they are."""
    for rank, n in enumerate(rows):
        angle = np.radians(TURN if rank % 2 else -TURN)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        strokes = [stroke @ turn for stroke in ink.strokes(int(n))]
        yield board.ink(placed(strokes, (0, int(n)))), int(ink.labels[n])


def small(resampling: Image.Resampling, limit: int | None) -> Pictures:
    """Yield scikit-learn's digits, enlarged, and what they are."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UserError("scikit-learn is not installed; its digits cannot be measured.") from None
    data = load_digits()
    for n in np.random.default_rng(0).permutation(len(data.images))[:limit]:
        gray = Image.fromarray(np.rint(data.images[n] * 255 / 16).astype(np.uint8))
        enlarged = gray.resize((BOARD_PIXELS, BOARD_PIXELS), resampling)
        yield np.asarray(enlarged), int(data.target[n])


def measure(pictures: Pictures, reader: Any) -> dict[str, float]:
    """Return the shares of right labels, digits, first guesses and "?", and how many there are."""
    shown, named, guessed, refused = [], [], [], []
    for picture, label in pictures:
        answer = reader.recognise_ink(picture)
        number = reader.read_number(picture, answer)
        text = number.text if number.is_number else answer.text
        shown.append(text == str(label))
        named.append(answer.digit == label and not number.is_number)
        guessed.append(int(answer.probabilities.argmax()) == label)
        refused.append(text == "?")
    return {
        "digits": len(shown),
        "label": float(np.mean(shown)),
        "digit": float(np.mean(named)),
        "accuracy": float(np.mean(guessed)),
        "refused": float(np.mean(refused)),
    }


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure pictures that are hard to read.")
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="digits as strokes")
    parser.add_argument("--model", metavar="FILE.npz", help="default: the network that ships")
    parser.add_argument("--limit", type=int, metavar="N", help="a random choice of N of each kind")
    parser.add_argument("--writers", choices=WRITERS, default="all", help=WRITERS_HELP)
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.limit = 4
    if arguments.limit is not None and arguments.limit < 1:
        parser.error(f"--limit is {arguments.limit}; it must be at least 1")
    try:
        results = _run(arguments)
    except UserError as error:
        print(f"hard_pictures: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(results))
        return 0
    print(f'{"":22}digits    label    digit  first guess     "?"')
    for name, row in results.items():
        print(
            f"{name:22}{row['digits']:6,.0f} {row['label']:8.2%} {row['digit']:8.2%} "
            f"{row['accuracy']:12.2%} {row['refused']:7.2%}",
        )
    return 0


def _run(arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    from mnist_draw.library.networks import default_model
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    ink, board = load_ink(arguments.file), Board()
    reader = Recogniser(
        default_model() if arguments.model is None else load_trained(arguments.model),
    )
    rows = np.flatnonzero(counted(ink, arguments.writers))
    rows = np.sort(np.random.default_rng(0).permutation(rows)[: arguments.limit])
    kinds: dict[str, Pictures] = {
        "thin": thin(ink, rows, board),
        "turned": turned(ink, rows, board),
        "small, as blocks": small(Image.Resampling.NEAREST, arguments.limit),
        "small, smoothly": small(Image.Resampling.BICUBIC, arguments.limit),
    }
    results = {}
    for name, pictures in kinds.items():
        try:
            results[name] = measure(pictures, reader)
        except UserError as error:
            print(f"{name}: {error}", file=sys.stderr)
    return results


if __name__ == "__main__":
    sys.exit(main())
