"""``train``: what is saved, what is found out before, how it ends; own digits and classes."""

import argparse
import csv
import io
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from linear_network import NETWORK
from own_classes import draw_classes
from pen_drawing import DIGITS, board
from PIL import Image

import mnist_draw
from mnist_draw import i18n
from mnist_draw.cli import main, train_run
from mnist_draw.cli.train import TRAIN
from mnist_draw.library import stored_network
from mnist_draw.library.network_data import class_names, data_path, reads_digits
from mnist_draw.library.stored_network import load_trained
from mnist_draw.networks import title_of_model
from mnist_draw.storage import ModelFile, save_model
from mnist_draw.storage.my_digits import TaughtDigit, save_digit
from mnist_draw.training import events, progress
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import SETTINGS

QUICK = ["train", "--network", NETWORK, "--examples", "2000", "--learning-rate", "0.01"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stored_network, "data_folder", lambda: tmp_path / "own data")
    (tmp_path / "own data").mkdir()
    return tmp_path


def test_trains_and_saves(here, capsys):
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz", "--seed", "5"]) == 0
    out, err = capsys.readouterr()
    assert "2 of 2" in out
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


def test_the_same_seed_gives_the_same_file_and_none_is_replaced(here):
    (here / "model.npz").write_bytes(b"of old")
    for name in ([], ["--output", "b.npz"]):
        assert main([*QUICK, "--epochs", "1", *name]) == 0
    assert (here / "model.npz").read_bytes() == b"of old"
    assert (here / "model-2.npz").read_bytes() == (here / "b.npz").read_bytes()
    assert load_trained(here / "b.npz").metadata["epochs"] == 1


def test_run_is_continued_as_if_never_interrupted(here, at_first, capsys):
    assert main([*QUICK, "--epochs", "3", "--output", "whole.npz"]) == 0
    before = signal.getsignal(signal.SIGINT)
    at_first(events.EpochFinished, lambda: signal.raise_signal(signal.SIGINT))
    arguments = ["--epochs", "3", "--output", "part.npz", "--checkpoint", "run.ckpt"]
    assert main([*QUICK, *arguments]) == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert "saved in part.npz" in capsys.readouterr().out
    assert load_trained(here / "part.npz").metadata["epochs"] == 1
    assert main(["train", "--resume", "run.ckpt", "--output", "rest.npz"]) == 0
    whole, rest = load_trained(here / "whole.npz"), load_trained(here / "rest.npz")
    assert all(map(np.array_equal, whole.parameters, rest.parameters))
    assert whole.metadata == rest.metadata
    assert (here / "whole.npz").read_bytes() == (here / "rest.npz").read_bytes()


