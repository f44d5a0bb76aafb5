"""Training beside the window; ``run()`` itself needs no thread."""

import threading
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from mnist_draw.app.train import training
from mnist_draw.app.train.training import Training, TrainingWorker
from mnist_draw.errors import UserError
from mnist_draw.library.networks import list_opened
from mnist_draw.library.stored_network import fallback_key
from mnist_draw.networks import describe_model
from mnist_draw.recognition.run_session import in_use
from mnist_draw.storage.models import load_model
from mnist_draw.training.events import (
    Continued,
    Failed,
    LayerFigures,
    Requested,
    Rescued,
    Saved,
)
from mnist_draw.training.record import load_history, read_run
from mnist_draw.training.run import CHECKPOINT, MODEL, Run
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.settings import TrainingSettings

from ..fakes import FullDisk, Loop, checkpoint_after


@pytest.fixture
def make_worker(qapp, tmp_path):

    def make(loop=None, folder=tmp_path, resume=False, trained=lambda model, key: None, **settings):
        used = TrainingSettings(**settings)
        return TrainingWorker(used, folder, trained, resume, loop or Loop(batches=2))

    return make


def names(worker):
    kinds = [type(event).__name__ for event in worker.take_events()]
    # Looked at beside the training: where among the others it comes is chance.
    return [kind for kind in kinds if kind != "LayerFigures"]


def test_run_delivers_all_events_and_saves_network_and_record(make_worker, tmp_path):
    learned: list[Any] = []
    fashion = str(tmp_path / "fashion")
    worker = make_worker(
        trained=lambda model, key: learned.append(model),
        epochs=2,
        seed=5,
        data_folder=fashion,
    )
    worker.controls.change("learning_rate", 0.5)
    worker.run()
    epoch = ["BatchFinished", "BatchFinished", "Validating", "EpochFinished"]
    assert names(worker) == [
        "Compiling", "Compiling", "Started", "SettingChanged", *epoch, *epoch, "Testing", "Tested",
        "Finished", "Saved",
    ]  # fmt: skip
    assert len(learned) == 3
    model = load_model(tmp_path / MODEL)
    assert model.network == "mlp"
    assert model.metadata["test_accuracy"] == 0.9829
    assert model.metadata["settings"]["seed"] == 5
    assert model.metadata["epochs"] == 2
    assert describe_model(model).endswith("% on fashion")
    run = read_run(tmp_path)
    assert (run.state, run.epochs_done, run.settings.learning_rate) == ("completed", 2, 0.5)
    assert run.figures["test_accuracy"] == 0.9829
    assert [(change.name, change.value) for change in run.changes] == [("learning_rate", 0.5)]
    assert len(load_history(run).batch_losses) == 4
    assert not in_use(tmp_path)


@pytest.mark.parametrize(("has_checkpoint", "state"), [(True, "interrupted"), (False, "stopped")])
def test_a_closed_window_leaves_a_run_to_go_on_with_if_it_can(
    make_worker,
    tmp_path,
    has_checkpoint,
    state,
):
    def close(model, key):
        if has_checkpoint:
            checkpoint_after(1).save(tmp_path / CHECKPOINT)
        worker.controls.closing = True
        worker.controls.stop()

    worker = make_worker(trained=close, epochs=9)
    worker.run()
    assert (read_run(tmp_path).state, read_run(tmp_path).epochs_done) == (state, 1)


def test_a_run_in_use_elsewhere_is_left_alone(make_worker, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"half")
    worker = make_worker(resume=True)
    with FileLock(tmp_path / "run.lock", timeout=0):
        assert in_use(tmp_path)
        worker.run()
    assert "in another program" in worker.take_events()[-1].message
    assert (tmp_path / "checkpoint.npz").read_bytes() == b"half"
    worker.run()
    assert "checkpoint.npz.unreadable-" in worker.take_events()[-1].message
    assert not (tmp_path / "run.json").exists()


def test_layers_are_looked_at_after_an_epoch_and_nothing_learned_is_not_saved(
    make_worker,
    tmp_path,
):
    worker = make_worker(epochs=2)
    worker.controls.stop()
    worker.run()
    assert "Finished" in names(worker)
    assert not (tmp_path / MODEL).exists()
    worker = make_worker(epochs=2)
    worker.run()
    seen = [event for event in worker.take_events() if isinstance(event, LayerFigures)]
    assert (seen[-1].epoch, seen[-1].names) == (2, ("output",))


