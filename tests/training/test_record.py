"""Runs on disk, their figures, and what other programs get of them."""

import csv
import dataclasses
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

import full_disk
import numpy as np
import pytest

import mnist_draw
from mnist_draw.errors import MissingPackageError, StorageError, UserError
from mnist_draw.networks import parse_network, title_of_model
from mnist_draw.recognition import run_session
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage import npz
from mnist_draw.storage.unique_paths import (
    bring_back,
    move_to_bin,
)
from mnist_draw.training import events, expectation, record, run_formats, run_list
from mnist_draw.training.checkpoint import Checkpoint, load_checkpoint
from mnist_draw.training.events import EpochFinished, Finished, Renamed
from mnist_draw.training.history import EPOCH_COLUMNS, History
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.record import load_history, read_run, save_history, save_record
from mnist_draw.training.run import Run, Summary
from mnist_draw.training.run_formats import RUN_FORMATS
from mnist_draw.training.settings import TrainingSettings

from .short_runs import of

CHANGE = events.SettingChanged(1, 2, 2, "learning_rate", 0.001, 0.0005)


pytestmark = pytest.mark.usefixtures("own_home")


def history(epochs=2, made=None):
    """Return the figures of two minibatches an epoch."""
    made = made or History()
    for epoch in range(1, epochs + 1):
        for batch in (1, 2):
            made.add(events.BatchFinished(epoch, epochs, batch, 2, 1 / epoch, batch / 4, 0.01))
        made.add(CHANGE)
        figures = (60, 0.3, 0.9, 0.2 / epoch, 0.95, 9, True)
        made.add(EpochFinished(epoch, epochs, *figures, ()))
    return made


def add_run(name, epochs=2, planned=5, **changes):
    folder = run_list.runs_folder() / name
    folder.mkdir(parents=True)
    settings = TrainingSettings(epochs=planned)
    run = Run(folder, settings, started=name, **{"state": "running", **changes})
    save_record(run)
    arrays = (np.ones((2, 2), np.float32),)
    made = history(epochs)
    figures = (made.to_arrays(), epochs, 0.1, (), tuple(made.changes))
    checkpoint = Checkpoint(settings, epochs, "data", arrays, arrays, *figures)
    checkpoint.save(run.checkpoint)
    return run


def session(**options):
    """Return a run that has begun, with an epoch."""
    folder = run_list.new_run_folder()
    files = RunSession(TrainingSettings(network="layers:2"), folder, **options)
    files.begin()
    files.run.apply(EpochFinished(1, 1, 2, 0.3, 0.9, 0.2, 0.95, 9, True, ()))
    return files


def end(files, state):
    done = len(files.run.history.epochs)
    files.run.apply(Finished(state, done, (), files.run.epochs))
    return files.end()


# -- figures


@pytest.mark.parametrize("made", [history(), History()])
def test_through_arrays_and_back(made):
    losses, accuracies, table = made.to_arrays()
    assert table.shape == (len(made.epochs), len(EPOCH_COLUMNS))
    assert table.dtype == losses.dtype == np.float64
    again = History.from_arrays(losses, accuracies, table)
    assert again.batch_losses == made.batch_losses
    assert again.batch_accuracies == made.batch_accuracies
    assert again.epochs == made.epochs
    # The arrays are copies, and the history can grow while they are held.
    losses[:] = table[:] = 0
    made.add(events.BatchFinished(3, 3, 1, 2, 0.1, 0.9, 0.01))
    assert again.epochs == made.epochs


