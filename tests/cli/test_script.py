"""``mnist-draw script``: Lasagne's and Theano's scripts run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_draw.cli import main

#: Written as Lasagne's users write: Lasagne first, a module beside the script, arguments.
SCRIPT = """
import sys
import lasagne
import theano
import theano.tensor as T
import numpy as np
from beside import SHAPE

x = T.matrix("x")
layer = lasagne.layers.DenseLayer(lasagne.layers.InputLayer(SHAPE, x), num_units=2)
answer = theano.function([x], lasagne.layers.get_output(layer))
print(__name__, sys.argv, answer(np.zeros(SHAPE, "float32")).shape)
"""


@pytest.mark.process
@pytest.mark.parametrize("command", [[], ["script"]])
def test_a_script_of_lasagne_runs_unmodified(command, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "net.py").write_text(SCRIPT)
    (tmp_path / "folder" / "beside.py").write_text("SHAPE = (3, 4)")
    name = str(Path("folder", "net.py"))
    done = subprocess.run(
        [sys.executable, "-m", "mnist_draw", *command, name, "mlp", "--epochs", "5", "--json"],
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
    (tmp_path / "wrong.py").write_text("def divide():\n    1 / 0\n\ndivide()\n")
    assert main(["script", str(tmp_path / "wrong.py")]) == 1
    err = capsys.readouterr().err
    assert err.startswith('Traceback (most recent call last):\n  File "' + str(tmp_path))
    assert "runpy" not in err
    assert err.endswith("ZeroDivisionError: division by zero\n")


def test_a_script_that_is_not_there(capsys):
    assert main(["none.py"]) == 1
    assert capsys.readouterr().err == "mnist-draw: There is no script none.py.\n"
