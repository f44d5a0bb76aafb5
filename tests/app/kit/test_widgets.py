"""Commands, cards, labels, menus and popovers; figures as text, which lay nothing out anew."""

import sys
import time
from pathlib import Path

import pytest
from qtpy import sip
from qtpy.QtCore import QEvent, QMimeData, QObject, QPoint, QProcess, QRect, Qt, QTimer, QUrl
from qtpy.QtGui import QCursor, QDesktopServices, QImage, QPainter, QRegion
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialogButtonBox,
    QFileDialog,
    QFileSystemModel,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSpinBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from mnist_draw import i18n
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.overlays import BoardCaption
from mnist_draw.app.kit import files, theme, widgets
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.controls import Menu, Popover, SegmentedControl, Stepper
from mnist_draw.app.kit.desktop import show_in_folder
from mnist_draw.app.kit.files import ask_folder, ask_open, ask_save, ask_several
from mnist_draw.app.kit.layout import column, scrolled
from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.painters import opaque_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel, GrowingLabel, TabularLabel
from mnist_draw.app.kit.widgets import (
    Card,
    ComboBox,
    explain,
    label,
    no_key,
    push_button,
    tip,
)
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.i18n import format_ago, format_duration, format_loss, format_moment, format_percent
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training import events
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop


@pytest.fixture
def owner(show):
    """Return a visible owner with room for controls."""
    widget = QWidget()
    QVBoxLayout(widget)
    return show(widget)


@pytest.mark.parametrize(
    ("code", "typed", "whole", "real"),
    [
        ("en", "1,200", 1200, 1200.0),
        ("en", "0,5", None, 0.5),
        ("en", "1e2", 100, 100.0),
        ("de", "1.200", 1200, 1.2),  # shown as 1,2: no group is ever shown in a real number
        ("de", "0,5", None, 0.5),
        ("de", "0.5", None, 0.5),
        ("fr", "1\u202f200", 1200, 1200.0),
        ("fr", "many", None, None),
        ("zh_CN", "1,200.5", None, 1200.5),
    ],
)
def test_fields_read_numbers_as_the_language_writes_them(qtbot, code, typed, whole, real):
    boxes = NumberBox(1, 5000), RealBox(0, 5000, 6, " s")
    i18n.use(code)
    try:
        for box, value in zip(boxes, (whole, real), strict=True):
            qtbot.addWidget(box)
            box.setValue(7)
            box.lineEdit().setText(typed)
            box.interpretText()
            assert box.value() == (7 if value is None else value)
            assert bool(box.remark.text()) == (value is None)
            box.setValue(1234)
            assert i18n.parse_number(box.cleanText()) == 1234
        assert tip("很长 " * 99).startswith("<p>") == (code == "zh_CN")
    finally:
        i18n.use("en")


def test_a_button_is_described_and_follows_the_state(owner):
    done: list[str] = []
    command = Command(
        owner,
        "Undo",
        "Ctrl+Z",
        lambda: done.append("undone"),
        sentence="Take it back.",
    )
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
    Command(owner, "Redo", "Ctrl+Y, R", lambda: done.append("again"))
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


def test_titles_of_neighboring_cards_are_in_one_line(qtbot):
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
    # One ampersand would be the sign for a key.
    assert button.text() == "Kreis && <b>fett"
    assert tip("Salt & pepper.") == "Salt & pepper."


def test_a_long_choice_ends_in_an_ellipsis_if_it_has_no_room(monkeypatch, qtbot):
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
    combo.setProperty("look", "quiet")
    combo.setSizeAdjustPolicy(ComboBox.AdjustToContents)
    for scale in (1.0, 1.35, 1.7):
        theme.theme().resize_text(scale)
        combo.setFixedSize(combo.sizeHint())
        combo.grab()
        assert shown[-1] == combo.currentText()
    theme.theme().resize_text(1.0)


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


def test_epochs_go_by_without_a_new_layout(show, qapp):
    tab = TrainTab()
    run = Run()
    tab.state.set(run=run, shown_run=run, is_training=True)
    layouts = Layouts()
    tab.show_page("run")
    show(tab)
    for event in Loop()(TrainingSettings(epochs=8)):
        if isinstance(event, events.Testing):
            break
        run.apply(event)
        tab.state.announce("run")
        qapp.processEvents()
        if isinstance(event, events.EpochFinished) and event.epoch == 2:
            qapp.installEventFilter(layouts)
    qapp.removeEventFilter(layouts)
    assert layouts.of == []


