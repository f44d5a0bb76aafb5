"""The window as a class starts with it."""

import os
import sys
import tempfile
from dataclasses import replace
from typing import Any

import pytest
from made_networks import flat_model
from PIL import Image
from qtpy.QtCore import QMimeData, QPoint, QPointF, QProcess, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog, QLabel, QTableWidget, QWidget

import mnist_draw.app
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.views import ROW
from mnist_draw.app.shell.lesson import begin_lesson, open_lesson
from mnist_draw.app.train.lesson import (
    TABS,
    Lesson,
    LessonError,
    describe_row,
    lesson_table,
    lesson_text,
    read_lesson,
    split_task,
)
from mnist_draw.app.train.lesson_maker import FIXED
from mnist_draw.cli.main import main
from mnist_draw.i18n import language
from mnist_draw.library.handed_in import hand_in
from mnist_draw.storage.folders import resource_path
from mnist_draw.storage.models import save_model
from mnist_draw.training.events import EpochFinished
from mnist_draw.training.presets import PRESETS, save_settings
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

from .. import fakes, seen

LESSON = """
language = "fr"
network = "ours.npz"
tabs = ["draw", "train"]
fixed = ["network"]
hidden = ["l2"]
[training]
network = "layers:100"
epochs = 5
"""


@pytest.fixture
def path(tmp_path):
    save_model(tmp_path / "ours.npz", flat_model("layers:4"))
    file = tmp_path / "class.toml"
    file.write_text(LESSON)
    return file


