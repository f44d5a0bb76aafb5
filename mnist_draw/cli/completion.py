"""``mnist-draw completion`` prints what a shell needs to complete commands, options and files."""

from __future__ import annotations

import argparse

from mnist_draw.cli.command import Command
from mnist_draw.cli.output import put_text

_SHELLS = ("bash", "zsh", "tcsh")
#: What helps call files.
_FILES = ("FILE", "IMAGE", "SCRIPT", "OUT", "MODEL")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=_SHELLS, help="the shell that it is for")
    parser.set_defaults(run=complete)


COMPLETION = Command(
    "completion",
    "print what a shell needs to complete commands and options",
    "Print a script for a shell. Once the shell has read it, the Tab key completes commands, "
    "options and file names.",
    (
        ("bash > ~/.local/share/bash-completion/completions/mnist-draw", "for every new Bash"),
        ("zsh > ~/.zfunc/_mnist-draw", "for Zsh, where fpath holds ~/.zfunc"),
    ),
    _add_options,
)


def complete(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    import shtab

    # Here, for it knows all commands, this one too.
    from mnist_draw.cli.main import build_parser

    parser = build_parser()
    for command in _commands_of(parser):
        for action in command._actions:
            names = str(action.metavar or "")
            if names in ("DIR", "PATH"):
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif names.partition(".")[0] in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    put_text(shtab.complete(parser, arguments.shell))
    return 0


def _commands_of(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    kinds = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [command for kind in kinds for command in kind.choices.values()]
