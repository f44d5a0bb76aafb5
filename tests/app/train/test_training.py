"""Training beside the window; ``run()`` itself needs no thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from mnist_draw.analysis.layer_inspection import LayerFigures
from mnist_draw.app.train import training
from mnist_draw.app.train.run_state import Continued, Failed, Rescued, Saved
from mnist_draw.app.train.training import CHECKPOINT_NAME, MODEL_NAME, Training, TrainingWorker
from mnist_draw.errors import UserError
from mnist_draw.library.networks import list_opened
from mnist_draw.recognition.run_session import in_use
from mnist_draw.storage.models import load_model
from mnist_draw.storage.my_digits import TaughtDigit, save_digit
from mnist_draw.training.network_places import fallback_key
from mnist_draw.training.record import load_history, read_run
from mnist_draw.training.settings import TrainingSettings

from ..fakes import FullDisk, Loop, checkpoint_after


def names(worker):
    """Return the kinds of events in a worker's inbox."""
    kinds = [type(event).__name__ for event in worker.inbox.take_all()]
    # Looked at beside the training: where among the others it comes is chance.
    return [kind for kind in kinds if kind != "LayerFigures"]


def test_run_delivers_all_events_and_saves_the_network(qapp, tmp_path):
    worker = TrainingWorker(TrainingSettings(epochs=2, seed=5), tmp_path, train=Loop(batches=2))
    learnt, ended = [], []
    worker.trained.connect(learnt.append)
    worker.finished.connect(lambda: ended.append(True))
    worker.run()
    epoch = ["BatchFinished", "BatchFinished", "Validating", "EpochFinished"]
    assert names(worker) == [
        "Compiling", "Compiling", "Started", *epoch, *epoch, "Testing", "Tested", "Finished",
        "Saved",
    ]  # fmt: skip
    assert ended == [True]
    assert len(learnt) == 3
    model = load_model(tmp_path / MODEL_NAME)
    assert model.network == "mlp"
    assert model.metadata["test_accuracy"] == 0.9829
    assert model.metadata["settings"]["seed"] == 5
    assert model.metadata["epochs"] == 2
    assert model.info.data == "MNIST"


def test_the_network_tells_which_digits_it_was_trained_with(qapp, tmp_path):
    settings = TrainingSettings(epochs=1, data_folder=str(tmp_path / "fashion"))
    TrainingWorker(settings, tmp_path, train=Loop(batches=2)).run()
    assert load_model(tmp_path / MODEL_NAME).describe().endswith("% on fashion")


def test_a_run_leaves_record_and_figures(qapp, tmp_path):
    worker = TrainingWorker(TrainingSettings(epochs=2), tmp_path, train=Loop(batches=2))
    worker.controls.change("learning_rate", 0.5)
    worker.run()
    run = read_run(tmp_path)
    assert (run.state, run.epochs_done, run.settings.learning_rate) == ("completed", 2, 0.5)
    assert run.figures["test_accuracy"] == 0.9829
    assert [(change.name, change.value) for change in run.changes] == [("learning_rate", 0.5)]
    assert len(load_history(run).batch_losses) == 4
    assert not in_use(tmp_path)


@pytest.mark.parametrize(("has_checkpoint", "state"), [(True, "interrupted"), (False, "stopped")])
def test_a_closed_window_leaves_a_run_to_go_on_with_if_it_can(
    qapp, tmp_path, has_checkpoint, state
):
    worker = TrainingWorker(TrainingSettings(epochs=9), tmp_path, train=Loop(batches=2))

    def close(model):
        if has_checkpoint:
            (tmp_path / CHECKPOINT_NAME).write_bytes(checkpoint_after(1).pack())
        worker.closing = True
        worker.controls.stop()

    worker.trained.connect(close)
    worker.run()
    assert (read_run(tmp_path).state, read_run(tmp_path).epochs_done) == (state, 1)


