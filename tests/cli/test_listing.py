"""``models``, ``runs``, ``export`` and ``data``: what is kept, and what others get of it."""

import csv
import json

import numpy as np
import pytest
from filelock import FileLock

from mnist_draw.cli import main
from mnist_draw.library.entries import run_named
from mnist_draw.library.networks import (
    find_network,
    list_run_networks,
    list_shipped,
    save_fine_tuned,
)
from mnist_draw.recognition.run_session import RunSession, in_use
from mnist_draw.storage import load_model
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import load_history, save_record
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import list_runs, new_run_folder
from mnist_draw.training.settings import TrainingSettings

NETWORK = "custom_mlp:0,1,0,0"
QUICK = ["train", "--network", NETWORK, "--examples", "1000", "--epochs", "2"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def objects(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_trained_here_is_listed_in_the_window(here, capsys):
    assert main([*QUICK, "--output", "m.npz"]) == 0
    assert "saved in m.npz" in capsys.readouterr().out
    [run], _ = list_runs()
    assert (run.state, run.epochs_done, run.settings.network) == ("completed", 2, NETWORK)
    assert not in_use(run.folder)
    history = load_history(run)
    assert len(history.epochs) == 2
    assert history.test_accuracy == run.figures["test_accuracy"]
    [kept] = list_run_networks()
    model, own = load_model(here / "m.npz"), kept.load()
    for one, other in zip(model.parameters, own.parameters, strict=True):
        np.testing.assert_array_equal(one, other)
    # Both are described alike; only the one of the list has a name and a date.
    assert own.metadata.keys() - model.metadata.keys() == {"name", "created"}
    assert {name: own.metadata[name] for name in model.metadata} == model.metadata
    # The window can train it on: its checkpoint is there.
    assert main(["train", "--resume", str(run.checkpoint), "--epochs", "3"]) == 0
    [run], _ = list_runs()
    assert (run.state, run.epochs_done) == ("completed", 3)


def test_what_runs_are_listed(here):
    assert main([*QUICK, "--no-run"]) == 0
    assert main([*QUICK, "--data", "nowhere"]) == 1
    assert list_runs() == ([], [])
    assert main([*QUICK, "--checkpoint", "run.ckpt"]) == 0
    [run], _ = list_runs()
    # A checkpoint elsewhere is stored beside the run, too.
    assert run.checkpoint.read_bytes() == (here / "run.ckpt").read_bytes()


def make_run(epochs=2, name=""):
    files = RunSession(TrainingSettings(network=NETWORK, epochs=3), new_run_folder())
    files.begin()
    for epoch in range(1, epochs + 1):
        files.run.apply(events.BatchFinished(epoch, 3, 1, 1, 1 / epoch, 0.5, 0.01))
        files.run.apply(
            events.EpochFinished(epoch, 3, 60, 0.3, 0.9, 0.2 / epoch, 0.95, 9, True, ()),
        )
    files.run.apply(events.Renamed(name))
    return files


def end(files, state):
    files.run.apply(events.Finished(state, files.run.epochs_done, (), 3))
    files.end()


def test_a_long_name_of_a_run_takes_no_more_room_than_a_line(here, capsys):
    folder = new_run_folder()
    save_record(Run(folder, TrainingSettings(), "name " * 40, "2026-01-01 10:00", "stopped"))
    assert main(["runs"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 160
    assert main(["export", "nosuch", "x.onnx"]) != 0
    assert "name " * 20 not in capsys.readouterr().err


def test_runs(here, capsys):
    assert main(["runs"]) == 0
    assert "no run yet" in capsys.readouterr().out
    going_on, ended = make_run(), make_run()
    end(ended, "completed")
    assert main(["runs", "--json"]) == 0
    states = {found["name"]: found["state"] for found in objects(capsys)}
    assert states == {
        going_on.run.folder.name: "running", ended.run.folder.name: "completed",
    }  # fmt: skip
    assert main(["runs"]) == 0
    out = capsys.readouterr().out
    assert ended.run.folder.name in out
    assert "2 of 3" in out
    assert "95.00%" in out
    # In the words of the window and of --json.
    assert "completed" in out
    end(going_on, "stopped")


def test_runs_have_the_names_of_the_library(here, capsys):
    older = make_run()
    newer = make_run()
    for files in (older, newer):
        end(files, "completed")
    assert main(["runs"]) == 0
    out = capsys.readouterr().out
    name = f"{newer.run.title} (2)"
    assert out.count(newer.run.title) == 2
    assert out.count(name) == 1
    assert main(["export", name, "figures.csv"]) == 0
    assert run_named(name, list_runs()[0]).folder == newer.run.folder


def test_a_run_that_another_program_trains_is_listed_as_far_as_it_came(capsys):
    run = make_run().run
    history = History()
    for batch in range(1, 61):
        history.add(events.BatchFinished(1, 3, batch, 60, 0.3, 0.9, 0.001))
    history.add(events.EpochFinished(1, 3, 60, 0.3, 0.9, 0.2, 0.95, 9, True, ()))
    checkpoint = Checkpoint(run.settings, 1, "", (), (), history.to_arrays(), 1, 0.1, ())
    checkpoint.save(run.checkpoint)
    with FileLock(run.folder / "run.lock"):
        assert main(["runs", "--json"]) == 0
        [found] = objects(capsys)
    assert (found["state"], found["epochs_done"]) == ("running", 1)
    assert main(["runs"]) == 0
    out = capsys.readouterr().out
    assert "can be continued" in out
    assert "1 of 3" in out


def test_a_network_that_learned_has_the_name_that_it_is_listed_with(here, capsys):
    kept = save_fine_tuned(list_shipped()[0].load())
    assert main(["models", "--json"]) == 0
    name = str(objects(capsys)[-1]["name"])
    assert name == kept.key.removesuffix(".npz")
    for number, typed in enumerate((name, kept.key)):
        assert main(["export", typed, f"{number}.npz"]) == 0
    assert (here / "0.npz").read_bytes() == (here / "1.npz").read_bytes()
    capsys.readouterr()
    assert main(["export", "nothing", "x.npz"]) == 1
    assert name in capsys.readouterr().err


def test_models_and_data(capsys):
    assert main(["models", "--json"]) == 0
    found = objects(capsys)
    assert [one["name"] for one in found] == [kept.name for kept in list_shipped()]
    assert found[0]["accuracy"] == pytest.approx(0.9956)
    assert main(["models"]) == 0
    assert "99.56%" in capsys.readouterr().out
    assert main(["data", "--json"]) == 0
    [found] = objects(capsys)
    assert [sum(found[part]) for part in ("training", "validation", "test")] == [
        50_000, 10_000, 10_000,
    ]  # fmt: skip
    assert main(["data"]) == 0
    assert "50,000" in capsys.readouterr().out
    assert main(["data", "nowhere"]) == 1


def test_figures_of_a_run_are_exported(here, capsys):
    older, newest = make_run(1), make_run(3)
    end(older, "completed")
    end(newest, "completed")
    assert main(["export", "latest", "curves.csv"]) == 0
    assert "was written to curves.csv" in capsys.readouterr().out
    rows = list(csv.DictReader((here / "curves.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert main(["export", older.run.folder.name, "b.csv", "--format", "minibatches"]) == 0
    assert len((here / "b.csv").read_text().splitlines()) == 2
    # A title that is listed names what alone has it.
    newest.run.apply(events.Renamed("Mine, 3 epochs"))
    save_record(newest.run)
    assert main(["export", older.run.title, "d.csv"]) == 0
    assert main(["export", "mine, 3 epochs", "e.csv"]) == 1
    end(make_run(1), "completed")
    assert main(["export", older.run.title, "f.csv"]) == 1
    assert "2 runs" in capsys.readouterr().err
    assert main(["export", "Best reader", "best.py"]) == 0
    for command in (["export", "lates", "c.csv"], ["predict", "x.png", "--model", "lates"]):
        assert main(command) == 1
        assert "mean latest" in capsys.readouterr().err


def test_nothing_is_replaced_unless_asked(here, capsys):
    (here / "out.py").write_text("mine")
    assert main(["export", "mlp", "out.py"]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (here / "out.py").read_text() == "mine"
    assert main(["export", "mlp", "out.py", "--overwrite"]) == 0
    assert "out.py" in capsys.readouterr().out
    compile((here / "out.py").read_text("utf-8"), "out.py", "exec")


def test_the_ending_says_the_format_and_fits_it(here, capsys):
    assert main(["export", "mlp", "plain.npz"]) == 0
    with np.load(here / "plain.npz") as archive:
        assert archive.files == [f"arr_{number}" for number in range(6)]
    assert main(["export", "mlp", "own.npz", "--format", "model", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["format"], told["bytes"]) == ("model", (here / "own.npz").stat().st_size)
    assert load_model(here / "own.npz").network == "mlp"
    assert main(["export", "mlp", "out.xyz"]) == 2
    err = capsys.readouterr().err
    assert ".onnx" in err
    assert not (here / "out.xyz").exists()
    assert main(["export", "mlp", "x.csv", "--format", "py"]) == 2
    assert "does not end" in capsys.readouterr().err
    assert not (here / "x.csv").exists()
    # An ending of no format is as good as any.
    assert main(["export", "mlp", "reader.txt", "--format", "py"]) == 0


def test_a_network_of_a_run_is_found_by_its_key(here):
    assert main([*QUICK, "--output", "m.npz"]) == 0
    [kept] = list_run_networks()
    [run], _ = list_runs()
    run.apply(events.Renamed("My run 1.5"))
    save_record(run)
    # A folder's name ends in a dot and seconds, as a file's name may.
    names = ("latest", kept.key, run.folder.name, "My run 1.5")
    for number, name in enumerate(names):
        assert main(["export", name, f"{number}.npz"]) == 0
        assert (here / "0.npz").read_bytes() == (here / f"{number}.npz").read_bytes()
    again = ["train", "--from", run.folder.name, "--examples", "1000", "--epochs", "1"]
    assert main([*again, "--output", "again.npz"]) == 0
    assert find_network(run.folder.name).network == NETWORK


def test_a_network_has_no_figures(here, capsys):
    (here / "own.npz").write_bytes(b"")
    for name in ("best", "own.npz", "shipped:best"):
        assert main(["export", name, "x.csv"]) == 1
        assert f"{name} is a network" in capsys.readouterr().err
    assert not (here / "x.csv").exists()
