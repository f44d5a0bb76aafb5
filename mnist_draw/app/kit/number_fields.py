"""Fields for numbers: they show no superfluous zeros, and say which numbers they take."""

from __future__ import annotations

from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QValidator, QWheelEvent
from PyQt5.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QToolTip

from mnist_draw.app.kit.widgets import wheel_if_focused

#: Real numbers below this are shown as 1e-06.
_SMALL = 1e-4
#: Significant digits that real numbers are shown with at the most: 64-bit floats have 15.
_DIGITS = 12


def _tell_range(box: Any) -> None:
    """Say beside a number's field which numbers it takes, when another one was typed."""
    if box.isVisible():
        low, high = (box.textFromValue(end) for end in (box.minimum(), box.maximum()))
        below = box.mapToGlobal(box.rect().bottomLeft())
        QToolTip.showText(below, f"From {low} to {high}{box.suffix()}.", box)


class NumberBox(QSpinBox):
    """A whole number; changed by typing, the arrow keys, or the wheel while it has the focus."""

    def __init__(self, low: int, high: int, step: int = 1, suffix: str = "") -> None:
        super().__init__()
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSuffix(suffix)
        self.setGroupSeparatorShown(True)
        self.setButtonSymbols(QAbstractSpinBox.NoButtons)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setCorrectionMode(QAbstractSpinBox.CorrectToNearestValue)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        result = super().validate(text, position)
        if result[0] == QValidator.Invalid:
            _tell_range(self)
        return result

    def fixup(self, text: str) -> str:
        _tell_range(self)
        return super().fixup(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel_if_focused(self, super().wheelEvent, event)


class RealBox(QDoubleSpinBox):
    """A real number shown without superfluous zeros."""

    def __init__(self, low: float, high: float, decimals: int, suffix: str = "") -> None:
        super().__init__()
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSuffix(suffix)
        self.setStepType(QAbstractSpinBox.AdaptiveDecimalStepType)
        self.setButtonSymbols(QAbstractSpinBox.NoButtons)
        self.setFocusPolicy(Qt.StrongFocus)

    def textFromValue(self, value: float) -> str:
        if 0 < value < _SMALL:
            return f"{value:.{_DIGITS}g}"
        return self.locale().toString(value, "g", _DIGITS)

    def valueFromText(self, text: str) -> float:
        number = _number(text.removesuffix(self.suffix()))
        return super().valueFromText(text) if number is None else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        number = _number(text.removesuffix(self.suffix()))
        if number is not None and self.minimum() <= number <= self.maximum():
            return QValidator.Acceptable, text, position
        if text.strip().lower().endswith(("e", "e-")):
            return QValidator.Intermediate, text, position
        result = super().validate(text, position)
        if result[0] == QValidator.Invalid:
            _tell_range(self)
        return result

    def fixup(self, text: str) -> str:
        _tell_range(self)
        return super().fixup(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel_if_focused(self, super().wheelEvent, event)


def _number(text: str) -> float | None:
    """Read a number as programs write it, such as 1e-06."""
    try:
        return float(text)
    except ValueError:
        return None