def test_tables(tmp_path):
    made = history(made=mnist_draw.LossHistory())
    run = Run(tmp_path, TrainingSettings(learning_rate=0.0005))
    rows = {}
    for name, write in (("csv", made.write_csv), ("minibatches", made.write_minibatches_csv)):
        path = tmp_path / f"{name}.csv"
        write(path)
        with path.open(newline="") as file:
            rows[name] = list(csv.reader(file))
    assert rows["csv"][0] == list(EPOCH_COLUMNS)
    assert rows["csv"][0][:2] == ["epoch", "seconds"]
    table = [[float(cell) for cell in row] for row in rows["csv"][1:]]
    assert table == made.epoch_table().tolist()
    assert (tmp_path / "minibatches.csv").read_bytes() == RUN_FORMATS["minibatches"].pack(run, made)
    assert rows["minibatches"][0] == ["minibatch", "training_loss", "training_accuracy", "epoch"]
    columns = zip(*rows["minibatches"][1:], strict=True)
    numbers, losses, accuracies, epochs = ([float(cell) for cell in column] for column in columns)
    assert numbers == [1, 2, 3, 4]
    assert epochs == [1, 1, 2, 2]
    assert losses == list(made.batch_losses)
    assert accuracies == list(made.batch_accuracies)
    made.batch_losses[0] = float(np.float32(0.137))
    assert b"\n1,0.137," in made.minibatches_csv()
    with pytest.raises(StorageError, match="absent"):
        made.write_csv(tmp_path / "absent" / "run.csv")


@pytest.mark.parametrize("write", ["write_csv", "write_minibatches_csv"])
def test_only_a_table_of_the_same_kind_is_replaced(write, tmp_path):
    history = mnist_draw.LossHistory()
    foreign = tmp_path / "grades.csv"
    foreign.write_text("name,grade\n")
    with pytest.raises(StorageError, match=r"grades\.csv does not contain .* unchanged"):
        getattr(history, write)(foreign)
    assert foreign.read_text() == "name,grade\n"
    own = tmp_path / "run.csv"
    getattr(history, write)(own)
    first = own.read_bytes()
    getattr(history, write)(own)
    assert own.read_bytes() == first


def test_it_listens_to_the_loop(finished):
    made = mnist_draw.LossHistory()
    assert repr(made) == "<LossHistory: no epoch yet>"
    for event in finished[1]:
        made(event)
    seen = of(EpochFinished, finished[1])
    assert made.epoch.tolist() == [1, 2]
    for name in ("training_loss", "training_accuracy", "validation_loss", "validation_accuracy"):
        values = getattr(made, name)
        assert values.dtype == np.float64
        assert values.tolist() == [getattr(event, name) for event in seen]
    assert f"{seen[-1].validation_loss:.4f}" in repr(made)


@pytest.mark.slow
def test_the_curves_are_those_of_the_run(finished):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    made = mnist_draw.LossHistory()
    for event in finished[1]:
        made(event)
    loss, accuracy = made.plot()
    assert loss.lines[1].get_ydata().tolist() == made.validation_loss.tolist()
    assert accuracy.lines[0].get_ydata().tolist() == made.training_accuracy.tolist()
    assert made.plot((loss, accuracy)) == (loss, accuracy)
    assert len(loss.lines) == 4
    matplotlib.pyplot.close(loss.figure)


def test_a_run_s_table_has_each_epoch_s_rate_and_its_test(tmp_path):
    run, made = complete_run(tmp_path)
    # The rate was halved after the first epoch's last minibatch.
    made.changes = [dataclasses.replace(CHANGE, epoch=2, batch=1)]
    run.apply(events.SettingChanged(2, 1, 2, "learning_rate", 0.001, 0.0005))
    table = list(csv.DictReader(io.StringIO(RUN_FORMATS["csv"].pack(run, made).decode())))
    assert list(table[0]) == [*EPOCH_COLUMNS, "learning_rate", "test_loss", "test_accuracy"]
    assert [row["learning_rate"] for row in table] == ["0.001", "0.0005"]
    assert [row["test_accuracy"] for row in table] == ["", "0.984375"]
    assert [row["test_loss"] for row in table] == ["", "0.125"]
    assert RUN_FORMATS["csv"].pack(run, History()).count(b"\n") == 1


def test_the_rate_of_an_epoch_follows_its_schedule(tmp_path):
    run = Run(tmp_path, TrainingSettings(epochs=4, schedule="step", learning_rate=0.3))
    rates = run_formats.learning_rates(run, history(4, made=mnist_draw.LossHistory()))
    assert rates == pytest.approx([0.3, 0.3, 0.1, 0.03])


