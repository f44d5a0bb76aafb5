"""What floats on the board: tools, width, tags that teach, the caption, the first start's card."""

from dataclasses import replace
from typing import Any

import pytest
from qtpy.QtCore import QPoint, QPointF, QRectF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QSlider, QWidget

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.recognition import InkPlace
from mnist_draw.app.kit import theme
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer
from mnist_draw.recognition.certainty import State
from mnist_draw.storage.preferences import Preferences

from .. import fakes


@pytest.mark.parametrize(("width", "height", "panel"), [(1366, 676, 448), (1024, 648, 360)])
def test_the_board_leaves_the_panel_its_width(tab, width, height, panel):
    tab.resize(width, height)
    board = tab.canvas.geometry()
    assert (board.left(), board.top(), board.height()) == (20, 20, height - 40)
    # Text is larger on the offscreen platform.
    panel = min(theme.scaled(panel), round(0.45 * width))
    assert width - board.right() - 1 == 20 + panel + 20


def test_tools_stay_on_the_board(tab):
    bar = tab.tools
    tab.resize(1024, 648)
    assert bar.undo.height() == theme.scaled(44)
    assert abs(bar.geometry().center().y() - tab.canvas.rect().center().y()) <= 1
    tab.resize(1024, 400)
    assert tab.canvas.rect().contains(bar.geometry())


def test_large_text_leaves_the_board_its_room(tab):
    theme.theme().resize_text(1.75)
    wide = tab.tools.width()
    theme.theme().resize_text(1)
    assert wide < 1.5 * 64


def test_the_bar_lets_the_pen_through_and_a_press_on_it_draws_nothing(tab, qtbot):
    canvas, bar = tab.canvas, tab.tools
    gap = bar.geometry().topLeft() + QPoint(8, 8)
    QTest.mouseClick(bar, Qt.LeftButton, Qt.NoModifier, QPoint(8, 8))
    assert not canvas.has_ink()
    canvas.begin(QPointF(300, 300), erase=False)
    assert bar.graphicsEffect() is None
    canvas.extend(QPointF(gap))
    assert bar.graphicsEffect() is not None
    canvas.end()
    assert bar.graphicsEffect() is None
    assert canvas.ink_below(QRectF(bar.geometry())) > 0


def test_the_width_is_chosen_by_dot_slider_or_key(tab):
    tab.tools.width_button.click()
    popover = tab.tools.popover
    slider = popover.findChild(QSlider, "widthSlider")
    assert popover.isVisible()
    popover.findChild(QAbstractButton, "width72Button").click()
    assert (tab.canvas.pen_width, slider.value()) == (72, 72)
    slider.setValue(20)
    assert tab.canvas.pen_width == 20
    tab.canvas.begin(QPointF(200, 200), erase=False)
    tab.canvas.end()
    assert not popover.isVisible()
    QTest.keyClick(tab.canvas, Qt.Key_BracketRight)
    assert slider.value() == 24


def test_arrows_walk_through_the_tools_and_leave_the_crosshair_alone(tab):
    tab.tools.eraser.setFocus()
    for tool in (tab.tools.width_button, tab.tools.more):
        # Nothing can be undone or cleared.
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Down)
        assert tool.hasFocus()
    assert tab.canvas.key_pen.place is None


def test_the_menu_counts_the_taught_digits(tab):
    tab.network.state.set(taught=14, unlearned=2)
    assert fakes.entry(tab, "My digits").text() == "My digits (14)"


def test_the_keyboard_goes_to_what_takes_the_step_back(tab):
    tools = tab.tools
    tab.canvas.add_stroke([(200, 200)])
    for pressed, then in (
        (tools.clear, tools.undo), (tools.undo, tools.undo), (tools.undo, tools.redo),
        (tools.redo, tools.redo), (tools.redo, tools.undo),
    ):  # fmt: skip
        pressed.setFocus()
        QTest.keyClick(pressed, Qt.Key_Space)
        assert then.hasFocus()


# -- tags


class Taught:
    """Notes what is taught, and of which place."""

    def __init__(self, tab, monkeypatch):
        self.pairs: list[tuple[int, int | None]] = []
        monkeypatch.setattr(
            tab.teaching,
            "teach",
            lambda digit, place=None: self.pairs.append((digit, place)),
        )


