"""The frame of the tab Inside: one example for all sections, built when it is looked at."""

import re
import sys
from string import ascii_uppercase

import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model
from qtpy.QtCore import QObject, QPointF, QSize, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QPlainTextEdit

from mnist_draw.analysis.guide import guide
from mnist_draw.analysis.table import Table
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.inside import inside_view
from mnist_draw.app.inside.example import ExampleCard
from mnist_draw.app.inside.inside_bar import TableView
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.inside.section import Example, Section
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import Stored
from mnist_draw.app.kit.notifier import board
from mnist_draw.app.kit.threads import running
from mnist_draw.networks import parse_network
from mnist_draw.recognition.certainty import REFUSED, Certainty, State, certainty_from
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences

from ..fakes import answer, model
from ..seen import wait_for_threads
from .examples import label_text


class Noting(Section):
    """A section that notes what it is told."""

    def __init__(self):
        super().__init__()
        self.active = False
        self.network: ModelFile | None = None
        self.example: Example | None = None
        self.opened = ""
        self.shown_details = []

    def show_details(self, on):
        super().show_details(on)
        self.shown_details.append(on)

    def use_network(self, model, key):
        self.network = model

    def show_example(self, example):
        self.example = example

    def set_active(self, on):
        self.active = on

    def open_view(self, view):
        self.opened = view

    def table(self):
        return Table("What it notes", ("what",), [("all",)])


class First(Noting):
    name, title, question = "network", "First", "What is first?"


class Second(Noting):
    name, title, question = "second", "Second", "What is second?"


@pytest.fixture
def tab(qtbot, monkeypatch, tmp_path):
    """Return a tab with two sections."""
    monkeypatch.setattr(inside_view, "SECTIONS", (First, Second))
    canvas, network = Canvas(), ActiveNetwork()
    qtbot.addWidget(canvas)
    canvas.resize(600, 600)
    made = InsideTab(canvas, network, Preferences(tmp_path / "preferences.json"))
    qtbot.addWidget(made)
    yield made
    assert running.shut_down()


@pytest.fixture
def view(tab):
    """Return what the tab, which is now visible, shows."""
    tab.show()
    return tab.open()


def draw(tab, winner=4, second=9):
    """Let the tab follow a drawing on the Draw tab."""
    said = answer(winner, second)
    tab.example.show_drawing(said.network_input, said.probabilities, said.certainty)
    return said


def activate(tab, qtbot):
    tab.activateWindow()
    qtbot.waitUntil(tab.isActiveWindow, timeout=20_000)


def noted(tab, name="network"):
    return tab.open()._made[name]


def shows_no_drawing(tab, name="network"):
    """Whether a section shows nothing, or once it is read a picture of the network's own data."""
    example = noted(tab, name).example
    return example is None or example.is_sample


def test_nothing_is_built_before_it_is_looked_at(tab):
    tab.use_network(model(), "shipped:mlp")
    assert not tab.findChildren(QObject, "exampleCard")
    tab.show()
    assert tab.findChildren(QObject, "exampleCard")
    assert noted(tab).network is not None
    assert noted(tab).active


def test_only_the_section_in_front_is_active_and_only_while_visible(tab, view):
    view.open_section("second")
    assert (noted(tab).active, noted(tab, "second").active) == (False, True)
    assert not label_text(tab, "insideQuestion")
    view.bar.details.click()
    assert label_text(tab, "insideQuestion") == "What is second?"
    tab.hide()
    assert not noted(tab, "second").active
    tab.show()
    assert noted(tab, "second").active


def test_what_all_sections_find_is_told_once(tab, notices, qtbot):
    def find(name, sentence):
        noted(tab, name).problem.emit(sentence)

    view = tab.open()
    tab.use_network(model(), "file:a")
    view.open_section("second")
    find("network", "Its data are gone.")
    find("second", "Its data are gone.")
    assert notices.sentences == ["Its data are gone."]
    # Whoever asks the same section again is answered again.
    find("second", "Its data are gone.")
    find("second", "Something else.")
    assert notices.sentences == ["Its data are gone.", "Its data are gone.", "Something else."]
    # What was said of one network does not stay with another.
    with qtbot.waitSignal(board.withdrawn):
        tab.use_network(model(), "file:b")
    find("second", "Something else.")
    find("network", "Something else.")
    assert notices.sentences[3:] == ["Something else."]


