"""The answer, its bars and what the network sees: what is painted and what is said."""

import string
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest
from qtpy import sip
from qtpy.QtCore import QPoint, QPointF, QRect, Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QWidget

from mnist_draw.app.draw.answer_figure import AnswerFigure, pieces_of
from mnist_draw.app.draw.answer_panel import AnswerPanel, others_under, panel_width
from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.ink_card import InkLegend, InkView, describe
from mnist_draw.app.draw.recognition import InkPlace
from mnist_draw.app.kit import theme
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
from mnist_draw.storage import ModelFile

from .. import fakes

PICTURE = np.ones((28, 28), np.float32)


def probabilities(**digits):
    """Return ten probabilities: those given as ``d3=0.7``, the rest spread evenly."""
    values = np.full(10, (1 - sum(digits.values())) / (10 - len(digits)), np.float32)
    for name, value in digits.items():
        values[int(name[1])] = value
    return values


def part(digit, **digits):
    """Return a digit of a number; None for a refused one."""
    values = probabilities(**digits) if digits else np.full(10, 0.1, np.float32)
    sure = 0.0 if digit is None else float(values[digit])
    return DigitAnswer(digit, sure, (0, 0, 9, 9), values, PICTURE)


def place(part, owner):
    """Return where a part of a widget is in it."""
    return QRect(part.mapTo(owner, QPoint()), part.size())


class Shown:
    """A visible panel and the questions that it asks."""

    def __init__(self, qtbot):
        self.panel = AnswerPanel()
        qtbot.addWidget(self.panel)
        self.panel.resize(448, 636)
        self.panel.show()
        self.panel.set_waiting("")
        self.panel.ink.switch.setChecked(True)
        self.questions: list[tuple[Any, int, int]] = []
        self.panel.explanation_requested.connect(lambda *question: self.questions.append(question))
        self.taught: list[tuple[int, Any]] = []
        self.panel.teach_requested.connect(lambda *told: self.taught.append(told))

    @property
    def digits(self):
        return [digit for _, digit, _ in self.questions]

    @property
    def said(self):
        """Return the figure, the word and the line below it."""
        block = self.panel.block
        return block.figure.text(), block.word.text(), block.line.text()

    def read(self, digit):
        self.panel.show_reading(fakes.reading(fakes.answer(digit)))

    def show(self, objection="", **digits):
        answer = Answer(probabilities(**digits), PICTURE, objection)
        self.panel.show_reading(fakes.reading(answer))

    def show_number(self, *parts):
        text = "".join(part.text for part in parts)
        self.panel.show_reading(fakes.reading(fakes.answer(None), NumberAnswer(text, parts)))

    def read_number(self, text):
        recogniser = fakes.Recogniser(fakes.model())
        recogniser.number = text
        number = recogniser.read_number(np.ones((5, 5), np.uint8), fakes.answer())
        self.panel.show_reading(fakes.reading(fakes.answer(None), number))

    def explain(self):
        _, digit, ticket = self.questions[-1]
        self.panel.show_explanation(fakes.explanation(digit), ticket)

    def click(self, digit):
        bar = self.panel.bars.bars[digit]
        QTest.mouseClick(self.panel.bars, Qt.LeftButton, Qt.NoModifier, bar.geometry().center())

    def legend(self):
        return self.panel.ink.legend.parts()


@pytest.fixture
def shown(qtbot):
    return Shown(qtbot)


@pytest.mark.parametrize(
    ("digits", "said", "named"),
    [
        ({"d3": 0.978}, ("3", "Sure", "97.8% for 3"), {3}),
        ({"d3": 0.7}, ("3", "Fairly sure", "70.0% for 3"), {3}),
        ({"d3": 0.54, "d8": 0.38}, ("3 or 8", "Unclear", "54% for 3, 38% for 8"), {3, 8}),
        ({"d3": 0.45, "d5": 0.3}, ("3", "Not sure", "Perhaps 3 or 5"), set()),
    ],
)
def test_an_answer_has_one_look_for_each_state(shown, digits, said, named):
    shown.show(**digits)
    assert shown.said == said
    assert shown.panel.bars.named == named
    assert shown.panel.why_link.text() == "Why 3?"
    # Accent means that the program stands behind it; what is not sure is muted.
    image = shown.panel.block.figure.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(20, 110)}
    assert (theme.color("accent").name() in colors) == bool(named)


