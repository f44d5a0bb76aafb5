"""Measure the reading of whole numbers, composed from digits that people wrote with a pen.

Digits of one writer are set side by side, drawn through the program's own canvas, and read::

    python benchmarks/drawn_numbers.py FILE.npz [--model FILE.npz] [--each N] [--seed N] [--json]

Printed are, for every spacing and number of digits, how many whole numbers are read rightly (also
as the mean over writers, with the interval in which it lies in 95 of 100 cases), how many have
the right number of digits, how many digits are right (by the least number of changes, insertions
and deletions), and how sure the program said it was, in the mean. Then follows how far its
confidence is off, and the share of single digits that are read as a number of several digits.
The program is told the strokes, as on its own board; with ``--pixels`` it sees the picture alone.

The file is that of `drawn_digits.py`. **A number is composed** of two to six digits. Each digit
has the common height times 0.88 to 1.12 and stands up to 6% of the height above or below the
line. The number fills at most 92% of the board's width and half of its height; the pen is the
canvas' own, or with ``--fine-pen`` an eighth of the digits' height where that is less, as one
writes smaller digits with a finer pen. Four spacings are drawn:

========  =====================================================================================
clear     paper of 10 to 35% of the height between the ink of neighboring digits' boxes
natural   from 8% overlap of the boxes to 25% of paper; some touch, some reach over others
touching  each digit is pushed to the left until its ink overlaps that of the one before by up
          to half of the pen's width
joined    as natural, but half of the neighbors are written without lifting the pen
========  =====================================================================================
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drawn_digits import BOARD_PIXELS, WRITERS, WRITERS_HELP, InkFile, counted, load_ink, placed
from writers import expected_calibration_error, interval, writer_means

from mnist_draw.errors import UserError

SPACINGS = ("clear", "natural", "touching", "joined")
#: Share of the neighbors that one stroke joins.
JOINED = 0.5
LENGTHS = (2, 3, 4, 5, 6)
HEIGHT, WIDTH = 0.5, 0.92
PEN_PER_HEIGHT = 1 / 8

Stroke = np.ndarray


@dataclass(frozen=True)
class Number:
    """A number to be drawn: strokes in pixels of a board 280 wide, and the pen's width there."""

    text: str
    spacing: str
    strokes: list[Stroke]
    pen: float
    writer: int


def composed(
    ink: InkFile,
    rng: np.random.Generator,
    length: int,
    spacing: str,
    widest_pen: float,
    fine: bool = True,
    counts: np.ndarray | None = None,
) -> Number:
    """Put digits of one writer beside each other, of those that count."""
    usable = np.arange(len(ink)) if counts is None else np.flatnonzero(counts)
    while True:
        chosen = usable[ink.writer[usable] == ink.writer[usable[rng.integers(len(usable))]]]
        if len(chosen) >= length:
            break
    chosen = rng.choice(chosen, length, replace=False)
    digits = [_unit(ink.strokes(int(n)), rng) for n in chosen]
    # The pen in heights of a digit; the final height is not known before the number is set.
    pen = PEN_PER_HEIGHT
    for _ in range(3):
        line = _set(digits, spacing, pen, np.random.default_rng(int(chosen[0])))
        points = np.concatenate([p for strokes in line for p in strokes])
        low, high = points.min(axis=0), points.max(axis=0)
        wide, high_ = high - low + pen
        scale = BOARD_PIXELS * min(HEIGHT / high_, WIDTH / wide)
        pen = min(PEN_PER_HEIGHT if fine else np.inf, widest_pen / scale)
    middle = (low + high) / 2
    if spacing == "joined":
        line = _joined(line, rng)
    strokes = [(s - middle) * scale + BOARD_PIXELS / 2 for digit in line for s in digit]
    text = "".join(str(ink.labels[n]) for n in chosen)
    return Number(text, spacing, strokes, pen * scale, int(ink.writer[chosen[0]]))


