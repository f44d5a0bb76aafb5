"""A setting's field: its value, its caption, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import pyqtBoundSignal
from PyQt5.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from mnist_draw.app.kit.layout import column
from mnist_draw.app.kit.number_fields import NumberField, Remark
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.training.setting import AnySetting

#: Pixels of the smallest letters of a caption.
_SMALLEST = 10


class Captioned(QWidget):
    """A control below its caption, which shrinks in a narrow column."""

    def __init__(self, title: str, control: QWidget) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.caption = FittedLabel(_SMALLEST, look="muted")
        self.caption.setText(title)
        self.caption.setBuddy(control)
        self._lines = column(self.caption, control, gap=Size.CAPTION_GAP, owner=self)
        self.stack(True)

    def stack(self, on: bool) -> None:
        """Place the control below its caption, or in one line with it."""
        self._lines.setDirection(QBoxLayout.TopToBottom if on else QBoxLayout.LeftToRight)
        self._lines.setSpacing(Size.CAPTION_GAP if on else Size.CARD_GAP)
        wide = QSizePolicy.Ignored if on else QSizePolicy.Fixed
        self.caption.setSizePolicy(wide, QSizePolicy.Fixed if on else QSizePolicy.Preferred)


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
        changed: pyqtBoundSignal,
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
