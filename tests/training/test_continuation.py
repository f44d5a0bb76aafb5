"""A run that is continued is the run that was never interrupted, bit for bit."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from mnist_draw.training import events
from mnist_draw.training.checkpoint import CheckpointError, load_checkpoint
from mnist_draw.training.control import Controls
from mnist_draw.training.events import EpochFinished, SettingChanged
from mnist_draw.training.loop import train

from .short_runs import SMALL, assert_same_run, end, of, run, same

pytestmark = pytest.mark.slow

FOUR = SMALL.replace(epochs=4)


def interrupted(settings, path, digits, epochs):
    """Train, and walk away when an epoch is done."""
    running = train(settings, dataset=digits, checkpoint=path)
    for event in running:
        if isinstance(event, EpochFinished) and event.epoch == epochs:
            break
    running.close()  # type: ignore[attr-defined]
    assert load_checkpoint(path).epoch == epochs


@pytest.mark.parametrize(
    "chosen",
    [
        FOUR,
        FOUR.replace(update="adam", schedule="cosine", keep_best=True, l2=1e-4),
        FOUR.replace(update="nesterov_momentum", schedule="step", learning_rate=0.01),
        FOUR.replace(augmentation="pen"),
        FOUR.replace(network="mlp", batch_size=250),
    ],
    ids=["rmsprop", "adam-cosine-keep_best", "nesterov-step", "augmentation", "tutorial"],
)
def test_a_continued_run_is_bit_identical(chosen, digits, tmp_path):
    whole = run(chosen, dataset=digits, checkpoint=tmp_path / "whole")
    interrupted(chosen, tmp_path / "part", digits, epochs=2)
    resume = load_checkpoint(tmp_path / "part")
    assert resume.settings == chosen
    rest = run(resume.settings, dataset=digits, resume=resume, checkpoint=tmp_path / "part")

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


def test_a_run_stopped_within_an_epoch_continues_from_its_start(digits, tmp_path):
    whole = run(FOUR, dataset=digits)
    controls = Controls()

    def stop(event):
        if isinstance(event, events.BatchFinished) and (event.epoch, event.batch) == (3, 4):
            controls.stop()

    run(FOUR, stop, dataset=digits, checkpoint=tmp_path / "run", controls=controls)
    resume = load_checkpoint(tmp_path / "run")
    assert resume.epoch == 2
    rest = run(resume.settings, dataset=digits, resume=resume)
    assert same(end(rest).parameters, end(whole).parameters)


def test_an_epoch_more_and_new_rates_are_part_of_the_checkpoint(digits, tmp_path):
    def change(controls):
        def listen(event):
            if isinstance(event, events.BatchFinished) and (event.epoch, event.batch) == (1, 3):
                controls.add_epoch()
                controls.change("learning_rate", 0.01)
                controls.change("l2", 0.001)
                controls.change("augmentation", "pen")

        return listen

    first, second = Controls(), Controls()
    chosen = SMALL.replace(schedule="cosine")
    whole = run(chosen, change(first), dataset=digits, controls=first)
    run(
        chosen,
        lambda event: (change(second)(event), second.stop() if ends_two(event) else None),
        dataset=digits,
        controls=second,
        checkpoint=tmp_path / "run",
    )
    resume = load_checkpoint(tmp_path / "run")
    assert resume.settings == chosen.replace(
        epochs=3, learning_rate=0.01, l2=0.001, augmentation="pen"
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


def ends_two(event):
    return isinstance(event, EpochFinished) and event.epoch == 2


KILLED = """
import json, sys, time
from pathlib import Path
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.events import BatchFinished, EpochFinished
from mnist_draw.training.loop import train
from mnist_draw.training.settings import TrainingSettings

path = Path(sys.argv[2])
for event in train(TrainingSettings.from_json(json.loads(sys.argv[1])), checkpoint=path):
    if isinstance(event, EpochFinished) and event.epoch == 2:
        while not path.exists() or load_checkpoint(path).epoch < 2:
            time.sleep(0.01)
    if isinstance(event, BatchFinished) and (event.epoch, event.batch) == (3, 4):
        print("within the third epoch", flush=True)
        sys.stdin.read()
"""


def test_a_killed_process_is_continued_to_the_same_end(tmp_path):
    chosen = FOUR.replace(training_examples=600)
    path = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, json.dumps(chosen.to_json()), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"within the third epoch" + os.linesep.encode()
        process.kill()
    resume = load_checkpoint(path)
    assert resume.epoch == 2
    rest = run(resume.settings, resume=resume, checkpoint=path)
    whole = run(chosen, checkpoint=tmp_path / "whole")
    assert same(end(rest).parameters, end(whole).parameters)
    assert of(events.Tested, rest) == of(events.Tested, whole)
    assert_same_run(load_checkpoint(path), load_checkpoint(tmp_path / "whole"))


def test_a_finished_run_only_needs_its_test(finished, digits):
    path, seen = finished
    resume = load_checkpoint(path)
    again = run(resume.settings, dataset=digits, resume=resume)
    assert not of(events.BatchFinished, again)
    assert of(events.Tested, again) == of(events.Tested, seen)
    assert same(end(again).parameters, end(seen).parameters)
    assert (end(again).reason, end(again).epochs_done) == ("completed", 2)


@pytest.mark.parametrize(
    ("changes", "reason"), [({"target_accuracy": 0.01}, "target"), ({"patience": 1}, "early")]
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


def test_another_network_is_refused(finished, digits):
    resume = load_checkpoint(finished[0])
    said = refusal(SMALL.replace(network="custom_mlp:1,33"), resume, digits)
    assert "does not fit the network 'custom_mlp:1,33'" in said
    assert "(784, 32)" in said
    assert "(784, 33)" in said


def test_best_weights_of_another_network_are_refused(finished, digits):
    resume = load_checkpoint(finished[0])
    other = dataclasses.replace(resume, best_parameters=resume.parameters[::-1])
    assert "does not fit the network" in refusal(SMALL, other, digits)


def test_other_pictures_are_refused(finished, digits):
    said = refusal(SMALL, load_checkpoint(finished[0]), digits.first(500))
    assert "made with other training pictures than those of 600 digits" in said
    assert "the number of pictures it was started with" in said


def test_another_update_rule_is_refused(finished, digits):
    resume = load_checkpoint(finished[0])
    assert "does not fit the update rule 'adam'" in refusal(
        SMALL.replace(update="adam"), resume, digits
    )
    damaged = dataclasses.replace(resume, state=(*resume.state[:-1], np.zeros(3, np.uint8)))
    assert "does not fit the update rule 'rmsprop'" in refusal(SMALL, damaged, digits)


def test_two_runs_do_not_write_one_checkpoint(digits, tmp_path):
    path, other = tmp_path / "run.ckpt", tmp_path / "the same"
    other.symlink_to(path)
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
    assert sorted(tmp_path.iterdir()) == [path, other]
    run(SMALL, dataset=digits, checkpoint=path)
    assert load_checkpoint(path).epoch == 2
