"""Checkpoints are written by a thread; they, records and models are read without trust."""

import contextlib
import copy
import dataclasses
import io
import json
import threading

import full_disk
import numpy as np
import pytest

from mnist_draw import thread_priority
from mnist_draw.errors import UserError
from mnist_draw.networks import describe_model
from mnist_draw.storage import ModelFile, atomic, load_model, npz, save_model
from mnist_draw.training import checkpoint as module
from mnist_draw.training import events, record, run_list
from mnist_draw.training.checkpoint import (
    ARRAYS,
    Checkpoint,
    CheckpointError,
    CheckpointWriter,
    history_file,
    load_checkpoint,
)
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.record import read_run
from mnist_draw.training.run import Run, Summary
from mnist_draw.training.settings import TrainingSettings

from .short_runs import SMALL, assert_same_run, end, of, run, same


def writer_threads():
    return [thread for thread in threading.enumerate() if thread.name == "checkpoints"]


def test_each_epoch_is_reported_before_the_test(finished):
    path, seen = finished
    reports = of(events.Checkpointed, seen)
    # Where the disk is slower than an epoch, only the newest is written.
    assert reports[-1] == events.Checkpointed(path, 2)
    assert seen.index(reports[-1]) < seen.index(events.Testing())
    assert not of(events.CheckpointFailed, seen)
    assert writer_threads() == []


def test_through_bytes_and_back(finished, tmp_path):
    first = load_checkpoint(finished[0])
    first.save(tmp_path / "copy")
    second = load_checkpoint(tmp_path / "copy")
    assert_same_run(first, second)
    assert same([first.figures[2]], [second.figures[2]])
    assert (tmp_path / "copy").read_bytes() == finished[0].read_bytes()
    assert history_file(tmp_path / "copy").read_bytes() == history_file(finished[0]).read_bytes()


@pytest.mark.usefixtures("shared_step")
def test_a_full_disk_stops_no_training(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "open_atomically", full_disk.refuse)
    path = tmp_path / "run"
    seen = run(SMALL, dataset=digits, checkpoint=path)
    told = of(events.CheckpointFailed, seen)
    assert told[-1].checkpoint.epoch == 2
    assert told[-1].message == f"Could not write {path}: the disk is full."
    assert (end(seen).reason, end(seen).epochs_done) == ("completed", 2)
    assert not path.exists()
    assert writer_threads() == []


class FillingDisk(io.FileIO):
    """A file on a disk with room for a megabyte."""

    def write(self, data):
        if self.tell() + len(data) > 1_000_000:
            full_disk.refuse_bytes()
        return super().write(data)


def test_a_disk_that_fills_keeps_the_checkpoint_of_before(finished, tmp_path, monkeypatch):
    def filling(path, mode, opener):
        return io.BufferedWriter(FillingDisk(path, mode, opener=opener))

    good, path = load_checkpoint(finished[0]), tmp_path / "run"
    good.save(path)
    monkeypatch.setattr(atomic, "open", filling, raising=False)
    before = path.read_bytes()
    writer = CheckpointWriter(path)
    writer.put(dataclasses.replace(good, parameters=(np.zeros(1_000_000, np.float32),)))
    writer.close()
    assert "file is unchanged" in writer.reports()[0].message
    assert path.read_bytes() == before
    assert set(tmp_path.iterdir()) == {path, history_file(path)}


class Memoryless(Checkpoint):
    """A checkpoint for which there is too little memory."""

    def to_arrays(self, rows):
        raise MemoryError("64 GiB")


def test_whatever_fails_in_the_thread_is_told(finished, tmp_path):
    good = load_checkpoint(finished[0])
    bad = Memoryless(**vars(good))
    writer = CheckpointWriter(tmp_path / "run")
    writer.put(bad)
    writer.close()
    assert "MemoryError (64 GiB)" in writer.reports()[0].message
    assert writer.reports() == []


