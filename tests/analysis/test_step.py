"""One step laid open is the step that training takes, and can be done again; its graphs."""

from unittest.mock import Mock

import lasagne
import numpy as np
import pytest
import theano
from made_networks import random_model
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis import one_step as step_module
from mnist_draw.analysis.compiled_graph import graphs_of
from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.one_step import (
    OneStep,
    StepError,
    read_from_run,
    settings_of,
)
from mnist_draw.analysis.step_effects import moved_shares, moved_sums, step_effects
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile
from mnist_draw.theano_bridge import installed_theano
from mnist_draw.training.checkpoint import Checkpoint, from_array
from mnist_draw.training.functions import compile_train
from mnist_draw.training.history import History
from mnist_draw.training.record import save_record
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.settings import TrainingSettings

pytestmark = pytest.mark.usefixtures("compiled_once")


def model_of(network):
    return random_model(network, seed=2, spread=0.05)


def settings_for(network, **others):
    """Return settings with small minibatches, though with more than an int8 can count."""
    return TrainingSettings(network=network, batch_size=130, **others)


def picture():
    """Return a test digit, a nine."""
    return scale(load_dataset().test_images[2863, 0])


def trained(model, step, minibatch, times):
    """Let the training function learn the same with the same masks: parameters, last loss."""
    network = parse_network(model.network).build()
    lasagne.layers.set_all_param_values(network, list(model.parameters))
    dropout = [layer for layer in lasagne.layers.get_all_layers(network)
               if isinstance(layer, lasagne.layers.DropoutLayer) and layer.p]  # fmt: skip
    for layer, mask in zip(dropout, minibatch.masks, strict=True):
        # A random stream that has drawn already.
        layer._srng = Mock(state_updates=[])
        layer._srng.binomial.return_value = theano.shared(mask)
    functions = compile_train(network, step.settings, "float32")
    for variable, value in zip(functions.state, step.state(), strict=True):
        from_array(variable, value)
    rows = np.arange(len(minibatch.labels))
    for _ in range(times):
        loss, _ = functions.train(minibatch.pictures, minibatch.labels, rows)
    return lasagne.layers.get_all_param_values(network), float(loss)


@pytest.mark.parametrize(
    ("network", "rule", "l2"),
    [
        ("custom_mlp:0", "rmsprop", 0.0),
        pytest.param("mlp", "rmsprop", 0.0, marks=pytest.mark.slow),
        pytest.param("cnn", "rmsprop", 0.0, marks=pytest.mark.slow),
        *(
            ("custom_mlp:1,30,0.2,0.5", rule, 1e-3)
            for rule in ("rmsprop", "adam", "sgd", "nesterov_momentum", "adadelta")
        ),
    ],
)
def test_a_step_is_that_of_the_training_function(network, rule, l2):
    model = model_of(network)
    step = OneStep(model, settings_for(network, update=rule, l2=l2))
    step.fill()
    minibatch = step.minibatch(picture(), 9)
    expected, loss = trained(model, step, minibatch, 2)
    step.step(minibatch)
    figures = step.step(minibatch)
    # NumPy computes it here.
    assert figures.losses.mean() == pytest.approx(loss, rel=1e-4)
    for found, wanted in zip(figures.after, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6, rtol=0)


def test_rewinding_gives_the_same_numbers():
    step = OneStep(model_of("mlp"), settings_for("mlp"))
    minibatch = step.minibatch(picture(), 9)
    first = step.step(minibatch)
    step.learn(minibatch, 3)
    assert step.number == 4
    step.rewind()
    again = step.step(minibatch)
    for name, value in vars(first).items():
        if name != "minibatch":
            np.testing.assert_equal(getattr(again, name), value)
    # Another label teaches something else.
    eight = step.minibatch(picture(), 8)
    np.testing.assert_array_equal(minibatch.masks[0], eight.masks[0])
    step.rewind()
    figures = step.step(eight)
    assert figures.label == 8
    assert figures.p_after[8] > figures.p[8]


