"""``mnist-draw digits`` counts the digits that were taught, and shares them with a class."""

from __future__ import annotations

import argparse
from collections import Counter

from mnist_draw.cli.command import Command
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
            raise UserError("Say which files to take in: mnist-draw digits import FILE.zip …")
        for file in files:
            merged = merge_digits(file)
            for sentence in merged.refused:
                tell(sentence)
            put(f"{file}: {merged.added:,} new digits, {merged.known:,} that were kept already.")
        return 0
    digits = list_digits()
    if arguments.action == "export":
        if len(files) != 1:
            raise UserError("Say into which file to write: mnist-draw digits export FILE.zip")
        if not digits:
            raise UserError("No digits were taught yet; nothing was written.")
        pack_digits(files[0], digits)
        put(f"{len(digits):,} digits are in {files[0]}.")
        return 0
    counts = Counter(digit.label for digit in digits)
    put(f"{len(digits):,} digits were taught.")
    for label in sorted(counts):
        put(f"  {label}: {counts[label]:,}")
    return 0