def test_training_starts_from_a_network(here, capsys):
    assert main([*QUICK, "--epochs", "1", "--output", "first.npz"]) == 0
    settings = {"network": NETWORK, "start_model": "first.npz", "training_examples": 1000}
    Path("class.json").write_text(json.dumps({**settings, "epochs": 1, "learning_rate": 1e-20}))
    slow = ["--examples", "1000", "--learning-rate", "1e-20", "--epochs", "1"]
    for how in (["--config", "class.json"], ["--from", "first.npz", *slow]):
        assert main(["train", *how, "--output", "m.npz", "--overwrite"]) == 0
        first, second = load_trained(here / "first.npz"), load_trained(here / "m.npz")
        assert second.network == NETWORK
        for one, other in zip(first.parameters, second.parameters, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
    capsys.readouterr()
    for arguments, told in (
        (["--from", "bes"], "Did you mean best?"),
        (["--from", "first.npz", "--network", "cnn"], "which cannot start 'cnn'"),
        (["--from", "missing.npz"], "There is no file missing.npz."),
    ):
        assert main(["train", *arguments]) == 1
        assert told in capsys.readouterr().err


def test_a_run_that_diverges_keeps_the_last_good_weights(here, capsys, monkeypatch):
    arguments = ["--update", "sgd", "--learning-rate", "1e6", "--l2", "1e6", "--epochs", "3"]
    assert main([*QUICK, *arguments, "--output", "m.npz"]) == 1
    err = capsys.readouterr().err
    assert "Start a new" in err
    assert "nothing is kept" in err
    assert not (here / "m.npz").exists()

    def events_of_loop():
        parameters = (np.ones((784, 10), np.float32), np.zeros(10, np.float32))
        for epoch in (1, 2):
            figures = (0.1, 0.4, 0.91, 0.3, 0.9784, 5e4, True)
            yield events.EpochFinished(epoch, 3, *figures, parameters)
        yield events.Diverged(3, 7, float("nan"), "The loss became nan. Try less.")
        yield events.Finished("diverged", 2, parameters, 3)

    def reports(*_args, run, **_options):
        for event in events_of_loop():
            run.apply(event)
            yield event

    monkeypatch.setattr("mnist_draw.training.loop.train", reports)
    assert main([*QUICK, "--output", "m.npz"]) == 1
    out, err = capsys.readouterr()
    assert "became nan" in err
    assert "saved in m.npz" in out
    assert load_trained(here / "m.npz").metadata["epochs"] == 2


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ([], "learning_rate", 0.001),
        (["--update", "sgd"], "learning_rate", 0.1),
        (["--update", "adadelta"], "learning_rate", 1.0),
        (["--update", "sgd", "--learning-rate", "0.003"], "learning_rate", 0.003),
        (["--config", "rule.json"], "learning_rate", 1.0),
        (["--config", "rule.json", "--update", "sgd"], "learning_rate", 0.1),
        (["--config", "rate.json", "--update", "sgd"], "learning_rate", 0.02),
        (["--config", "rule.json"], "epochs", 9),
        (["--config", "rule.json", "--epochs", "1"], "epochs", 1),
        ([], "augmentation", "off"),
        (["--augment", "warp"], "augmentation", "warp"),
        (["--augment"], "augmentation", "handwriting"),
        (["--preset", "quick"], "learning_rate", 0.002),
        (["--preset", "quick", "--epochs", "4"], "epochs", 4),
        # The preset's rate belongs to its rule.
        (["--preset", "quick", "--update", "sgd"], "learning_rate", 0.1),
    ],
)
def test_what_is_usual_where_no_option_says_more(arguments, name, value, here, monkeypatch):
    (here / "rule.json").write_text('{"update": "adadelta", "epochs": 9}')
    (here / "rate.json").write_text('{"learning_rate": 0.02}')
    given = []
    monkeypatch.setattr(
        train_run,
        "train_and_save",
        lambda settings, *_, **__: given.append(settings) or 0,
    )
    assert main(["train", *arguments]) == 0
    assert getattr(given[0], name) == value


def test_help_names_every_setting(capsys):
    assert main(["train", "--help"]) == 0
    told = capsys.readouterr().out
    for setting in SETTINGS.values():
        assert f"{setting.option} " in told


MISUSES = [
    (["--epochs", "0"], "--epochs is 0; it must be between 1 and"),
    (["--network", "abacus"], "Network: there is no 'abacus'"),
    (["--update-parameter", "rho=high"], "is not a name with a number"),
    (["--update-parameter", "speed=0.5"], "no parameter 'speed'"),
    (["--target-accuracy", "98"], "--target-accuracy is 98; it must be between"),
    (["--output", ""], "--output is empty; it must name a file, such as --output model.npz"),
    (["--checkpoint", ""], "--checkpoint is empty"),
    (["--resume", ""], "--resume is empty"),
    (["--checkpoint", "m.npz", "--output", "m.npz"], "same file"),
    (["--resume", "a.ckpt", "--config", "b.json"], "--config cannot be combined"),
    (["--resume", "a.ckpt", "--preset", "quick"], "--preset cannot be combined"),
    (["--preset", "quick", "--config", "b.json"], "--preset cannot be combined with --config"),
    (["--preset", "swift"], "Preset: there is no 'swift'. Choose from: tutorial ("),
    (["--resume", "a.ckpt", "--batch-size", "5"], "--batch-size cannot be combined"),
    (["--resume", "a.ckpt", "--augment"], "--augment cannot be combined"),
    (["--resume", "a.ckpt", "--examples", "5"], "--examples cannot be combined"),
]


@pytest.mark.parametrize(("arguments", "message"), MISUSES)
def test_misuse_is_named(arguments, message, capsys):
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err


