"""The commands: ``mnist-draw`` opens the window, ``mnist-draw train`` and others do not.

Exit status: 0 on success, 1 on failure (a sentence on standard error says of what), 2 on
misuse, 130 when Ctrl-C ended the work.
"""

from __future__ import annotations

import argparse
import contextlib
import runpy
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from mnist_draw import __version__
from mnist_draw.cli import desktop_entry, doctor, export, listing, output, predict, train
from mnist_draw.cli.command import HelpText, MisuseError, Subcommand
from mnist_draw.cli.output import PROGRAM, report
from mnist_draw.errors import StorageError, UserError, did_you_mean, shortened
from mnist_draw.i18n import LANGUAGES, _, joined
from mnist_draw.storage.atomic import resolve_path
from mnist_draw.storage.folders import HOME_VARIABLE, named_path

SUCCESS = 0
FAILURE = 1
MISUSE = 2
INTERRUPTED = 130
_SHELLS = ("bash", "fish", "zsh", "tcsh")
#: Placeholders of files in help texts.
_FILE_METAVARS = ("FILE", "IMAGE", "SCRIPT", "OUT", "MODEL")


def _add_script_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT.py")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER)


SCRIPT = Subcommand(
    "script",
    _(
        "Run a Python script in which import theano and import lasagne work, in any order and "
        "without changes to it.\npython -m mnist_draw SCRIPT.py does the same.",
    ),
    ("mnist.py mlp 20",),
    lambda given: run_script(given.script, given.arguments),
    _add_script_options,
)

#: A usage of more lines would hide the sentence below it.
_MAX_USAGE_LINES = 6

#: What NumPy and Python had when most programs of Theano were written -> where it is now.
_FORMER_NAMES = {
    **{
        f"collections.{name}": f"collections.abc:{name}"
        for name in (
            "Callable",
            "Iterable",
            "Mapping",
            "MutableMapping",
            "Sequence",
        )
    },
    **{
        f"numpy.{name}": f"builtins:{name}"
        for name in (
            "bool",
            "complex",
            "float",
            "int",
            "object",
            "str",
        )
    },
    "numpy.Inf": "numpy:inf",
    "numpy.NaN": "numpy:nan",
    "numpy.float_": "numpy:float64",
    "numpy.in1d": "numpy:isin",
    "numpy.infty": "numpy:inf",
    "numpy.product": "numpy:prod",
    "numpy.trapz": "numpy:trapezoid",
    "time.clock": "time:process_time",
}


class _Casts:
    """``numpy.cast[dtype](x)``."""

    def __getitem__(self, dtype: Any) -> Any:
        return lambda x: import_module("numpy").asarray(x, dtype)


def _restore_former_names() -> None:
    for name, place in _FORMER_NAMES.items():
        module, _, attribute = name.rpartition(".")
        names = vars(import_module(module))
        if attribute not in names:
            home, _, now = place.partition(":")
            names[attribute] = getattr(import_module(home), now)
    vars(import_module("numpy")).setdefault("cast", _Casts())