def test_a_sentence_takes_two_smaller_lines_before_it_is_cut(qtbot):
    label = FittedLabel(12, two_lines=True)
    qtbot.addWidget(label)
    label.setText("How does it come to its answer?")
    label.resize(600, 40)
    usual = label.font().pixelSize()
    assert label.fitted() == (label.font(), label.text())
    label.resize(150, 40)
    smaller, text = label.fitted()
    assert smaller.pixelSize() < usual
    assert text == label.text()
    # Larger text becomes no smaller than larger by as much.
    theme.theme().resize_text(1.5)
    assert label.fitted()[0].pixelSize() >= theme.scaled(12)
    theme.theme().resize_text(1.0)
    label.resize(150, 15)
    assert "…" in label.fitted()[1]
    label.resize(35, 15)
    assert label.fitted()[1] == ""


@pytest.mark.parametrize(
    ("part", "text", "short"),
    [
        (1.0, "over 99.9%", ">99.9%"),
        (0.99951, "over 99.9%", ">99.9%"),
        (0.9994, "99.9%", "99.9%"),
        (0.5, "50.0%", "50.0%"),
        (0.0006, "0.1%", "0.1%"),
        (0.0004, "under 0.1%", "<0.1%"),
        (0.0, "under 0.1%", "<0.1%"),
    ],
)
def test_no_probability_is_rounded_to_certainty(part, text, short):
    assert format_probability(part) == text
    assert format_probability(part, short=True) == short


def test_figures_and_times_as_text():
    assert format_probability(0.996, decimals=0) == "over 99%"
    assert format_probability(0.9, decimals=0) == "90%"
    assert format_percent(0.97844) == "97.84%"
    # Only all of it is 100%.
    assert [format_percent(part) for part in (0, 0.99999, 1)] == ["0%", "99.99%", "100%"]
    assert format_percent(None) == format_loss(None) == "–"
    assert format_loss(0.07312) == "0.0731"
    # A diverging loss takes no more room than a good one.
    assert len(format_loss(123456789.0)) <= len("1.23×10⁸")
    clocks = {0.34: "0.3 s", 12: "12 s", 59.6: "1 min 0 s", 61: "1 min 1 s", 3661: "1 h 1 min"}
    assert {seconds: format_duration(seconds) for seconds in clocks} == clocks


@pytest.fixture
def corner(qtbot, show):
    """Return a visible window of 400 by 300 with a button in its lower right corner."""
    widget = QWidget()
    widget.button = QPushButton("Open", widget)
    widget.button.setGeometry(340, 260, 60, 40)
    show(widget, 400, 300)
    widget.button.setFocus()
    qtbot.waitUntil(widget.button.hasFocus)
    return widget


def test_a_stepper_steps_by_its_two_ends(qtbot):
    stepper = Stepper(1, 100_000)
    qtbot.addWidget(stepper)
    stepper.setValue(100_000)
    stepper.show()
    shown = stepper.lineEdit()
    assert shown.fontMetrics().horizontalAdvance(shown.text()) < shown.width()
    stepper.setValue(20)
    option = QStyleOptionSpinBox()
    stepper.initStyleOption(option)
    for part, side, value in (
        (QStyle.SC_SpinBoxUp, "right", 21),
        (QStyle.SC_SpinBoxDown, "left", 20),
    ):
        box = stepper.style().subControlRect(QStyle.CC_SpinBox, option, part, stepper)
        assert (box.center().x() > stepper.width() / 2) == (side == "right")
        QTest.mouseClick(stepper, Qt.LeftButton, pos=box.center())
        assert stepper.value() == value


def test_segments_are_one_stop_of_the_keyboard(corner):
    control = SegmentedControl("parts", ["9 ? 52%", "3 88%"])
    column(control, owner=corner)
    control.choose(0)
    control.show()
    first, second = control.buttons
    assert control.group.exclusive()
    told = []
    control.chosen.connect(told.append)
    first.setFocus()
    QTest.keyClick(first, Qt.Key_Right)
    assert second.isChecked()
    assert told == [1]
    assert [bool(part.focusPolicy() & Qt.TabFocus) for part in (first, second)] == [False, True]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_menu_stays_within_its_window(corner):
    menu = Menu(corner.button)
    for text in ("First", "Second", "An entry with a name that is long"):
        menu.addAction(text)
    menu.popup(corner.button.mapToGlobal(QPoint(0, corner.button.height())))
    window = QRect(corner.mapToGlobal(QPoint()), corner.size())
    assert window.contains(menu.geometry())
    assert menu.geometry().bottom() <= corner.button.mapToGlobal(QPoint()).y()
    # The pointer left its opener meanwhile, which does not stay lit.
    corner.button.setAttribute(Qt.WA_UnderMouse)
    QCursor.setPos(corner.button.mapToGlobal(QPoint(-9, -9)))
    menu.close()
    assert not corner.button.underMouse()