def test_a_continued_run_has_its_digits_read_before_it_compiles(make_worker, tmp_path, digits):
    checkpoint_after(2).save(tmp_path / CHECKPOINT)
    worker = make_worker(Loop(error=UserError("Enough.")), resume=True, epochs=3)
    worker.session.data = digits
    worker.run()
    started = names(worker)[:4]
    assert started == ["Continued", "TwelveDigits", "DigitsRead", "Compiling"]


def test_an_error_becomes_a_sentence(make_worker):
    for error, words in (
        (UserError("There is no such folder."), "There is no such folder."),
        (KeyError("x"), "Something went wrong"),
    ):
        worker = make_worker(Loop(error=error))
        worker.run()
        last = worker.take_events()[-1]
        assert isinstance(last, Failed)
        assert last.message.startswith(words)


def test_a_network_whose_folder_is_gone_is_saved_elsewhere_and_listed(
    make_worker,
    tmp_path,
    monkeypatch,
):
    def end():
        learned: list[Any] = []
        worker = make_worker(
            folder=tmp_path / "gone",
            trained=lambda model, key: learned.append(model),
            epochs=1,
        )
        worker.run()
        return worker.take_events()[-1], learned

    last, learned = end()
    assert isinstance(last, Rescued)
    assert "is gone" in last.message
    assert f"saved in {last.path} instead" in last.message
    # What answers changes only on request.
    assert "answers" not in last.message
    # Nothing is advised that the window does not offer.
    assert "choose another place" not in last.message
    (kept,) = list_opened()
    assert (kept.path, kept.key) == (last.path, fallback_key(last.path))
    assert np.array_equal(load_model(last.path).parameters[0], learned[-1].parameters[0])
    # One that no place takes stays in use.
    monkeypatch.setattr(training, "save_fallback", lambda model: None)
    last, learned = end()
    assert isinstance(last, Failed)
    assert "anywhere else" in last.message
    assert learned


def test_an_epoch_that_no_checkpoint_has_is_known(make_worker):
    for loop, lost in ((FullDisk(), True), (Loop(), False)):
        worker = make_worker(loop, network="layers:", epochs=1)
        worker.run()
        assert (worker.only_in_memory() is not None) is lost


@pytest.fixture
def make_training():
    """Return what makes trainings with a list of what happens in them."""

    def make(loop):
        made, happened = Training(loop), list[Any]()
        made.happened.connect(happened.extend)
        return made, happened

    return make


def test_a_run_goes_on_from_what_could_not_be_written_or_says_that_it_goes_back(
    make_training,
    qtbot,
):
    loop = FullDisk()
    training, happened = make_training(loop)
    run = Run(new_run_folder(), TrainingSettings(network="layers:", epochs=3))
    with qtbot.waitSignal(training.ended):
        training.start(run)
    for event in happened:
        run.apply(event)
    assert run.can_continue
    # Of the first epoch there is an older one on the disk.
    checkpoint_after(1).save(run.checkpoint)
    happened.clear()
    run.apply(Requested(run.settings.replace(epochs=4)))
    with qtbot.waitSignal(training.ended):
        training.start(run, resume=True)
    assert [checkpoint.epoch for checkpoint in loop.resumed] == [3]
    assert isinstance(happened[0], Continued)
    assert read_run(run.folder).epochs_done == 4
    # After the next start of the program.
    later, happened = make_training(FullDisk())
    run = read_run(run.folder)
    run.apply(Requested(run.settings.replace(epochs=4)))
    with qtbot.waitSignal(later.ended):
        later.start(run, resume=True)
    assert "up to epoch 1" in happened[0].text
    assert "to epoch 4" in happened[0].text


def test_in_its_thread(make_training, qtbot):
    loop = Loop()
    training, happened = make_training(loop)
    with qtbot.waitSignal(training.ended):
        run = Run(new_run_folder(), TrainingSettings(epochs=2))
        training.start(run)
        assert training.running
    assert not training.running
    assert loop.threads[0] is not threading.main_thread()
    assert isinstance(happened[-1], Saved)
    assert run.model.exists()
