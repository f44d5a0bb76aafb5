"""What the network sees: 28×28 pixels, and which ink spoke for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QHelpEvent,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QShowEvent,
)
from qtpy.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, keep_room, row
from mnist_draw.app.kit.painters import (
    ArrayAnimation,
    blank_pixmap,
    image_of,
    opaque_painter,
    paint_corners,
    paint_gray,
    paint_sharp,
    rgb,
)
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import DARK, Size
from mnist_draw.app.kit.widgets import Card, Switch, explain, label, tip
from mnist_draw.i18n import _, joined, number, pgettext

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import Explanation

INK_KEY = "I"
#: Pixels of MNIST's pictures, both ways.
SIDE = 28
#: Screen pixels for each of the network's, from the largest picture to the smallest.
CELLS = (8, 6, 5, 4)
_HOW_IT_SEES = _(
    "The 28×28 pixels that the network gets to see. The ink is cut out, scaled so that its "
    "longer side takes 20 pixels, and placed with its center of mass in the middle, as the "
    "pictures of MNIST are.",
)
#: Opacity of ink without evidence.
_FAINT = 0.45
#: The strongest evidence shows the full color, a tenth of it this root of a tenth.
_ROOT = 0.6
#: Evidence below this part of the strongest gets no mark.
_MIN_EVIDENCE = 0.04
#: The picture is black in both themes, and so are the colors on it.
_PAPER = QColor(Qt.black)
_INK = QColor(Qt.white)


class InkView(QWidget):
    """The network's input; or its ink in gray under evidence: for fills a pixel, against less."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("networkInputView")
        # It paints all of itself: the card below need not.
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        explain(self, _("Network input"), _HOW_IT_SEES)
        self.picture: np.ndarray | None = None
        self.explanation: Explanation | None = None
        #: Evidence from -1 to 1, and ink from 0 to 1: shape (2, 28, 28).
        self._animation = ArrayAnimation(self)
        self.set_cell(CELLS[0])

    def set_cell(self, cell: int) -> None:
        self.setFixedSize(cell * SIDE, cell * SIDE)

    def show_picture(self, picture: np.ndarray | None) -> None:
        before, self.picture = self.picture, picture
        # Ink under evidence is that of the explanation.
        is_seen = self._animation.shown is None or before is None or picture is None
        if picture is not before and is_seen:
            self._animation.update()

    def show_explanation(self, explanation: Explanation | None) -> None:
        if explanation is self.explanation:
            return
        self.explanation = explanation
        if explanation is None:
            self._animation.animate_to(None)
            self.setAccessibleDescription(_HOW_IT_SEES)
            return
        import numpy as np

        evidence = explanation.saliency / max(float(np.abs(explanation.saliency).max()), 1e-9)
        self._animation.animate_to(np.stack([evidence, np.clip(explanation.network_input, 0, 1)]))
        self.setAccessibleDescription(joined(describe(explanation), _HOW_IT_SEES))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent):
            text = self.describe_pixel(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(text), self)
            return True
        return super().event(event)

    def describe_pixel(self, point: QPointF) -> str:
        if self.explanation is None:
            return _HOW_IT_SEES
        column = int(point.x() * SIDE / self.width())
        row = int(point.y() * SIDE / self.height())
        is_inside = 0 <= row < SIDE and 0 <= column < SIDE
        value = float(self.explanation.saliency[row, column]) if is_inside else 0.0
        if not value:
            return describe(self.explanation)
        fields = {"name": self.explanation.name, "figure": number(abs(value), ".2g")}
        if value > 0:
            return _("This pixel speaks for {name}: {figure} in log odds", **fields)
        return _("This pixel speaks against {name}: {figure} in log odds", **fields)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = opaque_painter(self, "card", smooth=False)
        area = QRectF(self.rect())
        if self.picture is None:
            self._paint_grid(painter)
        elif self._animation.shown is None:
            paint_gray(painter, area, self.picture)
        else:
            evidence, ink = self._animation.shown
            paint_sharp(painter, area, _picture(evidence, ink))
            self._paint_against(painter, evidence)
        paint_corners(painter, area, "card", Size.FIELD_RADIUS)
        if theme.theme().colors.dark:
            # Black is close to the card's color there.
            painter.setRenderHint(QPainter.Antialiasing)
            painter.setPen(theme.color("line"))
            edge = area.adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(edge, Size.FIELD_RADIUS, Size.FIELD_RADIUS)

    def _paint_grid(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), theme.color("window"))
        painter.setPen(theme.color("line"))
        cell = self.width() // SIDE
        for place in range(0, self.width(), cell):
            painter.drawLine(place, 0, place, self.height())
            painter.drawLine(0, place, self.width(), place)

    def _paint_against(self, painter: QPainter, evidence: np.ndarray) -> None:
        cell = self.width() // SIDE
        margin = max(1, round(cell / 4))
        side = cell - 2 * margin
        color = QColor(DARK.second)
        rows, columns = (evidence < -_MIN_EVIDENCE).nonzero()
        values = evidence[rows, columns].tolist()
        for y, x, value in zip(rows.tolist(), columns.tolist(), values, strict=True):
            color.setAlphaF((-value) ** _ROOT)
            painter.fillRect(x * cell + margin, y * cell + margin, side, side, color)