@pytest.mark.window
def test_the_window_begins_as_the_lesson_wants_it(shared, path, qtbot):
    window, panel = shared.window, shared.window.train_tab.settings
    assert tuple(page.name for page in window.navigation.pages) == TABS
    begin_lesson(window, read_lesson(str(path)))
    qtbot.waitUntil(lambda: window.state.answering_key == "opened:ours.npz")
    assert [window.navigation.tabs.isTabVisible(n) for n in range(3)] == [True, True, False]
    assert window.navigation.tabs.currentWidget() is window.draw_tab
    # Nothing leads to the tab Inside, which is not there.
    answer = window.draw_tab.answer
    answer.show_reading(fakes.reading(fakes.answer()))
    assert not answer.block.wrong.isHidden()
    assert answer.why_link.isHidden()
    (following,) = (c for c in window.findChildren(Command) if c.text() == "Next tab")
    following.trigger()
    assert window.navigation.tabs.currentWidget() is window.train_tab
    window.navigation.show_page("inside")
    assert window.navigation.tabs.currentWidget() is window.train_tab
    assert "this lesson" in shared.text("toastLabel")
    languages = window.view.languages
    assert not any(action.isEnabled() for action in languages.values())
    assert [code for code, action in languages.items() if action.isChecked()] == [language()]
    assert panel.settings().epochs == 5
    assert panel.fields["epochs"].widget.isEnabled()
    assert panel.fields["l2"].isHidden()
    # The lesson is what is changed and chosen; the menu offers what the page does.
    assert window.train_tab.new_run.cards.isHidden()
    assert not panel.state.differences
    window.train_tab.show_drawer(True)
    presets = window.train_tab.drawer.presets
    assert [presets.itemText(place) for place in range(presets.count())] == ["This lesson"]
    note = window.train_tab.drawer.findChild(QLabel, "liveNote")
    assert "lesson" in note.text()
    assert not note.isHidden()
    for preset in PRESETS.values():
        panel.choose_preset(preset)
    assert panel.settings().network == "layers:100"
    assert not panel.state.differences
    panel.set_running(True)
    panel.set_running(False)
    assert not panel.fields["network"].widget.isEnabled()
    path.write_text(LESSON.replace('"draw", "train"', '"train", "draw"'))
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    begin_lesson(window, read_lesson(str(path)))
    assert window.navigation.tabs.currentWidget() is window.train_tab


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tabs = ['drew']", "Did you mean draw? No window was opened."),
        ("tabs = 'draw'", "tabs is 'draw'; it should be a value such as ['draw']"),
        ("tabs = []", "tabs is empty; leave it out, or list some of draw, train, inside."),
        ("[training]\ndata_folder = '../nope'", "it needs nope; put it next to the file"),
        ("[training]\nstart_model = 'no.npz'", "it needs no.npz; put it next to the file."),
        ("network = '../no.npz'", "it needs ../no.npz; put it next to the file."),
        ('network = "a\\u0000b"', "'a\\x00b' is not a file name"),
        ('[training]\nstart_model = "\\u0000"', "'\\x00' is not a file name"),
        pytest.param(
            f'[training]\nstart_model = "{"a" * 5_000}"',
            "a' is not a file name",
            marks=pytest.mark.skipif(
                sys.platform == "win32",
                reason="Windows says of too long a name only that there is no such file",
            ),
        ),
        ("title = 3", "title must be a text of up to 60 characters"),
        (f"task = '{'a' * 601}'", "task must be a text of up to 600 characters"),
        ("netwerk = 'x.npz'", "there is no entry 'netwerk'. Did you mean network?"),
        ("language = 'klingon'", "language is 'klingon'; it should be a value such as en, de, es"),
        ("network = 3", "network is 3; it should be a value such as"),
        ("training = 1", "training is 1; it should be a value such as { epochs"),
        ("[training]\nepochs = 0", "The setting epochs is 0"),
        ("tabs = [", "not a TOML file (line 1, column 9: “Invalid value”). No window was opened."),
        ("tabs = ['draw']\ntabs = 1", "(line 2, column 9: “Cannot overwrite a value”). No"),
        ("a = " + "[" * 100_000, "class.toml cannot be used: it is nested too deeply. No window"),
        ("a = " + "9" * 5_000, "cannot be used: a number in it has too many digits. No window"),
        ("fixed = 0x" + "f" * 5_000, "cannot be used: a number in it has too many digits."),
        (
            "a = '\N{LATIN SMALL LETTER E WITH ACUTE}'",
            "cannot be used: it is not UTF-8 text. No w",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path, text, words, capsys):
    file = tmp_path / "class.toml"
    file.write_text(text, encoding="latin-1")
    assert main(["--config", str(file)]) == 1
    told = capsys.readouterr().err
    here, beside = (f"{folder.resolve()}{os.sep}" for folder in (tmp_path, tmp_path.parent))
    assert words.replace("{here}", here).replace("{beside}", beside) in told
    assert "window was opened" in told


TASK = """
title = "How few pictures are enough?"
task = '''
Find out how many it needs.
[ ] Train with 500 pictures.
[ ] Draw a 4.
'''
from = "M. Weber"
fixed = ["network", "seed"]
hidden = ["l2", "warmup"]
[training]
training_examples = 500
epochs = 5
momentum = 0.9
"""


def test_lines_of_a_task_that_begin_with_a_box_are_steps():
    assert split_task("Look.\n[ ] One\nMore.\n[ ] Two") == ("Look.\nMore.", ("One", "Two"))
    assert split_task("") == ("", ())


def test_settings_that_this_version_does_not_have_are_left_out(path):
    path.write_text(TASK)
    lesson = read_lesson(str(path))
    assert set(lesson.unknown) == {"warmup", "momentum"}
    assert lesson.hidden == {"l2"}
    assert lesson.settings is not None
    assert lesson.settings.training_examples == 500


