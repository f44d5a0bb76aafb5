"""``train``: what is saved, what is found out before, and how a run ends."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_draw.cli import main, train_run
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage import StorageError
from mnist_draw.training import events, network_places, progress
from mnist_draw.training.settings import SETTINGS, TrainingSettings

NETWORK = "custom_mlp:0,1,0,0"
QUICK = ["train", "--network", NETWORK, "--examples", "2000", "--learning-rate", "0.01"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(network_places, "data_folder", lambda: tmp_path / "own data")
    (tmp_path / "own data").mkdir()
    return tmp_path


def test_trains_and_saves(here, capsys):
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz", "--seed", "5"]) == 0
    out, err = capsys.readouterr()
    assert "Epoch 2 of 2 took" in out
    assert "test accuracy" in out
    assert "saved in m.npz" in out
    assert err == ""
    model = load_trained(here / "m.npz")
    assert model.network == NETWORK
    assert model.metadata["epochs"] == 2
    assert model.metadata["settings"]["seed"] == 5
    assert 0.7 < model.metadata["test_accuracy"] < 0.95
    assert model.metadata["temperature"] > 0
    # The figure in the file is what evaluate finds.
    assert main(["evaluate", "m.npz", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == pytest.approx(model.metadata["test_accuracy"], abs=2e-4)
    assert found["loss"] == pytest.approx(model.metadata["test_loss"], rel=1e-3)


def test_same_seed_same_file(here):
    for name in ("a.npz", "b.npz"):
        assert main([*QUICK, "--epochs", "1", "--output", name]) == 0
    assert (here / "a.npz").read_bytes() == (here / "b.npz").read_bytes()


def test_without_output_nothing_is_replaced(here):
    (here / "model.npz").write_bytes(b"of old")
    assert main([*QUICK, "--epochs", "1"]) == 0
    assert (here / "model.npz").read_bytes() == b"of old"
    assert load_trained(here / "model-2.npz").metadata["epochs"] == 1


def after(kind, count, action):
    """Return a ``show`` that acts when the loop has reported `count` events of a kind."""
    seen = 0

    def show(_progress, event):
        nonlocal seen
        seen += isinstance(event, kind)
        if isinstance(event, kind) and seen == count:
            action()

    return show


def test_ctrl_c_saves_what_was_learnt(here, monkeypatch, capsys):
    before = signal.getsignal(signal.SIGINT)
    interrupt = after(events.BatchFinished, 6, lambda: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(train_run.Progress, "show", interrupt)
    assert main([*QUICK, "--epochs", "50", "--output", "m.npz"]) == 130
    out, err = capsys.readouterr()
    assert "What was learnt is saved in m.npz" in out
    assert "Traceback" not in err
    model = load_trained(here / "m.npz")
    assert model.metadata["epochs"] == 1
    assert model.metadata["test_accuracy"] > 0.3
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_run_is_continued_as_if_never_interrupted(here, monkeypatch):
    assert main([*QUICK, "--epochs", "3", "--output", "whole.npz"]) == 0
    with monkeypatch.context() as patch:
        stop = after(events.EpochFinished, 2, lambda: signal.raise_signal(signal.SIGINT))
        patch.setattr(train_run.Progress, "show", stop)
        arguments = ["--epochs", "3", "--output", "part.npz", "--checkpoint", "run.ckpt"]
        assert main([*QUICK, *arguments]) == 130
    assert main(["train", "--resume", "run.ckpt", "--output", "rest.npz"]) == 0
    whole, rest = load_trained(here / "whole.npz"), load_trained(here / "rest.npz")
    assert all(map(np.array_equal, whole.parameters, rest.parameters))
    assert whole.metadata == rest.metadata
    assert (here / "whole.npz").read_bytes() == (here / "rest.npz").read_bytes()


@pytest.mark.slow
def test_layers_of_ones_own_are_trained_saved_continued_and_asked(here, capsys, digits):
    text = "layers:/0.1,40@tanh/0.2,30@elu,30@leaky/0.1,20@sigmoid"
    arguments = ["train", "--network", text, "--examples", "5000", "--batch-size", "100"]
    assert main([*arguments, "--epochs", "3", "--output", "whole.npz"]) == 0
    arguments += ["--epochs", "2", "--checkpoint", "run.ckpt", "--output", "part.npz"]
    assert main(arguments) == 0
    assert main(["train", "--resume", "run.ckpt", "--epochs", "3", "--output", "rest.npz"]) == 0
    assert (here / "whole.npz").read_bytes() == (here / "rest.npz").read_bytes()
    model = load_trained(here / "rest.npz")
    assert (model.network, model.title) == (
        text,
        "MLP 784–40 tanh–30 elu–30 leaky–20 sigmoid–10",
    )
    assert model.metadata["test_accuracy"] > 0.6
    Image.fromarray(255 - digits.test_images[0, 0]).resize((100, 100)).save("digit.png")
    capsys.readouterr()
    assert main(["predict", "digit.png", "--model", "rest.npz", "--json"]) == 0
    assert sum(json.loads(capsys.readouterr().out)["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_a_file_of_settings_names_the_network_to_start_from(here):
    assert main([*QUICK, "--epochs", "1", "--output", "first.npz"]) == 0
    settings = {"network": NETWORK, "start_model": "first.npz", "training_examples": 1000}
    Path("class.json").write_text(json.dumps({**settings, "epochs": 1, "learning_rate": 1e-20}))
    assert main(["train", "--config", "class.json", "--output", "second.npz"]) == 0
    first, second = load_trained(here / "first.npz"), load_trained(here / "second.npz")
    for one, other in zip(first.parameters, second.parameters, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_run_that_diverges_at_once_saves_nothing(here, capsys):
    arguments = ["--update", "sgd", "--learning-rate", "1e6", "--l2", "1e6", "--epochs", "3"]
    assert main([*QUICK, *arguments, "--output", "m.npz"]) == 1
    err = capsys.readouterr().err
    assert "Start a new run with" in err
    assert "nothing was saved" in err
    assert not (here / "m.npz").exists()


def test_run_that_diverges_later_keeps_the_last_good_weights(here, monkeypatch, capsys):
    def reports(*_args, **_options):
        parameters = (np.ones((784, 10), np.float32), np.zeros(10, np.float32))
        for epoch in (1, 2):
            figures = (0.1, 0.4, 0.91, 0.3, 0.9784, 5e4, True)
            yield events.EpochFinished(epoch, 3, *figures, parameters)
        yield events.Diverged(3, 7, float("nan"), 0.5, "The loss became nan. Try less.")
        yield events.Finished("diverged", 2, 1.0, parameters)

    monkeypatch.setattr("mnist_draw.training.loop.train", reports)
    assert main([*QUICK, "--output", "m.npz"]) == 1
    out, err = capsys.readouterr()
    assert err == "mnist-draw: The loss became nan. Try less.\n"
    assert "What was learnt is saved in m.npz" in out
    assert load_trained(here / "m.npz").metadata["epochs"] == 2


def test_config_file_and_options_over_it(here):
    settings = {"network": NETWORK, "epochs": 9, "training_examples": 1000, "batch_size": 100}
    Path("class.json").write_text(json.dumps(settings))
    assert main(["train", "--config", "class.json", "--epochs", "1", "--output", "m.npz"]) == 0
    kept = load_trained(here / "m.npz").metadata["settings"]
    assert kept["epochs"] == 1
    assert kept["batch_size"] == 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "recipe"),
    [([], "off"), (["--augment", "warp"], "warp"), (["--augment"], "handwriting")],
)
def test_augmentation(option, recipe, here):
    assert main([*QUICK, *option, "--epochs", "1", "--output", "m.npz"]) == 0
    assert load_trained(here / "m.npz").metadata["settings"]["augmentation"] == recipe


@pytest.mark.parametrize(
    ("arguments", "rate"),
    [
        ([], 0.001),
        (["--update", "sgd"], 0.1),
        (["--update", "adadelta"], 1.0),
        (["--update", "sgd", "--learning-rate", "0.003"], 0.003),
        (["--config", "rule.json"], 1.0),
        (["--config", "rule.json", "--update", "sgd"], 0.1),
        (["--config", "rate.json", "--update", "sgd"], 0.02),
    ],
)
def test_the_learning_rate_is_the_usual_one_of_the_update_rule(arguments, rate, here, monkeypatch):
    (here / "rule.json").write_text('{"update": "adadelta"}')
    (here / "rate.json").write_text('{"learning_rate": 0.02}')
    given: list[TrainingSettings] = []
    monkeypatch.setattr(
        train_run, "train_and_save", lambda settings, *_, **__: given.append(settings) or 0
    )
    assert main(["train", *arguments]) == 0
    assert given[0].learning_rate == rate


def test_help_names_every_setting(capsys):
    assert main(["train", "--help"]) == 0
    told = capsys.readouterr().out
    for setting in SETTINGS.values():
        assert f"{setting.option} " in told


MISUSES: list[tuple[list[str], str]] = [
    (["--epochs", "0"], "number of epochs is 0"),
    (["--network", "abacus"], "There is no network 'abacus'"),
    (["--update-parameter", "rho=high"], "is not a name with a number"),
    (["--update-parameter", "speed=0.5"], "no parameter 'speed'"),
    (["--target-accuracy", "98"], "Write 0.98 for 98 %"),
    (["--output", ""], "--output is empty; it must name a file, such as --output model.npz"),
    (["--checkpoint", ""], "--checkpoint is empty"),
    (["--resume", ""], "--resume is empty"),
    (["--checkpoint", "m.npz", "--output", "m.npz"], "same file"),
    (["--resume", "a.ckpt", "--config", "b.json"], "--config cannot be combined"),
    (["--resume", "a.ckpt", "--preset", "quick"], "--preset cannot be combined"),
    (["--preset", "quick", "--config", "b.json"], "--preset cannot be combined with --config"),
    (["--preset", "swift"], "There is no preset 'swift'. There are: tutorial ("),
    (["--resume", "a.ckpt", "--batch-size", "5"], "--batch-size cannot be combined"),
    (["--resume", "a.ckpt", "--augment"], "--augment cannot be combined"),
    (["--resume", "a.ckpt", "--examples", "5"], "--examples cannot be combined"),
]


@pytest.mark.parametrize(("arguments", "message"), MISUSES)
def test_misuse_is_named(arguments, message, capsys):
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err


FAILURES: list[tuple[list[str], str]] = [
    (["--output", "no/such/folder/m.npz"], "does not exist"),
    (["--output", "folder"], "is a folder"),
    (["--checkpoint", "no/such/folder/run"], "does not exist"),
    (["--data", "no-such-folder"], "no-such-folder is not a folder"),
    (["--data", "folder"], "holds no data set"),
    (["--resume", "none.ckpt"], "no checkpoint none.ckpt"),
    (["--resume", "text.json"], "text.json cannot be continued"),
    (["--config", "none.json"], "no settings file none.json"),
    (["--config", "text.json"], "not a JSON file"),
    (["--config", "wrong.json"], "There is no setting 'epoch'"),
    (["--examples", "10", "--batch-size", "500"], "only 10 training pictures"),
]


@pytest.mark.parametrize(("arguments", "message"), FAILURES)
def test_failure_comes_before_training_in_one_sentence(arguments, message, here, capsys):
    (here / "folder").mkdir()
    (here / "text.json").write_text("{not JSON")
    (here / "wrong.json").write_text('{"epoch": 3}')
    before = sorted(here.iterdir())
    network = [] if "--resume" in arguments else ["--network", NETWORK]
    assert main(["train", *network, *arguments]) == 1
    out, err = capsys.readouterr()
    assert message in err
    assert "Epoch" not in out
    assert "Traceback" not in err
    assert sorted(here.iterdir()) == before


@pytest.mark.skipif(os.name == "nt", reason="devices as POSIX has them")
def test_device_is_not_replaced(capsys):
    assert main([*QUICK, "--output", "/dev/null"]) == 1
    assert "not a regular file" in capsys.readouterr().err
    assert not Path("/dev/null").is_file()


def test_disk_that_fills_during_training_loses_nothing(here, monkeypatch, capsys):
    save = train_run.save_model

    def full_here(path, model):
        if path.parent != networks:
            raise StorageError(f"Could not write {path}: no space left on device.")
        save(path, model)

    networks = here / "own data" / "networks"
    networks.mkdir()
    monkeypatch.setattr(train_run, "save_model", full_here)
    (networks / "rescued-model.npz").write_bytes(b"another one")
    assert main([*QUICK, "--epochs", "1", "--output", "m.npz"]) == 1
    out, err = capsys.readouterr()
    assert "no space left" in err
    rescued = networks / "rescued-model-2.npz"
    assert f"saved in {rescued}" in out
    assert load_trained(rescued).metadata["epochs"] == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_on_a_terminal_and_lines_elsewhere(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(progress, "_REDRAW", 0)
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz"]) == 0
    bar = terminal.getvalue()
    assert "Epoch 1/2" in bar
    assert "Epoch 2/2" in bar
    assert "8/8" in bar
    assert "loss" in bar
    out = capsys.readouterr().out
    assert "Epoch 2 of 2 took" in out
    assert "\r" not in out
