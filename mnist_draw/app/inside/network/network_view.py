"""The picture of the network: picture, hidden layers, ten answers, live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.network.network_painter import NetworkPainter
from mnist_draw.app.inside.network.network_worker import Frame, Parts, Unit
from mnist_draw.app.inside.network.scene import (
    Connections,
    Scene,
    describe_active,
    describe_unit,
    unit_lines,
    why_lines,
)
from mnist_draw.app.inside.network.units import Places, lay_out
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.widgets import claims_key, explain

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.network_probe import Layer
    from mnist_draw.analysis.unit_profiles import UnitProfiles

_EXPLAINED = (
    "What every unit of the network puts out. Point at one to see its weights and its sum; a click "
    "or Enter keeps it, Esc lets go. Arrow keys walk, with Ctrl they change the layer."
)
#: A unit is pointed at from this many logical pixels away, after this many milliseconds.
_REACH, _AFTER_MS = 14.0, 100
_LEAST = (380, 360)


class LayersView(QWidget):
    """A painted network: the places of its units, and the unit at a point."""

    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.profiles: UnitProfiles | None = None
        self.by_digit = True
        self.name: Callable[[int], str] = str
        self._places: Places | None = None
        theme.theme().changed.connect(self.lay_out_anew)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that are painted; none before there is a network."""
        raise NotImplementedError

    def lay_out_anew(self) -> None:
        self._places = None
        self.update()

    def show_profiles(self, profiles: UnitProfiles | None) -> None:
        """Set the units' profiles, which put each unit into a digit's row."""
        self.profiles = profiles
        self.lay_out_anew()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.lay_out_anew()

    @property
    def banded(self) -> bool:
        return self.by_digit and self.profiles is not None

    def places(self) -> Places | None:
        """Return all positions; None before there is a network."""
        layers, profiles = self.layers(), self.profiles
        if self._places is None and layers and self.width() > 100:
            hidden = range(len(layers) - 1)
            rows = [profiles.rows(n) if profiles and self.by_digit else None for n in hidden]
            heights = [None if profiles is None else profiles.means[n].max(0) for n in hidden]
            self._places = self._lay_out(layers, rows, heights)
        return self._places

    def _lay_out(
        self,
        layers: tuple[Layer, ...],
        rows: Sequence[np.ndarray | None],
        heights: Sequence[np.ndarray | None],
    ) -> Places:
        size = float(self.width()), float(self.height())
        return lay_out(layers, *size, rows, heights, theme.text_scale())

    def unit_at(self, place: QPointF) -> Unit | None:
        places = self.places()
        if places is None:
            return None
        if place.x() >= places.answer - 6:
            digits = (n for n, band in enumerate(places.bands) if band.contains(place))
            return next(((len(self.layers()) - 1, digit) for digit in digits), None)
        found = []
        for column in places.columns:
            near = column.nearest(place, _REACH)
            if near is not None:
                found.append((near[0], (column.layer, near[1])))
        return min(found)[1] if found else None