FAILURES = [
    (["--output", "no/such/folder/m.npz"], "does not exist"),
    (["--output", "folder"], "is a folder"),
    (["--checkpoint", "no/such/folder/run"], "does not exist"),
    (["--data", "no-such-folder"], "no-such-folder is neither a folder"),
    (["--data", "folder"], "holds no data set"),
    (["--resume", "none.ckpt"], "no file none.ckpt"),
    (["--resume", "text.json"], "text.json cannot be used"),
    (["--config", "none.json"], "no file none.json"),
    (["--config", "text.json"], "not a JSON file"),
    (["--config", "wrong.json"], "there is no 'epoch'"),
    (["--extra", "folder"], "holds no digit to learn"),
    (["--extra", "missing"], "There is no folder missing"),
    (["--examples", "10", "--batch-size", "500"], "only 10 training pictures"),
    (["--examples", "60000"], "training_examples is 60,000; it must be between 1 and 50,000"),
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


def test_bar_on_a_terminal_and_lines_elsewhere(monkeypatch, capsys):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(progress, "_REDRAW", 0)
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz"]) == 0
    bar = terminal.getvalue()
    assert "Epoch 1 of 2" in bar
    assert "Epoch 2 of 2" in bar
    assert "8/8" in bar
    assert "loss" in bar
    out = capsys.readouterr().out
    assert "2 of 2" in out
    assert "\r" not in out


# -- one's own digits


@pytest.fixture
def mine(here):
    """Return a folder with a taught digit, a picture in a subfolder, and a damaged one."""
    folder = here / "mine"
    (folder / "4").mkdir(parents=True)
    save_digit(TaughtDigit(7, board(DIGITS[7], 16, scale=150, at=(70, 70))), folder)
    paper = 255 - board(DIGITS[4], 16, scale=150, at=(70, 70))
    Image.fromarray(paper).save(folder / "4" / "scan.png")
    (folder / "5-damaged.png").write_bytes(b"no picture")
    return folder


FEW = ["train", "--network", NETWORK, "--examples", "500", "--batch-size", "100", "--epochs", "2"]


def test_a_network_learns_them_too(mine, capsys):
    settings = {"network": NETWORK, "epochs": 1, "training_examples": 500, "extra_folder": "mine"}
    Path("s.json").write_text(json.dumps(settings))
    for arguments, folder in (
        ([*FEW, "--extra", str(mine)], mine),
        (["train", "--config", "s.json"], "mine"),
    ):
        assert main([*arguments, "--output", "m.npz", "--overwrite"]) == 0
        out, err = capsys.readouterr()
        assert f"2 digits from {folder} too." in out
        assert "5-damaged.png" in err
        assert "left out" in err
        model = load_trained("m.npz")
        assert model.metadata["extra_digits"] == 2
        # No file tells the names of the user's folders.
        assert "extra_folder" not in model.metadata["settings"]


def test_a_run_with_them_is_continued(mine, capsys):
    extra, places = ["--extra", str(mine)], ["--output", "m.npz", "--checkpoint", "c"]
    assert main([*FEW, *extra, "--epochs", "1", *places]) == 0
    moved = ["train", "--resume", "c", "--extra", str(mine.rename(mine.with_name("moved")))]
    assert main([*moved, "--epochs", "2", "--output", "m.npz"]) == 0
    assert load_trained("m.npz").metadata["epochs"] == 2
    (Path("moved") / "4" / "scan.png").unlink()
    assert main([*moved, "--epochs", "3"]) == 1
    assert "the extra digits" in capsys.readouterr().err


# -- classes of one's own


NAMES = ("one", "two", "three")


@pytest.fixture
def shapes(here):
    draw_classes(here / "shapes", NAMES, 40)
    return here / "shapes"


def train(data, *more):
    given = "--network layers:20 --batch-size 10 --epochs 6 --output shapes.npz"
    return main(["train", "--data", data, *given.split(), *more])


def test_from_a_folder_to_answers(shapes, capsys):
    assert train("shapes") == 0
    out, err = capsys.readouterr()
    assert "3 classes" in out
    assert "from all classes" in err
    model = load_trained("shapes.npz")
    assert model.network == "layers:20#3"
    assert title_of_model(model) == "MLP 784–20–3"
    assert model.info.data == "shapes"
    assert class_names(model) == ("one", "three", "two")
    assert not reads_digits(model)
    assert str(shapes) not in json.dumps(model.metadata)
    # A window in another folder finds the data, too.
    assert [run.settings.data_folder for run in list_runs()[0]] == [str(shapes)]

    picture = str(shapes / "three" / "0.png")
    assert main(["predict", "--model", "shapes.npz", picture]) == 0
    assert capsys.readouterr().out.startswith(f"{picture}: three (")
    assert main(["predict", "--model", "shapes.npz", "--json", "--number", picture]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert list(found) == ["image", "class", "confidence", "probabilities", "most_probable"]
    assert found["class"] == "three"
    assert found["probabilities"]["three"] == pytest.approx(found["confidence"])
    assert "reads no numbers" in err
    assert main(["predict", "--model", "shapes.npz", "--csv", picture]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["class"] == "three"
    assert float(row["p(three)"]) > 0.5

    # It is measured with its own data, which nobody needs to name again.
    assert main(["evaluate", "shapes.npz", "--json", "--report", "report"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["classes"] == ["one", "three", "two"]
    assert np.array(figures["confusion"]).shape == (3, 3)
    assert figures["accuracy"] > 0.9
    page = (shapes.parent / "report" / "report.html").read_text(encoding="utf-8")
    assert "mistaken for what" in page
    assert "digit" not in page
    assert ">three</" in page


def test_what_is_not_mixed_with_the_data(shapes, capsys):
    before = sorted(shapes.rglob("*"))
    assert train("shapes", "--no-run") == 0
    for folder in ("shapes", "shapes/report", "shapes/one"):
        capsys.readouterr()
        assert main(["evaluate", "shapes.npz", "--data", "shapes", "--report", folder]) == 1
        assert "tables would spoil" in capsys.readouterr().err
    assert sorted(shapes.rglob("*")) == before
    draw_classes(shapes.parent / "mine", tuple("0123456789"), 1)
    assert train("shapes", "--extra", "mine") == 1
    assert "together with shapes" in capsys.readouterr().err


def test_few_pictures_need_no_option(shapes, capsys):
    places = ("--output", "few.npz", "--checkpoint", "run.ckpt")
    given = ("train", "--data", "shapes", "--network", "layers:5", *places)
    assert main([*given, "--epochs", "1"]) == 0
    out, _ = capsys.readouterr()
    # What is for the test and to validate with is set aside of 120 pictures.
    assert "size is 8" in out
    assert load_trained("few.npz").metadata["settings"]["batch_size"] == 8
    assert load_checkpoint(Path("run.ckpt")).settings.batch_size == 8
    assert {run.settings.batch_size for run in list_runs()[0]} == {8}
    assert main(["train", "--resume", "run.ckpt", "--epochs", "2", "--output", "few.npz"]) == 0
    assert "as usual" not in capsys.readouterr().out
    assert load_trained("few.npz").metadata["settings"]["batch_size"] == 8
    assert main([*given, "--overwrite", "--batch-size", "85"]) == 1
    assert "85, but there" in capsys.readouterr().err
    # One that was asked for is not exchanged, even where it is the usual one.
    assert main([*given, "--overwrite", "--batch-size", "500"]) == 1
    assert "500, but there" in capsys.readouterr().err


def test_data_that_are_gone_or_of_other_classes(shapes, own_home, capsys):
    assert train("shapes", "--epochs", "1") == 0
    capsys.readouterr()
    draw_classes(shapes.parent / "others", ("one", "two"), 5)
    assert main(["evaluate", "shapes.npz", "--data", "others"]) == 1
    assert "(one, three, two)" in capsys.readouterr().err
    assert data_path(load_trained("shapes.npz")) == str(shapes)
    shutil.rmtree(shapes)
    assert main(["evaluate", "shapes.npz"]) == 1
    told = capsys.readouterr().err
    assert f"no longer at {shapes}" in told
    # It is read in two lines beside the tabs of the window.
    assert len(told.replace(str(shapes.parent), "")) < 160
    shapes.mkdir()
    assert main(["evaluate", "shapes.npz"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    (own_home / "data" / "data-sets.json").unlink()
    assert main(["evaluate", "shapes.npz"]) == 1
    assert "not known here" in capsys.readouterr().err


def test_a_run_of_classes_goes_on(shapes, capsys):
    more = ("--checkpoint", "run.ckpt")
    assert train("shapes", "--epochs", "2", *more) == 0
    assert main(["train", "--resume", "run.ckpt", "--epochs", "3", "--output", "on.npz"]) == 0
    assert load_trained("on.npz").info.epochs == 3
    assert class_names(load_trained("on.npz")) == ("one", "three", "two")
    capsys.readouterr()
    # A network of digits is no beginning for one of three classes.
    tens = load_trained("on.npz").parameters
    digits = ModelFile("layers:20", (*tens[:2], np.zeros((20, 10)), np.zeros(10)))
    save_model("digits.npz", digits)
    assert train("shapes", "--from", "digits.npz", "--overwrite") == 1
    assert "has 3" in capsys.readouterr().err
    assert train("shapes", "--from", "on.npz", "--epochs", "1", "--overwrite") == 0


@pytest.mark.slow
def test_from_python(shapes):
    data = mnist_draw.load_data(shapes)
    network = mnist_draw.run_network(
        data,
        network_name="layers:20",
        num_epochs=1,
        batch_size=10,
        verbose=False,
    )
    assert network.output_shape == (None, 3)
    # Plain arrays do not say how many classes there are.
    many = (*data[:1], data[1] + 12, *data[2:])
    network = mnist_draw.run_network(
        many,
        network_name="layers:20#15",
        num_epochs=1,
        batch_size=10,
        verbose=False,
    )
    assert network.output_shape == (None, 15)
    mnist_draw.save_network("plain.npz", network)
    assert load_trained("plain.npz").network == "layers:20#15"
    assert mnist_draw.load_network("plain.npz").output_shape == (None, 15)


def test_the_run_is_listed_with_its_classes(shapes, capsys):
    assert train("shapes", "--epochs", "1") == 0
    capsys.readouterr()
    assert main(["runs", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)
    assert run["settings"]["network"] == "layers:20#3"
    assert main(["models", "--json"]) == 0
    *_, kept = map(json.loads, capsys.readouterr().out.splitlines())
    assert kept["network"] == "layers:20#3"
    # By the name under which it is listed, with the classes that it tells apart.
    assert main(["export", kept["name"], "reader.py"]) == 0
    assert "('one', 'three', 'two')" in Path("reader.py").read_text(encoding="utf-8")
    assert main(["data", "shapes", "--json"]) == 0
    *_, line = capsys.readouterr().out.splitlines()
    assert json.loads(line)["classes"] == ["one", "three", "two"]


def test_data_named_for_a_network_of_somebody_else_are_known_from_then_on(
    shapes,
    monkeypatch,
    capsys,
):
    assert train("shapes") == 0
    monkeypatch.setenv("MNIST_DRAW_HOME", str(shapes.parent / "another home"))
    assert main(["evaluate", "shapes.npz"]) != 0
    assert "Train tab" in capsys.readouterr().err
    # Whoever was given the pictures may call their folder something else.
    given = shapes.rename(shapes.parent / "given")
    assert main(["evaluate", "shapes.npz", "--data", "given"]) == 0
    assert data_path(load_trained("shapes.npz")) == str(given)
    assert main(["evaluate", "shapes.npz"]) == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [("--epochs", "many"), ("--epochs", "inf"), ("--epochs", "1.5"), ("--learning-rate", "fast")],
)
def test_what_is_no_number_is_told_in_the_words_of_the_program(option, value, capsys):
    assert main(["train", option, value]) == 2
    told = capsys.readouterr().err
    assert f"The setting {option} is '{value}'; expected: " in told
    assert told.splitlines()[-1].count(option) == 1


@pytest.mark.parametrize(
    ("code", "typed", "read"),
    [
        ("de", "0,01", 0.01),
        ("de", "1.250", 1.25),
        ("de", "1e-3", 0.001),
        ("en", "0.01", 0.01),
        ("en", "0,01", None),
    ],
)
def test_a_number_is_read_as_scripts_or_as_the_language_write_it(code, typed, read, monkeypatch):
    monkeypatch.setattr(i18n, "_code", code)
    parser = argparse.ArgumentParser(exit_on_error=False)
    TRAIN.add_options(parser)
    if read is None:
        with pytest.raises(argparse.ArgumentError):
            parser.parse_args(["--learning-rate", typed])
        return
    found = parser.parse_args(
        ["--learning-rate", typed, "--update-parameter", f"rho={typed}", "--epochs", "2"],
    )
    assert (found.learning_rate, dict(found.update_parameters), found.epochs) == (
        read, {"rho": read}, 2,
    )  # fmt: skip


def test_json_tells_each_epoch_the_test_and_the_network(tmp_path, capsys):
    output = str(tmp_path / "m.npz")
    assert main([*QUICK, "--epochs", "2", "--output", output, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["epoch"] for line in lines[:2]] == [1, 2]
    assert 0 < lines[1]["validation_accuracy"] <= 1
    assert lines[2].keys() == {"test_loss", "test_accuracy", "seconds"}
    assert lines[3] == {"network": output}


def test_quiet_prints_nothing(tmp_path, capsys):
    assert main([*QUICK, "--epochs", "1", "--output", str(tmp_path / "m.npz"), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "m.npz").exists()


def test_few_steps_an_epoch_are_said_with_a_batch_size_to_try(capsys):
    given = ["train", "--network", NETWORK, "--examples", "500", "--epochs", "1", "--no-run"]
    assert main([*given, "--batch-size", "250"]) == 0
    assert "Try --batch-size 10." in capsys.readouterr().out
    assert main([*given, "--batch-size", "10"]) == 0
    assert "--batch-size" not in capsys.readouterr().out
