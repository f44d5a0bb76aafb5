"""Figures are told in words that are neither more certain nor more precise than they are."""

from __future__ import annotations

import pytest

from mnist_draw.app.kit.formatting import (
    format_duration,
    format_loss,
    format_percent,
    format_probability,
)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (1.0, "over 99.9 %"),
        (0.99951, "over 99.9 %"),
        (0.9994, "99.9 %"),
        (0.5, "50.0 %"),
        (0.0006, "0.1 %"),
        (0.0004, "under 0.1 %"),
        (0.0, "under 0.1 %"),
    ],
)
def test_no_probability_is_rounded_to_certainty(part, text):
    assert format_probability(part) == text


def test_whole_percents_are_not_rounded_to_certainty_either():
    assert format_probability(0.996, decimals=0) == "over 99 %"
    assert format_probability(0.9, decimals=0) == "90 %"


@pytest.mark.parametrize(("part", "text"), [(1.0, ">99.9 %"), (0.5, "50.0 %"), (0.0, "<0.1 %")])
def test_a_figure_alone_says_the_same_in_a_sign(part, text):
    assert format_probability(part, short=True) == text


def test_a_diverging_loss_takes_no_more_room_than_a_good_one():
    assert format_loss(0.07312) == "0.0731"
    assert len(format_loss(123456789.0)) <= len("1.23e+08")


def test_figures_and_times_as_text():
    assert format_percent(0.97844) == "97.84 %"
    assert format_percent(None) == format_loss(None) == "–"
    clocks = {0: "0:00", 59.6: "1:00", 61: "1:01", 3661: "1:01:01"}
    assert {seconds: format_duration(seconds) for seconds in clocks} == clocks
