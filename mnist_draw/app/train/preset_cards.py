"""The four cards of a new run: a preset's drawing, what it reaches and how long it takes."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    ink_image,
    paint_box,
    paint_frame,
    paint_tick,
    smooth_painter,
    svg_pixmap,
    write_with,
)
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain
from mnist_draw.dataset.augmentation.augmenter import preview
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.i18n import _, joined
from mnist_draw.storage.folders import resource_path
from mnist_draw.training.expectation import EXPECTED, Expectation
from mnist_draw.training.presets import PRESETS, Preset

#: A test digit, an 8, and how the augmentation of the last card varies it.
_DIGIT = 3206
_SEED = 11
#: Heights of a card with and without its drawing.
_HIGH = 224
_LOW = 120
#: Room that cards with drawings need, and below which they are in two rows.
_WIDE = 1200
_ROOMY = 600
_NARROW = 700
_ONE_COLUMN = 320
_PAD = 16
#: Where the title of a card with a drawing is.
_TITLE = 116
#: What a lesson does not offer.
_FADED = 0.45
#: What a card shows until its figures are computed.
NOT_YET_KNOWN = Expectation("–", EXPECTED, "–")


def make_digits() -> list[np.ndarray]:
    """Return a digit as it is and twice varied, float32 (28, 28); not for the GUI thread."""
    data = load_dataset()
    images, labels = (part[_DIGIT : _DIGIT + 1] for part in (data.test_images, data.test_labels))
    varied = preview("handwriting", images.repeat(2, 0), labels.repeat(2), _SEED, 2)
    return [picture / np.float32(255) for picture in (images[0, 0], *varied[:, 0])]


#: Where a card shows digits, at the usual text size: left, top and side of each.
_ONE_DIGIT = ((_PAD, 16, 76),)
_DIGITS = {"handwriting": tuple((_PAD + 62 * number, 26, 56) for number in range(3))}
#: Size of the pictures `preset_*.svg`, which hold the rest.
_PICTURE = QSize(310, 104)


class PresetCard(QAbstractButton):
    """One preset: chosen, it has an edge and a tick."""

    def __init__(self, name: str, preset: Preset) -> None:
        super().__init__()
        self.preset = preset
        self.setObjectName(f"{preset.widget}Button")
        self.setText(preset.title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setAttribute(Qt.WA_Hover)
        self._picture = resource_path("look", f"preset_{name}.svg")
        self._places = _DIGITS.get(name, _ONE_DIGIT)
        self.digits: list[np.ndarray] = []
        self.changes = ""
        self.expectation = NOT_YET_KNOWN
        self.is_low = False
        self.show_expectation("", NOT_YET_KNOWN)

    def show_expectation(self, changes: str, expectation: Expectation) -> None:
        self.changes = changes
        self.expectation = expectation
        # Translators: the first is "expected", "last time" or "not tried yet".
        words = _(
            "{source}: {accuracy}; on this computer: {time}.",
            source=expectation.source,
            accuracy=expectation.accuracy,
            time=expectation.time,
        )
        explain(self, self.text(), joined(changes or self.preset.line, words))
        self.setToolTip(f"{self.preset.line}\n{changes}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(Size.CARD_GAP, theme.scaled(_LOW if self.is_low else _HIGH))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.setOpacity(1 if self.isEnabled() else _FADED)
        chosen = self.isChecked()
        edge = 2 if self.isChecked() else 1
        box = QRectF(self.rect()).adjusted(edge / 2, edge / 2, -edge / 2, -edge / 2)
        painter.setPen(QPen(theme.colour("accent" if chosen else "line"), edge))
        painter.setBrush(theme.colour("hover" if self.underMouse() and not chosen else "card"))
        painter.drawRoundedRect(box, Size.CARD_RADIUS, Size.CARD_RADIUS)
        if self.hasFocus():
            paint_frame(painter, box.adjusted(4, 4, -4, -4), "second", 2, 7)
        if not self.is_low:
            self._paint_drawing(painter, "accent" if chosen else "muted")
        if chosen:
            self._paint_tick(painter)
        self._paint_words(painter)

    def _paint_drawing(self, painter: QPainter, shade: str) -> None:
        scale = theme.text_scale()
        colours = {"shade": theme.colour(shade).name()}
        drawing = svg_pixmap(
            theme.filled(self._picture, colours),
            _PICTURE * scale,
            self.devicePixelRatioF(),
        )
        painter.drawPixmap(0, 0, drawing)
        for place, digit in zip_longest(self._places, self.digits[: len(self._places)]):
            left, top, side = (part * scale for part in place)
            sheet = QRectF(left, top, side, side)
            paint_box(painter, sheet, "paper", radius=Size.FIELD_RADIUS)
            if digit is not None:
                pad = 0.08 * side
                painter.drawImage(sheet.adjusted(pad, pad, -pad, -pad), ink_image(digit))

    def _paint_tick(self, painter: QPainter) -> None:
        radius = theme.scaled(10)
        # Beside the title: it covers no drawing.
        top = _PAD - 2 + radius if self.is_low else theme.scaled(_TITLE)
        middle = QPointF(self.width() - _PAD + 2 - radius, top)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(QPen(theme.colour("on_accent"), 1.6, Qt.SolidLine, Qt.RoundCap))
        paint_tick(painter, middle + QPointF(-0.4, 0.04) * radius, 0.82 * radius)

    def _paint_words(self, painter: QPainter) -> None:
        low = self.is_low
        one = self.expectation
        whole = self.width() - 2.0 * _PAD
        title, below, figure, caption = (22, 46, 76, 100) if low else (_TITLE, 139, 176, 201)
        tick = theme.scaled(32) if self.isChecked() else 0
        place = (_PAD, whole)
        left = (_PAD, whole * (0.6 if low else 0.48))
        right = (_PAD + whole * 0.4, whole * 0.6) if low else (self.width() / 2, whole / 2)
        note = _("time here") if low else _("on this computer")
        lines: list[tuple[tuple[float, float], int, str, int, bool, str]] = [
            ((_PAD, whole - tick), title, self.text(), Text.SURER, True, "text"),
            (left, figure, one.accuracy, Text.FIGURE, True, "text"),
            (left, caption, one.source, Text.LABEL, False, "muted"),
            (right, figure, one.time, Text.SURER if low else Text.FIGURE, True, "text"),
            (right, caption, note, Text.LABEL, False, "muted"),
        ]
        if self.changes:
            lines.append((place, below, self.changes, Text.LABEL, True, "accent"))
        elif not low:
            lines.append((place, below, self.preset.line, Text.BODY, False, "muted"))
        for (x, width), y, words, size, bold, colour in lines:
            write_with(painter, size, colour, bold)
            metrics = QFontMetricsF(painter.font())
            high = metrics.height()
            side = Qt.AlignRight if low and x > _PAD else Qt.AlignLeft
            two = y == below and not low and metrics.horizontalAdvance(words) > width
            high *= 2 if two else 1
            box = QRectF(x, (y + two) * theme.text_scale() - high / 2, width, high)
            wrap = Qt.TextWordWrap if two else 0
            elided = words if two else metrics.elidedText(words, Qt.ElideRight, width)
            painter.drawText(box, int(side | Qt.AlignVCenter) | int(wrap), elided)


class PresetCards(QWidget):
    """All presets, of which one is chosen; one stop of the keyboard, arrows walk."""

    chosen = pyqtSignal(Preset)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("presetCards")
        self.setAccessibleName(_("What to train"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(Size.CARD_GAP)
        self._group = QButtonGroup(self)
        self.cards = {name: PresetCard(name, preset) for name, preset in PRESETS.items()}
        for card in self.cards.values():
            self._group.addButton(card)
        self._group.buttonClicked.connect(lambda card: self.chosen.emit(card.preset))
        self._columns = 0
        #: Whether the drawings are left out.
        self.low = False
        self.in_one_column = False
        self._background = Background(self)
        self._asked = False
        self.fit(QSize(_WIDE, _ROOMY))
        theme.follow(self, self._renew)

    def _renew(self) -> None:
        for card in self.cards.values():
            card.updateGeometry()
            card.update()

    def choose(self, preset: Preset) -> None:
        for card in self.cards.values():
            chosen = card.preset is preset
            # The keyboard enters at the chosen one.
            card.setFocusPolicy(Qt.StrongFocus if chosen else Qt.ClickFocus)
            if chosen:
                card.setChecked(True)

    def fit(self, room: QSize) -> None:
        scale = theme.text_scale()
        self.low = room.width() < _WIDE * scale or room.height() < _ROOMY * scale
        columns = 2 if room.width() < _NARROW * scale else len(self.cards)
        if room.width() < _ONE_COLUMN * scale:
            columns = 1
        self.in_one_column = columns == 1
        for number, card in enumerate(self.cards.values()):
            if card.is_low != self.low:
                card.is_low = self.low
                card.updateGeometry()
            if columns != self._columns:
                self._grid.addWidget(card, *divmod(number, columns))
        self._columns = columns
        for column in range(len(self.cards)):
            self._grid.setColumnStretch(column, int(column < columns))

    def load_digits(self) -> None:
        """Read the digits of the drawings in a thread; once."""
        if self._asked:
            return
        self._asked = True

        def show(digits: list[np.ndarray]) -> None:
            for card in self.cards.values():
                card.digits = digits
                card.update()

        self._background.run(make_digits, show, lambda __: None)
