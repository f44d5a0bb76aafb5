"""The epoch loop on 600 digits: what it tells and what it learns."""

from __future__ import annotations

import itertools
import threading

import lasagne
import numpy as np
import pytest

from mnist_draw.dataset.augmentation import numba_loops
from mnist_draw.dataset.augmentation.augmenter import Augmenter
from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.training import events
from mnist_draw.training.control import Controls
from mnist_draw.training.events import BatchFinished, EpochFinished, Event
from mnist_draw.training.loop import train
from mnist_draw.training.run_start import build_network, fingerprint
from mnist_draw.training.settings import SettingsError

from .short_runs import SMALL, end, of, run, same


@pytest.fixture(scope="module")
def plain(digits):
    """One run, as it comes, for many tests to look at."""
    return run(SMALL, dataset=digits)


def test_events_come_in_their_order(plain):
    names = [type(event).__name__ for event in plain]
    batches, validation = ["BatchFinished"] * 6, ["Validating", "EpochFinished"]
    # The first minibatch does not wait for the function that validates.
    assert names == [
        *("Compiling", "Started", *batches, "Compiling", *validation),
        *(*batches, *validation, "Testing", "Tested", "Finished"),
    ]


def test_compiling_counts_up(plain):
    stages = of(events.Compiling, plain)
    assert [stage.done for stage in stages] == list(range(stages[0].total))
    assert all(stage.stage for stage in stages)


def test_events_say_where_they_are(plain):
    assert of(events.Started, plain) == [events.Started(1, 2, 6, 100, 600)]
    batches = of(BatchFinished, plain)
    assert [(b.epoch, b.epochs, b.batch, b.batches) for b in batches] == [
        (epoch, 2, batch, 6) for epoch in (1, 2) for batch in range(1, 7)
    ]
    assert [event.epoch for event in of(events.Validating, plain)] == [1, 2]
    assert all(event.seconds > 0 for event in batches)


def test_figures_are_means_of_the_batches(plain):
    batches = of(BatchFinished, plain)
    for number, epoch in enumerate(of(EpochFinished, plain), 1):
        mine = [event for event in batches if event.epoch == number]
        assert epoch.training_loss == pytest.approx(np.mean([e.loss for e in mine]))
        assert epoch.training_accuracy == pytest.approx(np.mean([e.accuracy for e in mine]))
        assert epoch.images_per_second == pytest.approx(600 / sum(e.seconds for e in mine))
        assert epoch.seconds > sum(e.seconds for e in mine)


def test_it_learns(plain):
    first, last = of(EpochFinished, plain)
    assert 1.5 < first.training_loss < 3
    assert last.validation_loss < first.validation_loss < np.log(10)
    assert last.validation_accuracy > 0.4
    assert first.is_best
    assert last.is_best


def test_validation_and_test_figures_are_those_of_the_network(plain, digits):
    """Computed again from the parameters, without dropout and with NumPy alone."""
    w1, b1, w2, b2 = end(plain).parameters
    for pictures, labels, loss, accuracy in (
        (
            digits.validation_images,
            digits.validation_labels,
            of(EpochFinished, plain)[-1].validation_loss,
            of(EpochFinished, plain)[-1].validation_accuracy,
        ),
        (
            digits.test_images,
            digits.test_labels,
            of(events.Tested, plain)[0].loss,
            of(events.Tested, plain)[0].accuracy,
        ),
    ):
        hidden = np.maximum(scale(pictures).reshape(len(pictures), -1) @ w1 + b1, 0)
        scores = (hidden @ w2 + b2).astype(np.float64)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        assert loss == pytest.approx(-logs[np.arange(len(labels)), labels].mean(), rel=1e-5)
        assert accuracy == pytest.approx((logs.argmax(axis=1) == labels).mean())


def test_parameters_reported_are_copies(plain):
    first, last = of(EpochFinished, plain)
    assert not same(first.parameters, last.parameters)
    assert same(last.parameters, end(plain).parameters)
    assert [value.shape for value in last.parameters] == [(784, 32), (32,), (32, 10), (10,)]
    assert all(value.dtype == np.float32 for value in last.parameters)


def test_the_same_seed_gives_the_same_run(plain, digits):
    again = run(SMALL, dataset=digits)
    assert same(end(again).parameters, end(plain).parameters)
    assert [(e.loss, e.accuracy) for e in of(BatchFinished, again)] == [
        (e.loss, e.accuracy) for e in of(BatchFinished, plain)
    ]
    assert of(events.Tested, again) == of(events.Tested, plain)


def test_another_seed_gives_another_run(plain, digits):
    """Other weights, another order, other dropout."""
    other = SMALL.replace(seed=2)
    mine = run(other, dataset=digits)
    assert not same(end(mine).parameters, end(plain).parameters)
    first, second = (
        lasagne.layers.get_all_param_values(build_network(settings)) for settings in (SMALL, other)
    )
    assert not np.array_equal(first[0], second[0])


def test_building_leaves_lasagnes_generator_alone():
    before = lasagne.random.get_rng()
    build_network(SMALL)
    assert lasagne.random.get_rng() is before


@pytest.mark.slow
def test_each_epoch_has_its_own_order(digits):
    """With steps that change nothing, losses differ by order and by dropout only."""
    settings = SMALL.replace(
        network="custom_mlp:0,1,0,0", update="sgd", learning_rate=1e-20, batch_size=600
    )
    whole = of(BatchFinished, run(settings, dataset=digits))
    assert whole[0].loss == pytest.approx(whole[1].loss, rel=1e-5)
    batches = of(BatchFinished, run(settings.replace(batch_size=100), dataset=digits))
    assert {e.loss for e in batches[:6]}.isdisjoint(e.loss for e in batches[6:])