@pytest.mark.parametrize("to_the_right", [False, True])
def test_a_popover_stays_within_its_window_and_gives_the_keyboard_back(corner, to_the_right, qtbot):
    popover = Popover(corner, "popover", "What is it?")
    buttons = [QPushButton(str(digit)) for digit in range(3)]
    for button in buttons:
        popover.body.addWidget(button)
    closed = []
    popover.closed.connect(lambda: closed.append(True))
    popover.open_at(corner.button, to_the_right=to_the_right)
    shown = QRect(buttons[0].mapTo(corner, QPoint()), buttons[-1].mapTo(corner, QPoint(60, 20)))
    assert corner.rect().contains(shown)
    assert buttons[0].hasFocus()
    # The keyboard walks within it.
    for expected in (buttons[1], buttons[2], buttons[0]):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
        assert expected.hasFocus()
    QTest.keyClick(buttons[0], Qt.Key_Escape)
    assert closed == [True]
    assert corner.button.hasFocus()
    # A press elsewhere closes it; one on what opened it is that button's own.
    popover.open_at(corner.button)
    QTest.mouseClick(corner.button, Qt.LeftButton)
    assert popover.isVisible()
    QTest.mouseClick(corner, Qt.LeftButton, pos=QPoint(2, 2))
    assert not popover.isVisible()


def test_a_popover_gives_the_keyboard_to_nothing_that_is_gone(corner):
    popover = Popover(corner, "popover", "What is it?")
    focused = corner.button
    opener = QPushButton("Other", corner)
    popover.open_at(opener)
    sip.delete(focused)
    popover.hide()
    assert not popover.isVisible()


def test_no_text_of_an_elided_label_widens_its_page(qtbot):
    page, line = QWidget(), ElidedLabel("Short")
    qtbot.addWidget(page)
    column(line, owner=page)
    before = page.minimumSizeHint(), page.sizeHint()
    line.setText("A name that a student gave to a network and that does not end " * 4)
    assert (page.minimumSizeHint(), page.sizeHint()) == before
    line.resize(100, line.height())
    assert line.fitted()[1].endswith("…")


def test_the_note_of_a_card_is_cut_where_the_card_ends(qtbot):
    note = ElidedLabel("It will climb here, epoch by epoch")
    card = Card("Accuracy", note)
    qtbot.addWidget(card)
    words = note.fontMetrics().horizontalAdvance(note.text())
    card.resize(card.heading.sizeHint().width() + words + 60, 100)
    card.show()
    assert note.fitted()[1] == note.text()


NOON = time.mktime((2026, 11, 28, 12, 0, 0, 0, 0, -1))
HOUR = 3600


@pytest.mark.parametrize(
    ("now", "past", "words"),
    [
        (NOON, -5, "just now"),
        (NOON, 59, "just now"),
        (NOON, 20 * 60, "20 min ago"),
        (NOON, HOUR, "1 hour ago"),
        (NOON, 11 * HOUR, "11 hours ago"),
        (NOON, 13 * HOUR, "yesterday"),
        # Soon after midnight an hour is no day.
        (NOON - 11 * HOUR, 3 * HOUR, "3 hours ago"),
        (NOON, 4 * 24 * HOUR, "24 Nov"),
        (NOON, 365 * 24 * HOUR, "28 Nov 2025"),
    ],
)
def test_a_moment_in_words(now, past, words):
    assert format_ago(now - past, now) == words


def test_a_moment_in_full():
    assert format_moment(NOON) == "28 Nov 2026, 12:00"


@pytest.mark.parametrize(
    ("platform", "called"),
    [("win32", ("explorer", "/select,")), ("darwin", ("open", "-R")), ("linux", ("folder", ""))],
)
def test_a_file_is_shown_in_its_folder(platform, called, tmp_path, monkeypatch):
    path, asked = tmp_path / "a file.npz", []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(
        QProcess,
        "startDetached",
        lambda program, given: asked.append((program, given[0])),
    )
    monkeypatch.setattr(
        QDesktopServices,
        "openUrl",
        lambda url: asked.append(("folder", Path(url.toLocalFile()))),
    )
    show_in_folder(path)
    ((program, first),) = asked
    assert program == called[0]
    assert first == (called[1] or tmp_path)


