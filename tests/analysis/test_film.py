"""The film: frames from the weights that learning began with, the same however one gets there."""

import shutil
import tempfile
from itertools import pairwise
from unittest.mock import Mock

import full_disk
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_networks import random_model
from scipy.special import softmax
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis import film as film_module
from mnist_draw.analysis.film import END, SHOWN, Film
from mnist_draw.analysis.one_step import Mine, StepError
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.library.networks import list_shipped
from mnist_draw.storage import StorageError, folders
from mnist_draw.theano_bridge import installed_theano
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

NETWORK = "custom_mlp:1,20,0.2,0.5"


def learned_model(network=NETWORK, **others):
    """Return a network that seems to have been trained from the seed of its settings."""
    import lasagne

    chosen = TrainingSettings(network=network, batch_size=100, **others)
    start = lasagne.layers.get_all_param_values(build_network(chosen))
    random = np.random.default_rng(3)
    values = tuple(
        (value + random.normal(0, 0.01, value.shape)).astype(np.float32) for value in start
    )
    model = random_model(network, settings=chosen.to_json())
    return type(model)(network, values, model.metadata), start


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", lambda: digits)


def go(film, number):
    for _ in film.reach(number):
        pass
    return film.frame(number)


def right_by_numpy(parameters, images, labels):
    values = scale(images).reshape(len(images), -1)
    for place in range(0, len(parameters), 2):
        values = values @ parameters[place] + parameters[place + 1]
        if place + 2 < len(parameters):
            values = np.maximum(values, 0)
    return int((values.argmax(axis=1) == labels).sum())


def test_frames_need_no_temporary_folder_and_fail_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    film = Film(learned_model()[0])
    assert go(film, 1).number == 1
    monkeypatch.setattr(np, "savez", full_disk.refuse_bytes)
    with pytest.raises(StorageError, match="cannot be used: the disk is full"):
        go(film, 2)
    shutil.rmtree(folders.cache_folder())
    with pytest.raises(StorageError, match="cannot be used: no such file"):
        film.frame(1)


