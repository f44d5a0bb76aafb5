"""The answer, its bars and its explanation: what is painted and what is said."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QWidget

from mnist_draw.app.draw.activations_view import ActivationsView, lay_out
from mnist_draw.app.draw.answer_panel import AnswerPanel
from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.explanation_row import (
    ExplanationRow,
    SaliencyLegend,
    SaliencyView,
    describe,
)
from mnist_draw.app.kit import theme
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer, answer_from
from mnist_draw.storage import ModelFile
from mnist_draw.storage.models import ModelInfo

from .. import fakes


class Shown:
    """A visible panel and the questions that it asks."""

    def __init__(self, qtbot):
        self.panel = AnswerPanel()
        qtbot.addWidget(self.panel)
        self.panel.resize(648, 644)
        self.panel.show()
        self.panel.show_layers(fakes.LAYERS)
        self.questions: list[tuple[Any, int, int]] = []
        self.panel.explanation_requested.connect(lambda *question: self.questions.append(question))

    @property
    def digits(self):
        return [digit for _, digit, _ in self.questions]

    def read(self, digit):
        self.panel.show_reading(fakes.reading(fakes.answer(str(digit), digit)))

    def read_number(self, text):
        recogniser = fakes.Recogniser(fakes.model())
        recogniser.number = text
        number = recogniser.read_number(np.ones((5, 5), np.uint8), fakes.answer())
        self.panel.show_reading(fakes.reading(fakes.answer("?", None), number))

    def explain(self):
        _, digit, ticket = self.questions[-1]
        self.panel.show_explanation(fakes.explanation(digit), ticket)

    def click(self, digit):
        bar = self.panel.bars.bars[digit]
        QTest.mouseClick(bar, Qt.LeftButton, Qt.NoModifier, bar.rect().center())

    def marked(self):
        """Return the digits that are underlined."""
        return [bar.digit for bar in self.panel.bars.bars if bar.marked]


@pytest.fixture
def shown(qtbot):
    return Shown(qtbot)


def test_the_answer_is_asked_about(shown):
    shown.read(3)
    picture, digit, _ = shown.questions[-1]
    assert digit == 3
    assert picture.shape == (28, 28)
    assert shown.marked() == [3]
    shown.explain()
    assert shown.panel.row.saliency_title.text() == "What spoke for 3"
    assert shown.panel.row.activations.values is not None


def test_a_bar_chooses_the_digit_and_gives_it_back(shown):
    shown.read(3)
    bar = shown.panel.bars.bars[8]
    QTest.mousePress(bar, Qt.LeftButton, Qt.NoModifier, bar.rect().center())
    QTest.mouseRelease(bar, Qt.LeftButton, Qt.NoModifier, QPoint(-50, 5))
    assert shown.digits == [3]
    shown.click(8)
    assert shown.digits == [3, 8]
    assert shown.marked() == [8]
    # While one goes on drawing the choice stays …
    shown.read(5)
    assert shown.digits[-1] == 8
    # … until the same bar is clicked again, or the board is empty.
    shown.click(8)
    assert shown.digits[-1] == 5
    shown.click(1)
    shown.panel.show_nothing()
    assert shown.marked() == []
    shown.read(2)
    assert shown.digits[-1] == 2


def test_keys_choose_too(shown):
    bars = shown.panel.bars
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


def test_of_refused_ink_nothing_is_explained(shown):
    shown.read(3)
    shown.explain()
    shown.questions.clear()
    shown.panel.show_reading(fakes.reading(fakes.answer("?", None, reason="No digit.")))
    assert shown.panel.prediction.text() == "⊘"
    assert shown.digits == shown.marked() == []
    assert not any(bar.known or bar.winner for bar in shown.panel.bars.bars)
    assert "nothing" in shown.panel.bars_note.text()
    assert shown.panel.why_link.isHidden()
    assert shown.panel.row.saliency.explanation is None


def test_a_network_that_cannot_tell_is_not_sure_and_says_why(shown):
    torn = np.full(10, 0.06, np.float32)
    torn[5], torn[3] = 0.3, 0.22
    answer = answer_from(torn, np.zeros((28, 28), np.float32))
    shown.panel.note_network(ModelInfo(epochs=1))
    shown.panel.show_reading(fakes.reading(answer))
    assert shown.panel.confidence.text() == "Not sure"
    assert not any(bar.winner for bar in shown.panel.bars.bars)
    assert shown.panel.second.text() == "Perhaps 5 or 3. Trained for 1 epoch only."
    shown.panel.note_network(ModelInfo(epochs=20, test_accuracy=0.98))
    shown.panel.show_reading(fakes.reading(answer))
    assert shown.panel.second.text() == "Perhaps 5 or 3"


def test_explanations_of_what_is_gone_are_not_shown(shown):
    panel, title = shown.panel, shown.panel.row.saliency_title
    shown.read(3)
    shown.click(8)
    _, digit, ticket = shown.questions[0]
    panel.show_explanation(fakes.explanation(digit), ticket)
    assert title.text() == "What spoke for it"
    shown.explain()
    assert title.text() == "What spoke for 8"
    panel.show_nothing()
    assert panel.bars_note.text() == "Draw a digit; the bars follow every stroke."
    assert not any(bar.value() for bar in panel.bars.bars)
    assert panel.network_input.picture is panel.row.saliency.explanation is None
    shown.explain()
    assert title.text() == "What spoke for it"
    assert panel.row.activations.values is None
    # While one draws, it may come a little late.
    shown.read(3)
    shown.read(5)
    _, digit, ticket = shown.questions[-2]
    panel.show_explanation(fakes.explanation(digit), ticket)
    assert title.text() == "What spoke for 3"


def test_a_refused_part_of_a_number_has_no_bars_and_names_no_other(shown):
    # Before: "Why 9?", "What spoke for 0", ten bars at 10 %, and "42?" in the accent's colour.
    even = np.full(10, 0.1, np.float32)
    refused = DigitAnswer(None, 0.0, (0, 0, 9, 9), even, np.zeros((28, 28), np.float32))
    read = [replace(refused, digit=of, confidence=0.9, probabilities=fakes.answer(digit=of).
            probabilities) for of in (4, 2)]  # fmt: skip
    number = NumberAnswer("42?", (*read, refused))
    shown.panel.show_reading(fakes.reading(fakes.answer(), number))
    assert shown.panel.prediction.text() == "42⊘"
    assert shown.panel.prediction.property("look") == "unknown"
    assert not any(bar.known or bar.winner for bar in shown.panel.bars.bars)
    assert shown.panel.why_link.isHidden()
    assert shown.digits == []
    shown.panel.choose_place(0)
    assert shown.digits == [4]
    assert shown.panel.bars.bars[4].known
    assert not shown.panel.bars.bars[4].winner


def test_of_a_number_the_last_digit_is_shown_and_others_on_request(shown):
    places: list[int] = []
    panel = shown.panel
    panel.place_changed.connect(places.append)
    shown.read_number("207")
    assert panel.prediction.text() == "207"
    assert shown.digits == [7]
    assert panel.bars.bars[7].winner
    assert panel.bars.bars[7].value() == 900
    assert panel.bars_note.text().startswith("of digit 3 of 3, 7")
    QTest.keyClick(panel.bars, Qt.Key_Left)
    QTest.keyClick(panel.bars, Qt.Key_Left)
    QTest.keyClick(panel.bars, Qt.Key_Left)
    assert shown.digits == [7, 0, 2]
    assert float(panel.network_input.picture[0, 0]) == pytest.approx(0.1)
    assert panel.bars_note.text().startswith("of digit 1 of 3, 2")
    # One goes on writing: the digit that was chosen stays.
    shown.read_number("2071")
    assert shown.digits[-1] == 2
    shown.read(3)
    assert panel.bars_note.text() == ""
    shown.read_number("45")
    assert shown.digits[-1] == 5
    assert places == [2, 1, 0, -1, 1]
    # A number that gets shorter has no such digit any more.
    shown.read_number("207")
    panel.choose_place(2)
    shown.read_number("20")
    assert shown.digits[-1] == 0
    panel.choose_place(5)
    assert shown.digits[-1] == 0


def test_it_fits_into_any_window_again(shown, qtbot):
    panel = shown.panel
    panel.add_row(QWidget())
    smallest = panel.minimumSizeHint()
    side = panel.network_input.width()
    panel.resize(1260, 1300)
    qtbot.waitUntil(lambda: panel.network_input.width() > side)
    assert panel.minimumSizeHint() == smallest
    panel.resize(648, 644)
    qtbot.waitUntil(lambda: panel.network_input.width() == side)
    assert panel.size().height() == 644
    for bar in panel.bars.bars:
        assert bar.height() >= 12
    assert panel.row.geometry().bottom() <= panel.rect().bottom()


LETTERS = tuple(string.ascii_uppercase)


def answer_of(names, first, sure=0.9):
    probabilities = np.full(len(names), (1 - sure) / (len(names) - 1), np.float32)
    probabilities[first] = sure
    return answer_from(probabilities, np.ones((28, 28), np.float32), names=names)


def panel_of(qtbot, names):
    panel = AnswerPanel()
    qtbot.addWidget(panel)
    panel.resize(605, 640)
    panel.show()
    panel.note_network(ModelInfo(classes=names), names)
    return panel


def test_bars_of_26_letters_stand_in_two_columns_and_fit_until_digits_come_back(qtbot):
    panel = panel_of(qtbot, LETTERS)
    panel.show_reading(fakes.reading(answer_of(LETTERS, 17)))
    bars = panel.bars.bars
    assert [bar.name for bar in bars] == list(LETTERS)
    assert [bar.digit for bar in bars if bar.winner] == [17]
    assert len({bar.x() for bar in bars}) == 2
    QTest.qWait(1)
    for bar in bars:
        assert panel.bars.rect().contains(bar.geometry())
        assert bar.height() >= bar.minimumSizeHint().height()
    assert panel.prediction.text() == "R"
    assert (panel.confidence.text(), panel.second.text()) == ("Sure", "90.0 % for R")
    assert panel.why_link.text() == "Why R?"
    # The keys walk through all classes; digits are no names of these.
    for key, asked in ((Qt.Key_Down, 18), (Qt.Key_3, 18), (Qt.Key_Up, 17)):
        QTest.keyClick(panel.bars, key)
        assert panel.bars.explained_digit == asked
    panel.note_network(ModelInfo())
    assert [bar.name for bar in panel.bars.bars] == list(DIGITS)
    assert panel.prediction.text() == ""
    panel.show_reading(fakes.reading(fakes.answer("3", 3)))
    assert panel.prediction.text() == "3"


def test_names_are_written_out_and_a_hundred_bars_do_not_widen_the_window(qtbot):
    names = ("circle", "zigzag line", "a name that nobody could write beside a bar")
    panel = panel_of(qtbot, names)
    panel.show_reading(fakes.reading(answer_of(names, 1)))
    assert panel.prediction.text() == "zigzag line"
    panel.show_reading(fakes.reading(answer_of(names, 2, 0.5)))
    assert "Perhaps" in panel.second.text()
    assert "class" in panel.bars.accessibleDescription()
    panel = panel_of(qtbot, tuple(f"class name {number}" for number in range(100)))
    assert panel.minimumSizeHint().width() <= 605
    assert panel.minimumSizeHint().height() <= 640
    assert len({bar.x() for bar in panel.bars.bars}) == 4


def test_the_draw_tab_asks_for_classes_and_teaches_none(qtbot):
    tab = DrawTab()
    qtbot.addWidget(tab)
    parameters = (np.zeros((784, 26)), np.zeros(26))
    letters = ModelFile("layers:#26", parameters).with_info(classes=list(LETTERS))
    tab.use_network(letters)
    assert tab.my_digits.row.isHidden()
    assert "Draw one of 26 classes" in tab.canvas.accessibleDescription()
    menu = fakes.entry(tab, "Show me a picture"), fakes.entry(tab, "Show me a mistake")
    assert not any("digit" in f"{action.text()} {action.toolTip()}" for action in menu)
    assert not any("digit" in command.sentence for command in menu)
    tab.use_network(fakes.model())
    assert not tab.my_digits.row.isHidden()
    assert "Draw a digit" in tab.canvas.accessibleDescription()
    assert menu[0].text() == "Show me a digit"


def near(one, other):
    """Whether two colours are alike."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return sum(abs(a - b) for a, b in pairs) < 60