def test_the_newest_is_written_when_the_disk_is_slow(finished, tmp_path, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    written = []

    @contextlib.contextmanager
    def slow(path):
        begun.set()
        assert go_on.wait(60)
        with io.BytesIO() as file:
            yield file
            header = npz.Archive(io.BytesIO(file.getvalue())).read("header")
            written.append(json.loads(header.tobytes())["best_loss"])

    monkeypatch.setattr(module, "open_atomically", slow)
    good = load_checkpoint(finished[0])
    one, two, three = (dataclasses.replace(good, best_loss=loss) for loss in (3.0, 2.0, 1.0))
    writer = CheckpointWriter(tmp_path / "run")
    writer.put(one)
    assert begun.wait(60)
    writer.put(two)
    writer.put(three)
    go_on.set()
    writer.close()
    assert written == [one.best_loss, three.best_loss]
    assert [type(report) for report in writer.reports()] == [events.Checkpointed] * 2
    writer.close()
    assert writer_threads() == []


def test_a_checkpoint_is_packed_when_the_window_needs_no_core(finished, tmp_path, monkeypatch):
    asked, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(thread_priority, "wait_for_core", lambda: (asked.set(), go_on.wait(60)))
    good = load_checkpoint(finished[0])
    newer = dataclasses.replace(good, best_loss=1.0)
    writer = CheckpointWriter(tmp_path / "run")
    writer.put(good)
    assert asked.wait(60)
    writer.put(newer)
    go_on.set()
    writer.close()
    # Only the newest of those that waited.
    assert load_checkpoint(tmp_path / "run").best_loss == 1.0
    assert len(writer.reports()) == 1


def complaint(path):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_no_checkpoint(tmp_path):
    assert complaint(tmp_path / "absent") == f"There is no file {tmp_path / 'absent'}."
    assert "is a folder" in complaint(tmp_path)
    for content in (b"", b"\x93NUMPY", b"PK\x03\x04", b"not a checkpoint" * 99):
        (tmp_path / "run").write_bytes(content)
        assert "cannot be used" in complaint(tmp_path / "run")
        assert (tmp_path / "run").read_bytes() == content
    np.savez(tmp_path / "other.npz", header=np.arange(3), weights=np.zeros(3))
    assert "cannot be used" in complaint(tmp_path / "other.npz")


def rewritten(path, target, **changes):
    """Copy a checkpoint with its figures inside, and entries of its header, or arrays, replaced."""
    arrays = npz.Archive(io.BytesIO(path.read_bytes())).read_all()
    arrays |= dict(zip(ARRAYS, load_checkpoint(path).figures, strict=True))
    header = json.loads(arrays["header"].tobytes()) | {"version": 1}
    del header["history"]
    for name, value in changes.items():
        if name in arrays:
            arrays[name] = value
        else:
            header[name] = value
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    target.write_bytes(npz.pack(arrays))
    return target


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "mnist_draw model"}, "its format is not mnist_draw checkpoint"),
        ({"version": 3}, "newer program (version 3"),
        ({"epoch": 5}, "figures are not those of 5 epochs"),
        ({"epoch": -2}, "epoch is -2, not a whole number"),
        ({"best_epoch": 3}, "best_epoch is 3, not a whole number from 0 to 2"),
        ({"best_loss": "low"}, "best_loss is 'low'"),
        ({"batch_losses": np.zeros((2, 6))}, "one loss and one accuracy for each batch"),
        ({"batch_accuracies": np.zeros(5)}, "one loss and one accuracy for each batch"),
        ({"epochs": np.zeros((2, 3))}, "not a row of figures for each epoch"),
        ({"epochs": np.full((2, 7), np.nan)}, "one epoch after the other"),
        ({"parameters_000": np.full((784, 32), np.nan, np.float32)}, "finite 32-bit floats"),
        ({"parameters_001": np.zeros(32)}, "finite 32-bit floats"),
        ({"epoch": 2_000_000_000}, "epoch is 2000000000, not a whole number from 0 to"),
        ({"state_000": np.full((784, 32), np.nan, np.float32)}, "state holds values"),
        ({"changes": [[1, 1, 6, "batch_size", 1, 2]]}, "name is 'batch_size'"),
        ({"changes": [[1, 1, 6, "l2", 0.0, float("nan")]]}, "value is nan"),
        ({"changes": [[1, 1]]}, "no change of a setting"),
    ],
)
def test_contents_that_make_no_sense(finished, tmp_path, changes, words):
    assert words in complaint(rewritten(finished[0], tmp_path / "run", **changes))