@pytest.mark.window
def test_a_task_has_steps_and_the_lesson_is_the_base_of_changes(setup, path, qtbot):
    path.write_text(TASK)
    window = setup.window
    before = window.train_tab.settings.settings()
    begin_lesson(window, read_lesson(str(path)))
    assert "warmup" in setup.text("toastLabel")
    page, form = window.train_tab.new_run, window.train_tab.settings
    window.navigation.show_page("train")
    assert setup.text("lessonTask") == "Find out how many it needs."
    assert setup.text("lessonSteps") == "0 of 2 done"
    # What is free is on the start bar, and nothing counts as changed.
    bar = page.start_button.parentWidget()
    free = [name for name, field in form.fields.items() if field.parentWidget() is bar]
    assert {"training_examples", "epochs"} <= set(free)
    assert len(free) == 3 or form.fields["data_folder"].isHidden()
    assert page.reset_button.isHidden()
    assert not form.state.differences
    form.apply("epochs", 7)
    form.apply("seed", 3)
    assert setup.text("lessonChanges") == "7 epochs now"
    assert [name for name, field in form.fields.items() if field.is_marked] == ["epochs"]
    assert not page.reset_button.isHidden()
    page.reset_button.click()
    assert form.settings().epochs == 5
    assert not form.fields["epochs"].is_marked
    assert page.reset_button.isHidden()
    # A preset would change neither what is fixed nor what is hidden.
    form.choose_preset(PRESETS["cnn"])
    assert form.settings().network == TrainingSettings().network
    page.reset_button.click()
    # The other tabs say that there is a lesson, and which.
    chip = window.findChild(QLabel, "headerLesson")
    assert not chip.isVisible()
    window.navigation.show_page("draw")
    assert chip.isVisible()
    assert "How few pictures" in chip.toolTip()
    window.navigation.show_page("train")
    # Ticks are kept, also through another language.
    setup.button("lessonStep2").click()
    assert setup.text("lessonSteps") == "1 of 2 done"
    window.rebuild()
    assert setup.button("lessonStep2").isChecked()
    assert not setup.button("lessonStep1").isChecked()
    assert window.train_tab.settings.settings().epochs == 5
    # Left, the window is as before.
    setup.button("leaveLessonButton").click()
    qtbot.waitUntil(lambda: setup.button("lessonStep1") is None)
    assert not window.train_tab.new_run.cards.isHidden()
    assert window.train_tab.settings.settings() == before


@pytest.mark.window
def test_the_four_cards_may_be_offered_with_a_lesson(setup, path):
    path.write_text("cards = true\nfixed = ['network']\n[training]\nnetwork = 'cnn'\n")
    window = setup.window
    begin_lesson(window, read_lesson(str(path)))
    page, drawer = window.train_tab.new_run, window.train_tab.drawer
    assert not page.cards.isHidden()
    shown = [name for name, card in page.cards.cards.items() if not card.isHidden()]
    offered = [drawer.presets.itemText(place) for place in range(drawer.presets.count())]
    assert offered == ["This lesson", *(PRESETS[name].title for name in shown)]
    form = window.train_tab.settings
    assert form.settings().network == "cnn"
    card = window.findChild(QWidget, "lessonCard")
    assert card.is_chosen
    form.choose_preset(PRESETS["cnn"])
    assert not card.is_chosen
    page.reset_button.click()
    assert card.is_chosen