def test_refused_ink_has_no_bars_and_nothing_is_explained(shown):
    shown.read(3)
    shown.explain()
    shown.questions.clear()
    shown.show("It is more like a letter.", d3=0.99)
    assert shown.said == ("⊘", "Not a digit", "It is more like a letter.")
    assert shown.panel.bars.refused
    assert not any(bar.value() for bar in shown.panel.bars.bars)
    assert shown.digits == []
    assert shown.panel.ink.view.explanation is None
    asked: list[bool] = []
    shown.panel.why_link.refusal_requested.connect(lambda: asked.append(True))
    assert "not a digit" in shown.panel.why_link.text()
    shown.panel.why_link.click()
    assert asked == [True]


@pytest.mark.parametrize("size", [1.0, 1.3, 1.5, 1.75])
def test_both_buttons_can_be_clicked_however_long_their_texts_are(shown, size, monkeypatch):
    longest = "Pourquoi pas un chiffre ?"
    monkeypatch.setattr("mnist_draw.app.draw.answer_block.no_key", lambda text: longest)
    theme.theme().resize_text(size)
    block = shown.panel.block
    shown.panel.resize(panel_width(1024), 560)
    shown.show("It is more like a letter.")
    QApplication.processEvents()
    height = block.height()
    why = place(block.why, block)
    wrong = place(block.wrong, block)
    assert block.rect().contains(why)
    assert block.rect().contains(wrong)
    assert not why.intersects(wrong)
    assert not any(place(part, block).intersects(why) for part in (block.figure, block.word))
    monkeypatch.undo()
    shown.read(3)
    QApplication.processEvents()
    assert block.rect().contains(place(block.wrong, block))
    shown.panel.show_nothing()
    QApplication.processEvents()
    assert block.height() <= height


def test_a_number_names_its_sure_digits_and_none_beside_a_refused_part(shown):
    shown.show_number(part(9, d9=0.52, d4=0.25), part(3, d3=0.88))
    assert shown.said == ("93", "Not sure", "93 or 43?")
    assert shown.panel.bars.named == {3}
    shown.panel.choose_place(0)
    assert shown.panel.why_link.text() == "Why 9?"
    assert not shown.panel.bars.named
    # Before: "Why 9?", "What spoke for 0", ten bars at 10%, and "42?" in the accent's color.
    shown.panel.show_nothing()
    shown.questions.clear()
    shown.show_number(part(4, d4=0.95), part(2, d2=0.95), part(None))
    assert shown.said == ("42⊘", "Not sure", "1 part is not a digit")
    assert shown.panel.bars.refused
    assert not shown.panel.bars.known
    assert shown.digits == []
    assert "digit" in shown.panel.why_link.text()
    shown.panel.choose_place(0)
    assert shown.digits == [4]
    assert not shown.panel.bars.named


def test_no_digit_of_a_number_that_is_not_sure_is_in_the_color_of_sure_ones(shown):
    shown.show_number(part(7, d7=0.75, d3=0.1), part(7, d7=0.75, d1=0.02))
    assert shown.said == ("77", "Not sure", "77 or 37?")
    assert {kind for __, kind in pieces_of(shown.panel.certainty)} == {"doubt"}


def test_refused_ink_offers_no_bars_after_an_answer_that_left_none_untold(shown):
    button = shown.panel.bars_card.all_button
    button.click()
    even = np.full(10, 0.1, np.float32)
    shown.panel.show_reading(fakes.reading(Answer(even, PICTURE)))
    assert not button.isHidden()
    shown.panel.show_reading(fakes.reading(Answer(even, PICTURE, "It is no digit.")))
    assert button.isHidden()


def test_before_the_first_stroke_it_says_where_the_answer_will_be(shown):
    block = shown.panel.block
    assert shown.said[0] == ""
    assert "first stroke" in shown.said[2]
    assert block.why.isHidden()
    assert block.wrong.isHidden()
    assert shown.panel.bars_card.all_button.isHidden()
    shown.panel.expect_reading()
    assert "Reading" in " ".join(shown.said)
    shown.panel.show_nothing()
    shown.panel.set_waiting("Getting ready")
    assert "Getting ready" in shown.said[2]
    shown.read(3)
    assert not block.wrong.isHidden()


