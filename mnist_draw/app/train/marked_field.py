"""A setting's field: its value, its caption, the mark of a change, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import pyqtBoundSignal, pyqtSignal
from PyQt5.QtGui import QFontMetrics
from PyQt5.QtWidgets import QWIDGETSIZE_MAX, QBoxLayout, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button, set_icon
from mnist_draw.app.kit.layout import column, keep_room, row
from mnist_draw.app.kit.number_fields import NumberField, Remark
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, label, set_look
from mnist_draw.i18n import _
from mnist_draw.training.setting import AnySetting

#: A dot beside a changed setting's name: a change is told by form, too.
_DOT = "●"
#: Pixels of the smallest letters of a caption.
_SMALLEST = 10


class MarkedField(QWidget):
    """A setting's widget and caption; changed, it has a dot and a button that resets.

    ``beside`` puts the mark beside a widget that has its own caption, ``control`` is the part of
    the widget that has it above. ``mark_parts`` marks the parts that differ from a value, and
    tells whether nothing else does; a part has a title of its own.
    """

    reset_requested = pyqtSignal()

    def __init__(
        self,
        setting: AnySetting,
        widget: QWidget,
        read: Callable[[], Any],
        show_value: Callable[[Any], object],
        changed: pyqtBoundSignal,
        beside: bool = False,
        control: QWidget | None = None,
        mark_parts: Callable[[Any], bool] = lambda _usual: False,
        title: str = "",
    ) -> None:
        super().__init__()
        self.setting = setting
        self.widget = widget
        self.read = read
        self.show_value = show_value
        self.changed = changed
        #: What a page places.
        self.cell: QWidget = self if control is None else widget
        control = control or widget
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self._mark_parts = mark_parts
        title = title or setting.title
        self._in_row = self._is_stacked = False
        self._changed = False
        self._control = control
        self._dot = label(_DOT, "dot")
        # Bold, beside its mark, in a narrow column.
        self.caption = FittedLabel(_SMALLEST, look="muted")
        self.caption.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.caption.setText(title)
        self.caption.setBuddy(control)
        self.reset = icon_button(
            f"{control.objectName()}Reset",
            "arrow-counter-clockwise",
            _("Reset {setting}", setting=title),
            "",
            look="inline",
        )
        # No higher than the caption: a mark moves no field.
        set_icon(self.reset, "arrow-counter-clockwise", Text.LABEL)
        self.reset.clicked.connect(self._reset)
        self.remark = control.remark if isinstance(control, NumberField) else Remark(control)
        for part in (self._dot, self.reset):
            part.hide()
        keep_room(self.reset)
        named: QWidget = control if beside else self.caption
        top = row(self._dot, (named, 1), self.reset, gap=Size.CAPTION_GAP)
        below = () if beside else (control,)
        self._lines = column(top, *below, gap=Size.CAPTION_GAP, owner=self)

    def place_beside(self) -> None:
        """Place the control beside its caption, in a row with others; no mark may move it."""
        self._in_row = True
        keep_room(self.reset, False)
        self.caption.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Preferred)
        self.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Preferred)
        theme.follow(self, self._show_caption)

    def stack(self, on: bool) -> None:
        """Place the control below its caption, where a row is narrow; or beside it again."""
        self._is_stacked = on
        self._lines.setDirection(QBoxLayout.TopToBottom if on else QBoxLayout.LeftToRight)
        self._lines.setSpacing(Size.CAPTION_GAP if on else Size.CARD_GAP)
        wide = QSizePolicy.Ignored if on else QSizePolicy.Preferred
        self.caption.setSizePolicy(wide, QSizePolicy.Preferred)
        high = QSizePolicy.Maximum if on else QSizePolicy.Preferred
        self.setSizePolicy(QSizePolicy.Maximum, high)
        self._show_caption()

    def _reset(self) -> None:
        self._control.setFocus()
        self.reset_requested.emit()

    def mark(self, changed: bool, usual: Any) -> None:
        """Mark a value that is not the usual one, or the parts of it that are not."""
        in_parts = self._mark_parts(usual)
        self.show_mark(changed and not in_parts, self.setting.format_value(usual))

    def show_mark(self, changed: bool, usual: str) -> None:
        self._changed = changed
        self._show_caption()
        if self._in_row:
            return
        self._dot.setVisible(changed)
        self.reset.setVisible(changed)
        explain(self.reset, self.reset.accessibleName(), _("usual: {value}", value=usual))

    def show_error(self, sentence: str) -> None:
        """Show the error of the value and its valid range; empty for a valid one."""
        self.remark.say(sentence)
        if not sentence:
            for box in self.cell.findChildren(NumberField):
                box.remark.say("")

    def _show_caption(self) -> None:
        set_look(self.caption, "changed" if self._changed else "muted")
        if self._in_row:
            # Keep the room of a bold caption.
            bold = QFontMetrics(theme.font(Text.LABEL, bold=True))
            wide = bold.horizontalAdvance(self.caption.text()) + Size.TIGHT
            self.caption.setMinimumWidth(wide)
            self.caption.setMaximumWidth(QWIDGETSIZE_MAX if self._is_stacked else wide)