def test_the_drawing_goes_through_all_sections(tab, view):
    said = draw(tab)
    view.open_section("second")
    for name in ("network", "second"):
        example = noted(tab, name).example
        assert example.picture is said.network_input
        assert (example.label, example.label_source) == ("4", "answer")
    assert label_text(tab, "exampleAnswer") == "4"
    assert label_text(tab, "exampleSure") == "Sure"
    assert "90.0%" in label_text(tab, "exampleSecond")
    # A class with a short name is whole there.
    figure = view.card.answer
    named = Certainty(State.SURE, "Sure", "Kreis ○", "", (1,))
    figure.show_certainty(named, False, 300)
    figure.show_certainty(named, False, round(figure._width()) - 9)
    assert figure._pieces == [("Kreis ○", "named")]
    tab.example.show_drawing(None, None, None)
    assert shows_no_drawing(tab, "second")
    assert label_text(tab, "exampleAnswer") != "4"
    # What is made while the tab is hidden waits for it.
    tab.hide()
    said = draw(tab)
    assert shows_no_drawing(tab, "second")
    tab.show()
    assert noted(tab, "second").example.picture is said.network_input


def test_what_the_user_says_holds_until_the_board_is_empty(tab, view):
    def shows(words):
        return label_text(tab, "exampleLabel") == words

    draw(tab)
    tab.example.label_drawing(9)
    assert shows("You said: it is a 9")
    draw(tab)
    assert shows("You said: it is a 9")
    tab.example.show_drawing(None, None, None)
    draw(tab)
    assert shows("Read as a 4")
    tab.hide()
    tab.example.label_drawing(7)
    tab.show()
    assert shows("You said: it is a 7")
    # That digit was deleted.
    tab.example.label_drawing(None)
    assert shows("Read as a 4")


def test_a_digit_of_a_number_is_named_and_keeps_no_older_label(tab, view):
    draw(tab)
    tab.example.label_drawing(9)
    said = answer(1, 7)
    shown = (said.network_input, said.probabilities, said.certainty)
    tab.example.show_drawing(*shown, "1, digit 2 of 51")
    assert label_text(tab, "exampleTitle") == "1, digit 2 of 51"
    assert (noted(tab).example.label, noted(tab).example.label_source) == ("1", "answer")


def test_of_a_digit_of_a_number_the_network_alone_is_asked(tab, view, qtbot):
    """In a number the reader weighs it by the others; the sections show what the network says."""
    tab.example._network.state.model = linear_model()
    said = draw(tab)
    wait_for_threads(qtbot)
    assert tab.example.answer[0] is said.probabilities
    shown = (said.network_input, said.probabilities, said.certainty)
    tab.example.show_drawing(*shown, "4, digit 2 of 34")
    qtbot.waitUntil(lambda: tab.example.answer[0] is not None, timeout=20_000)
    alone = Recogniser(linear_model(), compiled=False).predict(said.network_input[None, None])[0]
    assert np.array_equal(tab.example.answer[0], alone)
    assert label_text(tab, "exampleAnswer") == tab.example.answer[1].text
    # Back to one digit, an answer that is still computed comes too late.
    tab.example.show_drawing(*shown, "4, digit 2 of 34")
    draw(tab)
    wait_for_threads(qtbot)
    assert tab.example.answer[0] is not None
    assert not np.array_equal(tab.example.answer[0], alone)


def test_the_first_look_waits_for_no_import(tab, qtbot, monkeypatch):
    monkeypatch.delitem(sys.modules, "mnist_draw.app.inside.inside_view")
    tab.show()
    assert tab.view is None
    qtbot.waitUntil(lambda: tab.view is not None, timeout=20_000)


def test_what_is_no_digit_is_known_as_such(tab, view, qtbot):
    draw(tab, None)
    assert not noted(tab).example.is_digit
    assert label_text(tab, "exampleAnswer") == REFUSED
    assert label_text(tab, "exampleSure") == "Not a digit"
    assert "letter" in label_text(tab, "exampleSecond")
    # It is read to its end.
    second = view.card.second
    qtbot.waitUntil(lambda: second.heightForWidth(second.width()) <= second.height() + 2)
    # What the network makes of it is not said as if it were read.
    assert label_text(tab, "exampleLabel").startswith("The network alone: ")