def complete_run(folder):
    made = history()
    made.add(events.Tested(0.125, 0.984375))
    run = Run(folder, TrainingSettings(epochs=2), started="2026-01-02 10:00:00")
    return dataclasses.replace(run, history=made), made


def test_tensorboard_has_every_figure_at_its_time(tmp_path, monkeypatch):
    writers = pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    run, made = complete_run(tmp_path)
    start = run.started_at
    points: dict[str, list[tuple[float, int, float]]] = {}
    with writers.SummaryWriter(str(tmp_path / "events")) as writer:
        for name, *point in run_formats.points(run, made):
            points.setdefault(name, []).append(point)
            writer.add_scalar(name, *point)
        writer.add_text("settings", run_formats.settings_table(run), 0, start)
    assert [point[:2] for point in points["loss/validation"]] == [[0.2, 1], [0.1, 2]]
    batches = [[1, 1], [1, 2], [0.5, 3], [0.5, 4]]
    assert [point[:2] for point in points["minibatch/loss"]] == batches
    assert points["accuracy/test"][0][:2] == [0.984375, 2]
    one, two = points["accuracy/training"]
    assert two[2] - one[2] == 60
    # No temporary folder is needed; one may be full.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    content = RUN_FORMATS["tensorboard"].pack(run, made)
    [path] = (tmp_path / "events").iterdir()
    # The first record has the time of writing: 16 bytes around 1 + 8 for it, 2 + 13 for a version.
    first = 16 + 9 + 15
    assert content[first:] == path.read_bytes()[first:]
    assert content[:8] == path.read_bytes()[:8]


@pytest.mark.parametrize(
    ("package", "use"),
    [
        (
            "tensorboardX",
            lambda: run_formats.pack_events(Run(Path(), TrainingSettings()), history()),
        ),
        ("matplotlib", lambda: mnist_draw.LossHistory().plot()),
    ],
)
def test_a_package_that_is_missing_is_named(monkeypatch, package, use):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=f"needs {package}.*mnist_draw\\["):
        use()


# -- records


def test_a_name_keeps_nothing_that_is_obeyed_instead_of_read():
    pasted = dataclasses.replace(add_run("2026-01-01 10:00"), name="a\x1b[31m\u202eb\r \x00 c")
    save_record(pasted)
    assert read_run(pasted.folder).name == "a[31mb c"
    pasted.apply(Renamed(pasted.name))
    assert pasted.name == "a[31mb c"
    folder = dataclasses.replace(pasted.settings, data_folder="/data/\u202ex\n")
    title = dataclasses.replace(pasted, name="", settings=folder).title
    assert "\\u202ex\\u000a" in title
    assert title.isprintable()


def test_a_record_comes_back_as_it_was():
    run = add_run("2026-01-01 10:00", state="completed", history=history())
    assert run.title == "Tutorial MLP, rate 0.001 → 0.0005, 5 epochs"
    run.apply(Renamed("  my\nbest run "))
    run.apply(events.Tested(0.1, 0.9, weakest=events.WeakestClass("l", 0.41, "I")))
    save_record(run)
    found = read_run(run.folder)
    assert record.to_json(found) == record.to_json(run)
    assert found.title == "my best run"
    assert found.weakest == run.weakest
    assert found.figures["validation_loss"] == 0.1
    assert (found.epochs_done, found.seconds) == (2, 120)


