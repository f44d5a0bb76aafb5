"""Ten bars: how probable the network finds each digit."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QAbstractAnimation, QRectF, QSize, Qt, QVariantAnimation
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.app import theme
from mnist_draw.app.tabular import draw_tabular
from mnist_draw.app.theme import GLIDE_MS, Size, Text

#: A bar's value counts thousandths.
FULL = 1000
_ROW = 22
_NAME_WIDTH = 24
_FIGURE_WIDTH = 68


class ProbabilityBar(QProgressBar):
    """One digit, its bar and its probability in percent.

    ``value()`` is the probability in thousandths, so that other programs and screen readers
    can read it; what is painted glides towards it.
    """

    def __init__(self, digit: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"probabilityBar{digit}")
        self.setAccessibleName(f"Probability of {digit}")
        self.setToolTip(f"How probable the network finds a {digit}, in percent.")
        self.setRange(0, FULL)
        self.setTextVisible(False)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.digit = digit
        self.known = False
        self.winner = False
        self.shown = 0.0

    def sizeHint(self) -> QSize:
        return QSize(200, round(_ROW * theme.text_scale()))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, round(18 * theme.text_scale()))

    def text(self) -> str:
        return f"{self.value() / 10:.1f} %" if self.known else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        name_width, figure_width = _NAME_WIDTH * scale, _FIGURE_WIDTH * scale
        area = QRectF(self.rect())
        painter.setFont(theme.font(Text.BODY, bold=True))
        painter.setPen(theme.colour("text" if self.winner else "muted"))
        painter.drawText(area, int(Qt.AlignLeft | Qt.AlignVCenter), str(self.digit))
        track = QRectF(
            name_width,
            area.center().y() - Size.BAR / 2,
            area.width() - name_width - figure_width,
            Size.BAR,
        )
        radius = Size.BAR / 2
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("track"))
        painter.drawRoundedRect(track, radius, radius)
        if self.shown > 0:
            painter.setBrush(theme.colour("accent" if self.winner else "muted"))
            painter.save()
            painter.setClipRect(
                QRectF(track.left(), track.top(), max(3.0, track.width() * self.shown), Size.BAR)
            )
            painter.drawRoundedRect(track, radius, radius)
            painter.restore()
        if self.known:
            painter.setFont(theme.font(Text.BODY))
            painter.setPen(theme.colour("text" if self.winner else "muted"))
            figure = QRectF(area.right() - figure_width, area.top(), figure_width, area.height())
            draw_tabular(painter, figure, self.text(), Qt.AlignRight)


class ProbabilityBars(QWidget):
    """The ten bars of one answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.bars = [ProbabilityBar(digit) for digit in range(10)]
        for bar in self.bars:
            layout.addWidget(bar)
        self._from = [0.0] * 10
        self._to = [0.0] * 10
        self._glide = QVariantAnimation(self)
        self._glide.setDuration(GLIDE_MS)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.valueChanged.connect(self._step)

    def show_nothing(self) -> None:
        """Show that there is no answer."""
        self._show([0.0] * 10, None, known=False)

    def show_probabilities(self, probabilities: Sequence[float], winner: int | None) -> None:
        """Show ten probabilities (0 to 1); the winner is accented, None mutes all."""
        self._show([float(p) for p in probabilities], winner, known=True)

    def _show(self, values: list[float], winner: int | None, known: bool) -> None:
        self._from = [bar.shown for bar in self.bars]
        self._to = values
        # QProgressBar repaints itself at each new value: ten paintings where one does.
        self.setUpdatesEnabled(False)
        for bar, value in zip(self.bars, values, strict=True):
            bar.known = known
            bar.winner = bar.digit == winner
            bar.setValue(round(value * FULL))
        self.setUpdatesEnabled(True)
        self._glide.stop()
        if theme.theme().motion and self.isVisible():
            self._glide.start()
        else:
            self._step(1.0)

    def _step(self, part: float) -> None:
        if self._glide.state() == QAbstractAnimation.Stopped:
            part = 1.0
        for bar, start, end in zip(self.bars, self._from, self._to, strict=True):
            bar.shown = start + (end - start) * part
        self.update()
