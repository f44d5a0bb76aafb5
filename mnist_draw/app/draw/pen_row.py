"""The row under the board: the pen's width, the network that answers, the crop box."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.network_menu import NetworkMenu
from mnist_draw.app.draw.pen_strokes import PEN_WIDTH, PEN_WIDTH_RANGE
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.flow_layout import FlowLayout
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Switch, explain, label

#: Board units that one press of [ or ] makes the pen thinner or wider.
WIDTH_STEP = 4
_SLIDER_WIDTH = 180
_NETWORK_WIDTH = 280
_PREVIEW = 32
#: Width goes to the slider first; what it cannot take stays empty beside it.
_SHARE = 1000


class PenRow(QWidget):
    """Sets the pen's width and shows it."""

    def __init__(
        self, canvas: Canvas, network: ActiveNetwork, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        row = FlowLayout()
        self.setLayout(row)
        row.addWidget(self._build_pen())
        self.models = NetworkMenu(network)
        self.models.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.models.setMaximumWidth(round(_NETWORK_WIDTH * theme.text_scale()))
        row.addWidget(self.models)
        row.addWidget(self._build_crop())
        self.slider.valueChanged.connect(canvas.set_pen_width)
        canvas.width_changed.connect(self._show_width)

    def _build_pen(self) -> QWidget:
        group, row = _group("Pen")
        self.slider = QSlider(Qt.Horizontal)
        self.slider.setObjectName("widthSlider")
        self.slider.setRange(*PEN_WIDTH_RANGE)
        self.slider.setPageStep(WIDTH_STEP)
        self.slider.setValue(round(PEN_WIDTH))
        self.slider.setMaximumWidth(_SLIDER_WIDTH)
        explain(
            self.slider,
            "Pen width",
            "Width of the pen in board units; the board is 600 units high.",
            "[ and ]",
        )
        # The handle is higher than the groove and would be cut off.
        self.slider.setMinimumSize(_SLIDER_WIDTH // 2, Size.ICON)
        row.addWidget(self.slider, _SHARE)
        self.preview = WidthPreview(self._canvas)
        row.addWidget(self.preview)
        self._figure = TabularLabel(f"{PEN_WIDTH:.0f}")
        self._figure.setToolTip("The pen's width; the board is 600 of these units high.")
        row.addWidget(self._figure)
        row.addStretch(1)
        group.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        return group

    def _build_crop(self) -> QWidget:
        group, row = _group("Crop box")
        self.crop_switch = Switch()
        self.crop_switch.setObjectName("cropSwitch")
        row.addWidget(self.crop_switch)
        return group

    def widen(self, step: float) -> None:
        """Make the pen wider by so many board units, or thinner."""
        self._canvas.set_pen_width(self._canvas.pen_width + step)

    def _show_width(self, width: int) -> None:
        self.slider.setValue(width)
        self._figure.setText(f"{width}")
        self.preview.update()


def _group(caption: str) -> tuple[QWidget, QHBoxLayout]:
    """Return a part of the row that stays together, and the layout that takes its control."""
    group = QWidget()
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(Size.FIELD_GAP)
    row.addWidget(label(caption, "muted"))
    return group, row


class WidthPreview(QWidget):
    """A dot that grows with the pen; the widest pen fills it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self._canvas = canvas
        self.setFixedSize(self.sizeHint())
        self.setToolTip("How wide the pen is; the widest fills the dot's place.")

    def sizeHint(self) -> QSize:
        return QSize(_PREVIEW, _PREVIEW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("text"))
        diameter = _PREVIEW * self._canvas.pen_width / PEN_WIDTH_RANGE[1]
        centre = QPointF(self.width() / 2, self.height() / 2)
        painter.drawEllipse(centre, diameter / 2, diameter / 2)