@pytest.fixture
def taught(tab, monkeypatch):
    """Draw a number of two digits; return what is taught."""
    tab.canvas.add_stroke([(200, 100), (200, 300)])
    show_number(tab)
    return Taught(tab, monkeypatch).pairs


def show_number(tab):
    parts = []
    for place, digit in enumerate((4, 2)):
        said = fakes.answer(digit)
        box = (60 + 80 * place, 50, 60, 100)
        parts.append(DigitAnswer(digit, 0.9, box, said.probabilities, said.network_input))
    reading = fakes.reading(fakes.answer(4), NumberAnswer("42", tuple(parts)), tab.ticket)
    tab.show_reading(reading)


def test_a_digit_of_a_number_may_be_a_letter_until_that_is_settled(tab, taught):
    parts = []
    for place, (digit, letter) in enumerate(((4, ""), (8, "B"))):
        said = fakes.answer(digit)
        box = (60 + 80 * place, 50, 60, 100)
        part = DigitAnswer(digit, 0.99, box, said.probabilities, said.network_input)
        parts.append(replace(part, letter=letter))
    number = NumberAnswer("48", tuple(parts))
    places = (InkPlace((60, 50, 140, 100), "all"), *(InkPlace(p.box, p.text) for p in parts))
    reading = fakes.reading(fakes.answer(4), number, tab.ticket)
    tab.show_reading(replace(reading, places=places))
    assert [tag.read for tag in tab.boxes.tags] == ["4", "8 or B ?"]
    assert tab.answer.certainty.state is State.NOT_SURE
    assert "letter B" in tab.answer.certainty.line
    # That it is an 8 is settled, not taught; so is that it is none.
    press(tab, 1).buttons[8].click()
    assert [tag.read for tag in tab.boxes.tags] == ["4", "8"]
    assert tab.answer.certainty.is_named_alone
    press(tab, 1).none.click()
    assert tab.boxes.tags[1].read == "⊘"
    assert not taught


def press(tab, place):
    spot = tab.boxes.tag(place).center().toPoint()
    QTest.mouseClick(tab.canvas, Qt.LeftButton, Qt.NoModifier, spot)
    return tab.question


def test_a_press_teaches_only_the_digit_that_looks_chosen(tab, taught):
    """The boxes keep their places, and the whole number is never labeled by a digit's tag."""
    parts = [part for part in tab.answer.findChildren(QWidget) if part.isVisible()]
    places = [part.geometry() for part in parts]
    for place in (0, 1):
        question = press(tab, place)
        assert question.isVisible()
        assert tab.boxes.index == tab.answer.place == place
        question.buttons[7].click()
        assert not question.isVisible()
        assert tab.canvas.hasFocus()
    assert taught == [(7, 0), (7, 1)]
    assert [part.geometry() for part in parts] == places


def test_the_likely_digit_has_the_keyboard_and_a_digit_is_typed(tab, taught):
    question = press(tab, 0)
    assert question.buttons[tab.teaching.likely(0)].hasFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_Escape)
    assert not question.isVisible()
    assert taught == []
    press(tab, 0)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_9)
    assert taught == [(9, 0)]
    press(tab, 0)
    tab.canvas.add_stroke([(400, 400)])
    assert not question.isVisible()


def show_page(tab, top=(0, 220)):
    """Show a page of two lines, 42 and 7."""
    lines = []
    for number, high in zip(("42", "7"), top, strict=True):
        parts = []
        for place, digit in enumerate(map(int, number)):
            said = fakes.answer(digit)
            box = (60 + 80 * place, high, 60, 60)
            parts.append(DigitAnswer(digit, 0.9, box, said.probabilities, said.network_input))
        reading = fakes.reading(fakes.answer(4), NumberAnswer(number, tuple(parts)), tab.ticket)
        whole = InkPlace((60, high, 60 * len(number), 60), number)
        lines.append(replace(reading, places=(whole,)))
    tab.show_reading(replace(lines[0], lines=tuple(lines)))