def test_a_run_in_use_elsewhere_is_left_alone(qapp, tmp_path):
    lock = FileLock(tmp_path / "run.lock", timeout=0)
    lock.acquire()
    assert in_use(tmp_path)
    (tmp_path / "checkpoint.npz").write_bytes(b"half")
    worker = TrainingWorker(TrainingSettings(), tmp_path, resume=True, train=Loop())
    worker.run()
    assert "another window" in worker.inbox.take_all()[-1].sentence
    assert (tmp_path / "checkpoint.npz").read_bytes() == b"half"
    lock.release()
    worker.run()
    assert "put aside as checkpoint.npz.unreadable-" in worker.inbox.take_all()[-1].sentence
    assert not (tmp_path / "run.json").exists()


def test_layers_are_looked_at_after_an_epoch(qapp, tmp_path):
    worker = TrainingWorker(TrainingSettings(epochs=2), tmp_path, train=Loop())
    worker.run()
    seen = [event for event in worker.inbox.take_all() if isinstance(event, LayerFigures)]
    assert seen[-1].epoch == 2
    assert seen[-1].names == ("output",)


def test_nothing_learnt_is_not_saved(qapp, tmp_path):
    worker = TrainingWorker(TrainingSettings(epochs=2), tmp_path, train=Loop())
    worker.controls.stop()
    worker.run()
    assert "Finished" in names(worker)
    assert not (tmp_path / MODEL_NAME).exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("There is no such folder."), "There is no such folder."),
        (KeyError("x"), "The program made a mistake"),
    ],
)
def test_an_error_becomes_a_sentence(qapp, tmp_path, error, words):
    worker = TrainingWorker(TrainingSettings(), tmp_path, train=Loop(error=error))
    ended = []
    worker.finished.connect(lambda: ended.append(True))
    worker.run()
    last = worker.inbox.take_all()[-1]
    assert isinstance(last, Failed)
    assert last.sentence.startswith(words)
    assert ended == [True]


def ended_without_a_folder(folder):
    """Train a run whose folder is gone; return its last event, and the networks that it learnt."""
    worker = TrainingWorker(TrainingSettings(epochs=1), folder, train=Loop())
    learnt: list[Any] = []
    worker.trained.connect(learnt.append)
    worker.run()
    return worker.inbox.take_all()[-1], learnt


def test_a_network_whose_folder_is_gone_is_saved_elsewhere_and_listed(qapp, tmp_path):
    last, learnt = ended_without_a_folder(tmp_path / "gone")
    assert isinstance(last, Rescued)
    assert "is no longer there" in last.sentence
    assert f"saved in {last.path} instead" in last.sentence
    # Nothing is advised that the window does not offer.
    assert "choose another place" not in last.sentence
    (kept,) = list_opened()
    assert (kept.path, kept.key) == (last.path, fallback_key(last.path))
    assert kept.title.endswith(", rescued")
    saved = load_model(last.path)
    assert np.array_equal(saved.parameters[0], learnt[-1].parameters[0])


def test_a_network_that_no_place_takes_stays_in_use(qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "save_fallback", lambda model: None)
    last, learnt = ended_without_a_folder(tmp_path / "gone")
    assert isinstance(last, Failed)
    assert "No other place could be written" in last.sentence
    assert learnt


def test_an_epoch_that_no_checkpoint_has_is_known(qapp, tmp_path):
    settings = TrainingSettings(network="layers:", epochs=1)
    for loop, lost in ((FullDisk(), True), (Loop(), False)):
        worker = TrainingWorker(settings, tmp_path, train=loop)
        worker.run()
        assert (worker.only_in_memory() is not None) is lost


def test_a_run_goes_on_from_what_could_not_be_written(qtbot):
    loop = FullDisk()
    training = Training(loop)
    with qtbot.waitSignal(training.ended):
        training.start(TrainingSettings(network="layers:", epochs=3))
    assert training.can_continue
    # Of the first epoch there is an older one on the disk.
    assert training.folder is not None
    (training.folder / CHECKPOINT_NAME).write_bytes(checkpoint_after(1).pack())
    happened: list[Any] = []
    training.happened.connect(happened.extend)
    with qtbot.waitSignal(training.ended):
        training.continue_for(4)
    assert [checkpoint.epoch for checkpoint in loop.resumed] == [3]
    assert isinstance(happened[0], Continued)
    assert read_run(training.folder).epochs_done == 4