def test_a_checkpoint_of_an_earlier_version_goes_on(finished, tmp_path):
    path = rewritten(finished[0], tmp_path / "run")
    found = load_checkpoint(path)
    assert_same_run(found, load_checkpoint(finished[0]))
    assert not history_file(path).exists()
    found.save(path)
    assert_same_run(load_checkpoint(path), found)


# -- the figures beside a checkpoint


def after(epochs):
    """Return a checkpoint after some epochs, each of three minibatches."""
    table = np.arange(1.0, 7 * epochs + 1).reshape(epochs, 7)
    table[:, 0] = np.arange(1, epochs + 1)
    losses = np.arange(3.0 * epochs)
    figures = (losses, losses / 8, table)
    settings = TrainingSettings(network="layers:2", epochs=9)
    return Checkpoint(settings, epochs, "mark", WEIGHTS, (), figures, epochs, 0.5, ())


def same_figures(one, other):
    return one.epoch == other.epoch and same(one.figures, other.figures)


def test_each_epoch_appends_its_own_figures(tmp_path):
    path = tmp_path / "run"
    after(0).save(path)
    assert same_figures(load_checkpoint(path), after(0))
    sizes = []
    for epoch in range(1, 5):
        after(epoch).save(path)
        assert same_figures(load_checkpoint(path), after(epoch))
        sizes.append((path.stat().st_size, history_file(path).stat().st_size))
    checkpoints, histories = zip(*sizes, strict=True)
    # But for the digits of numbers.
    assert max(checkpoints) - min(checkpoints) < 16
    assert histories == tuple(8 * 13 * epoch for epoch in range(1, 5))


@pytest.mark.parametrize("kept", range(0, 8 * 13, 7))
def test_what_a_kill_left_of_the_next_epoch_is_passed_over(tmp_path, kept):
    path = tmp_path / "run"
    after(2).save(path)
    before = path.read_bytes()
    after(3).save(path)
    # Its row was cut off, and the checkpoint that names it never came.
    path.write_bytes(before)
    with history_file(path).open("r+b") as file:
        file.truncate(8 * 13 * 2 + kept)
    assert same_figures(load_checkpoint(path), after(2))
    after(3).save(path)
    assert same_figures(load_checkpoint(path), after(3))
    assert history_file(path).stat().st_size == 8 * 13 * 3


def test_another_run_leaves_the_figures_of_the_one_before(tmp_path):
    path = tmp_path / "run"
    after(3).save(path)
    before = path.read_bytes()
    other = dataclasses.replace(after(1), figures=(np.full(3, 5.0), *after(1).figures[1:]))
    other.save(path)
    assert same_figures(load_checkpoint(path), other)
    path.write_bytes(before)
    assert same_figures(load_checkpoint(path), after(3))


def test_figures_that_are_lost_are_written_whole(tmp_path):
    path = tmp_path / "run"
    after(2).save(path)
    history_file(path).unlink()
    after(3).save(path)
    assert same_figures(load_checkpoint(path), after(3))


def test_figures_that_are_missing_or_damaged(tmp_path):
    path = tmp_path / "run"
    after(2).save(path)
    file = history_file(path)
    sound = file.read_bytes()
    for content in (b"", sound[:-1], sound[:9] + b"?" + sound[10:]):
        file.write_bytes(content)
        assert "damaged (figures in run.history)" in complaint(path)
    file.unlink()
    assert "run.history" in complaint(path)


