"""Mouse, tablet pen and touch as one kind of input: begin, extend, end."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtGui import QMouseEvent, QTabletEvent, QTouchEvent
from PyQt5.QtWidgets import QWidget

#: At no pressure a tablet pen draws this part of the width set, at full pressure
#: ``_LIGHTEST + _PRESSURE`` of it.
_LIGHTEST = 0.4
_PRESSURE = 1.2


class PointerWidget(QWidget):
    """A widget that is drawn on.

    A pen's or a finger's event is served here; the mouse event that Qt makes of it is ignored.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WA_AcceptTouchEvents)
        self.erasing = False
        self._touch: int | None = None

    def begin(self, point: QPointF, erase: bool, weight: float = 1.0) -> None:
        """Put the pen down."""
        raise NotImplementedError

    def extend(self, point: QPointF, weight: float = 1.0) -> None:
        """Move the pen that is down."""
        raise NotImplementedError

    def end(self) -> None:
        """Lift the pen."""
        raise NotImplementedError

    def is_drawing(self) -> bool:
        """Tell whether a stroke is being drawn."""
        raise NotImplementedError

    def to_widget(self, point: QPointF) -> QPointF:
        """Return where a point in board units lies, in logical pixels of the widget."""
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._is_real(event) and event.button() == Qt.LeftButton:
            self.begin(event.localPos(), self.erasing)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_real(event) and event.buttons() & Qt.LeftButton:
            self.extend(event.localPos())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_real(event) and event.button() == Qt.LeftButton:
            self.end()

    @staticmethod
    def _is_real(event: QMouseEvent) -> bool:
        """Whether a mouse did it: pen and touch have been served before Qt imitates a mouse."""
        return event.source() == Qt.MouseEventNotSynthesized

    def tabletEvent(self, event: QTabletEvent) -> None:
        erase = self.erasing or event.pointerType() == QTabletEvent.Eraser
        pressure = event.pressure() if event.pressure() > 0 else 0.5
        weight = _LIGHTEST + _PRESSURE * pressure
        if event.type() == QEvent.TabletPress and event.button() == Qt.LeftButton:
            self.begin(event.posF(), erase, weight)
        elif event.type() == QEvent.TabletMove and event.buttons() & Qt.LeftButton:
            self.extend(event.posF(), weight)
        elif event.type() == QEvent.TabletRelease:
            self.end()
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touched(event)
            event.accept()
            return True
        return super().event(event)

    def _touched(self, event: QTouchEvent) -> None:
        """Follow the first finger; others resting on the glass do not draw."""
        if event.type() == QEvent.TouchCancel:
            self._touch = None
            self.end()
            return
        for point in event.touchPoints():
            if point.state() == Qt.TouchPointPressed and self._touch is None:
                self._touch = point.id()
                self.begin(point.pos(), self.erasing)
            elif point.id() != self._touch:
                continue
            elif point.state() == Qt.TouchPointMoved:
                self.extend(point.pos())
            elif point.state() == Qt.TouchPointReleased:
                self._touch = None
                self.end()
