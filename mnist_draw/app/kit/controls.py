"""Controls that Qt does not have: a stepper, segments, a menu within its window, a popover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from qtpy import sip
from qtpy.QtCore import (
    QEvent,
    QObject,
    QPoint,
    QPointF,
    QPropertyAnimation,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from qtpy.QtGui import (
    QCursor,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QShowEvent,
)
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QButtonGroup,
    QFrame,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, fitted, row
from mnist_draw.app.kit.number_fields import NumberBox
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import ElidedButton, claims_key, explain, no_key
from mnist_draw.i18n import _, counted, format_ago
from mnist_draw.storage.unique_paths import KEPT_DAYS, Deleted


class Stepper(NumberBox):
    """A whole number between a minus and a plus; one stop of the keyboard."""

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        super().__init__(low, high, step)
        self.setButtonSymbols(QAbstractSpinBox.PlusMinus)
        self.setProperty("look", "stepper")
        self.setAlignment(Qt.AlignCenter)
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        """Take the room of the largest number between the buttons."""
        # A size of text is told before the style sheet has given the widget its font.
        metrics = QFontMetrics(theme.font(Text.BODY, bold=True))
        most = metrics.horizontalAdvance(self.textFromValue(self.maximum()))
        wide = 2 * theme.scaled(Size.BUTTON) + most + Size.CARD_GAP
        self.setFixedWidth(max(theme.scaled(Size.STEPPER), wide))


class SegmentedControl(QFrame):
    """A row of which one part is chosen; one stop of the keyboard, arrows walk."""

    chosen = Signal(int)

    def __init__(self, name: str, texts: Sequence[str], look: str = "segment") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("look", f"{look}s")
        self.group = QButtonGroup(self)
        self.group.idClicked.connect(self.chosen)
        self.buttons = [ElidedButton(text, look) for text in texts]
        for number, part in enumerate(self.buttons):
            part.setCheckable(True)
            # Qt makes the chosen part the only stop not before one has the keyboard.
            part.setFocusPolicy(Qt.ClickFocus if number else Qt.StrongFocus)
            self.group.addButton(part, number)
        self.group.idToggled.connect(self._move_stop)
        row(*((part, 1) for part in self.buttons), gap=2, margins=(3, 3, 3, 3), owner=self)

    def _move_stop(self, number: int, on: bool) -> None:
        for part in self.buttons if on else ():
            is_chosen = part is self.group.button(number)
            part.setFocusPolicy(Qt.StrongFocus if is_chosen else Qt.ClickFocus)

    def choose(self, number: int) -> None:
        """Choose a part without emitting `chosen`."""
        self.group.button(number).setChecked(True)


class Menu(QMenu):
    """A menu that stays within its window, below or above the button that opens it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        opener = self.parentWidget()
        window = opener.window()
        available_area = QRect(window.mapToGlobal(QPoint()), window.size())
        place = QRect(self.pos(), self.sizeHint())
        if place.bottom() > available_area.bottom():
            place.moveBottom(opener.mapToGlobal(QPoint()).y() - 1)
        self.move(fitted(place, available_area).topLeft())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        # While the menu had the mouse, nothing told its opener that the pointer had left.
        opener = self.parentWidget()
        if not opener.rect().contains(opener.mapFromGlobal(QCursor.pos())):
            opener.setAttribute(Qt.WA_UnderMouse, False)
            opener.update()


def button_menu(button: QToolButton) -> Menu:
    menu = Menu(button)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.InstantPopup)
    return menu


#: The newest deleted records are offered; a longer menu is hard to read.
_MAX_DELETED = 20


class BinButton(QPushButton):
    """Opens a menu of what was deleted; disabled while there is nothing."""

    chosen = Signal(Deleted)

    def __init__(self, name: str, title: str) -> None:
        super().__init__(_("Restore…"))
        self.setObjectName(name)
        self.setProperty("look", "link")
        sentence = counted(
            "Restore what was deleted within the last {count} day.",
            "Restore what was deleted within the last {count} days.",
            KEPT_DAYS,
        )
        explain(self, title, sentence)
        self._menu = Menu(self)
        self.setMenu(self._menu)
        self.show_deleted((), str)

    def show_deleted(self, deleted: Sequence[Deleted], words: Callable[[Deleted], str]) -> None:
        """Offer what was deleted, the newest first, each in words."""
        self._menu.clear()
        for one in deleted[:_MAX_DELETED]:
            # Translators: "The run A, deleted 20 min ago".
            text = _("{name}, deleted {ago}", name=words(one), ago=format_ago(one.when))
            self._menu.addAction(no_key(text), partial(self.chosen.emit, one))
        self.setEnabled(bool(deleted))


#: The arrow's height, and half of its base; the shadow's reach.
_ARROW = 8
_HALF = 9
_SHADOW = 6


