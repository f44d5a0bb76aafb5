"""What is shown adds up to what the network computes, for whatever network."""

import threading

import lasagne
import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model

from mnist_draw.analysis.guide import guide
from mnist_draw.analysis.layer_inspection import (
    dead_shares,
    describe_silent_units,
    describe_updates,
    describe_weights,
    inspect_layers,
)
from mnist_draw.analysis.network_probe import NetworkProbe, neighbor_correlation, start_model
from mnist_draw.analysis.unit_profiles import find_profiles, ideal_picture
from mnist_draw.analysis.why import given_on, why_sum
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.library.networks import list_shipped
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import forward
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

SLOW = pytest.mark.slow


def fresh(network):
    """Return an untrained network with biases that count."""
    return random_model(network, seed=4, temperature=1.35)


def pictures(count):
    return scale(load_dataset().test_images[:count])


@SLOW
@pytest.mark.parametrize("name", [model.name for model in list_shipped()])
def test_the_sums_of_fifty_digits_are_the_networks_logits(name):
    (model,) = (shipped.load() for shipped in list_shipped() if shipped.name == name)
    probe, count = NetworkProbe(model), 50
    ((_, all_passed),) = probe.run_many(load_dataset().test_images[:count])
    np.testing.assert_allclose(all_passed.p, Recogniser(model).predict(pictures(count)), atol=1e-5)
    for picture in pictures(count):
        passed = probe.run(picture[None])
        logits, p = passed.logits[0], passed.p[0]
        second, first = np.argsort(p)[-2:]
        why = why_sum(probe.layers, passed, int(first), int(second))
        total = why.terms.sum(dtype=np.float64) + why.bias
        assert abs(total - (logits[first] - logits[second])) < 1e-4
        if p[second] > 1e-30:
            assert abs(why.log_ratio - np.log(p[first]) + np.log(p[second])) < 1e-3


@pytest.mark.parametrize("network", ["custom_mlp:2,8", pytest.param("deep_cnn", marks=SLOW)])
def test_a_unit_switched_off_gives_nothing(network):
    probe = NetworkProbe(fresh(network))
    picture = pictures(1)
    both = np.concatenate([picture, picture])
    plain = probe.run(both)
    for layer in range(len(probe.layers) - 1):
        unit = int(plain.a[layer][0].reshape(probe.layers[layer].units, -1).max(1).argmax())
        gates = probe.open_gates(2)
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


def test_without_hidden_layers_the_pixels_speak_and_make_an_ideal_picture():
    probe = NetworkProbe(linear_model())
    passed = probe.run(pictures(1))
    why = why_sum(probe.layers, passed, 7, 9)
    assert why.terms.shape == (784,)
    assert abs(why.terms.sum() + why.bias - why.z) < 1e-4
    for digit in (0, 7):
        picture = ideal_picture(probe, digit)
        assert 0 <= picture.min() <= picture.max() <= 1
        assert probe.run(picture[None, None]).p[0].argmax() == digit


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
    return next(filter(None, find_profiles(probe)))


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


def trained(network, **info):
    """Return a network that has learned a little, and the weights that it began with."""
    settings = TrainingSettings(network=network, seed=3)
    start = lasagne.layers.get_all_param_values(build_network(settings))
    random = np.random.default_rng(0)
    learned = [value + random.normal(0, 0.02, value.shape).astype(np.float32) for value in start]
    known = {"settings": settings.without_places(), **info}
    return ModelFile(network, tuple(learned)).with_info(**known), start


