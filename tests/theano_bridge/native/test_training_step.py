"""Whole training functions: in place, on several threads, the same run every time."""

import sys
import threading
import time

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from made_networks import random_model

from mnist_draw import thread_priority
from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import ACTIVATIONS
from mnist_draw.theano_bridge.native import runner
from mnist_draw.theano_bridge.native import team as team_module
from mnist_draw.theano_bridge.native.kernels.sparse import is_supported
from mnist_draw.theano_bridge.native.linker import NativeLinker
from mnist_draw.training.functions import compile_evaluate, compile_train
from mnist_draw.training.loop import build_network
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

# PyTensor 3.3's own NumPy code inverts truth values in a way that Python 3.12 dislikes.
pytestmark = pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")
RNG = np.random.default_rng(8)
#: Waited for with a limit: nobody sets it.
_NEVER = threading.Event()
PICTURES = RNG.integers(0, 256, (200, 1, 28, 28)).astype(np.uint8)
LABELS = RNG.integers(0, 10, 200).astype(np.int32)


def trained(mode, monkeypatch, steps=5, pictures=200, **settings):
    """Parameters, state and losses after some steps in a mode."""
    chosen = TrainingSettings(**settings)
    monkeypatch.setattr("mnist_draw.theano_bridge.fast_mode", lambda: mode)
    network = build_network(chosen)
    functions = compile_train(network, chosen)
    rows = np.arange(pictures)
    losses = [functions.train(PICTURES, LABELS, rows) for _ in range(steps)]
    state = [variable.get_value() for variable in functions.state]
    return lasagne.layers.get_all_param_values(network), state, np.array(losses)


@pytest.fixture
def agree(numpy_mode, monkeypatch, left_over):
    def check(steps=5, pictures=200, rtol=2e-4, atol=2e-5, **settings):
        plain = trained(numpy_mode, monkeypatch, steps, pictures, **settings)
        native = trained(
            theano.Mode(linker=NativeLinker()),
            monkeypatch,
            steps,
            pictures,
            **settings,
        )
        for want, got in zip(plain[0] + plain[1], native[0] + native[1], strict=True):
            np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)
        # Rounding may turn the answer to one picture whose two best outputs are almost equal.
        np.testing.assert_allclose(native[2][:, 0], plain[2][:, 0], rtol=rtol)
        np.testing.assert_allclose(native[2][:, 1], plain[2][:, 1], atol=1.01 / pictures)
        assert not left_over

    return check


@pytest.mark.slow
@pytest.mark.parametrize("rule", UPDATE_RULES)
def test_every_update_rule_equals_the_straightforward_graph(rule, agree):
    agree(network="custom_mlp:1,10,0.2,0.5", update=rule, l2=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_equals_the_straightforward_graph(activation, agree):
    agree(network=f"layers:8@{activation}/0.3,8@{activation}", l2=0.001)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "pictures", "l2"),
    # Interpreted, a step would take several times as long.
    [("cnn", 200, 0), ("layers:30/0.2,20/0.2", 1, 0.001), ("cnn", 1, 0.001)],
)
def test_large_and_single_minibatches_equal_the_straightforward_graph(network, pictures, l2, agree):
    agree(2, pictures, rtol=1e-3, atol=1e-5, network=network, update="sgd", l2=l2)


@pytest.mark.slow
def test_a_training_step_equals_the_straightforward_graph(agree):
    agree(network="layers:8/0.3,8", l2=0.001)


def test_equal_seeds_give_equal_bits_and_values_can_be_set(monkeypatch, native):
    first, second = (
        trained(native, monkeypatch, network="layers:64/0.3", seed=4) for _ in range(2)
    )
    for one, other in zip(first[0] + first[1], second[0] + second[1], strict=True):
        np.testing.assert_array_equal(one, other)
    weights = theano.shared(np.ones((300, 200), np.float32))
    step = theano.function([], weights.sum(), updates=[(weights, weights * 2)], mode=native)
    kept = weights.get_value()
    assert float(step()) == 60_000
    assert float(step()) == 120_000
    np.testing.assert_array_equal(kept, 1)
    weights.set_value(np.full((300, 200), 3, np.float32))
    assert float(step()) == 180_000
    np.testing.assert_array_equal(weights.get_value(), 6)


def _square():
    """Compile a product that is worth help; return it and a matrix for it."""
    x = T.matrix()
    square = theano.function([x], T.dot(x, x.T), mode=theano.Mode(linker=NativeLinker()))
    return square, RNG.normal(size=(300, 200)).astype(np.float32)


