"""The outer shell: commands, completion, exit statuses, misuse, defects and users' scripts."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_draw import __version__
from mnist_draw.cli import main, predict
from mnist_draw.cli.main import COMMANDS, build_parser
from mnist_draw.cli.output import painted


def test_the_version_and_the_window(capsys, monkeypatch):
    assert main(["--version"]) == 0
    out = capsys.readouterr().out
    assert f"mnist_draw {__version__}" in out
    assert "PyTensor" in out or "Theano" in out
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in out
    assert main(["-V"]) == 0
    assert capsys.readouterr().out == out
    monkeypatch.setattr("mnist_draw.app.main", lambda: 7)
    assert main([]) == 7


def test_help_describes_a_command(capsys):
    assert main(["help", "predict"]) == 0
    assert "mnist-draw predict" in capsys.readouterr().out
    assert main(["help"]) == 0
    assert "MNIST_DRAW_HOME" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_examples_that_are_understood(name, capsys):
    assert COMMANDS[name].examples
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    for typed in COMMANDS[name].examples:
        assert f"  mnist-draw {name} {typed}" in out
        words = shlex.split(typed.partition(">")[0])
        assert callable(build_parser().parse_args([name, *words]).run)


@pytest.mark.parametrize(
    ("arguments", "meant", "status"),
    [
        (["trian"], "train", 2),
        (["modles"], "models", 2),
        (["train", "--epoch", "3"], "--epochs", 2),
        (["predict", "a.png", "--modle", "best"], "--model", 2),
        (["--verson"], "--version", 2),
        (["train", "--network", "ccn"], "cnn", 2),
        (["train", "--network", "deepcnn"], "deep_cnn", 2),
        (["train", "--update", "adamm"], "adam", 2),
        (["train", "--schedule", "cosin"], "cosine", 2),
        (["export", "bets", "out.npz"], "best", 1),
    ],
)
def test_what_was_meant(arguments, meant, status, capsys):
    assert main(arguments) == status
    assert f"id you mean {meant}?" in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize("shell", ["bash", "fish", "zsh", "tcsh"])
def test_completion(shell, capsys, tmp_path):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    # tcsh has the dashes of options elsewhere.
    assert "learning-rate" in script
    if shutil.which(shell) is None:
        return
    path = tmp_path / "completion"
    path.write_text(script)
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_colors_are_for_terminals_that_want_them(monkeypatch):
    assert painted("ok", "green") == "ok"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert painted("ok", "green") == "\x1b[32mok\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("ok", "green") == "ok"


@pytest.mark.parametrize(
    "typed",
    [
        "draw", "--nonsense", "predict", "evaluate", "evaluate a.npz b.npz", "train --epochs many",
        "train --epo 3", "train 7", "digits export", "digits export a.zip b.zip",
        "digits export a.txt", "digits import",
    ],
)  # fmt: skip
def test_misuse(typed, capsys):
    assert main(typed.split()) == 2
    err = capsys.readouterr().err
    assert typed.startswith(("digits", "train")) or "usage: mnist-draw" in err
    # What is wrong is not below a screen of options.
    assert len(err.splitlines()) < 10


@pytest.fixture
def break_evaluate(monkeypatch):
    """Let `evaluate` raise an error."""

    def let_fail(error):
        def command(_arguments):
            raise error

        monkeypatch.setitem(COMMANDS, "evaluate", replace(predict.EVALUATE, run=command))

    return let_fail


def test_defect_is_kept_in_a_file(tmp_path, monkeypatch, capsys, break_evaluate):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    break_evaluate(ZeroDivisionError("oh"))
    assert main(["evaluate", "a.npz"]) == 1
    err = capsys.readouterr().err
    assert "went wrong (ZeroDivisionError" in err
    assert len(err.splitlines()) == 1
    [report] = (tmp_path / "data").iterdir()
    assert str(report) in err
    assert "Traceback" in report.read_text()


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (
            caused(RuntimeError("Error calling __set_name__"), KeyboardInterrupt()),
            130,
            "Interrupted",
        ),
        (MemoryError(), 1, "memory"),
    ],
)
def test_ends_without_a_traceback(error, status, message, capsys, break_evaluate):
    break_evaluate(error)
    assert main(["evaluate", "a.npz"]) == status
    assert message in capsys.readouterr().err


@pytest.mark.process
def test_importing_the_commands_is_cheap():
    code = (
        "import sys, mnist_draw.cli.main; "
        "heavy = {'theano', 'lasagne', 'pytensor', 'qtpy', 'scipy', 'PIL'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="names are no bytes there")
def test_any_file_name_can_be_printed():
    """An ASCII terminal and a name that is not even valid Unicode: a sentence, no traceback."""
    command = [sys.executable, "-m", "mnist_draw", "evaluate", os.fsdecode(b"\xff\xc3\xbc.npz")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    found = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert found.returncode == 1
    assert b"There is no file" in found.stderr
    assert len(found.stderr.splitlines()) == 1


# -- users' scripts


#: Written as Lasagne's users write: Lasagne first, a module beside the script, arguments.
SCRIPT = """
import sys
import lasagne
import theano
import theano.tensor as T
import numpy
import numpy as np
from beside import SHAPE
from collections import Mapping

assert numpy.cast["int32"]([1.9]).tolist() == [numpy.int(1.9)]
assert numpy.product([2, 3]) == 6 and isinstance({}, Mapping)
x = T.matrix("x")
layer = lasagne.layers.DenseLayer(lasagne.layers.InputLayer(SHAPE, x), num_units=2)
answer = theano.function([x], lasagne.layers.get_output(layer))
print(__name__, sys.argv, answer(np.zeros(SHAPE, "float32")).shape)
"""


@pytest.mark.slow
@pytest.mark.process
def test_a_script_of_lasagne_runs_unmodified(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "net.py").write_text(SCRIPT)
    (tmp_path / "folder" / "beside.py").write_text("SHAPE = (3, 4)")
    name = str(Path("folder", "net.py"))
    done = subprocess.run(
        [sys.executable, "-m", "mnist_draw", name, "mlp", "--epochs", "5", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"__main__ {[name, 'mlp', '--epochs', '5', '--json']} (3, 2)\n"


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit('no data')", 1, "no data\n"),
        ("raise KeyboardInterrupt", 130, "mnist-draw: Interrupted.\n"),
    ],
)
def test_a_script_s_end_is_the_command_s(text, status, told, tmp_path, capsys):
    path, argv = list(sys.path), list(sys.argv)
    (tmp_path / "end.py").write_text(text)
    assert main([str(tmp_path / "end.py")]) == status
    assert capsys.readouterr().err == told
    assert (sys.path, sys.argv) == (path, argv)


def test_a_script_s_mistake_is_shown_as_python_shows_it(tmp_path, capsys):
    code = "import sys\ndef divide():\n    1 / 0\n\nprint(sys.argv[1:])\ndivide()\n"
    (tmp_path / "wrong.py").write_text(code)
    assert main(["script", str(tmp_path / "wrong.py"), "mlp", "--epochs", "5", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == "['mlp', '--epochs', '5', '--json']\n"
    assert err.startswith('Traceback (most recent call last):\n  File "' + str(tmp_path))
    assert "runpy" not in err
    assert err.endswith("ZeroDivisionError: division by zero\n")
    for name, told in (("none.py", "no file none.py."), ("nowhere.npz", "no file nowhere.npz.")):
        assert main([name]) == 1
        assert f"There is {told}" in capsys.readouterr().err
