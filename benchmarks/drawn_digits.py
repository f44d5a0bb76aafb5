"""Measure recognition on real handwriting, drawn through the program's own canvas.

The strokes of digits that people wrote with a pen are replayed, one digit after the other, into
the canvas widget (on Qt's offscreen platform), and the program's own answer is read::

    python benchmarks/drawn_digits.py FILE.npz [--model FILE.npz] [--limit N] [--seed N] [--json]

Printed are the accuracy, how many labels are exactly right, both as means over writers with the
interval in which such a mean lies in 95 of 100 cases, what the program refused or left open, how
well confidence fits accuracy, and a confusion matrix; with ``--json`` one object, ``{"digits",
"accuracy", "writer_mean_accuracy", "label", "refused"}``, shares from 0 to 1. For the accuracy
the first guess counts, the most probable digit, also where the program says "3 or 8" or "?". The
label is what a person sees: "3 or 8", "?" and "13" for a 3 are wrong.

**The file** is an ``.npz`` archive, read without pickle:

=========================== ============================================================
``points``                  (N, 2) float: pen-down positions in any unit, x to the right,
                            y downward
``stroke_offsets``          (S + 1,) int: stroke s is
                            ``points[stroke_offsets[s]:stroke_offsets[s + 1]]``, at least
                            one point
``digit_stroke_offsets``    (D + 1,) int: digit i owns the strokes
                            ``digit_stroke_offsets[i]`` to ``digit_stroke_offsets[i + 1] - 1``
``labels``                  (D,) int: 0 to 9
``writer``                  (D,) int: who wrote it
=========================== ============================================================

Other arrays may be there. **A digit is placed** as a person would: on the board, taken as 280
pixels wide, it is 45 to 70% of the board high (a wide one at most 80% wide) and up to 20
pixels off the middle in each direction, all drawn evenly from a seeded generator that belongs
to the digit's number. The pen is the canvas' own default, or ``--pen`` pixels wide. With
``--points N`` only about N points of each digit arrive, evenly chosen, and the ends of strokes, as
of a fast pen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tools")]

from writers import described, expected_calibration_error, writer_means  # noqa: E402

from mnist_draw.errors import UserError  # noqa: E402

BOARD_PIXELS = 280
HEIGHTS = (0.45, 0.70)
WIDEST = 0.80
OFF_CENTRE = 20
ARRAYS = ("points", "stroke_offsets", "digit_stroke_offsets", "labels", "writer")


#: Whose digits count: a choice is made with the fitted ones, and reported with the others.
WRITERS = ("all", "fitted", "left-out")
WRITERS_HELP = (
    "left-out: only those whose letters and symbols the rule for what is no digit was not fitted "
    "on, by the file's writer_names; fitted: only the others"
)


class InkFileError(UserError):
    """The file with the strokes cannot be used."""


@dataclass(frozen=True)
class InkFile:
    """Digits as strokes; see the description of the file above."""

    points: np.ndarray
    stroke_offsets: np.ndarray
    digit_stroke_offsets: np.ndarray
    labels: np.ndarray
    writer: np.ndarray
    writer_names: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def strokes(self, digit: int) -> list[np.ndarray]:
        """Return the strokes of a digit, each (n, 2)."""
        first, last = self.digit_stroke_offsets[digit : digit + 2]
        return [
            self.points[self.stroke_offsets[s] : self.stroke_offsets[s + 1]]
            for s in range(first, last)
        ]


def load_ink(path: Path) -> InkFile:
    """Read and check the file."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ARRAYS if name not in archive.files]
            if missing:
                raise InkFileError(f"{path} holds no array {missing[0]!r}.")
            names = archive["writer_names"] if "writer_names" in archive.files else None
            ink = InkFile(*(archive[name] for name in ARRAYS), names)
    except FileNotFoundError:
        raise InkFileError(f"There is no file {path}.") from None
    except InkFileError:
        raise
    except Exception as error:  # numpy.load raises many kinds for what is no .npz file
        raise InkFileError(f"{path} cannot be read as .npz: {error}.") from error
    _check(ink, path)
    return ink