def run_script(name: str, arguments: Sequence[str]) -> int:
    """Run a script as ``python SCRIPT.py`` does."""
    path = named_path(name)
    if not path.is_file():
        raise StorageError("There is no file {path}.", path=name)
    folder = resolve_path(path).parent
    _restore_former_names()
    before = sys.argv, sys.path
    sys.argv = [name, *arguments]
    sys.path = [str(folder), *sys.path[1:]]
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as finished:
        if finished.code is None or isinstance(finished.code, int):
            return finished.code or 0
        print(finished.code, file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        report(_("Interrupted."))
        return INTERRUPTED
    except BaseException as error:
        _print_as_python_does(error, path)
        return FAILURE
    finally:
        sys.argv, sys.path = before
    return 0


def _print_as_python_does(error: BaseException, script: Path) -> None:
    """Print a traceback that begins in the script: without the frames that run it."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != str(script):
        frames = frames.tb_next
    traceback.print_exception(error.with_traceback(frames))


def _add_completion_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=_SHELLS)


COMPLETION = Subcommand(
    "completion",
    _(
        "Print a script for a shell.\nOnce the shell has read it, the Tab key completes commands, "
        "options and file names.",
    ),
    (
        "bash > ~/.local/share/bash-completion/completions/mnist-draw",
        "zsh > ~/.zfunc/_mnist-draw",
    ),
    lambda given: _complete(given),
    _add_completion_options,
)

#: All commands in the order of the help.
COMMANDS: dict[str, Subcommand] = {
    command.name: command
    for command in (
        train.TRAIN,
        predict.EVALUATE,
        predict.PREDICT,
        listing.MODELS,
        listing.RUNS,
        export.EXPORT,
        listing.DATA,
        export.DIGITS,
        SCRIPT,
        desktop_entry.DESKTOP,
        doctor.DOCTOR,
        COMPLETION,
    )
}


def main(argv: Sequence[str] | None = None) -> int:
    output.prepare()
    status = _run(argv)
    if not output.finish() and status == SUCCESS:
        return FAILURE
    return status


def _run(argv: Sequence[str] | None) -> int:
    language, given = _split_language(list(sys.argv[1:] if argv is None else argv))
    if given and given[0].endswith(".py"):
        given.insert(0, "script")
    if given and given[0] == "help":
        given = [*given[1:2], "--help"]
    # What a double click starts. Nobody sees its terminal, so the window says what is wrong.
    opened = given[0] if len(given) == 1 else ""
    ending = opened.lower().rpartition(".")[2]
    file = opened if ending in ("npz", "mnist-handin", "mnist-lesson") else ""
    fail = _fail_in_json if "--json" in given and given[0] != "script" else _fail
    try:
        parser = build_parser()
        if given and not file and not given[0].startswith("-") and given[0] not in COMMANDS:
            hint = did_you_mean(given[0], COMMANDS)
            parser.error(_("there is no command {name!r}. {hint}", name=given[0], hint=hint))
        arguments = parser.parse_args(language if file else [*language, *given])
        if arguments.run is None:
            if file and not named_path(file).is_file():
                raise UserError("There is no file {path}.", path=file)
            from mnist_draw.app import main as open_window

            if arguments.lesson is not None:
                from mnist_draw.app.train.lesson import read_lesson

                kept = _("No window was opened.")
                return open_window(lesson=read_lesson(arguments.lesson, kept))
            return open_window(file=file) if file else open_window()
        if arguments.lesson is not None:
            parser.error(
                _("--config before a command is for the window; it opens without a command"),
            )
        status: int = arguments.run(arguments)
    except SystemExit as finished:  # --help or --version
        return finished.code if isinstance(finished.code, int) else MISUSE
    except MisuseError as error:
        return fail(str(error), MISUSE)
    except UserError as error:
        return fail(str(error), FAILURE)
    except KeyboardInterrupt:
        return fail(_("Interrupted."), INTERRUPTED)
    except BrokenPipeError:  # the reader of the output has ended
        return FAILURE
    except MemoryError:
        sentence = _("There is not enough memory for this. Nothing was changed.")
        return fail(sentence, FAILURE)
    except Exception as error:
        # Python 3.11 wraps what interrupts the making of a class.
        if isinstance(error.__cause__, KeyboardInterrupt):
            return fail(_("Interrupted."), INTERRUPTED)
        return fail(_defect(error), FAILURE)
    return status


def _split_language(given: list[str]) -> tuple[list[str], list[str]]:
    """Return the option ``--lang`` with its value, and the rest; that of a script is its own."""
    for place, word in enumerate(given):
        if word == "script" or word.endswith(".py"):
            break
        if word.partition("=")[0] == "--lang":
            end = place + (1 if "=" in word else 2)
            return given[place:end], [*given[:place], *given[end:]]
    return [], given


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        formatter_class=HelpText,
        description=_(
            "Draw a digit, train the network that reads it. Without a command, the window "
            "opens; with FILE.npz alone it opens with the network in that file.",
        ),
        epilog=_(
            "Environment: {home} is the folder for everything that the program keeps; "
            "NO_COLOR turns colors off. help COMMAND describes a command.",
            home=HOME_VARIABLE,
        ),
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action=_Version, help=_("show the versions and exit"))
    parser.add_argument(
        "--lang",
        metavar="CODE",
        choices=LANGUAGES,
        help=_("use this language: {codes}", codes=", ".join(LANGUAGES)),
    )
    parser.add_argument(
        "--config",
        dest="lesson",
        metavar="CLASS.toml",
        help=_(
            "open the window as a class starts with it: language, network, tabs, settings, and "
            "which of them are fixed or hidden",
        ),
    )
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title=_("commands"), metavar="COMMAND")
    for command in COMMANDS.values():
        command.add_to(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    """Raises misuse instead of exiting; suggests an option for one that does not exist."""

    def error(self, message: str) -> NoReturn:
        if self.format_usage().count("\n") <= _MAX_USAGE_LINES:
            with contextlib.suppress(OSError, ValueError):
                self.print_usage(sys.stderr)
        raise MisuseError(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, surplus = super().parse_known_args(args, namespace)
        # A command has its own parser: what that does not know is unknown.
        if surplus:
            word = surplus[0].partition("=")[0]
            options = (name for name in self._option_string_actions if name.startswith("--"))
            given = " ".join(surplus)
            if not word.startswith("-"):
                self.error(_("unrecognized arguments: {words}", words=given))
            hint = did_you_mean(word, options, f"{self.prog} --help")
            self.error(_("unrecognized arguments: {words}. {hint}", words=given, hint=hint))
        return known, surplus

    def print_help(self, file: Any = None) -> None:
        output.echo_text(self.format_help())


class _Version(argparse.Action):
    """Print program, engine and Python; the engine is looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from mnist_draw.theano_bridge import engine

        python = ".".join(map(str, sys.version_info[:3]))
        output.echo(f"mnist_draw {__version__} ({engine()}, Python {python})")
        parser.exit()


def _fail(sentence: str, status: int) -> int:
    output.report(sentence)
    return status


def _fail_in_json(sentence: str, status: int) -> int:
    with contextlib.suppress(UserError, BrokenPipeError):
        output.echo(output.json_line({"error": sentence}))
    return _fail(sentence, status)


def _defect(error: Exception) -> str:
    """Save the traceback of a defect in a file; return a sentence about it."""
    from mnist_draw.storage.atomic import write_atomically
    from mnist_draw.storage.folders import data_folder

    words = " ".join(str(error).split())
    what = shortened(f"{type(error).__name__}: {words}")
    sentence = _("Something went wrong ({what}).", what=what)
    try:
        path = data_folder() / "last-mistake.txt"
        write_atomically(
            path,
            "".join(traceback.format_exception(error)).encode("utf-8", "replace"),
        )
    except UserError:
        return sentence
    details = _("Details are in {path}.", path=path)
    return joined(sentence, details)


def _complete(arguments: argparse.Namespace) -> int:
    import shtab

    parser = build_parser()
    for command in _commands_of(parser):
        for action in command._actions:
            names = str(action.metavar or "")
            if names in ("DIR", "PATH"):
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif names.partition(".")[0] in _FILE_METAVARS:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    output.echo_text(shtab.complete(parser, arguments.shell))
    return 0


def _commands_of(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    kinds = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [command for kind in kinds for command in kind.choices.values()]


if __name__ == "__main__":
    sys.exit(main())