def test_wrong_offers_ten_digits_in_place_and_gives_the_focus_back(shown, qtbot):
    block = shown.panel.block
    shown.panel.activateWindow()
    qtbot.waitUntil(shown.panel.isActiveWindow)
    shown.show(d3=0.8, d5=0.15)
    block.wrong.setFocus()
    height = block.height()
    QTest.mouseClick(block.wrong, Qt.LeftButton)
    assert block.asking
    assert block.buttons[5].hasFocus()
    assert not block.wrong.isVisible()
    assert block.height() == height
    assert all(block.rect().contains(place(button, block)) for button in block.buttons)
    QTest.keyClick(block.buttons[5], Qt.Key_Escape)
    assert not block.asking
    block.begin()
    assert block.cancel.isVisible()
    block.cancel.click()
    assert not block.asking
    assert not block.cancel.isVisible()
    assert block.wrong.hasFocus()
    # What had it may be gone by then.
    field = QLineEdit(shown.panel)
    field.show()
    field.setFocus()
    block.begin()
    sip.delete(field)
    block.cancel.click()
    assert block.wrong.hasFocus()
    block.begin()
    QTest.keyClick(block.buttons[5], Qt.Key_7)
    assert shown.taught == [(7, None)]
    assert not block.asking
    # Of a number the digit in the segments is taught.
    shown.panel.resize(360, 600)
    shown.read_number("207")
    shown.panel.choose_place(1)
    block.begin()
    assert all(block.rect().contains(place(button, block)) for button in block.buttons)
    block.buttons[8].click()
    assert shown.taught[-1] == (8, 1)


def test_the_dots_below_what_is_not_sure_are_within_the_figure(shown):
    shown.show(d4=0.4, d9=0.3)
    figure = shown.panel.block.figure
    picture = figure.grab().toImage()
    ground = picture.pixel(0, 0)
    lines = [
        [picture.pixel(x, y) != ground for x in range(picture.width())]
        for y in range(picture.height())
    ]
    lowest = next(line for line in reversed(lines) if any(line))
    starts = sum(ink and not before for before, ink in pairwise(lowest))
    assert starts >= 5


def test_the_figure_can_be_marked_and_copied(shown):
    shown.read_number("123456789012")
    figure = shown.panel.block.figure
    QTest.keyClick(figure, Qt.Key_C, Qt.ControlModifier)
    assert QApplication.clipboard().text() != "123456789012"
    QTest.mouseDClick(figure, Qt.LeftButton)
    QTest.keyClick(figure, Qt.Key_C, Qt.ControlModifier)
    assert QApplication.clipboard().text() == "123456789012"


def test_a_minus_is_shown_as_one_and_copied_as_a_hyphen(shown):
    shown.show_number(DigitAnswer(None, 0.9, (0, 0, 9, 9), sign="-"), part(7, d7=0.9))
    figure = shown.panel.block.figure
    QTest.mouseDClick(figure, Qt.LeftButton)
    QTest.keyClick(figure, Qt.Key_C, Qt.ControlModifier)
    assert QApplication.clipboard().text() == "-7"
    assert shown.panel.describe_place().endswith("−7")


def test_signs_are_not_counted_as_digits(shown):
    minus, point = (DigitAnswer(None, 0.9, (0, 0, 9, 9), sign=sign) for sign in "-.")
    shown.show_number(minus, part(2, d2=0.9), point, part(5, d5=0.9))
    assert shown.panel.describe_place() == "5, digit 2 of −2.5"
    assert shown.panel.block.question.text() == "Digit no. 2 (5) is"
    shown.panel.choose_place(1)
    assert shown.panel.describe_place() == "2, digit 1 of −2.5"
    shown.panel.choose_place(2)
    assert shown.panel.block.question.text() == "It is"


@pytest.mark.parametrize("count", [1, 2, 5, 12, 50])
def test_a_number_of_any_length_leaves_room_for_its_buttons(shown, count):
    block = shown.panel.block
    shown.read_number("1" * count)
    assert block.figure.text() == "1" * count
    QApplication.processEvents()
    assert block.figure.geometry().right() < place(block.word, block).x()
    for button in (block.why, block.wrong):
        assert block.rect().contains(place(button, block))


