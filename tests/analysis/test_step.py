"""One step laid open is the step that training takes; its graphs."""

from unittest.mock import Mock

import lasagne
import numpy as np
import pytest
import theano
from made_networks import random_model
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis import one_step as step_module
from mnist_draw.analysis.compiled_graph import operations_of
from mnist_draw.analysis.one_step import (
    OneStep,
    StepError,
    read_from_run,
    settings_of,
)
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile
from mnist_draw.theano_bridge import installed_theano
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.functions import compile_train
from mnist_draw.training.history import History
from mnist_draw.training.record import save_record
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

pytestmark = pytest.mark.usefixtures("compiled_once")


def model_of(network):
    return random_model(network, seed=2, spread=0.05)


def settings_for(network, **others):
    """Return settings with small minibatches, though with more than an int8 can count."""
    return TrainingSettings(network=network, batch_size=130, **others)


def trained(model, settings, minibatches):
    """Let the training function learn minibatches with their masks: parameters, last loss."""
    network = parse_network(model.network).build()
    lasagne.layers.set_all_param_values(network, list(model.parameters))
    dropout = [layer for layer in lasagne.layers.get_all_layers(network)
               if isinstance(layer, lasagne.layers.DropoutLayer) and layer.p]  # fmt: skip
    masks = [theano.shared(mask) for mask in minibatches[0].masks]
    for layer, mask in zip(dropout, masks, strict=True):
        # A random stream that has drawn already.
        layer._srng = Mock(state_updates=[])
        layer._srng.binomial.return_value = mask
    functions = compile_train(network, settings, "float32")
    for minibatch in minibatches:
        for variable, mask in zip(masks, minibatch.masks, strict=True):
            variable.set_value(mask)
        rows = np.arange(len(minibatch.labels))
        loss, _ = functions.train(minibatch.pictures, minibatch.labels, rows)
    return lasagne.layers.get_all_param_values(network), float(loss)


@pytest.mark.parametrize(
    ("network", "rule", "l2"),
    [
        ("custom_mlp:0", "rmsprop", 0.0),
        pytest.param("mlp", "rmsprop", 0.0, marks=pytest.mark.slow),
        pytest.param("cnn", "rmsprop", 0.0, marks=pytest.mark.slow),
        *(("custom_mlp:1,30,0.2,0.5", rule, 1e-3) for rule in UPDATE_RULES),
    ],
)
def test_a_step_is_that_of_the_training_function(network, rule, l2):
    model = model_of(network)
    step = OneStep(model, settings_for(network, update=rule, l2=l2))
    minibatches = [step.minibatch(0), step.minibatch(1)]
    expected, loss = trained(model, step.settings, minibatches)
    step.learn(minibatches[0])
    figures = step.step(minibatches[1], 1)
    # NumPy computes it here.
    assert figures.losses.mean() == pytest.approx(loss, rel=1e-4)
    for found, wanted in zip(figures.after, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6, rtol=0)


def test_each_picture_is_learned_once_in_an_epoch(digits, monkeypatch):
    monkeypatch.setattr(step_module, "load_dataset", lambda: digits)
    step = OneStep(model_of("custom_mlp:0"), settings_for("custom_mlp:0"))
    assert step.batch_size == 130
    seen = np.concatenate([step.minibatch(number).pictures for number in range(4)])
    assert len(np.unique(seen.reshape(len(seen), -1), axis=0)) == 4 * 130
    again = np.concatenate([step.minibatch(number).pictures for number in range(4, 8)])
    assert not np.array_equal(seen, again)
    # What is not put back follows from the number alone.
    np.testing.assert_array_equal(step.minibatch(2).pictures, seen[260:390])


def test_few_training_pictures_are_all_there_are(digits, monkeypatch):
    monkeypatch.setattr(step_module, "load_dataset", lambda: digits)
    settings = settings_for("custom_mlp:0", training_examples=17)
    assert len(OneStep(model_of("custom_mlp:0"), settings).minibatch(3).labels) == 17


def test_any_picture_of_a_minibatch_can_be_followed():
    step = OneStep(model_of("mlp"), settings_for("mlp"))
    minibatch = step.minibatch(0)
    third = minibatch.beginning_with(3)
    np.testing.assert_array_equal(third.pictures[0], minibatch.pictures[3])
    np.testing.assert_array_equal(third.masks[1][0], minibatch.masks[1][3])
    assert third.labels[0] == minibatch.labels[3]
    first = step.step(minibatch)
    step.put(step.model.parameters, [np.zeros_like(value) for value in step.state()])
    other = step.step(third)
    assert other.losses[0] == pytest.approx(first.losses[3], rel=1e-4)
    for one, two in zip(first.after, other.after, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)