def test_a_listener_that_walks_away_leaves_no_thread(digits, tmp_path):
    running = train(SMALL, dataset=digits, checkpoint=tmp_path / "run")
    for event in running:
        if isinstance(event, EpochFinished):
            break
    running.close()  # type: ignore[attr-defined]
    assert (tmp_path / "run").is_file()
    assert not [thread for thread in threading.enumerate() if thread.name == "checkpoints"]


def test_a_schedule_lowers_the_learning_rate(digits):
    settings = SMALL.replace(update="sgd", learning_rate=0.1, epochs=4, schedule="cosine")
    seen = of(EpochFinished, run(settings, dataset=digits))
    steps = [
        np.linalg.norm(later.parameters[0] - earlier.parameters[0])
        for earlier, later in itertools.pairwise(seen)
    ]
    assert steps[0] > steps[1] > 2 * steps[2]


def test_pictures_that_are_scaled_already_give_the_same(digits, plain):
    scaled = Dataset(
        scale(digits.train_images),  # type: ignore[arg-type]
        digits.train_labels,
        scale(digits.validation_images),  # type: ignore[arg-type]
        digits.validation_labels,
        scale(digits.test_images),  # type: ignore[arg-type]
        digits.test_labels,
        "scaled",
        digits.folder,
    )
    found = end(run(SMALL, dataset=scaled)).parameters
    for mine, theirs in zip(found, end(plain).parameters, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_training_examples_takes_the_first(digits):
    seen = run(SMALL.replace(training_examples=250, epochs=1), dataset=digits)
    assert of(events.Started, seen) == [events.Started(1, 1, 2, 100, 250)]
    assert of(EpochFinished, seen)[0].images_per_second > 0


def test_a_batch_larger_than_the_data(digits):
    with pytest.raises(SettingsError, match="batch size is 601, but there are only 600 training"):
        next(iter(train(SMALL.replace(batch_size=601), dataset=digits)))


@pytest.mark.slow
@pytest.mark.parametrize("usual", [500, 300])
@pytest.mark.parametrize(("pictures", "size"), [(84, 8), (5, 1)])
def test_a_usual_batch_size_gives_way_to_few_pictures(digits, usual, pictures, size):
    settings = SMALL.replace(batch_size=usual, epochs=1)
    seen = run(settings, dataset=digits.first(pictures))
    [chosen] = of(events.BatchSizeChosen, seen)
    assert chosen.batch_size == size
    assert f"there are {pictures} training pictures" in chosen.message
    [started] = of(events.Started, seen)
    assert (started.batch_size, started.batches) == (size, pictures // size)


@pytest.mark.slow
def test_who_waits_for_the_augmentation_is_told(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(numba_loops, "_code_folder", lambda: tmp_path)
    monkeypatch.setattr(numba_loops, "_installed", True)

    # What is compiled is not what counts here.
    def as_it_is(self, rows, epoch, result):
        result[:, 0] = self._images[rows]

    monkeypatch.setattr(Augmenter, "batch", as_it_is)
    settings = SMALL.replace(augmentation="warp", epochs=1)

    def told():
        seen = run(settings, dataset=digits)
        first = seen.index(of(events.BatchFinished, seen)[0])
        return [e.stage for e in seen[:first] if isinstance(e, events.Compiling)]

    assert told() == ["the training function", "the augmentation, once on this computer"]
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "discs.nbi").touch()
    assert told() == ["the training function"]
    settings = SMALL.replace(epochs=1)
    (tmp_path / "kept" / "discs.nbi").unlink()
    assert told() == ["the training function"]


def test_a_stop_does_not_wait_until_the_augmentation_is_compiled(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(numba_loops, "_code_folder", lambda: tmp_path)
    monkeypatch.setattr(numba_loops, "_installed", True)

    def compiling(self, rows, epoch, result):
        numba_loops._stop_if_unwanted()
        raise AssertionError("it was compiled to the end")

    monkeypatch.setattr(Augmenter, "batch", compiling)
    controls = Controls()
    seen: list[Event] = []
    for event in train(SMALL.replace(augmentation="warp"), dataset=digits, controls=controls):
        seen.append(event)
        if isinstance(event, events.Compiling) and "augmentation" in event.stage:
            controls.stop()
    assert not of(events.BatchFinished, seen)
    assert end(seen).reason == "stopped"


def test_a_usual_batch_size_stays_where_the_pictures_are_enough(digits):
    seen = run(SMALL.replace(batch_size=500, epochs=1), dataset=digits.first(500))
    assert not of(events.BatchSizeChosen, seen)
    assert of(events.Started, seen)[0].batch_size == 500


def test_settings_and_data_are_checked_first(tmp_path):
    with pytest.raises(UserError, match="number of epochs is 0"):
        next(iter(train(SMALL.replace(epochs=0))))
    with pytest.raises(UserError, match="absent is not a folder"):
        next(iter(train(SMALL.replace(data_folder=str(tmp_path / "absent")))))


def test_data_sets_are_told_apart(digits):
    assert fingerprint(digits) == fingerprint(digits.first(600))
    assert fingerprint(digits) != fingerprint(digits.first(599))
