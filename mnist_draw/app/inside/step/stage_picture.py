"""The picture of the stage in front. A click on a unit follows a weight of its."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.network.units import Places, lay_out
from mnist_draw.app.inside.step.answers import ROOM
from mnist_draw.app.inside.step.stage_painter import STRIP, StageScene, paint_stage
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain, takes_key

if TYPE_CHECKING:
    import numpy as np
    from PyQt5.QtCore import QEvent

    from mnist_draw.analysis.step_weight import Weight
    from mnist_draw.analysis.unit_profiles import UnitProfiles

_EXPLAINED = (
    "The network in this stage of the step. A click on a unit follows the weight that stands for "
    "it; up and down walk through the units of the last hidden layer."
)
_REACH = 14.0


class StagePicture(QWidget):
    """Paints a stage once into a pixmap: it changes with a new step or a new stage only.

    That is done in a turn of its own, after the one in which all around it is painted.
    """

    unit_chosen = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stagePicture")
        explain(self, "The stage", _EXPLAINED)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.shown: Shown | None = None
        self.stage = 1
        self.weight: Weight | None = None
        self.pages: UnitProfiles | None = None
        self.state = ""
        self.name: Callable[[int], str] = str
        self._places: Places | None = None
        self._picture: QPixmap | None = None
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._paint_now)
        theme.theme().changed.connect(self.paint_anew)

    def sizeHint(self) -> QSize:
        return QSize(640, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(420, 250)

    # -- what is shown

    def show_stage(self, shown: Shown | None, stage: int, weight: Weight | None) -> None:
        """Show a stage of a step."""
        if shown is not self.shown or stage != self.stage or weight != self.weight:
            self.shown, self.stage, self.weight = shown, stage, weight
            self.paint_anew()

    def show_pages(self, pages: UnitProfiles | None) -> None:
        """Put the units into the rows of the digits that excite them most."""
        self.pages = pages
        self.paint_anew()

    def show_state(self, words: str) -> None:
        """Say in the middle what is waited for; the old picture stays, dimmed."""
        if words != self.state:
            self.state = words
            self.update()

    def paint_anew(self) -> None:
        """Paint another picture, at the latest when it is to be seen."""
        self._picture = self._places = None
        self._turn.start()

    def _paint_now(self) -> None:
        if self._picture is None and self.isVisible():
            self._picture = self._paint()
        self.update()

    def describe(self, words: str) -> None:
        """Tell a screen reader what is shown."""
        self.setAccessibleDescription(f"{words} {_EXPLAINED}")

    # -- places

    def places(self) -> Places | None:
        """Return where everything lies; None before there is a step."""
        if self._places is None and self.shown is not None:
            layers = self.shown.layers
            hidden = range(len(layers) - 1)
            rows: list[np.ndarray | None] = [
                None if self.pages is None else self.pages.rows(n) for n in hidden
            ]
            heights = [None if self.pages is None else self.pages.means[n].max(0) for n in hidden]
            scale = theme.text_scale()
            height = float(self.height())
            if self.stage == 3:
                height -= (STRIP + 4) * scale - 26 * scale
            self._places = lay_out(
                layers, float(self.width()), height, rows, heights, scale,
                pictures=1, answers=ROOM[self.stage - 1] * scale, depth=2,
            )  # fmt: skip
        return self._places

    # -- choosing a unit

    def mousePressEvent(self, event: QMouseEvent) -> None:
        places = self.places()
        if event.button() != Qt.LeftButton or places is None or self.stage == 1:
            return
        place = QPointF(event.localPos())
        if place.x() >= places.answer - 6:
            assert self.shown is not None
            for digit, band in enumerate(places.bands):
                if band.contains(place):
                    self.unit_chosen.emit(len(self.shown.layers) - 1, digit)
            return
        found = []
        for column in places.columns:
            near = column.nearest(place, _REACH)
            if near is not None:
                found.append((near[0], (column.layer, near[1])))
        if found:
            self.unit_chosen.emit(*min(found)[1])

    def event(self, event: QEvent) -> bool:
        if takes_key(event, lambda key: key.key() in (Qt.Key_Up, Qt.Key_Down)):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {Qt.Key_Up: -1, Qt.Key_Down: 1}
        step = steps.get(event.key())
        if step is None or self.shown is None or len(self.shown.layers) < 2:
            super().keyPressEvent(event)
            return
        last = len(self.shown.layers) - 2
        now = self.weight.source if self.weight is not None and self.weight.layer == last + 1 else 0
        self.unit_chosen.emit(last, (now + step) % self.shown.layers[last].units)

    # -- painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.paint_anew()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture is None:
            self._picture = self._paint()
        if self._picture is not None:
            painter.setOpacity(0.35 if self.state else 1.0)
            painter.drawPixmap(0, 0, self._picture)
            painter.setOpacity(1.0)
        if self.state:
            painter.setFont(theme.font(Text.SENTENCE))
            painter.setPen(theme.colour("text"))
            flags = int(Qt.AlignCenter | Qt.TextWordWrap)
            painter.drawText(self.rect().adjusted(20, 0, -20, 0), flags, self.state)

    def _paint(self) -> QPixmap | None:
        places = self.places()
        if places is None or self.shown is None:
            return None
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.transparent)
        painter = QPainter(picture)
        scene = StageScene(
            self.shown, self.stage, places, self.pages is not None, self.weight, self.name,
            float(self.width()), float(self.height()), ratio,
        )  # fmt: skip
        paint_stage(painter, scene)
        painter.end()
        return picture