@pytest.fixture
def help_with(monkeypatch):
    """Return what makes a team of its own of some threads, which helps with every step."""
    teams = []

    def make(threads):
        teams.append(team_module.Team())
        teams[-1].threads = threads
        monkeypatch.setattr(team_module, "_team", teams[-1])
        monkeypatch.setattr(team_module, "TRIALS", 0)
        monkeypatch.setattr(team_module, "WORTH_HELP", 0.0)
        return teams[-1]

    yield make
    for team in teams:
        team.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "pictures", "update"),
    [
        ("mlp", 200, "rmsprop"),
        ("custom_mlp:2,300,0.1,0.3", 37, "adam"),
        ("custom_mlp:1,700,0,0", 130, "nesterov_momentum"),
        ("cnn", 60, "adagrad"),
        ("deep_cnn", 33, "adadelta"),
    ],
)
def test_the_number_of_threads_changes_no_bit(network, pictures, update, monkeypatch, help_with):
    results = []
    for threads in (1, 2, 3, 8):
        help_with(threads)
        mode = theano.Mode(linker=NativeLinker())
        changed = trained(mode, monkeypatch, 3, pictures, network=network, update=update)
        results.append([*changed[0], *changed[1], changed[2]])
    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("shape", [(), (3,), (200, 100)])
def test_two_variables_can_change_places(shape, native):
    a, b = (theano.shared(np.full(shape, v, np.float32)) for v in (1.0, 2.0))
    swap = theano.function([], [], updates=[(a, b + 0), (b, a + 0)], mode=native)
    for first in (2, 1):
        swap()
        np.testing.assert_array_equal(a.get_value(), first)
        np.testing.assert_array_equal(b.get_value(), 3 - first)


@pytest.mark.skipif(not is_supported(), reason="denormal numbers slow x86 down only")
def test_what_decays_ends_at_zero_and_nothing_else_is_flushed(native):
    small = np.full((9, 33), 2e-38, np.float32)
    decaying, x = theano.shared(small), T.fmatrix()
    updates = [(decaying, decaying * np.float32(0.9))]
    step = theano.function([x], x * np.float32(0.5), updates=updates, mode=native)
    halves = [step(small) for _ in range(20)]
    assert not decaying.get_value().any()
    np.testing.assert_array_equal(halves[-1], small / 2)


def test_minibatches_of_chosen_rows_and_of_any_number():
    networks, rows = [], RNG.permutation(200)[:80]
    for minibatch in ((PICTURES, LABELS, rows), (PICTURES[rows], LABELS[rows], np.arange(80))):
        settings = TrainingSettings(network="custom_mlp:1,10,0.2,0.5", seed=3)
        network = build_network(settings)
        functions = compile_train(network, settings)
        for _ in range(3):
            functions.train(*minibatch)
        networks.append(lasagne.layers.get_all_param_values(network))
    for one, other in zip(*networks, strict=True):
        np.testing.assert_array_equal(one, other)
    evaluate = compile_evaluate(parse_network("mlp").build())
    whole, *parts = (
        np.array(evaluate(PICTURES[places], LABELS[places])[:2])
        for places in (slice(None), slice(80), slice(80, 160), slice(160, None))
    )
    mean = (80 * (parts[0] + parts[1]) + 40 * parts[2]) / 200
    np.testing.assert_allclose(mean, whole, rtol=1e-5)


def test_functions_of_several_threads_run_side_by_side(native):
    x = T.matrix()
    functions = [theano.function([x], T.dot(x, x.T) + n, mode=native) for n in range(4)]
    value = RNG.normal(size=(300, 200)).astype(np.float32)
    faults = []

    def work(number):
        expected = value @ value.T + number
        for _ in range(30):
            if not np.allclose(functions[number](value), expected, rtol=1e-3, atol=1e-3):
                faults.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_without_helpers_a_step_is_the_same(help_with):
    def threads():
        return sum(thread.name.startswith("kernels-") for thread in threading.enumerate())

    helpers = help_with(3)
    square, value = _square()
    together, before = square(value), threads()
    helpers.close()
    assert before - threads() == 2
    np.testing.assert_array_equal(square(value), together)


