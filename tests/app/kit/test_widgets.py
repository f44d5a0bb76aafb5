"""Commands, cards, labels and rows; a run's figures, which must lay the window out only once."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QEvent, QObject, QPoint, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyleOptionComboBox,
    QStylePainter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.overlays import BoardCaption
from mnist_draw.app.kit import widgets
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.formatting import (
    format_duration,
    format_loss,
    format_percent,
    format_probability,
)
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel, TabularLabel
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, no_key, push_button, tip
from mnist_draw.app.shell.header import Header, Work
from mnist_draw.app.train.run_state import RunState
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.training import events


@pytest.fixture
def owner(qtbot):
    """Return a visible owner with room for controls."""
    widget = QWidget()
    QVBoxLayout(widget)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    return widget


def test_a_button_is_described_and_follows_the_state(owner):
    done: list[str] = []
    command = Command(owner, "Undo", "Take it back.", "Ctrl+Z", lambda: done.append("undone"))
    button = QPushButton(owner)
    command.serve(button)
    assert button.toolTip() == "Take it back. (Ctrl+Z)"
    assert button.accessibleName() == "Undo"
    command.setEnabled(False)
    assert not button.isEnabled()
    button.click()
    assert not done
    command.setEnabled(True)
    button.click()
    assert done == ["undone"]


def test_each_of_its_keys_does_it_but_a_field_takes_its_own(owner, qtbot):
    done: list[str] = []
    Command(owner, "Redo", "Again.", "Ctrl+Y, R", lambda: done.append("again"))
    QTest.keyClick(owner, Qt.Key_Y, Qt.ControlModifier)
    QTest.keyClick(owner, Qt.Key_R)
    assert done == ["again"] * 2
    field = QLineEdit(owner)
    owner.layout().addWidget(field)
    field.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClick(field, Qt.Key_R)
    assert field.text() == "r"
    assert done == ["again"] * 2


def test_titles_of_neighbouring_cards_are_in_one_line(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    line = QHBoxLayout(page)
    menu = ComboBox()
    menu.setProperty("look", "quiet")
    beside = (None, push_button("link", "Another card", "Show it.", look="link"), menu)
    titles = []
    for widget in beside:
        card = Card("Title")
        if widget is not None:
            card.top.addWidget(widget)
        card.body.addStretch(1)
        titles.append(card.findChild(QLabel))
        line.addWidget(card)
    page.resize(900, 200)
    page.show()
    middles = {title.mapTo(page, QPoint(0, title.height() // 2)).y() for title in titles}
    assert len(middles) == 1


def test_a_name_that_looks_like_markup_is_shown_as_it_is(qtbot):
    named = "Kreis & <b>fett"
    canvas = Canvas()
    qtbot.addWidget(canvas)
    shown = [label(named, "muted"), FittedLabel(), TabularLabel(), BoardCaption(canvas)]
    for one in shown:
        assert one.textFormat() == Qt.PlainText
    button = push_button("named", no_key(named), f"Show {named}.")
    qtbot.addWidget(button)
    assert "&lt;b&gt;fett" in button.toolTip()
    assert "&lt;b&gt;fett" in button.whatsThis()
    # One ampersand would be the sign for a key.
    assert button.text() == "Kreis && <b>fett"
    assert tip("Salt & pepper.") == "Salt & pepper."


def test_a_row_has_its_parts_gap_margins_and_stretch(qtbot):
    owner, parts = QWidget(), [QWidget() for _ in range(3)]
    qtbot.addWidget(owner)
    made = row(
        parts[0], (column(parts[1]), 2), 1, parts[2], gap=3, margins=(1, 2, 3, 4), owner=owner
    )
    assert owner.layout() is made
    assert (made.spacing(), made.contentsMargins().bottom()) == (3, 4)
    assert [made.stretch(place) for place in range(made.count())] == [0, 2, 1, 0]
    assert all(part.parent() is owner for part in parts)


def test_a_long_choice_ends_in_an_ellipsis(monkeypatch, qtbot):
    shown: list[str] = []

    class Painter(QStylePainter):
        def drawControl(self, element, option):
            assert isinstance(option, QStyleOptionComboBox)
            shown.append(option.currentText)

    monkeypatch.setattr(widgets, "QStylePainter", Painter)
    combo = ComboBox()
    qtbot.addWidget(combo)
    combo.addItem("Convolutional network with dropout and very many hidden units")
    combo.setFixedWidth(120)
    combo.grab()
    assert shown
    assert shown[-1].startswith("Conv")
    assert shown[-1].endswith("…")


def test_a_tooltip_has_short_lines(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    sentence = "A sentence that says at great length " * 5
    explain(widget, "Name", sentence.strip(), "Ctrl+K")
    lines = widget.toolTip().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 75
    assert " ".join(lines) == f"{sentence.strip()} (Ctrl+K)"


class Layouts(QObject):
    """Collects who is to lay out its children again."""

    def __init__(self):
        super().__init__()
        self.of: list[QObject] = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.LayoutRequest and not isinstance(watched, GrowingLabel):
            self.of.append(watched)
        return False


class Shown:
    """The Train tab and the header in a window, with a run that goes on."""

    def __init__(self, qtbot):
        self._qtbot = qtbot
        self.state = RunState()
        self.tabs = QTabWidget()
        qtbot.addWidget(self.tabs)
        self.tab, self.header = TrainTab(), Header(ActiveNetwork(), QToolButton())
        self.tab.show_page("run")
        self.tabs.addTab(self.tab, "Train")
        self.tabs.setCornerWidget(self.header)
        self.tabs.resize(1366, 728)
        self.tabs.show()
        qtbot.waitExposed(self.tabs)

    def take(self, *happened):
        for event in happened:
            self.state.apply(event)
            self.tab.show_state(self.state, self.state, running=True, can_continue=False)
            steady = self.state.state == "training"
            self.header.network.work.show_work(Work(self.state.label, is_steady=steady))
            QApplication.processEvents()

    def epoch(self, number):
        self.take(
            events.BatchFinished(number, 20, 1, 100, 0.3, 0.9, 0.004),
            events.BatchFinished(number, 20, 100, 100, 0.2, 0.95, 0.004),
            events.Validating(number),
            events.EpochFinished(number, 20, 0.5, 0.2, 0.95, 0.1, 0.97, 1e5, True, []),
        )


def test_epochs_go_by_without_a_new_layout(qtbot, qapp):
    shown, layouts = Shown(qtbot), Layouts()
    for number in (1, 2):
        shown.epoch(number)
    qapp.installEventFilter(layouts)
    for number in range(3, 9):
        shown.epoch(number)
    qapp.removeEventFilter(layouts)
    assert layouts.of == []


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


@pytest.mark.parametrize(
    ("part", "text", "short"),
    [
        (1.0, "over 99.9 %", ">99.9 %"),
        (0.99951, "over 99.9 %", ">99.9 %"),
        (0.9994, "99.9 %", "99.9 %"),
        (0.5, "50.0 %", "50.0 %"),
        (0.0006, "0.1 %", "0.1 %"),
        (0.0004, "under 0.1 %", "<0.1 %"),
        (0.0, "under 0.1 %", "<0.1 %"),
    ],
)
def test_no_probability_is_rounded_to_certainty(part, text, short):
    assert format_probability(part) == text
    assert format_probability(part, short=True) == short


def test_figures_and_times_as_text():
    assert format_probability(0.996, decimals=0) == "over 99 %"
    assert format_probability(0.9, decimals=0) == "90 %"
    assert format_percent(0.97844) == "97.84 %"
    assert format_percent(None) == format_loss(None) == "–"
    assert format_loss(0.07312) == "0.0731"
    # A diverging loss takes no more room than a good one.
    assert len(format_loss(123456789.0)) <= len("1.23e+08")
    clocks = {0: "0:00", 59.6: "1:00", 61: "1:01", 3661: "1:01:01"}
    assert {seconds: format_duration(seconds) for seconds in clocks} == clocks
