"""The four cards of a new run: a preset's drawing, what it reaches and how long it takes."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import (
    ink_image,
    paint_box,
    paint_chosen,
    paint_frame,
    smooth_painter,
    svg_pixmap,
)
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain, set_look
from mnist_draw.dataset.augmentation.augmenter import preview
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.i18n import _, joined
from mnist_draw.storage.folders import resource_path
from mnist_draw.training.expectation import EXPECTED, Expectation
from mnist_draw.training.presets import PRESETS, Preset

#: A test digit, an 8, and how the augmentation of the last card varies it.
_DIGIT = 3206
_SEED = 11
#: Room that cards with drawings need, and below which they are in two rows.
_WIDE = 1200
_ROOMY = 600
_NARROW = 700
_ONE_COLUMN = 320
_PAD = 16
#: Room of the tick next to the title.
_TICK = 24
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


#: Where a drawing shows digits, at the usual text size: left, top and side of each.
_ONE_DIGIT = ((0, 0, 76),)
_DIGITS = {"handwriting": tuple((62 * number, 10, 56) for number in range(3))}
#: Size of the pictures `preset_*.svg`, which hold the rest, and where a drawing begins in them.
_PICTURE = QSize(310, 104)
_CORNER = QPointF(16, 16)


class Drawing(QWidget):
    """The drawing of a card, with digits once they are read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._picture = resource_path("look", f"preset_{name}.svg")
        self._places = _DIGITS.get(name, _ONE_DIGIT)
        self.digits: list[np.ndarray] = []
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        self.setFixedHeight(theme.scaled(_PICTURE.height() - round(_CORNER.y())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.setOpacity(1 if self.isEnabled() else _FADED)
        card = self.parentWidget()
        chosen = isinstance(card, PresetCard) and card.isChecked()
        drawn = _PICTURE.width() - 2 * _CORNER.x()
        scale = min(theme.text_scale(), self.width() / drawn)
        colors = {"shade": theme.color("accent" if chosen else "muted").name()}
        drawing = theme.filled(self._picture, colors)
        pixmap = svg_pixmap(drawing, _PICTURE * scale, self.devicePixelRatioF())
        painter.drawPixmap(-_CORNER * scale, pixmap)
        for place, digit in zip_longest(self._places, self.digits[: len(self._places)]):
            left, top, side = (part * scale for part in place)
            sheet = QRectF(left, top, side, side)
            paint_box(painter, sheet, "paper", radius=Size.FIELD_RADIUS)
            if digit is not None:
                pad = 0.08 * side
                painter.drawImage(sheet.adjusted(pad, pad, -pad, -pad), ink_image(digit))


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
        self.changes = ""
        self.expectation = NOT_YET_KNOWN
        self.is_low = False
        self.drawing = Drawing(name)
        self._title = ElidedLabel(preset.title, "surer")
        self._line = FittedLabel(two_lines=True)
        # A figure is made smaller, never cut.
        self._accuracy = FittedLabel(Text.BODY, look="figure")
        self._accuracy.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self._source = FittedLabel(Text.AXIS, look="muted")
        self._time = ElidedLabel()
        self._note = FittedLabel(Text.AXIS, look="muted")
        column(
            self.drawing,
            row((self._title, 1), margins=(0, 0, _TICK, 0)),
            self._line,
            row((self._accuracy, 1), (self._time, 1)),
            row((self._source, 1), (self._note, 1)),
            gap=Size.TIGHT,
            margins=(_PAD, _PAD, _PAD, _PAD),
            owner=self,
        )
        for part in self.findChildren(QWidget):
            part.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.show_expectation("", NOT_YET_KNOWN)
        self.show_low(False)

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
        self._accuracy.setText(expectation.accuracy)
        self._source.setText(expectation.source)
        self._time.setText(expectation.time)
        self._show_line()

    def _show_line(self) -> None:
        set_look(self._line, "accent" if self.changes else "status")
        self._line.setText(self.changes or ("" if self.is_low else self.preset.line))

    def show_low(self, low: bool) -> None:
        """Leave the drawing out where there is little room."""
        self.is_low = low
        side = Qt.AlignRight if low else Qt.AlignLeft
        self.drawing.setHidden(low)
        set_look(self._time, "surer" if low else "figure")
        self._note.setText(_("time here") if low else _("on this computer"))
        for part in (self._time, self._note):
            part.setAlignment(side | Qt.AlignVCenter)
        self._show_line()
        self._line.ensurePolished()
        line = self._line.fontMetrics().lineSpacing()
        self._line.setFixedHeight((1 if low else 2) * line + 2)

    def sizeHint(self) -> QSize:
        return QSize(Size.CARD_GAP, self.layout().sizeHint().height())

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setOpacity(1 if self.isEnabled() else _FADED)
        chosen = self.isChecked()
        edge = 2 if chosen else 1
        box = QRectF(self.rect()).adjusted(edge / 2, edge / 2, -edge / 2, -edge / 2)
        painter.setPen(QPen(theme.color("accent" if chosen else "line"), edge))
        painter.setBrush(theme.color("hover" if self.underMouse() and not chosen else "card"))
        painter.drawRoundedRect(box, Size.CARD_RADIUS, Size.CARD_RADIUS)
        if self.hasFocus():
            paint_frame(painter, box.adjusted(4, 4, -4, -4), "second", 2, 7)
        if chosen:
            radius = theme.scaled(Size.CHOSEN_MARK)
            middle = QPointF(self.width() - _PAD - radius, self._title.geometry().center().y())
            paint_chosen(painter, middle, radius)


class PresetCards(QWidget):
    """All presets, of which one is chosen; one stop of the keyboard, arrows walk."""

    chosen = Signal(Preset)

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
            card.show_low(self.low)

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
                card.show_low(self.low)
            if columns != self._columns:
                self._grid.addWidget(card, *divmod(number, columns))
        self._columns = columns
        for place in range(len(self.cards)):
            self._grid.setColumnStretch(place, int(place < columns))

    def load_digits(self) -> None:
        """Read the digits of the drawings in a thread; once."""
        if self._asked:
            return
        self._asked = True

        def show(digits: list[np.ndarray]) -> None:
            for card in self.cards.values():
                card.drawing.digits = digits
                card.drawing.update()

        self._background.run(make_digits, show, lambda __: None)
