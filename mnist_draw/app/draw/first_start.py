"""The card on the board at the first start: what to draw, and where it leads."""

from __future__ import annotations

from qtpy.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, QVariantAnimation
from qtpy.QtGui import QIcon, QPainterPath, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.app.draw.board_items import Stroke
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import ElidedButton, explain, label, rule
from mnist_draw.i18n import _, pgettext

_SENTENCE = _("Begin anywhere. The answer follows every stroke.")
#: The card's greatest width.
_WIDE = 560
_ICON_CIRCLE = 40
#: A 3 in a box of 100×190, and how wide it is written.
_THREE = [
    (8, 32),
    (30, 4),
    (62, 0),
    (92, 14),
    (98, 44),
    (80, 70),
    (50, 88),
    (34, 90),
    (62, 92),
    (94, 108),
    (104, 136),
    (92, 170),
    (58, 190),
    (28, 180),
    (6, 164),
]
_BOX = (110, 190)
_INK = 15
#: Height of the digit above the card.
_DIGIT = 212
#: It is written twice, so many milliseconds each time.
_WRITING_MS = 2400
_TIMES = 2
_PENCIL = 28


class WrittenDigit(QWidget):
    """A 3 that is written before one's eyes."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_DIGIT + _PENCIL)
        self._path = _written()
        self._part = 1.0
        self._writing = QVariantAnimation(self)
        self._writing.setDuration(_WRITING_MS)
        self._writing.setLoopCount(_TIMES)
        self._writing.setStartValue(0.0)
        self._writing.setEndValue(1.0)
        self._writing.valueChanged.connect(self._write)

    def begin(self) -> None:
        if theme.theme().motion:
            self._writing.start()

    def end(self) -> None:
        self._writing.stop()

    def _write(self, part: float) -> None:
        self._part = part
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        # Half of the ink is outside the box.
        scale = _DIGIT / (_BOX[1] + _INK)
        painter.translate((self.width() - scale * _BOX[0]) / 2, _PENCIL)
        painter.scale(scale, scale)
        pen = QPen(theme.color("track", 0.7), _INK, Qt.SolidLine, Qt.RoundCap, Qt.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(self._path)
        is_written = self._part >= 1
        pen.setColor(theme.color("accent", 1 if is_written else 0.55))
        painter.setPen(pen)
        parts = range(round(100 * self._part) + 1)
        points = [self._path.pointAtPercent(part / 100) for part in parts]
        painter.drawPolyline(QPolygonF(points))
        if not is_written:
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(points[-1], _INK / 2, _INK / 2)
            pencil = QRectF(points[-1] - QPointF(0, _PENCIL), points[-1] + QPointF(_PENCIL, 0))
            icon("pencil-simple").paint(painter, pencil.toRect())


class RoundIcon(QWidget):
    """An icon on a disc; the first step's is in the accent's color."""

    def __init__(self, name: str, is_first: bool) -> None:
        super().__init__()
        self._name = name
        self._is_first = is_first
        side = QSize(1, 1)
        theme.follow(self, lambda: self.setFixedSize(side * theme.scaled(_ICON_CIRCLE)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("chosen" if self._is_first else "hover"))
        painter.drawEllipse(self.rect())
        inset = (self.width() - theme.scaled(Size.ICON)) // 2
        place = self.rect().adjusted(inset, inset, -inset, -inset)
        state = QIcon.On if self._is_first else QIcon.Off
        look = icon(self._name, look="tool")
        look.paint(painter, place, Qt.AlignCenter, QIcon.Normal, state)


class FirstStart(QWidget):
    """Shows the card until something is drawn; a press next to its links draws."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("firstStart")
        self.setAccessibleDescription(_SENTENCE)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.hide()
        #: The links with the room that they take on the card. They take presses, which the card
        #: leaves to the board, and so are no part of it.
        self._links: dict[QPushButton, QWidget] = {}
        self.digit = WrittenDigit()
        self._are_digits = True
        self._card = card = self._build_card()
        margins = (0, Size.CARD_GAP, Size.CARD_GAP, Size.CARD_GAP)
        middle = row((card, 1))
        column(1, self.digit, middle, 1, gap=Size.MARGIN, margins=margins, owner=self)
        card.setMaximumWidth(theme.scaled(_WIDE))
        canvas.resized.connect(self._place)
        theme.follow(self, self._place)
        self.show_classes(are_digits=True)

    def _build_card(self) -> QFrame:
        example = self._add_link("exampleLink", "")
        tour = self._add_link("tourLink", _("Take the tour"))
        train = self._add_link("firstTrainButton", _("Train"))
        look = self._add_link("firstLookinsideButton", _("Look inside"))
        self.example, self.tour, self.train, self.inside = self._links
        # Translators: three steps, each with what one gets below it: Draw, see it read.
        draw = label(_("Draw"), "title")
        steps = row(
            1,
            _step("pencil-simple", draw, _("see it read"), is_first=True),
            1,
            # Translators: train your own network.
            _step("chart-line", train, pgettext("step", "your own")),
            1,
            _step("magnifying-glass", look, pgettext("step", "see why")),
            1,
        )
        card = QFrame()
        card.setProperty("look", "card")
        self._title = label("", "headline", wraps=True)
        below = label(_SENTENCE, "sentence", wraps=True)
        for words in (self._title, below):
            words.setAlignment(Qt.AlignCenter)
        links = row(1, example, 1, tour, 1)
        pad = Size.CARD_PADDING
        parts = (self._title, below, steps, rule(), links)
        column(*parts, gap=Size.CARD_GAP, margins=(pad, pad, pad, Size.FIELD_GAP), owner=card)
        return card

    def _add_link(self, name: str, text: str) -> QWidget:
        """Build a link on the board; return the room for it on the card."""
        link = ElidedButton(text, "link", name)
        link.setParent(self._canvas)
        explain(link, text)
        link.setCursor(Qt.PointingHandCursor)
        link.hide()
        room = QWidget()
        room.setSizePolicy(QSizePolicy.Minimum, QSizePolicy.Fixed)
        self._links[link] = room
        return room

    def show_classes(self, are_digits: bool) -> None:
        """Ask for what the network reads; a 3 is written only for one of digits."""
        self._are_digits = are_digits
        if are_digits:
            title = _("Draw a digit")
            text = _("Show me a digit")
        else:
            title = self._canvas.invitation
            text = _("Show me a picture")
        self._title.setText(title)
        self.setAccessibleName(title)
        self.example.setText(text)
        explain(self.example, text, shortcut="R")
        self._place()

    def begin(self) -> None:
        self._canvas.shows_invitation = False
        self._canvas.ink_changed.connect(self._note_ink)
        self.show()
        for link in self._links:
            link.show()
            link.raise_()
        self._place()
        self.digit.begin()

    def _note_ink(self) -> None:
        """End with the first stroke or picture; take back a press on the card."""
        drawing = self._canvas.drawing
        if not self._is_press_on_card():
            if drawing.items:
                self.end()
        elif drawing.growing is None:
            self._canvas.undo()

    def _is_press_on_card(self) -> bool:
        """Whether all that was drawn is a dot on the card, by a pen that no keys move."""
        items = self._canvas.drawing.items
        first = items[0] if len(items) == 1 else None
        if not isinstance(first, Stroke) or self._canvas.key_pen.place is not None:
            return False
        place = self._canvas.to_widget(first.points[0].at()).toPoint()
        return not first.settled and self._card.geometry().contains(place - self.pos())

    def end(self) -> None:
        if self.isHidden():
            return
        self.digit.end()
        self._canvas.ink_changed.disconnect(self._note_ink)
        self._canvas.shows_invitation = True
        had_focus = any(link.hasFocus() for link in self._links)
        for part in (self, *self._links):
            part.hide()
        if had_focus:
            self._canvas.setFocus()

    def _place(self) -> None:
        """Put the links where the card has room for them."""
        if self.isHidden():
            return
        for link, room in self._links.items():
            link.ensurePolished()
            room.setMinimumSize(link.sizeHint())
        # The tools stay visible, and are not painted with what this hides.
        left = self._canvas.cover.right() + Size.CARD_GAP
        self.setGeometry(self._canvas.rect().adjusted(left, 0, 0, 0))
        layout = self.layout()
        self.digit.setVisible(self._are_digits)
        layout.activate()
        if layout.totalHeightForWidth(self.width()) > self.height():
            self.digit.hide()
        layout.activate()
        for link, room in self._links.items():
            link.setGeometry(QRect(room.mapTo(self._canvas, QPoint()), room.size()))


def _step(name: str, words: QWidget, gain: str, is_first: bool = False) -> QVBoxLayout:
    """Return an icon, what to do, and what one gets."""
    gained = FittedLabel(Text.AXIS, two_lines=True, look="muted")
    gained.setText(gain)
    gained.setAlignment(Qt.AlignCenter)
    return column(
        row(1, RoundIcon(name, is_first), 1),
        row(1, words, 1),
        gained,
        gap=Size.TIGHT,
    )


def _written() -> QPainterPath:
    stroke = Stroke.through(_THREE, _INK)
    path = QPainterPath(stroke.points[0].at())
    for __, control, end in stroke.curves():
        path.quadTo(control.at(), end.at())
    return path