def test_a_picked_picture_stays_while_the_drawing_changes(tab, view):
    picked = Example(np.ones((28, 28), np.float32), "7", "data", "Test picture 12", 12)
    noted(tab).example_picked.emit(picked)
    draw(tab)
    assert noted(tab).example is picked
    assert label_text(tab, "exampleTitle") == "Test picture 12"
    assert label_text(tab, "exampleLabel") == "It is a 7"
    view.card.back_button.click()
    assert noted(tab).example.is_drawing
    # Asked why, the section Network opens on that pair.
    view.open_section("second")
    noted(tab, "second").why_requested.emit(picked, 4, 9)
    assert view.section.name == "network"
    assert noted(tab).opened == "why 4 9"
    assert noted(tab).example is picked


def test_a_board_that_is_cleared_is_noted_behind_another_tab(tab, view):
    draw(tab)
    tab.hide()
    tab.example.show_drawing(None, None, None)
    tab.show()
    assert shows_no_drawing(tab)


def test_the_network_opens_with_the_drawing_whatever_was_looked_at_before(tab, view):
    noted(tab).example_picked.emit(Example(np.ones((28, 28), np.float32), "7", "data", "Test", 12))
    view.open_section("second")
    tab.hide()
    said = draw(tab)
    tab.open_network()
    assert view.section.name == "network"
    assert noted(tab).example.picture is said.network_input


def test_classes_of_other_data_are_not_called_digits(tab):
    other = model(refused=0.9)
    tab.active.confirm(other)
    tab.use_network(other, "")
    tab.show()
    draw(tab)
    assert "as class 4" in label_text(tab, "exampleLabel")
    assert label_text(tab, "exampleSecond").endswith(" for 4")


def test_a_wide_drawing_is_shown_whole(tab, view):
    large, board = tab.canvas, view.card.board
    large.resize(1200, 600)
    for x in (10, 1190):
        large.begin(QPointF(x, 300), False)
        large.extend(QPointF(x, 400))
        large.end()
    shown = board.in_widget(large.drawing.items[0].bounds())
    within = board.rect().adjusted(-1, -1, 1, 1)
    assert within.contains(shown.toAlignedRect())
    assert within.contains(board.in_widget(large.drawing.items[1].bounds()).toAlignedRect())
    image, side = board.grab().toImage(), board.width()
    ink = {x for x in range(side) if image.pixelColor(x, side // 2).lightness() < 128}
    assert min(ink) < 20
    assert max(ink) > side - 20


def test_a_stroke_on_the_small_board_is_a_stroke_on_the_large_one(tab, view, qtbot):
    large, board, heard = tab.canvas, view.card.board, []
    large.ink_changed.connect(lambda: heard.append(large.ink().any()))
    side = board.width()
    board.begin(QPointF(0.3 * side, 0.3 * side), False)
    board.extend(QPointF(0.6 * side, 0.6 * side))
    board.end()
    assert heard
    assert all(heard)
    assert large.has_ink()
    large.grab()
    image = large._image
    center = image.pixelColor(image.width() * 9 // 20, image.height() * 9 // 20)
    assert center.alpha() == 255
    # It is taken back by the usual key.
    activate(tab, qtbot)
    board.setFocus()
    QTest.keyClick(board, Qt.Key_Z, Qt.ControlModifier)
    assert not large.has_ink()
    assert not board.has_ink()
    assert not board.grab().isNull()
    assert not view.card.undo_button.isEnabled()
    QTest.keyClick(board, Qt.Key_Y, Qt.ControlModifier)
    assert large.has_ink()


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".csv", b"what\nall\n")],
)
def test_a_view_is_saved(view, tmp_path, suffix, beginning, notices):
    path = tmp_path / f"view{suffix}"
    view.menu.save_to(path, suffix)
    assert path.read_bytes().startswith(beginning)
    assert notices.sentences == [f"Saved {path}."]
    view.menu.save_to(tmp_path / "no" / "x", suffix)
    assert [notice.is_passing for notice in notices] == [True, False]
    # A picture shows no more than the window does.
    words = QPlainTextEdit("\n" * 200, view.section)
    words.show()
    view.menu.save_to(path, suffix)
    assert ("out of view" in notices[2].sentence) == (suffix != ".csv")