def _check(ink: InkFile, path: Path) -> None:
    faults = {
        "points is not (N, 2)": ink.points.ndim != 2 or ink.points.shape[-1] != 2,
        "points are not finite": not np.isfinite(ink.points).all(),
        "there are no digits": len(ink.labels) == 0,
        "labels and writer differ in length": len(ink.labels) != len(ink.writer),
        "digit_stroke_offsets does not fit labels": len(ink.digit_stroke_offsets)
        != len(ink.labels) + 1,
    }
    for fault, found in faults.items():
        if found:
            raise InkFileError(f"{path} cannot be used: {fault}.")
    offsets = {
        "stroke_offsets": (ink.stroke_offsets, len(ink.points)),
        "digit_stroke_offsets": (ink.digit_stroke_offsets, len(ink.stroke_offsets) - 1),
    }
    for name, (values, end) in offsets.items():
        if values[0] != 0 or values[-1] != end or (np.diff(values) < 1).any():
            raise InkFileError(f"{path} cannot be used: {name} do not rise from 0 to {end}.")
    if not np.isin(ink.labels, np.arange(10)).all():
        raise InkFileError(f"{path} cannot be used: not all labels are digits.")


def counted(ink: InkFile, writers: str) -> np.ndarray:
    """Return which digits count, bool (D,), by what `WRITERS` names."""
    if writers == "all":
        return np.ones(len(ink), bool)
    if ink.writer_names is None:
        raise InkFileError(f"The file holds no writer_names; --writers {writers} needs them.")
    from unipen_drawings import is_fitted_on

    fitted = np.array([is_fitted_on(str(name)) for name in ink.writer_names])
    return (fitted == (writers == "fitted"))[ink.writer]


def placed(strokes: list[np.ndarray], seed: tuple[int, int]) -> list[np.ndarray]:
    """Scale and shift strokes to a place on the board of 280 pixels."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(*HEIGHTS) * BOARD_PIXELS
    shift = rng.uniform(-OFF_CENTRE, OFF_CENTRE, 2)
    points = np.concatenate(strokes).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    width_given, height_given = np.maximum(high - low, 1e-6)
    scale = min(height / height_given, WIDEST * BOARD_PIXELS / width_given)
    middle = (low + high) / 2
    return [(stroke - middle) * scale + BOARD_PIXELS / 2 + shift for stroke in strokes]


def thinned(strokes: list[np.ndarray], points: int) -> list[np.ndarray]:
    """Keep about so many points of all strokes, evenly, and the ends of each stroke."""
    every = sum(map(len, strokes))
    kept = []
    for stroke in strokes:
        count = min(max(2, round(points * len(stroke) / every)), len(stroke))
        kept.append(stroke[np.linspace(0, len(stroke) - 1, count).round().astype(int)])
    return kept


@dataclass(frozen=True)
class Results:
    """What the program said about each digit."""

    labels: np.ndarray
    writers: np.ndarray
    guesses: np.ndarray
    confidences: np.ndarray
    texts: tuple[str, ...]

    @property
    def correct(self) -> np.ndarray:
        """Whether each first guess is right."""
        return self.guesses == self.labels

    @property
    def labeled(self) -> np.ndarray:
        """Whether what is shown is exactly the digit."""
        return np.array(self.texts) == self.labels.astype(str)

    @property
    def accuracy(self) -> float:
        """Share of right first guesses."""
        return float(self.correct.mean())

    @property
    def writer_mean_accuracy(self) -> float:
        """Mean over writers of each one's share."""
        return float(writer_means(self.correct, self.writers).mean())

    def confusion(self) -> np.ndarray:
        """Count label (rows) against guess (columns)."""
        matrix = np.zeros((10, 10), dtype=int)
        np.add.at(matrix, (self.labels, self.guesses), 1)
        return matrix


def measure(
    ink: InkFile,
    numbers: np.ndarray,
    model: str | None,
    seed: int,
    pen: float | None,
    points: int | None,
) -> Results:
    """Replay digits into the canvas and ask the program."""
    from mnist_draw.library.networks import default_model
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    reader = Recogniser(default_model() if model is None else load_trained(model))
    answers, texts = [], []
    for drawn, strokes in _drawn(ink, numbers, seed, pen, points):
        answer = reader.recognise_ink(drawn, strokes)
        number = reader.read_number(drawn, answer, strokes=strokes)
        answers.append(answer)
        texts.append(number.text if number.is_number else answer.text)
    return Results(
        ink.labels[numbers].astype(int),
        ink.writer[numbers],
        np.array([int(answer.probabilities.argmax()) for answer in answers]),
        np.array([float(answer.probabilities.max()) for answer in answers]),
        tuple(texts),
    )