def test_the_network_of_a_run_is_called_as_the_run_is():
    files = session()
    files.run.apply(events.SettingChanged(1, 1, 2, "l2", 0.0, 0.01))
    weights = tuple(np.zeros(n, np.float32) for n in ((784, 2), 2, (2, 10), 10))
    model = files.model(weights)
    # Its architecture is named in the language of whom it is shown to.
    assert "title" not in model.metadata
    assert title_of_model(model) == parse_network(model.network).title
    called = title_of_model(files.named(model))
    end(files, "completed")
    assert "L2 0 → 0.01" in called
    assert called.startswith(read_run(files.run.folder).title)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("format", "letter", "not mnist_draw run"),
        ("version", 99, "newer program"),
        ("state", "asleep", "its state is 'asleep'"),
        ("settings", {"epochs": -1}, "epochs is .1"),
        ("figures", {"validation_loss": "low"}, "cannot be used"),
        ("figures", {"validation_loss": float("nan")}, "validation_loss is nan, not a number"),
        ("changes", [{"epoch": 1}], "name is missing"),
        ("epochs_done", -5, "epochs_done is -5"),
        ("seconds", float("inf"), "seconds is nan"),
    ],
)
def test_a_damaged_record_is_put_aside_and_its_run_kept(field, value, words):
    run = add_run("2026-01-01 10:00", state="completed")
    values = json.loads((run.folder / record.RECORD).read_text())
    text = json.dumps({**values, field: value})
    (run.folder / record.RECORD).write_text(text)
    with pytest.raises(UserError, match=words):
        read_run(run.folder)
    (found,), (told,) = run_list.list_runs()
    assert "set aside" in told
    assert told.startswith(f"{run.folder / record.RECORD} cannot be used")
    assert ".." not in told
    assert (found.folder, found.epochs_done) == (run.folder, 2)
    (aside,) = run.folder.glob("run.json.unreadable-*")
    assert aside.read_text() == text
    assert run_list.list_runs()[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="a folder with an open file stays there")
def test_a_run_whose_folder_is_gone_at_its_end_is_told_as_ended():
    files = session()
    shutil.rmtree(files.run.folder)
    told = end(files, "stopped")
    assert "not in the Library" in told
    assert "The run continues" not in told


def test_an_added_epoch_is_in_the_record_of_a_run_that_is_killed():
    def train(settings, run, **_):
        added = events.EpochAdded(settings.epochs + 1)
        run.apply(added)
        yield added

    files = session(train=train)
    planned = files.run.epochs
    for _ in files.events():
        stored = read_run(files.run.folder)
    assert (stored.state, stored.epochs) == ("running", planned + 1)


def test_an_added_epoch_is_kept_if_the_checkpoint_is_older():
    run = add_run("2026-01-01 10:00")
    run.apply(events.EpochAdded(run.epochs + 1))
    save_record(run)
    assert record.load_run(run.folder).epochs == run.epochs


def test_an_epoch_that_was_added_before_the_stop_is_in_the_record():
    files = session()
    files.controls.add_epoch()
    planned = TrainingSettings().epochs + files.controls.extra_epochs
    files.run.apply(Finished("stopped", 1, (), planned))
    files.end()
    assert read_run(files.run.folder).epochs == TrainingSettings().epochs + 1


@pytest.mark.parametrize("ended", [False, True])
def test_a_record_that_cannot_be_written_again_is_told_as_it_is_listed(ended, monkeypatch):
    files = session()
    if not ended:
        checkpoint = add_run("2026-01-01 10:00").checkpoint
        load_checkpoint(checkpoint).save(files.run.checkpoint)
        assert end(files, "stopped") == ""
        said = []
        files = RunSession(files.run.settings, files.run.folder, listen=said.append)
    monkeypatch.setattr(record, "write_atomically", full_disk.refuse)
    if ended:
        told = end(files, "completed")
        assert "run has ended" in told
        assert "offer to continue" in told
    else:
        files.resume()
        told = next(one.text for one in said if isinstance(one, events.RunMessage))
        assert "The run continues" in told
        end(files, "stopped")
    assert "missing" not in told
    assert read_run(files.run.folder).state == ("running" if ended else "stopped")


def test_figures_that_cannot_be_written_are_told(monkeypatch):
    files = session()
    (files.run.folder / record.HISTORY).mkdir()
    told = end(files, "stopped")
    assert "is a folder" in told
    assert "are lost" in told


def test_runs_are_listed_newest_first_and_strangers_left_out():
    assert run_list.list_runs() == ([], [])
    add_run("2026-01-01 10:00")
    add_run("2026-03-01 10:00")
    (run_list.runs_folder() / "notes").mkdir()
    (run_list.runs_folder() / "file.txt").write_text("hello")
    found, told = run_list.list_runs()
    assert [run.started for run in found] == ["2026-03-01 10:00", "2026-01-01 10:00"]
    assert told == []


