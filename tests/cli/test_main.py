"""The outer shell: exit statuses, misuse, defects, and output that nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mnist_draw import __version__
from mnist_draw.cli import main, predict


def test_version_names_program_engine_and_python(capsys):
    assert main(["--version"]) == 0
    out = capsys.readouterr().out
    assert f"mnist_draw {__version__}" in out
    assert "PyTensor" in out or "Theano" in out
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["draw"],
        ["--nonsense"],
        ["predict"],
        ["evaluate"],
        ["evaluate", "a.npz", "b.npz"],
        ["train", "--epochs", "many"],
        ["train", "--epo", "3"],
        ["train", "7"],
    ],
)
def test_misuse(arguments, capsys):
    assert main(arguments) == 2
    assert "usage: mnist-draw" in capsys.readouterr().err


def test_without_a_command_the_window_opens(monkeypatch):
    monkeypatch.setattr("mnist_draw.app.main", lambda: 7)
    assert main([]) == 7


def broken(error):
    def command(_arguments):
        raise error

    return command


def test_defect_is_kept_in_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    monkeypatch.setattr(predict, "evaluate", broken(ZeroDivisionError("oh")))
    assert main(["evaluate", "a.npz"]) == 1
    err = capsys.readouterr().err
    assert "made a mistake (ZeroDivisionError: oh)" in err
    assert len(err.splitlines()) == 1
    [report] = (tmp_path / "data").iterdir()
    assert str(report) in err
    assert "Traceback" in report.read_text()


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (MemoryError(), 1, "memory"),
    ],
)
def test_ends_without_a_traceback(error, status, message, monkeypatch, capsys):
    monkeypatch.setattr(predict, "evaluate", broken(error))
    assert main(["evaluate", "a.npz"]) == status
    assert message in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="a shell pipe that closes early")
def test_reader_that_has_enough():
    command = f"{sys.executable} -m mnist_draw train --help | head -c 1"
    found = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in found.stderr
    assert "BrokenPipe" not in found.stderr


@pytest.mark.process
def test_importing_the_commands_is_cheap():
    code = (
        "import sys, mnist_draw.cli.main; "
        "heavy = {'theano', 'lasagne', 'pytensor', 'PyQt5', 'scipy', 'PIL'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr


@pytest.mark.process
def test_any_file_name_can_be_printed():
    """An ASCII terminal and a name that is not even valid Unicode: a sentence, no traceback."""
    command = [sys.executable, "-m", "mnist_draw", "evaluate", os.fsdecode(b"\xff\xc3\xbc.npz")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    found = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert found.returncode == 1
    assert b"There is no such file" in found.stderr
    assert len(found.stderr.splitlines()) == 1


SWALLOWS = """
import argparse, ctypes, signal, sys, time
from mnist_draw.cli.main import COMMANDS, main
from mnist_draw.cli.command import Subcommand

def called_back():
    signal.raise_signal(signal.SIGINT)
    return 0

class Tidied:
    def __del__(self):
        called_back()

def run(arguments):
    if arguments.how == "callback":
        ctypes.CFUNCTYPE(ctypes.c_int)(called_back)()
    else:
        Tidied()
    time.sleep(arguments.seconds)
    return 0

def add_options(parser):
    parser.add_argument("how")
    parser.add_argument("seconds", type=float)
    parser.set_defaults(run=run)

COMMANDS["lost"] = Subcommand("lost", "lose it", "Loses it.", (), add_options)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="there, a program cannot send itself Ctrl-C")
@pytest.mark.parametrize(("how", "seconds"), [("callback", "20"), ("tidying", "0")])
def test_ctrl_c_that_python_swallows_ends_the_command(how, seconds):
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWS, "lost", how, seconds],
        capture_output=True, text=True, check=False, timeout=15,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "mnist-draw: Interrupted.\n")