@pytest.fixture
def saliency(qtbot):
    view = SaliencyView()
    qtbot.addWidget(view)
    view.set_room(140)
    return view


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_for_and_against_differ_in_colour_and_form(saliency, choice):
    theme.theme().apply(choice)
    saliency.show_explanation(fakes.explanation())
    image = saliency.grab().toImage()
    # 5 pixels for each of the network's.
    speaks_for, speaks_against = QPoint(10 * 5, 8 * 5), QPoint(10 * 5, 16 * 5)
    assert near(image.pixelColor(speaks_for), theme.colour("accent"))
    assert near(image.pixelColor(speaks_for + QPoint(2, 2)), theme.colour("accent"))
    against = image.pixelColor(speaks_against + QPoint(2, 2))
    assert against.blue() > against.red() + 40
    edge = image.pixelColor(speaks_against)
    assert abs(edge.blue() - edge.red()) < 25
    assert near(image.pixelColor(20 * 5 + 12, 25 * 5), theme.colour("paper"))
    saliency.show_explanation(None)
    image = saliency.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(10, 130, 7) for y in range(10, 130, 7)}
    assert colours == {theme.colour("paper").name()}
    assert saliency.describe_pixel(QPointF(50, 40)).startswith("Which ink spoke")


def test_a_pixel_is_read_in_words_and_the_legend_names_the_digit(saliency, qtbot):
    saliency.show_explanation(fakes.explanation(3, 8))
    assert saliency.describe_pixel(QPointF(52, 42)) == (
        "This pixel speaks for 3: 0.5 of the log odds"
    )
    assert "against 3: 0.25" in saliency.describe_pixel(QPointF(52, 82))
    assert "outweighs" in saliency.describe_pixel(QPointF(2, 2))
    assert "outweighs" in saliency.accessibleDescription()
    legend = SaliencyLegend()
    qtbot.addWidget(legend)
    assert legend.parts() == ("for", "against")
    legend.show_explanation(fakes.explanation(7))
    assert legend.parts() == ("for 7", "against")
    assert "7" in legend.toolTip()


