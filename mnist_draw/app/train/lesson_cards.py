"""A lesson on the page of a new run: its task with steps to tick, and what it trains."""

from __future__ import annotations

from functools import partial

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, explain, label, push_button, set_look
from mnist_draw.app.train.lesson import ROWS, Lesson, describe_row, split_task
from mnist_draw.app.train.preset_cards import NOT_YET_KNOWN
from mnist_draw.i18n import _, counted, listed, number
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.expectation import Expectation
from mnist_draw.training.settings import SETTINGS, TrainingSettings

#: The preference that holds which steps are done, by the titles of lessons.
_DONE = "lesson_steps"
#: What the card says in one line, where it is free.
_TOLD = ("network", "training_examples", "epochs")


class LessonHead(QWidget):
    """Says which lesson it is, and leaves it."""

    leave_requested = pyqtSignal()

    def __init__(self, title: str) -> None:
        super().__init__()
        chip = label(_("Lesson"), "chip", "lessonChip")
        chip.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        sentence = _("Train without the lesson again; its runs stay in the Library.")
        leave = push_button(
            "leaveLessonButton",
            _("Leave lesson"),
            sentence,
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
        explain(box, step, _("Tick what you have done."))
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
    """What the lesson trains, what of it is fixed, and what to expect."""

    def __init__(self, lesson: Lesson, settings: TrainingSettings) -> None:
        super().__init__()
        self.setObjectName("lessonCard")
        self.setProperty("look", "chosen")
        self.changes = ElidedLabel("", "accent", "lessonChanges")
        self.changes.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._accuracy = label("", "figure")
        self._source = label("", "muted")
        self._time = label("", "figure")
        told = [name for name in _TOLD if name in lesson.free]
        shown = [SETTINGS[name].brief(getattr(settings, name)) for name in told]
        line = label(listed(shown), "muted", wraps=True)
        fixed = [names for names in ROWS if names[0] in _shown_on_card(lesson)]
        parts = column(
            label(_("This lesson"), "surer"),
            row((line, 3), (self.changes, 2)),
            self._build_fixed(fixed, settings),
            1,
            gap=Size.TIGHT,
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
        parts.addLayout(row((self._accuracy, 1), self._time))
        parts.addLayout(row((self._source, 1), here))
        self.show_expectation("", NOT_YET_KNOWN)

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
        self.changes.setText(changes)
        self._accuracy.setText(expected.accuracy)
        self._source.setText(expected.source)
        self._time.setText(expected.time)


def _shown_on_card(lesson: Lesson) -> frozenset[str]:
    """Return what is fixed and not hidden; the data set is on the start bar."""
    return lesson.fixed - lesson.hidden - {"data_folder"}


def lock() -> QLabel:
    """Return the picture of a lock, in the colors of the theme."""
    picture = label("", "muted")
    picture.setAccessibleName(_("Fixed"))

    def paint() -> None:
        side = theme.scaled(Size.SMALL_ICON)
        picture.setPixmap(icon("lock-simple", look="muted").pixmap(side, side))

    theme.follow(picture, paint)
    return picture