def test_the_film_begins_where_learning_began(digits):
    model, start = learned_model()
    film = Film(model)
    assert film.is_from_start
    assert film.numbers == (0,)
    for found, wanted in zip(film.frame(0).parameters, start, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert not any(value.any() for value in film.frame(0).state)
    for number in (0, 1, 3, END):
        if number > 0:
            go(film, number)
        parameters = film.frame(number).parameters
        expected = right_by_numpy(parameters, digits.validation_images, digits.validation_labels)
        assert film.notes[number].right == expected
    assert film.counted == 200
    np.testing.assert_array_equal(film.frame(END).parameters[0], model.parameters[0])


def learn_by_numpy(film, steps):
    """Return the parameters after steps of RMSProp, with as many digits as the film has."""
    values = [value.copy() for value in film.frame(0).parameters]
    means = [np.zeros_like(value) for value in values]
    settings = film.step.settings
    rho, epsilon = (UPDATE_RULES["rmsprop"].parameters[name] for name in ("rho", "epsilon"))
    shares = film.step.retained
    for number in range(steps):
        minibatch = film.step.minibatch(number)
        kept = {
            place: mask.reshape(len(mask), -1) / share
            for (place, share), mask in zip(shares.items(), minibatch.masks, strict=True)
        }
        outputs = minibatch.pictures.reshape(len(minibatch.labels), -1)
        read = []
        last = len(values) // 2 - 1
        for place in range(last + 1):
            read.append(outputs * kept.get(place, 1))
            sums = read[-1] @ values[2 * place] + values[2 * place + 1]
            outputs = np.maximum(sums, 0) if place < last else softmax(sums, axis=1)
        errors = (outputs - np.eye(outputs.shape[1])[minibatch.labels]) / len(outputs)
        gradients = []
        for place in range(last, -1, -1):
            gradients[:0] = [read[place].T @ errors, errors.sum(axis=0)]
            errors = errors @ values[2 * place].T * kept.get(place, 1) * (read[place] > 0)
        for place, gradient in enumerate(gradients):
            means[place] = rho * means[place] + (1 - rho) * gradient**2
            values[place] -= settings.learning_rate * gradient / np.sqrt(means[place] + epsilon)
    return values


@pytest.mark.skipif(installed_theano(), reason="Lasagne 0.1 has no batch normalization there")
def test_the_averages_of_batch_normalization_are_learned_too(digits):
    film = Film(learned_model("layers:20,norm")[0])
    before = film.frame(0).parameters
    pictures = film.step.minibatch(0).pictures
    sums = pictures.reshape(len(pictures), -1) @ before[0]
    W, beta, gamma, mean, inverse, *last = go(film, 1).parameters
    # A tenth of each average is that of the minibatch.
    np.testing.assert_allclose(mean, 0.9 * before[3] + 0.1 * sums.mean(axis=0), atol=1e-5)
    spread = 1 / np.sqrt(sums.var(axis=0) + 1e-4)
    np.testing.assert_allclose(inverse, 0.9 * before[4] + 0.1 * spread, rtol=1e-4)
    values = scale(digits.validation_images).reshape(len(digits.validation_labels), -1)
    normalized = (values @ W - mean) * inverse * gamma + beta
    logits = np.maximum(normalized, 0) @ last[0] + last[1]
    right = np.count_nonzero(logits.argmax(axis=1) == digits.validation_labels)
    assert film.notes[1].right == right


def test_each_frame_has_the_weights_that_numpy_learns():
    film = Film(learned_model()[0])
    # Each step loses some of a float32's seven digits.
    for steps, exact in ((1, 1e-6), (10, 1e-4), (100, 2e-3)):
        found = go(film, steps).parameters
        for value, wanted in zip(found, learn_by_numpy(film, steps), strict=True):
            np.testing.assert_allclose(value, wanted, atol=exact)


@pytest.mark.slow
def test_the_tutorial_learns_as_numpy_counts(monkeypatch):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", load_dataset)
    model = next(found for found in list_shipped() if found.name == "mlp").load()
    film = Film(model)
    data = load_dataset()
    found = []
    for number in (0, 1, 10, 100):
        frame = go(film, number)
        right = right_by_numpy(frame.parameters, data.validation_images, data.validation_labels)
        # A tie of two answers is decided by the last digit.
        assert abs(film.notes[number].right - right) <= 2
        found.append(right / len(data.validation_labels))
    values = learn_by_numpy(film, 10)
    right = right_by_numpy(values, data.validation_images, data.validation_labels)
    assert found[2] == pytest.approx(right / len(data.validation_labels), abs=0.003)
    assert found[0] == 0.0691
    assert all(later > earlier for earlier, later in pairwise(found))
    assert found[-1] > 0.9
    assert film.describe(100).seen == film.describe(100).training == 50_000


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rule=st.sampled_from(list(UPDATE_RULES)),
    ways=st.lists(st.integers(0, 14), min_size=1, max_size=5),
    most=st.sampled_from([3, 40]),
)
def test_a_frame_is_the_same_however_one_gets_there(compiled_once, rule, ways, most):
    model, _start = learned_model(update=rule)
    straight = Film(model)
    expected = go(straight, ways[-1])
    film = Film(model)
    film._limit = most
    for number in ways:
        found = go(film, number)
        if number:
            film.explain(found, 5)
    for one, other in zip(
        (*found.parameters, *found.state),
        (*expected.parameters, *expected.state),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    assert film.notes[ways[-1]].right == straight.notes[ways[-1]].right


def test_frames_on_the_way_are_kept_and_no_more_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(film_module, "MAX_FRAMES", 8)
    film = Film(learned_model()[0])
    go(film, 10)
    assert film.numbers == (0, 1, 2, 5, 10)
    for number in (11, 12, 13, 20):
        go(film, number)
        assert {0, number} <= set(film.numbers)
        assert len(film.numbers) <= 8
        assert set(film.notes) == set(film.numbers)
    monkeypatch.setattr(film_module, "MAX_BYTES", 1)
    film = Film(learned_model()[0])
    go(film, 10)
    assert len(film.numbers) == 3
    assert max(SHOWN) == 500


def test_what_is_stopped_keeps_its_last_step():
    film = Film(learned_model()[0])
    steps = []

    def stops():
        return len(steps) == 4

    for at, _frame in film.reach(100, stops):
        steps.append(at)
    assert film.numbers == (0, 1, 2, 4)


def test_the_next_step_of_a_frame_leads_to_the_next_frame():
    film = Film(learned_model(update="adam", l2=1e-3)[0])
    frame = go(film, 2)
    figures = film.explain(frame, 0)
    following = go(film, 3)
    for one, other in zip(figures.after, following.parameters, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert film.count_after(figures) == film.notes[3].right
    figures = film.explain(film.frame(END), 0)
    np.testing.assert_array_equal(figures.before[0], film.model.parameters[0])


@pytest.mark.parametrize("rule", ["momentum", "nesterov_momentum", "adagrad"])
def test_the_end_of_a_run_whose_memory_is_lost_has_no_next_step(rule):
    film = Film(learned_model(update=rule)[0])
    assert film.explain(film.frame(END), 0) is None
    assert film.explain(film.frame(0), 0) is not None


def test_where_the_beginning_is_not_known_the_film_goes_on_from_the_end():
    model = random_model(NETWORK)
    film = Film(model)
    assert not film.is_from_start
    np.testing.assert_array_equal(film.frame(0).parameters[0], model.parameters[0])
    assert all(value.any() for value in film.frame(0).state)


def test_weights_that_are_no_numbers_are_said():
    film = Film(learned_model()[0])
    broken = [np.full_like(value, np.nan) for value in film.frame(0).parameters]
    film.step.put(broken, film.frame(0).state)
    film.step.put = Mock()
    with pytest.raises(StepError, match="learning rate"):
        go(film, 5)


@pytest.mark.parametrize("network", [NETWORK, pytest.param("cnn", marks=pytest.mark.slow)])
def test_notes_say_what_numpy_says(network):
    film = Film(learned_model(network)[0])
    go(film, 2)
    now, start = film.frame(2).parameters, film.frame(0).parameters
    changes = [n - s for n, s in zip(now, start, strict=True) if n.ndim > 1]
    note = film.notes[2]
    assert note.changed == sum(np.count_nonzero(change) for change in changes)
    moved = sum(np.abs(change).sum(dtype=np.float64) for change in changes)
    size = sum(np.abs(value).sum(dtype=np.float64) for value in start if value.ndim > 1)
    assert note.change == pytest.approx(moved / size, rel=1e-4)
    first = now[0]
    for look, unit in zip(note.looks, film.units, strict=True):
        expected = first[unit, 0, ::-1, ::-1] if first.ndim == 4 else first[:, unit].reshape(28, 28)
        np.testing.assert_array_equal(look, expected)


def test_a_drawing_is_learned_from_a_frame_on():
    """Later frames are those of another film; without it, or with it again, they are as before."""
    film = Film(learned_model()[0])
    go(film, 5)
    without = film.frame(5).parameters
    mine = Mine(np.full((28, 28), 0.5, np.float32), 3)
    film.put_mine(mine, 2)
    assert film.numbers == (0, 1, 2)
    first = film.step.minibatch(2)
    np.testing.assert_array_equal(first.pictures[0, 0], mine.picture)
    assert first.labels[0] == 3
    go(film, 5)
    assert not np.array_equal(film.frame(5).parameters[0], without[0])
    film.put_mine(Mine(mine.picture.copy(), 3), 2)
    assert film.numbers == (0, 1, 2, 5)
    film.put_mine(None, 2)
    go(film, 5)
    for found, wanted in zip(film.frame(5).parameters, without, strict=True):
        np.testing.assert_array_equal(found, wanted)