def test_the_evidence_in_a_sentence():
    explanation = fakes.explanation(3, 8)
    assert describe(explanation) == (
        "Ink for 3 outweighs ink against it 3.0 to 1; the strongest rival is 8."
    )
    saliency = explanation.saliency.copy()
    for values, words in (
        (-saliency, "Ink against 3 outweighs ink for it 3.0 to 1"),
        (abs(saliency), "All ink speaks for 3."),
        (-abs(saliency), "All ink speaks against 3, most of all for 8."),
        (0, "No ink speaks"),
    ):
        explanation.saliency[:] = values
        assert describe(explanation).startswith(words)


@pytest.fixture
def units(qtbot):
    view = ActivationsView()
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    view.show_layer(fakes.LAYERS[1])
    return view


def test_the_strongest_unit_is_the_brightest_and_none_without_a_drawing(units):
    def shown():
        image, grid = units.grab().toImage(), units._grid()
        return [image.pixelColor(grid.box(unit).center().toPoint()) for unit in range(30)]

    units.show_values(np.arange(30, dtype=np.float32))
    colours = shown()
    assert near(colours[29], theme.colour("accent"))
    assert near(colours[0], theme.colour("card"))
    distance = [abs(colour.blue() - theme.colour("card").blue()) for colour in colours]
    assert distance == sorted(distance)
    units.show_values(None)
    assert len({colour.name() for colour in shown()}) == 1
    assert units.describe() == ""


