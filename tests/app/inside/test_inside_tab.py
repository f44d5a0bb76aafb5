"""The frame of the tab Inside: one example for all sections, built when it is looked at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QObject, QPointF, QSize, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mnist_draw.analysis.example import Example
from mnist_draw.analysis.guide import guide
from mnist_draw.analysis.table import Table
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.network_menu import NetworkMenu
from mnist_draw.app.inside import inside_view
from mnist_draw.app.inside.example import ExampleCard
from mnist_draw.app.inside.inside_bar import TableWindow
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.inside.section import Section
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.recognition.answer import Answer
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences

from ..fakes import Notices, answer, model


class Noting(Section):
    """A section that notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.active = False
        self.network: ModelFile | None = None
        self.example: Example | None = None
        self.opened = ""

    def use_network(self, model: ModelFile, key: str) -> None:
        self.network = model

    def show_example(self, example: Example | None) -> None:
        self.example = example

    def set_active(self, on: bool) -> None:
        self.active = on

    def open_view(self, view: str) -> None:
        self.opened = view

    def table(self) -> Table:
        return Table.of("What it notes", ("what",), [("all",)])


class First(Noting):
    """The section Network stands in the place of this one."""

    name, title, question = "network", "First", "What is first?"


class Second(Noting):
    """Another."""

    name, title, question = "second", "Second", "What is second?"