def test_steps_go_on_when_their_number_outgrows_the_claim(monkeypatch, help_with):
    programs, helpers = [], help_with(2)
    run = helpers.run
    monkeypatch.setattr(helpers, "run", lambda program: (programs.append(program), run(program)))
    square, value = _square()
    expected = square(value)
    program = programs[0]
    program.step = 2**32 - 2
    program.table[:, runner.DONE] = program.step * program.table[:, runner.CHUNKS]
    for factor in (2, 4, 8):  # exact
        scaled = value * np.float32(factor)
        np.testing.assert_array_equal(square(scaled), expected * factor**2)
    assert program.step == 2**32 + 1


def test_short_steps_run_without_helpers(monkeypatch, help_with):
    help_with(3)
    monkeypatch.setattr(team_module, "TRIALS", 1)
    monkeypatch.setattr(team_module, "WORTH_HELP", 3600.0)
    before = threading.active_count()
    square, value = _square()
    for _ in range(3):
        square(value)
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform == "win32", reason="its clock of threads is too coarse")
def test_a_busy_computer_makes_no_step_long(monkeypatch):
    # The thread waits for its core, and does nothing.
    monkeypatch.setattr(runner, "functions", lambda: (lambda *_: _NEVER.wait(0.05), None))
    program = team_module.Program(np.zeros((1, runner.WORDS), np.int64))
    team_module.Team().run(program)
    assert program.step == 1
    assert program.alone < 0.025


def test_helpers_sleep_at_rest_and_come_again(help_with):
    helpers = help_with(3)
    square, value = _square()
    expected = square(value)
    for _ in range(3):
        _wait_until(lambda: all(helper.program is None for helper in helpers._helpers))
        np.testing.assert_array_equal(square(value), expected)
    if sys.platform != "win32":  # its clock of processes goes in steps of 16 ms
        # Threads of earlier tests may still end; what spins never rests.
        _wait_until(lambda: _processor_time(0.2) < 0.01 * 0.2)


def test_a_helper_that_has_not_come_yet_is_dismissed_too():
    helper = team_module._Helper(1, lowered=False)
    program = team_module.Program(np.zeros((1, runner.WORDS), np.int64))
    helper._next = program
    helper.dismiss()
    assert program.current[0] == -1
    helper.leave()


def _processor_time(seconds):
    before = time.process_time()
    _NEVER.wait(seconds)
    return time.process_time() - before


def _wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        _NEVER.wait(0.001)


def test_the_helpers_of_a_lowered_thread_are_lowered_too(monkeypatch, help_with):
    lowered = []
    monkeypatch.setattr(
        thread_priority,
        "lower_thread",
        lambda _niceness: lowered.append(threading.get_ident()),
    )
    helpers = team_module.Team(lowered=True)
    helpers.threads = 2
    help_with(1)
    monkeypatch.setattr(team_module, "_lowered_team", helpers)
    square, value = _square()
    thread = threading.Thread(target=lambda: (thread_priority.lower(), square(value)))
    thread.start()
    thread.join()
    helpers.close()
    assert len(lowered) == 2
    assert lowered[0] == thread.ident
    assert not thread_priority.is_lowered()


@pytest.mark.parametrize("cores", [2, 3])
def test_a_claimed_core_is_left_by_one_helper_until_the_claim_ends(monkeypatch, help_with, cores):
    helpers = help_with(cores)
    square, value = _square()
    expected = square(value)

    def working():
        np.testing.assert_array_equal(square(value), expected)
        return sum(helper.program is not None for helper in helpers._helpers)

    _wait_until(lambda: working() == cores - 1)
    monkeypatch.setattr(thread_priority, "_claimed_until", float("inf"))
    _wait_until(lambda: working() == cores - 2)
    monkeypatch.setattr(thread_priority, "_claimed_until", 0.0)
    _wait_until(lambda: working() == cores - 1)


@pytest.mark.parametrize(
    "name",
    ["mlp", "custom_mlp:3,40", pytest.param("deep_cnn", marks=pytest.mark.slow)],
)
def test_all_layers_behind_gates_are_machine_code(name, left_over):
    probe = NetworkProbe(random_model(name))
    pictures = RNG.random((2, 1, 28, 28)).astype(np.float32)
    assert all(values.any() for values in probe.outputs(pictures))
    assert probe.input_gradient(pictures[0, 0], np.eye(10, dtype=np.float32)[3]).any()
    assert not left_over


def test_one_step_with_the_masks_as_inputs_is_machine_code(left_over):
    step = OneStep(random_model("custom_mlp:2,8", spread=0.05))
    minibatch = step.minibatch(0)
    step.learn(minibatch)
    figures = step.step(minibatch)
    assert figures.losses_after.mean() < figures.losses.mean()
    assert not left_over
