"""The section Results: counting, the matrix, the pictures behind it, and what may go wrong."""

import math
import re
from functools import partial

import numpy as np
import pytest
from linear_network import linear_model, unknown_model
from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetricsF
from qtpy.QtWidgets import QToolTip

from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.report import Diagram, reliability_svg
from mnist_draw.analysis.results import Bin, Results, count_results
from mnist_draw.analysis.robustness import AXES, SETTINGS, Limits
from mnist_draw.app.inside.results import results_section
from mnist_draw.app.inside.results.limits_card import format_limit
from mnist_draw.app.inside.results.result_cards import ConfusionCard, ResultFigure
from mnist_draw.app.inside.results.results_section import ResultsSection
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.threads import running
from mnist_draw.dataset.mnist import scale
from mnist_draw.errors import UserError
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile

from .. import seen
from ..seen import point_at, wait_for_threads
from .examples import digit, label_text


@pytest.fixture
def section(qtbot, digits):
    """Return the section with 200 test pictures, active and with a network."""
    made = ResultsSection()
    qtbot.addWidget(made)
    other = Pictures(digits.validation_images, digits.validation_labels, "validation")
    images, labels = digits.test_images, digits.test_labels
    test = Pictures(
        images,
        labels,
        "test",
        "Test picture {number}",
        other,
        "On validation",
        are_digits=True,
    )
    made.data.setItemData(0, lambda: test)
    made.resize(1090, 620)
    made.show()
    yield made
    assert running.shut_down()


def altered(weight=1, bias=1, **metadata):
    weights, biases = linear_model().parameters
    values = (weights * np.float32(weight), biases * np.float32(bias))
    return ModelFile(linear_model().network, values, metadata)


def count(section, qtbot, model=None):
    section.use_network(model or linear_model(), "shipped:x")
    with qtbot.waitSignal(section.counting.finished, timeout=20_000):
        section.set_active(True)


def cell(section, row, column):
    return section.confusion.matrix.cells[row + 1][column + 1].text


def press(section, qtbot, row, column):
    matrix = section.confusion.matrix
    place = matrix.place_of(matrix.item(row, column)).toPoint()
    qtbot.mouseClick(matrix, Qt.LeftButton, pos=place)


def shown(section):
    return section.mistakes.view.tiles.places.tolist()


def test_everything_is_counted(section, qtbot, digits):
    section.use_network(linear_model(), "shipped:x")
    wait_for_threads(qtbot)
    assert section.pictures is None
    assert section.table().rows == ()
    count(section, qtbot)
    results = section.results
    assert results.is_complete
    assert label_text(section, "resultsAccuracy") == f"{100 * results.accuracy:.2f}%"
    assert label_text(section, "otherAccuracyFigure").endswith("%")
    assert label_text(section, "sureMistakesFigure") == str(results.sure_and_wrong)
    number = int(np.bincount(digits.test_labels).argmax())
    assert cell(section, number, number) == str(results.confusion[number, number])
    assert cell(section, number, 10) == f"{100 * results.recall[number]:.1f}%"
    assert shown(section) == results.mistakes().tolist()
    words = label_text(section, "reliabilityWords")
    assert results.calibration.value in label_text(section, "reliabilityVerdict")
    # Both halves of the sentence are about the same answers.
    among = results.confidence < np.float32(0.99)
    right, says = (results.answers == results.labels)[among], results.confidence[among].mean()
    assert f"{among.sum()} up to 99%: says {math.floor(1000 * says) / 10}%" in words
    assert f"right {math.floor(1000 * right.mean()) / 10}%" in words