def test_a_run_that_goes_back_says_so(qtbot):
    training = Training(FullDisk())
    with qtbot.waitSignal(training.ended):
        training.start(TrainingSettings(network="layers:", epochs=3))
    assert training.folder is not None
    (training.folder / CHECKPOINT_NAME).write_bytes(checkpoint_after(1).pack())
    # After the next start of the program.
    later = Training(FullDisk())
    happened: list[Any] = []
    later.happened.connect(happened.extend)
    run = read_run(training.folder)
    with qtbot.waitSignal(later.ended):
        later.continue_run(replace(run, settings=run.settings.replace(epochs=4)))
    assert "Of the 3 epochs of this run, epoch 1 is the last" in happened[0].message
    assert "to epoch 4" in happened[0].message


def test_in_its_thread(qtbot):
    loop = Loop()
    training = Training(loop)
    happened: list[Any] = []
    training.happened.connect(happened.extend)
    with qtbot.waitSignal(training.ended):
        training.start(TrainingSettings(epochs=2))
        assert training.running
    assert not training.running
    assert loop.threads[0] is not threading.main_thread()
    assert isinstance(happened[-1], Saved)
    assert happened[-1].path.exists()


def test_stop_ends_the_run_and_keeps_what_was_learnt(qtbot):
    loop = Loop(batches=2, free_epochs=1)
    # Let run freely, it may have ended on its own before anybody looks.
    loop.gate.clear()
    training = Training(loop)
    happened: list[Any] = []
    training.happened.connect(happened.extend)
    training.start(TrainingSettings(epochs=1000))
    qtbot.waitUntil(lambda: any(type(e).__name__ == "EpochFinished" for e in happened))
    with qtbot.waitSignal(training.ended):
        training.stop()
        loop.gate.set()
    assert happened[-2].reason == "stopped"
    assert isinstance(happened[-1], Saved)


def test_wait_ends_a_paused_run(qtbot):
    loop = Loop(batches=10)
    loop.gate.clear()
    training = Training(loop)
    happened: list[Any] = []
    training.happened.connect(happened.extend)
    training.start(TrainingSettings(epochs=1000))
    training.controls.pause()
    loop.gate.set()
    qtbot.waitUntil(lambda: any(type(e).__name__ == "Paused" for e in happened))
    assert training.wait()
    assert not training.running


def test_bad_settings_start_nothing(qapp, own_home):
    training = Training(Loop())
    with pytest.raises(UserError, match="learning rate"):
        training.start(TrainingSettings(learning_rate=-1.0))
    assert not training.running
    assert not (own_home / "data" / "runs").exists()


def test_a_run_in_the_window_learns_them_too(own_home, qtbot):
    folder = own_home / "data" / "my_digits"
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 40:50] = 255
    folder.mkdir(parents=True)
    save_digit(TaughtDigit(1, ink), folder)
    (folder / "4-damaged.png").write_bytes(b"no picture")
    given: list[Any] = []

    def train(settings, **options):
        given.append(options.pop("extra"))
        return Loop()(settings, **options)

    settings = TrainingSettings(epochs=1, extra_folder=str(folder))
    (own_home / "run").mkdir()
    worker = TrainingWorker(settings, own_home / "run", train=train)
    worker.run()
    assert list(given[0].labels) == [1]
    told = [event.message for event in worker.inbox.take_all() if hasattr(event, "message")]
    assert len([sentence for sentence in told if "4-damaged.png" in sentence]) == 1


def test_a_run_without_any_digit_does_not_begin(own_home, qtbot):
    (own_home / "none").mkdir()
    settings = TrainingSettings(epochs=1, extra_folder=str(own_home / "none"))
    (own_home / "run").mkdir()
    worker = TrainingWorker(settings, own_home / "run", train=Loop())
    worker.run()
    told = [event.sentence for event in worker.inbox.take_all() if hasattr(event, "sentence")]
    assert any("holds no digit to learn" in sentence for sentence in told)
