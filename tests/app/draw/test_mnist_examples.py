"""Digits to look at: random ones, and mistakes of the network in use."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest

from mnist_draw.app.draw.picture_tools import DigitsToShow
from mnist_draw.app.kit.threads import running
from mnist_draw.dataset.mnist import load_dataset

from .. import fakes


class Wrong(fakes.Recogniser):
    """Takes every digit for a 7, on paper and on the board."""

    searches = 0

    def predict_images(self, inputs):
        """Return probabilities of many pictures."""
        type(self).searches += 1
        probabilities = np.full((len(inputs), 10), 0.01, np.float32)
        probabilities[:, 7] = 0.91
        return probabilities

    def recognise_ink(self, ink, strokes=None):
        """Answer 7."""
        assert ink.shape == (300, 300)
        return fakes.answer("7", 7)


class FewDigits(DigitsToShow):
    """The first six test digits: 7, 2, 1, 0, 4, 1."""

    def all(self):
        """Return them."""
        data = load_dataset()
        return data.test_images[:6], data.test_labels[:6]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep no mistakes of one test for the next."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "own"))


@pytest.fixture
def tab(tab):
    """Return a visible tab whose network takes everything for a 7."""
    tab.pictures.reader._make_recogniser = Wrong
    tab.pictures.examples._digits = FewDigits()
    Wrong.searches = 0
    return tab


def shown(tab, qtbot, key):
    """Press a key; return what the board says about the next digit on it."""
    before = tab.canvas.drawing.items
    QTest.keyClick(tab.canvas, key)
    qtbot.waitUntil(lambda: tab.canvas.drawing.items is not before, timeout=10_000)
    assert tab.canvas.has_ink()
    return tab.pictures.caption.text()


def test_each_test_digit_is_shown_once_before_any_is_shown_again(tab, qtbot):
    sentences = [shown(tab, qtbot, Qt.Key_R) for _ in range(12)]
    expected = {
        f"Test digit {index} of MNIST: it is a {label}."
        for index, label in enumerate((7, 2, 1, 0, 4, 1))
    }
    assert {*sentences[:6]} == {*sentences[6:]} == expected


def test_the_words_go_when_the_board_changes_and_the_digit_can_be_undone(tab, qtbot):
    tab.canvas.add_stroke([(100, 100)])
    before = tab.canvas.ink()
    assert shown(tab, qtbot, Qt.Key_R)
    assert tab.pictures.caption.isVisible()
    tab.canvas.undo()
    assert not tab.pictures.caption.isVisible()
    assert np.array_equal(tab.canvas.ink(), before)


def test_mistakes_are_searched_once_for_each_network(tab, qtbot):
    tab.network.confirm(fakes.model())
    sentences = {shown(tab, qtbot, Qt.Key_M) for _ in range(5)}
    assert sentences == {
        f"Test digit {index} of MNIST: it is a {label}. This network reads 7."
        for index, label in enumerate((7, 2, 1, 0, 4, 1))
        if label != 7
    }
    assert Wrong.searches == 1
    tab.network.confirm(fakes.model(0.7))
    shown(tab, qtbot, Qt.Key_M)
    assert Wrong.searches == 2
    # Kept on the disk: the first network is not asked again.
    tab.network.confirm(fakes.model())
    shown(tab, qtbot, Qt.Key_M)
    assert Wrong.searches == 2


def test_what_a_network_read_goes_with_the_network(tab, qtbot):
    tab.network.confirm(fakes.model())
    assert "This network reads 7." in shown(tab, qtbot, Qt.Key_M)
    caption = tab.pictures.caption
    before = caption.text()
    tab.network.confirm(fakes.model(0.7))
    assert caption.text() == before.partition(" This network")[0]
    assert caption.text().endswith(".")
    assert caption.isVisible()


def test_a_bar_that_was_chosen_is_not_chosen_for_the_next_picture(tab, qtbot):
    tab.network.confirm(fakes.model())
    tab.answer.bars.choose(4)
    shown(tab, qtbot, Qt.Key_R)
    assert tab.answer.bars.chosen is None


def test_without_a_network_or_a_mistake_that_is_said(tab, qtbot, monkeypatch, notices):
    QTest.keyClick(tab.canvas, Qt.Key_M)
    assert "not ready yet" in notices.pop().sentence
    tab.network.confirm(fakes.model())
    monkeypatch.setattr(FewDigits, "all", lambda self: (np.ones((1, 1, 28, 28), np.uint8), [7]))
    QTest.keyClick(tab.canvas, Qt.Key_M)
    qtbot.waitUntil(lambda: bool(notices))
    assert "none of the test digits wrong" in notices[0].sentence
    assert not tab.canvas.drawing.can_undo


def test_a_failed_search_can_be_repeated(tab, qtbot, monkeypatch):
    from mnist_draw.app.kit.reporting import reporter
    from mnist_draw.errors import UserError

    said: list[str] = []
    reporter.listen(said.append)
    tab.network.confirm(fakes.model())

    def broken(self):
        raise UserError("The test digits are gone.")

    with monkeypatch.context() as patch:
        patch.setattr(FewDigits, "all", broken)
        QTest.keyClick(tab.canvas, Qt.Key_M)
        qtbot.waitUntil(lambda: bool(said))
        assert running.shut_down()
    assert said == ["The test digits are gone."]
    qtbot.waitUntil(lambda: not tab.pictures.examples._busy)
    assert "This network reads 7" in shown(tab, qtbot, Qt.Key_M)


def test_both_ways_are_in_the_menu(tab, qtbot):
    actions = tab.tools.example.menu().actions()
    assert [(action.text(), action.shortcut().toString()) for action in actions] == [
        ("A test digit", "R"),
        ("A mistake of this network", "M"),
    ]
    actions[0].trigger()
    qtbot.waitUntil(tab.canvas.has_ink, timeout=10_000)