def test_three_bars_or_all_and_the_rest_in_words(shown):
    shown.show(d3=0.9, d8=0.05, d5=0.04)
    bars, card = shown.panel.bars, shown.panel.bars_card
    assert bars.visible_digits() == [3, 8, 5]
    assert [bars.bars[digit].isHidden() for digit in (3, 8, 5, 0)] == [False] * 3 + [True]
    assert card.others.text().startswith("others under 0.")
    card.all_button.click()
    assert bars.visible_digits() == list(range(10))
    assert card.others.text() == "others under 0.2%"
    assert card.all_button.text() == card.all_button.accessibleName() == "Top three"
    assert not any(bar.isHidden() for bar in bars.bars)
    # What has a bar but no figure counts, too.
    shown.show(d3=0.99, d1=0.0055, d9=0.003)
    assert card.others.text() == "others under 0.6%"
    card.all_button.click()
    assert card.others.text() == "others under 0.6%"


@pytest.mark.parametrize(
    ("largest", "bound"),
    [(0.0, 0.1), (0.0007, 0.1), (0.0072, 0.8), (0.0099, 1), (0.034, 4), (0.053, 6)],
)
def test_what_is_not_shown_is_rounded_up(largest, bound):
    assert others_under(largest) == f"others under {bound}%"


def test_the_answer_is_asked_about_while_ink_is_shown(shown):
    shown.read(3)
    picture, digit, _ = shown.questions[-1]
    assert digit == 3
    assert picture.shape == (28, 28)
    shown.explain()
    assert shown.legend() == ("for 3", "for 8")
    watched: list[bool] = []
    shown.panel.ink.watched.connect(watched.append)
    shown.panel.ink.switch.setChecked(False)
    assert shown.panel.ink.view.explanation is None
    shown.read(5)
    assert shown.digits == [3]
    shown.panel.ink.switch.setChecked(True)
    assert shown.digits == [3, 5]
    assert watched == [False, True]


def test_a_bar_chooses_the_digit_and_gives_it_back(shown):
    shown.panel.bars_card.all_button.click()
    shown.read(3)
    shown.click(8)
    assert shown.digits == [3, 8]
    assert shown.panel.bars.chosen == 8
    # While one goes on drawing the choice stays …
    shown.read(5)
    assert shown.digits[-1] == 8
    # … until the same bar is clicked again, or the board is empty.
    shown.click(8)
    assert shown.digits[-1] == 5
    shown.click(1)
    shown.panel.show_nothing()
    shown.read(2)
    assert shown.digits[-1] == 2


def test_a_bar_shows_the_ink_that_it_asks_about(shown):
    shown.panel.ink.switch.setChecked(False)
    shown.read(3)
    assert shown.digits == []
    shown.click(3)
    assert shown.panel.ink.switch.isChecked()
    assert shown.digits == [3]


def test_keys_choose_too(shown):
    bars = shown.panel.bars
    shown.panel.bars_card.all_button.click()
    QTest.keyClick(bars, Qt.Key_Down)
    assert shown.digits == []
    shown.read(9)
    for key, digit in (
        (Qt.Key_Down, 0),
        (Qt.Key_Up, 9),
        (Qt.Key_Up, 8),
        (Qt.Key_4, 4),
        (Qt.Key_Escape, 9),
    ):
        QTest.keyClick(bars, key)
        assert shown.digits[-1] == digit
    assert bars.focusPolicy() == Qt.StrongFocus
    # Shortcuts of the tab are left alone.
    for key in (Qt.Key_Z, Qt.Key_8):
        QTest.keyClick(bars, key, Qt.ControlModifier)
    assert shown.digits[-1] == 9


def test_explanations_of_what_is_gone_are_not_shown(shown):
    panel = shown.panel
    panel.bars_card.all_button.click()
    shown.read(3)
    shown.click(8)
    _, digit, ticket = shown.questions[0]
    panel.show_explanation(fakes.explanation(digit), ticket)
    assert shown.legend() == ("for", "against")
    shown.explain()
    assert shown.legend()[0] == "for 8"
    assert not panel.ink.legend.isHidden()
    panel.show_nothing()
    assert panel.ink.legend.isHidden()
    assert not any(bar.value() for bar in panel.bars.bars)
    assert panel.ink.view.picture is panel.ink.view.explanation is None
    shown.explain()
    assert panel.ink.view.explanation is None
    # While one draws, it may come a little late.
    shown.read(3)
    shown.read(5)
    _, digit, ticket = shown.questions[-2]
    panel.show_explanation(fakes.explanation(digit), ticket)
    assert shown.legend()[0] == "for 3"


