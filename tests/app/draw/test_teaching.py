"""Teaching: the row below the answer, the rows of the Library, and the files of digits."""

import json
import shutil
import time
from dataclasses import replace
from types import SimpleNamespace

import full_disk
import numpy as np
import pytest
from qtpy.QtCore import QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from mnist_draw.app.draw.board_items import ink_of
from mnist_draw.app.draw.digit_list import MyDigits, thumbnail_mask
from mnist_draw.app.draw.drawing_files import from_record, record_of
from mnist_draw.app.draw.overlays import tag_of
from mnist_draw.app.draw.recognition import places_of
from mnist_draw.app.kit.app_state import AppState, Idle, Learns, TaughtInk
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.threads import Background, running
from mnist_draw.app.train.library_page import LibraryPage
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.library.networks import list_deleted
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer
from mnist_draw.recognition.certainty import REFUSED, State
from mnist_draw.storage import my_digits
from mnist_draw.storage.my_digits import TaughtDigit, read_digit, save_digit
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.run import Run

from .. import fakes

STROKE = [(200, 150), (350, 200), (250, 420)]
BAR = np.zeros((300, 300), np.uint8)
BAR[50:250, 140:160] = 255


class Setup(fakes.Parts):
    """A visible Draw tab whose network calls every picture a 3."""

    def __init__(self, tab, qtbot, home, notices):
        self.qtbot, self.told, self.drawn = qtbot, notices, 0
        self.folder = home / "data" / "my_digits"
        self.root = self.tab = tab
        self.teaching = tab.teaching
        reader = self.tab.pictures.reader
        reader.make_recogniser = lambda model: THREE
        self.page = LibraryPage(AppState())
        qtbot.addWidget(self.page)
        self.list = self.page.list
        self.digits = MyDigits(tab.canvas, Background(tab), reader, self.page, tab)
        self.digits.changed.connect(tab.teaching.recount)
        self.tab.network.confirm(fakes.model(title="A network"))
        self.tab.start()
        self.settle()

    def settle(self):
        """Wait until all work in other threads is done and delivered."""
        for _ in range(6):
            assert running.shut_down()
            QApplication.processEvents()

    def draw(self, digit=8, second=3):
        """Draw something else than before, and let the network answer."""
        self.tab.canvas.clear()
        self.drawn += 1
        self.tab.canvas.add_stroke([(200, 150 - 4 * self.drawn), *STROKE])
        self.read(digit, second)

    def read(self, digit=8, second=3, letter=""):
        """Let the network answer to what is on the board."""
        said = replace(fakes.answer(digit, second), letter=letter)
        places = places_of(self.tab.canvas.ink(), None)
        reading = fakes.reading(said, ticket=self.tab.ticket)
        self.tab.show_reading(replace(reading, places=places))

    def tags(self):
        return [(tag.read, tag.said, tag.is_learned) for tag in self.tab.boxes.tags]

    def teach(self, label):
        self.draw()
        self.button(f"teachDigit{label}").click()
        self.settle()

    def files(self):
        return sorted(self.folder.glob("*.png"))

    def open_list(self):
        self.page.show()
        self.page.shown.emit()
        self.settle()

    def rows(self):
        return self.list.rows.others.get("digits", ())

    def shown(self):
        """Return the name of each digit, and what is said of it."""
        return [(row.name, row.detail) for row in self.rows()]

    def choose(self, place=0):
        self.list.choose(self.rows()[place].key)


#: A recogniser that calls every picture a 3.
THREE = SimpleNamespace(
    use=lambda model: None,
    recognise_ink=lambda *_: fakes.answer(3),
)


@pytest.fixture
def setup(tab, qtbot, own_home, notices):
    made = Setup(tab, qtbot, own_home, notices)
    yield made
    made.settle()


# -- the row


def test_a_click_saves_drawing_picture_and_answer_but_no_empty_board(setup):
    assert setup.button("wrongButton").isHidden()
    setup.teaching.teach(3)
    setup.settle()
    assert setup.files() == []
    setup.teach(3)
    (path,) = setup.files()
    assert path.name.startswith("3-")
    digit = read_digit(path)
    assert (digit.label, digit.said, digit.network) == (3, "8", "A network")
    assert digit.confidence == pytest.approx(0.9)
    assert np.array_equal(digit.ink, setup.tab.canvas.ink())
    assert len(digit.drawing["items"]) == 1
    # The tag and the next step say the rest.
    assert setup.told == []
    setup.tab.network.state.set(run=Run(state="training"))
    setup.teaching._saved((replace(digit, path=path), None))
    assert "after the run" in setup.told[-1].sentence
    assert setup.tab.network.state.taught == 1
    setup.tab.canvas.clear()
    assert setup.button("wrongButton").isHidden()


