"""The fit of the rejection rule: its drawings, its synthetic negatives, its network."""

import numpy as np
import pytest
from fit_rejection import network_of
from rejection_minibatches import Drawn
from scipy.special import expit
from synthetic_negatives import rare_digits, several, synthetic_negatives
from unipen_drawings import (
    LOOKALIKES,
    TWINS,
    Drawings,
    DrawingsFileError,
    is_fitted_on,
    load_drawings,
)

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition.rejection import NONE, SEVERAL, RejectionRule, shipped_rule


@pytest.fixture(scope="module")
def rule():
    return shipped_rule()


def test_synthetic_negatives_and_several_digits_are_refused(rule):
    data = load_dataset()
    images = data.test_images[:2000, 0]
    pictures = synthetic_negatives(300, 12345, images, data.test_labels[:2000])
    assert np.mean(rule.log_odds(scale(pictures[:, None]))[0] < rule.threshold) > 0.85
    data = load_dataset()
    pictures = several(200, 54321, data.test_images[:2000, 0], data.test_labels[:2000])
    log_odds, many = rule.log_odds(scale(pictures[:, None]))
    assert np.mean(log_odds < rule.threshold) > 0.85
    one = rule.log_odds(scale(data.test_images[:300]))[1]
    assert np.median(many) > 2 > -2 > np.median(one)


def test_digits_in_rare_styles_are_digits(rule):
    pictures, labels = rare_digits(600, 777)
    assert set(labels) == set(range(10))
    accepted = rule.log_odds(scale(pictures[:, None]))[0] >= rule.threshold
    assert all(accepted[labels == digit].mean() > 0.9 for digit in range(10))


def test_log_odds_are_those_of_the_layers_in_lasagne():
    import lasagne

    from mnist_draw.training.functions import compile_predict

    lasagne.random.set_rng(np.random.RandomState(1))
    network = network_of(lasagne, (2, 3), 4)
    values = lasagne.layers.get_all_param_values(network)
    rng = np.random.default_rng(2)
    values = [rng.normal(0, 0.3, value.shape).astype(np.float32) for value in values]
    lasagne.layers.set_all_param_values(network, values)
    inputs = scale(load_dataset().test_images[:7])
    one, many = RejectionRule(tuple(values), 0.0).log_odds(inputs)
    expected = compile_predict(network)(inputs)
    assert expit(one) == pytest.approx(expected[:, :SEVERAL].sum(axis=1), abs=1e-4)
    assert expit(many) == pytest.approx(expected[:, SEVERAL], abs=1e-4)


# -- minibatches


@pytest.fixture(scope="module")
def drawn():
    """Crosses of one busy writer, and one ring and one dot of two others."""
    cross = (np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    turns = np.linspace(0, 2 * np.pi, 40)
    ring = (0.5 + 0.5 * np.stack([np.cos(turns), np.sin(turns)], 1),)
    dot = (np.full((1, 2), 0.5),)
    busy = Drawings([cross] * 100, ["x"] * 100, ["busy"] * 100)
    others = Drawings([ring, dot], ["O", "."], ["one", "other"])
    return Drawn([busy, others], np.array([NONE] * 100 + [0, NONE]), 1)


def test_drawn_minibatches(drawn):
    _, kinds = drawn.some(700, np.random.default_rng(1), 0)
    # A tenth of the weight for a hundredth of the drawings, half of it for the ring.
    expected = 0.5 * np.sqrt(2) / (10 + np.sqrt(2))
    assert np.mean(kinds == 0) == pytest.approx(expected, abs=0.02)
    pictures, kinds = drawn.some(200, np.random.default_rng(2), 1)
    assert pictures.shape == (200, 28, 28)
    assert pictures.dtype == np.uint8
    assert (pictures.max(axis=(1, 2)) > 100).all()
    hollow = pictures[:, 12:16, 12:16].max(axis=(1, 2)) < 100
    assert np.mean(hollow[kinds == 0]) > 0.8
    assert np.mean(hollow[kinds == NONE]) < 0.2
    first, again = (drawn.some(50, np.random.default_rng(3), 7)[0] for _ in range(2))
    other = drawn.some(50, np.random.default_rng(3), 8)[0]
    assert np.array_equal(first, again)
    assert np.mean((first == other).all(axis=(1, 2))) < 0.1


# -- drawings


def write(path):
    names = [f"writer {n}" for n in range(20)]
    text = ["A", "O", "k", "/"] * 10
    lines = np.linspace([2.0, 10.0], [12.0, 30.0], 5)
    np.savez(
        path,
        points=np.concatenate([lines, lines + 3] * 40),
        stroke_offsets=np.arange(0, 401, 5),
        digit_stroke_offsets=np.arange(0, 81, 2),
        text=np.array(text),
        writer=np.arange(40) // 2,
        writer_names=np.array(names),
    )
    return path


def test_drawings_of_letters_of_twins_of_halves_and_damaged(tmp_path):
    drawings = load_drawings(write(tmp_path / "letters.npz"))
    assert sorted(set(drawings.text)) == ["A", "k"]
    for strokes in drawings.strokes:
        points = np.concatenate(strokes)
        assert len(strokes) == 2
        assert np.ptp(points, axis=0).max() == pytest.approx(1)
        assert (points.min(axis=0) + points.max(axis=0)) / 2 == pytest.approx([0.5, 0.5])
    drawings = load_drawings(write(tmp_path / "letters.npz"), twins=True)
    assert sorted(set(drawings.text)) == ["/", "O"]
    assert set(drawings.text) <= set(TWINS) <= LOOKALIKES
    assert set(TWINS.values()) <= set(range(10))
    drawings = load_drawings(write(tmp_path / "letters.npz"))
    fitted, left_out = drawings.of(fitted=True), drawings.of(fitted=False)
    assert len(fitted.text) + len(left_out.text) == len(drawings.text)
    assert not set(fitted.writers) & set(left_out.writers)
    assert all(is_fitted_on(writer) for writer in fitted.writers)
    assert 4 <= len(set(fitted.writers)) <= 16
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "few.npz", points=np.zeros((2, 2)))
    for name in ("none.npz", "text.npz", "few.npz"):
        with pytest.raises(DrawingsFileError, match=name.replace(".", r"\.")):
            load_drawings(tmp_path / name)
