"""Measure what becomes of strings with signs, such as dates and prices, and of words.

Digits, signs and letters of one person are set beside each other, drawn through the program's own
canvas, and read::

    python benchmarks/drawn_strings.py FOLDER [--writers left-out] [--each N] [--seed N] [--json]

FOLDER holds the digits, letters and symbols of `unipen_drawings` as ``unipen_dev.npz``,
``unipen_dev_letters.npz`` and ``unipen_dev_symbols.npz``. Printed are, for each kind of string,

=========  ========================================================================================
plain      the share that is shown as a plain number, as if there were no sign
sure       the same, of which the program says 90 % or more
marked     each digit right, and a "?" in place of each sign
read       the string itself, where signs are asked for
=========  ========================================================================================

and of words the share that is shown as a digit or a number. Digits are composed as in
`drawn_numbers.py`; signs have the sizes and places of `SIGNS`, letters those of `HIGH`, `DEEP` and
`LOW`, for what people write alone says nothing about its size beside digits.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drawn_digits import BOARD_PIXELS, WRITERS, WRITERS_HELP
from drawn_numbers import HEIGHT, PEN_PER_HEIGHT, WIDTH, Board, Stroke
from unipen_drawings import is_fitted_on

from mnist_draw.errors import UserError

#: Strings by what they are; "0" stands for any digit.
TEMPLATES = {
    "dates": ("00/00/00", "00/00", "0/00/00", "0/0"),
    "dashes": ("000-0000", "00-00", "0-0", "-00", "-0"),
    "brackets": ("(000)", "(00)", "(0)"),
    "points": ("0.00", "00.0", "0.0", "000.00"),
    "commas": ("0,000", "0,0", "00,00"),
    "times": ("00:00", "0:00"),
    "percents": ("00%", "0%", "000%"),
    "prices": ("$00", "$0", "$0.00"),
    "sums": ("0+0", "00+0", "0=0", "0+0=0"),
}
#: The words that are drawn, as far as a person drew their letters.
_WORDS = """
the and for you not with from have this they will would there what about which when make
can like time just know take people into year your good some could them see other than
then now look only come its over think also back after use two how our work first well
way even new want because any these give day most us in it is on at be to of as up by or
"""
WORDS = _WORDS.split()


@dataclass(frozen=True)
class Place:
    """How long the longer side of a sign is, and where its middle is, in heights of a digit."""

    shortest: float
    longest: float
    top: float
    bottom: float


SIGNS = {
    "/": Place(1.0, 1.5, 0.4, 0.6),
    "-": Place(0.25, 0.6, 0.4, 0.6),
    "(": Place(1.1, 1.5, 0.45, 0.55),
    ")": Place(1.1, 1.5, 0.45, 0.55),
    ".": Place(0.03, 0.15, 0.95, 1.02),
    ",": Place(0.2, 0.4, 0.98, 1.12),
    ":": Place(0.4, 0.7, 0.5, 0.7),
    "%": Place(0.8, 1.2, 0.45, 0.55),
    "$": Place(1.1, 1.5, 0.45, 0.55),
    "+": Place(0.45, 0.8, 0.45, 0.6),
    "=": Place(0.4, 0.7, 0.45, 0.6),
}
HIGH = "bdfhklt"
DEEP = "gpqy"
#: Heights of letters, and where they begin, in heights of a digit.
LOW = 0.6
RNG = np.random.Generator


@dataclass(frozen=True)
class Sign:
    """Strokes in heights of a digit, the top of the line at 0, its bottom at 1."""

    strokes: list[Stroke]
    text: str


class Hands:
    """What each person drew, by writer and text."""

    def __init__(self, folder: Path, writers: str = "all") -> None:
        self.drawn: dict[str, dict[str, list[list[Stroke]]]] = {}
        for name in ("unipen_dev", "unipen_dev_letters", "unipen_dev_symbols"):
            self._add(folder / f"{name}.npz", writers)

    def _add(self, path: Path, writers: str) -> None:
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read: {error}.") from error
        texts = arrays["text" if "text" in arrays else "labels"]
        names = arrays["writer_names"]
        ends = arrays["stroke_offsets"]
        first = arrays["digit_stroke_offsets"]
        points = arrays["points"].astype(np.float64)
        for n, text in enumerate(texts.tolist()):
            name = str(names[arrays["writer"][n]])
            if writers != "all" and is_fitted_on(name) != (writers == "fitted"):
                continue
            strokes = [points[ends[s] : ends[s + 1]] for s in range(first[n], first[n + 1])]
            self.drawn.setdefault(name, {}).setdefault(str(text), []).append(strokes)

    def fitting(self, template: str) -> list[str]:
        """Return the writers who drew all that a string needs."""
        return [name for name, texts in self.drawn.items() if _has(texts, template)]

    def composed(self, template: str, name: str, rng: RNG) -> list[Sign]:
        """Return the parts of a string, each at its place above the line, at the left edge."""
        texts = self.drawn[name]
        parts = []
        for text in template:
            if text == "0":
                digits = sorted(text for text in texts if text.isdigit())
                text = str(rng.choice(digits))
            strokes = texts[text][rng.integers(len(texts[text]))]
            parts.append(Sign(placed_sign(strokes, text, rng), text))
        return parts


def _has(texts: dict[str, Any], template: str) -> bool:
    digits = any(text.isdigit() for text in texts)
    return all(digits if text == "0" else text in texts for text in template)


def placed_sign(strokes: list[Stroke], text: str, rng: RNG) -> list[Stroke]:
    """Scale strokes as what they show stands on a line between 0 and 1, from 0 to the right."""
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    size = np.maximum(points.max(axis=0) - low, 1e-6)
    if text in SIGNS:
        place = SIGNS[text]
        scale = rng.uniform(place.shortest, place.longest) / size.max()
        middle = rng.uniform(place.top, place.bottom)
    elif text.isdigit() or text.isupper():
        # A digit wider than high keeps within the line's height by its width.
        scale = rng.uniform(0.88, 1.12) / max(size[1], size[0] / 1.2)
        middle = 0.5 + rng.uniform(-0.06, 0.06)
    else:
        high = rng.uniform(0.9, 1.1) * (1 if text in HIGH + DEEP + "ij" else LOW)
        scale = high / max(size[1], size[0] / 1.5)
        top = 1 - LOW if text in DEEP + "j" else 1 - high
        middle = top + size[1] * scale / 2
    shift = np.array([0, middle - size[1] * scale / 2])
    return [(stroke - low) * scale + shift for stroke in strokes]


def set_line(parts: list[Sign], rng: RNG, pen: float) -> list[Stroke]:
    """Put parts beside each other, with natural gaps."""
    line: list[Stroke] = []
    reach = 0.0
    for part in parts:
        gap = pen + rng.uniform(0.02, 0.3) if line else 0.0
        if part.text == "/":
            gap -= 0.1
        moved = [stroke + np.array([reach + gap, 0.0]) for stroke in part.strokes]
        reach = max(reach, *(float(stroke[:, 0].max()) for stroke in moved))
        line += moved
    return line


def on_board(line: list[Stroke], widest_pen: float) -> tuple[list[Stroke], float]:
    """Scale a line to the board; return its strokes and the pen's width in pixels."""
    points = np.concatenate(line)
    low = points.min(axis=0)
    high = points.max(axis=0)
    wide, tall = np.maximum(high - low, 0.2) + PEN_PER_HEIGHT
    scale = BOARD_PIXELS * min(HEIGHT / max(tall, 1.0), WIDTH / wide)
    pen = min(PEN_PER_HEIGHT * scale, widest_pen)
    middle = (low + high) / 2
    return [(stroke - middle) * scale + BOARD_PIXELS / 2 for stroke in line], pen


