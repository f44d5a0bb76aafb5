"""The widget of each training setting, made from its declaration, and foldable sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, assert_never

from qtpy.QtCore import Qt, Signal, SignalInstance
from qtpy.QtWidgets import QCheckBox, QWidget

from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.controls import Stepper
from mnist_draw.app.kit.files import NETWORKS, ask_folder, ask_open
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.number_fields import NumberBox, NumberField, RealBox, Remark
from mnist_draw.app.kit.steady_labels import Captioned, ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, explain, push_button
from mnist_draw.app.train.layer_row import share_of
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.i18n import _, joined, listed, percent_sign
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
    """A heading that opens and closes the fields below it; closed, it shows their state."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self._title = title
        self.button = push_button(f"{name}SectionButton", title.upper(), look="section")
        self.button.clicked.connect(lambda: self.show_body(not self.is_open))
        self.state = ElidedLabel("", "muted")
        self.state.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.body = QWidget()
        self.rows = column(owner=self.body)
        head = row(self.button, (self.state, 1), gap=Size.TIGHT)
        column(head, self.body, gap=Size.TIGHT, owner=self)
        self.show_body(True)

    @property
    def is_open(self) -> bool:
        return not self.body.isHidden()

    def show_body(self, shown: bool) -> None:
        self.body.setVisible(shown)
        self.state.setVisible(not shown)
        set_icon(self.button, "caret-down" if shown else "caret-right", Size.SMALL_ICON)
        sentence = _("Show the settings under “{title}”.", title=self._title)
        if shown:
            sentence = _("Hide the settings under “{title}”.", title=self._title)
        explain(self.button, self._title, sentence)


#: The group of the settings in the start bar.
START = "start"
#: Data of the last entries.
_CHOOSE = "choose"
_CHOOSE_FILE = "choose a file"


class FileCombo(ComboBox):
    """A menu of paths: none, offered files, known folders, those that were picked; dialogs."""

    path_changed = Signal()
    picked = Signal(str, str)

    def __init__(self, setting: Folder | NetworkFile) -> None:
        super().__init__()
        self._setting = setting
        self._path: str | None = None
        self._offered: dict[str, str] = {}
        self._picked: dict[str, str] = {}
        self._fill()
        self.activated.connect(self._activated)

    def path(self) -> str | None:
        """Return the chosen path; None for the first entry."""
        return self._path

    def show_path(self, path: str | None) -> None:
        self._path = path
        self._fill()
        self.path_changed.emit()

    def offer(self, files: Iterable[tuple[str, str]]) -> None:
        """List files with their texts; the current choice is kept."""
        if self._path in self._offered:
            self._picked[self._path] = self._offered[self._path]
        self._offered = dict(files)
        self._fill()

    def _fill(self) -> None:
        setting = self._setting
        titles: dict[str | None, str] = {None: setting.nothing}
        titles.update(self._offered)
        if isinstance(setting, Folder):
            # The environment may change the path of a known folder.
            titles |= {path(): title for title, path in setting.known}
        if self._path is not None and self._path not in titles:
            self._picked.setdefault(self._path, Path(self._path).name or self._path)
        for path, title in self._picked.items():
            titles.setdefault(path, title)
        blocked = self.blockSignals(True)
        self.clear()
        for place, (known, title) in enumerate(titles.items()):
            self.addItem(title, known)
            self.setItemData(place, title, Qt.ToolTipRole)
        if isinstance(setting, Folder):
            self.addItem(_("Choose a folder…"), _CHOOSE)
        if isinstance(setting, NetworkFile) or setting.files:
            self.addItem(_("Choose a file…"), _CHOOSE_FILE)
        self.setCurrentIndex(list(titles).index(self._path))
        self.blockSignals(blocked)

    def _activated(self, index: int) -> None:
        asked = self.itemData(index)
        before = self._path or ""
        is_offered = asked in self._offered
        if asked in (_CHOOSE, _CHOOSE_FILE):
            asked = self._ask(a_file=asked == _CHOOSE_FILE) or self._path
            is_offered = asked != self._path
        self.show_path(asked)
        if is_offered:
            self.picked.emit(asked, before)

    def _ask(self, a_file: bool) -> str:
        setting = self._setting
        if not a_file:
            return ask_folder(self, setting.title)
        kinds = NETWORKS if isinstance(setting, NetworkFile) else setting.files
        return ask_open(self, setting.title, kinds)