def test_one_digit_of_a_number_is_taught_alone(setup):
    setup.draw()
    ink = setup.tab.canvas.ink()
    left, right = int(ink.any(axis=0).argmax()), ink.shape[1]
    half = left + 20
    parts = (
        DigitAnswer(2, 0.9, (0, 0, half, ink.shape[0])),
        DigitAnswer(7, 0.8, (half, 0, right - half, ink.shape[0])),
    )
    reading = fakes.reading(fakes.answer(None), NumberAnswer("27", parts), setup.tab.ticket)
    setup.tab.show_reading(reading)
    setup.teaching.teach(4, place=1)
    setup.settle()
    (path,) = setup.files()
    digit = read_digit(path)
    assert (digit.label, digit.said, digit.drawing) == (4, "7", None)
    assert digit.confidence == pytest.approx(0.8)
    assert not digit.ink[:, :half].any()
    np.testing.assert_array_equal(digit.ink[:, half:], ink[:, half:])


def test_the_same_ink_is_one_digit_whose_label_is_the_last(setup):
    setup.teach(3)
    kept = setup.files()
    for _ in range(2):
        setup.button("teachDigit3").click()
        setup.settle()
    assert setup.files() == kept
    assert "already kept as a 3" in setup.told[-1].sentence
    setup.button("teachDigit5").click()
    setup.settle()
    assert [path.name[0] for path in setup.files()] == ["5"]
    assert setup.tab.network.state.taught == 1
    # Taking that back restores the label of before, also after a second click.
    for clicks in (0, 1):
        for _ in range(clicks):
            setup.button("teachDigit5").click()
            setup.settle()
            setup.button("teachDigit5").click()
            setup.settle()
        setup.button("takeBackButton").click()
        setup.settle()
        assert setup.files() == kept


def test_one_drawing_has_one_label_in_a_hostile_folder(setup):
    setup.folder.mkdir(parents=True, exist_ok=True)
    (setup.folder / ".deleted").touch()
    setup.teach(3)
    (kept,) = setup.files()
    # A number follows where another file has the name.
    kept = kept.rename(kept.with_stem(f"{kept.stem}-2"))
    setup.button("teachDigit3").click()
    setup.settle()
    assert setup.files() == [kept]
    setup.button("teachDigit5").click()
    setup.settle()
    assert setup.told[-1].sentence.startswith(f"{kept.name} cannot be deleted")
    assert setup.files() == [kept]


def test_undo_forgets_the_digit_and_the_same_drawing_can_be_taught_next(setup):
    setup.teach(3)
    setup.button("takeBackButton").click()
    setup.settle()
    assert setup.files() == []
    # The file is not gone.
    assert len(list((setup.folder / ".deleted").iterdir())) == 1
    assert setup.tab.network.state.taught == 0
    setup.button("teachDigit5").click()
    setup.settle()
    setup.teach(7)
    assert [path.name[0] for path in setup.files()] == ["5", "7"]
    assert (setup.tab.network.state.taught, setup.tab.network.state.unlearned) == (2, 2)
    # Each drawing takes back its own digit.
    setup.tab.canvas.undo()
    setup.tab.canvas.undo()
    setup.read()
    setup.button("takeBackButton").click()
    setup.settle()
    assert [path.name[0] for path in setup.files()] == ["7"]


def test_the_undo_key_takes_the_lesson_back_before_the_drawing(setup):
    setup.teach(5)
    setup.tab.undo.trigger()
    setup.settle()
    assert setup.files() == []
    assert setup.tab.canvas.has_ink()
    setup.tab.undo.trigger()
    assert not setup.tab.canvas.has_ink()
    # A stroke after the lesson is the last step.
    setup.teach(5)
    setup.tab.canvas.add_stroke(STROKE)
    setup.tab.undo.trigger()
    setup.settle()
    assert len(setup.files()) == 1


def test_by_keyboard(setup):
    setup.draw(second=3)
    QTest.keyClick(setup.tab.canvas, Qt.Key_T)
    setup.qtbot.waitUntil(setup.button("teachDigit3").hasFocus)
    QTest.keyClick(setup.button("teachDigit3"), Qt.Key_Escape)
    assert setup.tab.canvas.hasFocus()
    setup.button("wrongButton").click()
    assert setup.button("teachDigit3").hasFocus()
    QTest.keyClick(setup.button("teachDigit3"), Qt.Key_5)
    setup.settle()
    assert [path.name[0] for path in setup.files()] == ["5"]
    assert setup.tab.canvas.hasFocus()


