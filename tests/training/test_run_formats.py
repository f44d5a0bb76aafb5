"""The figures of a run for other programs."""

from __future__ import annotations

import csv
import sys
import tempfile

import pytest

from mnist_draw.errors import UserError
from mnist_draw.training import events, run_formats
from mnist_draw.training.history import History
from mnist_draw.training.record import Run, with_figures
from mnist_draw.training.run_formats import RUN_FORMATS
from mnist_draw.training.settings import TrainingSettings


@pytest.fixture
def history():
    made = History()
    for epoch in (1, 2):
        for batch in (1, 2, 3):
            made.add(events.BatchFinished(epoch, 2, batch, 3, 0.5 / epoch, 0.75, 0.01))
        made.add(events.EpochFinished(epoch, 2, 60, 0.3, 0.9, 0.25 / epoch, 0.9375, 9, True, ()))
    made.add(events.Tested(0.125, 0.984375))
    return made


@pytest.fixture
def run(tmp_path, history):
    return with_figures(
        Run(tmp_path, TrainingSettings(epochs=2), started="2026-01-02 10:00:00"), history
    )


def test_tables_are_those_of_the_history(run, history, tmp_path):
    for name, write in (("csv", history.write_csv), ("minibatches", history.write_minibatches_csv)):
        content = RUN_FORMATS[name].pack(run, history)
        write(tmp_path / "table.csv")
        assert (tmp_path / "table.csv").read_bytes() == content
    rows = list(csv.DictReader(RUN_FORMATS["csv"].pack(run, history).decode().splitlines()))
    assert [float(row["validation_loss"]) for row in rows] == [0.25, 0.125]


def test_tensorboard_has_every_figure_at_its_time(run, history, tmp_path, monkeypatch):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    from tensorboardX.proto.event_pb2 import Event

    # No temporary folder is needed; one may be full.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    content = RUN_FORMATS["tensorboard"].pack(run, history)
    points: dict[str, list[tuple[int, float, float]]] = {}
    place, first = 0, None
    while place < len(content):
        # TFRecord: the length as 8 bytes, its checksum, the record, its checksum.
        size = int.from_bytes(content[place : place + 8], "little")
        event = Event.FromString(content[place + 12 : place + 12 + size])
        place += 16 + size
        for value in event.summary.value:
            if value.HasField("simple_value"):
                found = (event.step, value.simple_value, event.wall_time)
                points.setdefault(value.tag, []).append(found)
                first = min(first or event.wall_time, event.wall_time)
    assert [point[:2] for point in points["loss/validation"]] == [(1, 0.25), (2, 0.125)]
    assert [point[:2] for point in points["minibatch/loss"]] == [
        (1, 0.5), (2, 0.5), (3, 0.5), (4, 0.25), (5, 0.25), (6, 0.25),
    ]  # fmt: skip
    assert points["accuracy/test"][0][:2] == (2, 0.984375)
    one, two = points["accuracy/training"]
    assert two[2] - one[2] == 60
    assert b"Learning rate" in content


def test_tensorboard_gets_the_bytes_of_tensorboardx(run, history, tmp_path):
    writers = pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    content = RUN_FORMATS["tensorboard"].pack(run, history)
    start = run_formats._start(run)
    with writers.SummaryWriter(str(tmp_path / "events")) as writer:
        for name, value, step, moment in run_formats._points(history, start):
            writer.add_scalar(name, value, step, moment)
        writer.add_text("settings", run_formats._settings(run), 0, start)
    [path] = (tmp_path / "events").iterdir()
    # The first record has the time of writing: 16 bytes around 1 + 8 for it, 2 + 13 for a version.
    first = 16 + 9 + 15
    assert content[first:] == path.read_bytes()[first:]
    assert content[:8] == path.read_bytes()[:8]


def test_a_package_that_is_missing_is_named(run, history, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(UserError, match="needs tensorboardX, which is not"):
        RUN_FORMATS["tensorboard"].pack(run, history)