def _drawn(
    ink: InkFile,
    numbers: np.ndarray,
    seed: int,
    pen: float | None,
    points: int | None,
) -> Iterator[tuple[np.ndarray, list[np.ndarray] | None]]:
    """Yield the canvas' picture of each digit, and its strokes."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance() or QApplication(["drawn_digits"])
    from mnist_draw.app.draw.board_items import BOARD
    from mnist_draw.app.draw.canvas import Canvas

    unit = BOARD / BOARD_PIXELS
    canvas = Canvas()
    canvas.resize(BOARD_PIXELS, BOARD_PIXELS)
    if pen is not None:
        canvas.set_pen_width(pen * unit)
    for count, number in enumerate(numbers):
        canvas.clear()
        strokes = placed(ink.strokes(number), (seed, int(number)))
        for stroke in strokes if points is None else thinned(strokes, points):
            canvas.add_stroke([(float(x), float(y)) for x, y in stroke * unit])
        yield canvas.ink(), canvas.drawing.pen_strokes()
        if sys.stderr.isatty() and count % 50 == 0:
            print(f"\r{count} of {len(numbers)} digits", end="", file=sys.stderr)
    canvas.deleteLater()
    app.processEvents()
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


def report(results: Results) -> str:
    """Put the results into words and a table."""
    texts = np.array(results.texts)
    refused = texts == "?"
    open_ = np.char.find(texts, "or") >= 0
    several = np.char.isdigit(texts) & (np.char.str_len(texts) > 1)
    sure = ~refused & ~open_ & ~several
    lines = [
        f"digits                    {len(results.labels):7,}",
        f"accuracy                  {results.accuracy:9.2%}",
        f"mean over {len(np.unique(results.writers)):4,} writers     "
        f"{described(results.correct, results.writers)}",
        f"label exactly right       {results.labeled.mean():9.2%}",
        f"mean over writers           {described(results.labeled, results.writers)}",
        f"answered with one digit   {sure.mean():9.2%}  ({_share(results.correct[sure])} right)",
        f'left open ("3 or 8")      {open_.mean():9.2%}',
        f'refused ("?")             {refused.mean():9.2%}  '
        f"({_share(results.correct[refused])} right)",
        f"read as a number          {several.mean():9.2%}",
        "calibration error         "
        f"{expected_calibration_error(results.confidences, results.correct):9.2%}",
        "",
        "label  first guess",
        "     " + "".join(f"{digit:6d}" for digit in range(10)) + "   right",
    ]
    for digit, row in enumerate(results.confusion()):
        cells = "".join(f"{count or '·':>6}" for count in row)
        lines.append(f"{digit:5d}{cells} {_share(results.correct[results.labels == digit]):>7}")
    return "\n".join(lines)


def _share(values: np.ndarray) -> str:
    return f"{values.mean():.1%}" if len(values) else "–"


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure recognition on real handwriting.")
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="digits as strokes")
    parser.add_argument("--model", metavar="FILE.npz", help="default: the network that ships")
    parser.add_argument("--limit", type=int, metavar="N", help="a random choice of N digits")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of place and choice")
    parser.add_argument("--pen", type=float, metavar="X", help="pen width on a 280-pixel board")
    parser.add_argument("--points", type=int, metavar="N", help="of each digit that arrive")
    parser.add_argument("--writers", choices=WRITERS, default="all", help=WRITERS_HELP)
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.limit = 10
    if arguments.limit is not None and arguments.limit < 1:
        parser.error(f"--limit is {arguments.limit}; it must be at least 1")
    try:
        ink = load_ink(arguments.file)
        numbers = np.flatnonzero(counted(ink, arguments.writers))
        if arguments.limit is not None and arguments.limit < len(numbers):
            chosen = np.random.default_rng(arguments.seed).permutation(len(numbers))
            numbers = np.sort(numbers[chosen[: arguments.limit]])
        results = measure(
            ink,
            numbers,
            arguments.model,
            arguments.seed,
            arguments.pen,
            arguments.points,
        )
    except UserError as error:
        print(f"drawn_digits: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        figures: dict[str, Any] = {
            "digits": len(numbers),
            "accuracy": round(results.accuracy, 6),
            "writer_mean_accuracy": round(results.writer_mean_accuracy, 6),
            "label": round(float(results.labeled.mean()), 6),
            "refused": round(float(np.mean(np.array(results.texts) == "?")), 6),
        }
        print(json.dumps(figures))
    else:
        print(report(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
