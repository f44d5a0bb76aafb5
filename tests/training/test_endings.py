"""Requests to the epoch loop, and how it ends: stop, pause, one epoch more, divergence."""

from __future__ import annotations

import threading

import lasagne
import numpy as np
import pytest

from mnist_draw.training import events
from mnist_draw.training.control import Controls
from mnist_draw.training.events import BatchFinished, EpochFinished
from mnist_draw.training.run_start import build_network

from .short_runs import SMALL, end, of, run, same

pytestmark = pytest.mark.usefixtures("shared_step")


@pytest.fixture(scope="module")
def plain(digits):
    """One run, as it comes, for many tests to look at."""
    return run(SMALL, dataset=digits)


def at(kind, epoch, batch, act):
    """Return a listener that acts once, at one event."""

    def listen(event):
        if (
            isinstance(event, kind)
            and getattr(event, "epoch", epoch) == epoch
            and getattr(event, "batch", batch) == batch
        ):
            act()

    return listen


@pytest.mark.parametrize("batch", [1, 3, 6])
def test_stop_within_one_batch(digits, batch):
    controls = Controls()
    seen = run(SMALL, at(BatchFinished, 1, batch, controls.stop), dataset=digits, controls=controls)
    assert len(of(BatchFinished, seen)) == batch
    assert not of(EpochFinished, seen)
    assert len(of(events.Tested, seen)) == 1
    assert end(seen).reason == "stopped"
    assert end(seen).epochs_done == 0


def test_stop_before_the_first_batch_trains_nothing(digits):
    controls = Controls()
    controls.stop()
    seen = run(SMALL, dataset=digits, controls=controls)
    assert not of(BatchFinished, seen)
    assert end(seen).reason == "stopped"
    start = lasagne.layers.get_all_param_values(build_network(SMALL))
    assert same(end(seen).parameters, start)


def test_stop_after_an_epoch_keeps_it(digits, plain):
    controls = Controls()
    seen = run(SMALL, at(EpochFinished, 1, 0, controls.stop), dataset=digits, controls=controls)
    assert (end(seen).reason, end(seen).epochs_done) == ("stopped", 1)
    assert same(end(seen).parameters, of(EpochFinished, plain)[0].parameters)


def test_pause_and_resume_from_another_thread(digits, plain):
    controls = Controls()
    paused = threading.Event()
    resumer = threading.Thread(target=lambda: (paused.wait(60), controls.resume()))
    resumer.start()

    def listen(event):
        if isinstance(event, BatchFinished) and (event.epoch, event.batch) == (1, 2):
            controls.pause()
        if isinstance(event, events.Paused):
            paused.set()

    seen = run(SMALL, listen, dataset=digits, controls=controls)
    resumer.join()
    place = seen.index(events.Paused(1, 2))
    assert isinstance(seen[place - 1], BatchFinished)
    assert seen[place + 1] == events.Resumed(1, 2)
    assert same(end(seen).parameters, end(plain).parameters)


def test_stop_ends_a_pause(digits):
    controls = Controls()
    paused = threading.Event()
    stopper = threading.Thread(target=lambda: (paused.wait(60), controls.stop()))
    stopper.start()

    def listen(event):
        if isinstance(event, BatchFinished):
            controls.pause()
        if isinstance(event, events.Paused):
            paused.set()

    seen = run(SMALL, listen, dataset=digits, controls=controls)
    stopper.join()
    assert len(of(BatchFinished, seen)) == 1
    assert not of(events.Resumed, seen)
    assert end(seen).reason == "stopped"


def test_one_epoch_more(digits, plain):
    controls = Controls()
    seen = run(
        SMALL, at(BatchFinished, 2, 5, controls.add_epoch), dataset=digits, controls=controls
    )
    assert [event.epochs for event in of(EpochFinished, seen)] == [2, 3, 3]
    assert (end(seen).reason, end(seen).epochs_done) == ("completed", 3)
    assert same(of(EpochFinished, seen)[1].parameters, end(plain).parameters)


def ruin(controls, epoch=1):
    """Return a listener that makes everything after an epoch worse, but finite."""
    return at(EpochFinished, epoch, 0, lambda: controls.change("learning_rate", 0.5))


