"""Graphs with loops, decisions and prints, and the interpreter's functions of arrays."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.ifelse import ifelse

from mnist_draw import theano_bridge

pytestmark = pytest.mark.skipif(theano_bridge.installed_theano(), reason="about PyTensor")


def linker_of(function):
    return type(function.maker.linker).__name__


NAMED = [None, "FAST_RUN", theano.Mode("cvm"), theano.Mode("c|py", "fast_run")]


@pytest.mark.parametrize("mode", NAMED)
def test_a_recurrence_and_its_gradient_are_interpreted(mode):
    w, x = theano.shared(np.float32(0.5)), T.fvector("x")
    states, _ = theano.scan(lambda now, before, w: T.tanh(w * before + now),
                            sequences=[x], outputs_info=[T.constant(np.float32(0))],
                            non_sequences=[w])  # fmt: skip
    slope = T.grad(states[-1], w)
    run = theano.function([x], states[-1], updates=[(w, w + slope)], mode=mode)
    assert linker_of(run) == "VMLinker"
    assert linker_of(theano.function([x], x + 1, mode=mode)) == "NativeLinker"
    given, state, by_w = np.array([0.3, -0.2, 0.9], "float32"), 0.0, 0.0
    for now in given:
        new = np.tanh(0.5 * state + now)
        by_w = (1 - new**2) * (state + 0.5 * by_w)
        state = new
    np.testing.assert_allclose(run(given), state, rtol=1e-5)
    np.testing.assert_allclose(w.get_value(), 0.5 + by_w, rtol=1e-5)


@pytest.mark.filterwarnings("error::UserWarning")
def test_no_operation_in_a_step_of_a_loop_is_called_for_each_number(monkeypatch):
    monkeypatch.setattr("pytensor.scalar.Composite.impl", lambda *_: pytest.fail("one number"))
    x, w = T.matrix(), theano.shared(np.eye(3, dtype=theano.config.floatX))
    states, _ = theano.scan(lambda now, before: T.tanh(T.dot(before, w) + now) * T.exp(-now * 2),
                            sequences=[x], outputs_info=[T.zeros((3,))])  # fmt: skip
    given = np.arange(6, dtype=theano.config.floatX).reshape(2, 3) / 10
    last, slope = theano.function([x], [states[-1], T.grad(states[-1].sum(), w)])(given)
    first = np.tanh(given[0]) * np.exp(-given[0] * 2)
    inner = np.tanh(first + given[1])
    np.testing.assert_allclose(last, inner * np.exp(-given[1] * 2), rtol=1e-5)
    expected = np.outer(first, (1 - inner**2) * np.exp(-given[1] * 2))
    np.testing.assert_allclose(slope, expected, atol=1e-6)


def test_the_lengths_of_what_a_loop_collects_are_those_of_its_steps():
    x, n = T.matrix(), T.ivector()
    squares, _ = theano.scan(lambda k: T.zeros((k, 2)), [n])
    assert theano.function([n], squares.shape)([3, 3]).tolist() == [2, 3, 2]
    few, _ = theano.scan(lambda row: (row * 2, theano.scan_module.until(row[1] > 1)), [x])
    assert theano.function([x], few.shape)(np.diag([0.0, 2.0, 0.0])).tolist() == [2, 3]


def test_a_state_may_come_to_have_a_known_length_of_1():
    s = theano.shared(np.zeros((1, 5), theano.config.floatX))
    sums, updates = theano.scan(lambda: (s.sum(), {s: s[[0], :] + 1}), n_steps=3)
    assert theano.function([], sums, updates=updates)().tolist() == [0, 5, 10]
    assert s.get_value().tolist() == [[3] * 5]
    # One that grows instead is refused.
    x = T.matrix()
    doubled, _ = theano.scan(lambda state: T.concatenate([state] * 2), outputs_info=x, n_steps=3)
    with pytest.raises(ValueError, match="broadcast"):
        theano.function([x], doubled)([[1, 2]])


@pytest.mark.parametrize("rows", [[0], [2, 0]])
def test_chosen_rows_are_set_to_one_row_and_added_to(rows):
    x, w = T.matrix(), T.row()
    changed = [T.set_subtensor(x[rows, :], w), T.inc_subtensor(x[rows, :], w)]
    slopes = T.grad((changed[0] ** 2).sum(), [x, w])
    given = np.arange(12.0).reshape(3, 4)
    new = np.array([[5.0, 6, 7, 8]])
    found = theano.function([x, w], [*changed, *slopes])(given, new)
    expected = [given.copy(), given.copy(), 2 * given, 2 * len(rows) * new]
    expected[0][rows] = new
    expected[1][rows] += new
    expected[2][rows] = 0
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other)


def test_elements_are_chosen_along_each_axis():
    x, i = T.tensor3(), T.ivector()
    chosen = theano.function([x, i], x[i, i, i])(np.arange(27.0).reshape(3, 3, 3), [0, 2])
    assert chosen.tolist() == [0, 26]


def test_only_lengths_that_are_constants_are_known_beforehand():
    assert T.zeros((1, T.matrix().shape[0], T.constant(2) + 3)).type.shape == (1, None, 5)
    with pytest.raises(TypeError, match="integers"):
        T.zeros((T.scalar(),))


def test_a_sum_may_have_more_terms_than_numpy_takes_at_once():
    x = T.vector()
    states, _ = theano.scan(lambda now, before: now + before, [x], [T.zeros(())])
    terms = [states * k for k in range(40)]
    found = theano.function([x], sum(terms[1:], terms[0]))([1, 2])
    np.testing.assert_allclose(found, np.array([1, 3]) * sum(range(40)))


def test_float64_is_rounded_to_the_state_or_the_shared_variable_that_it_is_for():
    x, w = T.vector(), theano.shared(np.zeros((), theano.config.floatX))
    (sums, last), _ = theano.scan(
        lambda now, total, before: [total + now * np.float64(2), before + now * T.arange(3)[1]],
        [x], [0.0, {"initial": T.zeros(()), "taps": [-1]}],
    )  # fmt: skip
    assert {sums.dtype, last.dtype} == {theano.config.floatX}
    theano.function([x], updates=[(w, sums[-1] * np.float64(3))])([1, 2])
    assert w.get_value() == 18
    assert w.get_value().dtype == theano.config.floatX


def test_only_what_is_asked_for_is_decided_and_printed(capsys):
    x = T.fscalar("x")
    absolute = theano.function([x], ifelse(x > 0, x, -x))
    assert [absolute(1), absolute(-2)] == [1, 2]
    shown = theano.function([x], theano.printing.Print("here")(x) + 1)
    assert shown(2) == 3
    assert "here" in capsys.readouterr().out
    assert {linker_of(absolute), linker_of(shown)} == {"VMLinker"}
    assert linker_of(theano.function([x], x + 1)) == "NativeLinker"
    chosen = theano.function([x], ifelse(x > 0, x, -x), mode="FAST_COMPILE")
    assert chosen(-2) == 2


def test_what_the_native_linker_does_not_know_is_interpreted():
    x, w = T.matrix("x"), theano.shared(np.eye(3, dtype=theano.config.floatX))
    both = T.concatenate([T.tanh(T.dot(x, w)) * 2 + 1, T.exp(-x) ** 3], axis=1)
    cost = (T.set_subtensor(both[:, 1:3], 0) ** 2).sum()
    step = theano.function([x], [cost, both], updates=[(w, w - T.grad(cost, w))])
    given = np.arange(6, dtype=theano.config.floatX).reshape(2, 3) / 10
    for _ in range(2):
        weights = w.get_value()
        state = np.tanh(given @ weights)
        expected = np.concatenate([2 * state + 1, np.exp(-given) ** 3], axis=1)
        slope = 2 * (2 * state + 1) * 2 * (1 - state**2)
        slope[:, 1:] = 0
        found, joined = step(given)
        np.testing.assert_allclose(joined, expected, rtol=1e-4)
        expected[:, 1:3] = 0
        np.testing.assert_allclose(found, (expected**2).sum(), rtol=1e-4)
        np.testing.assert_allclose(w.get_value(), weights - given.T @ slope, rtol=1e-4)


def test_functions_of_arrays_follow_their_definition():
    rng = np.random.default_rng(3)
    x, y = (rng.normal(size=(3, 4)) for _ in range(2))
    a, b = T.dmatrix(), T.dmatrix()
    outputs = [
        T.clip(a, -0.5, 0.5), T.nnet.softplus(a), T.log(1 - T.exp(-abs(a) - 0.1)),
        a + b + a * 2, a * b * 3, T.cast(a * 3, "int32"),
    ]  # fmt: skip
    expected = [
        np.clip(x, -0.5, 0.5), np.log1p(np.exp(x)), np.log(1 - np.exp(-abs(x) - 0.1)),
        3 * x + y, 3 * x * y, (x * 3).astype("int32"),
    ]  # fmt: skip
    found = theano.function([a, b], outputs, mode=theano.Mode(linker="py"))(x, y)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
        assert one.dtype == other.dtype