def test_a_full_disk_is_told_and_nothing_is_lost(setup, monkeypatch):
    monkeypatch.setattr(my_digits, "write_atomically", full_disk.refuse)
    setup.teach(3)
    (sentence,) = setup.told.sentences
    assert "disk is full" in sentence
    assert "the board" in sentence
    assert setup.tab.canvas.has_ink()
    monkeypatch.undo()


# -- what the tag says


@pytest.mark.parametrize(
    ("read", "taught", "learns", "expected"),
    [
        ("4", None, False, ("4", "", False)),
        ("4", TaughtInk(9, "", True, True), False, ("4", "you said 9", False)),
        ("4 ?", TaughtInk(4, "", True, True), False, ("4 ?", "you said 4", False)),
        ("4", TaughtInk(9, "", True, True), True, ("4", "you said 9 · learning", False)),
        ("9", TaughtInk(9, "", True, False), False, ("9 ✓", "", True)),
        ("4", TaughtInk(9, "", True, False), False, ("still 4", "", False)),
        # It was read right when it was taught.
        ("4", TaughtInk(4, "", False, False), False, ("4", "", False)),
    ],
)
def test_a_tag_says_what_is_read_and_what_was_said(read, taught, learns, expected):
    tag = tag_of(read, taught, learns)
    assert (tag.read, tag.said, tag.is_learned) == expected


@pytest.mark.parametrize(
    ("read", "is_new", "expected"),
    [
        ("4", False, ("4", "you said 9", False)),
        # It learned nothing: it reads so by itself.
        ("9", False, ("9", "", False)),
        ("9", True, ("9", "", False)),
    ],
)
def test_a_tag_says_nothing_of_what_another_network_learned(read, is_new, expected):
    tag = tag_of(read, TaughtInk(9, "", True, is_new), has_learned=False)
    assert (tag.read, tag.said, tag.is_learned) == expected


def letter_like(setup):
    """Show an 8 that may be the letter B; return the panel."""
    setup.draw()
    setup.read(letter="B")
    return setup.tab.answer


def test_a_digit_that_may_be_a_letter_is_settled_in_one_click(setup):
    answer = letter_like(setup)
    assert answer.certainty.state is State.NOT_SURE
    assert not setup.button("whyLink").isVisibleTo(answer)
    assert "an 8" in setup.button("isDigitButton").text()
    assert answer.bars_card.others.text() == "If it is a digit"
    setup.button("isDigitButton").click()
    assert answer.certainty.is_named_alone
    assert answer.bars_card.others.text() != "If it is a digit"
    assert "Sure" not in answer.certainty.sentence
    assert setup.button("wrongButton").text() == "Change"
    assert setup.tab.network.state.taught == 0
    setup.button("takeBackButton").click()
    assert answer.certainty.state is State.NOT_SURE
    setup.button("isLetterButton").click()
    assert answer.certainty.text == REFUSED
    # Another one is asked about again.
    assert letter_like(setup).certainty.state is State.NOT_SURE


def test_what_was_settled_is_known_at_the_next_start(setup, show):
    preferences = Preferences()
    setup.teaching.restore(preferences)
    answer = letter_like(setup)
    setup.button("isLetterButton").click()
    assert answer.certainty.text == REFUSED
    preferences.save()
    setup.tab.network.state.set(settled={})
    assert answer.certainty.state is State.NOT_SURE
    setup.teaching.restore(Preferences())
    assert answer.certainty.text == REFUSED


def test_keys_settle_what_may_be_a_letter_and_are_free_otherwise(setup, qtbot):
    def command(key):
        return next(one for one in setup.tab.findChildren(Command) if one.keys == key)

    assert not command("Return").isEnabled()
    answer = letter_like(setup)
    command("L").trigger()
    assert answer.certainty.is_refused
    assert not command("L").isEnabled()


def test_what_is_none_of_the_digits_can_be_said_of_any_answer(setup):
    setup.draw()
    setup.button("wrongButton").click()
    setup.button("noDigitButton").click()
    assert setup.tab.answer.certainty.is_refused
    assert not setup.button("noDigitButton").isVisibleTo(setup.tab.answer)