def test_each_line_of_a_page_has_its_tags_and_a_press_chooses_line_and_digit(tab, taught):
    show_page(tab)
    assert [tag.read for tag in tab.boxes.tags] == ["4", "2", "7"]
    assert tab.boxes.index == 2
    press(tab, 0).buttons[9].click()
    assert tab.answer.number.text == "42"
    assert tab.boxes.index == 0
    # The last line has one digit, which is a part of the board.
    press(tab, 2).buttons[1].click()
    assert taught == [(9, 0), (1, 0)]
    # Where there is no room between the lines, only the chosen one has tags.
    show_page(tab, (0, 62))
    assert tab.boxes.index_at(tab.boxes.tag(0).center()) != 0


def test_lines_are_ruled_once_the_pen_rests(tab, qtbot):
    tab.canvas.add_stroke([(120, 20), (160, 90)])
    show_page(tab)
    ruled = tab.boxes.grab().toImage()
    QTest.mousePress(tab.canvas, Qt.LeftButton, Qt.NoModifier, QPoint(700, 20))
    QTest.mouseRelease(tab.canvas, Qt.LeftButton, Qt.NoModifier, QPoint(700, 20))
    tab.canvas.undo()
    show_page(tab)
    assert tab.boxes.grab().toImage() != ruled
    qtbot.waitUntil(lambda: tab.boxes.grab().toImage() == ruled)


def test_keys_choose_the_line_above_and_below(tab):
    tab.canvas.add_stroke([(200, 100), (200, 300)])
    show_page(tab)
    for key, text in ((Qt.Key_Up, "42"), (Qt.Key_Up, "42"), (Qt.Key_Down, "7")):
        QTest.keyClick(tab.canvas, key, Qt.ControlModifier)
        assert tab.answer.number.text == text
    assert not tab.canvas.key_pen.place


def test_lines_that_are_one_stay_so_until_the_board_is_empty(tab, taught):
    posted = []
    tab.ink_posted.connect(posted.append)
    entry = "All of it is one line"
    assert entry not in [action.text() for action in tab.boxes.menu(0).actions()]
    show_page(tab)
    tab.boxes.menu(0).actions()[-1].trigger()
    tab.canvas.add_stroke([(240, 100), (240, 300)])
    assert [ink.is_one_line for ink in posted] == [True, True]
    tab.canvas.clear()
    tab.canvas.add_stroke([(200, 100), (200, 300)])
    assert not posted[-1].is_one_line


def test_only_digits_are_drawn_here_is_chosen_in_the_menu_and_kept(show):
    preferences = Preferences()
    tab = show(DrawTab(preferences=preferences), 1200, 700)
    posted = []
    tab.ink_posted.connect(posted.append)
    tab.canvas.add_stroke([(200, 100), (200, 300)])
    assert not posted[-1].only_digits
    fakes.entry(tab, "Only digits").trigger()
    assert posted[-1].only_digits
    preferences.save()
    again = show(DrawTab(preferences=Preferences()), 1200, 700)
    assert fakes.entry(again, "Only digits").isChecked()


def test_all_of_it_is_one_digit_by_the_last_entry_of_the_right_click(tab, taught):
    last = tab.boxes.menu(1).actions()[-1]
    assert "one digit" in last.text()
    last.trigger()
    assert tab.boxes.whole
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_8)
    assert taught == [(8, None)]
    assert not tab.boxes.whole


def test_one_digit_has_a_tag_while_it_is_framed_and_a_number_has_its_own_boxes(tab, taught):
    assert tab.boxes.center is None
    tab.cut_out.trigger()
    assert tab.boxes.center is None
    assert len(tab.boxes.boxes) == 2
    tab.canvas.add_stroke([(200, 200)])
    tab.show_reading(fakes.reading(fakes.answer(4), ticket=tab.ticket))
    assert tab.boxes.center is not None
    press(tab, 0).buttons[5].click()
    assert taught == [(5, None)]
    tab.cut_out.trigger()
    assert tab.boxes.boxes == []


# -- the caption


def test_a_caption_is_never_on_ink(tab):
    caption = tab.pictures.caption
    caption.say("Looking for digits")
    low = caption.geometry()
    # A line through the place of the caption.
    for y in (low.center().y(), tab.canvas.height() - low.center().y()):
        unit = tab.canvas.pixels_per_unit()
        tab.canvas.add_stroke([(260, y / unit), (340, y / unit)])
        caption.say("Looking for digits")
        assert caption.isVisible()
        assert tab.canvas.ink_below(QRectF(caption.geometry())) == 0
        assert tab.canvas.rect().contains(caption.geometry())