def test_feature_maps_are_pictures(units):
    units.show_layer(fakes.LAYERS[0])
    maps = np.zeros((6, 5, 4), np.float32)
    maps[4, :, :2] = 2.0
    units.show_values(maps)
    image = units.grab().toImage()
    grid = units._grid()
    box = grid.box(4)
    left = QPointF(box.x() + 0.2 * box.width(), box.center().y()).toPoint()
    right = QPointF(box.x() + 0.6 * box.width(), box.center().y()).toPoint()
    assert near(image.pixelColor(left), theme.colour("accent"))
    assert near(image.pixelColor(right), theme.colour("card"))
    assert units.describe() == "1 of 6 active"
    assert units.describe_unit(4) == "map 5: at most 2.00"


def test_pointing_and_keys_tell_a_value(units, qtbot):
    units.show_values(np.arange(30, dtype=np.float32))
    said: list[str] = []
    units.described.connect(said.append)
    grid = units._grid()
    QTest.mouseMove(units, grid.box(12).center().toPoint())
    qtbot.waitUntil(lambda: said[-1:] == ["unit 13: 12.00"])
    QTest.keyClick(units, Qt.Key_Right)
    assert said[-1] == "unit 14: 13.00"
    QTest.keyClick(units, Qt.Key_Up)
    assert said[-1] == f"unit {14 - grid.columns}: {13 - grid.columns}.00"
    QTest.keyClick(units, Qt.Key_End)
    assert said[-1] == "unit 30: 29.00"
    QApplication.sendEvent(units, QEvent(QEvent.Leave))
    assert said[-1] == "29 of 30 active"
    assert "29 of 30 active" in units.accessibleDescription()