def test_what_is_shown_fits_together():
    model = model_of("mlp")
    step = OneStep(model, settings_for("mlp"))
    figures = step.step(step.minibatch(0))
    target = np.eye(10, dtype=np.float32)[figures.label]
    np.testing.assert_allclose(figures.error, figures.p - target, atol=1e-6)
    assert figures.losses[0] == pytest.approx(-np.log(figures.p[figures.label]), rel=1e-5)
    assert all(np.array_equal(one, other) for one, other in
               zip(model.parameters, figures.before, strict=True))  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("network", ["custom_mlp:1,30,0.2,0.5", "cnn"])
def test_the_gradient_by_the_pixels_is_that_of_the_graph(network):
    step = OneStep(model_of(network), settings_for(network))
    minibatch = step.minibatch(0)
    given = step.expressions
    gradient = theano.function(
        [given.pictures, given.targets, *given.masks],
        theano.grad(given.loss, given.pictures),
    )(minibatch.pictures, minibatch.labels, *minibatch.masks)
    expected = len(minibatch.labels) * gradient[0, 0]
    assert np.abs(expected).max() > 0.001
    np.testing.assert_allclose(step.step(minibatch).gradient_x, expected, atol=1e-6, rtol=1e-4)


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
    assert all((value == 0.25).all() for value in step.fill())
    assert step.from_run
    other = ModelFile(model.network, tuple(2 * value for value in model.parameters))
    assert read_from_run(other, settings, shapes) is None


def test_means_are_filled_and_kept():
    model, settings = model_of("custom_mlp:1,30,0.2,0.5"), settings_for("custom_mlp:1,30,0.2,0.5")
    first = OneStep(model, settings)
    memory = first.fill()
    assert not first.from_run
    assert all(value.any() for value in memory)
    for one, other in zip(first.parameters(), model.parameters, strict=True):
        np.testing.assert_array_equal(one, other)
    second = OneStep(model, settings)
    second.learn = Mock(side_effect=AssertionError)
    for one, other in zip(memory, second.fill(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rule", UPDATE_RULES)
def test_a_history_is_not_filled(rule):
    # At the rate 0 a velocity stays 0, and a sum of few squares makes a step too long.
    model = model_of("custom_mlp:0")
    memory = OneStep(model, settings_for("custom_mlp:0", update=rule)).fill()
    assert (memory is None) == (rule in ("momentum", "nesterov_momentum", "adagrad"))


def test_what_cannot_be_shown_is_told(monkeypatch):
    monkeypatch.setattr(step_module, "MAX_NUMBERS", 1000)
    with pytest.raises(StepError, match="545,810"):
        OneStep(model_of("mlp"))
    monkeypatch.undo()
    huge = model_of("custom_mlp:0")
    broken = ModelFile(huge.network, tuple(np.full_like(v, 3e38) for v in huge.parameters))
    step = OneStep(broken, settings_for(huge.network, update="sgd"))
    with pytest.raises(StepError, match="not finite"):
        step.step(step.minibatch(0))


def test_settings_are_those_of_the_run():
    model = model_of("mlp")
    assert settings_of(model) is None
    told = TrainingSettings(update="adam", batch_size=100, network="mlp").to_json()
    assert settings_of(ModelFile("mlp", model.parameters, {"settings": told})).update == "adam"
    nonsense = ModelFile("mlp", model.parameters, {"settings": {"update": "magic"}})
    assert settings_of(nonsense) is None


@pytest.fixture(scope="module")
def mlp():
    """Return the operations of a step of a small network of the tutorial's kind."""
    return operations_of(OneStep(model_of("custom_mlp:2,8")))


def products_of(counts):
    names = ("Dot", "Gemm", "Gemv", "Ger", "BatchedDot", "dot")
    return sum(number for name, number in counts.items() if name.startswith(names))


def test_operations_are_counted(mlp):
    for counts in (mlp.written, mlp.compiled):
        # Three forwards and five backwards; Theano 1.0.5 makes general products of sums, too.
        assert products_of(counts) >= 8
        assert installed_theano() or products_of(counts) == 8
    assert {"Softmax", "Sum"} <= set(mlp.written)
    assert "Composite" in mlp.compiled
    assert "Composite" not in mlp.written


def test_operations_are_listed(mlp):
    table = mlp.table()
    assert table.rows[0][0] == "all"
    for place, counts in ((1, mlp.written), (2, mlp.compiled)):
        shown = [int(row[place]) for row in table.rows]
        assert shown[0] == sum(shown[1:]) == sum(counts.values())


@pytest.mark.slow
@pytest.mark.skipif(installed_theano(), reason="Theano compiles a convolution for minutes")
def test_a_convolution_has_its_own_products():
    counts = operations_of(OneStep(model_of("cnn"))).compiled
    # Two forwards; backwards both by their filters, one by its pictures.
    names = [name for name in counts if "Conv" in name or "Corr" in name]
    assert sum(counts[name] for name in names) == 5
