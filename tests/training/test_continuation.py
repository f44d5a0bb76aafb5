"""A run that is continued is the run that was never interrupted; runs start from other networks."""

import dataclasses
import os
from pathlib import Path

import lasagne
import numpy as np
import pytest

from mnist_draw.dataset.mnist import scale
from mnist_draw.dataset.own_digits import ExtraDigits, repeats_for
from mnist_draw.errors import UserError
from mnist_draw.storage import ModelFile, save_model
from mnist_draw.training import events
from mnist_draw.training.checkpoint import CheckpointError, history_file, load_checkpoint
from mnist_draw.training.control import Controls
from mnist_draw.training.events import EpochFinished, SettingChanged
from mnist_draw.training.functions import compile_predict
from mnist_draw.training.loop import train
from mnist_draw.training.run_start import build_network, fingerprint
from mnist_draw.training.settings import SettingsError

from .short_runs import SMALL, assert_same_run, end, of, run, same

pytestmark = pytest.mark.usefixtures("shared_step")

FOUR = SMALL.replace(epochs=4)


@pytest.fixture
def extra(digits):
    """Return seven test pictures, all called a 7."""
    return ExtraDigits(digits.test_images[:7], np.full(7, 7, np.uint8), Path("mine"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        FOUR,
        FOUR.replace(update="adam", schedule="cosine", keep_best=True, l2=1e-4),
        FOUR.replace(update="nesterov_momentum", schedule="step", learning_rate=0.01),
        FOUR.replace(augmentation="handwriting", extra_folder="mine"),
    ],
    ids=["rmsprop", "adam-cosine-keep_best", "nesterov-step", "augmentation-extra"],
)
def test_a_continued_run_is_bit_identical(chosen, digits, extra, tmp_path):
    how = {"dataset": digits, "extra": extra if chosen.extra_folder else None}
    whole = run(chosen, **how, checkpoint=tmp_path / "whole")
    running = train(chosen, **how, checkpoint=tmp_path / "part")
    for event in running:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            break
    running.close()
    resume = load_checkpoint(tmp_path / "part")
    assert (resume.epoch, resume.settings) == (2, chosen)
    # With functions of its own, as after the next start of the program.
    own = build_network(resume.settings)
    rest = run(resume.settings, **how, resume=resume, checkpoint=tmp_path / "part", network=own)

    assert of(events.Started, rest)[0].first_epoch == 3
    assert same(end(rest).parameters, end(whole).parameters)
    assert (end(rest).reason, end(rest).epochs_done) == ("completed", 4)
    assert of(events.Tested, rest) == of(events.Tested, whole)
    assert [(event.epoch, event.batch, event.loss) for event in of(events.BatchFinished, rest)] == [
        (event.epoch, event.batch, event.loss)
        for event in of(events.BatchFinished, whole)
        if event.epoch > 2
    ]
    assert_same_run(load_checkpoint(tmp_path / "part"), load_checkpoint(tmp_path / "whole"))


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_stopped_within_an_epoch_continues_from_its_start(digits, tmp_path, epoch):
    whole = run(FOUR, dataset=digits)
    controls = Controls()
    # Only what ends with the program begins its first epoch again.
    controls.closing = epoch == 1

    def stop(event):
        if isinstance(event, events.BatchFinished) and (event.epoch, event.batch) == (epoch, 4):
            controls.stop()

    run(FOUR, stop, dataset=digits, checkpoint=tmp_path / "run", controls=controls)
    resume = load_checkpoint(tmp_path / "run")
    assert resume.epoch == epoch - 1
    rest = run(resume.settings, dataset=digits, resume=resume)
    assert same(end(rest).parameters, end(whole).parameters)


@pytest.mark.slow
def test_an_epoch_more_and_new_rates_are_part_of_the_checkpoint(digits, tmp_path):
    def changed_run(stops, **how):
        controls = Controls()

        def listen(event):
            if isinstance(event, events.BatchFinished) and (event.epoch, event.batch) == (1, 3):
                controls.add_epoch()
                controls.change("learning_rate", 0.01)
                controls.change("l2", 0.001)
                controls.change("augmentation", "pen")
            if stops and isinstance(event, EpochFinished) and event.epoch == 2:
                controls.stop()

        return run(chosen, listen, dataset=digits, controls=controls, **how)

    chosen = SMALL.replace(schedule="cosine")
    whole = changed_run(False)
    changed_run(True, checkpoint=tmp_path / "run")
    resume = load_checkpoint(tmp_path / "run")
    assert resume.settings == chosen.replace(
        epochs=3,
        learning_rate=0.01,
        l2=0.001,
        augmentation="pen",
    )
    assert resume.epoch == 2
    assert resume.changes == (
        SettingChanged(1, 4, 6, "learning_rate", 0.003, 0.01),
        SettingChanged(1, 4, 6, "l2", 0.0, 0.001),
        SettingChanged(1, 4, 6, "augmentation", "off", "pen"),
    )
    assert resume.changes[0].place == 0.5
    rest = run(resume.settings, dataset=digits, resume=resume)
    assert end(rest).epochs_done == end(whole).epochs_done == 3
    assert same(end(rest).parameters, end(whole).parameters)


