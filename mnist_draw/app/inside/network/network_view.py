"""The picture of the network: picture, hidden layers, ten answers, live."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QPixmap

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer
from mnist_draw.analysis.unit_profiles import UnitProfiles
from mnist_draw.app.inside.network import network_painter
from mnist_draw.app.inside.network.layers_view import LayersView
from mnist_draw.app.inside.network.network_reader import Frame, Parts, Place, Unit
from mnist_draw.app.inside.network.panel_rows import unit_title
from mnist_draw.app.kit.painters import opaque_painter
from mnist_draw.app.kit.widgets import claims_key
from mnist_draw.i18n import _, joined
from mnist_draw.recognition.certainty import format_probability

_EXPLAINED = _(
    "The value of every unit of the network. Point at one to see its weights and its sum; a "
    "click or Enter selects it, Esc deselects. Arrow keys go from unit to unit, with Ctrl "
    "from layer to layer, with Shift from place to place in a map.",
)
#: From this width on, in logical pixels, maps are shown after their pooling, too.
_POOLED = 500
#: A unit is pointed at after this many milliseconds.
_AFTER_MS = 100


class NetworkView(LayersView):
    selected = Signal()
    # Titles of four layers fit, and rows in which a figure is read.
    SIZE = (750, 560)
    LEAST_SIZE = (380, 360)

    def __init__(self) -> None:
        super().__init__("networkView", _("The network"), _EXPLAINED)
        self._links: list[network_painter.Link] | None = None
        self._still: QPixmap | None = None
        self.setMouseTracking(True)
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        self.parts: Parts | None = None
        #: Whose profiles are known: until those of new weights are, the layout keeps the old ones.
        self.profiled: Parts | None = None
        self.frame: Frame | None = None
        self.pinned: Unit | None = None
        self.pointed: Unit | None = None
        #: The place of a map whose sum is shown; where it is strongest if None.
        self.place: Place = None
        self.off: frozenset[Unit] = frozenset()
        self.dimmed = False
        self._under: tuple[Unit | None, Place] = (None, None)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(lambda: self._point_at(*self._under))

    @property
    def unit(self) -> Unit | None:
        """The selected unit: the one pointed at, else the pinned one."""
        return self.pointed or self.pinned

    @property
    def output(self) -> int | None:
        return self.unit[1] if self.unit is not None and self.unit[0] == self.last else None

    def show_parts(self, parts: Parts | None) -> None:
        """Show a network, with what is selected if it has the same layers; None: no network."""
        same = parts is not None and self._fits(parts)
        self.parts = parts
        if not same:
            self.frame = self.profiles = None
            self.off = frozenset()
            self.clear_selection()
        self.dimmed = False
        self.lay_out_anew()

    def show_profiles(self, profiles: UnitProfiles | None) -> None:
        self.profiled = self.parts
        super().show_profiles(profiles)

    def show_frame(self, frame: Frame | None) -> None:
        """Show the outputs for a picture; ignore a frame of another network."""
        if frame is not None and not self._fits(frame):
            return
        self.frame = frame
        self._links = None
        self.update()
        self._describe()

    def _fits(self, other: Parts | Frame) -> bool:
        return self.parts is not None and [layer.shape for layer in self.parts.layers] == [
            layer.shape for layer in other.layers
        ]

    def layers(self) -> tuple[Layer, ...]:
        return () if self.parts is None else self.parts.layers

    def lay_out_anew(self) -> None:
        self._links = self._still = None
        super().lay_out_anew()

    def layout_options(self) -> dict[str, Any]:
        return {"pooled": self.width() >= _POOLED * self.scale}

    def role(self, digit: int) -> str:
        if self.frame is None:
            return ""
        return {self.frame.answer: "accent", self.frame.rival: "second"}.get(digit, "")

    def clear_selection(self) -> None:
        self._under = (None, None)
        self._select(None, None)

    def pin(self, unit: Unit | None) -> None:
        """Keep a unit selected, until another one is or Esc is pressed."""
        self._select(unit, None)

    def _walk_in_map(self, down: int, right: int) -> None:
        """Go to the next place of a map whose sum is shown."""
        if self.frame is not None and self.unit is not None:
            layer = self.frame.layers[self.unit[0]]
            if layer.convolves:
                row, column = self.frame.sum_of(self.unit, self.place).place
                (_maps, high, wide) = layer.shape
                place = min(max(row + down, 0), high - 1), min(max(column + right, 0), wide - 1)
                self._select(self.pinned, self.pointed, place)

    def _select(
        self,
        pinned: Unit | None,
        pointed: Unit | None,
        place: Place = None,
    ) -> None:
        self.pinned = pinned
        self.pointed = pointed
        self.place = place
        self._links = None
        self.selected.emit()
        self.update()
        self._describe()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        unit = self.unit_at(event.localPos())
        under = unit, self._place_at(unit, event.localPos())
        if under != self._under:
            self._under = under
            self._timer.start()

    def _place_at(self, unit: Unit | None, point: QPointF) -> Place:
        places = self.places()
        column = None if places is None or unit is None else places.column_of(unit[0])
        if unit is None or column is None or not column.tile:
            return None
        inside = column.tile_rect(unit[1]).contains(point)
        return column.place_in(unit[1], point) if inside else None

    def leaveEvent(self, event: QEvent) -> None:
        self._under = (None, None)
        self._timer.start()

    def _point_at(self, unit: Unit | None, place: Place = None) -> None:
        if unit == self.pinned:
            unit = None
        if (unit, place) != (self.pointed, self.place):
            self._select(self.pinned, unit, place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._timer.stop()
            unit = self.unit_at(event.localPos())
            place = self._place_at(unit, event.localPos())
            self._select(None if unit == self.pinned else unit, None, place)

    def event(self, event: QEvent) -> bool:
        # Here the key clears the selection, whatever it means in the tab.
        return claims_key(
            event,
            lambda key: key.key() == Qt.Key_Escape and self.unit is not None,
        ) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        places = self.places()
        steps: dict[int, tuple[int, int]] = {
            Qt.Key_Up: (-1, 0),
            Qt.Key_Down: (1, 0),
            Qt.Key_Left: (0, -1),
            Qt.Key_Right: (0, 1),
        }
        if key == Qt.Key_Escape and self.unit is not None:
            self.clear_selection()
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self.unit is not None:
            self.pin(self.unit)
        elif key in steps and event.modifiers() & Qt.ShiftModifier:
            self._walk_in_map(*steps[key])
        elif key in steps and places is not None:
            to_layer = bool(event.modifiers() & Qt.ControlModifier)
            unit = places.next_unit(self.unit, *steps[key][::-1], to_layer)
            if unit is not None:
                self._go(unit)
        else:
            super().keyPressEvent(event)

    def _go(self, unit: Unit) -> None:
        """Select a unit by keys; a pinned selection moves along."""
        if self.pinned is not None:
            self.pin(unit)
        else:
            self._point_at(unit)

    def links(self) -> list[network_painter.Link]:
        if self._links is None:
            self._links = []
            if self.frame is not None and self.unit is not None:
                self._links = network_painter.unit_links(self.frame, self.unit, self.place)
            elif self.frame is not None:
                self._links = network_painter.why_links(self.frame)
        return self._links

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = opaque_painter(self, "card", smooth=False)
        places = self.places()
        if places is None or self.parts is None:
            return
        if self._still is None:
            self._still = network_painter.paint_still(self, places)
        if self.dimmed:
            painter.setOpacity(0.45)
        network_painter.paint_network(painter, self, places, self._still)

    def _describe_unit(self, frame: Frame, number: int, unit: int) -> str:
        p = frame.passed.p
        if number == self.last:
            share = format_probability(float(p[0, unit]))
            return _("Answer {name}: {share}", name=self.name(unit), share=share)
        value = i18n.number(float(frame.passed.a[number][0, unit].max()), ".2f")
        title = unit_title(frame, (number, unit), self.name)
        words = _("{name}: {text}", name=title, text=value)
        if frame.question.toggled == (number, unit):
            other = int(p[1].argmax())
            share = format_probability(float(p[1, other]))
            fields = {"unit": words, "name": self.name(other), "share": share}
            if (number, unit) in self.off:
                return _("{unit}, on: {name}, {share}", **fields)
            return _("{unit}, off: {name}, {share}", **fields)
        return words

    def _describe(self) -> None:
        frame = self.frame
        words = ""
        if frame is not None and self.unit is not None:
            words = self._describe_unit(frame, *self.unit)
        elif frame is not None and self.last:
            words = f"{network_painter.describe_active(frame)}."
        self.setAccessibleDescription(joined(words, _EXPLAINED))
