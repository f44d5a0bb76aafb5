"""A run's figures change many times a second, and must not have the window laid out each time."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QEvent, QObject
from PyQt5.QtWidgets import QApplication, QLabel, QTabWidget

from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel
from mnist_draw.app.shell.header import StatusCorner
from mnist_draw.app.train.run_state import RunState
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.training import events


class Layouts(QObject):
    """Collects who is to lay out its children again."""

    def __init__(self):
        super().__init__()
        self.of: list[QObject] = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.LayoutRequest and not isinstance(watched, GrowingLabel):
            self.of.append(watched)
        return False


@pytest.fixture
def layouts(qapp):
    found = Layouts()
    qapp.installEventFilter(found)
    yield found
    qapp.removeEventFilter(found)


class Shown:
    """The Train tab and the header in a window, with a run that goes on."""

    def __init__(self, qtbot):
        self._qtbot = qtbot
        self.state = RunState()
        self.tabs = QTabWidget()
        qtbot.addWidget(self.tabs)
        self.tab, self.header = TrainTab(), StatusCorner()
        self.tabs.addTab(self.tab, "Train")
        self.tabs.setCornerWidget(self.header)
        self.tabs.resize(1366, 728)
        self.tabs.show()
        qtbot.waitExposed(self.tabs)

    def take(self, *happened):
        for event in happened:
            self.state.take(event)
            self.tab.show_state(self.state, running=True, can_continue=False)
            self.header.show_status(self.state.label, active=True, passing=True)
            QApplication.processEvents()

    def epoch(self, number):
        self.take(
            events.BatchFinished(number, 20, 1, 100, 0.3, 0.9, 0.004),
            events.BatchFinished(number, 20, 100, 100, 0.2, 0.95, 0.004),
            events.Validating(number),
            events.EpochFinished(number, 20, 0.5, 0.2, 0.95, 0.1, 0.97, 1e5, True, []),
        )


def test_epochs_go_by_without_a_new_layout(qtbot, layouts):
    shown = Shown(qtbot)
    for number in (1, 2):
        shown.epoch(number)
    layouts.of.clear()
    for number in range(3, 9):
        shown.epoch(number)
    assert layouts.of == []


def test_words_of_two_lines_get_the_room_for_both(qtbot):
    shown = Shown(qtbot)
    label = shown.tab.findChild(QLabel, "stateLabel")
    shown.epoch(1)
    one_line = label.height()
    shown.take(events.Finished("early", 8, 4.0, []))
    assert label.text().startswith("Finished early: the validation loss fell no more")
    assert label.height() >= label.heightForWidth(label.width()) > one_line
    shown.epoch(2)
    qtbot.waitUntil(lambda: label.height() == one_line)


def test_the_header_takes_no_more_room_than_its_words_once_they_stay(qtbot):
    shown = Shown(qtbot)
    shown.epoch(1)
    wide = shown.header.words.width()
    shown.header.show_status("Ready", active=False, passing=True)
    assert shown.header.words.width() == wide
    shown.header.show_status("Ready", active=False, passing=False)
    assert shown.header.words.width() < wide


def test_a_sentence_takes_two_smaller_lines_before_it_is_cut(qtbot):
    label = FittedLabel(12, two_lines=True)
    qtbot.addWidget(label)
    label.setText("How does it come to its answer?")
    label.resize(600, 40)
    assert label._wrapped() is None
    assert label.fitted()[1] == label.text()
    label.resize(150, 40)
    assert label._wrapped() is not None
    label.resize(150, 15)
    assert label._wrapped() is None
    assert "…" in label.fitted()[1]
