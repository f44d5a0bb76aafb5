"""Minibatches: sizes, order, what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.minibatches import iterate_minibatches

INPUTS = np.arange(23, dtype=np.float32).reshape(23, 1)
TARGETS = np.arange(23)


def order(**how: object) -> list[int]:
    batches = list(iterate_minibatches(INPUTS, TARGETS, 5, **how))  # type: ignore[arg-type]
    for inputs, targets in batches:
        assert inputs.shape == (5, 1)
        assert (inputs[:, 0] == targets).all()
    return [int(target) for _, targets in batches for target in targets]


def test_in_order_the_rest_is_left_out() -> None:
    assert order() == list(range(20))


def test_unshuffled_minibatches_are_views() -> None:
    inputs, _ = next(iter(iterate_minibatches(INPUTS, TARGETS, 5)))
    assert np.shares_memory(inputs, INPUTS)


def test_shuffled_each_example_comes_at_most_once() -> None:
    found = order(shuffle=True)
    assert len(found) == len(set(found)) == 20
    assert found != sorted(found)


def test_shuffled_others_are_left_out_each_time() -> None:
    missing = {frozenset(range(23)) - frozenset(order(shuffle=True)) for _ in range(20)}
    assert len(missing) > 1


def test_the_generator_given_decides() -> None:
    first, again, other = (
        order(shuffle=True, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_numpys_seed_decides_where_none_is_given() -> None:
    found = []
    for seed in (1, 1, 2):
        np.random.seed(seed)  # noqa: NPY002
        found.append(order(shuffle=True))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("size", "count"), [(1, 23), (23, 1), (24, 0)])
def test_sizes(size: int, count: int) -> None:
    assert len(list(iterate_minibatches(INPUTS, TARGETS, size))) == count


def test_lengths_that_differ() -> None:
    with pytest.raises(ValueError, match="23 inputs and 22 targets"):
        list(iterate_minibatches(INPUTS, TARGETS[1:], 5))


@pytest.mark.parametrize("size", [0, -5])
def test_no_size(size: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, got {size}"):
        list(iterate_minibatches(INPUTS, TARGETS, size))