def test_a_short_wait_is_not_told(tab, qtbot):
    caption = tab.pictures.caption
    caption.say_busy("Looking for digits")
    assert not caption.isVisible()
    caption.say("Test digit 3: it is a 0.")
    assert not caption.busy_timer.isActive()
    caption.busy_timer.setInterval(1)
    caption.say_busy("Looking for digits")
    qtbot.waitUntil(caption.isVisible)
    tab.canvas.add_stroke([(100, 100)])
    assert not caption.isVisible()


# -- the first start


@pytest.fixture
def preferences():
    return Preferences()


@pytest.fixture
def welcome(qtbot, show, preferences):
    """Return a visible tab of the first start."""
    tab = show(DrawTab(preferences=preferences), 1366, 676)
    tab.start()
    tab.focus_first()
    qtbot.waitUntil(tab.canvas.hasFocus)
    yield tab
    tab.finish()


def test_the_first_stroke_ends_the_card_even_on_it(welcome):
    first, canvas = welcome.first_start, welcome.canvas
    assert first.isVisible()
    spot = first.train.geometry().topLeft() - QPoint(60, 20)
    # A press on what looks like a button is no stroke.
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, spot)
    assert first.isVisible()
    assert not canvas.has_ink()
    QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, spot)
    canvas.extend(QPointF(300, 500))
    assert not first.isVisible()
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, spot)
    assert canvas.has_ink()
    canvas.clear()
    assert not first.isVisible()
    assert canvas.shows_invitation


def test_what_is_drawn_small_stays_on_the_board_at_the_first_start(welcome):
    """It was taken back as a press on the card."""
    canvas = welcome.canvas
    for key in (Qt.Key_Space, Qt.Key_Right, Qt.Key_Space):
        QTest.keyClick(canvas, key)
    assert canvas.has_ink()
    assert not welcome.first_start.isVisible()
    canvas.clear()
    welcome.first_start.begin()
    # A decimal point, beside the card.
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(60, 20))
    assert canvas.has_ink()


def test_the_written_digit_is_whole(welcome):
    picture = welcome.first_start.digit.grab().toImage()
    lines = [{picture.pixel(x, y) for x in range(picture.width())} for y in range(picture.height())]
    assert any(len(colors) > 1 for colors in lines)
    for edge in lines[0], lines[-1]:
        assert len(edge) == 1


def test_the_card_stays_when_the_language_changes_until_something_is_drawn(
    welcome,
    preferences,
    qtbot,
):
    for expected in (True, False):
        welcome.leave()
        after = DrawTab(preferences=preferences, before=welcome)
        qtbot.addWidget(after)
        after.start()
        assert after.first_start.isHidden() is not expected
        after.finish()
        welcome.first_start.end()


def test_the_card_asks_for_what_the_network_reads(welcome):
    first = welcome.first_start
    welcome.use_network(fakes.model(classes=list("ABCDEFGHIJ")))
    assert "A B C" in first.accessibleName()
    assert not first.digit.isVisible()
    assert "digit" not in first.example.text()
    welcome.use_network(fakes.model())
    assert first.digit.isVisible()
    assert "digit" in first.accessibleName()


def test_it_is_shown_once_and_leads_on(welcome, qtbot, preferences):
    first = welcome.first_start
    links: list[Any] = [first.example, first.tour]
    for link in links:
        assert welcome.canvas.rect().contains(link.geometry())
        assert not link.geometry().intersects(welcome.tools.geometry())
    welcome.activateWindow()
    for button in (*links, first.train, first.inside):
        welcome.canvas.setFocus()
        unseen = button.grab().toImage()
        button.setFocus(Qt.TabFocusReason)
        qtbot.waitUntil(button.hasFocus)
        assert button.grab().toImage() != unseen
    for button in (first.train, first.inside):
        assert welcome.canvas.childAt(button.geometry().center()) is button
    QTest.keyClick(welcome.canvas, Qt.Key_Escape)
    assert not welcome.first_start.isVisible()
    assert not any(link.isVisible() for link in links)
    again = DrawTab(preferences=preferences)
    qtbot.addWidget(again)
    assert not again.welcomes