def test_of_a_number_the_last_digit_is_shown_and_others_on_request(shown):
    places: list[int] = []
    panel = shown.panel
    panel.place_changed.connect(places.append)
    shown.read_number("207")
    assert shown.said[0] == "207"
    assert shown.digits == [7]
    assert panel.bars.bars[7].value() == 900
    assert not panel.bars_card.segments.isHidden()
    for _ in range(3):
        QTest.keyClick(panel.bars, Qt.Key_Left)
    assert shown.digits == [7, 0, 2]
    assert float(panel.ink.view.picture[0, 0]) == pytest.approx(0.1)
    # One goes on writing: the digit that was chosen stays.
    shown.read_number("2071")
    assert shown.digits[-1] == 2
    # "Wrong?" asks about that digit.
    assert panel.block.question.text() == "Digit no. 1 (2) is"
    segments = panel.bars_card.segments
    QTest.mouseClick(segments, Qt.LeftButton, pos=QPoint(segments.width() - 4, 10))
    assert shown.digits[-1] == 1
    shown.read(3)
    assert panel.bars_card.segments.isHidden()
    assert panel.block.question.text() == "It is"
    shown.read_number("45")
    assert shown.digits[-1] == 5
    assert [place for place, _ in groupby(places)] == [2, 1, 0, 3, -1, 1]
    # A number that gets shorter has no such digit any more.
    shown.read_number("207")
    panel.choose_place(2)
    shown.read_number("20")
    assert shown.digits[-1] == 0
    panel.choose_place(5)
    assert shown.digits[-1] == 0


@pytest.fixture
def usual_text(qapp):
    """Have the interface font in which sizes are given."""
    before, font = QApplication.font(), QApplication.font()
    font.setPixelSize(13)
    for used in (font, before):
        QApplication.setFont(used)
        theme.theme().apply(theme.theme().choice)
        if used is font:
            yield


@pytest.mark.usefixtures("usual_text")
@pytest.mark.parametrize(("page", "wide"), [(1024, 360), (1366, 448), (1920, 448), (700, 315)])
def test_the_panel_has_a_width_for_each_page(page, wide):
    assert panel_width(page) == wide


def test_in_a_low_window_the_picture_gets_smaller_and_then_the_panel_scrolls(usual_text, qtbot):
    shown = Shown(qtbot)
    panel = shown.panel
    row = QWidget()
    row.setFixedHeight(72)
    panel.add_row(row)
    shown.read(3)
    sides = []
    for width, height in ((448, 636), (448, 600), (448, 560), (360, 520), (360, 440), (448, 900)):
        panel.resize(width, height)
        QApplication.processEvents()
        sides.append(panel.ink.view.width())
        assert panel.ink.view.width() % 28 == 0
        assert panel.verticalScrollBar().maximum() == 0 or height == 440
        assert panel.horizontalScrollBar().maximum() == 0
    assert sides == [224, 224, 168, 140, 112, 224]
    panel.resize(360, 608)
    panel.bars_card.all_button.click()
    qtbot.waitUntil(lambda: panel.ink.view.width() == 112)
    qtbot.waitUntil(lambda: panel.verticalScrollBar().maximum() == 0)


def test_all_bars_are_shown_where_there_is_room_unless_the_user_wants_three(show):
    panel = show(AnswerPanel(), 448, 640)
    panel.show_reading(fakes.reading(fakes.answer(3)))
    bars, card = panel.bars, panel.bars_card
    assert len(bars.visible_digits()) == 3
    panel.resize(448, 1000)
    assert len(bars.visible_digits()) == 10
    panel.resize(448, 640)
    assert len(bars.visible_digits()) == 3
    panel.resize(448, 1000)
    card.all_button.click()
    panel.resize(448, 1001)
    assert len(bars.visible_digits()) == 3


LETTERS = tuple(string.ascii_uppercase)


def answer_of(names, first, sure=0.9):
    probabilities = np.full(len(names), (1 - sure) / (len(names) - 1), np.float32)
    probabilities[first] = sure
    return Answer(probabilities, PICTURE, names=names)


def panel_of(show, names):
    panel = show(AnswerPanel(), 448, 640)
    panel.show_classes(names)
    return panel


