"""A page on which a teacher makes a lesson of the settings as they are now."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from qtpy.QtCore import QProcess, QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, icon_button, icon_label, set_icon
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.files import ask_open, ask_save, file_kind
from mnist_draw.app.kit.layout import ScrollArea, column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.steady_labels import Captioned, ElidedLabel, FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button, rule, set_look
from mnist_draw.app.train.lesson import (
    MAX_TASK,
    MAX_TITLE,
    ROWS,
    SUFFIX,
    SUFFIXES,
    TABS,
    Lesson,
    LessonError,
    describe_row,
    lesson_text,
    read_lesson,
)
from mnist_draw.app.train.settings_form import SettingsForm
from mnist_draw.errors import UserError
from mnist_draw.i18n import LANGUAGES, _, joined, language, listed, number, pgettext
from mnist_draw.library.entries import Entry
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import temporary_folder
from mnist_draw.training.settings import PLACES, SETTINGS, TrainingSettings

notifier = Notifier("lesson", "train")
LESSONS = file_kind(_("Lessons"), *SUFFIXES)
FREE = 0
FIXED = 1
HIDDEN = 2


def _rows_with(*firsts: str) -> frozenset[str]:
    return frozenset(name for names in ROWS if names[0] in firsts for name in names)


#: A lesson at first: what is neither fixed nor hidden is free.
_NEW = Lesson(
    fixed=_rows_with("network", "update", "seed", "data_folder"),
    hidden=_rows_with("start_model", "schedule", "batch_size", "l2", "augmentation"),
)
#: From this width on, in pixels, the two cards are beside each other.
_BESIDE = 900
_MODES_WIDE = 264
_TASK_HIGH = 80
#: Eleven rows of settings fit into the least window.
_ROW_GAP = 1
#: Letters of a value that takes two lines.
_SMALLEST = 11
#: Words of the title in the file's name.
_NAME_WORDS = 3


def _mode(lesson: Lesson, name: str) -> int:
    if name in lesson.hidden:
        return HIDDEN
    return FIXED if name in lesson.fixed else FREE


class TaskEdit(QPlainTextEdit):
    def sizeHint(self) -> QSize:
        return QSize(Size.MARGIN, theme.scaled(_TASK_HIGH))

    minimumSizeHint = sizeHint


class LessonMaker(ScrollArea):
    close_requested = Signal()

    def __init__(self, form: SettingsForm) -> None:
        super().__init__()
        self.setObjectName("lessonMaker")
        self._form = form
        #: The lesson that is changed.
        self._before = _NEW
        self.title = QLineEdit()
        self.title.setObjectName("lessonTitleEdit")
        self.title.setMaxLength(MAX_TITLE)
        explain(self.title, _("Title"))
        self.task = TaskEdit()
        self.task.setObjectName("lessonTaskEdit")
        self.task.setTabChangesFocus(True)
        explain(self.task, _("Task"), _("A line that begins with [ ] becomes a step to check off."))
        self.author = QLineEdit()
        self.author.setObjectName("lessonFromEdit")
        self.author.setMaxLength(MAX_TITLE)
        explain(self.author, pgettext("a lesson", "From"), _("Your name, and your class."))
        self.language = ComboBox("lessonLanguage", _("Language"))
        self.language.addItem(_("Same as the system"), "")
        for code, spoken in LANGUAGES.items():
            self.language.addItem(spoken.name, code)
        self.network = ComboBox("lessonNetwork", _("Network that answers"))
        self.tabs = [self._build_tab(name) for name in TABS]
        self.cards = SegmentedControl(
            "lessonCards",
            (_("Only this lesson"), _("This lesson and the four cards")),
            "mode",
        )
        self.cards.choose(0)
        self.modes = [self._build_modes(first) for first, *__ in ROWS]
        self._values = [FittedLabel(_SMALLEST, two_lines=True, look="body") for __ in ROWS]
        self._count = label("", "muted")
        self._file = FittedLabel(look="title", name="lessonFile")
        self._note = ElidedLabel("", "muted", "lessonNote")
        self.save_button = push_button(
            "saveLessonButton",
            _("Save lesson…"),
            look="lead",
            act=self._save,
        )
        self.try_button = push_button(
            "tryLessonButton",
            _("Try as a pupil"),
            _("Open a second window as your class sees it."),
            look="large",
            act=self._try,
        )
        self._build()
        self.title.textChanged.connect(self._renew)
        self.task.textChanged.connect(self._renew)
        for tab in self.tabs:
            tab.toggled.connect(self._renew)
        theme.follow(self, self._fit)

    # -- building

    def _build_tab(self, name: str) -> QCheckBox:
        titles = {
            "draw": pgettext("tab", "Draw"),
            "train": pgettext("tab", "Train"),
            "inside": pgettext("tab", "Inside"),
        }
        box = QCheckBox(titles[name])
        box.setObjectName(f"{name}LessonTab")
        explain(box, titles[name])
        box.setChecked(name != "inside")
        return box

    def _build_modes(self, name: str) -> SegmentedControl:
        modes = SegmentedControl(
            f"{name}Mode",
            (pgettext("setting", "Free"), _("Fixed"), pgettext("setting", "Hidden")),
            "mode",
        )
        set_icon(modes.buttons[FIXED], "lock-simple", Size.SMALL_ICON)
        modes.setAccessibleName(SETTINGS[name].title)
        modes.choose(_mode(_NEW, name))
        modes.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        theme.follow(modes, lambda: modes.setMaximumWidth(theme.scaled(_MODES_WIDE)))
        return modes

    def _build(self) -> None:
        words = _("What your class sees when it opens the file.")
        close = icon_button("closeLessonButton", "x", _("Close"), "", "Esc", "square")
        close.clicked.connect(self.close_requested)
        # Esc does the same.
        close.setFocusPolicy(Qt.ClickFocus)
        heading = label(_("Save as lesson"), "sure")
        sentence = _("Change a lesson that was saved.")
        self._open_button = push_button("openLessonButton", _("Open lesson…"))
        self._open_command = Command(
            self,
            self._open_button.text(),
            "Ctrl+O",
            self._open,
            sentence=sentence,
        )
        self._open_command.serve(self._open_button)
        self._open_button.setFocusPolicy(Qt.ClickFocus)
        top = row(
            heading,
            (ElidedLabel(words, "muted"), 1),
            self._open_button,
            close,
            gap=Size.CARD_GAP,
        )
        self._cards = row((self._build_words(), 1), (self._build_settings(), 1), gap=Size.CARD_GAP)
        bar = QFrame()
        bar.setProperty("look", "card")
        pad = Size.CARD_PADDING
        margins = (pad, Size.FIELD_GAP, Size.CARD_GAP, Size.FIELD_GAP)
        parts = (icon_label("chalkboard-teacher", "accent"), self._file, (self._note, 1))
        buttons = (self.try_button, self.save_button)
        row(*parts, *buttons, gap=Size.CARD_GAP, margins=margins, owner=bar)
        inner = QWidget()
        column(top, (self._cards, 1), bar, gap=Size.CARD_GAP, owner=inner)
        self.setWidget(inner)

    def _build_words(self) -> Card:
        card = Card()
        steps = label(self.task.accessibleDescription(), "muted", wraps=True)
        task = row((label(_("Task"), "muted"), 1), self._count)
        card.body.addWidget(Captioned(_("Title"), self.title))
        card.body.addLayout(task)
        card.body.addWidget(self.task, 1)
        card.body.addWidget(steps)
        author = Captioned(self.author.accessibleName(), self.author)
        language = Captioned(_("Language"), self.language)
        card.body.addLayout(row((author, 1), (language, 1), gap=Size.CARD_GAP))
        card.body.addWidget(Captioned(_("Network that answers"), self.network))
        card.body.addWidget(label(_("Tabs"), "muted"))
        card.body.addLayout(row(*self.tabs, 1, gap=Size.CARD_GAP))
        card.body.addWidget(Captioned(_("Cards"), self.cards))
        left_out = _("Your runs and your digits are not in the file.")
        card.body.addWidget(label(left_out, "muted", wraps=True))
        return card

    def _build_settings(self) -> Card:
        card = Card(_("Settings"))
        free = push_button("allFreeButton", _("All free"), look="link", act=self._free_all)
        card.top.addWidget(free)
        grid = QGridLayout()
        grid.setVerticalSpacing(_ROW_GAP)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        for place, names in enumerate(ROWS):
            title, __ = describe_row(names, self._form.settings())
            grid.addWidget(label(title, "muted"), 2 * place, 0)
            self._values[place].setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Expanding)
            grid.addWidget(self._values[place], 2 * place, 1)
            grid.addWidget(self.modes[place], 2 * place, 2)
            grid.addWidget(rule(), 2 * place + 1, 0, 1, 3)
        card.body.addLayout(grid, 1)
        meaning = _("Free: can be changed. Fixed: shown, with a lock. Hidden: not shown.")
        card.body.addWidget(label(meaning, "muted", wraps=True))
        return card

    # -- what is shown

    def offer_networks(self, entries: tuple[Entry, ...]) -> None:
        """List the networks that every class has, which are those of the program."""
        kept = self.network.currentData()
        self.network.clear()
        for entry in entries:
            if entry.is_shipped:
                self.network.addItem(entry.name, entry.stored.name)
        self._choose_network(kept or "")

    def _choose_network(self, network: str) -> None:
        """Choose a network by its name or path; a file of one's own becomes an entry."""
        name = Path(network).name
        place = self.network.findData(name)
        if network and place < 0:
            self.network.addItem(name, network)
            place = self.network.count() - 1
        self.network.setCurrentIndex(max(0, place))

    def showEvent(self, event: QShowEvent) -> None:
        # No setting can be changed while it is in front, but by another lesson.
        self._renew()
        # In a lesson, that is the one which is changed.
        is_in_lesson = self._form.state.lesson is not None
        self._open_button.setHidden(is_in_lesson)
        self._open_command.setEnabled(not is_in_lesson)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        beside = self.viewport().width() >= _BESIDE * theme.text_scale()
        self._cards.setDirection(QVBoxLayout.LeftToRight if beside else QVBoxLayout.TopToBottom)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # What was typed is there again when the page is opened next.
        if event.key() == Qt.Key_Escape:
            self.close_requested.emit()
        else:
            super().keyPressEvent(event)

    def _renew(self) -> None:
        settings = self._form.settings()
        usual = TrainingSettings()
        for names, value in zip(ROWS, self._values, strict=True):
            value.setText(describe_row(names, settings)[1])
            is_usual = all(getattr(settings, name) == getattr(usual, name) for name in names)
            set_look(value, "body" if is_usual else "title")
        letters = _(
            "{count} of {most} characters",
            count=number(self._letters),
            most=number(MAX_TASK),
        )
        self._count.setText(letters)
        set_look(self._count, "wrong" if self._letters > MAX_TASK else "muted")
        self._file.setText(self._file_name)
        self._file.show()
        set_look(self._note, "muted")
        self._note.setText(_("Opens with a double click."))

    @property
    def _letters(self) -> int:
        return len(self.task.toPlainText())

    @property
    def _file_name(self) -> str:
        words = re.findall(r"\w+", self.title.text().lower())[:_NAME_WORDS]
        return f"{'-'.join(words) or _('Lesson').lower()}{SUFFIX}"

    def _free_all(self) -> None:
        for modes in self.modes:
            modes.choose(FREE)

    # -- the lesson

    def lesson(self) -> Lesson:
        """Return the lesson as the fields have it."""
        chosen = [
            (name, mode)
            for names, modes in zip(ROWS, self.modes, strict=True)
            for name, mode in self._modes_of(names, modes.group.checkedId())
        ]
        tabs = tuple(name for name, tab in zip(TABS, self.tabs, strict=True) if tab.isChecked())
        return Lesson(
            network=self.network.currentData() or "",
            tabs=tabs,
            settings=self._form.settings(),
            fixed=frozenset(name for name, mode in chosen if mode == FIXED),
            hidden=frozenset(name for name, mode in chosen if mode == HIDDEN),
            language=self.language.currentData(),
            title=self.title.text().strip(),
            task=self.task.toPlainText().strip(),
            author=self.author.text().strip(),
            cards=self.cards.group.checkedId() == 1,
        )

    def _modes_of(self, names: tuple[str, ...], chosen: int) -> list[tuple[str, int]]:
        """Return the mode of each setting of a row: its own one while the row is as it was."""
        is_as_before = chosen == _mode(self._before, names[0])
        return [(name, _mode(self._before, name) if is_as_before else chosen) for name in names]

    def show_lesson(self, lesson: Lesson) -> None:
        """Show a lesson that exists, to be changed; its settings are in the form."""
        self._before = lesson
        self.title.setText(lesson.title)
        self.task.setPlainText(lesson.task)
        self.author.setText(lesson.author)
        self.language.setCurrentIndex(self.language.findData(lesson.language))
        is_stored = bool(lesson.network_key)
        self._choose_network(Path(lesson.network).name if is_stored else lesson.network)
        for name, tab in zip(TABS, self.tabs, strict=True):
            tab.setChecked(name in (lesson.tabs or TABS))
        self.cards.choose(int(lesson.cards))
        for (first, *__), modes in zip(ROWS, self.modes, strict=True):
            modes.choose(_mode(lesson, first))

    def _open(self) -> None:
        path = ask_open(self, _("Open lesson…"), LESSONS)
        if not path:
            return
        try:
            lesson = read_lesson(path)
        except LessonError as error:
            notifier.problem(str(error))
            return
        if lesson.settings is not None:
            self._form.show_settings(lesson.settings)
        self.show_lesson(lesson)
        self._renew()

    def _refuses(self) -> bool:
        """Say what is missing, and put the keyboard there; return whether anything is."""
        shown = [tab.isChecked() for tab in self.tabs]
        problem = ""
        if not self.title.text().strip():
            problem = _("Write a title first.")
            self.title.setFocus()
        elif self._letters > MAX_TASK:
            problem = _("The task is too long.")
            self.task.setFocus()
        elif not any(shown[:2]):
            problem = _("Check Draw or Train, too.")
            self.tabs[0].setFocus()
        if problem:
            self._file.hide()
            set_look(self._note, "wrong")
            self._note.setText(problem)
        return bool(problem)

    def _save(self) -> None:
        if self._refuses():
            return
        path = ask_save(self, _("Save lesson…"), self._file_name, LESSONS)
        if path and self._write(Path(path)):
            needed = self._needed()
            said = _("Saved {path}.", path=path)
            if needed:
                said = _("Saved {path}. Put {files} next to it.", path=path, files=listed(needed))
            then = _("Give it to your class, and open what they hand in here.")
            notifier.message(joined(said, then))
            self.close_requested.emit()

    def _needed(self) -> list[str]:
        settings = self._form.settings()
        paths = [getattr(settings, name) for name in PLACES]
        network = Path(self.network.currentData() or "")
        own = [network] if network.is_absolute() else []
        return [Path(path).name for path in (*paths, *own) if path]

    def _try(self) -> None:
        """Open a second window with the lesson, which is kept in a temporary folder."""
        if self._refuses():
            return
        path = temporary_folder() / self._file_name
        if self._write(path, whole_paths=True):
            spoken = self.language.currentData() or language()
            options = ["--lang", spoken, "--config", str(path)]
            QProcess.startDetached(sys.executable, ["-m", "mnist_draw", *options])

    def _write(self, path: Path, whole_paths: bool = False) -> bool:
        try:
            write_atomically(path, lesson_text(self.lesson(), whole_paths).encode())
        except UserError as error:
            notifier.problem(str(error))
            return False
        return True
