"""The five stages as a row of buttons, and the picture of the stage in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PyQt5.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QWidget

from mnist_draw.app.inside.network.network_view import LayersView
from mnist_draw.app.inside.network.units import Places, lay_out
from mnist_draw.app.inside.step.answers_and_weight import ROOM
from mnist_draw.app.inside.step.stage_painter import STRIP, StageScene, paint_stage
from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import smooth_painter, write_with
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import claims_key, explain

if TYPE_CHECKING:
    import numpy as np
    from PyQt5.QtCore import QEvent

    from mnist_draw.analysis.network_probe import Layer
    from mnist_draw.analysis.step_weight import Weight

_HIGH, _LINE, _RING, _ARROW = 58.0, 17.0, 13.0, 10.0


class StageChip(QAbstractButton):
    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        stage = STAGES[number - 1]
        self.number, self.title, self.figure = number, stage.title, ""
        self.reached = False
        self.setObjectName(f"stage{number}Button")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        explain(self, stage.title, stage.meaning, "← →")
        theme.theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(140), self._height())

    def _shows_ring(self) -> bool:
        return self.width() >= _room_for([stage.title for stage in STAGES], 20 + 2 * _RING)

    def _height(self) -> int:
        # In a narrow chip the figure takes a line more.
        return theme.scaled(_HIGH if self._shows_ring() else _HIGH + _LINE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        return QSize(round(_room_for((self.title,), 8.0)), self._height())

    def show_figure(self, words: str, reached: bool) -> None:
        """Show the stage's figure; ``reached``: whether it is known."""
        self.figure, self.reached = words, reached
        self.setAccessibleDescription(f"{STAGES[self.number - 1].meaning} {words}".strip())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt would walk through the group; in this section the arrows step, wherever the focus is.
        if event.key() in (Qt.Key_Left, Qt.Key_Right, Qt.Key_Space):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        scale = theme.text_scale()
        on = self.isChecked()
        arrow = _ARROW * scale if self.number < len(STAGES) else 0.0
        box = QRectF(self.rect()).adjusted(1, 1, -1 - arrow, -1)
        wide = 2.0 if on else 1.0
        edge = "accent" if on else "text" if self.hasFocus() else "line"
        painter.setPen(QPen(theme.colour(edge), wide))
        painter.setBrush(theme.colour("card"))
        painter.drawRoundedRect(box, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        if on and self.hasFocus():
            painter.setPen(QPen(theme.colour("text"), 1.0))
            inner = box.adjusted(3, 3, -3, -3)
            painter.drawRoundedRect(inner, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        if arrow:
            painter.setPen(QPen(theme.colour("muted"), 1.6))
            x, y = box.right() + arrow / 2 + 1, box.center().y()
            painter.drawLine(QPointF(x - 2, y - 4), QPointF(x + 2, y))
            painter.drawLine(QPointF(x + 2, y), QPointF(x - 2, y + 4))
        left = box.left() + 8 * scale
        if self._shows_ring():
            left = self._paint_ring(painter, box, on) + 8 * scale
        room = QRectF(left, box.top() + 5 * scale, box.right() - left - 2, 18 * scale)
        write_with(painter, Text.BODY, "text" if self.reached or on else "muted", bold=True)
        painter.drawText(room, int(Qt.AlignLeft | Qt.AlignVCenter), self.title)
        write_with(painter, Text.LABEL, "muted")
        room.setTop(room.bottom())
        room.setBottom(box.bottom() - 3)
        painter.drawText(room, int(Qt.AlignLeft | Qt.AlignTop | Qt.TextWordWrap), self.figure)

    def _paint_ring(self, painter: QPainter, box: QRectF, on: bool) -> float:
        radius, scale = _RING * theme.text_scale(), theme.text_scale()
        centre = QPointF(box.left() + 12 * scale + radius, box.center().y())
        painter.setPen(QPen(theme.colour("accent" if on else "muted"), 1.6))
        painter.setBrush(theme.colour("accent" if on else "card"))
        painter.drawEllipse(centre, radius, radius)
        write_with(
            painter,
            Text.LABEL,
            "on_accent" if on else "text" if self.reached else "muted",
            bold=True,
        )
        ring = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        painter.drawText(ring, Qt.AlignCenter, str(self.number))
        return centre.x() + radius


def _room_for(titles: Sequence[str], beside: float) -> float:
    metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
    widest = max(metrics.horizontalAdvance(title) for title in titles)
    return widest + (beside + _ARROW) * theme.text_scale() + 8


class StageBar(QWidget):
    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageBar")
        self.group = QButtonGroup(self)
        self.chips = [StageChip(number) for number in range(1, len(STAGES) + 1)]
        row(*self.chips, gap=2, owner=self)
        for chip in self.chips:
            self.group.addButton(chip, chip.number)
        self.group.idClicked.connect(self.chosen)

    def show_stage(self, stage: int, figures: Sequence[str], reached: int) -> None:
        self.chips[stage - 1].setChecked(True)
        for chip, words in zip(self.chips, figures, strict=True):
            known = chip.number <= reached
            following = "next" if chip.number == reached + 1 and words else ""
            chip.show_figure(words if known else following, known)


_EXPLAINED = (
    "The network in this stage of the step. A click on a unit follows the weight that stands for "
    "it; up and down walk through the units of the last hidden layer."
)


class StagePicture(LayersView):
    """Paints a stage once into a pixmap: it changes with a new step or a new stage only.

    That is done in a turn of its own, after the one in which all around it is painted.
    """

    unit_chosen = pyqtSignal(int, int)

    def __init__(self) -> None:
        super().__init__("stagePicture", "The stage", _EXPLAINED)
        self._picture: QPixmap | None = None
        self._turn = QTimer(self)
        self.shown: Shown | None = None
        self.stage = 1
        self.weight: Weight | None = None
        self.state = ""
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._paint_now)

    def sizeHint(self) -> QSize:
        return QSize(640, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(420), theme.scaled(250))

    def show_stage(self, shown: Shown | None, stage: int, weight: Weight | None) -> None:
        if shown is not self.shown or stage != self.stage or weight != self.weight:
            self.shown, self.stage, self.weight = shown, stage, weight
            self.lay_out_anew()

    def show_state(self, words: str) -> None:
        """Say in the middle what is waited for; the old picture stays, dimmed."""
        if words != self.state:
            self.state = words
            self.update()

    def lay_out_anew(self) -> None:
        self._picture = self._places = None
        self._turn.start()

    def _paint_now(self) -> None:
        if self._picture is None and self.isVisible():
            self._picture = self._paint()
        self.update()

    def describe(self, words: str) -> None:
        self.setAccessibleDescription(f"{words} {_EXPLAINED}")

    def layers(self) -> tuple[Layer, ...]:
        return () if self.shown is None else self.shown.layers

    def _lay_out(
        self,
        layers: tuple[Layer, ...],
        rows: Sequence[np.ndarray | None],
        heights: Sequence[np.ndarray | None],
    ) -> Places:
        scale, height = theme.text_scale(), float(self.height())
        if self.stage == 3:
            height -= (STRIP + 4) * scale - 26 * scale
        return lay_out(
            layers, float(self.width()), height, rows, heights, scale,
            pictures=1, answers=ROOM[self.stage - 1] * scale, depth=2,
        )  # fmt: skip

    def mousePressEvent(self, event: QMouseEvent) -> None:
        unit = self.unit_at(event.localPos())
        if event.button() == Qt.LeftButton and unit is not None and self.stage > 1:
            self.unit_chosen.emit(*unit)

    def event(self, event: QEvent) -> bool:
        if claims_key(event, lambda key: key.key() in (Qt.Key_Up, Qt.Key_Down)):
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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._picture is None:
            self._picture = self._paint()
        if self._picture is not None:
            painter.setOpacity(0.35 if self.state else 1.0)
            painter.drawPixmap(0, 0, self._picture)
            painter.setOpacity(1.0)
        if self.state:
            write_with(painter, Text.SENTENCE, "text")
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
            self.shown.layers, places, self.banded, self.name, ratio, self.shown, self.stage,
            self.weight, float(self.width()), float(self.height()),
        )  # fmt: skip
        paint_stage(painter, scene)
        painter.end()
        return picture