def test_what_is_shown_fits_together():
    model = model_of("mlp")
    step = OneStep(model, settings_for("mlp"))
    minibatch = step.minibatch(picture(), 9)
    np.testing.assert_array_equal(minibatch.pictures[0, 0], picture())
    assert minibatch.labels[0] == 9
    figures = step.step(minibatch)
    target = np.eye(10, dtype=np.float32)[9]
    np.testing.assert_allclose(figures.delta[-1], figures.p - target, atol=1e-6)
    assert figures.losses[0] == pytest.approx(-np.log(figures.p[9]), rel=1e-5)
    assert figures.losses_after.mean() < figures.losses.mean()
    assert all(np.array_equal(one, other) for one, other in
               zip(model.parameters, figures.before, strict=True))  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("network", ["custom_mlp:1,30,0.2,0.5", "cnn"])
def test_the_pull_on_pixels_is_that_of_the_graph(network):
    step = OneStep(model_of(network), settings_for(network))
    minibatch = step.minibatch(picture(), 9)
    given = step.expressions
    gradient = theano.function(
        [given.pictures, given.targets, *given.masks],
        theano.grad(given.loss, given.pictures),
    )(minibatch.pictures, minibatch.labels, *minibatch.masks)
    expected = -len(minibatch.labels) * gradient[0, 0]
    assert np.abs(expected).max() > 0.001
    np.testing.assert_allclose(step.step(minibatch).pull_x, expected, atol=1e-6, rtol=1e-4)


def test_accumulators_are_those_of_the_run():
    model = model_of("custom_mlp:1,30,0.2,0.5")
    settings = settings_for(model.network)
    step = OneStep(model, settings)
    shapes = [value.shape for value in step.state()]
    state = tuple(np.full(shape, 0.25, np.float32) for shape in shapes)
    folder = new_run_folder()
    save_record(Run(folder, settings, started="2026-11-25 10:00"))
    state = (*state, np.zeros(1, np.int64))
    figures = History().to_arrays()
    kept = Checkpoint(settings, 0, "", tuple(model.parameters), state, figures, 0, np.inf, ())
    kept.save(folder / "checkpoint.npz")
    found = read_from_run(model, settings, shapes)
    assert all((value == 0.25).all() for value in found)
    step.fill()
    assert step.from_run
    other = ModelFile(model.network, tuple(2 * value for value in model.parameters))
    assert read_from_run(other, settings, shapes) is None


