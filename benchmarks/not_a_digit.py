"""Measure what the program refuses: of things that are no digits, and of real digits.

Junk is made by `junk_drawings.py` (letters from the fonts of this computer, scribbles, filled
areas, dots, ticks, faces, words), real digits are drawn through the program's own canvas as in
`drawn_digits.py`, and the program's own answers are read::

    python benchmarks/not_a_digit.py FILE.npz [--drawn LETTERS.npz SYMBOLS.npz] [--model FILE.npz]
        [--each N] [--limit N] [--json]

Refused is what is answered with "?", as it is shown: also what is read as a number is not refused.
Printed are the shares of each kind, of all junk and of the digits, and what would be refused by
log odds alone if its threshold were moved so that it refuses exactly 2% of the digits.

**Letters and symbols that people drew** are measured apart, with their strokes known as on the
board, where ``--drawn`` names files like that of the digits (with ``text`` in place of
``labels``). Those of three in four writers were used to fit the rule: only the others' count, and
the digits of these others. Means over writers come with the interval in which they lie in 95 of
100 cases.

**Letters.** O, o, D, Q (0), I, l, i (1), Z, z (2), S, s (5), G, b (6), B (8), g and q (9) are no
part of the measure: alone on a board nobody can tell them from digits, and refusing them would
mean refusing digits. They are printed as "look-alikes", with how many are refused. All other
letters of the alphabet count, upper and lower case, also those that come near to a digit, such
as J and j (1), T and r (7), Y and y (4).

The rule that refuses was fitted to MNIST, to letters and symbols of other writers (those that are
written like a digit, such as O, as digits), and to junk
from other makers (a table of letters as strokes, random curves, hatched areas, corners, rings
with marks, turned and mirrored digits): no font, no scribble of this kind and no drawing of a
tick, a face or a word was among it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from drawn_digits import counted, load_ink, placed
from drawn_numbers import Board
from junk_drawings import Drawing, Fonts, drawings
from unipen_drawings import Drawings, load_drawings
from writers import described

from mnist_draw.dataset.normalise import has_ink
from mnist_draw.errors import UserError
from mnist_draw.recognition.certainty import State

LOOKALIKES = "look-alikes"
#: Share of digits that may be refused.
ALLOWED = 0.02


class Readings:
    """What was refused, and how much each picture looked like a digit."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.refused: list[bool] = []
        self.log_odds: list[float] = []
        self.number: list[bool] = []
        #: Digits that would be "Sure", and those of them that may be a letter, too.
        self.sure: list[bool] = []
        self.doubted: list[bool] = []

    def add(self, ink: np.ndarray, strokes: list[np.ndarray] | None = None) -> None:
        """Ask about one picture."""
        answer = self._reader.recognise_ink(ink, strokes)
        scores = self._reader.read(answer.network_input[None, None])
        number = self._reader.read_number(ink, answer, strokes=strokes)
        self.refused.append(answer.text == "?" and not number.is_number)
        self.log_odds.append(float(scores.log_odds[0]))
        self.number.append(number.is_number)
        is_sure = answer.as_digit.state is State.SURE
        self.sure.append(is_sure)
        self.doubted.append(is_sure and bool(answer.letter))


def read_drawn(
    drawn: Drawings,
    reader: Any,
    board: Board,
    limit: int,
) -> tuple[Readings, list[str], list[str]]:
    """Read a choice of drawings; return what was read, whose it is and what it shows."""
    chosen = np.random.default_rng(0).permutation(len(drawn.text))[:limit]
    readings, writers, names = Readings(reader), [], []
    for n in np.sort(chosen):
        ink, strokes = board.drawn(placed(list(drawn.strokes[n]), (0, int(n))))
        if has_ink(ink):
            readings.add(ink, strokes)
            writers.append(drawn.writers[n])
            names.append(drawn.text[n])
    return readings, writers, names


def measure_doubted(files: list[Path], reader: Any, board: Board, limit: int) -> dict[str, str]:
    """Return, for each letter like a digit, how many lose "Sure" of those that would have it."""
    found = {}
    for path in files:
        drawn = load_drawings(path, twins=True).of(fitted=False)
        readings, _, names = read_drawn(drawn, reader, board, limit)
        for name in sorted(set(names) & set("BGbgq")):
            rows = [n for n, each in enumerate(names) if each == name and readings.sure[n]]
            found[name] = f"{sum(readings.doubted[n] for n in rows)} of {len(rows)}"
    return found