def test_a_view_is_read_as_a_table_and_copied(tab, view, notices, monkeypatch):
    view.menu.show_table()
    shown = tab.findChild(TableView, "viewTable")
    assert shown.model().index(0, 0).data() == "all"
    assert shown.window() is not tab.window()
    shown.window().close()
    actions = {action.text(): action for action in view.menu.actions()}
    actions["Copy as a table"].trigger()
    assert notices[0].is_passing
    # No picture is taken of what is still to come.
    QApplication.clipboard().setText("before")
    monkeypatch.setattr(noted(tab), "is_pending", lambda: True)
    view.menu.actions()[0].trigger()
    assert "still being computed" in notices[1].sentence
    assert QApplication.clipboard().text() == "before"


def test_the_guide_shows_what_it_speaks_of(tab, view, qtbot):
    # What is opened by hand does not turn it.
    view.guide.show_step(4)
    view.open_section("second")
    assert view.guide.step.number == 4
    view.guide.show_step(2)
    view.guide.show_button.click()
    assert view.section.name == "network"
    assert noted(tab).opened == "unit"
    # It is about all details, the first step about the first sight.
    assert tab.view.bar.details.isChecked()
    view.show_step(guide()[0])
    assert not tab.view.bar.details.isChecked()
    assert view.guide.title.text() == "One unit"
    view.guide.next.click()
    assert view.guide.title.text() == "The start"
    assert guide()[2].exercise.split()[-1] in view.guide.label.text()
    with qtbot.waitSignal(tab.draw_requested):
        view.show_step(guide()[-1])


@pytest.mark.parametrize(
    ("network", "skipped"),
    [
        (random_model("custom_mlp:2,8"), [11]),
        (random_model("cnn"), []),
        (random_model("custom_mlp:1,8#26", data="letters", classes=list(ascii_uppercase)), [11]),
        (random_model("layers:20,norm,10"), [11]),
        (random_model("layers:conv4x5,norm,pool2,10"), []),
    ],
    ids=["tutorial", "best", "letters", "own list", "own convolutions"],
)
def test_the_guide_is_walked_from_its_first_step_to_its_last(
    network, skipped, tab, monkeypatch, qtbot,
):  # fmt: skip
    """Each step opens what it is about, by the own network or by one that is lent for it."""
    kinds = {name: type(name, (Noting,), {"name": name, "title": name, "question": "?"})
             for name in ("network", "step", "results", "map")}  # fmt: skip
    monkeypatch.setattr(inside_view, "SECTIONS", tuple(kinds.values()))
    lent = {"shipped:mlp": random_model("custom_mlp:2,8"), "shipped:best": random_model("cnn")}
    monkeypatch.setattr(tab.active, "use", lambda name: use(tab, network, "file:own"))
    monkeypatch.setattr(tab.active, "use_key", lambda key: use(tab, lent[key], key))
    tab.show()
    view = tab.open()
    use(tab, network, "file:own")
    view.guide.show_step(1)
    walked = [1]
    while True:
        step = view.guide.step
        if step.section == "draw":
            with qtbot.waitSignal(tab.draw_requested):
                view.guide.show_button.click()
            break
        view.guide.show_button.click()
        assert view.section.name == step.section
        assert view.section.opened == step.view
        assert tab.view.bar.details.isChecked() == step.details
        convolves = parse_network(view.model.network).parameter_shapes()[0][2:] != ()
        assert convolves or "convolution" not in step.needs
        view.guide.next.click()
        assert view.model is network
        walked.append(view.guide.step.number)
    assert walked == [number for number in range(1, 13) if number not in skipped]


def test_each_step_of_the_guide_opens_a_view_of_its_section(qtbot):
    made = {kind.name: kind() for kind in inside_view.SECTIONS}
    for section in made.values():
        qtbot.addWidget(section)
    steps = [step for step in guide() if step.section != "draw"]
    for step in steps:
        made[step.section].open_view(step.view)
    assert {step.section for step in steps} == set(made)


