"""A command of the command line: one entry with its help, its options and examples."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnist_draw.cli.output import PROGRAM, cells
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined

# argparse looks its own words up by the name `_`, in a catalogue that the system does not have.
vars(argparse)["_"] = _


def _argparse_words() -> None:
    """List the messages of argparse (Python 3.11 to 3.13) for the catalogues; never called."""
    _("usage: ")
    _("options")
    _("positional arguments")
    _("%(heading)s:")
    _("show this help message and exit")
    _("argument %(argument_name)s: %(message)s")
    _("the following arguments are required: %s")
    _("expected one argument")
    _("not allowed with argument %s")
    _("ignored explicit argument %r")
    _("invalid choice: %(value)r (choose from %(choices)s)")


class MisuseError(UserError):
    """The command makes no sense, whatever the files hold that it names."""


@dataclass(frozen=True)
class Subcommand:
    name: str
    #: The first line is the summary in the list of commands.
    description: str
    #: What is typed after the name.
    examples: tuple[str, ...]
    #: Runs the command; returns the exit status.
    run: Callable[[argparse.Namespace], int]
    add_options: Callable[[argparse.ArgumentParser], object] = lambda parser: None

    def add_to(self, commands: Any) -> None:
        lines = self.description.splitlines()
        parser = commands.add_parser(
            self.name,
            help=lines[0],
            description=joined(*lines),
            epilog=self._epilog(),
            formatter_class=HelpText,
            allow_abbrev=False,
        )
        parser.set_defaults(run=self.run)
        self.add_options(parser)

    def _epilog(self) -> str:
        lines = (f"  {PROGRAM} {self.name} {typed}" for typed in self.examples)
        return "\n".join([_("examples:"), *lines])


def add_json_option(parser: Any) -> None:
    words = _("print JSON instead of text")
    parser.add_argument("--json", action="store_true", help=words)


def add_network_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--network``, for files that do not name their architecture."""
    parser.add_argument(
        "--network",
        metavar="NETWORK",
        default="",
        help=_(
            "the network's architecture, as in mnist-draw train --network, if the shapes in "
            "a file of numpy.savez fit several",
        ),
    )


class HelpText(argparse.HelpFormatter):
    """Wraps sentences, and leaves examples as they are: each is one line to be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, _letters(text, width), indent)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, _letters(text, width))

    def _expand_help(self, action: argparse.Action) -> str:
        """Return a help text as it is: its percent signs are percent signs."""
        return action.help or ""


def _letters(text: str, width: int) -> int:
    """Return how many letters of a text fit into a width in cells of a terminal."""
    return max(1, width * len(text) // cells(text)) if text else width