def _picture(evidence: np.ndarray, ink: np.ndarray) -> QImage:
    """Return the faint ink with the evidence for the digit, a pixel each."""
    import numpy as np

    paper = rgb(_PAPER)
    full = rgb(_INK)
    accent = rgb(QColor(DARK.accent))
    strength = (_FAINT * ink)[..., None]
    pixels = paper * (1 - strength) + full * strength
    strength = (np.where(evidence > _MIN_EVIDENCE, evidence, 0) ** _ROOT)[..., None]
    pixels = pixels * (1 - strength) + accent * strength
    return image_of(pixels.astype(np.uint8))


#: The longest name of a class in the legend, in characters.
_MAX_NAME = 12
#: Side of a cell in the legend.
_SWATCH = 10


class InkLegend(QWidget):
    """The legend of the two colors: a cell of the picture each, and whom it speaks for."""

    def __init__(self) -> None:
        super().__init__()
        self._labels = ElidedLabel(look="muted"), ElidedLabel(look="muted")
        for shown in self._labels:
            # They change with the answers: no card is painted below them.
            shown.setBackgroundRole(QPalette.Base)
            shown.setAutoFillBackground(True)
        swatches = _swatch(DARK.accent, 1.0), _swatch(DARK.second, 3.0)
        lines = (row(one, (shown, 1)) for one, shown in zip(swatches, self._labels, strict=True))
        column(*lines, gap=Size.CAPTION_GAP, owner=self)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.show_explanation(None)

    def show_explanation(self, explanation: Explanation | None) -> None:
        if explanation is None:
            texts: tuple[str, ...] = pgettext("ink", "for"), pgettext("ink", "against")
        else:
            # Translators: ink that speaks for a digit or another class.
            texts = tuple(
                _("for {name}", name=name) if len(name) <= _MAX_NAME else _("for it")
                for name in (explanation.name, explanation.rival_name)
            )
        if texts != self.parts():
            self.setToolTip("" if explanation is None else tip(describe(explanation)))
            for shown, text in zip(self._labels, texts, strict=True):
                shown.setText(text)

    def parts(self) -> tuple[str, ...]:
        return tuple(shown.text() for shown in self._labels)


def _swatch(color: str, inset: float) -> QLabel:
    """Return a cell of the picture, with evidence in a color."""
    pixmap = blank_pixmap(_SWATCH, _SWATCH, 2)
    pixmap.fill(_PAPER)
    painter = QPainter(pixmap)
    evidence = QRectF(0, 0, _SWATCH, _SWATCH).adjusted(inset, inset, -inset, -inset)
    painter.fillRect(evidence, QColor(color))
    painter.end()
    result = QLabel()
    result.setPixmap(pixmap)
    return result


