"""The widget of each training setting, made from its declaration, and foldable sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, assert_never

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtBoundSignal, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QFileDialog,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.files import NETWORKS, ask_open
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, Field, NumberBox, RealBox, explain, label
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.training.setting import (
    AnySetting,
    Choice,
    Flag,
    Folder,
    NetworkFile,
    NetworkText,
    RealNumber,
    RuleParameters,
    Setting,
    WholeNumber,
)
from mnist_draw.training.updates import UPDATE_RULES, UpdateRule, parameter_range


class SettingsSection(QWidget):
    """A heading with a body below it."""

    chosen = pyqtSignal()

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: Whether the user has folded the section.
        self.put_away = False
        self._button = QToolButton()
        self._button.setObjectName(f"{name}SectionButton")
        self._button.setProperty("look", "small")
        self._title = title
        self._button.clicked.connect(self.chosen)
        self.summary = FittedLabel(elide=Qt.ElideRight)
        self.summary.setProperty("look", "muted")
        self.summary.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        # A long summary must not widen the panel.
        self.summary.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        heading = label(title.upper(), "heading")
        self.head = row(self._button, heading, (self.summary, 1), gap=Size.TIGHT)
        self.body = QWidget()
        self.rows = column(owner=self.body)
        self._column = column(self.head, self.body, gap=Size.TIGHT, owner=self)
        self.show_body(True)

    def move_summary_below(self) -> None:
        """Move the summary below the heading, if buttons need the room beside it."""
        self.head.removeWidget(self.summary)
        self.head.addStretch(1)
        self.summary.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        self._column.insertWidget(1, self.summary)

    def lead_keyboard(self) -> None:
        """Put the heading's buttons before the body in the tab order."""
        widgets = [self.head.itemAt(n).widget() for n in range(self.head.count())]
        buttons = [widget for widget in widgets if isinstance(widget, QAbstractButton)]
        for before, after in pairwise(buttons):
            QWidget.setTabOrder(before, after)

    @property
    def is_open(self) -> bool:
        return not self.body.isHidden()

    def show_body(self, shown: bool) -> None:
        self.body.setVisible(shown)
        self.summary.setVisible(not shown)
        set_icon(self._button, "caret-down" if shown else "caret-right", Size.SMALL_ICON)
        verb = "Hide" if shown else "Show"
        explain(self._button, self._title, f"{verb} the settings under “{self._title}”.")

    def height_of_body(self) -> int:
        """Return the height of the visible body, in pixels."""
        return self.rows.sizeHint().height() + Size.TIGHT


class SectionArea(QScrollArea):
    """Opens as many sections as fit: those opened last, at first the upper ones.

    The section with the keyboard's focus stays open. If not even one fits, the area scrolls.
    """

    def __init__(self, panel: QWidget, sections: list[SettingsSection]) -> None:
        super().__init__()
        self._sections = sections
        self._recent = list(sections)
        self.setWidget(panel)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.NoFocus)
        for section in sections:
            section.chosen.connect(lambda section=section: self._choose(section))

    def _choose(self, section: SettingsSection) -> None:
        section.put_away = section.is_open
        self._recent.remove(section)
        self._recent.insert(0, section)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # QScrollArea filters its widget's events; this one follows changed contents.
        if event.type() == QEvent.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.viewport().height() - self.widget().minimumSizeHint().height()
        room += sum(section.height_of_body() for section in self._sections if section.is_open)
        focus = QApplication.focusWidget()
        for section in sorted(self._recent, key=lambda one: not one.body.isAncestorOf(focus)):
            needed = section.height_of_body()
            is_open = not section.put_away and needed <= room
            room -= needed if is_open else 0
            if is_open != section.is_open:
                section.show_body(is_open)


#: Data of the last entries.
_CHOOSE, _CHOOSE_FILE = "choose", "choose a file"