def test_a_step_about_digits_is_lent_a_network_of_digits_which_goes_back(tab, view, monkeypatch):
    """A letter keeps its name, and the student's own network comes back."""
    asked: list[str] = []
    state = tab.active.state
    state.set(network_wanted=Stored("file:letters"))
    monkeypatch.setattr(tab.active, "use", lambda name: asked.append(name.key))
    use(tab, letters_model(), "file:letters")
    letter = Example(np.ones((28, 28), np.float32), "H", "data", "Test picture 7", 7)
    for number in (step.number for step in guide() if "digits" in step.needs):
        tab.example.pick(letter)
        view.guide.show_step(number)
        assert "digits" in label_text(tab, "guideNeed")
        assert "Tutorial MLP" in view.guide.show_button.text()
        view.guide.show_button.click()
        assert asked.pop() == "shipped:mlp"
        use(tab, model(), "shipped:mlp")
        assert "for this step" in label_text(tab, "guideNeed")
        assert tab.example.current is not letter
        # Leaving the step gives the own network back.
        view.guide.next.click()
        assert asked.pop() == "file:letters"
        use(tab, letters_model(), "file:letters")
    view.guide.show_step(1)
    view.guide.show_button.click()
    use(tab, model(), "shipped:mlp")
    view.guide.back_link.click()
    assert asked == ["shipped:mlp", "file:letters"]
    use(tab, letters_model(), "file:letters")
    # Another network that somebody chose stays.
    view.guide.show_button.click()
    use(tab, model(), "shipped:mlp")
    use(tab, model(), "file:other")
    view.guide.next.click()
    assert asked[2:] == ["shipped:mlp"]


def test_next_leads_past_what_the_network_does_not_have(tab, view):
    use(tab, model(), "file:a")
    view.guide.show_step(10)
    view.guide.next.click()
    assert view.guide.step.number == 12
    view.guide.back.click()
    assert view.guide.step.number == 11


def test_the_whole_guide_is_read_and_its_step_is_remembered(view, tab):
    view.bar.guide.click()
    view.guide.show_step(11)
    view.turn_page()
    assert view.page.isVisible()
    assert not view.guide.isVisible()
    words, code = view.page.text.toPlainText().split("The guide in code")
    assert "docs/tutorial.md" in code
    assert 'href="https://vict0rs.ch' in view.page.text.toHtml()
    assert "12. Ask it yourself" in words
    assert "import" not in words
    assert words.count("Exercise") == len(guide())
    assert "rmsprop(loss, params" in code
    # Its lines are no longer than is read well, and its card is its only frame.
    assert view.page.text.lineWrapColumnOrWidth() <= view.page.text.viewport().width()
    assert view.page.text.maximumWidth() > 10_000
    view.open_section("second")
    assert not view.page.isVisible()
    assert view.guide.isVisible()
    view.guide.show_step(9)
    assert tab.preferences.get("inside_section", "") == "second"
    assert tab.preferences.get("inside_guide_step", 0) == 9


def test_a_class_without_a_name_is_said_by_its_number_and_shown_as_it(tab, view, qtbot):
    unnamed = linear_model().with_info(refused=0.9)
    tab.active.state.model = unnamed
    tab.use_network(unnamed, "file:a")
    noted(tab).example_picked.emit(Example(np.ones((28, 28), np.float32), None, "data", "Test", 12))
    qtbot.waitUntil(lambda: label_text(tab, "exampleSecond") != "", timeout=20_000)
    assert re.search(r"class \d", label_text(tab, "exampleSecond"))
    shown = "".join(piece for piece, _kind in view.card.answer._pieces)
    assert re.fullmatch(r"\d( or \d)?", shown)


def test_the_answer_of_another_network_does_not_stay(tab, view, qtbot):
    tab.active.state.model = linear_model()
    tab.use_network(linear_model(), "file:a")
    noted(tab).example_picked.emit(Example(np.ones((28, 28), np.float32), "7", "data", "Test", 12))
    qtbot.waitUntil(lambda: label_text(tab, "exampleAnswer") != "", timeout=20_000)
    tab.use_network(linear_model(), "file:b")
    assert label_text(tab, "exampleAnswer") == ""
    qtbot.waitUntil(lambda: label_text(tab, "exampleAnswer") != "", timeout=20_000)


def test_what_answers_changes_only_when_it_is_asked_for(tab, view, qtbot, notices):
    activate(tab, qtbot)
    view.guide.show_step(11)
    tab.use_network(model(), "file:a")
    asked: list[str] = []
    view._active.use_key = asked.append
    view.guide.show_step(11)
    assert asked == []
    assert "Best reader" in view.guide.show_button.text()
    view.guide.show_button.click()
    assert asked == ["shipped:best"]


def test_a_section_that_needs_much_room_does_not_make_the_window_larger(tab, monkeypatch):
    monkeypatch.setattr(First, "minimumSizeHint", lambda _: QSize(3000, 2000), raising=False)
    tab.show()
    view = tab.open()
    assert view.minimumSizeHint().width() < 1500
    assert view.stack.minimumSizeHint().width() >= 3000
    # It scrolls; another one in front of it needs no scrolling.
    view.open_section("second")
    assert view.stack.minimumSizeHint().width() < 3000