def test_a_finished_run_only_needs_its_test(finished, digits):
    path, seen = finished
    resume = load_checkpoint(path)
    again = run(resume.settings, dataset=digits, resume=resume)
    assert not of(events.BatchFinished, again)
    (before,), (now,) = of(events.Tested, seen), of(events.Tested, again)
    assert (now.loss, now.accuracy) == (before.loss, before.accuracy)
    assert same(end(again).parameters, end(seen).parameters)
    assert (end(again).reason, end(again).epochs_done) == ("completed", 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"target_accuracy": 0.01}, "target"), ({"patience": 1}, "early")],
)
def test_what_a_run_was_to_stop_at_stops_it_when_continued(finished, digits, changes, reason):
    """As after a crash between the last checkpoint and the test."""
    resume = dataclasses.replace(load_checkpoint(finished[0]), best_epoch=1)
    again = run(SMALL.replace(epochs=9, **changes), dataset=digits, resume=resume)
    assert not of(events.BatchFinished, again)
    assert (end(again).reason, end(again).epochs_done) == (reason, 2)


def refusal(settings, resume, data):
    with pytest.raises(CheckpointError) as caught:
        run(settings, dataset=data, resume=resume)
    return str(caught.value)


def test_what_does_not_fit_the_checkpoint_is_refused(finished, digits):
    resume = load_checkpoint(finished[0])
    said = refusal(SMALL.replace(network="custom_mlp:1,33"), resume, digits)
    for words in ("does not fit the network 'custom_mlp:1,33'", "(784, 32)", "(784, 33)"):
        assert words in said
    other = dataclasses.replace(resume, best_parameters=resume.parameters[::-1])
    assert "fit the network" in refusal(SMALL, other, digits)
    said = refusal(SMALL, resume, digits.first(500))
    assert "those of 600" in said
    assert "number of pictures" in said
    said = refusal(SMALL.replace(update="adam"), resume, digits)
    assert "update rule 'adam'" in said
    damaged = dataclasses.replace(resume, state=(*resume.state[:-1], np.zeros(3, np.uint8)))
    assert "update rule 'rmsprop'" in refusal(SMALL, damaged, digits)


def test_two_runs_do_not_write_one_checkpoint(digits, tmp_path):
    path, other = tmp_path / "run.ckpt", tmp_path / "the same"
    other.symlink_to(path)
    if os.path.realpath(other) != os.path.realpath(path):
        pytest.skip("this system, Wine, does not say where a link leads")
    first = train(FOUR, dataset=digits, checkpoint=path)
    for event in first:
        if isinstance(event, EpochFinished):
            break
    for name in (path, other):
        with pytest.raises(CheckpointError, match="being written by another program"):
            run(SMALL, dataset=digits, checkpoint=name)
    first.close()  # type: ignore[attr-defined]
    assert load_checkpoint(path).epoch == 1
    # The lock has gone with the run that held it.
    assert set(tmp_path.iterdir()) == {path, history_file(path), other}
    run(SMALL, dataset=digits, checkpoint=path)
    assert load_checkpoint(path).epoch == 2


# -- extra digits, and a network to start from


def test_extra_digits_are_learned(digits, extra):
    chosen = SMALL.replace(network="custom_mlp:1,32,0,0", extra_folder="mine", epochs=15)
    seen = run(chosen, dataset=digits, extra=extra)
    (started,) = of(events.Started, seen)
    assert started.batches == (600 + 7 * repeats_for(7, 600)) // chosen.batch_size
    network = build_network(chosen)
    lasagne.layers.set_all_param_values(network, list(end(seen).parameters))
    probabilities = compile_predict(network)(scale(extra.images))
    assert list(probabilities.argmax(axis=1)) == [7] * 7


def test_a_run_is_continued_only_with_the_extra_digits_it_began_with(digits, extra, tmp_path):
    chosen = SMALL.replace(extra_folder="mine", epochs=1)
    run(chosen, dataset=digits, extra=extra, checkpoint=tmp_path / "run")
    resume = load_checkpoint(tmp_path / "run")
    # The same labels, but one picture was drawn anew.
    images = extra.images.copy()
    images[0, 0, 14, 14] ^= 255
    other = ExtraDigits(images, extra.labels, extra.folder)
    assert fingerprint(digits, other) != fingerprint(digits, extra)
    with pytest.raises(CheckpointError, match="the extra digits"):
        run(resume.settings, dataset=digits, extra=other, resume=resume)


def test_extra_digits_that_nobody_read_are_no_silent_matter(digits):
    with pytest.raises(UserError, match="The digits in mine were not read"):
        run(SMALL.replace(extra_folder="mine"), dataset=digits)


@pytest.fixture
def first(finished, tmp_path):
    """Return the file of a trained network."""
    save_model(tmp_path / "first.npz", ModelFile(SMALL.network, end(finished[1]).parameters))
    return tmp_path / "first.npz"


def test_a_run_starts_from_a_networks_weights(first, finished, digits):
    # The same layers with another dropout: the weights fit.
    chosen = SMALL.replace(network="custom_mlp:1,32,0,0", start_model=str(first))
    started = lasagne.layers.get_all_param_values(build_network(chosen))
    assert same(started, end(finished[1]).parameters)
    seen = run(chosen, dataset=digits)
    assert of(events.BatchFinished, seen)[0].accuracy > 0.7
    other = chosen.replace(network="custom_mlp:2,9,0,0")
    told = f"first.npz is '{SMALL.network}', which cannot start 'custom_mlp:2,9,0,0'"
    with pytest.raises(SettingsError, match=told):
        run(other, dataset=digits)


def test_a_run_is_continued_without_the_network_it_started_from(first, digits, tmp_path):
    chosen = SMALL.replace(start_model=str(first))
    whole = run(chosen, dataset=digits)
    run(chosen.replace(epochs=1), dataset=digits, checkpoint=tmp_path / "run")
    first.unlink()
    resume = load_checkpoint(tmp_path / "run")
    rest = run(resume.settings.replace(epochs=2), dataset=digits, resume=resume)
    assert same(end(rest).parameters, end(whole).parameters)