@pytest.mark.parametrize("network", ["custom_mlp:2,8,0.2,0.5", "cnn"])
def test_the_start_of_a_training_follows_from_its_seed(network):
    model, start = trained(network)
    for ours, theirs in zip(start_model(model).parameters, start, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("settings", [None, {"seed": 4}, {"seed": "four"}])
def test_an_unknown_start_is_not_invented(settings):
    model, _ = trained("custom_mlp:1,8", settings=settings)
    with pytest.raises(UserError, match="not known"):
        start_model(model)


def test_the_shipped_networks_know_their_start():
    for stored in list_shipped():
        model = stored.load()
        start = start_model(model).parameters[0]
        assert np.corrcoef(start.ravel(), model.parameters[0].ravel())[0, 1] > 0.5
        if start.ndim == 2:
            # The guide's step about a unit: noise at the start, strokes in what was learned.
            shown = (start, model.parameters[0], model.parameters[0] - start)
            found = [neighbor_correlation(weights) for weights in shown]
            assert abs(found[0]) < 0.01
            assert found[2] > 0.7
            for weights, agree in zip(shown, found, strict=True):
                tall = weights.reshape(28, 28, -1)
                beside = [tall[:, 1:].ravel(), tall[:, :-1].ravel()]
                below = [tall[1:].ravel(), tall[:-1].ravel()]
                expected = np.corrcoef(np.hstack([beside, below]))[0, 1]
                assert agree == pytest.approx(expected, abs=1e-4)
            if stored.path.stem == "mlp":
                words = "{:.2f} at the start, {:.2f} now and {:.2f} in what was learned"
                step = next(step for step in guide() if step.view == "unit")
                said = " ".join(step.text.split())
                assert words.format(abs(found[0]), *found[1:]) in said


def test_a_network_built_meanwhile_takes_no_random_number_of_a_run():
    expected = lasagne.layers.get_all_param_values(build_network(TrainingSettings()))
    stop = threading.Event()

    def build_others():
        while not stop.is_set():
            parse_network("custom_mlp:1,8").build()

    other = threading.Thread(target=build_others)
    other.start()
    try:
        for _ in range(20):
            found = lasagne.layers.get_all_param_values(build_network(TrainingSettings()))
            np.testing.assert_array_equal(found[0], expected[0])
    finally:
        stop.set()
        other.join()


@pytest.mark.parametrize("text", ["custom_mlp:2,30,0.2,0.5", "layers:40@leaky,30", "cnn"])
def test_silent_units_are_found(text, digits):
    lasagne.random.set_rng(np.random.RandomState(3))
    network = parse_network(text).build()
    rng = np.random.default_rng(3)
    parameters = [value.copy() for value in lasagne.layers.get_all_param_values(network)]
    # Units whose biases no picture can make up for, in the first and the last hidden layer.
    silent = [np.zeros(len(biases), bool) for biases in parameters[1:-1:2]]
    for place in (0, len(silent) - 1):
        silent[place][rng.permutation(len(silent[place]))[:5]] = True
        parameters[2 * place + 1][silent[place]] = -1e4
    if "leaky" in text:
        silent[0][:] = False
    shares = dead_shares(text, parameters, scale(digits.train_images[:20]))
    for share, expected in zip(shares, silent, strict=True):
        assert expected.mean() <= share <= expected.mean() + 0.5


def inspected(epoch, scale, pictures=None, silent=0):
    """Return the figures of an epoch that scaled all weights, with some silent units."""
    rng = np.random.default_rng(1)
    shapes = ((784, 20), (20,), (20, 10), (10,))
    before = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    before[1][:] = [-1e6] * silent + [1000] * (20 - silent)
    after = tuple(value * np.float32(scale) for value in before)
    earlier = tuple(before) if epoch > 1 else None
    return inspect_layers("custom_mlp:1,20,0,0", epoch, earlier, after, pictures)


def test_what_is_told_of_an_epoch():
    seen = inspected(4, 1.25)
    assert seen.names == ("hidden 1", "output")
    assert seen.updates == pytest.approx((0.25, 0.25))
    assert seen.dead == ()
    assert seen.counts.sum() == 784 * 20 + 200
    assert len(seen.edges) == len(seen.counts) + 1
    assert seen.edges[0] == -seen.edges[-1]
    assert "25%" in describe_updates(seen)
    assert "15,880 weights" in describe_weights(seen)
    first = inspected(1, 1.0, np.ones((7, 1, 28, 28), np.float32), silent=5)
    assert first.dead == (0.25,)
    assert describe_silent_units(first).startswith("25% of the units in hidden 1")
    assert "7 validation pictures" in describe_silent_units(first)
    assert "the second epoch" in describe_updates(first)


def test_a_network_without_hidden_layers_has_no_silent_units():
    weights = (np.ones((784, 10), np.float32), np.zeros(10, np.float32))
    pictures = np.ones((2, 1, 28, 28), np.float32)
    seen = inspect_layers("custom_mlp:0,1,0,0", 1, weights, weights, pictures)
    assert (seen.names, seen.updates) == (("output",), (0.0,))
    assert "no ReLU units" in describe_silent_units(seen)


@pytest.mark.parametrize(
    "text",
    ["layers:conv4x5s2p2,norm,conv4x3@tanh,norm,8,norm,/0.5", "layers:conv4x3p1,pool3s2,8@elu"],
)
def test_normalization_strides_and_padding_are_part_of_the_layers(text):
    specification = parse_network(text)
    random = np.random.default_rng(7)
    parameters = tuple(
        np.abs(random.normal(0, 0.3, shape)).astype(np.float32) + np.float32(0.01)
        for shape in specification.parameter_shapes()
    )
    probe = NetworkProbe(ModelFile(text, parameters))
    # Without black paper: no two values of a square are equal.
    some = random.random((2, 1, 28, 28)).astype(np.float32)
    expected = forward(specification.operations, parameters, some)
    np.testing.assert_allclose(probe.run(some).p, expected, rtol=1e-4, atol=1e-6)
    layer = probe.layers[0]
    inputs = random.normal(size=(1, *layer.incoming)).astype(np.float32)
    delta = random.normal(size=(1, *layer.shape)).astype(np.float32)
    change = ((layer.sums(inputs) - layer.sums(0 * inputs)) * delta).sum()
    found = (layer.gradient_by_input(delta) * inputs).sum()
    assert found == pytest.approx(float(change), rel=1e-3)
    # The compiled gradient is that of the same network.
    pair = np.zeros(10, np.float32)
    pair[3] = 1
    direction = random.normal(size=(28, 28)).astype(np.float32)
    step = np.float32(1e-3)
    ahead = probe.run(some[:1] + step * direction).logits[0, 3]
    behind = probe.run(some[:1] - step * direction).logits[0, 3]
    slope = (probe.input_gradient(some[0, 0], pair) * direction).sum()
    assert slope == pytest.approx(float(ahead - behind) / (2 * step), rel=0.05, abs=0.05)
