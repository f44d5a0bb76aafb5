"""``mnist-draw script`` runs any script that says ``import theano`` or ``import lasagne``."""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from mnist_draw.cli.command import Subcommand
from mnist_draw.cli.output import tell
from mnist_draw.errors import StorageError
from mnist_draw.storage.atomic import resolve_path
from mnist_draw.storage.folders import named_path

_FAILED, _INTERRUPTED = 1, 130


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT.py", help="the script")
    parser.add_argument(
        "arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER, help="what the script is given"
    )
    parser.set_defaults(run=lambda given: run_script(given.script, given.arguments))


SCRIPT = Subcommand(
    "script",
    "run a Python script that uses Lasagne or Theano",
    "Run a Python script in which import theano and import lasagne work, in any order and without "
    "a change to it. python -m mnist_draw SCRIPT.py does the same.",
    (("mnist.py mlp 20", "Lasagne's own example, with its arguments"),),
    _add_options,
)


def run_script(name: str, arguments: Sequence[str]) -> int:
    """Run a script as ``python SCRIPT.py`` does."""
    path = named_path(name)
    if not path.is_file():
        raise StorageError(f"There is no script {name}.")
    folder = resolve_path(path).parent
    before = sys.argv, sys.path
    sys.argv = [name, *arguments]
    sys.path = [str(folder), *sys.path[1:]]
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as finished:
        if finished.code is None or isinstance(finished.code, int):
            return finished.code or 0
        print(finished.code, file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        tell("Interrupted.")
        return _INTERRUPTED
    except BaseException as error:
        _print_as_python_does(error, path)
        return _FAILED
    finally:
        sys.argv, sys.path = before
    return 0


def _print_as_python_does(error: BaseException, script: Path) -> None:
    """Print a traceback that begins in the script: what runs it is none of the reader's concern."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != str(script):
        frames = frames.tb_next
    traceback.print_exception(error.with_traceback(frames))