def test_a_name_typed_without_an_ending_gets_it_and_replaces_nothing(tmp_path, monkeypatch):
    (tmp_path / "made.csv").touch()
    for typed, saved in (
        ("made", "made-2.csv"),
        ("made.csv", "made.csv"),
        ("0.1", "0.1.csv"),
        ("a.txt", "a.txt"),
    ):
        path = str(tmp_path / typed)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (path, ""))
        assert ask_save(None, "", "all.csv", "Tables (*.csv)") == str(tmp_path / saved)


@pytest.mark.parametrize(
    ("ask", "rest", "file"),
    [
        (ask_open, ("All (*)",), "a.txt"),
        (ask_several, ("", "All (*)"), "a.txt"),
        (ask_save, ("x.txt", "All (*)"), "new.txt"),
        (ask_folder, (), ""),
    ],
)
def test_a_file_dialog_moves_renames_and_deletes_nothing(ask, rest, file, tmp_path, qtbot):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "a.txt").touch()
    before, refused = sorted(tmp_path.rglob("*")), []

    def look():
        dialog = QApplication.activeModalWidget()
        # A failure in here leaves no dialog open.
        QTimer.singleShot(5_000, dialog.reject)
        dialog.setDirectory(str(tmp_path))
        model, view = dialog.findChild(QFileSystemModel), dialog.findChild(QListView, "listView")
        first, second = (model.index(str(tmp_path / name)) for name in ("one", "two"))
        dragged = QMimeData()
        dragged.setUrls([QUrl.fromLocalFile(str(tmp_path / "one"))])
        refused.append(not model.dropMimeData(dragged, Qt.MoveAction, -1, -1, second))
        refused.append(not model.setData(first, "three"))
        if all(refused):
            view.setCurrentIndex(second)
            QTest.keyClick(view, Qt.Key_Delete)
            view.clearSelection()
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        field.setText(str(tmp_path / file))
        field.setFocus()
        dialog.findChild(QDialogButtonBox).accepted.emit()

    QApplication.setAttribute(Qt.AA_DontUseNativeDialogs)
    try:
        QTimer.singleShot(0, look)
        chosen = ask(None, "", *rest)
    finally:
        QApplication.setAttribute(Qt.AA_DontUseNativeDialogs, False)
    assert refused == [True, True]
    assert sorted(tmp_path.rglob("*")) == before
    path = str(tmp_path / file)
    assert chosen == ([path] if ask is ask_several else path)


def test_all_file_dialogs_are_asked_for_in_one_place():
    sources = Path(files.__file__).parents[2].rglob("*.py")
    using = [path.name for path in sources if "QFileDialog" in path.read_text("utf-8")]
    assert using == ["files.py"]


def test_what_takes_over_from_a_disabled_or_hidden_control_scrolls_nothing(show):
    first, second = QPushButton("1"), QPushButton("2")
    held = QWidget()
    held.setMinimumHeight(900)
    column(first, 1, second, owner=held)
    area = show(scrolled(held), 200, 300)
    bar = area.verticalScrollBar()
    first.setFocus()
    QTest.keyClick(first, Qt.Key_Tab)
    assert bar.value() > 0
    for leave in (first.setDisabled, first.setHidden):
        first.setFocus()
        bar.setValue(0)
        leave(True)
        assert second.hasFocus()
        assert bar.value() == 0
        leave(False)


class Opaque(QWidget):
    def paintEvent(self, event):
        opaque_painter(self, "card")


@pytest.mark.parametrize("offset", [0.3, 0.5, 0.7])
def test_nothing_shines_through_an_opaque_widget_between_two_pixels(offset):
    widget, image = Opaque(), QImage(60, 60, QImage.Format_RGB32)
    widget.resize(30, 20)
    image.fill(Qt.red)
    painter = QPainter(image)
    painter.translate(10, 10 + offset)
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag(0))
    painter.end()
    shown = {image.pixelColor(20, y).name() for y in range(60)}
    assert shown == {"#ff0000", theme.LIGHT.card.lower()}


def test_a_ticked_box_with_the_keyboard_has_a_frame_of_two_pixels(show):
    """It was one pixel, a little darker than the tick's ground."""
    box = show(QCheckBox("Draw"), 100, 30)
    box.setChecked(True)
    box.activateWindow()
    pictures = []
    for has_focus in (False, True):
        if has_focus:
            box.setFocus(Qt.TabFocusReason)
        else:
            box.clearFocus()
        pictures.append(box.grab().toImage())
    without, with_focus = pictures
    row = without.height() // 2
    changed = [
        x for x in range(theme.scaled(16) // 2) if without.pixel(x, row) != with_focus.pixel(x, row)
    ]
    assert changed[:2] == [0, 1]
