"""A command of the command line: one entry with its help, its options and examples."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnist_draw.cli.output import PROGRAM
from mnist_draw.errors import UserError

_EXAMPLES = "examples:\n"


class MisuseError(UserError):
    """The command makes no sense, whatever the files hold that it names."""


@dataclass(frozen=True)
class Subcommand:
    name: str
    summary: str
    description: str
    examples: tuple[tuple[str, str], ...]
    add_options: Callable[[argparse.ArgumentParser], object]

    def add_to(self, commands: Any) -> None:
        parser = commands.add_parser(
            self.name,
            help=self.summary,
            description=self.description,
            epilog=self._epilog(),
            formatter_class=_HelpText,
            allow_abbrev=False,
        )
        self.add_options(parser)

    def _epilog(self) -> str:
        lines = [
            f"  {PROGRAM} {self.name} {typed}\n      {meaning}" for typed, meaning in self.examples
        ]
        # argparse reads a percent sign as the beginning of a name of its own.
        return (_EXAMPLES + "\n".join(lines)).replace("%", "%%")


def add_json_option(parser: Any, help: str) -> None:
    parser.add_argument("--json", action="store_true", help=help)


def add_network_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--network``, for files that do not name their architecture."""
    parser.add_argument(
        "--network",
        metavar="NETWORK",
        default="",
        help="the architecture of a file of numpy.savez, as in mnist-draw train --network, where "
        "its shapes leave several",
    )


class _HelpText(argparse.HelpFormatter):
    """Wraps sentences, and leaves examples as they are: each is one line to be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(_EXAMPLES) else super()._fill_text(text, width, indent)
