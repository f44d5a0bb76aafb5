"""Training, predicting and measuring with classes of one's own, on the command line."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from own_classes import draw_classes

import mnist_draw
from mnist_draw.cli import main
from mnist_draw.library.network_data import class_names, data_path, reads_digits
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage import ModelFile, save_model
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.run_list import list_runs

NAMES = ("one", "two", "three")


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    draw_classes(tmp_path / "shapes", NAMES, 40)
    return tmp_path / "shapes"


def train(data, *more):
    given = "--network layers:20 --batch-size 10 --epochs 6 --output shapes.npz"
    return main(["train", "--data", data, *given.split(), *more])


@pytest.mark.slow
def test_from_a_folder_to_answers(shapes, capsys):
    assert train("shapes") == 0
    out, err = capsys.readouterr()
    assert "Learning 3 classes: one, three, two." in out
    assert "were drawn from all classes and set aside" in err
    model = load_trained("shapes.npz")
    assert model.network == "layers:20#3"
    assert model.title == "MLP 784–20–3"
    assert model.info.data == "shapes"
    assert class_names(model) == ("one", "three", "two")
    assert not reads_digits(model)
    assert str(shapes) not in json.dumps(model.metadata)

    picture = str(shapes / "three" / "0.png")
    assert main(["predict", "--model", "shapes.npz", picture]) == 0
    assert capsys.readouterr().out.startswith(f"{picture}: three (")
    assert main(["predict", "--model", "shapes.npz", "--json", "--number", picture]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert list(found) == ["image", "class", "confidence", "probabilities"]
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
    assert "What it takes each class for" in page
    assert "digit" not in page
    assert ">three</th>" in page


@pytest.mark.slow
def test_a_report_does_not_go_into_the_data(shapes, capsys):
    before = sorted(shapes.rglob("*"))
    assert train("shapes", "--no-run") == 0
    for folder in ("shapes", "shapes/report", "shapes/one"):
        capsys.readouterr()
        assert main(["evaluate", "shapes.npz", "--data", "shapes", "--report", folder]) == 1
        assert "which its tables would spoil" in capsys.readouterr().err
    assert sorted(shapes.rglob("*")) == before


@pytest.mark.slow
def test_few_pictures_need_no_option(shapes, capsys):
    places = ("--output", "few.npz", "--checkpoint", "run.ckpt")
    given = ("train", "--data", "shapes", "--network", "layers:5", *places)
    assert main([*given, "--epochs", "1"]) == 0
    out, _ = capsys.readouterr()
    # What is for the test and to validate with is set aside of 120 pictures.
    assert "The batch size is 8, not 500 as usual: there are 81 training pictures." in out
    assert load_trained("few.npz").metadata["settings"]["batch_size"] == 8
    assert load_checkpoint(Path("run.ckpt")).settings.batch_size == 8
    assert {run.settings.batch_size for run in list_runs()[0]} == {8}
    assert main(["train", "--resume", "run.ckpt", "--epochs", "2", "--output", "few.npz"]) == 0
    assert "as usual" not in capsys.readouterr().out
    assert load_trained("few.npz").metadata["settings"]["batch_size"] == 8
    assert main([*given, "--overwrite", "--batch-size", "85"]) == 1
    assert "batch size is 85, but there are only 81" in capsys.readouterr().err
    # One that was asked for is not exchanged, even where it is the usual one.
    assert main([*given, "--overwrite", "--batch-size", "500"]) == 1
    assert "batch size is 500, but there are only 81" in capsys.readouterr().err


def test_data_that_are_gone_or_of_other_classes(shapes, capsys):
    assert train("shapes", "--epochs", "1") == 0
    capsys.readouterr()
    draw_classes(shapes.parent / "others", ("one", "two"), 5)
    assert main(["evaluate", "shapes.npz", "--data", "others"]) == 1
    assert "tells 3 classes apart (one, three, two), but others shows 2" in capsys.readouterr().err
    shutil.rmtree(shapes)
    assert main(["evaluate", "shapes.npz"]) == 1
    told = capsys.readouterr().err
    assert f"was trained on shapes, which is no longer at {shapes}. Put it back" in told
    # It is read in two lines beside the tabs of the window.
    assert len(told.replace(str(shapes.parent), "")) < 160
    shapes.mkdir()
    assert main(["evaluate", "shapes.npz"]) == 1
    assert "was trained on shapes, which cannot be read any more" in capsys.readouterr().err
    (shapes.parent / "home" / "data" / "data-sets.json").unlink()
    assert main(["evaluate", "shapes.npz"]) == 1
    assert "where that lies is not known here" in capsys.readouterr().err


@pytest.mark.slow
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
    assert "tells 10 classes apart, but the data has 3" in capsys.readouterr().err
    assert train("shapes", "--from", "on.npz", "--epochs", "1", "--overwrite") == 0


def test_digits_are_not_learnt_beside_other_classes(shapes, capsys):
    draw_classes(shapes.parent / "mine", tuple("0123456789"), 1)
    assert train("shapes", "--extra", "mine") == 1
    assert "cannot be learnt beside shapes" in capsys.readouterr().err


@pytest.mark.slow
def test_from_python(shapes):
    data = mnist_draw.load_data(shapes)
    network = mnist_draw.run_network(
        data, network_name="layers:20", num_epochs=1, batch_size=10, verbose=False
    )
    assert network.output_shape == (None, 3)
    # Plain arrays do not say how many classes there are.
    many = (*data[:1], data[1] + 12, *data[2:])
    network = mnist_draw.run_network(
        many, network_name="layers:20#15", num_epochs=1, batch_size=10, verbose=False
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
    assert "CLASS_NAMES = ('one', 'three', 'two')" in Path("reader.py").read_text(encoding="utf-8")
    assert main(["data", "shapes", "--json"]) == 0
    *_, line = capsys.readouterr().out.splitlines()
    assert json.loads(line)["classes"] == ["one", "three", "two"]


def test_data_named_for_a_network_of_somebody_else_are_known_from_then_on(
    shapes, monkeypatch, capsys
):
    assert train("shapes") == 0
    monkeypatch.setenv("MNIST_DRAW_HOME", str(shapes.parent / "another home"))
    assert main(["evaluate", "shapes.npz"]) != 0
    assert "Data set on the Train tab" in capsys.readouterr().err
    # Whoever was given the pictures may call their folder something else.
    given = shapes.rename(shapes.parent / "given")
    assert main(["evaluate", "shapes.npz", "--data", "given"]) == 0
    assert data_path(load_trained("shapes.npz")) == str(given)
    assert main(["evaluate", "shapes.npz"]) == 0


def test_data_of_other_classes_are_not_taken_for_a_networks(shapes, capsys):
    assert train("shapes", "--no-run") == 0
    model = load_trained("shapes.npz")
    draw_classes(shapes.parent / "others", ("four", "five"), 20)
    assert main(["evaluate", "shapes.npz", "--data", "others"]) != 0
    assert data_path(model) == str(shapes)