def test_what_was_said_stays_with_its_ink(setup, qtbot):
    state = setup.tab.network.state
    setup.teach(3)
    assert setup.tags() == [("8", "you said 3", False)]
    assert setup.button("wrongButton").text() == "Change"
    assert setup.button("teachDigit3").isChecked()
    assert "you said 3" in setup.tab.boxes.accessibleDescription()
    # Through undo and redo, …
    setup.tab.canvas.undo()
    setup.read()
    assert setup.tags() == []
    setup.tab.canvas.redo()
    setup.read()
    assert setup.tags() == [("8", "you said 3", False)]
    # … while it is learned and after that.
    state.set(learning=Learns(0.4))
    assert setup.tags() == [("8", "you said 3 · learning", False)]
    setup.teaching.note_learned(time.time() + 1, state.network_answering.key)
    state.set(learning=Idle())
    setup.settle()
    assert setup.tags() == [("still 8", "", False)]
    setup.read(digit=3, second=8)
    assert setup.tags() == [("3 ✓", "", True)]


def test_what_was_said_comes_back_with_the_drawing_at_the_next_start(setup):
    canvas = setup.tab.canvas
    canvas.begin(QPointF(101.237, 83.111), False)
    for step in range(40):
        canvas.extend(QPointF(101.237 + 3.7 * step, 83.111 + 5.3 * step))
    canvas.end()
    setup.read()
    setup.button("teachDigit3").click()
    setup.settle()
    saved = json.loads(json.dumps(record_of(canvas.drawing.items)))
    canvas.clear()
    canvas.restore(from_record(saved))
    canvas.undo()
    setup.read()
    assert setup.tags() == [("8", "you said 3", False)]


@pytest.mark.parametrize("key", [Qt.Key_Delete, None])
def test_what_was_said_is_taken_back_where_it_was_said(setup, key):
    setup.teach(3)
    setup.button("wrongButton").click()
    assert setup.button("teachDigit3").hasFocus()
    if key is None:
        setup.button("takeBackButton").click()
    else:
        QTest.keyClick(setup.button("teachDigit3"), key)
    setup.settle()
    assert setup.files() == []
    assert setup.tags() == []
    assert setup.button("wrongButton").text() == "Wrong?"
    assert setup.tab.canvas.has_ink()


def test_what_is_read_right_already_is_kept_but_not_to_be_learned(setup):
    setup.teach(8)
    state = setup.tab.network.state
    assert (state.taught, state.unlearned) == (1, 0)
    assert setup.tags() == []
    assert "already read as 8" in setup.told[-1].sentence
    assert setup.tab.next_step.button.text() != "Learn"
    # Said to be something else, it is.
    setup.button("teachDigit3").click()
    setup.settle()
    assert (state.taught, state.unlearned) == (1, 1)
    assert setup.tab.next_step.accessibleDescription().startswith("1 digit to learn")


# -- the rows of the Library


def test_a_row_says_what_was_read_and_what_is_read_now(setup):
    setup.teach(3)
    setup.teach(4)
    setup.open_list()
    read = "read as 8 when taught, as 3 now"
    assert sorted(setup.shown()) == [("a 3", read), ("a 4", read)]
    rows = setup.list.rows
    headings = [row for row in rows.shown if isinstance(row, str)]
    assert headings == ["MY DIGITS"]
    index = rows.index(1)
    assert "read as 8" in index.data(Qt.AccessibleTextRole)
    # Each is painted as it is: what is misread in another color.
    assert not setup.list.grab().toImage().isNull()
    # Another network may say something else.
    for row in setup.rows():
        row.now = None
    setup.tab.network.confirm(fakes.model(title="Another"))
    setup.settle()
    assert all(row.now for row in setup.rows())
    setup.page.search.setText("my digits 4")
    assert [row.name for row in rows.shown[1:]] == ["a 4"]


def test_the_thumbnail_shows_paper_between_the_ink():
    corner = BAR.copy()
    corner[50:70, 60:160] = 255
    opacity = ink_of(thumbnail_mask(corner))
    assert (opacity.min(), opacity.max()) == (0, 255)


def test_a_digit_comes_back_to_the_board_as_strokes(setup, qtbot):
    setup.teach(3)
    ink = setup.tab.canvas.ink()
    setup.tab.canvas.clear()
    setup.open_list()
    setup.choose()
    setup.list.opened.connect(lambda row: row.open())
    with qtbot.waitSignal(setup.digits.opened):
        QTest.keyClick(setup.list, Qt.Key_Return)
    assert np.array_equal(setup.tab.canvas.ink(), ink)
    assert len(setup.tab.canvas.drawing.items) == 1
    setup.tab.canvas.undo()
    assert not setup.tab.canvas.has_ink()


def test_the_key_of_my_digits_asks_for_them_and_the_first_is_chosen(setup, qtbot):
    setup.digits.choose_first()
    setup.open_list()
    assert "press “Wrong?”" in setup.told[-1].sentence
    setup.teach(3)
    with qtbot.waitSignal(setup.tab.digits_requested):
        fakes.entry(setup.tab, "My digits").trigger()
    setup.digits.choose_first()
    setup.open_list()
    assert setup.list.currentIndex().data() == "a 3"


