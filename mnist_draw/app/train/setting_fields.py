"""The widget of each training setting, made from the setting's declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_never

from PyQt5.QtCore import Qt, pyqtBoundSignal
from PyQt5.QtWidgets import QCheckBox, QWidget

from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.widgets import ComboBox, Field, explain
from mnist_draw.app.train.file_combo import FileCombo
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.app.train.rule_fields import RuleFields
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

#: Digits behind the point that real numbers keep; the box shows those that say something. With
#: 40, the smallest learning rate, 1e-20, comes back to the last bit.
_DECIMALS = 40


@dataclass(frozen=True)
class SettingField:
    """A setting's widget and the way from it to the setting's value and back."""

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
    # A number from 0 on is no amount but a name, such as a seed.
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
