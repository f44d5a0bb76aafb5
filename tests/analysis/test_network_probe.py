"""What is shown adds up to what the network computes, for whatever network."""

from __future__ import annotations

import gc
import weakref

import lasagne
import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model

from mnist_draw.analysis.network_probe import NetworkProbe, fresh_model
from mnist_draw.analysis.unit_profiles import ProfileSearch, ideal_picture
from mnist_draw.analysis.why import given_on, lifting, times_as_probable, unit_sum, why_sum
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.library.networks import list_shipped
from mnist_draw.networks import parse_network
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile

SLOW = pytest.mark.slow
NETWORKS = (
    "custom_mlp:2,8", "custom_mlp:3,40", pytest.param("cnn", marks=SLOW),
    pytest.param("deep_cnn", marks=SLOW),
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Give each test its own cache."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))


def fresh(network):
    """Return an untrained network with biases that count."""
    return random_model(network, seed=4, temperature=1.35)


def pictures(count):
    """Return test digits."""
    return scale(load_dataset().test_images[:count])


@SLOW
@pytest.mark.parametrize("name", [model.name for model in list_shipped()])
def test_the_sums_of_a_hundred_digits_are_the_networks_logits(name):
    (model,) = (shipped.load() for shipped in list_shipped() if shipped.name == name)
    probe, said = NetworkProbe(model), Recogniser(model).predict(pictures(50))
    for where, passed in probe.run_many(load_dataset().test_images[:100]):
        if where.start == 0:
            np.testing.assert_allclose(passed.p[:50], said, atol=1e-5)
        last = probe.layers[-1]
        for n in range(len(passed.p)):
            one = type(passed)(
                *(tuple(v[n : n + 1] for v in values) for values in (passed.x, passed.z, passed.a)),
                passed.logits[n : n + 1], passed.p[n : n + 1], passed.temperature,
            )  # fmt: skip
            second, first = np.argsort(passed.p[n])[-2:]
            why = why_sum(probe.layers, one, int(first), int(second))
            total = why.terms.sum(dtype=np.float64) + why.bias
            assert abs(total - (passed.logits[n, first] - passed.logits[n, second])) < 1e-4
            ratio = np.log(passed.p[n, first]) - np.log(max(passed.p[n, second], 1e-37))
            if passed.p[n, second] > 1e-30:
                assert abs(why.log_ratio - ratio) < 1e-3
            for digit in range(10):
                summed = unit_sum(probe.layers, one, len(probe.layers) - 1, digit)
                found = summed.terms.sum(dtype=np.float64) + last.b[digit]
                assert abs(found - passed.logits[n, digit]) < 1e-4


@pytest.mark.parametrize("network", NETWORKS)
def test_a_units_terms_add_up_to_its_sum(network):
    probe = NetworkProbe(fresh(network))
    passed = probe.run(pictures(1))
    for place, layer in enumerate(probe.layers):
        for unit in range(0, layer.units, 7):
            found = unit_sum(probe.layers, passed, place, unit)
            total = found.terms.sum(dtype=np.float64) + found.bias
            assert abs(total - found.z) < 1e-4 * max(1, abs(found.z))
            if place < len(probe.layers) - 1:
                assert found.a == pytest.approx(max(found.z, 0), abs=1e-6)


@pytest.mark.parametrize("network", ["custom_mlp:2,8", pytest.param("deep_cnn", marks=SLOW)])
def test_a_unit_switched_off_gives_nothing(network):
    probe = NetworkProbe(fresh(network))
    picture = pictures(1)
    both = np.concatenate([picture, picture])
    plain = probe.run(both)
    for layer in range(len(probe.layers) - 1):
        unit = int(plain.a[layer][0].reshape(probe.layers[layer].units, -1).max(1).argmax())
        gates = probe.relu_mask(2)
        gates[layer][1, unit] = 0
        passed = probe.run(both, gates)
        assert not passed.a[layer][1, unit].any()
        np.testing.assert_allclose(passed.logits[0], plain.logits[0], atol=1e-5)
        assert np.abs(passed.logits[1] - plain.logits[0]).max() > 1e-6
        given = given_on(passed, layer, off=False)
        following = probe.layers[layer + 1]
        if not following.convolves and not probe.layers[layer].convolves:
            expected = plain.a[layer][0, unit] * following.W[unit]
            np.testing.assert_allclose(given, expected, atol=1e-4)
        np.testing.assert_allclose(given_on(passed, layer, off=True), -given)


def test_without_hidden_layers_the_pixels_speak():
    probe = NetworkProbe(linear_model())
    passed = probe.run(pictures(1))
    why = why_sum(probe.layers, passed, 7, 9)
    assert why.terms.shape == (784,)
    assert abs(why.terms.sum() + why.bias - why.difference) < 1e-4
    assert lifting(probe.layers, passed, 0, 7, 3) == []


def test_other_parameters_are_taken_without_compiling():
    one, other = fresh("custom_mlp:2,8"), linear_model()
    probe = NetworkProbe(one)
    before = probe.run(pictures(1)).logits
    probe.use(ModelFile(one.network, tuple(2 * values for values in one.parameters)))
    assert np.abs(probe.run(pictures(1)).logits - before).max() > 1e-3
    with pytest.raises(Exception, match="the layers in use"):
        probe.use(other)


def test_the_pull_is_the_gradient():
    probe = NetworkProbe(fresh("custom_mlp:1,20"))
    picture = pictures(1)[0, 0]
    pair = np.zeros(10, np.float32)
    pair[4], pair[9] = 1, -1
    pull = probe.input_gradient(picture, pair)
    step = 0.01 * pull / np.linalg.norm(pull)
    moved = probe.run(np.stack([picture + step, picture - step])[:, None])
    change = (moved.logits @ pair)[0] - (moved.logits @ pair)[1]
    assert change == pytest.approx(0.02 * np.linalg.norm(pull), rel=0.05)


def found_profiles(probe):
    search = ProfileSearch(probe)
    while not search.step():
        pass
    assert search.profiles is not None
    return search.profiles


def test_units_are_known_by_what_excites_them(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.unit_profiles.load_dataset", lambda: digits)
    probe = NetworkProbe(linear_model())
    profiles = found_profiles(probe)
    assert profiles.rows(0).tolist() == list(range(10))
    labels = digits.train_labels[profiles.best[0][:, 0]]
    assert (labels == np.arange(10)).mean() >= 0.9
    assert (np.diff(profiles.heights[0], axis=1) <= 0).all()
    monkeypatch.setattr(NetworkProbe, "run_many", None)
    again = found_profiles(probe)
    np.testing.assert_array_equal(again.best[0], profiles.best[0])


def test_a_search_that_is_given_up_leaves_nothing_behind(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.unit_profiles.load_dataset", lambda: digits)
    probe = NetworkProbe(fresh("custom_mlp:1,20"))
    passes: list[weakref.ref[object]] = []
    work = probe.run

    def run(*arguments):
        passed = work(*arguments)
        passes.append(weakref.ref(passed.a[0]))
        return passed

    monkeypatch.setattr(probe, "run", run)
    search = ProfileSearch(probe)
    gone = weakref.ref(search)
    # The window's collector may take its time.
    gc.disable()
    try:
        for _ in range(3):
            assert not search.step()
        assert passes
        assert all(passed() is None for passed in passes)
        del search
        assert gone() is None
    finally:
        gc.enable()


def test_the_ideal_picture_is_read_as_its_digit():
    probe = NetworkProbe(linear_model())
    for digit in (0, 7):
        picture = ideal_picture(probe, digit)
        assert 0 <= picture.min() <= picture.max() <= 1
        assert probe.run(picture[None, None]).p[0].argmax() == digit


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1.2, "1.2 times"), (2.03, "twice"), (4.0, "four times"), (4.6, "4.6 times"),
     (35.2, "35 times"), (12345.0, "12,345 times"), (1e9, "more than a million times")],
)  # fmt: skip
def test_ratios_are_told_in_words(ratio, words):
    assert times_as_probable(ratio) == words


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_a_fresh_network_is_as_training_starts(network):
    model = ModelFile(network, fresh(network).parameters, {"title": "It"})
    first, again = fresh_model(model), fresh_model(model)
    built = lasagne.layers.get_all_param_values(parse_network(network).build())
    for ours, same, theirs in zip(first.parameters, again.parameters, built, strict=True):
        np.testing.assert_array_equal(ours, same)
        assert ours.shape == theirs.shape
        assert ours.std() == pytest.approx(theirs.std(), rel=0.12)
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.05)
    assert NetworkProbe(first).run(pictures(1)).p.max() < 0.6