def test_filling_is_given_up_when_nobody_waits_and_kept_when_done():
    model, settings = model_of("custom_mlp:1,30,0.2,0.5"), settings_for("custom_mlp:1,30,0.2,0.5")
    first = OneStep(model, settings)
    assert next(first.fill_gradually()) == (0, 20)
    first.fill()
    assert not first.from_run
    assert all(value.any() for value in first.state())
    for one, other in zip(first.parameters(), model.parameters, strict=True):
        np.testing.assert_array_equal(one, other)
    kept = [value.copy() for value in first.state()]
    second = OneStep(model, settings)
    assert list(second.fill_gradually()) == []
    for one, other in zip(kept, second.state(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_cannot_be_shown_is_told(monkeypatch):
    monkeypatch.setattr(step_module, "MAX_NUMBERS", 1000)
    with pytest.raises(StepError, match="545,810"):
        OneStep(model_of("mlp"))
    monkeypatch.undo()
    huge = model_of("custom_mlp:0")
    broken = ModelFile(huge.network, tuple(np.full_like(v, 3e38) for v in huge.parameters))
    step = OneStep(broken, settings_for(huge.network, update="sgd"))
    with pytest.raises(StepError, match="no finite number"):
        step.step(step.minibatch(picture(), 9))


def test_settings_are_those_of_the_run():
    model = model_of("mlp")
    assert settings_of(model).update == "rmsprop"
    told = TrainingSettings(update="adam", batch_size=100, network="mlp").to_json()
    assert settings_of(ModelFile("mlp", model.parameters, {"settings": told})).update == "adam"
    nonsense = ModelFile("mlp", model.parameters, {"settings": {"update": "magic"}})
    assert settings_of(nonsense).batch_size == 500


@pytest.fixture(scope="module")
def mlp():
    """Return the graphs of a small network of the tutorial's kind."""
    return graphs_of(OneStep(model_of("custom_mlp:2,8")))


def test_operations_are_counted_by_kind(mlp):
    assert list(mlp) == ["classify", "validate", "learn"]
    for function in mlp.values():
        assert sum(function.written.values()) > 0
        forwards = 3
        backwards = 5 if function.name == "learn" else 0
        for counts in (function.written, function.compiled):
            products = [n for (kind, _), n in counts.items() if kind == "product"]
            # Theano 1.0.5 also counts the general products that it makes of some sums.
            assert sum(products) >= forwards + backwards
            assert installed_theano() or sum(products) == forwards + backwards
        assert not any(kind == "fused loop" for kind, _ in function.written)
    # Each of the two rectifiers, 0.5·(z + |z|), with its bias.
    assert mlp["classify"].compiled["fused loop", "Composite"] == 2
    kinds = {name: kind for function in mlp.values() for kind, name in function.written}
    assert "other" not in kinds.values()
    assert kinds["Softmax"] == "softmax"
    assert kinds["Sum"] == "reduction"
    if not installed_theano():  # which prints other names
        assert mlp["classify"].written["elementwise", "Abs"] == 2
        assert ("elementwise", "Abs") not in mlp["classify"].compiled


def test_operations_are_listed(mlp):
    for function in mlp.values():
        table = function.table()
        assert [row[0] for row in table.rows[:2]] == ["all", "product"]
        for place, counts in ((2, function.written), (3, function.compiled)):
            shown = [int(row[place]) for row in table.rows]
            assert shown[0] == sum(shown[1:]) == sum(counts.values())


@pytest.mark.slow
@pytest.mark.skipif(installed_theano(), reason="Theano compiles a convolution for minutes")
def test_a_convolution_has_its_own_products():
    counts = graphs_of(OneStep(model_of("cnn")))["classify"].compiled
    assert sum(n for (kind, _), n in counts.items() if kind == "convolution") == 2
    assert sum(n for (kind, _), n in counts.items() if kind == "pooling") == 2


@pytest.mark.parametrize("network", ["layers:12,8", pytest.param("cnn", marks=pytest.mark.slow)])
def test_what_a_step_moved_is_what_the_sums_grew_by(network):
    model = model_of(network)
    step = OneStep(model, settings_for(network))
    figures = step.step(step.minibatch(picture(), 9))
    moved = moved_sums(figures, step.layers)
    # The first layer reads the same picture before and after, without dropout.
    before, after = (
        NetworkProbe(ModelFile(network, values)).run(picture()[None, None]).z[0][0]
        for values in (figures.before, figures.after)
    )
    np.testing.assert_allclose(moved[0], after - before, atol=2e-4)
    assert moved[0].min() < 0 < moved[0].max()
    shares = moved_shares(figures)
    if step.layers[0].convolves:
        assert shares is None
    else:
        change = figures.after[0] - figures.before[0]
        assert shares.all == pytest.approx(np.count_nonzero(change) / change.size)
        others = np.count_nonzero(change[picture().ravel() == 0]) / np.count_nonzero(change)
        assert shares.black == pytest.approx(others)


def test_what_a_step_did_to_others_is_counted(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.step_effects.load_dataset", lambda: digits)
    model = model_of("custom_mlp:1,30,0.2,0.5")
    step = OneStep(model, settings_for(model.network, update="nesterov_momentum"))
    minibatch = step.minibatch(picture(), 9)
    figures = step.step(minibatch)
    here = step.parameters()
    *_, found = step_effects(step, figures)
    # The step itself is where it was.
    for one, other in zip(here, step.parameters(), strict=True):
        np.testing.assert_array_equal(one, other)
    right = []
    for values, p in zip((figures.before, figures.after), found.example, strict=True):
        probe = NetworkProbe(ModelFile(model.network, values))
        shown = np.concatenate([q.p for _, q in probe.run_many(digits.test_images)])
        right.append(shown.argmax(axis=1) == digits.test_labels)
        np.testing.assert_allclose(probe.run(picture()[None, None]).p[0], p, atol=1e-5)
    assert found.right == (right[0].sum(), right[1].sum())
    assert found.turned == ((right[1] & ~right[0]).sum(), (right[0] & ~right[1]).sum())
    assert found.counted == len(digits.test_images)