def test_a_continued_run_that_was_cut_off_is_as_far_as_its_checkpoint():
    # Stopped and tested after one epoch, continued, and cut off after three.
    stopped = history(1)
    stopped.test_loss, stopped.test_accuracy = 0.2, 0.91
    run = add_run("2026-01-01 10:00", epochs=3, state="running", history=stopped)
    save_history(run.folder, stopped)
    found = record.cut_off(read_run(run.folder))
    assert (found.state, found.epochs_done, found.changes[0]) == ("running", 3, CHANGE)
    # What was measured after the first epoch says nothing about the third.
    assert "test_accuracy" not in found.figures
    shown = load_history(found)
    assert (len(shown.epochs), shown.test_accuracy) == (3, None)
    run.checkpoint.write_bytes(b"PK broken")
    assert record.cut_off(read_run(run.folder)).epochs_done == 1


def test_a_damaged_checkpoint_is_told_once_and_kept():
    run = add_run("2026-01-01 10:00", state="running")
    run.checkpoint.write_bytes(b"PK broken")
    other = add_run("2026-02-01 10:00", state="interrupted")
    other.checkpoint.write_bytes(b"PK broken")
    (told,) = run_list.check_interrupted(lambda folder: folder == other.folder)
    assert "cannot be continued" in told
    (aside,) = run.folder.glob("checkpoint.npz.unreadable-*")
    assert aside.read_bytes() == b"PK broken"
    assert aside.name in told
    assert read_run(run.folder).state == "failed"
    assert read_run(other.folder).state == "interrupted"
    # Below one that can go on nothing is checked.
    add_run("2026-03-01 10:00", state="running")
    assert run_list.check_interrupted() == []


def test_a_run_cut_off_before_it_learned_is_removed():
    kept = [
        add_run("2026-03-01 10:00", state="running"),
        add_run("2026-02-01 10:00", 0, state="running"),
        add_run("2026-01-01 10:00", 0, state="running", checkpoint_elsewhere="elsewhere.npz"),
    ]
    kept[2].checkpoint.unlink()
    for name in ("2026-04-01 10:00", "2025-01-01 10:00"):
        empty = add_run(name, 0, state="running")
        empty.checkpoint.unlink()
        (empty.folder / "run.lock").touch()
    assert run_list.check_interrupted(lambda folder: folder == empty.folder) == []
    assert run_list.list_runs()[0] == [*kept, empty]
    assert run_list.check_interrupted() == []
    assert run_list.list_runs()[0] == kept


def test_a_killed_end_leaves_no_record_without_its_figures(monkeypatch):
    files = session()
    files.run.checkpoint.unlink(missing_ok=True)
    monkeypatch.setattr(run_session, "save_record", mock.Mock(side_effect=SystemExit))
    with pytest.raises(SystemExit):
        end(files, "stopped")
    assert len(record.read_history(files.run.folder / record.HISTORY).epochs) == 1


def test_history_from_its_file_or_else_from_the_checkpoint():
    run = add_run("2026-01-01 10:00", epochs=3)
    assert len(load_history(run).epochs) == 3
    save_history(run.folder, history(2))
    assert len(load_history(run).epochs) == 2
    (run.folder / record.HISTORY).write_bytes(b"broken")
    assert len(load_history(run).batch_losses) == 6
    run.checkpoint.unlink()
    assert load_history(run).epochs == []
    with pytest.raises(UserError, match="lost"):
        load_history(dataclasses.replace(run, summary=Summary(1)))


@pytest.mark.parametrize("column", [0, 1])
def test_an_infinite_epoch_in_the_figures_gives_way_to_the_checkpoint(column):
    run = add_run("2026-01-01 10:00", epochs=3)
    losses, accuracies, epochs = history(2).to_arrays()
    epochs[1, column] = np.inf
    content = {"batch_losses": losses, "batch_accuracies": accuracies, "epochs": epochs}
    (run.folder / record.HISTORY).write_bytes(npz.pack(content))
    assert len(load_history(run).epochs) == 3


