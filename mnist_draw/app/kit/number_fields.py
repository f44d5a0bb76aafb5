"""Fields that take a number, and the remark below a control that says what it takes instead."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QPoint, QRect, Qt
from qtpy.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QValidator, QWheelEvent
from qtpy.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QDoubleSpinBox, QLabel, QWidget

from mnist_draw.app.kit.theme import Size
from mnist_draw.i18n import N_, _, number, parse_number, percent, percent_sign


class Remark(QLabel):
    """Says below a control what is wrong with its value, over the page: no widget moves."""

    def __init__(self, control: QWidget) -> None:
        super().__init__(control)
        self.setProperty("look", "remark")
        self.setTextFormat(Qt.PlainText)
        self.setWordWrap(True)
        self.setIndent(0)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.hide()
        self._control = control

    def say(self, sentence: str) -> None:
        """Say a sentence; an empty one ends it."""
        if sentence == self.text():
            return
        self.setText(sentence)
        if self.parent() is self._control:
            self._follow()
        self._place()

    def _follow(self) -> None:
        """Become a part of the page, the content of a scroll area or the window."""
        page = self._control
        while not (page.isWindow() or isinstance(page.parent().parent(), QAbstractScrollArea)):
            page.installEventFilter(self)
            page = page.parentWidget()
        self.setParent(page)
        self._control.destroyed.connect(self.clear)
        self._control.destroyed.connect(self.deleteLater)

    def _place(self) -> None:
        page = self.parentWidget()
        control = self._control
        shown = bool(self.text()) and control.isVisible()
        self.setVisible(shown)
        if not shown:
            return
        self.ensurePolished()
        line = self.fontMetrics().horizontalAdvance(self.text())
        wide = min(line + 2 * Size.FIELD_GAP, page.width())
        corner = control.mapTo(page, QPoint(0, control.height() + Size.CAPTION_GAP))
        left = max(0, min(corner.x(), page.width() - wide))
        place = QRect(left, corner.y(), wide, self.heightForWidth(wide))
        # Half a caption reads as a part of the sentence.
        for caption in page.findChildren(QLabel):
            below = QRect(caption.mapTo(page, QPoint()), caption.size())
            is_caption = caption.isVisible() and not isinstance(caption, Remark)
            if is_caption and below.intersects(place):
                place = place.united(below)
        self.setGeometry(place)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Move, QEvent.Resize, QEvent.Show, QEvent.Hide):
            self._place()
        return False


#: Real numbers are shown with at most 12 digits: 64-bit floats have 15.
_REAL = ".12g"
_LIMIT = ",.12g"
#: What a real number without unit becomes by its first step from 0.
_FIRST_STEP = 1e-4


class NumberField(QDoubleSpinBox):
    """Takes a typed value when it is confirmed: Enter, Tab, or leaving the field.

    One that it refuses leaves the value before, and a remark says why. It leaves the wheel to
    what scrolls.
    """

    #: What to enter in place of what is no number, or out of range.
    wrong = N_("Enter a number from {low} to {high}.")

    def __init__(self, low: float, high: float, decimals: int, suffix: str = "") -> None:
        super().__init__()
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSuffix(suffix)
        self.setButtonSymbols(QAbstractSpinBox.NoButtons)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setKeyboardTracking(False)
        #: What the field takes, when something else was typed.
        self.remark = Remark(self)
        self.lineEdit().textEdited.connect(lambda: self.remark.say(""))
        self.valueChanged.connect(lambda: self.remark.say(""))

    def _read(self, text: str) -> float | None:
        unit = self.suffix()
        text = text.removesuffix(unit).strip().removesuffix(unit.strip()).strip()
        if text == self.specialValueText() and text:
            return self.minimum()
        try:
            return self._number(text)
        except ValueError:
            return None

    def _number(self, text: str) -> float:
        raise NotImplementedError

    def valueFromText(self, text: str) -> float:
        typed = self._read(text)
        return self.value() if typed is None else typed

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        typed = self._read(text)
        good = typed is not None and self.minimum() <= typed <= self.maximum()
        return QValidator.Acceptable if good else QValidator.Intermediate, text, position

    def fixup(self, text: str) -> str:
        low, high = (number(limit, _LIMIT) for limit in (self.minimum(), self.maximum()))
        self.remark.say(_(self.wrong, low=low, high=f"{high}{self.suffix()}"))
        return text

    def event(self, event: QEvent) -> bool:
        # With nothing typed, the key is the drawer's.
        undone = isinstance(event, QKeyEvent) and event.matches(QKeySequence.Undo)
        if undone and not self.lineEdit().isUndoAvailable():
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # With another window in front, the value is still being typed.
        if event.reason() != Qt.ActiveWindowFocusReason:
            super().focusOutEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberBox(NumberField):
    """A whole number; changed by typing, the arrow keys, or the wheel while it has the focus."""

    wrong = N_("Enter a whole number from {low} to {high}.")

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        super().__init__(low, high, 0)
        self.setSingleStep(step)
        self.setGroupSeparatorShown(True)

    def value(self) -> int:
        return int(super().value())

    def textFromValue(self, value: float) -> str:
        return number(int(value), "," if self.isGroupSeparatorShown() else "d")

    def _number(self, text: str) -> int:
        typed = parse_number(text)
        if not typed.is_integer():
            raise ValueError(text)
        return int(typed)


class RealBox(NumberField):
    """A real number shown without superfluous zeros."""

    def __init__(self, low: float, high: float, decimals: int, suffix: str = "") -> None:
        super().__init__(low, high, decimals, suffix)
        self.setStepType(QAbstractSpinBox.AdaptiveDecimalStepType)
        if suffix == percent_sign():
            # `explain` adds it.
            reads = _("{share} is read as {percent}.", share=number(0.4, "g"), percent=percent(0.4))
            self.setProperty("reads", reads)

    def stepBy(self, steps: int) -> None:
        self.interpretText()
        if self.value() or steps < 0:
            super().stepBy(steps)
        else:
            # Qt's first step is the smallest number that it can show.
            self.setValue(1 if self.suffix() else _FIRST_STEP)

    def textFromValue(self, value: float) -> str:
        return number(value, _REAL)

    def _number(self, text: str) -> float:
        try:
            typed = parse_number(text, is_real=True)
        except ValueError:
            # In English 0,5 is no number; it is meant as one.
            typed = float(text.replace(",", "."))
        # In percent 0.4 is meant as a share, unless the box shows it.
        is_share = self.suffix() == percent_sign() and 0 < typed < 1
        return 100 * typed if is_share and text != self.textFromValue(self.value()) else typed