class NetworkView(LayersView):
    selected = pyqtSignal()

    def __init__(self) -> None:
        super().__init__("networkView", "The network", _EXPLAINED)
        self._lines: Connections | None = None
        self._painter = NetworkPainter()
        self.setMouseTracking(True)
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        self.parts: Parts | None = None
        self.frame: Frame | None = None
        self.pinned: Unit | None = None
        self.pointed: Unit | None = None
        self.off: frozenset[Unit] = frozenset()
        self.dimmed = False
        self._under: Unit | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(self._point)

    def sizeHint(self) -> QSize:
        return QSize(750, 560)

    def minimumSizeHint(self) -> QSize:
        # Titles of four layers fit, and rows in which a figure is read.
        return QSize(theme.scaled(_LEAST[0]), theme.scaled(_LEAST[1]))

    @property
    def unit(self) -> Unit | None:
        """The selected unit: the one pointed at, else the pinned one."""
        return self.pointed or self.pinned

    def show_parts(self, parts: Parts) -> None:
        same = self._fits(parts)
        self.parts = parts
        self.frame = None if not same else self.frame
        if not same:
            self.profiles = None
            self.off = frozenset()
            self.clear_selection()
        self.dimmed = False
        self.lay_out_anew()

    def show_nothing(self) -> None:
        self.parts = self.profiles = self.frame = None
        self.off = frozenset()
        self.clear_selection()
        self.dimmed = False
        self.lay_out_anew()

    def show_frame(self, frame: Frame | None) -> None:
        """Show the outputs for a picture; ignore a frame of another network."""
        if frame is not None and not self._fits(frame):
            return
        self.frame = frame
        self._lines = None
        self.update()
        self._describe()

    def _fits(self, other: Parts | Frame) -> bool:
        return self.parts is not None and [layer.shape for layer in self.parts.layers] == [
            layer.shape for layer in other.layers
        ]

    def layers(self) -> tuple[Layer, ...]:
        return () if self.parts is None else self.parts.layers

    def lay_out_anew(self) -> None:
        self._lines = None
        self._painter.forget()
        super().lay_out_anew()

    def clear_selection(self) -> None:
        self.pinned = self.pointed = self._under = None
        self._lines = None
        self.selected.emit()
        self.update()

    def pin(self, unit: Unit | None) -> None:
        """Keep a unit selected, until another one is or Esc is pressed."""
        self.pinned, self.pointed = unit, None
        self._lines = None
        self.selected.emit()
        self.update()
        self._describe()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        unit = self.unit_at(event.localPos())
        if unit != self._under:
            self._under = unit
            self._timer.start()

    def leaveEvent(self, event: QEvent) -> None:
        self._under = None
        self._timer.start()

    def _point(self) -> None:
        self._point_at(self._under)

    def _point_at(self, unit: Unit | None) -> None:
        if unit == self.pinned:
            unit = None
        if unit != self.pointed:
            self.pointed = unit
            self._lines = None
            self.selected.emit()
            self.update()
            self._describe()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._timer.stop()
            unit = self.unit_at(event.localPos())
            self.pin(None if unit == self.pinned else unit)

    def event(self, event: QEvent) -> bool:
        # Here the key clears the selection, whatever it means in the tab.
        return claims_key(
            event, lambda key: key.key() == Qt.Key_Escape and self.unit is not None
        ) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        steps: dict[int, tuple[int, int]] = {
            Qt.Key_Up: (-1, 0), Qt.Key_Down: (1, 0), Qt.Key_Left: (0, -1), Qt.Key_Right: (0, 1),
        }  # fmt: skip
        if key == Qt.Key_Escape and self.unit is not None:
            self.clear_selection()
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self.unit is not None:
            self.pin(self.unit)
        elif key in steps and self.places() is not None:
            self._walk(*steps[key], bool(event.modifiers() & Qt.ControlModifier))
        else:
            super().keyPressEvent(event)

    def _walk(self, down: int, right: int, to_layer: bool) -> None:
        places = self.places()
        assert places is not None
        assert self.parts is not None
        last = len(self.parts.layers) - 1
        layers = [column.layer for column in places.columns] + [last]
        if self.unit is None:
            self._go(self._near(places, layers[0], places.bands[0].center().y(), last))
            return
        layer, number = self.unit
        place = layers.index(layer) if layer in layers else 0
        if to_layer and right:
            goal = layers[min(max(place + right, 0), len(layers) - 1)]
            self._go(self._near(places, goal, self._height_of(places, self.unit, last), last))
        elif layer == last:
            self._go((last, min(max(number + down, 0), len(places.bands) - 1)))
        else:
            column = places.column_of(layer)
            if column is not None:
                self._go((layer, column.step(number, down, right)))

    def _go(self, unit: Unit) -> None:
        """Select a unit by keys; a pinned selection moves along."""
        if self.pinned is not None:
            self.pin(unit)
        else:
            self._point_at(unit)

    @staticmethod
    def _height_of(places: Places, unit: Unit, last: int) -> float:
        column = places.column_of(unit[0])
        if unit[0] == last or column is None:
            return places.ring(unit[1] % len(places.bands)).y()
        return column.rect(unit[1]).center().y()

    @staticmethod
    def _near(places: Places, layer: int, y: float, last: int) -> Unit:
        column = places.column_of(layer)
        if layer == last or column is None:
            digits = range(len(places.bands))
            return (last, min(digits, key=lambda digit: abs(places.ring(digit).y() - y)))
        found = column.nearest(QPointF(column.box.left(), y), 1e6)
        return (layer, found[1] if found else 0)

    def _current_lines(self) -> Connections:
        if self._lines is None:
            self._lines = Connections()
            places = self.places()
            if self.frame is not None and places is not None:
                unit = self.unit
                self._lines = (
                    why_lines(self.frame, places)
                    if unit is None
                    else unit_lines(self.frame, places, unit)
                )
        return self._lines

    def paintEvent(self, event: QPaintEvent) -> None:
        # End the painter after an error too: otherwise nothing could be painted any more.
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), theme.colour("card"))
        places = self.places()
        if places is None or self.parts is None:
            return
        scene = Scene(
            self.parts.layers, places, self.banded, self.name, self.devicePixelRatioF(),
            self.parts, self.frame, self._current_lines(), self.unit,
            self.pinned is not None and self.pointed is None, self.off,
        )  # fmt: skip
        if self.dimmed:
            painter.setOpacity(0.45)
        self._painter.paint(painter, scene, float(self.width()), float(self.height()))

    def description(self) -> str:
        if self.parts is None:
            return ""
        if self.unit is None or self.frame is None:
            return "" if self.frame is None else describe_active(self.frame)
        return describe_unit(self.frame, self.unit, self.off, self.name)

    def _describe(self) -> None:
        self.setAccessibleDescription(f"{self.description()} {_EXPLAINED}".strip())
