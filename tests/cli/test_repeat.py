"""A run is made again from its record alone, bit for bit, in another home."""

import shutil

import numpy as np
import pytest
from changed_run import train_with_changes
from linear_network import NETWORK

from mnist_draw.cli import main
from mnist_draw.library.stored_network import load_trained
from mnist_draw.training.presets import load_settings
from mnist_draw.training.record import read_run
from mnist_draw.training.repeat import find_run, settings_at_start
from mnist_draw.training.run import RECORD
from mnist_draw.training.settings import TrainingSettings

SETTINGS = TrainingSettings(
    network=NETWORK,
    epochs=2,
    batch_size=200,
    training_examples=2000,
    learning_rate=0.01,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Train with two changes on the way; return the folder of the run and its last parameters."""
    folder = tmp_path_factory.mktemp("home") / "a run"
    return folder, train_with_changes(SETTINGS, folder, 4)


def test_the_record_has_what_the_figures_depend_on(original):
    folder, _ = original
    run = read_run(folder)
    assert [(change.epoch, change.batch, change.name) for change in run.changes] == [
        (1, 5, "learning_rate"),
        (2, 1, "l2"),
    ]
    assert settings_at_start(run) == SETTINGS.replace(data_folder=run.settings.data_folder)
    libraries = {"program", "engine", "python", "numpy", "lasagne"}
    assert set(run.made_with) == libraries | {"machine", "data", "pictures"}


def test_a_record_is_a_file_of_settings_as_the_run_began_with_them(original):
    folder, _ = original
    settings = load_settings(folder / RECORD)
    assert settings == settings_at_start(read_run(folder))
    assert settings.learning_rate == 0.01


def test_a_run_is_repeated_bit_by_bit(original, tmp_path, monkeypatch, capsys):
    folder, parameters = original
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / RECORD, tmp_path)
    assert main(["train", "--like", RECORD, "--output", "again.npz", "--no-run"]) == 0
    again = load_trained(tmp_path / "again.npz")
    for mine, its in zip(parameters, again.parameters, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("changed", ["NumPy 1.0", "riscv64", "Lasagne 0.2", "pictures 00c0ffee"])
def test_a_difference_that_prevents_equality_is_said(
    original,
    changed,
    tmp_path,
    monkeypatch,
    capsys,
):
    folder, _ = original
    monkeypatch.chdir(tmp_path)
    text = (folder / RECORD).read_text("utf-8")
    names = {"NumPy 1.0": "numpy", "riscv64": "machine", "Lasagne 0.2": "lasagne"}
    before = find_run(str(folder)).made_with[names.get(changed, "pictures")]
    (tmp_path / RECORD).write_text(text.replace(before, changed), "utf-8")
    assert main(["train", "--like", ".", "--epochs", "1", "--no-run"]) == 0
    said = capsys.readouterr().err
    assert changed in said
    # What is the same is not named.
    assert "Python" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--like", "no such run"], "no such run"),
        (["--like", "a", "--preset", "quick"], "--preset"),
    ],
)
def test_what_cannot_be_repeated(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments]) in (1, 2)
    assert said in capsys.readouterr().err