def measure_drawn(files: list[Path], reader: Any, board: Board, limit: int) -> dict[str, str]:
    """Return, for each file, which share of what left-out writers drew is refused, in words."""
    found = {}
    for path in files:
        drawn = load_drawings(path).of(fitted=False)
        readings, writers, names = read_drawn(drawn, reader, board, limit)
        refused = np.array(readings.refused)
        lowest = sorted(
            (float(refused[np.array(names) == name].mean()), name) for name in set(names)
        )
        found[path.stem] = (
            f"{refused.mean():.2%} of {len(refused):,}, "
            f"mean over writers {described(refused, np.array(writers))}, "
            f"as a number {np.mean(readings.number):.2%}; least "
            + "  ".join(f"{name} {share:.0%}" for share, name in lowest[:12])
        )
    return found


def measure(
    junk: list[Drawing],
    digits: list[tuple[np.ndarray, list[np.ndarray] | None]],
    reader: Any,
) -> dict[str, Any]:
    """Return the shares that are refused."""
    of_digits, of_junk = Readings(reader), Readings(reader)
    for ink, strokes in digits:
        of_digits.add(ink, strokes)
    for drawing in junk:
        of_junk.add(drawing.ink)
    kinds = np.array([drawing.kind for drawing in junk])
    names = np.array([drawing.name for drawing in junk])
    refused = np.array(of_junk.refused)
    threshold = np.quantile(of_digits.log_odds, ALLOWED)
    moved = np.array(of_junk.log_odds) < threshold
    counted = kinds != LOOKALIKES
    letters = kinds == "letters"
    return {
        "junk_refused": float(refused[counted].mean()),
        "digits_refused": float(np.mean(of_digits.refused)),
        "junk_refused_at_2_percent_of_digits": float(moved[counted].mean()),
        "junk_read_as_number": float(np.mean(np.array(of_junk.number)[counted])),
        "digits_read_as_number": float(np.mean(of_digits.number)),
        "digits_doubted": float(np.mean(of_digits.doubted)),
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
        "by log odds alone, refusing 2% of the digits",
        f"  read as a number of several digits: "
        f"{results['junk_read_as_number']:.2%} of the junk, "
        f"{results['digits_read_as_number']:.2%} of the digits",
        *(f"  drawn, {name}: {words}" for name, words in results["drawn"].items()),
        f'  "8, or the letter B?" instead of "Sure": {results["digits_doubted"]:.2%} of the digits',
        *(f"    of letters {name}: {words}" for name, words in results["doubted"].items()),
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
    parser.add_argument(
        "--drawn",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE.npz",
        help="letters, symbols",
    )
    parser.add_argument("--model", metavar="FILE.npz", help="default: the network that ships")
    parser.add_argument("--each", type=int, default=100, metavar="N", help="junk of each kind")
    parser.add_argument("--limit", type=int, metavar="N", help="a random choice of N digits")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all choices")
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.each = 2
        arguments.limit = 10
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
    from mnist_draw.library.networks import default_model
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.recognition.recogniser import Recogniser

    ink = load_ink(arguments.file)
    model = default_model() if arguments.model is None else load_trained(arguments.model)
    board, fonts = Board(), Fonts()
    if not fonts.names:
        raise UserError("None of the fonts is installed that junk_drawings.py lists in FONTS.")
    usable = np.flatnonzero(counted(ink, "left-out" if arguments.drawn else "all"))
    chosen = np.random.default_rng(arguments.seed).permutation(usable)[: arguments.limit]
    digits = [
        board.drawn(placed(ink.strokes(int(n)), (arguments.seed, int(n)))) for n in np.sort(chosen)
    ]
    junk = drawings(fonts, arguments.each, arguments.seed)
    reader = Recogniser(model)
    results = measure(junk, digits, reader)
    limit = arguments.limit or sys.maxsize
    results["drawn"] = measure_drawn(arguments.drawn, reader, board, limit)
    results["doubted"] = measure_doubted(arguments.drawn, reader, board, limit)
    return results, fonts.names


if __name__ == "__main__":
    sys.exit(main())