def test_long_names_of_classes_cut_no_figure(show):
    card = show(ExampleCard(Canvas()))
    names = ["a parallelogram", "a rhombus"]
    probabilities = np.array([0.0, 1.0], np.float32)
    card.show_answer(certainty_from(probabilities, names))
    assert "99.9%" in card.second.text()
    _, painted = card.sure.fitted()
    assert painted == card.sure.text()


def test_the_label_of_a_letter_is_none_of_a_digit(tab, view, qtbot):
    use(tab, letters_model(), "file:letters")
    draw(tab)
    tab.example.label_drawing(7)
    assert "H" in label_text(tab, "exampleLabel")
    # The drawing stays, a picture of other data does not.
    drawing = tab.example.current.picture
    tab.example.pick(Example(np.ones((28, 28), np.float32), "7", "data", "Test picture 12", 12))
    tab.active.state.model = model()
    tab.use_network(model(), "file:digits")
    assert tab.example.current.number_among(tuple("0123456789")) is None
    assert tab.example.current.picture is drawing
    assert "none of" in label_text(tab, "exampleLabel")


def letters_model():
    return linear_model().with_info(data="letters", classes=list("ABCDEFGHIJ"))


def use(tab, network, key):
    tab.active.state.model = network
    tab.use_network(network, key)


def test_the_number_of_a_class_is_never_that_of_another_network(tab, view, qtbot, monkeypatch):
    use(tab, letters_model(), "file:letters")
    told: list[object] = []
    monkeypatch.setattr(tab.example._background, "run", lambda *work: told.append(work))
    tab.example.pick_test(7)
    _load, take = told.pop()
    picture = Example(np.ones((28, 28), np.float32), "H", "data", "Test picture 7", 7)
    # The network changes while the picture is loaded.
    use(tab, model(), "file:digits")
    take(picture)
    assert tab.example.current is not picture
    tab.example.pick(picture)
    assert picture.number_among(tuple("0123456789")) is None
    assert "H" not in label_text(tab, "exampleLabel")
    assert not any(digit in label_text(tab, "exampleLabel") for digit in "7")


def test_what_the_user_said_comes_back_with_a_network_that_knows_it(tab, view):
    use(tab, model(), "file:digits")
    draw(tab)
    tab.example.label_drawing(7)
    use(tab, letters_model(), "file:letters")
    assert "none of" in label_text(tab, "exampleLabel")
    use(tab, model(), "file:digits")
    assert "is a 7" in label_text(tab, "exampleLabel")


def test_an_example_goes_through_until_something_is_drawn(tab, view, qtbot):
    qtbot.waitUntil(lambda: noted(tab).example is not None)
    sample = noted(tab).example
    assert sample.is_sample
    assert "Validation" in sample.source
    assert view.card.board.isVisible()
    said = draw(tab)
    assert noted(tab).example.picture is said.network_input
    tab.example.show_drawing(None, None, None)
    assert noted(tab).example is sample


def test_the_depth_is_one_for_all_sections_and_is_kept(tab, view):
    assert not view.bar.details.isChecked()
    assert noted(tab).shown_details == [False]
    view.bar.details.click()
    view.open_section("second")
    assert [noted(tab, name).shown_details[-1] for name in ("network", "second")] == [True, True]
    assert tab.view.bar.details.isChecked()
    assert view.bar.details.objectName() == "allDetailsSwitch"
    # A new window begins with what was kept, and its switches say so.
    view.bar.guide.click()
    again = inside_view.InsideView(tab)
    assert again.bar.details.isChecked()
    assert again.bar.guide.isChecked()
    again.deleteLater()


def test_the_guide_is_closed_at_first_and_leaves_its_place_to_the_answers(tab, view):
    assert not view.guide.isVisible()
    assert view.answers.isVisible()
    view.bar.guide.click()
    assert view.guide.isVisible()
    assert not view.answers.isVisible()
    assert tab.view.bar.guide.isChecked()


def test_the_tools_of_the_board_are_one_stop(tab, view, qtbot):
    draw(tab)
    view.card.board.begin(QPointF(20, 20), False)
    view.card.board.end()
    activate(tab, qtbot)
    view.card.random_button.setFocus()
    for tool in (view.card.undo_button, view.card.clear_button, view.card.random_button):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Right)
        assert QApplication.focusWidget() is tool
