"""``train --extra`` and ``--from``: one's own digits, and a network to go on from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from linear_network import NETWORK
from pen_drawing import DIGITS, board
from PIL import Image

from mnist_draw.cli import main
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage.my_digits import TaughtDigit, save_digit

QUICK = ["train", "--network", NETWORK, "--examples", "500", "--batch-size", "100", "--epochs", "2"]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Return a folder with a taught digit, a picture in a subfolder, and a damaged one."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    (folder / "4").mkdir(parents=True)
    save_digit(TaughtDigit(7, board(DIGITS[7], 16, scale=150, at=(70, 70))), folder)
    paper = 255 - board(DIGITS[4], 16, scale=150, at=(70, 70))
    Image.fromarray(paper).save(folder / "4" / "scan.png")
    (folder / "5-damaged.png").write_bytes(b"no picture")
    return folder


@pytest.mark.slow
def test_a_network_learns_them_too(mine, capsys):
    assert main([*QUICK, "--extra", str(mine), "--output", "m.npz"]) == 0
    out, err = capsys.readouterr()
    assert f"Learning 2 digits from {mine} too." in out
    assert "5-damaged.png" in err
    assert "It was left out." in err
    model = load_trained("m.npz")
    assert model.metadata["extra_digits"] == 2
    # No file tells the names of the user's folders.
    assert "extra_folder" not in model.metadata["settings"]


@pytest.mark.slow
def test_a_run_with_them_is_continued(mine, capsys):
    extra = ["--extra", str(mine), "--augment", "pen"]
    assert main([*QUICK, *extra, "--output", "whole.npz"]) == 0
    assert main([*QUICK, *extra, "--epochs", "1", "--output", "p.npz", "--checkpoint", "c"]) == 0
    moved = mine.rename(mine.with_name("moved"))
    resume = ["train", "--resume", "c", "--epochs", "2", "--output", "rest.npz"]
    assert main([*resume, "--extra", str(moved)]) == 0
    whole, rest = load_trained("whole.npz"), load_trained("rest.npz")
    assert all(map(np.array_equal, whole.parameters, rest.parameters))
    capsys.readouterr()
    (moved / "4" / "scan.png").unlink()
    assert main([*resume[:3], "--extra", str(moved), "--epochs", "3"]) == 1
    assert "the extra digits" in capsys.readouterr().err


@pytest.mark.slow
def test_a_settings_file_may_name_them(mine, capsys):
    settings = {"network": NETWORK, "epochs": 1, "training_examples": 500, "extra_folder": "mine"}
    Path("s.json").write_text(json.dumps(settings))
    assert main(["train", "--config", "s.json", "--output", "m.npz"]) == 0
    assert "Learning 2 digits" in capsys.readouterr().out


def test_nothing_is_trained_where_there_are_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nothing").mkdir()
    assert main([*QUICK, "--extra", "nothing", "--output", "m.npz"]) == 1
    assert "holds no digit to learn" in capsys.readouterr().err
    assert main([*QUICK, "--extra", "missing", "--output", "m.npz"]) == 1
    assert "There is no folder missing" in capsys.readouterr().err
    assert not Path("m.npz").exists()


@pytest.mark.slow
def test_a_trained_network_goes_on(mine, capsys):
    assert main([*QUICK, "--output", "first.npz"]) == 0
    arguments = ["train", "--from", "first.npz", "--examples", "500", "--batch-size", "100"]
    small = ["--learning-rate", "1e-9", "--epochs", "1", "--output", "second.npz"]
    assert main([*arguments, *small]) == 0
    first, second = load_trained("first.npz"), load_trained("second.npz")
    assert second.network == NETWORK
    for one, other in zip(first.parameters, second.parameters, strict=True):
        assert np.allclose(one, other, atol=1e-5)
    capsys.readouterr()
    assert main([*arguments, "--network", "cnn", "--output", "third.npz"]) == 1
    assert "which cannot start a 'cnn'" in capsys.readouterr().err
    assert main(["train", "--from", "missing.npz"]) == 1
    assert "missing.npz cannot be used. There is no such file." in capsys.readouterr().err
