"""Turns are taken fairly, and their figures are summed up as they should."""

from __future__ import annotations

import pytest
from peers.alternation import alternate, ratio, summary


def turns(names, blocks):
    taken: list[str] = []

    def run(name):
        taken.append(name)
        return float(len(taken))

    alternate(names, blocks, run, rest=lambda: None)
    return taken


def test_each_block_has_every_candidate_once_and_begins_with_another():
    assert turns(["a", "b", "c"], 3) == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]


def test_figures_are_kept_by_candidate_in_the_order_of_the_blocks():
    values = iter(range(6))
    figures = alternate(["a", "b"], 3, lambda name: float(next(values)), rest=lambda: None)
    assert figures == {"a": [0.0, 3.0, 4.0], "b": [1.0, 2.0, 5.0]}


def test_every_turn_is_preceded_by_a_rest():
    happened: list[str] = []

    def run(name):
        happened.append(name)
        return 0.0

    alternate(["a", "b"], 1, run, rest=lambda: happened.append("rest"))
    assert happened == ["rest", "a", "rest", "b"]


def test_nobody_takes_no_turns():
    assert turns([], 3) == []


def test_one_slow_turn_does_not_move_the_median():
    turns = summary([10.0, 11.0, 9.0, 10.0, 1000.0])
    assert (turns.low, turns.median, turns.high) == (10.0, 10.0, 11.0)


def test_a_single_turn_is_its_own_summary():
    turn = summary([4.0])
    assert (turn.low, turn.median, turn.high) == (4.0, 4.0, 4.0)


def test_no_turn_has_no_summary():
    with pytest.raises(ValueError, match="no turn"):
        summary([])


def test_a_ratio_compares_within_blocks():
    # The machine slowed down by and by: in every block one is twice as fast as the other.
    assert ratio([100.0, 50.0, 10.0, 2.0], [50.0, 25.0, 5.0, 1.0]) == 2.0


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1.0], [1.0, 2.0])])
def test_turns_of_different_blocks_are_not_compared(ours, theirs):
    with pytest.raises(ValueError, match="cannot be compared"):
        ratio(ours, theirs)