@pytest.mark.parametrize("keep_best", [True, False])
def test_keep_best(digits, keep_best):
    controls = Controls()
    network = build_network(SMALL)
    seen = run(
        SMALL.replace(keep_best=keep_best),
        ruin(controls),
        dataset=digits,
        controls=controls,
        network=network,
    )
    best, last = of(EpochFinished, seen)
    assert (best.is_best, last.is_best) == (True, False)
    kept, lost = (best, last) if keep_best else (last, best)
    assert same(end(seen).parameters, kept.parameters)
    assert not same(end(seen).parameters, lost.parameters)
    assert same(lasagne.layers.get_all_param_values(network), kept.parameters)


def test_patience(digits):
    controls = Controls()
    seen = run(
        SMALL.replace(epochs=20, patience=2), ruin(controls, 2), dataset=digits, controls=controls
    )
    best = [event.epoch for event in of(EpochFinished, seen) if event.is_best][-1]
    assert (end(seen).reason, end(seen).epochs_done) == ("early", best + 2)


def test_target_accuracy(digits):
    seen = run(SMALL.replace(epochs=50, target_accuracy=0.5), dataset=digits)
    reached = [event.validation_accuracy >= 0.5 for event in of(EpochFinished, seen)]
    assert reached == [False] * (len(reached) - 1) + [True]
    assert end(seen).reason == "target"
    assert end(seen).epochs_done == len(reached) < 50


WILD = SMALL.replace(update="sgd", learning_rate=1e6)


def test_divergence_keeps_the_start(digits):
    seen = run(WILD, dataset=digits)
    told = of(events.Diverged, seen)[0]
    assert (told.epoch, told.learning_rate) == (1, 1e6)
    assert "weights of the start were kept" in told.message
    assert "Start a new run with sgd's usual learning rate, 0.1." in told.message
    assert not of(events.Tested, seen)
    assert (end(seen).reason, end(seen).epochs_done) == ("diverged", 0)
    start = lasagne.layers.get_all_param_values(build_network(WILD))
    assert same(end(seen).parameters, start)


@pytest.mark.parametrize("keep_best", [True, False])
def test_divergence_keeps_the_last_good_weights(digits, keep_best):
    controls = Controls()
    seen = run(
        WILD.replace(learning_rate=0.05, epochs=9, keep_best=keep_best),
        at(EpochFinished, 2, 0, lambda: controls.change("learning_rate", 1e6)),
        dataset=digits,
        controls=controls,
    )
    good = of(EpochFinished, seen)
    assert "weights of epoch 2 were kept" in of(events.Diverged, seen)[0].message
    assert (end(seen).reason, end(seen).epochs_done) == ("diverged", 2)
    assert same(end(seen).parameters, good[1].parameters)
    assert all(np.isfinite(value).all() for value in end(seen).parameters)


def test_a_new_learning_rate_counts_from_the_next_batch(digits):
    controls = Controls()
    seen = run(
        SMALL.replace(update="sgd", learning_rate=0.1),
        at(EpochFinished, 1, 0, lambda: controls.change("learning_rate", 1e-20)),
        dataset=digits,
        controls=controls,
    )
    first, last = of(EpochFinished, seen)
    assert same(first.parameters, last.parameters)


def test_a_new_l2_penalty_counts_from_the_next_batch(digits):
    controls = Controls()
    seen = run(
        SMALL.replace(update="sgd", learning_rate=0.01),
        at(EpochFinished, 1, 0, lambda: controls.change("l2", 5.0)),
        dataset=digits,
        controls=controls,
    )
    first, last = (np.linalg.norm(event.parameters[0]) for event in of(EpochFinished, seen))
    # Each of the six batches takes a tenth of the weights away.
    assert last == pytest.approx(0.9**6 * first, rel=0.05)


@pytest.mark.slow
def test_another_augmentation_counts_from_the_next_batch(digits):
    def change(recipe):
        controls = Controls()
        seen = run(
            SMALL.replace(epochs=1),
            at(events.BatchFinished, 1, 3, lambda: controls.change("augmentation", recipe)),
            dataset=digits,
            controls=controls,
        )
        return [event.loss for event in of(events.BatchFinished, seen)]

    plain, varied = change("off"), change("pen")
    assert len(plain) == len(varied) == 6
    assert plain[:3] == varied[:3]
    assert plain[3] != varied[3]
