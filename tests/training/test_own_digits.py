"""Extra digits and a network to start from, in the one loop."""

from __future__ import annotations

from pathlib import Path

import lasagne
import numpy as np
import pytest

from mnist_draw.dataset.own_digits import ExtraDigits, repeats_for
from mnist_draw.errors import UserError
from mnist_draw.storage import ModelFile, ModelFileError, save_model
from mnist_draw.training import events
from mnist_draw.training.checkpoint import CheckpointError, load_checkpoint
from mnist_draw.training.events import EpochFinished
from mnist_draw.training.loop import build_network, fingerprint, train
from mnist_draw.training.settings import SettingsError

from .short_runs import SMALL, assert_same_run, end, of, run, same


@pytest.fixture
def extra(digits):
    """Return seven test pictures, all called a 7."""
    return ExtraDigits(digits.test_images[:7], np.full(7, 7, np.uint8), Path("mine"))


@pytest.mark.slow
def test_extra_digits_are_learnt(digits, extra):
    chosen = SMALL.replace(network="custom_mlp:1,32,0,0", extra_folder="mine", epochs=15)
    seen = run(chosen, dataset=digits, extra=extra)
    (started,) = of(events.Started, seen)
    assert started.training_examples == 600 + 7 * repeats_for(7, 600)
    network = build_network(chosen)
    lasagne.layers.set_all_param_values(network, list(end(seen).parameters))
    from mnist_draw.dataset.mnist import scale
    from mnist_draw.training.functions import compile_predict

    probabilities = compile_predict(network)(scale(extra.images))
    assert list(probabilities.argmax(axis=1)) == [7] * 7


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", ["off", "handwriting"])
def test_a_continued_run_with_extra_digits_is_bit_identical(digits, extra, tmp_path, augmentation):
    chosen = SMALL.replace(extra_folder="mine", epochs=3, augmentation=augmentation)
    whole = run(chosen, dataset=digits, extra=extra, checkpoint=tmp_path / "whole")
    running = train(chosen, dataset=digits, extra=extra, checkpoint=tmp_path / "part")
    for event in running:
        if isinstance(event, EpochFinished):
            break
    running.close()  # type: ignore[attr-defined]
    resume = load_checkpoint(tmp_path / "part")
    assert (resume.epoch, resume.settings) == (1, chosen)
    rest = run(
        resume.settings, dataset=digits, extra=extra, resume=resume, checkpoint=tmp_path / "part"
    )
    assert same(end(rest).parameters, end(whole).parameters)
    assert_same_run(load_checkpoint(tmp_path / "part"), load_checkpoint(tmp_path / "whole"))


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_run_starts_from_a_networks_weights(digits, tmp_path):
    first = end(run(SMALL, dataset=digits)).parameters
    save_model(tmp_path / "first.npz", ModelFile(SMALL.network, first))
    # The same layers with another dropout: the weights fit.
    chosen = SMALL.replace(
        network="custom_mlp:1,32,0,0", start_model=str(tmp_path / "first.npz"), epochs=1
    )
    started = lasagne.layers.get_all_param_values(build_network(chosen))
    assert same(started, first)
    whole = run(chosen.replace(epochs=2), dataset=digits, checkpoint=tmp_path / "whole")
    assert of(events.BatchFinished, whole)[0].accuracy > 0.7


@pytest.mark.slow
def test_a_run_is_continued_without_the_network_it_started_from(digits, tmp_path):
    parameters = end(run(SMALL, dataset=digits)).parameters
    save_model(tmp_path / "first.npz", ModelFile(SMALL.network, parameters))
    chosen = SMALL.replace(start_model=str(tmp_path / "first.npz"))
    whole = run(chosen, dataset=digits)
    run(chosen.replace(epochs=1), dataset=digits, checkpoint=tmp_path / "run")
    (tmp_path / "first.npz").unlink()
    resume = load_checkpoint(tmp_path / "run")
    rest = run(resume.settings.replace(epochs=2), dataset=digits, resume=resume)
    assert same(end(rest).parameters, end(whole).parameters)


def test_a_network_of_other_layers_starts_no_run(digits, tmp_path):
    parameters = end(run(SMALL, dataset=digits)).parameters
    save_model(tmp_path / "first.npz", ModelFile(SMALL.network, parameters))
    chosen = SMALL.replace(start_model=str(tmp_path / "first.npz"), network="custom_mlp:2,9,0,0")
    told = f"first.npz is '{SMALL.network}', which cannot start a 'custom_mlp:2,9,0,0'"
    with pytest.raises(SettingsError, match=told):
        run(chosen, dataset=digits)


def test_another_kind_of_network_is_refused(digits, tmp_path):
    save_model(tmp_path / "x.npz", ModelFile("mlp", [np.ones((3, 3), np.float32)]))
    with pytest.raises(ModelFileError, match=r"x\.npz cannot be used"):
        run(SMALL.replace(start_model=str(tmp_path / "x.npz")), dataset=digits)