def test_a_cell_opens_its_pictures_by_mouse_keys_and_links(section, qtbot):
    section.show_details(True)
    count(section, qtbot)
    results, matrix = section.results, section.confusion.matrix
    true, read, times = results.most_taken(1)[0]
    press(section, qtbot, true, read)
    assert shown(section) == results.pictures_of(true, read).tolist()
    assert label_text(section, "mistakesTitle") == f"{true} read as {read}"
    assert label_text(section, "mistakesNote").startswith(f"{times},")
    press(section, qtbot, true, read)
    assert shown(section) == results.mistakes().tolist()
    # The edges stand for all mistakes of a row or a column.
    press(section, qtbot, true, 10)
    assert shown(section) == results.pictures_of(true, None).tolist()
    assert all(results.labels[place] == true for place in shown(section))
    section.mistakes.link.click()
    assert shown(section) == results.mistakes().tolist()
    section.mistakes.link.click()
    assert shown(section) == results.least_sure().tolist()
    assert label_text(section, "mistakesTitle") == "Least sure"
    assert section.table().headings[0] == "picture"
    section.mistakes.link.click()
    assert shown(section) == results.mistakes().tolist()
    assert section.table().headings[-1] == "recall"
    assert len(section.table().rows) == 12 + len(SETTINGS)
    matrix.walk_to(matrix.item(3, 3))
    qtbot.keyClick(matrix, Qt.Key_Right)
    assert matrix.current == matrix.item(3, 4)
    assert {"3", "4"} <= set(matrix.accessibleDescription())
    matrix.walk_to(None)
    assert "Columns: what the network reads" in matrix.accessibleDescription()
    matrix.walk_to(matrix.item(3, 4))
    qtbot.keyClick(matrix, Qt.Key_Return)
    assert matrix.pinned == (3, 4)
    qtbot.keyClick(matrix, Qt.Key_Escape)
    assert matrix.pinned is None
    section.confusion.taken.linkActivated.emit("0")
    assert matrix.pinned == results.most_taken(1)[0][:2]
    assert len(section.table().rows) == len(shown(section))
    true, read = (int(number) for number in np.argwhere(results.confusion == 0)[0])
    matrix.pin((true, read))
    assert section.mistakes.nothing.text() == "None."
    assert section.mistakes.nothing.isVisibleTo(section)


def test_captions_of_mistakes_have_whole_names(section, qtbot):
    count(section, qtbot)
    card, results = section.mistakes, section.results
    names = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
             "Bag", "Ankle boot"]  # fmt: skip
    # The view ends within the second line of a caption where fonts are higher, as on PyQt6.
    section.resize(section.width(), section.height() + 100)
    card.show_results(results, section.shown, None, names.__getitem__)
    seen.settle()
    written = {text.text for text in seen.texts(section) if card.view.isAncestorOf(text.widget)}
    place = card.view.tiles.places[0]
    label, read = names[results.labels[place]], names[results.answers[place]]
    assert {label, f"→ {read}"} <= written
    assert not any("…" in text for text in written)
    # Digits need one line.
    section.mistakes.show_results(results, section.shown, None, str)
    assert "\n" not in card.view.tiles.data(card.view.tiles.index(0), Qt.DisplayRole)


def test_without_a_mistake_no_digit_is_the_weakest(qtbot):
    results = Results(np.eye(10, dtype=np.float32)[:4], np.arange(4, dtype=np.uint8), 1.0, 4)
    made = ResultsSection()
    qtbot.addWidget(made)
    made.use_network(linear_model(), "shipped:x")
    made._show_results(results)
    assert label_text(made, "weakestFigure") == "–"
    assert "NO MIX-UPS" in label_text(made, "takenHeading")
    # Four answers are not spoken of as a hundred; sure of all and right, it is as sure as right.
    assert "Yes" in label_text(made, "reliabilityVerdict")
    assert "4 up to 100%: says 99.9%, right 100%" in label_text(made, "reliabilityWords")