def test_bars_of_26_letters_have_two_columns_and_fit_until_digits_are_back(show):
    panel = panel_of(show, LETTERS)
    panel.bars_card.all_button.click()
    panel.show_reading(fakes.reading(answer_of(LETTERS, 17)))
    bars = panel.bars.bars
    assert [bar.name for bar in bars] == list(LETTERS)
    assert panel.bars.named == {17}
    QApplication.processEvents()
    assert len({bar.x() for bar in bars}) == 2
    assert all(panel.bars.rect().contains(bar.geometry()) for bar in bars)
    assert panel.block.line.text() == "90.0% for R"
    assert panel.why_link.text() == "Why R?"
    assert panel.block.wrong.isHidden()
    # The keys walk through all classes; digits are no names of these.
    for key, asked in ((Qt.Key_Down, 18), (Qt.Key_3, 18), (Qt.Key_Up, 17)):
        QTest.keyClick(panel.bars, key)
        assert panel.bars.explained_digit == asked
    panel.show_classes()
    assert [bar.name for bar in panel.bars.bars] == list(DIGITS)
    assert panel.block.figure.text() == ""
    panel.show_reading(fakes.reading(fakes.answer(3)))
    assert panel.block.figure.text() == "3"


def test_names_are_written_out_and_a_hundred_bars_do_not_widen_the_window(show):
    names = ("circle", "zigzag line", "a name that nobody could write beside a bar")
    panel = panel_of(show, names)
    panel.show_reading(fakes.reading(answer_of(names, 1)))
    assert panel.block.figure.text() == "zigzag line"
    assert panel.why_link.text() == "Why this?"
    assert panel.bars_card.all_button.isHidden()
    panel.show_reading(fakes.reading(answer_of(names, 2, 0.5)))
    assert "Perhaps" in panel.block.line.text()
    assert "class" in panel.bars.accessibleDescription()
    panel = panel_of(show, tuple(f"class name {number}" for number in range(100)))
    panel.bars_card.all_button.click()
    QApplication.processEvents()
    assert panel.widget().width() <= 448
    assert len({bar.x() for bar in panel.bars.bars}) == 3


def test_the_draw_tab_asks_for_classes(qtbot):
    tab = DrawTab()
    qtbot.addWidget(tab)
    parameters = (np.zeros((784, 26)), np.zeros(26))
    letters = ModelFile("layers:#26", parameters).with_info(classes=list(LETTERS))
    tab.use_network(letters)
    assert "Y Z" in tab.canvas.accessibleDescription()
    menu = fakes.entry(tab, "Show me a picture"), fakes.entry(tab, "Show me a mistake")
    assert not any("digit" in f"{action.text()} {action.toolTip()}" for action in menu)
    assert not any("digit" in command.sentence for command in menu)
    tab.use_network(fakes.model())
    assert "Draw a digit" in tab.canvas.accessibleDescription()
    assert "Show me" in menu[0].text()


