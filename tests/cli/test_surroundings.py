"""Homes, names and moments that no program likes: work where it is possible, else a sentence."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from own_classes import draw_classes
from PIL import Image

from mnist_draw.cli import main
from mnist_draw.errors import UserError, shortened
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage import resource_path
from mnist_draw.theano_bridge import environment, installed_theano

TRAIN = ["train", "--network", "custom_mlp:0,1,0,0", "--examples", "500", "--epochs", "1"]
MODEL = str(resource_path("models") / "mlp.npz")


def python(arguments, folder, **environment):
    env = {**os.environ, **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def blank(tmp_path):
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    return tmp_path


def test_without_a_home_nothing_is_kept_and_what_ships_is_listed(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "file"))
    assert main(["models"]) == 0
    assert "Best reader" in capsys.readouterr().out
    for command in ("runs", "digits"):
        assert main([command]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "create the folder" in err


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("home", ["a file", "~nobody-has-this-name/x"])
def test_without_a_home_pictures_are_read_and_networks_trained(home, blank):
    """Nothing is kept between runs."""
    (blank / "a file").touch()
    predict, train = ["predict", "blank.png", "--model", MODEL], [*TRAIN, "--output", "m.npz"]
    # Without a cache the second takes seconds; it is told of either home alike.
    commands = [predict, train] if home == "a file" else [predict]
    code = f"from mnist_draw.cli.main import main; exit(sum(map(main, {commands})))"
    told = python(["-c", code], blank, MNIST_DRAW_HOME=home)
    assert told.returncode == 0
    assert "nothing" in told.stdout
    if home != "a file":
        assert told.stderr == ""
        return
    assert told.stderr.count("\n") == 1
    assert "not in the Library" in told.stderr
    assert load_trained(blank / "m.npz").metadata["epochs"] == 1


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(installed_theano(), reason="about PyTensor's folder")
@pytest.mark.parametrize("name", ["Ada's # b, ü ≈", 'a "b" back\\slash'])
def test_a_home_of_any_name(name, tmp_path):
    if os.name == "nt" and set(name) & set('"\\'):
        pytest.skip("no folder can have that name there")
    code = "import mnist_draw, theano; print(ascii(str(theano.config.base_compiledir)))"
    home = str(tmp_path / name)
    done = python(["-c", code], tmp_path, MNIST_DRAW_HOME=home, PYTENSOR_FLAGS="")
    wanted = ascii(str(tmp_path / name / "cache" / "compiled") + os.sep)[:-1]
    assert done.stdout.startswith(wanted)
    assert done.stderr == ""


@pytest.fixture
def gone(tmp_path, monkeypatch):
    """Return a folder; the one in it that the program works in is gone."""
    (tmp_path / "gone").mkdir()
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="there, a folder stays that a program works in")
@pytest.mark.parametrize(
    "arguments",
    [
        TRAIN,
        [*TRAIN, "--output", "m.npz"],
        [*TRAIN, "--output", "/m.npz", "--checkpoint", "run.ckpt"],
        ["export", "mlp", "x.py"],
        ["evaluate", "mlp", "--report", "r"],
        ["script", "../x.py"],
    ],
)
def test_names_that_begin_in_a_folder_that_is_gone(arguments, gone, capsys):
    (gone / "x.py").touch()
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "is gone" in told


@pytest.mark.skipif(os.name == "nt", reason="there, a folder stays that a program works in")
def test_whole_names_lead_somewhere_from_a_folder_that_is_gone(gone, monkeypatch, capsys):
    draw_classes(gone / "shapes", ("a", "b"), 6)
    whole = [*TRAIN[:1], "--network", "layers:3", "--epochs", "1", "--output", str(gone / "m.npz")]
    # From there, Linux still knows the folder above.
    data = "../shapes" if sys.platform == "linux" else str(gone / "shapes")
    assert main([*whole, "--data", data]) == 0
    assert main(["evaluate", str(gone / "m.npz"), "--data", data]) == 0
    assert data in capsys.readouterr().err
    # A home that begins there is told of where it is needed, and the program works without.
    monkeypatch.setenv("MNIST_DRAW_HOME", "home")
    assert environment.cache_folder() == Path("home", "cache", "compiled")


@pytest.mark.skipif(os.name == "nt", reason="there, libtiff is a part of Pillow")
def test_a_damaged_tiff_is_told_of_in_our_words_alone(tmp_path, capfd):
    Image.fromarray(np.eye(60) > 0).save(tmp_path / "scan.tif", compression="group4")
    content = bytearray((tmp_path / "scan.tif").read_bytes())
    # The strip of codes follows the 8 bytes of the header.
    content[8:20] = b"\x01\x80" * 6
    (tmp_path / "scan.tif").write_bytes(content)
    main(["predict", str(tmp_path / "scan.tif"), "--model", MODEL])
    told = capfd.readouterr().err
    assert all(line.startswith("mnist-draw: ") for line in told.splitlines())
    assert "Traceback" not in told


LONG = "x" * 70_000
ODD = ["~nobody-has-this-name/x", LONG, "x/" * 3000, "a folder", "nul\0", "\udcff"]
WITH_A_NAME = [
    ["predict", "NAME"],
    ["predict", "blank.png", "--model", "NAME"],
    ["evaluate", "NAME"],
    ["evaluate", MODEL, "--data", "NAME"],
    *(
        [*TRAIN, option, "NAME"]
        for option in ("--data", "--extra", "--config", "--resume", "--from", "--network")
    ),
    [*TRAIN, "--update", "NAME"],
    ["NAME"],
    ["NAME.npz"],
    ["NAME.py"],
    ["--config", "NAME"],
]


@pytest.mark.parametrize("name", ODD, ids=lambda name: ascii(name[:12]))
@pytest.mark.parametrize("arguments", WITH_A_NAME, ids=lambda words: " ".join(words[-2:])[-30:])
def test_names_that_lead_nowhere_end_in_a_sentence(arguments, name, blank, monkeypatch, capsys):
    monkeypatch.chdir(blank)
    (blank / "a folder").mkdir()
    assert main([part.replace("NAME", name) for part in arguments]) in (1, 2)
    err = capsys.readouterr().err
    assert "Something went wrong" not in err
    *usage, sentence = err.splitlines()
    assert len(sentence) < 2000
    assert not usage or usage[0].startswith("usage:")


def test_what_is_too_long_loses_its_middle():
    assert shortened("as it is") == "as it is"
    sentence = str(UserError(f"There is no file {LONG}. Name another."))
    assert "no file xxx" in sentence
    assert sentence.endswith("xxx. Name another.")
    assert len(sentence) < 500
    assert len(shortened("many words " * 10_000)) < 1600
    # Paths that a system allows stay whole, so that they can be copied.
    assert "/folder" * 40 in shortened(f"Saved in {'/folder' * 40}.")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["evaluate", "none.npz", "--json"], 1),
        (["predict", "--json", "--model", "none.npz", "a.png"], 1),
        (["predict", "--json"], 2),
        (["evaluate", "--json", "--nonsense"], 2),
    ],
)
def test_programs_that_read_json_read_errors_too(arguments, status, capsys):
    assert main(arguments) == status
    out, err = capsys.readouterr()
    [(name, sentence)] = json.loads(out).items()
    assert name == "error"
    assert sentence in err


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="signals to another process")
@pytest.mark.parametrize("first", ["gettext", "mnist_draw.i18n", "mnist_draw.cli"])
def test_ctrl_c_during_the_first_imports(first):
    """A module takes its time to be imported; Ctrl-C comes meanwhile."""
    code = """
