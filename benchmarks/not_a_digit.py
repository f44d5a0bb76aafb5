"""Measure what the program refuses: of things that are no digits, and of real digits.

Junk is made by `junk_drawings.py` (letters from the fonts of this computer, scribbles, filled
areas, dots, ticks, faces, words), real digits are drawn through the program's own canvas as in
`drawn_digits.py`, and the program's own answers are read::

    python benchmarks/not_a_digit.py FILE.npz [--model FILE.npz] [--each N] [--limit N] [--json]

Refused is what is answered with "?". Printed are the shares of each kind, of all junk and of the
digits, and what would be refused by likeness alone if its threshold were moved so that it refuses
exactly 2 % of the digits.

**Letters.** O, o, D, Q (0), I, l, i (1), Z, z (2), S, s (5), G, b (6), B (8), g and q (9) are no
part of the measure: alone on a board nobody can tell them from digits, and refusing them would
mean refusing digits. They are printed as "look-alikes", with how many are refused. All other
letters of the alphabet count, upper and lower case, also those that come near to a digit, such
as J and j (1), T and r (7), Y and y (4).

The rule that refuses was fitted to MNIST and to junk from other makers (a table of letters as
strokes, random curves, hatched areas, corners, rings with marks, turned and mirrored digits):
no font, no scribble of this kind and no drawing of a tick, a face or a word was among it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from drawn_digits import load_ink, placed
from drawn_numbers import Board
from junk_drawings import Drawing, Fonts, drawings

from mnist_draw.errors import UserError
from mnist_draw.recognition.numbers.number_reader import read_number

LOOKALIKES = "look-alikes"
#: Share of digits that may be refused.
ALLOWED = 0.02


class Readings:
    """What was refused, and how much each picture looked like a digit."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser
        self.refused: list[bool] = []
        self.likeness: list[float] = []
        self.number: list[bool] = []

    def add(self, ink: np.ndarray) -> None:
        """Ask about one picture."""
        answer = self._recogniser.recognise_ink(ink)
        reading = self._recogniser.read(answer.network_input[None, None])
        self.refused.append(answer.text == "?")
        self.likeness.append(float(reading.likeness[0]))
        self.number.append(read_number(self._recogniser, ink).is_number)


def measure(junk: list[Drawing], digits: list[np.ndarray], recogniser: Any) -> dict[str, Any]:
    """Return the shares that are refused."""
    of_digits, of_junk = Readings(recogniser), Readings(recogniser)
    for ink in digits:
        of_digits.add(ink)
    for drawing in junk:
        of_junk.add(drawing.ink)
    kinds = np.array([drawing.kind for drawing in junk])
    names = np.array([drawing.name for drawing in junk])
    refused = np.array(of_junk.refused)
    threshold = np.quantile(of_digits.likeness, ALLOWED)
    moved = np.array(of_junk.likeness) < threshold
    counted = kinds != LOOKALIKES
    letters = kinds == "letters"
    return {
        "junk_refused": float(refused[counted].mean()),
        "digits_refused": float(np.mean(of_digits.refused)),
        "junk_refused_at_2_percent_of_digits": float(moved[counted].mean()),
        "junk_read_as_number": float(np.mean(np.array(of_junk.number)[counted])),
        "digits_read_as_number": float(np.mean(of_digits.number)),
        "junk": int(counted.sum()),
        "digits": len(digits),
        "kinds": {str(kind): float(refused[kinds == kind].mean()) for kind in np.unique(kinds)},
        "letters": {
            str(name): float(refused[letters & (names == name)].mean())
            for name in np.unique(names[letters])
        },
    }


def report(results: dict[str, Any], fonts: list[str]) -> str:
    """Put the results into words."""
    lines = [f"letters are from the fonts {', '.join(fonts)}", "", "refused"]
    lines += [f"  {kind:<14} {share:8.2%}" for kind, share in results["kinds"].items()]
    lines += [
        "",
        f"  junk           {results['junk_refused']:8.2%} of {results['junk']:,} "
        f"(without the {LOOKALIKES})",
        f"  digits         {results['digits_refused']:8.2%} of {results['digits']:,}",
        f"  junk           {results['junk_refused_at_2_percent_of_digits']:8.2%} "
        "by likeness alone, refusing 2 % of the digits",
        f"  read as a number of several digits: "
        f"{results['junk_read_as_number']:.2%} of the junk, "
        f"{results['digits_read_as_number']:.2%} of the digits",
        "",
        "letters that are refused less than always",
        "  "
        + (
            "  ".join(
                f"{name} {share:.0%}" for name, share in results["letters"].items() if share < 1
            )
            or "none"
        ),
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure what the program refuses.")
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="digits as strokes")
    parser.add_argument("--model", metavar="FILE.npz", help="default: the network that ships")
    parser.add_argument("--each", type=int, default=100, metavar="N", help="junk of each kind")
    parser.add_argument("--limit", type=int, metavar="N", help="a random choice of N digits")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all choices")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    for name in ("each", "limit"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            parser.error(f"--{name} is {value}; it must be at least 1")
    try:
        results, fonts = _run(arguments)
    except UserError as error:
        print(f"not_a_digit: {error}", file=sys.stderr)
        return 1
    print(json.dumps(results) if arguments.json else report(results, fonts))
    return 0


def _run(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    from mnist_draw.recognition.network_library import default_model, load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    ink = load_ink(arguments.file)
    model = default_model() if arguments.model is None else load_trained(arguments.model)
    board, fonts = Board(), Fonts()
    if not fonts.names:
        raise UserError("None of the fonts is installed that junk_drawings.py lists in FONTS.")
    chosen = np.random.default_rng(arguments.seed).permutation(len(ink))[: arguments.limit]
    digits = [
        board.ink(placed(ink.strokes(int(n)), (arguments.seed, int(n)))) for n in np.sort(chosen)
    ]
    junk = drawings(fonts, arguments.each, arguments.seed)
    return measure(junk, digits, Recogniser(model)), fonts.names


if __name__ == "__main__":
    sys.exit(main())
