"""``mnist-draw digits`` counts the digits that were taught, and shares them with a class."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from mnist_draw.cli.command import Command, MisuseError
from mnist_draw.cli.files.export import require_free
from mnist_draw.cli.files.home import data_home
from mnist_draw.cli.output import put, tell
from mnist_draw.errors import UserError


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=("count", "export", "import"),
        default="count",
        help="count those that are kept, write them into one file, or take in those of files "
        "(default: count)",
    )
    parser.add_argument("files", metavar="FILE.zip", nargs="*", help="the file to share")
    parser.add_argument(
        "--overwrite", action="store_true", help="let export replace a file that exists"
    )
    parser.set_defaults(run=run)


DIGITS = Command(
    "digits",
    "share the digits that you have taught",
    "Count the digits under My digits, write them into one file for others, or take in those of "
    "others. Each digit is kept once, however often it is taken in; nothing is replaced.",
    (
        ("", "how many of each are kept"),
        ("export anna.zip", "all of them, for others"),
        ("import anna.zip ben.zip", "those of others, beside your own"),
    ),
    _add_options,
)


def run(arguments: argparse.Namespace) -> int:
    """Count, export or import."""
    from mnist_draw.storage.shared_digits import list_digits, merge_digits, pack_digits

    files = arguments.files
    if arguments.action == "import":
        if not files:
            raise MisuseError("Say which files to take in: mnist-draw digits import FILE.zip …")
        status = 0
        for file in files:
            merged = merge_digits(file)
            for sentence in merged.refused:
                tell(sentence)
            if merged.added or merged.known:
                new = _digits(merged.added, "new ")
                put(f"{file}: {new}, {merged.known:,} that {_were(merged.known)} kept already.")
            else:
                tell(f"{file} holds no digit that can be taken in.")
                status = 1
        return status
    digits = list_digits() if data_home() else []
    if arguments.action == "export":
        if len(files) != 1:
            raise MisuseError("Say into which file to write: mnist-draw digits export FILE.zip")
        out = Path(files[0])
        if out.suffix.lower() != ".zip":
            raise MisuseError(
                f"Digits are written into a file whose name ends in .zip, which {out} does not. "
                "Nothing was written."
            )
        if not digits:
            raise UserError("No digits were taught yet; nothing was written.")
        require_free(out, arguments.overwrite)
        pack_digits(out, digits)
        put(f"{_digits(len(digits))} {'is' if len(digits) == 1 else 'are'} in {out}.")
        return 0
    counts = Counter(digit.label for digit in digits)
    put(f"{_digits(len(digits))} {_were(len(digits))} taught.")
    for label in sorted(counts):
        put(f"  {label}: {counts[label]:,}")
    return 0


def _digits(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}digit{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