class FileCombo(ComboBox):
    """A menu of folders, or of files of trained networks."""

    path_changed = pyqtSignal()
    picked = pyqtSignal(str, str)

    def __init__(self, setting: Folder | NetworkFile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self.addItem(setting.nothing)
        for title, folder in setting.known if isinstance(setting, Folder) else ():
            self.addItem(title, folder)
        kind = "folder" if isinstance(setting, Folder) else "file"
        self.addItem(f"Choose a {kind} …", _CHOOSE)
        if isinstance(setting, Folder) and setting.files:
            self.addItem("Choose a file …", _CHOOSE_FILE)
        self._chosen = 0
        self._offered: set[str] = set()
        self.activated.connect(self._activated)

    def path(self) -> str | None:
        """Return the chosen path; None for the first entry."""
        return self._path_of(self._chosen)

    def _path_of(self, index: int) -> str | None:
        # A known folder is a function: the environment may change its path.
        data = self.itemData(index)
        path: str | None = data() if callable(data) else data
        return path

    def show_path(self, path: str | None) -> None:
        """Choose a path, adding it to the menu if it is new."""
        last = self.findData(_CHOOSE)
        known = [number for number in range(last) if self._path_of(number) == path]
        index = known[0] if known else last
        if not known:
            self.insertItem(index, Path(str(path)).name or str(path), path)
        self._choose(index)

    def offer(self, files: Iterable[tuple[str, str]]) -> None:
        """List files with their texts; the current choice is kept."""
        chosen, first = self.path(), 1
        blocked = self.blockSignals(True)
        for index in reversed(range(first, self.findData(_CHOOSE))):
            if self._path_of(index) in self._offered and index != self._chosen:
                self.removeItem(index)
                self._chosen -= index < self._chosen
        self._offered = set()
        for place, (path, title) in enumerate(files, first):
            self._offered.add(path)
            if path == chosen:
                self.removeItem(self._chosen)
                self._chosen = place
            elif place <= self._chosen:
                self._chosen += 1
            self.insertItem(place, title, path)
            self.setItemData(place, title, Qt.ToolTipRole)
        self.setCurrentIndex(self._chosen)
        self.blockSignals(blocked)

    def _choose(self, index: int) -> None:
        self._chosen = index
        self.setCurrentIndex(index)
        self.path_changed.emit()

    def _activated(self, index: int) -> None:
        asked = self.itemData(index)
        if asked not in (_CHOOSE, _CHOOSE_FILE):
            replaced = self.path() or ""
            self._choose(index)
            if asked in self._offered:
                self.picked.emit(asked, replaced)
            return
        self.setCurrentIndex(self._chosen)
        path, before = self._ask(a_file=asked == _CHOOSE_FILE), self.path()
        if path:
            self.show_path(path)
            self.picked.emit(path, before or "")

    def _ask(self, a_file: bool) -> str:
        question = self._setting.question
        match self._setting:
            case Folder(files=files) if a_file:
                question = self._setting.file_question
                return ask_open(self, question, files)
            case Folder():
                return QFileDialog.getExistingDirectory(self, question, "")
            case NetworkFile():
                return ask_open(self, question, NETWORKS)
            case _:
                assert_never(self._setting)


class RuleFields(QWidget):
    """A field for each parameter of an update rule; hidden if there is none."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row(owner=self)
        self.rule: UpdateRule
        self.boxes: dict[str, RealBox] = {}
        self._build(next(iter(UPDATE_RULES)))

    def show_rule(self, name: str) -> None:
        """Show the fields of a rule, with Lasagne's defaults."""
        self._build(name)
        self.setVisible(bool(self.boxes))
        self.changed.emit()

    def _build(self, name: str) -> None:
        self.rule = UPDATE_RULES[name]
        while item := self._row.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        self.boxes = {}
        for key, value in self.rule.parameters.items():
            box = RealBox(*parameter_range(key), _DECIMALS)
            box.setObjectName(f"{key}SpinBox")
            box.setValue(value)
            explain(box, key, f"The parameter {key} of {name}, without unit.")
            box.valueChanged.connect(self.changed)
            self.boxes[key] = box
            self._row.addWidget(Field(key, box), 1)

    def changes(self) -> dict[str, float]:
        """Return the parameters that differ from Lasagne's defaults."""
        return {
            key: box.value()
            for key, box in self.boxes.items()
            if box.value() != self.rule.parameters[key]
        }

    def show_changes(self, changes: Mapping[str, float]) -> None:
        """Show parameters of the rule; those left out get Lasagne's defaults."""
        for key, value in {**self.rule.parameters, **changes}.items():
            self.boxes[key].setValue(value)


#: Decimals that real numbers keep; the box shows the significant ones. With 40, the smallest
#: learning rate, 1e-20, is read back to the last bit.
_DECIMALS = 40


@dataclass(frozen=True)
class SettingField:
    """A setting's widget, and how to read and show its value."""

    setting: AnySetting
    widget: QWidget
    cell: QWidget
    read: Callable[[], Any]
    show: Callable[[Any], object]
    changed: pyqtBoundSignal


def build_field(setting: AnySetting) -> SettingField:
    """Build the widget of a setting."""
    match setting:
        case WholeNumber():
            return _whole_number(setting)
        case RealNumber():
            return _real_number(setting)
        case Choice():
            return _choice(setting)
        case Folder() | NetworkFile():
            files = FileCombo(setting)
            _name(files, setting, "Combo")
            return SettingField(
                setting,
                files,
                Field(setting.title, files),
                files.path,
                files.show_path,
                files.path_changed,
            )
        case NetworkText():
            network = NetworkFields(setting)
            return SettingField(
                setting, network, network, network.text, network.show_network, network.changed
            )
        case RuleParameters():
            rule = RuleFields()
            return SettingField(setting, rule, rule, rule.changes, rule.show_changes, rule.changed)
        case Flag():
            box = QCheckBox(setting.title)
            _name(box, setting, "CheckBox")
            return SettingField(setting, box, box, box.isChecked, box.setChecked, box.toggled)
        case _:
            assert_never(setting)


def _whole_number(setting: WholeNumber) -> SettingField:
    box = NumberBox(
        0 if setting.nothing else setting.low,
        setting.high,
        setting.step,
        f" {setting.unit}" if setting.unit and setting.nothing else "",
    )
    # A number from 0 on is a name, such as a seed, not an amount.
    box.setGroupSeparatorShown(setting.low > 0)
    if setting.nothing:
        box.setSpecialValueText(setting.nothing)

    def read() -> int | None:
        return None if setting.nothing and box.value() == 0 else box.value()

    _name(box, setting, "SpinBox")
    cell = Field(setting.title, box)
    return SettingField(
        setting, box, cell, read, lambda value: box.setValue(value or 0), box.valueChanged
    )


def _real_number(setting: RealNumber) -> SettingField:
    factor = 100 if setting.percent else 1
    low = 0.0 if setting.nothing else setting.low
    box = RealBox(factor * low, factor * setting.high, _DECIMALS, " %" if setting.percent else "")
    if setting.nothing:
        box.setSpecialValueText(setting.nothing)

    def read() -> float | None:
        # A percentage is rounded, because 98.6 / 100 is not 0.986 to the last bit.
        value = float(f"{box.value() / 100:.15g}") if setting.percent else box.value()
        return None if setting.nothing and value == 0 else value

    _name(box, setting, "SpinBox")
    cell = Field(setting.title, box)
    return SettingField(
        setting,
        box,
        cell,
        read,
        lambda value: box.setValue(factor * (value or 0.0)),
        box.valueChanged,
    )


def _choice(setting: Choice) -> SettingField:
    box = ComboBox()
    for name, entry in setting.choices.items():
        box.addItem(entry.title, name)
        box.setItemData(box.count() - 1, entry.meaning, Qt.ToolTipRole)
    _name(box, setting, "Combo")
    cell = Field(setting.title, box)
    return SettingField(
        setting,
        box,
        cell,
        box.currentData,
        lambda value: box.setCurrentIndex(box.findData(value)),
        box.currentIndexChanged,
    )


def _name(widget: QWidget, setting: Setting, ending: str) -> None:
    widget.setObjectName(setting.widget + ending)
    sentence = setting.sentence
    if setting.nothing and isinstance(setting, WholeNumber | RealNumber):
        sentence += f" 0: {setting.nothing}."
    if setting.live:
        sentence += " Can be changed during a run."
    explain(widget, setting.title, sentence)