import sys, time

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            print("importing", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Slow())
from mnist_draw.__main__ import main
sys.exit(main())
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, first], **pipes) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "mnist-draw: Interrupted.\n")


@pytest.mark.process
def test_ctrl_c_in_a_callback_that_python_drops_interrupts_nevertheless(tmp_path):
    code = """
import sys
import mnist_draw.cli.main

class Dropped:
    def __del__(self):
        raise KeyboardInterrupt

def list_networks(*arguments):
    Dropped()
    while True:
        pass

sys.modules["mnist_draw.cli.main"].build_parser = list_networks
from mnist_draw.__main__ import main
sys.exit(main())
"""
    ended = python(["-c", code], tmp_path)
    assert (ended.returncode, ended.stderr) == (130, "mnist-draw: Interrupted.\n")


@pytest.mark.process
@pytest.mark.skipif(installed_theano(), reason="PyTensor writes what Theano does not")
def test_training_needs_no_folder_for_temporary_files(tmp_path):
    code = """
import sys, tempfile

def fail(*arguments, **options):
    raise FileNotFoundError(2, "No usable temporary directory found")

tempfile._get_default_tempdir = fail
from mnist_draw.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    arguments = [*TRAIN, "--output", "m.npz"]
    ended = python(["-c", code, *arguments], tmp_path, MNIST_DRAW_HOME=str(tmp_path / "home"))
    assert ended.returncode == 0, ended.stderr