def describe(explanation: Explanation) -> str:
    pro = float(explanation.saliency.clip(0).sum())
    contra = float(-explanation.saliency.clip(max=0).sum())
    names = {"name": explanation.name, "rival": explanation.rival_name}
    if not pro and not contra:
        return _("No ink speaks for or against {name}.", name=explanation.name)
    if not contra:
        return _("All ink speaks for {name}.", name=explanation.name)
    if not pro:
        return _("All ink speaks against {name}, most of all for {rival}.", **names)
    ratio = number(max(pro, contra) / min(pro, contra), ".1f")
    if pro >= contra:
        return _(
            "Ink for {name} outweighs ink against it {ratio} to 1; the strongest rival is {rival}.",
            ratio=ratio,
            **names,
        )
    return _(
        "Ink against {name} outweighs ink for it {ratio} to 1; the strongest rival is {rival}.",
        ratio=ratio,
        **names,
    )


class InkCard(Card):
    """The network's input, with a switch for the evidence in it."""

    #: Whether the evidence can be seen now.
    watched = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.view = InkView()
        self._explanation: Explanation | None = None
        self.sentence = label(_("Your drawing, cut out and shrunk to 28×28 pixels."), "status")
        self.sentence.setWordWrap(True)
        self.switch = Switch(_("Ink that counts"))
        self.switch.setObjectName("inkSwitch")
        words = _(
            "Color the ink that speaks for the answer, and the ink that speaks for the "
            "second guess.",
        )
        explain(self.switch, self.switch.text(), words, INK_KEY)
        self.switch.toggled.connect(self._switch)
        self.legend = InkLegend()
        # Their places are kept: the switch stays under the pointer.
        for part in (self.switch, self.legend):
            keep_room(part)
            part.hide()
        self._side = QWidget()
        self._side.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Ignored)
        parts = label(_("What it sees"), "title"), self.sentence, 1, self.switch, self.legend
        column(*parts, gap=Size.FIELD_GAP, owner=self._side)
        pad = Size.CARD_PADDING
        self.body.setContentsMargins(pad, pad - 1, pad, pad - 1)
        line = row(self.view, (self._side, 1), gap=Size.CARD_PADDING + 2)
        line.setAlignment(self.view, Qt.AlignTop)
        self.body.addLayout(line)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)

    def height_with(self, cell: int) -> int:
        return cell * SIDE + 2 * Size.CARD_PADDING

    def set_room(self, width: int, height: int) -> None:
        """Take the largest picture that leaves room for the switch beside it."""
        beside = self.switch.sizeHint().width() + 3 * Size.CARD_PADDING + 2
        wide = [cell for cell in CELLS if cell * SIDE + beside <= width]
        cell = next((cell for cell in wide if self.height_with(cell) <= height), CELLS[-1])
        self.view.set_cell(cell)
        # In large text, what is beside the smallest picture is higher.
        least = max(self.height_with(cell), self._high_beside() + 2 * Size.CARD_PADDING)
        spare = height - least
        # What is too little for the next larger picture: the panel ends where the board does.
        self.setFixedHeight(least + (spare if 0 < spare <= 2 * SIDE else 0))
        self._fit(width)

    def _high_beside(self) -> int:
        """Return the height of title, switch and legend."""
        parts = self.switch.sizeHint().height() + self.legend.sizeHint().height()
        return parts + self.fontMetrics().height() + 3 * Size.FIELD_GAP

    def _fit(self, width: int) -> None:
        """Leave out the sentence where there is no room beside the picture."""
        wide = width - self.view.width() - 3 * Size.CARD_PADDING - 2
        needed = self.sentence.heightForWidth(max(wide, 1)) + Size.FIELD_GAP
        self.sentence.setVisible(needed + self._high_beside() <= self.view.height())

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Show the network's input; None clears the explanation, too."""
        self.view.show_picture(picture)
        # Before the first stroke there is no ink to color.
        self.switch.setVisible(picture is not None)
        self.legend.setVisible(picture is not None and self.switch.isChecked())
        if picture is None:
            self.show_explanation(None)

    def show_explanation(self, explanation: Explanation | None) -> None:
        self._explanation = explanation
        shown = explanation if self.switch.isChecked() else None
        self.view.show_explanation(shown)
        self.legend.show_explanation(shown)

    def _switch(self, on: bool) -> None:
        self.legend.setVisible(on and self.view.picture is not None)
        self.show_explanation(self._explanation)
        self.watched.emit(on and self.isVisible())

    def showEvent(self, event: QShowEvent) -> None:
        self.watched.emit(self.switch.isChecked())

    def hideEvent(self, event: QHideEvent) -> None:
        self.watched.emit(False)
