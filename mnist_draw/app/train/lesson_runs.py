"""The runs of a lesson: a table to copy, and a file to hand in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.files import ask_save, file_kind
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import Card, copy_table, explain, label, push_button, style_table
from mnist_draw.app.train.lesson import Lesson, LessonTable, lesson_table
from mnist_draw.i18n import _
from mnist_draw.library.handed_in import SUFFIX, hand_in
from mnist_draw.storage.unique_paths import file_name
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

notifier = Notifier("lesson", "train")
#: What a pupil hands in.
HANDED_IN = file_kind(_("Handed in"), SUFFIX)
_ROW = 36
_LEAST_ROWS = 2


class RunsTable(QTableWidget):
    """One row for each run; the last one may be what is chosen now."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lessonRuns")
        explain(self, _("Your runs in this lesson"), _("What you tried, and what came of it."))
        self.setSelectionMode(QAbstractItemView.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.Stretch)
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
        for place, head in enumerate(table.heads):
            heading = QTableWidgetItem(head)
            heading.setTextAlignment(_side(table, place))
            self.setHorizontalHeaderItem(place, heading)
        for line, cells in enumerate(table.rows):
            for place, cell in enumerate(cells):
                item = QTableWidgetItem(cell)
                item.setTextAlignment(_side(table, place))
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
        sentence = _("Copy this table, for a document or a spreadsheet.")
        copy = push_button("copyRunsButton", _("Copy"), sentence, act=self._copy)
        set_icon(copy, "copy", Size.SMALL_ICON)
        sentence = _("Write these runs and your digits into one file for your teacher.")
        self.hand_in_button = push_button(
            "handInButton",
            _("Hand in …"),
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
        notifier.message(_("The table was copied."))

    def _hand_in(self) -> None:
        name = f"{file_name(Path.home().name)}{SUFFIX}"
        path = ask_save(self, _("Hand in, under your name"), name, HANDED_IN)
        if path:
            lesson = self._lesson
            write = partial(hand_in, path, lesson.title, lesson.author, self._runs)
            said = _("Saved {path}. Give it to your teacher.", path=path)
            self._background.run(write, lambda __: notifier.message(said))