class Popover(QWidget):
    """A card with an arrow that points at what opened it; add content to :attr:`body`.

    It stays within its window. Esc and a press elsewhere close it, and the keyboard returns to
    where it was.
    """

    closed = Signal()

    def __init__(self, window: QWidget, name: str, title: str) -> None:
        super().__init__(window)
        self._before: QWidget | None = None
        self.hide()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.StrongFocus)
        self.body = column(margins=(_ARROW + _SHADOW + Size.CARD_PADDING,) * 4, owner=self)
        self._opener = window
        self._target = QRect()
        self._to_the_right = False
        #: From the edge of the card to the tip of the arrow, and the middle of the arrow's base.
        self._pointing = QPointF()
        self._base = QPointF()
        self._sliding = QPropertyAnimation(self, b"pos", self)
        self._sliding.setDuration(theme.OPENING_MS)

    def open_at(
        self,
        opener: QWidget,
        target: QRect | None = None,
        to_the_right: bool = False,
    ) -> None:
        """Open below, or to the right of, a widget or a part of it; focus the first control."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self._opener = opener
        self._to_the_right = to_the_right
        self._target = target or opener.rect()
        place = self._place()
        self.show()
        self.raise_()
        if theme.theme().motion:
            step = QPoint(_ARROW, 0) if to_the_right else QPoint(0, _ARROW)
            self._sliding.setStartValue(place - step)
            self._sliding.setEndValue(place)
            self._sliding.start()
        first = next(iter(self._stops()), self)
        first.setFocus(Qt.PopupFocusReason)
        theme.application().installEventFilter(self)

    def _place(self) -> QPoint:
        """Take the size of the content beside the target; return the place."""
        self.adjustSize()
        window = self.parentWidget()
        target = QRect(self._opener.mapTo(window, self._target.topLeft()), self._target.size())
        # Its shadow may be outside of the window.
        available = window.rect().adjusted(-_SHADOW, -_SHADOW, _SHADOW, _SHADOW)
        middle = target.center()
        place = self.rect()
        place.moveCenter(middle)
        if self._to_the_right:
            place.moveLeft(target.right() + 1 - _SHADOW)
            self._pointing = QPointF(-_ARROW, 0)
        elif target.bottom() + 1 - _SHADOW + place.height() <= available.bottom() + 1:
            place.moveTop(target.bottom() + 1 - _SHADOW)
            self._pointing = QPointF(0, -_ARROW)
        else:
            place.moveBottom(target.top() - 1 + _SHADOW)
            self._pointing = QPointF(0, _ARROW)
        place = fitted(place, available)
        self.move(place.topLeft())
        card = self._card()
        far = Size.CARD_RADIUS + _HALF
        x = min(max(middle.x() - place.x() + 0.5, card.left() + far), card.right() - far)
        y = min(max(middle.y() - place.y() + 0.5, card.top() + far), card.bottom() - far)
        if self._to_the_right:
            x = card.left() + 1
        elif self._pointing.y() < 0:
            y = card.top() + 1
        else:
            y = card.bottom() - 1
        self._base = QPointF(x, y)
        self.update()
        return place.topLeft()

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the keyboard back."""
        theme.application().removeEventFilter(self)
        focus = QApplication.focusWidget()
        before = self._before
        self._before = None
        is_lost = focus is None or focus is self or self.isAncestorOf(focus)
        # It may have been part of what was chosen from, such as a list that has closed.
        if is_lost and before is not None and not sip.isdeleted(before) and before.isVisible():
            before.setFocus(Qt.PopupFocusReason)
        self.closed.emit()

    # -- keyboard and pointer

    def _stops(self) -> list[QWidget]:
        """Return what takes the keyboard, in its order."""
        return [
            widget
            for widget in self.findChildren(QWidget)
            if widget.focusPolicy() & Qt.TabFocus
            and widget.isVisibleTo(self)
            and widget.isEnabled()
        ]

    def focusNextPrevChild(self, forward: bool) -> bool:
        stops = self._stops()
        focus = QApplication.focusWidget()
        if focus in stops:
            place = stops.index(focus) + (1 if forward else -1)
            stops[place % len(stops)].setFocus(
                Qt.TabFocusReason if forward else Qt.BacktabFocusReason,
            )
        elif stops:
            stops[0].setFocus(Qt.TabFocusReason)
        return True

    def event(self, event: QEvent) -> bool:
        # Esc means something to the page, too.
        return claims_key(event, lambda key: key.key() == Qt.Key_Escape) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parentWidget() and event.type() == QEvent.Resize:
            self._place()
        elif event.type() == QEvent.MouseButtonPress and isinstance(watched, QWidget):
            is_elsewhere = watched.window() is self.window() and watched is not self._opener
            if is_elsewhere and watched is not self and not self.isAncestorOf(watched):
                self.hide()
        return False

    def _card(self) -> QRectF:
        edge = _ARROW + _SHADOW
        return QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)

    def paintEvent(self, event: QPaintEvent) -> None:
        card = self._card()
        painter = smooth_painter(self)
        paint_shadow(painter, card, Size.CARD_RADIUS, _SHADOW)
        half = QPointF(self._pointing.y(), self._pointing.x()) * _HALF / _ARROW
        arrow = QPainterPath()
        arrow.addPolygon(
            QPolygonF([self._base - half, self._base + self._pointing, self._base + half]),
        )
        shape = QPainterPath()
        shape.addRoundedRect(card, Size.CARD_RADIUS, Size.CARD_RADIUS)
        painter.setPen(QPen(theme.color("edge" if theme.theme().colors.dark else "line"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawPath(shape.united(arrow).simplified())


def paint_shadow(painter: QPainter, card: QRectF, radius: float, reach: int) -> None:
    """Paint a soft shadow around a card; paint the card over it."""
    painter.save()
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.color("shadow", 0.012))
    for out in range(reach, 0, -1):
        box = card.adjusted(-out, -out + 1, out, out)
        painter.drawRoundedRect(box, radius + out, radius + out)
    painter.restore()
