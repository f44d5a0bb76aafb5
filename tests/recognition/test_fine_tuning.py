"""Learning a few digits: they are read afterwards, the rest is not forgotten."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.errors import UserError
from mnist_draw.networks import title_of_model
from mnist_draw.recognition import fine_tuning
from mnist_draw.recognition.certainty import REFUSED, certainty_from
from mnist_draw.recognition.fine_tuning import (
    FineTuned,
    Score,
    between,
    fine_tune,
    fine_tuning_settings,
    lenience_for,
)
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import shipped_rule
from mnist_draw.storage.models import MAX_LENIENCE
from mnist_draw.training import events
from mnist_draw.training.control import Controls


@pytest.fixture
def odd(digits):
    """Return pictures that no network knows, all called a 7: digits upside down."""
    upside_down = digits.validation_images[:8, :, ::-1, :].copy()
    return ExtraDigits(upside_down, np.full(8, 7, np.uint8), Path("mine"))


def learned(steps):
    """Return the steps and the end."""
    *before, end = steps
    assert isinstance(end, FineTuned)
    assert all(isinstance(step, float) for step in before)
    return before, end


def quick():
    """Return settings for the small network of the tests."""
    return fine_tuning_settings(linear_model().network).replace(
        epochs=8,
        batch_size=50,
        learning_rate=0.02,
        augmentation="off",
    )


@pytest.mark.slow
def test_taught_digits_are_read_and_the_others_are_not_forgotten(digits, odd):
    model = linear_model()
    parameters = [value.copy() for value in model.parameters]
    steps, end = learned(fine_tune(model, odd, settings=quick(), dataset=digits))
    assert end.before.right <= 2
    assert end.after.right >= 6
    assert end.after.test_accuracy > end.before.test_accuracy - 0.05
    # What is told is what the network does.
    recogniser = Recogniser(end.model)
    said = [certainty_from(row).label for row in recogniser.predict_images(odd.images)]
    assert said.count("7") == end.after.right
    tested = recogniser.predict_images(digits.test_images).argmax(axis=1)
    assert float((tested == digits.test_labels).mean()) == pytest.approx(end.after.test_accuracy)
    assert [0, *steps, 1] == sorted([0, *steps, 1])
    # The network before is as it was.
    assert all(map(np.array_equal, model.parameters, parameters))
    metadata = end.model.metadata
    assert "title" not in metadata
    assert title_of_model(end.model).endswith("with 8 digits of yours")
    assert metadata["extra_digits"] == 8
    assert metadata["test_accuracy"] == pytest.approx(end.after.test_accuracy, abs=1e-6)
    assert metadata["learnt"]["right_before"] == end.before.right
    assert metadata["temperature"] > 0
    assert "mine" not in str(metadata)


@pytest.mark.slow
def test_rightly_read_is_what_the_program_answers_so(digits, odd):
    # A square is answered with "?", whatever the network guesses.
    square = np.zeros((120, 120), np.uint8)
    square[20:100, 20:100] = 255
    inks = [square, *odd.images[1:, 0]]
    model = linear_model()
    _, end = learned(fine_tune(model, odd, inks=inks, settings=quick(), dataset=digits))
    for score, read_by in ((end.before, model), (end.after, end.model)):
        recogniser = Recogniser(read_by)
        answers = tuple(recogniser.recognise_ink(ink).certainty.label for ink in inks)
        assert answers[0] == REFUSED
        assert score.answers == answers
        assert score.right == answers.count("7") < 8
    assert end.model.metadata["learnt"]["right_after"] == end.after.right


def test_a_stop_leaves_everything_as_it_is(digits, odd):
    controls = Controls()
    seen: list[float | FineTuned] = []
    for step in fine_tune(linear_model(), odd, settings=quick(), dataset=digits, controls=controls):
        seen.append(step)
        # The first two come before the first minibatch.
        if len(seen) == 3:
            controls.stop()
    assert not any(isinstance(step, FineTuned) for step in seen)
    early = Controls()
    early.stop()
    steps = list(fine_tune(linear_model(), odd, settings=quick(), dataset=digits, controls=early))
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("before", "after", "better", "words"),
    [
        (
            "9 0.5 0.9956",
            "4 0.9 0.9951",
            True,
            "Learned: the network is now sure of your digit. MNIST 99.51%, before",
        ),
        ("4,9 0.5 0.9956", "4,4 0.9 0.9941", True, "now sure of your 2 digits; before, of 1."),
        ("4 0.7 0.9956", "4 0.9 0.9956", True, "surer of your digit now."),
        # No better on the digits, or too much forgotten.
        (
            "9 0.1 0.9956",
            "9 0.4 0.9960",
            False,
            "still read as 9. Is 4 right? Then draw a few more.",
        ),
        ("⊘ 0.1 0.9956", "⊘ 0.4 0.9956", False, "still not sure of your 4"),
        ("4? 0.4 0.9956", "4? 0.5 0.9956", False, "still not sure of your 4"),
        (
            "9,7 0.1 0.9956",
            "4,7 0.4 0.9956",
            True,
            "now sure of 1 of your 2 digits; before, of none.",
        ),
        ("9,7 0.1 0.9956", "9,7 0.4 0.9956", False, "your 2 digits are still misread"),
        ("4,9 0.5 0.9956", "9,4 0.6 0.9956", False, "your 4 is still read as 9."),
        (
            "9 0.1 0.9956",
            "4 0.9 0.9940",
            False,
            "worse at other digits. Is 4 right? Then draw a few more.",
        ),
        # What is not read at all contradicts nobody.
        ("9?,4 0.1 0.9956", "4,4 0.9 0.9940", False, "worse at other digits. Draw a few more."),
        (
            "4 0.9 0.9956",
            "4 0.8 0.9956",
            False,
            "Nothing to learn: your digit is already read correctly.",
        ),
    ],
)
def test_a_network_answers_that_reads_the_digits_better_and_forgot_little(
    before,
    after,
    better,
    words,
):
    def score(text):
        said, sure, tested = text.split()
        answers = tuple(said.replace("?", " ?").split(","))
        return Score((4,) * len(answers), answers, float(sure), float(tested))

    end = FineTuned(linear_model(), score(before), score(after))
    assert end.is_better is better
    assert words in " ".join(end.describe())


@pytest.mark.parametrize("network", ["mlp", "mlp:0.2", "custom_mlp:1,50,0,0", "cnn", "deep_cnn"])
def test_every_network_has_settings(network):
    settings = fine_tuning_settings(network)
    settings.validate()
    assert settings.network == network
    assert settings.augmentation == "handwriting"


def fading(steps):
    """Return a digit that turns into noise, step by step: it looks less and less like one."""
    three = load_dataset().test_images[18, 0].astype(np.float64)
    noise = np.random.default_rng(3).integers(0, 256, (28, 28))
    share = np.linspace(0, 1, steps).reshape(-1, 1, 1)
    images = ((1 - share) * three + share * noise).astype(np.uint8)
    return ExtraDigits(images[:, None], np.full(steps, 3, np.uint8), Path("mine"))


def test_what_was_taught_is_not_refused_unless_it_looks_like_no_digit_at_all():
    rule = shipped_rule()
    digits = fading(60)
    log_odds, _ = rule.log_odds(scale(digits.images))
    strict = Recogniser(linear_model())
    assert not strict.refuses(strict.read(scale(digits.images[:1])))
    assert strict.refuses(strict.read(scale(digits.images[-1:])))
    (near,) = np.flatnonzero(
        (log_odds < rule.threshold - 0.2) & (log_odds > rule.threshold - MAX_LENIENCE),
    )[:1]

    def lenient(rows):
        """Return a recogniser that has learned some of the digits."""
        taught = ExtraDigits(digits.images[rows], digits.labels[rows], digits.folder)
        model = linear_model()
        metadata = {**model.metadata, "lenience": lenience_for(taught)}
        return Recogniser(dataclasses.replace(model, metadata=metadata))

    taught = lenient([0, int(near)])
    assert not taught.refuses(taught.read(scale(digits.images[near : near + 1])))
    assert lenience_for(ExtraDigits(digits.images[:1], digits.labels[:1], Path("x"))) == 0
    # A filled square that is called a digit opens no gate.
    square = np.zeros((1, 1, 28, 28), np.uint8)
    square[..., 4:24, 4:24] = 255
    assert lenience_for(ExtraDigits(square, digits.labels[:1], Path("x"))) == 0


def test_what_cannot_be_learned_is_a_sentence(digits, odd, monkeypatch):
    clothes = dataclasses.replace(linear_model(), metadata={"title": "Clothes", "refused": 0.9})
    with pytest.raises(UserError, match="'Clothes' reads no digits"):
        list(fine_tune(clothes, odd, settings=quick(), dataset=digits))

    def diverges(*_arguments, **_options):
        yield events.Diverged(1, 2, float("nan"), "The loss became nan.")

    monkeypatch.setattr(fine_tuning, "train", diverges)
    with pytest.raises(UserError, match=r"The loss became nan\. The network in use is unchanged"):
        list(fine_tune(linear_model(), odd, settings=quick(), dataset=digits))


def test_a_network_that_forgets_goes_only_part_of_the_way(digits, odd):
    # Steps so large that what was known is lost.
    rough = quick().replace(learning_rate=0.5)
    _, end = learned(fine_tune(linear_model(), odd, settings=rough, dataset=digits))
    assert end.after.test_accuracy > end.before.test_accuracy - 0.05
    old, new = linear_model().parameters, tuple(value + 1 for value in linear_model().parameters)
    assert all(map(np.array_equal, between(old, new, 1.0), new))
    for half, before in zip(between(old, new, 0.5), old, strict=True):
        assert half.dtype == np.float32
        assert np.allclose(half, before + 0.5)