@pytest.mark.window
def test_a_lesson_is_opened_in_place_of_another(setup, path, qtbot, monkeypatch):
    path.write_text(TASK)
    window = setup.window
    begin_lesson(window, read_lesson(str(path)))
    other = path.with_name("other.mnist-lesson")
    other.write_text("title = 'Other'\n[training]\nepochs = 9\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(other), ""))
    menu = setup.button("settingsFileButton").menu()
    (entry,) = (action for action in menu.actions() if action.text().startswith("Open lesson"))
    entry.trigger()
    qtbot.waitUntil(lambda: setup.button("lessonStep1") is None)
    assert window.train_tab.settings.settings().epochs == 9
    # Nothing of the first is fixed any more.
    window.train_tab.settings.apply("seed", 3)
    assert window.train_tab.settings.settings().seed == 3
    other.write_text("title = 3")
    menu = setup.button("settingsFileButton").menu()
    (entry,) = (action for action in menu.actions() if action.text().startswith("Open lesson"))
    entry.trigger()
    qtbot.waitUntil(lambda: "title must be" in setup.text("toastLabel"))
    assert window.train_tab.settings.settings().epochs == 9


@pytest.mark.parametrize("task", ["", "One line", "Two\n[ ] lines", "'''\n\"\\"])
def test_a_lesson_is_read_as_it_was_written(tmp_path, task):
    settings = TrainingSettings(update="adam", update_parameters={"beta1": 0.8}, epochs=3)
    lesson = Lesson(
        tabs=("train",),
        settings=settings,
        fixed=frozenset(["network", "seed"]),
        hidden=frozenset(["l2"]),
        language="de",
        title="Wie viele Bilder “genügen”?",
        task=task,
        author="M. Weber",
        cards=True,
    )
    file = tmp_path / "made.mnist-lesson"
    file.write_text(lesson_text(lesson), "utf-8")
    assert read_lesson(str(file)) == lesson


@pytest.mark.window
def test_a_teacher_makes_a_lesson_in_the_window_and_takes_it_as_a_pupil(
    setup,
    tmp_path,
    qtbot,
    monkeypatch,
):
    window = setup.window
    form = window.train_tab.settings
    window.navigation.show_page("train")
    form.apply("epochs", 3)
    drawer = window.train_tab.drawer
    window.train_tab.show_drawer(True)
    menu = setup.button("settingsFileButton").menu()
    (entry,) = (action for action in menu.actions() if action.text().startswith("Save as lesson"))
    # A teacher looks for it in the help, on any page.
    assert entry in window.header.help_button.menu().actions()
    window.navigation.show_page("draw")
    entry.trigger()
    assert window.state.page == "train"
    maker = window.train_tab.maker
    assert maker.isVisible()
    assert not drawer.isVisible()
    qtbot.waitUntil(lambda: window.focusWidget() is maker.title)
    file = tmp_path / "few.mnist-lesson"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    # What is missing is said, and has the keyboard.
    setup.button("saveLessonButton").click()
    assert "title" in setup.text("lessonNote")
    maker.title.setText("How few?")
    maker.task.setPlainText("Find out.\n[ ] Train.")
    for name in ("drawLessonTab", "trainLessonTab"):
        setup.button(name).setChecked(False)
    setup.button("saveLessonButton").click()
    assert "Draw or Train" in setup.text("lessonNote")
    assert not file.exists()
    setup.button("trainLessonTab").setChecked(True)
    started = []
    monkeypatch.setattr(QProcess, "startDetached", lambda *command: started.append(command))
    # There may be no folder for temporary files.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    setup.button("tryLessonButton").click()
    [(__, arguments)] = started
    assert read_lesson(arguments[-1]).title == "How few?"
    # In the language of this window, which may not be the system's.
    assert arguments[arguments.index("--lang") + 1] == language()
    assert setup.text("lessonFile") == "how-few.mnist-lesson"
    setup.button("saveLessonButton").click()
    assert "few.mnist-lesson" in setup.text("toastLabel")
    assert "Give it to your class" in setup.text("toastLabel")
    assert window.train_tab.page == "new"
    # A pupil can change what is free.
    open_lesson(window, str(file))
    assert setup.text("lessonSteps") == "0 of 1 done"
    form = window.train_tab.settings
    assert form.settings().epochs == 3
    assert form.state.fixed >= {"network", "seed", "l2"}
    assert not form.state.fixed & {"epochs", "training_examples"}


OWN = """
title = "How many layers?"
task = "Find out."
from = "A. Cruz"
language = "es"
network = "{network}"
tabs = ["train", "inside"]
cards = true
fixed = ["batch_size", "seed"]
hidden = ["l2", "patience"]
[training]
epochs = 4
batch_size = 100
"""


@pytest.mark.window
def test_a_lesson_that_was_saved_is_changed(setup, path, monkeypatch):
    """What the page does not show of it stays: patience is hidden, though epochs are free."""
    network = path.with_name("own.mnist-model")
    save_model(network, flat_model("layers:4"))
    maker = setup.window.train_tab.maker
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    for named, key in (("mlp_handwriting", True), ("own.mnist-model", False)):
        path.write_text(OWN.format(network=named))
        before = read_lesson(str(path))
        assert bool(before.network_key) is key
        setup.button("openLessonButton").click()
        assert read_again(maker.lesson(), path) == before
    setup.window.findChild(QWidget, "epochsMode").choose(FIXED)
    fixed = {"epochs", "target_accuracy", "patience", "keep_best"}
    assert maker.lesson().fixed == before.fixed | fixed
    path.write_text("title = 3")
    setup.button("openLessonButton").click()
    assert maker.title.text() == before.title
    assert path.name in setup.text("toastLabel")


def read_again(lesson, path):
    path.write_text(lesson_text(lesson))
    return read_lesson(str(path))


@pytest.mark.window
def test_in_a_lesson_that_one_is_changed(setup, path):
    path.write_text(TASK)
    window = setup.window
    begin_lesson(window, read_lesson(str(path)))
    window.train_tab.show_page("make")
    assert setup.button("openLessonButton").isHidden()
    assert window.train_tab.maker.lesson().title == read_lesson(str(path)).title


@pytest.mark.window
def test_all_settings_may_be_free(shared):
    maker = shared.window.train_tab.maker
    assert maker.lesson().fixed
    shared.button("allFreeButton").click()
    assert not maker.lesson().fixed | maker.lesson().hidden


@pytest.mark.window
def test_a_double_click_opens_a_lesson(setup, path, qtbot, in_english_again):
    window = setup.window
    # Before the first network is loaded, too.
    window.state.model = None
    window.draw_tab.first_start.begin()
    window.open_files([str(path.rename(path.with_suffix(".mnist-lesson")))])
    qtbot.waitUntil(lambda: window.state.answering_key == "opened:ours.npz")
    assert window.updatesEnabled()
    assert window.train_tab.settings.settings().epochs == 5
    # In its language, until it is left, and without the card that leads to all tabs.
    assert window.navigation.tabs.tabText(0) == "Dessiner"
    assert not window.draw_tab.first_start.isVisible()
    window.leave_lesson()
    assert window.navigation.tabs.tabText(0) == "Draw"


def drop(page, *paths):
    """Drop files on a page of the window."""
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = Qt.CopyAction, content, Qt.LeftButton, Qt.NoModifier
    QApplication.sendEvent(page, QDragEnterEvent(QPoint(9, 9), *how))
    QApplication.sendEvent(page, QDropEvent(QPointF(9, 9), *how))


@pytest.mark.window
@pytest.mark.parametrize("page", ["draw", "train", "inside", "library"])
def test_each_kind_of_file_goes_where_it_belongs_from_any_page(
    setup,
    path,
    qtbot,
    page,
    in_english_again,
):
    """A lesson on the Library was taken for a network, a network on the board for a picture."""
    window = setup.window

    def drop_here(*paths):
        if page == "library":
            window.navigation.show_library()
        else:
            window.navigation.show_page(page)
        seen.settle()
        on = window.draw_tab.canvas if page == "draw" else window.navigation.current
        drop(on, *paths)

    drop_here(path.with_name("ours.npz"))
    qtbot.waitUntil(lambda: window.state.answering_key == "opened:ours.npz")
    settings = path.with_name("settings.json")
    save_settings(settings, TrainingSettings(epochs=7))
    drop_here(settings)
    qtbot.waitUntil(lambda: window.train_tab.settings.settings().epochs == 7)
    assert window.train_tab.page == "new"
    pictures = [path.with_name(f"{place}.png") for place in range(2)]
    for picture in pictures:
        Image.new("L", (28, 28), 255).save(picture)
    drop_here(*pictures)
    qtbot.waitUntil(lambda: "no ink" in setup.text("toastLabel"))
    assert window.navigation.current is window.draw_tab
    wrong = path.with_name("notes.odt")
    wrong.write_text("notes")
    drop_here(wrong)
    qtbot.waitUntil(lambda: "notes.odt" in setup.text("toastLabel"))
    drop_here(path)
    qtbot.waitUntil(lambda: window.train_tab.settings.settings().epochs == 5)
    assert not window.train_tab.new_run.lesson_head.isHidden()


@pytest.mark.window
def test_the_window_says_what_is_wrong_with_a_lesson(setup, path, qtbot):
    """A double click has no terminal."""
    file = path.rename(path.with_suffix(".mnist-lesson"))
    file.write_text("[lesson]")
    setup.window.open_files([str(file)])
    qtbot.waitUntil(lambda: file.name in setup.text("toastLabel"))


@pytest.mark.window
def test_a_network_goes_by_its_name(shared, path, qtbot):
    path.write_text('network = "mlp"')
    begin_lesson(shared.window, read_lesson(str(path)))
    qtbot.waitUntil(lambda: shared.window.state.answering_key == "shipped:mlp")


def test_a_network_to_start_from_goes_by_its_name(path):
    path.write_text("[training]\nnetwork = 'deep_cnn'\nstart_model = 'best'")
    settings = read_lesson(str(path)).settings
    assert settings is not None
    assert settings.start_model == str(resource_path("models", "best.npz"))
    # A file beside the lesson's comes first.
    path.with_name("best").write_bytes(path.with_name("ours.npz").read_bytes())
    settings = read_lesson(str(path)).settings
    assert settings is not None
    assert settings.start_model == str(path.with_name("best").resolve())
    path.write_text("[training]\nstart_model = 'bset'")
    with pytest.raises(LessonError, match=r"no network 'bset'\. Did you mean best"):
        read_lesson(str(path))
    with pytest.raises(LessonError, match="There is no file"):
        read_lesson(str(path.with_name("none.toml")))


def test_the_command_hands_it_over(path, monkeypatch):
    opened: list[Any] = []
    monkeypatch.setattr(mnist_draw.app, "main", lambda **how: opened.append(how) or 0)
    assert main(["--config", str(path)]) == 0
    assert opened[0]["lesson"].fixed == {"network"}
    assert main(["--config", str(path), "runs"]) == 2


@pytest.mark.window
def test_the_runs_of_a_lesson_are_listed_copied_and_handed_in(setup, path, qtbot, monkeypatch):
    path.write_text(TASK)
    window = setup.window
    begin_lesson(window, read_lesson(str(path)))
    form = window.train_tab.settings
    table = window.findChild(QTableWidget, "lessonRuns")

    def rows():
        return [
            [table.item(line, place).text() for place in range(table.columnCount())]
            for line in range(table.rowCount())
        ]

    # The task is read first; after a run, the button leads back to it.
    assert window.state.page == "train"
    qtbot.waitUntil(lambda: [row[0] for row in rows()] == ["500"])
    assert not setup.button("handInButton").isEnabled()
    setup.loop = fakes.Loop()
    setup.run(2)
    setup.wait_for_end()
    assert "lesson" in setup.button("newRunButton").text()
    setup.button("newRunButton").click()
    form.apply("training_examples", 50)
    qtbot.waitUntil(lambda: len(rows()) == 2)
    tried, chosen = rows()
    assert (tried[0], chosen[0]) == ("500", "50")
    assert tried[-2].endswith("%")
    assert chosen[-2] == "not yet"
    setup.button("copyRunsButton").click()
    lines = QApplication.clipboard().text().split("\n")
    assert [line.split("\t") for line in lines[1:]] == rows()
    file = path.with_name("Anna.mnist-handin")
    proposed = []
    monkeypatch.setattr(
        QFileDialog,
        "getSaveFileName",
        lambda *asked: (proposed.append(asked[2]), (str(file), ""))[1],
    )
    # Pupils share a login: without a name there is no file.
    for pupil in ("", "  ", "Anna"):
        monkeypatch.setattr(QInputDialog, "getText", lambda *_, said=pupil: (said, True))
        setup.button("handInButton").click()
    assert proposed == ["Anna.mnist-handin"]
    qtbot.waitUntil(lambda: "Anna.mnist-handin" in setup.text("toastLabel"))
    # The teacher drops it on the Library.
    window.leave_lesson()
    window.train_tab.show_page("library")
    page = window.train_tab.library
    drop(page, file)
    model = page.list.rows
    qtbot.waitUntil(lambda: any(getattr(row, "name", "") == "Anna" for row in model.shown))
    assert "Anna" in setup.text("toastLabel")
    assert "M. WEBER" in model.shown
    place = next(n for n, row in enumerate(model.shown) if getattr(row, "name", "") == "Anna")
    assert tried[-2] in str(model.data(model.index(place), ROW).figure)
    # It unfolds by the keyboard, and folds again.
    page.list.setCurrentIndex(model.index(place))
    shown = len(model.shown)
    qtbot.keyClick(page.list, Qt.Key_Right)
    assert len(model.shown) == shown + 1
    menu = model.row(model.index(place)).build_menu(page)
    next(action for action in menu.actions() if "table" in action.text()).trigger()
    assert QApplication.clipboard().text().split("\n")[1].startswith("Anna\tHow few")
    qtbot.keyClick(page.list, Qt.Key_Left)
    assert len(model.shown) == shown
    page.list.setCurrentIndex(model.index(place))
    page.delete.trigger()
    qtbot.waitUntil(lambda: not any(getattr(row, "name", "") == "Anna" for row in model.shown))


def test_the_table_has_all_that_pupils_changed(path):
    """Runs with other epochs and rates looked alike, and one of them was left out."""
    path.write_text(TASK)
    lesson = read_lesson(str(path))
    base = lesson.settings
    runs = []
    for epochs, rate in ((7, 0.01), (7, 0.1), (base.epochs, 0.1)):
        settings = base.replace(training_examples=50, learning_rate=rate)
        run = Run(settings=settings, lesson=lesson.title)
        for epoch in range(1, epochs + 1):
            run.apply(EpochFinished(epoch, base.epochs, 0.7, 0.3, 0.9, 0.2, 0.9, 9.0, True, ()))
        runs.append(run)
    table = lesson_table(replace(lesson, fixed=frozenset()), runs, base)
    assert {"Pictures", "Epochs", "Learning rate"} <= set(table.heads)
    assert len(table.rows) == 4
    same = lesson_table(lesson, runs[:1], runs[0].settings.replace(epochs=7))
    assert "Epochs" in same.heads


@pytest.mark.window
def test_a_class_that_hands_in_is_counted_not_listed(setup, tmp_path, qtbot):
    names = [f"Pupil {number}" for number in range(1, 31)]
    files = [tmp_path / f"{name}.mnist-handin" for name in names]
    for file in files:
        hand_in(file, "How few?", "M. Weber", ())
    setup.window.open_files([str(file) for file in files])
    qtbot.waitUntil(lambda: "24" in setup.text("toastLabel"))
    assert "Pupil 6" in setup.text("toastLabel")
    assert "Pupil 7" not in setup.text("toastLabel")
    # They are below all other rows: the list goes there.
    rows = setup.window.train_tab.library.list
    qtbot.waitUntil(lambda: getattr(rows.rows.row(rows.currentIndex()), "name", "") == "Pupil 1")


@pytest.mark.window
def test_a_file_that_cannot_be_taken_in_says_why(setup, tmp_path, qtbot):
    bad = tmp_path / "Ben.mnist-handin"
    bad.write_text("no archive")
    setup.window.open_files([str(bad)])
    qtbot.waitUntil(lambda: "Ben.mnist-handin" in setup.text("toastLabel"))
    assert setup.window.train_tab.page == "library"


@pytest.mark.parametrize(
    ("network", "said"),
    [("mlp", "784–500–300–10"), ("cnn", "CNN, two 5×5 convolutions")],
)
def test_a_lesson_names_its_network_in_few_letters(network, said):
    settings = TrainingSettings(network=network)
    assert describe_row(("network",), settings)[1] == said
