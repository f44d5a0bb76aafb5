"""``mnist-draw doctor`` tells whether all is as it should be, and what to do where it is not."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from mnist_draw.cli.command import Command
from mnist_draw.cli.output import json_line, painted, put

_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "broken": ("BROKEN", "red")}


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help='print a JSON object for each finding: "name", "text" and "state" ("ok", "note" for '
        'what the program can do without, "broken")',
    )
    parser.set_defaults(run=examine)


DOCTOR = Command(
    "doctor",
    "tell whether the installation is sound, and what to do where it is not",
    "Look at versions, packages, engine, BLAS, threads, folders and their sizes, free disk space, "
    "your runs, networks and taught digits, the checksums of what ships, Qt and the display. The "
    "exit status is 1 if something is broken; a damaged file of yours is only noted.",
    (("", "what is there and what is wrong"), ("--json", "the same for a program or a report")),
    _add_options,
)


def examine(arguments: argparse.Namespace) -> int:
    """Print each finding as soon as it is there; return 1 if something is broken."""
    from mnist_draw.cli.health.checks import CHECKS

    broken = 0
    for check in CHECKS:
        for finding in check():
            broken += finding.state == "broken"
            if arguments.json:
                put(json_line(asdict(finding)))
            else:
                mark, colour = _MARKS[finding.state]
                put(f"  {finding.name}: {finding.text}", painted(f"{mark:6}", colour))
    if not arguments.json:
        put(
            "Everything that the program needs is there."
            if not broken
            else f"{broken} thing{'s are' if broken > 1 else ' is'} broken."
        )
    return 1 if broken else 0