@pytest.fixture
def tab(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[InsideTab]:
    """Return a visible tab with two sections."""
    monkeypatch.setattr(inside_view, "SECTIONS", (First, Second))
    canvas, models = Canvas(), NetworkMenu(ActiveNetwork())
    for widget in (canvas, models):
        qtbot.addWidget(widget)
    canvas.resize(600, 600)
    made = InsideTab(canvas, models, Preferences(tmp_path / "preferences.json"))
    qtbot.addWidget(made)
    yield made
    assert made.wait()


def draw(tab: InsideTab, label: str = "4", winner: int | None = 4, second: int = 9) -> Answer:
    """Let the tab follow a drawing on the Draw tab."""
    said = answer(label, winner, second)
    tab.show_drawing(said.network_input, said.probabilities, winner)
    return said


def show_active(tab: InsideTab, qtbot: QtBot) -> None:
    """Show the tab so that its keys work."""
    tab.show()
    tab.activateWindow()
    qtbot.waitUntil(tab.isActiveWindow)


def noted(tab: InsideTab, name: str) -> Noting:
    """Return one of the sections."""
    section = tab.open()._made[name]
    assert isinstance(section, Noting)
    return section


def words(tab: InsideTab, name: str) -> str:
    """Return a label's text."""
    found = tab.findChild(QLabel, name)
    assert found is not None
    return found.text()


def test_nothing_is_built_before_it_is_looked_at(tab: InsideTab) -> None:
    tab.use_network(model(), "shipped:mlp")
    assert not tab.findChildren(QObject, "exampleCard")
    tab.show()
    assert tab.findChildren(QObject, "exampleCard")
    assert noted(tab, "network").network is not None
    assert noted(tab, "network").active


def test_only_the_section_in_front_is_active_and_only_while_visible(tab: InsideTab) -> None:
    tab.show()
    view = tab.open()
    view.open_section("second")
    assert (noted(tab, "network").active, noted(tab, "second").active) == (False, True)
    assert words(tab, "insideQuestion") == "What is second?"
    tab.hide()
    assert not noted(tab, "second").active
    tab.show()
    assert noted(tab, "second").active


def test_what_all_sections_find_is_told_once(tab: InsideTab, notices: Notices) -> None:
    view = tab.open()
    tab.use_network(model(), "file:a")
    view.open_section("second")
    noted(tab, "network").problem.emit("Its data are gone.")
    noted(tab, "second").problem.emit("Its data are gone.")
    assert notices.sentences == ["Its data are gone."]
    # Whoever asks the same section again is answered again.
    noted(tab, "second").problem.emit("Its data are gone.")
    noted(tab, "second").problem.emit("Something else.")
    assert notices.sentences == ["Its data are gone.", "Its data are gone.", "Something else."]
    tab.use_network(model(), "file:b")
    noted(tab, "second").problem.emit("Something else.")
    noted(tab, "network").problem.emit("Something else.")
    assert notices.sentences[3:] == ["Something else."]


def test_the_drawing_goes_through_all_sections(tab: InsideTab) -> None:
    tab.show()
    said = draw(tab)
    tab.open().open_section("second")
    for name in ("network", "second"):
        example = noted(tab, name).example
        assert example is not None
        assert example.picture is said.network_input
        assert (example.label, example.label_source) == (4, "answer")
    assert words(tab, "exampleAnswer") == "4"
    assert words(tab, "exampleSure") == "90.0 % sure"
    tab.show_drawing(None, None, None)
    assert noted(tab, "second").example is None
    assert words(tab, "exampleAnswer") == ""


def test_a_drawing_made_while_the_tab_is_hidden_waits_for_it(tab: InsideTab) -> None:
    tab.show()
    tab.hide()
    said = draw(tab)
    assert noted(tab, "network").example is None
    tab.show()
    example = noted(tab, "network").example
    assert example is not None
    assert example.picture is said.network_input


def test_what_was_said_of_a_drawing_does_not_outlive_it(tab: InsideTab) -> None:
    tab.show()
    draw(tab)
    tab.label_drawing(9)
    tab.hide()
    tab.show_drawing(None, None, None)
    draw(tab)
    tab.show()
    assert words(tab, "exampleLabel") == "Read as a 4"
    tab.hide()
    draw(tab)
    tab.label_drawing(7)
    tab.show()
    assert words(tab, "exampleLabel") == "You said: it is a 7"


def test_the_first_look_waits_for_no_import(
    tab: InsideTab, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "mnist_draw.app.inside.inside_view")
    tab.show()
    assert tab.view is None
    qtbot.waitUntil(lambda: tab.view is not None)


def test_what_is_no_digit_is_known_as_such(tab: InsideTab) -> None:
    tab.show()
    draw(tab, "?", None)
    example = noted(tab, "network").example
    assert example is not None
    assert not example.is_digit
    assert words(tab, "exampleAnswer") == "?"
    assert words(tab, "exampleSure") == "Not a digit"
    assert words(tab, "exampleSecond").startswith("the network: ")


def test_what_the_user_says_holds_until_the_board_is_empty(tab: InsideTab) -> None:
    tab.show()
    draw(tab)
    tab.label_drawing(9)
    assert words(tab, "exampleLabel") == "You said: it is a 9"
    draw(tab)
    assert words(tab, "exampleLabel") == "You said: it is a 9"
    tab.show_drawing(None, None, None)
    draw(tab)
    assert words(tab, "exampleLabel") == "Read as a 4"


def test_a_picked_picture_stays_while_the_drawing_changes(tab: InsideTab) -> None:
    tab.show()
    view = tab.open()
    picked = Example(np.ones((28, 28), np.float32), 7, "data", "Test picture 12", 12)
    noted(tab, "network").example_picked.emit(picked)
    draw(tab)
    assert noted(tab, "network").example is picked
    assert words(tab, "exampleTitle") == "Test picture 12"
    assert words(tab, "exampleLabel") == "It is a 7"
    view.card.back_button.click()
    example = noted(tab, "network").example
    assert example is not None
    assert example.is_drawing


def test_classes_of_other_data_are_not_called_digits(tab: InsideTab) -> None:
    other = model(refused=0.9)
    tab._models.network.confirm(other)
    tab.use_network(other, "")
    tab.show()
    draw(tab)
    assert words(tab, "exampleLabel") == "Read as a class 4"
    assert words(tab, "exampleSecond").startswith("then class ")


def test_why_opens_the_section_network_on_that_pair(tab: InsideTab) -> None:
    tab.show()
    view = tab.open()
    view.open_section("second")
    picked = Example(np.ones((28, 28), np.float32), 9, "data", "Test picture 12", 12)
    noted(tab, "second").why_requested.emit(picked, 4, 9)
    assert view.section.name == "network"
    assert noted(tab, "network").opened == "why 4 9"
    assert noted(tab, "network").example is picked


def test_a_stroke_on_the_small_board_is_a_stroke_on_the_large_one(tab: InsideTab) -> None:
    tab.show()
    view, large = tab.open(), tab._canvas
    heard = []
    large.ink_changed.connect(lambda: heard.append(large.ink().any()))
    board = view.card.board
    board.begin(QPointF(60, 60), False)
    board.extend(QPointF(120, 120))
    board.end()
    assert heard
    assert all(heard)
    assert large.has_ink()
    large.grab()
    image = large._image
    centre = image.pixelColor(image.width() * 90 // 196, image.height() * 90 // 196)
    assert centre.alpha() == 255
    large.undo()
    assert not board.has_ink()
    assert not board.grab().isNull()
    assert not view.card.undo_button.isEnabled()


def test_a_stroke_is_taken_back_by_the_usual_key(tab: InsideTab, qtbot: QtBot) -> None:
    show_active(tab, qtbot)
    board = tab.open().card.board
    board.begin(QPointF(60, 60), False)
    board.end()
    board.setFocus()
    QTest.keyClick(board, Qt.Key_Z, Qt.ControlModifier)
    assert not tab._canvas.has_ink()
    QTest.keyClick(board, Qt.Key_Y, Qt.ControlModifier)
    assert tab._canvas.has_ink()


def test_the_section_and_the_guides_step_are_remembered(tab: InsideTab) -> None:
    tab.show()
    tab.open().open_section("second")
    tab.open().guide.show_step(9)
    tab.remember(tab._preferences)
    assert tab._preferences.get("inside_section", "") == "second"
    assert tab._preferences.get("inside_guide_step", 0) == 9


@pytest.mark.parametrize(
    ("suffix", "beginning"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".csv", b"what\nall\n")]
)
def test_a_view_is_saved(
    tab: InsideTab, tmp_path: Path, suffix: str, beginning: bytes, notices: Notices
) -> None:
    tab.show()
    menu = tab.open().menu
    path = tmp_path / f"view{suffix}"
    menu.save_to(path, suffix)
    assert path.read_bytes().startswith(beginning)
    assert notices.sentences == [f"Saved as {path}."]
    menu.save_to(tmp_path / "no" / "x", suffix)
    assert [notice.is_passing for notice in notices] == [True, False]


def test_a_view_is_read_as_a_table(tab: InsideTab, qtbot: QtBot) -> None:
    tab.show()
    tab.open().menu.show_table()
    (window,) = tab.findChildren(TableWindow)
    assert window.view.objectName() == "viewTable"
    assert window.view.model().index(0, 0).data() == "all"
    window.close()


def test_what_is_copied_is_confirmed(tab: InsideTab, notices: Notices) -> None:
    tab.show()
    actions = {action.text(): action for action in tab.open().menu.actions()}
    actions["Copy as a table"].trigger()
    assert notices[0].is_passing


def guide_title(tab: InsideTab) -> str:
    """Return the title of the guide's step in front."""
    return tab.open().guide.title.text()


def test_the_guide_turns_to_the_section_and_shows_what_it_speaks_of(tab: InsideTab) -> None:
    tab.show()
    view = tab.open()
    assert view.guide.step.section == "network"
    view.guide.show_step(7)
    view.guide.show_button.click()
    assert view.section.name == "network"
    assert noted(tab, "network").opened == "unit"
    assert guide_title(tab) == "What one unit does"
    view.guide.next.click()
    assert guide_title(tab) == "One filter, everywhere"
    view.guide.show_step(12)
    # There is no map in this tab.
    assert not view.guide.show_button.isEnabled()


def test_the_guide_sets_an_example_up_where_nothing_is_drawn(tab: InsideTab, qtbot: QtBot) -> None:
    tab.show()
    view = tab.open()
    view.show_step(guide()[5])
    qtbot.waitUntil(lambda: noted(tab, "network").example is not None)
    example = noted(tab, "network").example
    assert example is not None
    assert (example.label, example.index) == (9, 2863)


def test_the_guide_sends_to_the_draw_tab(tab: InsideTab, qtbot: QtBot) -> None:
    tab.show()
    with qtbot.waitSignal(tab.draw_requested):
        tab.open().show_step(guide()[13])


def test_the_whole_guide_is_read_and_left(tab: InsideTab) -> None:
    tab.show()
    view = tab.open()
    view.guide.show_step(10)
    view.turn_page()
    assert view.page.isVisible()
    assert "10. One small step" in view.page.text.toPlainText()
    assert "rmsprop(loss, params" in view.page.text.toPlainText()
    view.open_section("second")
    assert not view.page.isVisible()
    assert not view.bar.guide.isChecked()


def test_on_the_wall_everything_is_larger_and_esc_ends_it(tab: InsideTab, qtbot: QtBot) -> None:
    show_active(tab, qtbot)
    view = tab.open()
    usual = theme.text_scale()
    with qtbot.waitSignal(tab.present_requested) as asked:
        view.present(True)
    assert asked.args == [True]
    assert theme.text_scale() == pytest.approx(1.35 * usual)
    assert QApplication.overrideCursor() is not None
    assert not view.bar.isVisible()
    view.guide.show_step(6)
    view.turn_guide(1)
    assert noted(tab, "network").opened == "unit"
    QTest.keyClick(view, Qt.Key_Escape)
    assert theme.text_scale() == usual
    assert QApplication.overrideCursor() is None
    assert view.bar.isVisible()
    assert view.left.indexOf(view.guide) == 1
    view.present(True)
    tab.hide()
    assert not view.presenting
    assert theme.text_scale() == usual


def test_a_section_that_needs_much_room_does_not_make_the_window_larger(
    tab: InsideTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(First, "minimumSizeHint", lambda _: QSize(3000, 2000), raising=False)
    tab.show()
    view = tab.open()
    assert view.minimumSizeHint().width() < 1500
    assert view.stack.minimumSizeHint().width() >= 3000
    # It scrolls; another one in front of it needs no scrolling.
    view.open_section("second")
    assert view.stack.minimumSizeHint().width() < 3000


def test_long_names_of_classes_cut_no_figure(qtbot: QtBot) -> None:
    card = ExampleCard(Canvas())
    qtbot.addWidget(card)
    card.show()
    card.show_answer(np.array([0.0, 1.0], np.float32), ["a parallelogram", "a rhombus"].__getitem__)
    _, painted = card.sure.fitted()
    assert painted == card.sure.text()


def test_no_picture_is_taken_of_what_is_still_to_come(
    tab: InsideTab, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab.show()
    view = tab.open()
    QApplication.clipboard().setText("before")
    monkeypatch.setattr(noted(tab, "network"), "is_pending", lambda: True)
    view.menu._copy_picture()
    assert "still being computed" in notices[0].sentence
    assert QApplication.clipboard().text() == "before"
    monkeypatch.undo()
    assert not noted(tab, "network").is_pending()