def test_values_glide_unless_they_follow_each_other_fast(units, qtbot):
    theme.theme().motion = True
    qtbot.wait(theme.ANIMATION_MS + 20)
    units.show_values(np.ones(30, np.float32))
    assert float(units._animation.shown.max()) < 1
    qtbot.waitUntil(lambda: float(units._animation.shown.min()) == 1)
    half = np.ones(30, np.float32)
    half[:15] = 0
    units.show_values(half)
    units.show_values(half[::-1])
    assert np.array_equal(units._animation.shown, half[::-1])


@pytest.fixture
def row(qtbot):
    widget = ExplanationRow()
    qtbot.addWidget(widget)
    widget.resize(648, 190)
    return widget


def test_the_layer_chosen_is_shown_and_kept(row):
    row.show_layers(fakes.LAYERS)
    titles = [row.layer_combo.itemText(place) for place in range(2)]
    assert titles == ["Layer 1, maps", "Layer 2, units"]
    row.show_explanation(fakes.explanation(5))
    assert row.saliency_title.text() == "What spoke for 5"
    assert row.activations.values.shape == (6, 5, 4)
    row.layer_combo.setCurrentIndex(1)
    assert row.activations.values.shape == (30,)
    assert row.units_label.text() == "29 of 30 active"
    row.show_layers(fakes.LAYERS)
    assert row.layer_combo.currentIndex() == 1
    assert row.activations.values is None
    row.show_picture(None)
    assert row.saliency_title.text() == "What spoke for it"
    # A network without hidden layers has nothing to choose.
    row.show_layers(())
    assert row.units_label.text() == "This network has no hidden layer."
    assert row.layer_combo.isHidden()
    assert row.activations.layer is None
    row.show_explanation(fakes.explanation())
    row.grab()
    row.show_layers(fakes.LAYERS)
    assert not row.layer_combo.isHidden()


def test_pictures_grow_in_whole_pixels_and_never_keep_the_window_large(row):
    heard: list[bool] = []
    row.watched.connect(heard.append)
    smallest = row.minimumSizeHint().height()
    sides = []
    for width, height in ((500, 100), (648, 190), (935, 400), (3000, 2000)):
        row.set_room(width, height)
        sides.append(row.saliency.width())
        assert row.network_input.width() == sides[-1]
        assert sides[-1] % 28 == 0
        assert row.minimumSizeHint().height() == smallest
    assert sides == sorted(sides)
    assert (sides[0], sides[-1]) == (56, 448)
    row.show()
    row.hide()
    assert heard == [True, False]


@pytest.mark.parametrize("room", [(316.0, 112.0), (240.0, 96.0), (900.0, 400.0), (120.0, 500.0)])
def test_all_units_fit_and_are_found_again(room):
    for shape in (
        *((1,), (7,), (300,), (500,), (10_000,)),
        *((6, 5, 4), (32, 24, 24), (128, 8, 8)),
    ):
        grid = lay_out(shape, *room)
        assert grid.columns * grid.rows >= shape[0]
        assert grid.size.width() <= room[0] + 1e-6
        assert grid.size.height() <= room[1] + 1e-6
        for unit in {0, shape[0] // 2, shape[0] - 1}:
            assert grid.unit_at(grid.box(unit).center()) == unit
        assert grid.unit_at(QPointF(-1, 0)) is None
        assert grid.unit_at(QPointF(0, grid.size.height() + 1)) is None
    # The room is used, and few units stay small.
    used = lay_out((500,), 316.0, 112.0).size
    assert used.width() * used.height() > 0.7 * 316 * 112
    assert lay_out((4,), 316.0, 112.0).rows == 1
    assert lay_out((4,), 316.0, 112.0).cell <= 24
