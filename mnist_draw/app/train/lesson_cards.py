"""A lesson on the page of a new run: its task with steps to tick, what it trains, its runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import QPointF, QSize, Qt, Signal
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_label, set_icon
from mnist_draw.app.kit.files import ask_save, file_kind, without_dots
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.painters import paint_chosen, smooth_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import (
    Card,
    copy_table,
    explain,
    label,
    push_button,
    set_look,
    style_table,
)
from mnist_draw.app.train.lesson import (
    NOT_TIMED,
    ROWS,
    Lesson,
    LessonTable,
    describe_row,
    lesson_table,
    split_task,
)
from mnist_draw.app.train.preset_cards import NOT_YET_KNOWN
from mnist_draw.i18n import _, counted, listed, number
from mnist_draw.library.handed_in import SUFFIX, hand_in
from mnist_draw.storage.preferences import Preferences
from mnist_draw.storage.unique_paths import file_name
from mnist_draw.training.expectation import Expectation
from mnist_draw.training.run import Run
from mnist_draw.training.settings import SETTINGS, TrainingSettings

notifier = Notifier("lesson", "train")
#: What a pupil hands in.
HANDED_IN = file_kind(_("Handed in"), SUFFIX)
_ROW = 36
_LEAST_ROWS = 2
#: So many columns share the width of the table; of more, each takes what it needs.
_STRETCHED = 4
#: The preference that holds which steps are done, by the titles of lessons.
_DONE = "lesson_steps"
#: What the card says in one line, where it is free.
_TOLD = ("network", "training_examples", "epochs")


class LessonHead(QWidget):
    """Says which lesson it is, and leaves it."""

    leave_requested = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        chip = label(_("Lesson"), "chip", "lessonChip")
        chip.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        leave = push_button(
            "leaveLessonButton",
            _("Leave lesson"),
            look="plain",
            act=self.leave_requested.emit,
        )
        name = ElidedLabel(title, "sure")
        self.parts = row(chip, (name, 1), leave, gap=Size.CARD_GAP, owner=self)


class TaskCard(Card):
    """The task in words, and its steps, which the pupil ticks; the ticks are kept."""

    def __init__(self, lesson: Lesson, preferences: Preferences) -> None:
        self._count = label("", "muted", "lessonSteps")
        super().__init__(_("Task"), self._count)
        self.setObjectName("taskCard")
        self._count.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._title = lesson.title
        self._preferences = preferences
        text, self._steps = split_task(lesson.task)
        if text:
            self.body.addWidget(label(text, "body", "lessonTask", wraps=True))
        done = preferences.get(_DONE, {}).get(self._title, [])
        self._boxes = [self._build_step(place, place in done) for place in range(len(self._steps))]
        self.body.addStretch(1)
        if lesson.author:
            self.body.addWidget(label(_("From {author}", author=lesson.author), "muted"))
        self._show_count()

    def _build_step(self, place: int, is_done: bool) -> QCheckBox:
        step = self._steps[place]
        box = QCheckBox()
        box.setObjectName(f"lessonStep{place + 1}")
        explain(box, step)
        box.setChecked(is_done)
        text = label(step, "", wraps=True)
        text.setBuddy(box)
        count = label(number(place + 1), "title")
        self.body.addLayout(row(box, count, (text, 1), gap=Size.CARD_GAP))
        self._show_step(text, is_done)
        box.toggled.connect(partial(self._show_step, text))
        box.toggled.connect(self._note_steps)
        return box

    def _show_step(self, text: QLabel, is_done: bool) -> None:
        set_look(text, "status" if is_done else "body")

    def _note_steps(self) -> None:
        done = [place for place, box in enumerate(self._boxes) if box.isChecked()]
        self._preferences.set(_DONE, {**self._preferences.get(_DONE, {}), self._title: done})
        self._show_count()

    def _show_count(self) -> None:
        count = len(self._boxes)
        done = sum(box.isChecked() for box in self._boxes)
        words = counted(
            "{done} of {count} done",
            "{done} of {count} done",
            count,
            done=number(done),
        )
        self._count.setText(words if count else "")


class LessonCard(QFrame):
    """What the lesson trains, what of it is fixed, and what to expect; chosen, it has a tick."""

    def __init__(self, lesson: Lesson, settings: TrainingSettings) -> None:
        super().__init__()
        self.setObjectName("lessonCard")
        self.changes = ElidedLabel("", "accent", "lessonChanges")
        self.changes.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._title = label(_("This lesson"), "surer")
        self._accuracy = label("", "figure")
        self._source = label("", "muted")
        self._time = label("", "figure")
        told = [name for name in _TOLD if name in lesson.free]
        shown = [SETTINGS[name].brief(getattr(settings, name)) for name in told]
        line = label(listed(shown), "muted", wraps=True)
        fixed = [names for names in ROWS if names[0] in _shown_on_card(lesson)]
        parts = column(
            self._title,
            row((line, 1), (self.changes, 1)),
            self._build_fixed(fixed, settings),
            1,
            gap=Size.FIELD_GAP,
            margins=(Size.MARGIN, Size.CARD_PADDING, Size.MARGIN, Size.CARD_PADDING),
            owner=self,
        )
        if fixed:
            sentence = counted(
                "This one stays as your teacher set it.",
                "These {count} stay as your teacher set them.",
                len(fixed),
            )
            parts.insertWidget(parts.count() - 1, label(sentence, "muted", wraps=True))
        here = label(_("time here"), "muted")
        for part in (self._time, here):
            part.setAlignment(Qt.AlignRight)
        figures = row((self._accuracy, 1), self._time)
        sources = row((self._source, 1), here)
        parts.addLayout(column(figures, sources, gap=0))
        self.show_expectation("", NOT_YET_KNOWN)
        self.choose(True)

    def choose(self, is_chosen: bool) -> None:
        """Show whether it, or one of the four cards, is what is trained."""
        self.is_chosen = is_chosen
        set_look(self, "chosen" if is_chosen else "card")

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.is_chosen:
            painter = smooth_painter(self)
            radius = theme.scaled(Size.CHOSEN_MARK)
            x = self.width() - Size.MARGIN - radius
            paint_chosen(painter, QPointF(x, self._title.geometry().center().y()), radius)

    def _build_fixed(self, rows: list[tuple[str, ...]], settings: TrainingSettings) -> QWidget:
        area = QWidget()
        grid = QGridLayout(area)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(2, 1)
        for place, names in enumerate(rows):
            title, value = describe_row(names, settings)
            grid.addWidget(lock(), place, 0)
            grid.addWidget(label(title, "muted"), place, 1)
            grid.addWidget(label(value, "body", wraps=True), place, 2)
        return area

    def show_expectation(self, changes: str, expected: Expectation) -> None:
        self.changes.setText(_("{changes} now", changes=changes) if changes else "")
        self._accuracy.setText(expected.accuracy)
        self._source.setText(expected.source)
        self._time.setText(expected.time)


def _shown_on_card(lesson: Lesson) -> frozenset[str]:
    """Return what is fixed and not hidden; the data set is on the start bar."""
    return lesson.fixed - lesson.hidden - {"data_folder"}


def lock() -> QLabel:
    return icon_label("lock-simple", "muted", _("Fixed"))


class RunsTable(QTableWidget):
    """One row for each run; the last one may be what is chosen now."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lessonRuns")
        explain(self, _("Your runs in this lesson"))
        self.setSelectionMode(QAbstractItemView.NoSelection)
        self.verticalHeader().hide()
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        style_table(self, theme.scaled(_ROW))
        self.setAlternatingRowColors(False)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Ask for little: it takes the room that the card has, and scrolls."""
        return QSize(0, theme.scaled(_ROW * (_LEAST_ROWS + 1)))

    minimumSizeHint = sizeHint

    def show_table(self, table: LessonTable) -> None:
        self.setColumnCount(len(table.heads))
        self.setRowCount(len(table.rows))
        is_wide = len(table.heads) > _STRETCHED
        mode = QHeaderView.ResizeToContents if is_wide else QHeaderView.Stretch
        self.horizontalHeader().setSectionResizeMode(mode)
        for place, head in enumerate(table.heads):
            heading = QTableWidgetItem(head)
            heading.setTextAlignment(_side(table, place))
            self.setHorizontalHeaderItem(place, heading)
        for line, cells in enumerate(table.rows):
            for place, cell in enumerate(cells):
                item = QTableWidgetItem(cell)
                item.setTextAlignment(_side(table, place))
                is_tried = cells[-1] != NOT_TIMED
                item.setFont(theme.font(Text.BODY, bold=is_tried and place < len(cells) - 1))
                self.setItem(line, place, item)
        self.scrollToBottom()


def _side(table: LessonTable, place: int) -> int:
    """Return where a column is aligned: accuracy and time at the right."""
    is_result = place >= len(table.heads) - 2
    return int((Qt.AlignRight if is_result else Qt.AlignLeft) | Qt.AlignVCenter)


class LessonRunsCard(Card):
    """What the pupil tried in a lesson, and handing it in."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(_("Your runs in this lesson"))
        self.setObjectName("lessonRunsCard")
        self._lesson = lesson
        self._runs: list[Run] = []
        self._shown = LessonTable((), ())
        self._background = Background(self)
        self.table = RunsTable()
        self.body.addWidget(self.table, 1)
        copy = push_button("copyRunsButton", _("Copy"), act=self._copy)
        set_icon(copy, "copy", Size.SMALL_ICON)
        sentence = _("Write these runs and your digits into one file for your teacher.")
        self.hand_in_button = push_button(
            "handInButton",
            _("Hand in…"),
            sentence,
            act=self._hand_in,
        )
        self.words = label(_("Copy this table, or hand it in as a file."), "muted", wraps=True)
        self.body.addWidget(self.words)
        self.body.addLayout(row(copy, self.hand_in_button, 1))

    def show_runs(self, runs: Sequence[Run], chosen: TrainingSettings) -> None:
        self._runs = [run for run in runs if run.lesson == self._lesson.title]
        self._shown = lesson_table(self._lesson, self._runs, chosen)
        self.table.show_table(self._shown)
        self.hand_in_button.setEnabled(bool(self._runs))

    def _copy(self) -> None:
        copy_table(self._shown.heads, *self._shown.rows)
        notifier.message(_("Copied."))

    def _hand_in(self) -> None:
        # Pupils may share a login, and a computer: nobody's name is proposed.
        title = without_dots(self.hand_in_button.text())
        pupil, chosen = QInputDialog.getText(self, title, _("Your name"))
        if not chosen or not pupil.strip():
            return
        path = ask_save(self, title, f"{file_name(pupil.strip())}{SUFFIX}", HANDED_IN)
        if path:
            lesson = self._lesson
            write = partial(hand_in, path, lesson.title, lesson.author, self._runs)
            said = _("Saved {path}. Give it to your teacher.", path=path)
            self._background.run(write, lambda __: notifier.message(said))