def test_a_folder_whose_name_is_not_utf8_is_kept_in_the_record():
    run = add_run("2026-01-01 10:00")
    named = dataclasses.replace(run, settings=run.settings.replace(data_folder="/data/\udcff"))
    save_record(named)
    assert read_run(run.folder).settings.data_folder == "/data/\udcff"


def test_a_deleted_run_comes_back_whole(monkeypatch):
    def fail(self, target):
        raise PermissionError(13, "Permission denied")

    run = add_run("2026-01-01 10:00")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(UserError, match="permission denied"):
            move_to_bin(run.folder, "The run")
    assert run_list.list_runs()[0] == [run]
    kept = move_to_bin(run.folder, "The run")
    assert run_list.list_runs()[0] == []
    assert len(load_history(read_run(bring_back(kept))).epochs) == 2


# -- how long a run will take


def test_the_last_run_of_a_network_tells_how_long_the_next_takes(monkeypatch):
    monkeypatch.setattr(expectation, "matrix_speed", lambda: 1e9)
    settings = TrainingSettings(epochs=3)
    estimated = expectation.expected_seconds(settings)
    assert estimated is not None
    assert 1 < estimated < 10_000
    add_run("2026-01-01 10:00")
    listed, _ = run_list.list_runs()
    runs = [dataclasses.replace(run, history=load_history(run)) for run in listed]
    assert expectation.expected_seconds(settings, runs) == 180
    few = expectation.expected_seconds(settings.replace(training_examples=5000), runs)
    assert few is not None
    assert 18 < few < 40
    other = expectation.expected_seconds(settings.replace(network="cnn"), runs)
    assert other is not None
    # The times of all cards have one measure.
    assert other == pytest.approx(
        180 * expectation.expected_seconds(settings.replace(network="cnn")) / estimated,
    )
    # So have the times of two networks of one kind, however fast each was trained last.
    quick = PRESETS["quick"].settings
    slow = dataclasses.replace(runs[0], settings=quick.replace(epochs=20))
    for known in ([slow, *runs], [*runs, slow]):
        one, two = (expectation.expected_seconds(each, known) for each in (quick, settings))
        bare = [expectation.expected_seconds(each) for each in (quick, settings)]
        assert one / two == pytest.approx(bare[0] / bare[1])
    own = settings.replace(data_folder="/mine")
    assert expectation.expected_seconds(own, runs) is None

    def expected(**changes):
        return expectation.expected_seconds(settings.replace(**changes), runs)

    # There are 50,000 pictures; each step takes time, and so does variation.
    assert expected(training_examples=99_999) == 180
    assert expected(batch_size=1) > 5 * 180
    assert expected(augmentation="elastic") > 180
    # Zeros of rectifiers are left out, those of pictures with any activation.
    of_last, of_first = (
        expected(network=f"layers:{one}") for one in ("500,300@tanh", "500@tanh,300")
    )
    assert 0.9 * of_last < expected(network="layers:500,300") < of_last < 0.8 * of_first
    # A run on few pictures tells little of one on all.
    few_run = dataclasses.replace(runs[0], settings=settings.replace(training_examples=1000))
    assert expectation.expected_seconds(settings, [few_run]) == estimated


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (9.4, "9 s"), (12, "10 s"), (21, "20 s"), (58, "1 min"), (125, "2 min")],
)
def test_a_time_is_rounded(seconds, words):
    assert expectation.time_words(seconds) == words


def test_an_accuracy_is_a_presets_or_the_last_runs(monkeypatch):
    monkeypatch.setattr(expectation, "matrix_speed", lambda: 1e9)
    settings = TrainingSettings(learning_rate=0.0005, epochs=2)
    assert expectation.expect(PRESETS["quick"].settings).source == "expected"
    assert expectation.expect(settings).accuracy == "–"
    summary = Summary(epochs_done=2, figures={"test_accuracy": 0.971})
    run = Run(Path(), settings, summary=summary)
    found = expectation.expect(settings, [run])
    assert (found.accuracy, found.source) == ("97.10%", "last time")
    stopped = dataclasses.replace(run, summary=dataclasses.replace(summary, epochs_done=1))
    assert expectation.expect(settings, [stopped]).accuracy == "–"
