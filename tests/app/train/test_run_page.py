"""The page of a run: its digits, its card at the end, and its arrangement."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QTextDocument
from PyQt5.QtTest import QTest

from mnist_draw.app.kit import theme
from mnist_draw.app.train import run_page
from mnist_draw.app.train.finished_card import details, headline
from mnist_draw.app.train.run_page import RunPage
from mnist_draw.app.train.run_state import RunState
from mnist_draw.app.train.shown_run import ShownRun
from mnist_draw.app.train.twelve_digits_card import TwelveDigitsCard
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.certainty import certainty_from
from mnist_draw.recognition.twelve_digits import DigitsRead, TwelveDigits
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.training import events
from mnist_draw.training.record import Run, with_figures
from mnist_draw.training.settings import TrainingSettings

from .conftest import NETWORK, figures

TWELVE = TwelveDigits(
    tuple(range(100, 112)),
    np.zeros((12, 1, 28, 28), np.uint8),
    (*range(10), 2, 6),
    DIGITS,
    10_000,
)


def read(*wrong):
    """Return a reading that is right but for some of the digits."""
    right = tuple(number not in wrong for number in range(12))
    answers = [label if ok else 0 for label, ok in zip(TWELVE.labels, right, strict=True)]
    return DigitsRead(tuple(answers), right)


def test_the_digits_say_what_was_read_and_open(qtbot, show):
    card = show(TwelveDigitsCard(), 494, 222)
    card.show_digits(TWELVE, None)
    assert card.right.text() == "None read yet"
    unread = card.grid.grab().toImage()
    card.show_digits(TWELVE, read(8, 11))
    assert card.right.text() == "10 of 12 right"
    assert card.grid.grab().toImage() != unread
    assert "Test picture 108: 8, read as 0." in card.grid.accessibleDescription()
    with qtbot.waitSignal(card.grid.chosen) as chosen:
        QTest.mouseClick(card.grid, Qt.LeftButton, pos=card.grid._box(7).center().toPoint())
    assert chosen.args == [107]
    QTest.keyClick(card.grid, Qt.Key_Right)
    QTest.keyClick(card.grid, Qt.Key_Down)
    with qtbot.waitSignal(card.grid.chosen) as chosen:
        QTest.keyClick(card.grid, Qt.Key_Return)
    assert chosen.args == [111]
    # In a high card there are fewer beside each other.
    assert card.grid._grid()[0] == 6
    card.resize(414, 376)
    assert card.grid._grid()[0] == 4


def result(reason, epochs=3, test=0.9824, **settings):
    made = figures(epochs)
    made.test_accuracy = test
    used = TrainingSettings(epochs=20, **settings)
    run = with_figures(Run(Path(), used, state=reason), made)
    return ShownRun(RunState.of_run(run, made), run, is_new=True)


@pytest.mark.parametrize(
    ("made", "begins", "contains", "compared"),
    [
        (result("completed", 20), "Your network reads 98.24 % of", "9,824 of 10,000", True),
        (result("early"), "Your network reads", "fell no more", False),
        (result("stopped"), "Stopped after 3 of 20 epochs. Your", "3 epochs in 3:00", True),
        (result("diverged", test=None), "Your network reads 95.00 %", "Epoch 3 is kept", False),
        (result("running", test=None), "Can go on after 3 of 20", "not tested yet", False),
        (
            result("completed", test=None, keep_best=True),
            "Your network reads 95.00 %",
            "Epoch 3 is kept: the lowest validation loss, 0.0667",
            False,
        ),
        (result("completed", 1, network="cnn"), "", "after 1 epoch in 1:00.", False),
        # How many test pictures there were is not known until they are read.
        (result("completed", 1, data_folder="gone"), "", "After 1 epoch in 1:00.", False),
    ],
)
def test_the_end_of_a_run_in_words(made, begins, contains, compared):
    assert re.sub("</?b>", "", headline(made)).startswith(begins)
    assert contains in details(made)
    assert ("The tutorial got" in details(made)) == compared


@pytest.mark.parametrize(("reason", "epochs"), [("completed", 8), ("stopped", 20)])
def test_a_run_is_trained_on_for_five_epochs_or_to_its_end(qtbot, show, reason, epochs):
    page = show(RunPage())
    made = result(reason)
    page.show_state(made.state, busy=False)
    page.show_result(made, True)
    # A figure and its unit stay in one line.
    shown = QTextDocument()
    shown.setHtml(page.finished.headline.text())
    assert "98.24\u00a0%" in shown.toRawText()
    assert ("5 epochs" in page.finished.on_button.text()) == (reason == "completed")
    with qtbot.waitSignal(page.finished.continue_requested) as asked:
        page.finished.on_button.click()
    assert asked.args == [epochs]


def test_the_network_of_a_run_reads_the_drawing_once_the_card_is_seen(qtbot, tmp_path):
    # Whatever it sees, it answers 6.
    weights = [np.zeros(shape, np.float32) for shape in ((784, 4), (4,), (4, 10), (10,))]
    weights[-1][6] = 9
    save_model(tmp_path / "model.npz", ModelFile(NETWORK, tuple(weights)))
    page = RunPage()
    qtbot.addWidget(page)
    ink = np.zeros((28, 28), np.float32)
    ink[4:24, 12:16] = 0.9
    page.finished.show_drawing(ink)
    page.show_result(replace(result("completed"), rescued=tmp_path / "model.npz"), True)
    page.show_state(result("completed").state, busy=False)
    page.show()
    drawing = page.finished.drawing
    qtbot.waitUntil(drawing.isVisible)
    assert drawing._read.text == "6"
    # A long name has more room, and never runs under the picture.
    usual = drawing.width()
    drawing.show_reading(ink, replace(drawing._read, text="Dreieck & X"))
    assert usual < drawing.width() < usual + 200
    # A refusal is no reading.
    drawing.show_reading(ink, certainty_from(np.full(10, 0.1), objection="No"))
    assert not drawing.isVisible()
    page.finished.show_drawing(None)
    assert not drawing.isVisible()


def test_how_long_ago_a_run_was_is_told_anew(qtbot, tmp_path, monkeypatch):
    page = RunPage()
    qtbot.addWidget(page)
    page.show_run(Run(tmp_path, TrainingSettings(), started="2026-01-01 10:00:00"), going_on=False)
    monkeypatch.setattr(run_page, "format_ago", lambda _: "7 min ago")
    page.show()
    assert page.about.text().endswith("7 min ago")


@pytest.mark.parametrize("scale", [1.5, 1.75])
def test_in_large_text_digits_stay_readable_and_titles_whole(qtbot, show, scale):
    page = show(RunPage(), 1240, 600)
    made = result("completed")
    page.show_result(made, True)
    theme.theme().resize_text(scale)
    for busy in (False, True):
        page.show_state(made.state, busy)
        qtbot.wait(1)
        assert page.digits.grid._grid()[1] >= 28
        assert page.digits.heading.width() >= page.digits.heading.sizeHint().width()


@pytest.mark.parametrize("size", [(680, 600), (1000, 620), (1366, 660), (1920, 1000)])
def test_no_state_widens_the_page(show, size):
    page = show(RunPage(), *size)
    state = RunState()
    state.begin()
    for event in (
        events.Started(1, 1000, 4, 500, 50_000),
        events.BatchFinished(1, 1000, 1, 4, 123456789.0, 1.0, 1e-9),
        events.EpochFinished(1, 1000, 9e6, 1e9, 1.0, 1e9, 1.0, 1e9, True, ()),
        events.Paused(1, 0),
        events.Testing(),
        events.Finished("stopped", 1, 1.0, ()),
    ):
        state.apply(event)
        page.show_state(state, busy=state.busy)
        if not state.busy:
            page.show_result(ShownRun(state, Run(Path(), TrainingSettings()), is_new=True), True)
        page.widget().layout().activate()
        assert page.widget().minimumSizeHint().width() <= size[0]
        assert page.size().width() == size[0]
        assert page.widget().width() <= size[0]


def test_curves_are_drawn_while_they_can_be_seen_and_when_they_are_shown(qtbot, show):
    page, state = show(RunPage(), 1240, 600), RunState()
    page.loss.build()
    state.begin()
    state.apply(events.Started(1, 10, 4, 500, 50_000))
    page.show_curves(state)
    page.hide()
    for batch in (1, 2, 3):
        state.apply(events.BatchFinished(1, 10, batch, 4, 1 / batch, 0.5, 0.001))
    page.draw_curves(state)
    assert page.loss._batch_curve.getData()[0] is None
    page.show()
    assert len(page.loss._batch_curve.getData()[0]) == 3