def measure(hands: Hands, each: int, seed: int, model: str | None) -> dict[str, Any]:
    """Draw and read all strings and words."""
    from mnist_draw.library.networks import default_model
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    reader = Recogniser(default_model() if model is None else load_trained(model))
    board = Board()
    results: dict[str, Any] = {}
    for kind, templates in TEMPLATES.items():
        rng = np.random.default_rng((seed, len(results)))
        found = []
        for n in range(each):
            template = templates[n % len(templates)]
            name = str(rng.choice(hands.fitting(template)))
            parts = hands.composed(template, name, rng)
            found.append(_shown(reader, board, parts, rng))
        results[kind] = {key: float(np.mean([f[key] for f in found])) for key in found[0]}
    rng = np.random.default_rng((seed, 1000))
    words = []
    while len(words) < 4 * each:
        word = str(rng.choice(WORDS))
        names = hands.fitting(word)
        if not names:
            continue
        parts = hands.composed(word, str(rng.choice(names)), rng)
        line, pen = on_board(set_line(parts, rng, PEN_PER_HEIGHT / 2), board.pen)
        text, _ = _read(reader, *board.drawn(line, pen), False)
        words.append(text not in ("", "?"))
    results["words read as numbers"] = float(np.mean(words))
    return results


def _read(reader: Any, ink: Any, strokes: Any, signs: bool) -> tuple[str, float]:
    """Return what is shown, and how probable it is said to be."""
    answer = reader.recognise_ink(ink, strokes)
    number = reader.read_number(ink, answer, strokes=strokes, decimals=signs)
    if number.is_number:
        return number.text, number.confidence
    return answer.text, answer.confidence


def _shown(reader: Any, board: Board, parts: list[Sign], rng: RNG) -> dict[str, bool]:
    line, pen = on_board(set_line(parts, rng, PEN_PER_HEIGHT), board.pen)
    ink, strokes = board.drawn(line, pen)
    text = "".join(part.text for part in parts)
    shown, confidence = _read(reader, ink, strokes, False)
    read, _ = _read(reader, ink, strokes, True)
    return {
        "plain": shown.isdigit(),
        "sure": shown.isdigit() and confidence >= 0.9,
        "marked": shown == "".join(c if c.isdigit() else "?" for c in text),
        "read": read == text,
    }


def report(results: dict[str, Any]) -> str:
    """Put the results into a table."""
    kinds = {kind: row for kind, row in results.items() if isinstance(row, dict)}
    lines = [f"{'':<12}" + "".join(f"{key:>9}" for key in next(iter(kinds.values())))]
    for kind, row in kinds.items():
        lines.append(f"{kind:<12}" + "".join(f"{value:>9.1%}" for value in row.values()))
    means = np.mean([list(row.values()) for row in kinds.values()], axis=0)
    lines.append(f"{'all':<12}" + "".join(f"{value:>9.1%}" for value in means))
    lines.append(f"words read as numbers: {results['words read as numbers']:.1%}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure strings with signs, and words.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with the drawings")
    parser.add_argument("--model", metavar="FILE.npz", help="default: the network that ships")
    parser.add_argument("--each", type=int, default=100, metavar="N", help="strings of each kind")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of choice and place")
    parser.add_argument("--writers", choices=WRITERS, default="all", help=WRITERS_HELP)
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.each = 4
    if arguments.each < 1:
        parser.error(f"--each is {arguments.each}; it must be at least 1")
    try:
        hands = Hands(arguments.folder, arguments.writers)
        results = measure(hands, arguments.each, arguments.seed, arguments.model)
    except UserError as error:
        print(f"drawn_strings: {error}", file=sys.stderr)
        return 1
    print(json.dumps(results) if arguments.json else report(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