def test_a_picture_becomes_the_example_and_why_is_asked(section, qtbot, digits):
    count(section, qtbot)
    results, view = section.results, section.mistakes.view
    place = shown(section)[0]
    view.setCurrentIndex(view.tiles.index(0))
    with qtbot.waitSignal(section.example_picked) as picked:
        qtbot.keyClick(view, Qt.Key_Return)
    (example,) = picked.args
    np.testing.assert_array_equal(example.picture, scale(digits.test_images[place, 0]))
    assert (example.label, example.label_source) == (str(digits.test_labels[place]), "data")
    assert (example.source, example.index) == (f"Test picture {place}", place)
    section.show_example(example)
    assert view.picked == place
    with qtbot.waitSignal(section.why_requested) as why:
        qtbot.keyClick(view, Qt.Key_Return)
    assert why.args[1:] == [int(results.answers[place]), int(digits.test_labels[place])]
    section.show_example(None)
    assert view.picked is None


def slow_count(stopped_after):
    """Return a count that the test stops: it never gets beyond some pictures."""

    def steps(model, pictures):
        for results in count_results(model, pictures):
            while results.counted >= stopped_after:
                yield results, None
            yield results, None

    return steps


def test_it_says_how_far_a_count_is(section, qtbot, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(results_section, "_count", slow_count(128))
        section.use_network(linear_model(), "shipped:x")
        section.set_active(True)
        qtbot.waitUntil(
            lambda: label_text(section, "resultsState") == "128 of 200 measured",
            timeout=20_000,
        )
    with qtbot.waitSignal(section.counting.finished, timeout=20_000):
        section.use_network(linear_model(), "shipped:y")
    assert section.results.is_complete
    assert not label_text(section, "resultsState")


def test_nothing_of_another_network_stays(section, qtbot):
    count(section, qtbot)
    section.use_network(altered(-1), "learnt:y")
    for name in ("resultsAccuracy", "otherAccuracyFigure", "sureMistakesFigure"):
        assert label_text(section, name) == "–"
    assert not shown(section)
    assert not label_text(section, "reliabilityWords")
    assert "first pictures" in label_text(section, "resultsState")
    qtbot.waitUntil(lambda: section.results is not None, timeout=20_000)
    # Classes that are no digits have their names.
    count(section, qtbot, altered(refused=0.9, data="clothes"))
    assert label_text(section, "weakestFigure").startswith("class ")
    true, read, _ = section.results.most_taken(1)[0]
    section.confusion.matrix.pin((true, read))
    assert label_text(section, "mistakesTitle") == f"class {true} read as class {read}"
    # Asked about digits, a network of clothes says little.
    assert "clothes" in label_text(section, "resultsRemark")


def test_a_run_that_trains_is_counted_again_when_it_is_opened_again(section, qtbot):
    section.use_network(altered(1.7, epochs=7), "")
    with qtbot.waitSignal(section.counting.finished, timeout=20_000):
        section.set_active(True)
    results = section.results
    section.use_network(altered(1.8, epochs=8), "")
    section.use_network(altered(1.9, epochs=9), "")
    assert "now at 9" in label_text(section, "resultsState")
    assert section.results is results
    pair = results.most_taken(1)[0][:2]
    section.confusion.matrix.pin(pair)
    section.set_active(False)
    assert section.results is results
    with qtbot.waitSignal(section.counting.finished, timeout=20_000):
        section.set_active(True)
    assert section.results is not results
    # The same cell is looked at.
    assert shown(section) == section.results.pictures_of(*pair).tolist()


def test_pictures_that_cannot_be_read_leave_those_before(section, qtbot):
    count(section, qtbot)
    before = shown(section)

    def missing():
        raise UserError("There are no digits.")

    section.data.setItemData(2, missing)
    with qtbot.waitSignal(section.problem, timeout=20_000) as told:
        section.data.setCurrentIndex(2)
        section.data.activated.emit(2)
    assert told.args == ["There are no digits."]
    assert section.data.currentIndex() == 0
    assert shown(section) == before


def test_a_count_that_fails_can_be_tried_again(section, qtbot, monkeypatch):
    def fails(model, pictures):
        raise UserError("The network is unusable.")

    with monkeypatch.context() as patch:
        patch.setattr(results_section, "_count", fails)
        section.use_network(linear_model(), "shipped:x")
        with qtbot.waitSignal(section.problem, timeout=20_000) as told:
            section.set_active(True)
    assert told.args == ["The network is unusable."]
    assert label_text(section, "resultsState") == "This could not be measured."
    section.set_active(False)
    with qtbot.waitSignal(section.counting.finished, timeout=20_000):
        section.set_active(True)
    assert section.results is not None


def test_the_points_are_walked_by_keys(section, qtbot, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, label_text, *__: told.append(label_text))
    count(section, qtbot)
    view = section.reliability
    assert view.bins
    qtbot.keyClick(view, Qt.Key_Right)
    assert view.current == 0
    assert "within chance: " in view.accessibleDescription()
    for _ in range(20):
        qtbot.keyClick(view, Qt.Key_Right)
    assert view.current == len(view.bins) - 1
    assert told[-1].replace("\n", " ") == view.accessibleDescription()


def test_a_network_whose_data_are_not_known_shows_no_figures_of_another(section, qtbot):
    figures = ("resultsAccuracy", "otherAccuracyFigure", "sureMistakesFigure")
    count(section, qtbot)
    with qtbot.waitSignal(section.problem, timeout=20_000):
        section.use_network(unknown_model(), "opened:x")
        assert label_text(section, "resultsAccuracy") == "–"
    assert [label_text(section, name) for name in figures] == ["–"] * 3
    matrix = section.confusion.matrix
    assert matrix.describe(0) == ""
    assert not section.confusion.taken.text()
    assert not section.reliability.bins
    assert not shown(section)
    assert "not known here" in label_text(section, "resultsRemark")
    assert not section.remark.isHidden()
    assert not section.grab().isNull()
    assert not section.table().rows
    count(section, qtbot)
    assert "not known" not in label_text(section, "resultsRemark") or section.remark.isHidden()


def test_the_plain_depth_shows_how_often_and_the_details_how_sure(section, qtbot):
    count(section, qtbot)
    for on in (True, False):
        section.show_details(on)
        assert section.reliability.isVisible() == on
        assert [figure.isVisible() for figure in section.figures.all] == [on] * 3
        assert section.figures.chance.isVisible() == on
        assert section.confusion.matrix.isVisible()
        assert section.limits.isVisible()
        seen.settle()


@pytest.mark.parametrize(("on", "most_words", "most_stops"), [(False, 65, 16), (True, 110, 26)])
def test_each_depth_keeps_its_budget(section, qtbot, monkeypatch, on, most_words, most_stops):
    counts = [Limits(np.full(len(SETTINGS), 0.95))]
    monkeypatch.setattr(results_section, "count_limits", lambda model: iter(counts))
    section.show_details(on)
    section.show_example(digit())
    count(section, qtbot)
    qtbot.waitUntil(lambda: section.limits.view.limits.is_complete, timeout=20_000)
    seen.settle()
    # The bar above and the example, with the question in the details, have the rest.
    words = seen.words(section)
    assert len(words) <= most_words - (28 if on else 23), " ".join(words)
    assert len(seen.stops(section)) <= most_stops - 12


def test_a_network_without_a_temperature_is_not_called_calibrated(section, qtbot):
    section.show_details(True)
    count(section, qtbot, altered())
    assert "Not calibrated" in label_text(section, "reliabilityVerdict")
    assert "alibrated" not in label_text(section, "reliabilityWords")
    count(section, qtbot, altered(temperature=1.3))
    assert "Not calibrated" not in label_text(section, "reliabilityVerdict")


def test_a_mistake_is_never_wholly_sure(section, qtbot):
    count(section, qtbot)
    view = section.mistakes.view
    texts = [view.tiles.data(view.tiles.index(n)) for n in range(view.tiles.rowCount())]
    assert texts
    assert not any(" 100%" in text for text in texts)


def test_with_large_text_it_is_no_wider_than_its_view(section):
    theme.theme().resize_text(1.6)
    section.set_room(900)
    assert section.minimumSizeHint().width() <= 900


def test_all_details_stay_beside_the_matrix_in_a_narrow_window(section, qtbot):
    def is_arranged(room, is_below):
        section.resize(room, 900)
        matrix = section.confusion.geometry()
        is_beside = section.mistakes.x() > matrix.right()
        is_wide = section.limits.y() < matrix.bottom()
        return is_beside and is_wide != is_below and section.width() == room

    section.show_details(True)
    for each in ((1090, False), (780, True), (1090, False)):
        section.set_room(each[0])
        qtbot.waitUntil(partial(is_arranged, *each))


def test_the_word_precision_does_not_touch_the_first_figure(section):
    matrix = section.confusion.matrix
    wide = QFontMetricsF(theme.font(theme.Text.LABEL)).horizontalAdvance("precision")
    assert wide < matrix.box_of(matrix.classes, -1).width() - 4


def test_shares_in_narrow_cells_are_rounded_as_elsewhere(section, qtbot):
    count(section, qtbot)
    *shares, _corner = section.confusion.matrix.cells[-1][1:]
    counted = section.results.confusion
    for cell, right, read in zip(shares, np.diag(counted), counted.sum(axis=0), strict=True):
        assert cell.text == f"{cell.short}%"
        assert float(cell.short) == pytest.approx(100 * right / read, abs=0.0501)


def test_an_error_bar_is_not_drawn_over_the_title_of_its_axis():
    look = Diagram()
    drawn = reliability_svg((Bin(0.0, 0.5, 3, 0.3, 0.5, 0.0, 1.0),), look)
    place = re.search(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>how often', drawn)
    # Its baseline is above the top of all bars, without what hangs below it.
    assert float(place[2]) + 0.25 * look.letters < look.at(0, 1)[1]


def test_names_of_few_classes_are_whole_in_the_matrix(section):
    names = ("Dreieck & X", "Kreis ○", "Quadrat")
    matrix = section.confusion.matrix
    matrix.show_classes(len(names), names.__getitem__)
    for size in ((600, 420), (1200, 900)):
        matrix.resize(*size)
        metrics = QFontMetricsF(theme.font(matrix.name_text(matrix.growth()), bold=True))
        box = metrics.boundingRect(names[0])
        room = min(matrix.box_of(0, -1).width(), matrix.box_of(-1, 0).width())
        assert box.width() < room
        assert metrics.tightBoundingRect("Q").height() < matrix.box_of(-1, 0).height()


def test_the_long_name_of_a_class_ends_in_an_ellipsis(show):
    figure = show(ResultFigure("x", "Weakest class"), 120, 80)
    figure.show_figure("long name of a class", "90%")
    assert figure.value.fitted()[1].endswith("…")


def test_limits_are_counted_after_the_results(section, qtbot, digits, monkeypatch):
    counted = []

    def few(model):
        counted.append(section.results.is_complete)
        accuracy = np.full(len(SETTINGS), 0.95)
        # Too much: 20 degrees to the left, and noise from the first amount on.
        accuracy[SETTINGS.index(("turn", -20))] = 0.5
        accuracy[-10:] = 0.2
        yield Limits(np.where(accuracy > 0.9, accuracy, np.nan))
        yield Limits(accuracy)

    monkeypatch.setattr(results_section, "count_limits", few)
    count(section, qtbot)
    qtbot.waitUntil(lambda: "Shifted by" in label_text(section, "limitsSentence"), timeout=20_000)
    assert counted == [True]
    view = section.limits.view
    limits = [format_limit(axis, view.limits) for axis in AXES]
    assert limits == ["±10°", "±8 px", "0"]
    assert "−20°: 50.0%" in view.describe(3)
    assert [row[:2] for row in section.table().rows[-2:]] == [
        ("Noise, strength 0.9", "20.0%"),
        ("Noise, strength 1", "20.0%"),
    ]
    section.open_view("limits")
    assert view.hasFocus()
    # Nothing of one network stays for another.
    monkeypatch.setattr(results_section, "count_limits", lambda model: iter(()))
    section.use_network(altered(-1), "shipped:y")
    assert format_limit(AXES[0], view.limits) == "–"
    assert "not measured" in view.describe(3)


def test_pointing_at_an_amount_changes_the_example_and_says_both_answers(
    section,
    qtbot,
    monkeypatch,
):
    counts = [Limits(np.full(len(SETTINGS), 0.95))]
    monkeypatch.setattr(results_section, "count_limits", lambda model: iter(counts))
    section.show_example(digit())
    count(section, qtbot)
    view = section.limits.view
    qtbot.waitUntil(lambda: view.changed is not None, timeout=20_000)
    assert view.changed.amounts == (30, 4, 0.4)
    ink = digit().picture
    shift = SETTINGS.index(("shift", -2))
    point_at(view, view.place_of(shift))
    qtbot.waitUntil(lambda: view.changed.amounts == (30, -2, 0.4), timeout=20_000)
    assert np.array_equal(view.changed.pictures[1][:, :-2], ink[:, 2:])
    p = Recogniser(linear_model()).predict(np.stack([view.changed.pictures[1], ink])[:, None])
    words = label_text(section, "limitsSentence")
    for answer in p.argmax(axis=1):
        assert f" {answer}, " in words
    assert "−2 px" in words
    section.show_example(None)
    assert view.changed is None


def test_of_many_classes_the_plain_depth_keeps_those_that_are_confused_most(show):
    names = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    pairs = [(one, one) for one in range(26)] + [(3, 20), (20, 25), (7, 25)]
    labels, answers = np.array(pairs).T
    found = Results(np.eye(26, dtype=np.float32)[answers], labels, 1.0, len(pairs))
    card = show(ConfusionCard(FittedLabel(11)), 500, 500)
    card.show_results(found, names.__getitem__)
    matrix = card.matrix
    assert len(matrix.shown) == 10
    assert {3, 7, 20, 25} <= set(matrix.shown)
    assert card.note.text() == "10 of 26 classes"
    row, column = matrix.shown.index(7), matrix.shown.index(25)
    matrix.pick(matrix.item(row, column))
    assert matrix.pinned == (7, 25)
    assert "H" in matrix.describe(matrix.item(row, column))
    card.show_details(True)
    assert matrix.shown == tuple(range(26))
    assert card.note.text() == ""
    assert matrix.pinned == (7, 25)


def test_cells_of_many_classes_have_shades_alone_and_names_that_can_be_read(show):
    names = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    labels = np.repeat(np.arange(26), 30)
    answers = np.roll(labels, 1)
    found = Results(np.eye(26, dtype=np.float32)[answers], labels, 1.0, len(labels))
    card = show(ConfusionCard(FittedLabel(11)), 500, 530)
    card.show_details(True)
    card.show_results(found, names.__getitem__)
    seen.settle()
    written = [text.text for text in seen.texts(card) if text.widget is card.matrix]
    assert set(names) <= set(written)
    assert sum(text.endswith("%") for text in written) == 26
    assert not any(text.isdigit() for text in written)
    assert "29" in card.matrix.describe(card.matrix.item(0, 0))


@pytest.mark.parametrize("high", [180, 250, 333])
def test_mistakes_are_in_whole_rows(section, qtbot, high):
    count(section, qtbot)
    view = section.mistakes.view
    view.setFixedSize(300, high)
    seen.settle()
    row = view.visualRect(view.tiles.index(0)).height()
    assert view.viewport().height() % row == 0


def test_limits_that_cannot_be_counted_say_why(section, qtbot, monkeypatch):
    def missing(model):
        raise UserError("Its pictures are gone.")

    monkeypatch.setattr(results_section, "count_limits", missing)
    count(section, qtbot)
    qtbot.waitUntil(lambda: "gone" in label_text(section, "limitsSentence"), timeout=20_000)