def near(one, other):
    """Whether two colors are alike."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return sum(abs(a - b) for a, b in pairs) < 60


@pytest.fixture
def ink(qtbot):
    view = InkView()
    qtbot.addWidget(view)
    view.set_cell(5)
    return view


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_for_and_against_differ_in_color_and_form(ink, choice):
    theme.theme().apply(choice)
    explanation = fakes.explanation()
    ink.show_picture(explanation.network_input)
    ink.show_explanation(explanation)
    image = ink.grab().toImage()
    # 5 pixels for each of the network's; the picture is black in both themes.
    speaks_for, speaks_against = QPoint(10 * 5, 8 * 5), QPoint(10 * 5, 16 * 5)
    accent = theme.DARK.accent
    assert near(image.pixelColor(speaks_for), QColor(accent))
    assert near(image.pixelColor(speaks_for + QPoint(2, 2)), QColor(accent))
    against = image.pixelColor(speaks_against + QPoint(2, 2))
    assert against.blue() > against.red() + 40
    edge = image.pixelColor(speaks_against)
    assert abs(edge.blue() - edge.red()) < 25
    ink.show_explanation(None)
    image = ink.grab().toImage()
    assert {image.pixelColor(x, 70).saturation() for x in range(10, 130)} == {0}
    ink.show_picture(None)
    assert ink.describe_pixel(QPointF(50, 40)).startswith("The 28×28")


def test_large_text_does_not_cut_the_legend(shown):
    theme.theme().resize_text(2)
    shown.panel.resize(448, 400)
    QApplication.processEvents()
    ink = shown.panel.ink
    beside = ink.legend.parentWidget().height()
    needed = ink.switch.height() + ink.legend.sizeHint().height() + ink.fontMetrics().height()
    theme.theme().resize_text(1)
    assert beside >= needed


def test_a_pixel_is_read_in_words_and_the_legend_names_the_digits(ink, qtbot):
    ink.show_explanation(fakes.explanation(3, 8))
    assert "speaks for 3" in ink.describe_pixel(QPointF(52, 42))
    assert "against 3: 0.25" in ink.describe_pixel(QPointF(52, 82))
    assert "outweighs" in ink.describe_pixel(QPointF(2, 2))
    assert "outweighs" in ink.accessibleDescription()
    legend = InkLegend()
    qtbot.addWidget(legend)
    assert legend.parts() == ("for", "against")
    legend.show_explanation(fakes.explanation(7))
    assert legend.parts() == ("for 7", "for 8")
    assert "7" in legend.toolTip()


def test_the_evidence_in_a_sentence():
    explanation = fakes.explanation(3, 8)
    assert "rival is 8" in describe(explanation)
    saliency = explanation.saliency.copy()
    for values, words in (
        (-saliency, "Ink against 3 outweighs ink for it 3.0 to 1"),
        (abs(saliency), "All ink speaks for 3."),
        (-abs(saliency), "All ink speaks against 3, most of all for 8."),
        (0, "No ink speaks"),
    ):
        explanation.saliency[:] = values
        assert describe(explanation).startswith(words)


@pytest.mark.parametrize("height", [90, 96, 120])
def test_the_figure_is_not_cut_at_its_top(qtbot, height):
    figure = AnswerFigure()
    qtbot.addWidget(figure)
    figure.show_certainty(fakes.answer(6).certainty, True, 200)
    figure.resize(200, height)
    picture = figure.grab().toImage()
    assert len({picture.pixelColor(x, 0).name() for x in range(picture.width())}) == 1


@pytest.mark.parametrize("digits", [True, False])
@pytest.mark.parametrize("height", [90, 96, 120])
def test_the_box_for_the_first_answer_stays_where_it_is(qtbot, height, digits):
    figure = AnswerFigure()
    qtbot.addWidget(figure)
    figure.show_certainty(None, digits, 200)
    figure.resize(200, height)
    first = figure.grab().toImage()
    assert figure.grab().toImage() == first
    assert len({first.pixelColor(x, 0).name() for x in range(first.width())}) == 1


def page(*texts):
    """Return the reading of a page whose lines are these numbers."""
    lines = []
    for n, text in enumerate(texts):
        number = NumberAnswer(
            text,
            tuple(part(int(digit), **{f"d{digit}": 0.99}) for digit in text),
        )
        line = fakes.reading(fakes.answer(None), number)
        lines.append(replace(line, places=(InkPlace((0, 100 * n, 50, 80), text),)))
    return replace(fakes.reading(fakes.answer(None)), lines=tuple(lines))


def test_a_page_is_a_list_of_lines_of_which_one_is_shown_in_detail(shown, qtbot):
    panel = shown.panel
    panel.show_reading(page("20", "317"))
    assert panel.lines.title.text() == "2 lines"
    assert panel.block.isHidden()
    # The line that was drawn last is chosen; another one by key or press.
    rows = panel.lines.list
    assert rows.accessibleDescription().startswith("Line 2 of 2: 317")
    assert len(panel.number.digits) == 3
    QTest.keyClick(rows, Qt.Key_Up)
    assert rows.accessibleDescription().startswith("Line 1 of 2: 20")
    assert panel.number.text == "20"
    qtbot.waitUntil(lambda: rows.height() == rows.sizeHint().height())
    QTest.mouseClick(rows, Qt.LeftButton, pos=QPoint(20, rows.height() - 5))
    assert panel.number.text == "317"
    # A change of the first line chooses it; the same page again leaves the choice.
    for choice in ("", "again"):
        panel.show_reading(page("26", "317"))
        assert panel.number.text == "26", choice
    assert panel.sentence == "26\n317"
    shown.read(3)
    assert panel.lines.isHidden()
    assert not panel.block.isHidden()
    assert not panel.page