def test_a_digit_with_a_damaged_drawing_comes_back_as_a_picture(setup):
    save_digit(TaughtDigit(1, BAR, drawing={"format": "other"}), setup.folder)
    save_digit(TaughtDigit(1, BAR), setup.folder)
    setup.open_list()
    for row in setup.rows():
        row.open()
        assert setup.tab.canvas.has_ink()
        setup.tab.canvas.clear()
    assert len(setup.told) == 1
    assert "on the board" in setup.told[0].sentence


def test_a_key_or_the_menu_changes_the_label(setup):
    setup.teach(3)
    setup.open_list()
    setup.choose()
    QTest.keyClick(setup.list, Qt.Key_5)
    setup.settle()
    assert [path.name[0] for path in setup.files()] == ["5"]
    assert [name for name, _ in setup.shown()] == ["a 5"]
    assert "labeled a 5" in setup.told[-1].sentence
    menu = setup.rows()[0].build_menu(setup.page)
    labels = next(action.menu() for action in menu.actions() if action.menu())
    assert [action.text() for action in labels.actions() if action.isChecked()] == ["5"]
    labels.actions()[9].trigger()
    setup.settle()
    assert [path.name[0] for path in setup.files()] == ["9"]


def test_delete_and_undo(setup, qtbot):
    setup.teach(3)
    content = setup.files()[0].read_bytes()
    setup.draw()
    setup.open_list()
    with qtbot.waitSignal(setup.teaching.untaught):
        setup.rows()[0].delete()
        setup.settle()
    assert setup.files() == []
    assert setup.shown() == []
    assert setup.tab.canvas.has_ink()
    assert setup.tab.network.state.taught == 0
    assert setup.told[-1].sentence.startswith("One digit was deleted")
    # The Library lists it with what else was deleted.
    [(_, title)] = list_deleted()
    assert title == "a 3"
    setup.told[-1].action()
    setup.settle()
    assert setup.files()[0].read_bytes() == content
    assert len(setup.shown()) == 1
    assert "is back" in setup.told[-1].sentence


def test_what_others_do_in_the_folder_is_told_once(setup):
    setup.teach(3)
    inner = setup.folder / "6"
    inner.mkdir()
    shutil.copy(setup.files()[0], inner / "mine.png")
    damaged = setup.folder / "4-damaged.png"
    damaged.write_bytes(b"\x89PNG but nothing else")
    (setup.folder / "notes.txt").write_text("not a picture")
    setup.told.clear()
    setup.open_list()
    setup.open_list()
    assert sorted(name for name, _ in setup.shown()) == ["a 3", "a 6"]
    (sentence,) = setup.told.sentences
    assert damaged.name in sentence
    assert damaged.exists()
    # A file that vanished is told, and the list is shown anew.
    rows = setup.rows()
    for path in (*setup.files(), inner / "mine.png"):
        path.unlink()
    rows[0].delete()
    setup.settle()
    assert any("is gone" in sentence for sentence in setup.told.sentences)
    assert setup.shown() == []


def test_export_as_a_data_set_or_a_table_or_not_at_all(setup, tmp_path, monkeypatch):
    for label in (1, 2, 3):
        setup.teach(label)
    (tmp_path / "out").mkdir()
    table = tmp_path / "mine.csv"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "out"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))

    def export(kind):
        setup.digits.export(kind)
        setup.settle()

    export("idx")
    data = load_dataset(tmp_path / "out")
    labels = [*data.train_labels, *data.validation_labels, *data.test_labels]
    assert sorted(map(int, labels)) == [1, 2, 3]
    assert "1 for testing" in setup.told[-1].sentence
    export("idx")
    assert "nothing was written" in setup.told[-1].sentence
    export("csv")
    assert sorted(line[:2] for line in table.read_text().splitlines()[1:]) == ["1,", "2,", "3,"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    setup.told.clear()
    export("csv")
    assert setup.told == []


@pytest.mark.slow
def test_what_comes_from_outside_while_the_list_is_open_is_shown(setup):
    setup.open_list()
    assert setup.shown() == []
    setup.folder.mkdir(parents=True, exist_ok=True)
    save_digit(TaughtDigit(1, BAR), setup.folder)
    setup.qtbot.waitUntil(lambda: [name for name, _ in setup.shown()] == ["a 1"])
    setup.qtbot.waitUntil(lambda: setup.tab.network.state.taught == 1)
    setup.files()[0].unlink()
    setup.qtbot.waitUntil(lambda: setup.shown() == [])