class RuleFields(QWidget):
    """The parameters of an update rule in one line, which unfolds a field for each."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.line = push_button("ruleButton", "", look="fold")
        self.line.clicked.connect(lambda: self._unfold(self._body.isHidden()))
        self._body = QWidget()
        self._row = row(owner=self._body)
        column(self.line, self._body, gap=Size.TIGHT, owner=self)
        self.rule: UpdateRule
        self.boxes: dict[str, RealBox] = {}
        self._build(next(iter(UPDATE_RULES)))
        self._unfold(False)
        self.changed.connect(self._say)

    def _unfold(self, shown: bool) -> None:
        self._body.setVisible(shown)
        set_icon(self.line, "caret-down" if shown else "caret-right", Size.SMALL_ICON)

    def _say(self) -> None:
        text = listed(f"{key} {box.text()}" for key, box in self.boxes.items())
        # The button is narrow: 1e-8, not 1e-08.
        text = text.replace("e-0", "e-")
        self.line.setText(text)
        # Not the whole: without a parent it would open a window.
        self.line.setVisible(bool(text))
        explain(self.line, _("Parameters: {values}", values=text))

    def show_rule(self, name: str) -> None:
        self._build(name)

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
            rule = self.rule.title
            sentence = _("The parameter {name} of {rule}, unitless.", name=key, rule=rule)
            explain(box, key, sentence)
            box.valueChanged.connect(self.changed)
            self.boxes[key] = box
            self._row.addWidget(Captioned(key, box), 1)
        self._say()

    def changes(self) -> dict[str, float]:
        return {
            key: box.value()
            for key, box in self.boxes.items()
            if box.value() != self.rule.parameters[key]
        }

    def show_changes(self, changes: Mapping[str, float]) -> None:
        for key, value in {**self.rule.parameters, **changes}.items():
            self.boxes[key].setValue(value)


class Field(Captioned):
    """The field of a setting; an empty `title` is for a widget that has its own caption.

    ``control`` is the part of the widget with the value that may be wrong.
    """

    def __init__(
        self,
        setting: AnySetting,
        widget: QWidget,
        read: Callable[[], Any],
        show_value: Callable[[Any], object],
        changed: SignalInstance,
        title: str | None = None,
        control: QWidget | None = None,
    ) -> None:
        super().__init__(setting.title if title is None else title, widget)
        self.caption.setHidden(title == "")
        self.setting = setting
        self.widget = widget
        self.read = read
        self.show_value = show_value
        self.changed = changed
        control = control or widget
        self.remark = control.remark if isinstance(control, NumberField) else Remark(control)
        changed.connect(lambda *__: self.remark.say(""))

    def show_error(self, sentence: str) -> None:
        """Show the error of the value and its valid range; empty for a valid one."""
        self.remark.say(sentence)
        if not sentence:
            for box in self.findChildren(NumberField):
                box.remark.say("")


#: Decimals that real numbers keep; the box shows the significant ones. With 40, the smallest
#: learning rate, 1e-20, is read back to the last bit.
_DECIMALS = 40


def build_field(setting: AnySetting) -> Field:
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
            return Field(setting, files, files.path, files.show_path, files.path_changed)
        case NetworkText():
            layers = NetworkFields(setting)
            return Field(
                setting,
                layers,
                layers.text,
                layers.show_network,
                layers.changed,
                "",
                layers.combo,
            )
        case RuleParameters():
            rule = RuleFields()
            return Field(setting, rule, rule.changes, rule.show_changes, rule.changed, "")
        case Flag():
            box = QCheckBox(setting.title)
            _name(box, setting, "CheckBox")
            return Field(setting, box, box.isChecked, box.setChecked, box.toggled, "")
        case _:
            assert_never(setting)


def _whole_number(setting: WholeNumber) -> Field:
    low = 0 if setting.nothing else setting.low
    stepped = setting.group == START
    box = (Stepper if stepped else NumberBox)(low, setting.high, setting.step)
    box.setGroupSeparatorShown(not setting.is_name)
    if setting.nothing:
        box.setSpecialValueText(setting.nothing)

    def read() -> int | None:
        return None if setting.nothing and box.value() == 0 else box.value()

    _name(box, setting, "SpinBox")
    return Field(setting, box, read, lambda value: box.setValue(value or 0), box.valueChanged)


def _real_number(setting: RealNumber) -> Field:
    factor = 100 if setting.percent else 1
    low = 0.0 if setting.nothing else setting.low
    box = RealBox(
        factor * low,
        factor * setting.high,
        _DECIMALS,
        percent_sign() if setting.percent else "",
    )
    if setting.nothing:
        box.setSpecialValueText(setting.nothing)

    def read() -> float | None:
        value = share_of(box) if setting.percent else box.value()
        return None if setting.nothing and value == 0 else value

    def show(value: float | None) -> None:
        box.setValue(factor * (value or 0.0))

    _name(box, setting, "SpinBox")
    return Field(setting, box, read, show, box.valueChanged)


def _choice(setting: Choice) -> Field:
    box = ComboBox()
    for name, entry in setting.choices.items():
        box.addItem(entry.title, name)
        box.setItemData(box.count() - 1, entry.meaning, Qt.ToolTipRole)

    def explain_chosen() -> None:
        chosen = setting.choices[box.currentData()]
        meaning = _("{name}: {text}.", name=chosen.title, text=chosen.meaning)
        _name(box, setting, "Combo", meaning)

    explain_chosen()
    box.currentIndexChanged.connect(explain_chosen)

    def show(value: str) -> None:
        box.setCurrentIndex(box.findData(value))

    return Field(setting, box, box.currentData, show, box.currentIndexChanged)


def _name(widget: QWidget, setting: Setting, ending: str, more: str = "") -> None:
    widget.setObjectName(setting.widget + ending)
    sentences = [setting.sentence, more]
    if setting.nothing and isinstance(setting, WholeNumber | RealNumber):
        sentences.append(_("0: {meaning}.", meaning=setting.nothing))
    if setting.live:
        sentences.append(_("Can be changed during a run."))
    explain(widget, setting.title, joined(*sentences))