def _unit(strokes: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Scale a digit to a height of about 1 on the line, its left edge at 0."""
    points = np.concatenate(strokes).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.maximum(high - low, 1e-6)
    # A digit wider than high keeps within the line's height by its width.
    scale = rng.uniform(0.88, 1.12) / max(size[1], size[0] / 1.2)
    shift = np.array([0, (1 - size[1] * scale) / 2 + rng.uniform(-0.06, 0.06)])
    return [(stroke - low) * scale + shift for stroke in strokes]


def _set(
    digits: list[list[Stroke]],
    spacing: str,
    pen: float,
    rng: np.random.Generator,
) -> list[list[Stroke]]:
    """Move each digit to its place to the right of the one before."""
    line = [digits[0]]
    for digit in digits[1:]:
        if spacing == "touching":
            at = _touching(line[-1], digit, pen * rng.uniform(0.5, 1))
        else:
            gap = rng.uniform(0.10, 0.35) if spacing == "clear" else rng.uniform(-0.08, 0.25)
            at = max(float(s[:, 0].max()) for s in line[-1]) + pen + gap
        line.append([stroke + np.array([at, 0.0]) for stroke in digit])
    return line


def _joined(line: list[list[Stroke]], rng: np.random.Generator) -> list[list[Stroke]]:
    """Write some digits on from the end of the one before, by a straight line."""
    joined = [line[0]]
    for digit in line[1:]:
        before = joined[-1]
        if rng.random() < JOINED:
            link = np.linspace(before[-1][-1], digit[0][0], 12)[1:-1]
            joined[-1] = [*before[:-1], np.concatenate([before[-1], link, digit[0]]), *digit[1:]]
        else:
            joined.append(digit)
    return joined


def _touching(before: list[Stroke], digit: list[Stroke], distance: float) -> float:
    """Return how far right a digit goes so that its line comes that near to the one before."""
    left = np.concatenate([_dense(stroke) for stroke in before])
    right = np.concatenate([_dense(stroke) for stroke in digit])
    down = np.abs(left[:, None, 1] - right[None, :, 1])
    reach = np.sqrt(np.maximum(distance**2 - down**2, 0))
    needed = np.where(down < distance, left[:, None, 0] - right[None, :, 0] + reach, -np.inf)
    at = float(needed.max())
    # Digits that pass under one another stand side by side instead.
    return max(at, float(left[:, 0].min()) + 0.1)


def _dense(stroke: Stroke) -> Stroke:
    at = np.linspace(0, len(stroke) - 1, max(2, 3 * len(stroke)))
    return np.stack([np.interp(at, np.arange(len(stroke)), stroke[:, k]) for k in (0, 1)], 1)


class Board:
    """The program's canvas, off the screen."""

    def __init__(self) -> None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from qtpy.QtWidgets import QApplication

        self._app = QApplication.instance() or QApplication(["drawn_numbers"])
        from mnist_draw.app.draw.board_items import BOARD, PEN_WIDTH
        from mnist_draw.app.draw.canvas import Canvas

        self._unit = BOARD / BOARD_PIXELS
        self.pen = PEN_WIDTH / self._unit
        self._canvas = Canvas()
        self._canvas.resize(BOARD_PIXELS, BOARD_PIXELS)

    def ink(self, strokes: list[Stroke], pen: float | None = None) -> np.ndarray:
        """Draw strokes given in pixels of a board of 280 and return the canvas' picture."""
        return self.drawn(strokes, pen)[0]

    def drawn(
        self,
        strokes: list[Stroke],
        pen: float | None = None,
    ) -> tuple[np.ndarray, list[np.ndarray] | None]:
        """Draw strokes and return the canvas' picture, and its strokes."""
        self._canvas.clear()
        self._canvas.set_pen_width((self.pen if pen is None else pen) * self._unit)
        for stroke in strokes:
            self._canvas.add_stroke([(float(x), float(y)) for x, y in stroke * self._unit])
        return self._canvas.ink(), self._canvas.drawing.pen_strokes()


def digit_errors(text: str, read: str) -> int:
    """Return the least number of changes, insertions and deletions from one to the other."""
    row = list(range(len(read) + 1))
    for i, wanted in enumerate(text, 1):
        before, row[0] = row[0], i
        for j, found in enumerate(read, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (wanted != found))
    return row[-1]


def measure(
    ink: InkFile,
    counts: np.ndarray,
    model: str | None,
    each: int,
    seed: int,
    fine: bool = False,
    pixels: bool = False,
    lengths: Sequence[int] = LENGTHS,
) -> dict[str, Any]:
    """Draw and read all numbers, and single digits."""
    from mnist_draw.library.networks import default_model
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    reader = Recogniser(default_model() if model is None else load_trained(model))
    board = Board()

    def read(strokes: list[Stroke], pen: float) -> Any:
        drawn, known = board.drawn(strokes, pen)
        known = None if pixels else known
        return reader.read_number(drawn, reader.recognise_ink(drawn, known), strokes=known)

    results: dict[str, Any] = {}
    for spacing in SPACINGS:
        stated, right = [], []
        for length in lengths:
            rng = np.random.default_rng((seed, SPACINGS.index(spacing), length))
            numbers = [
                composed(ink, rng, length, spacing, board.pen, fine, counts) for _ in range(each)
            ]
            found = [read(n.strokes, n.pen) for n in numbers]
            pairs = [(n.text, f.text) for n, f in zip(numbers, found, strict=True)]
            whole = np.array([text == said for text, said in pairs])
            means = writer_means(whole, np.array([n.writer for n in numbers]))
            sure = [f.confidence for f in found]
            stated += sure
            right += whole.tolist()
            results[f"{spacing} {length}"] = {
                "whole": float(whole.mean()),
                "writer_mean": float(means.mean()),
                "interval": interval(means),
                "length": float(np.mean([len(text) == len(said) for text, said in pairs])),
                "digits": 1 - sum(digit_errors(*pair) for pair in pairs) / (each * length),
                "confidence": float(np.mean(sure)),
            }
        results[f"{spacing} calibration error"] = expected_calibration_error(
            np.array(stated),
            np.array(right),
        )
    singles = np.random.default_rng(seed).permutation(np.flatnonzero(counts))[: each * 5]
    split = [
        len(read(placed(ink.strokes(int(n)), (seed, int(n))), board.pen).digits) for n in singles
    ]
    results["single digits read as several"] = float(np.mean(np.array(split) > 1))
    return results


def report(results: dict[str, Any]) -> str:
    """Put the results into a table."""
    lines = [
        "spacing   digits   whole number   mean over writers           right length   "
        "digit by digit   confidence",
    ]
    for spacing in SPACINGS:
        for length in LENGTHS:
            row = results.get(f"{spacing} {length}")
            if row is None:
                continue
            low, high = row["interval"]
            lines.append(
                f"{spacing:<9} {length:>6} {row['whole']:>14.1%}   "
                f"{row['writer_mean']:>6.1%} ({low:.1%} to {high:.1%})   {row['length']:>14.1%} "
                f"{row['digits']:>16.1%} {row['confidence']:>12.1%}",
            )
    for spacing in SPACINGS:
        error = results[f"{spacing} calibration error"]
        lines.append(f"confidence is off by, {spacing:<8} {error:.1%}")
    lines.append(f"single digits read as several: {results['single digits read as several']:.2%}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure the reading of whole numbers.")
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="digits as strokes")
    parser.add_argument("--model", metavar="FILE.npz", help="default: the network that ships")
    parser.add_argument("--each", type=int, default=300, metavar="N", help="numbers of each sort")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of choice and place")
    parser.add_argument("--fine-pen", action="store_true", help="a pen that suits the digits' size")
    parser.add_argument("--pixels", action="store_true", help="without telling the strokes")
    parser.add_argument(
        "--lengths",
        type=int,
        nargs="+",
        choices=LENGTHS,
        default=LENGTHS,
        help="default: all",
    )
    parser.add_argument("--writers", choices=WRITERS, default="all", help=WRITERS_HELP)
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.each = 2
    if arguments.each < 1:
        parser.error(f"--each is {arguments.each}; it must be at least 1")
    try:
        ink = load_ink(arguments.file)
        results = measure(
            ink,
            counted(ink, arguments.writers),
            arguments.model,
            arguments.each,
            arguments.seed,
            arguments.fine_pen,
            arguments.pixels,
            arguments.lengths,
        )
    except UserError as error:
        print(f"drawn_numbers: {error}", file=sys.stderr)
        return 1
    print(json.dumps(results) if arguments.json else report(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