def test_a_checkpoint_and_its_figures_move_together(tmp_path):
    path = tmp_path / "run"
    after(2).save(path)
    moved = path.rename(tmp_path / "moved.ckpt")
    history_file(path).rename(history_file(moved))
    assert same_figures(load_checkpoint(moved), after(2))
    after(3).save(moved)
    assert same_figures(load_checkpoint(moved), after(3))


def test_settings_out_of_range(finished, tmp_path):
    for value, words in ({"epochs": 0}, "epochs is 0"), ([1], "list of names"):
        path = rewritten(finished[0], tmp_path / "run", settings=value)
        with pytest.raises(UserError, match=words):
            load_checkpoint(path)


# -- whatever stands in a field of a record, a checkpoint or a model

NONSENSE = [
    None, True, -1, 0, 2.5, 10**400, -(10**30), float("nan"), float("-inf"), 2_000_000_000, "",
    "\ud800", "x" * 500, [], [[]], {}, {"a": 1}, [float("nan")],
]  # fmt: skip
CHANGES = (SettingChanged(1, 1, 3, "l2", 0.0, 0.1),)
FIGURES = (np.ones(3), np.ones(3), np.array([[1.0] * 7]))
WEIGHTS = (np.ones((2, 3), np.float32),)


def variants(values):
    """Yield copies of JSON values, each with one of them replaced or, in an object, left out."""
    if isinstance(values, dict | list):
        for key in list(values) if isinstance(values, dict) else range(len(values)):
            for inner in variants(values[key]):
                changed = copy.copy(values)
                changed[key] = inner
                yield changed
            if isinstance(values, dict):
                yield {name: value for name, value in values.items() if name != key}
    yield from NONSENSE


def some_run(folder):
    settings = TrainingSettings(epochs=2, update_parameters={"rho": 0.9})
    summary = Summary(1, 2.0, {"test_loss": 0.1})
    run = Run(folder, settings, "mine", "2026-01-01 10:00", "stopped", summary)
    run.history.changes = list(CHANGES)
    return run


@pytest.mark.slow
def test_records(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    folder = run_list.new_run_folder()
    record.save_record(some_run(folder))
    path = folder / record.RECORD
    for values in variants(json.loads(path.read_bytes())):
        path.write_text(json.dumps(values))
        try:
            found = read_run(folder)
        except UserError:
            continue
        # What is accepted can be shown, sorted, and written again.
        assert 0 <= found.epochs_done <= 10**6
        assert np.isfinite([found.seconds, *found.figures.values()]).all()
        found.title.encode()
        record.save_record(found)
        assert read_run(folder) == found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["checkpoint", "model"])
def test_headers(tmp_path, kind):
    path = tmp_path / "file.npz"
    if kind == "checkpoint":
        rest = (1, "mark", WEIGHTS, WEIGHTS, FIGURES, 1, 0.5, WEIGHTS, CHANGES)
        run = Checkpoint(some_run(tmp_path).settings, *rest)
        run.save(path)
    else:
        metadata = {"title": "A", "data": "MNIST", "test_accuracy": 0.9, "settings": {"l2": 0.1}}
        save_model(path, ModelFile("mlp", WEIGHTS, metadata))
    arrays = npz.Archive(io.BytesIO(path.read_bytes())).read_all()
    for values in variants(json.loads(arrays["header"].tobytes())):
        arrays["header"] = np.frombuffer(json.dumps(values).encode(), np.uint8)
        path.write_bytes(npz.pack(arrays))
        try:
            found = load_checkpoint(path) if kind == "checkpoint" else load_model(path)
        except UserError:
            continue
        if kind == "checkpoint":
            assert (found.epoch, len(found.changes)) in ((1, 0), (1, 1))
            found.save(tmp_path / "copy.npz")
        else:
            describe_model(found).encode()
            save_model(path, found)
