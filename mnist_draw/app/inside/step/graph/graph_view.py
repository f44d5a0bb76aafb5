"""The picture of both graphs: the wheel zooms at the pointer, dragging moves, keys walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.step.graph.graph_painter import HIGH, TITLE, GraphScene, paint_graph
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain, takes_key

if TYPE_CHECKING:
    from mnist_draw.analysis.step.graph import FunctionGraphs, Group
    from mnist_draw.analysis.step.graph_layout import Box, Layout

_EXPLAINED = (
    "The operations of a function: at the left as they are written, at the right as Theano "
    "compiles them. The wheel zooms, dragging moves, arrows walk; Enter opens a group or tells "
    "about an operation, Backspace folds its group, Ctrl+F finds."
)
#: The picture is at most this much larger and smaller than text usually is.
_LARGEST, _SMALLEST = 3.0, 0.12
#: One notch of a wheel, in Qt's eighths of a degree, zooms by so much.
_NOTCH, _FACTOR = 120, 1.25
_MARGIN = 96.0
_STEPS: dict[int, int] = {Qt.Key_Up: -1, Qt.Key_Down: 1}
_SIDES: dict[int, bool] = {Qt.Key_Left: False, Qt.Key_Right: True}


class GraphView(QWidget):
    """Shows the graphs of one function."""

    selected = pyqtSignal()
    asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("graphView")
        explain(self, "The graph", _EXPLAINED)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.graphs: FunctionGraphs | None = None
        self.layout_: Layout | None = None
        self.box: int | None = None
        self.found: frozenset[int] = frozenset()
        self.state = ""
        self._folded: frozenset[Group] = frozenset()
        self.zoom, self._corner = 1.0, QPointF()
        self._dragged: QPointF | None = None
        self._moved = self._fitted = False
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(680, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 260)

    # -- what is shown

    def show_graphs(self, graphs: FunctionGraphs) -> None:
        """Show another function; a large one is folded."""
        from mnist_draw.analysis.step.graph_layout import groups_of, starts_folded

        self.graphs = graphs
        self._folded = frozenset(groups_of(graphs)) if starts_folded(graphs) else frozenset()
        self.box = None
        self._lay_out()
        self.fit()
        self._tell()

    def show_state(self, words: str) -> None:
        """Say in the middle what is waited for; the old picture stays, dimmed."""
        if words != self.state:
            self.state = words
            self.update()

    def _lay_out(self) -> None:
        from mnist_draw.analysis.step.graph_layout import lay_out_graph

        assert self.graphs is not None
        self.layout_ = lay_out_graph(self.graphs, self._folded)
        self.found = frozenset()
        self.update()

    def toggle(self, number: int) -> None:
        """Open a folded group, or fold the group of an operation."""
        assert self.layout_ is not None
        box = self.layout_.boxes[number]
        node = box.nodes[0]
        self._folded = self._folded - {box.group} if box.folded else self._folded | {box.group}
        before = self.place_of(number).top()
        self._lay_out()
        self.box = self.layout_.numbers.get((box.compiled, node))
        if self.box is None:
            self.box = next(n for n, other in enumerate(self.layout_.boxes)
                            if other.group == box.group)  # fmt: skip
        # What was clicked stays where it is.
        self._corner += QPointF(0, before - self.place_of(self.box).top())
        self._tell()

    def selected_box(self) -> Box | None:
        """Return the box that is looked at."""
        if self.box is None or self.layout_ is None:
            return None
        return self.layout_.boxes[self.box]

    def search(self, words: str) -> int:
        """Mark the boxes in which a text occurs and look at the next one; return how many."""
        layout, graphs = self.layout_, self.graphs
        if layout is None or graphs is None or not words.strip():
            self.found = frozenset()
            self.update()
            return 0
        wanted = words.strip().lower()
        self.found = frozenset(
            number for number, box in enumerate(layout.boxes) if wanted in self._searched(box)
        )
        if self.found:
            order = sorted(self.found)
            behind = [number for number in order if self.box is not None and number > self.box]
            self.look_at((behind or order)[0])
        self.update()
        return len(self.found)

    def _searched(self, box: Box) -> str:
        assert self.graphs is not None
        graph = self.graphs.compiled if box.compiled else self.graphs.written
        nodes = [graph.nodes[number] for number in box.nodes]
        read = [str(source) for node in nodes for source in node.sources]
        return " ".join([box.title, *read, *(node.text for node in nodes)]).lower()

    def look_at(self, number: int | None) -> None:
        """Look at a box, and bring it into the view."""
        self.box = number
        if number is not None:
            place = self.place_of(number)
            room = QRectF(self.rect()).adjusted(24, TITLE + 12, -24, -24)
            if not room.contains(place.center()):
                self._corner += room.center() - place.center()
        self._tell()
        self.update()

    def _tell(self) -> None:
        box = self.selected_box()
        words = "" if box is None else (
            f"{'As compiled' if box.compiled else 'As written'}: {box.title}."
        )  # fmt: skip
        self.setAccessibleDescription(f"{words} {_EXPLAINED}".strip())
        self.selected.emit()

    # -- places

    def fit(self) -> None:
        """Zoom so that the whole width is seen; all of it where it is low enough."""
        layout = self.layout_
        if layout is None or self.width() < 50:
            return
        scale = theme.text_scale()
        across = self.width() / (layout.right - layout.left + 2 * _MARGIN)
        down = (self.height() - TITLE * scale - 16) / max(1.0, layout.height)
        self.zoom = max(_SMALLEST, min(across, max(down, 0.62 * scale), 1.15 * scale))
        middle = (layout.left + layout.right) / 2
        self._corner = QPointF(self.width() / 2 - middle * self.zoom, TITLE * scale + 10)
        self._fitted = True
        self.update()

    def place_of(self, number: int) -> QRectF:
        """Return where a box is seen, in logical pixels."""
        assert self.layout_ is not None
        box = self.layout_.boxes[number]
        return QRectF(
            self._corner.x() + box.x * self.zoom, self._corner.y() + box.y * self.zoom,
            box.width * self.zoom, HIGH * self.zoom,
        )  # fmt: skip

    def box_at(self, place: QPointF) -> int | None:
        """Return the box at a place."""
        if self.layout_ is None:
            return None
        return next(
            (n for n in range(len(self.layout_.boxes)) if self.place_of(n).contains(place)), None
        )

    def zoom_at(self, place: QPointF, factor: float) -> None:
        """Zoom; what is at a place stays there."""
        zoom = max(_SMALLEST, min(self.zoom * factor, _LARGEST * theme.text_scale()))
        self._corner = place - (place - self._corner) * (zoom / self.zoom)
        self.zoom, self._fitted = zoom, False
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted or self.zoom == 1.0:
            self.fit()

    # -- pointer and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self.zoom_at(QPointF(event.position()), _FACTOR ** (event.angleDelta().y() / _NOTCH))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._dragged, self._moved = QPointF(event.localPos()), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None and event.buttons() & Qt.LeftButton:
            way = QPointF(event.localPos()) - self._dragged
            if self._moved or way.manhattanLength() > 4:
                self._moved, self._fitted = True, False
                self._corner += way
                self._dragged = QPointF(event.localPos())
                self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None and not self._moved:
            self.look_at(self.box_at(QPointF(event.localPos())))
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self.box_at(QPointF(event.localPos()))
        if number is None:
            self.fit()
        else:
            self.toggle(number)

    def event(self, event: QEvent) -> bool:
        if takes_key(event, self._wants):
            return True
        return super().event(event)

    def _wants(self, event: QKeyEvent) -> bool:
        key = event.key()
        return key in _STEPS or key in _SIDES or (key == Qt.Key_Escape and self.box is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, layout = event.key(), self.layout_
        if layout is None or not layout.boxes:
            super().keyPressEvent(event)
        elif key in _STEPS:
            self._walk(_STEPS[key])
        elif key in _SIDES:
            self._change_side(_SIDES[key])
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self.box is not None:
            if layout.boxes[self.box].folded:
                self.toggle(self.box)
            else:
                self.asked.emit()
        elif key == Qt.Key_Backspace and self.box is not None:
            self.toggle(self.box)
        elif key == Qt.Key_Escape and self.box is not None:
            self.look_at(None)
        elif key in (Qt.Key_Plus, Qt.Key_Minus):
            centre = QPointF(self.rect().center())
            self.zoom_at(centre, _FACTOR if key == Qt.Key_Plus else 1 / _FACTOR)
        elif key == Qt.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _walk(self, step: int) -> None:
        assert self.layout_ is not None
        box = self.selected_box()
        side = [n for n, b in enumerate(self.layout_.boxes)
                if b.compiled == (box.compiled if box else False)]  # fmt: skip
        if box is None or self.box not in side:
            self.look_at(side[0] if side else None)
            return
        place = side.index(self.box) + step
        self.look_at(side[min(max(place, 0), len(side) - 1)])

    def _change_side(self, compiled: bool) -> None:
        assert self.layout_ is not None
        box = self.selected_box()
        y = 0.0 if box is None else box.y
        side = [n for n, b in enumerate(self.layout_.boxes) if b.compiled == compiled]
        if side:
            self.look_at(min(side, key=lambda n: abs(self.layout_.boxes[n].y - y)))  # type: ignore[union-attr]

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.layout_ is not None:
            painter.setOpacity(0.35 if self.state else 1.0)
            scene = GraphScene(self.layout_, self.place_of, self.box, self.found, self.zoom)
            paint_graph(painter, scene, QRectF(self.rect()))
        if self.state:
            painter.setOpacity(1.0)
            painter.setFont(theme.font(Text.SENTENCE))
            painter.setPen(theme.colour("text"))
            painter.drawText(self.rect(), int(Qt.AlignCenter | Qt.TextWordWrap), self.state)
