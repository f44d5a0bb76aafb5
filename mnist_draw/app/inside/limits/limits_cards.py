"""The cards of *Limits*: networks to compare, accuracy over changes, the example changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PyQt5.QtWidgets import QLabel, QToolTip, QWidget

from mnist_draw.analysis.robustness import AXES, Axis, Distortion
from mnist_draw.app.inside.rows_view import Bar, RowsView
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.files import NETWORKS, ask_open
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import image_of, smooth_painter
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.walkable_view import WalkableView
from mnist_draw.app.kit.widgets import Card, explain, label, no_key, push_button, rule, tip
from mnist_draw.app.train.series import STYLES, series_colour
from mnist_draw.dataset.classes import DIGITS, class_list
from mnist_draw.errors import UserError
from mnist_draw.i18n import N_, _, listed, number, percent
from mnist_draw.library.network_data import all_names
from mnist_draw.library.stored_network import load_trained
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage.models import ModelFile

#: The most networks: more lines cannot be told apart.
MAX_COUNT = 4
#: A line of each style in the legend; after a dash or a picture a row could end before its name.
_SIGNS = ("──", "─&nbsp;─", "····", "─&nbsp;·&nbsp;─")


@dataclass(eq=False)
class NetworkChoice:
    key: str
    title: str
    load: Callable[[], ModelFile]
    names: tuple[str, ...] = DIGITS
    #: Whether it stays in the menu while it is not compared.
    stays: bool = True
    #: The number of its line while it is compared.
    line: int | None = None
    _recogniser: Recogniser | None = None

    def read(self, pictures: np.ndarray, newest: ModelFile | None) -> np.ndarray:
        """Return the probabilities of pictures by the network after its newest epoch, if given."""
        # It belongs to one thread. Nothing is compiled: of a single picture NumPy is as fast.
        if newest is not None or self._recogniser is None:
            self._recogniser = Recogniser(newest or self.load(), compiled=False)
        return self._recogniser.predict(pictures)


class NetworkChoices(QWidget):
    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("networkChoices")
        self.choices: list[NetworkChoice] = []
        #: Keys of those that were offered.
        self._offered: set[str] = set()
        self.button = push_button(
            "addNetworkButton",
            _("Networks"),
            _("Compare up to four networks: those that ship, yours, or one from a file."),
        )
        self.menu = Menu(self.button)
        self.menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self.menu)
        #: Lines and names of the networks, in as many rows as whole names need.
        self.legend = label("", "title", "networkLegend", wraps=True)
        self.legend.setTextFormat(Qt.RichText)
        theme.follow(self, self._show_legend)
        row(self.button, (self.legend, 1), owner=self)

    def ticked(self) -> list[NetworkChoice]:
        return [choice for choice in self.choices if choice.line is not None]

    def clear(self) -> None:
        self.choices = []
        self._offered = set()

    def offer(self, others: list[NetworkChoice]) -> None:
        """List networks by their names of now; the first of the first list are ticked."""
        titles = {other.key: other.title for other in others}
        gone = self._offered - set(titles)
        self.choices = [one for one in self.choices if one.key not in gone or not one.stays]
        for choice in self.choices:
            choice.title = titles.get(choice.key, choice.title)
        listed = {choice.key for choice in self.choices}
        self.choices += [other for other in others if other.key not in listed]
        for choice in self.choices:
            has_room = choice.line is None and len(self.ticked()) < MAX_COUNT - 1
            if has_room and not self._offered:
                choice.line = self._free_line()
        self._offered = set(titles)
        self._tell()

    def add(self, choice: NetworkChoice, first: bool = False) -> None:
        """Compare a network in place of that of the same key, or of the last of too many."""
        place = 0 if first else len(self.choices)
        before = next((other for other in self.choices if other.key == choice.key), None)
        if before is not None:
            place = 0 if first else self.choices.index(before)
            choice.line = before.line
            self.choices.remove(before)
        if choice.line is None:
            for surplus in self.ticked()[MAX_COUNT - 1 :]:
                surplus.line = None
            choice.line = self._free_line()
        if first:
            for other in self.choices:
                if other.line == 0:
                    other.line = choice.line
            choice.line = 0
        self.choices.insert(place, choice)
        self.choices = [each for each in self.choices if each.stays or each.line is not None]
        self._tell()

    def _free_line(self) -> int:
        taken = {choice.line for choice in self.choices}
        return next(line for line in range(MAX_COUNT) if line not in taken)

    def _tick(self, choice: NetworkChoice, on: bool) -> None:
        choice.line = self._free_line() if on else None
        self._tell()

    def _tell(self) -> None:
        self._show_legend()
        self.changed.emit()

    def _show_legend(self) -> None:
        names = listed(choice.title for choice in self.ticked())
        explain(self.legend, _("Networks that are compared"), names or _("None is ticked."))
        entries = []
        for choice in self.ticked():
            line = choice.line or 0
            title = escape(choice.title).replace("-", "&#8209;")
            sign = f'<b style="color: {series_colour(line).name()}">{_SIGNS[line]}</b>'
            entries.append(f"<nobr>{sign}&nbsp;{title}</nobr>")
        self.legend.setText("&nbsp;&nbsp; ".join(entries))

    def _fill(self) -> None:
        self.menu.clear()
        has_room = len(self.ticked()) < MAX_COUNT
        for choice in self.choices:
            action = self.menu.addAction(no_key(choice.title))
            action.setCheckable(True)
            action.setChecked(choice.line is not None)
            action.setEnabled(action.isChecked() or has_room)
            action.toggled.connect(partial(self._tick, choice))
        self.menu.addSeparator()
        self.menu.addAction(_("Open a file …"), self._open_file).setEnabled(has_room)

    def _open_file(self) -> None:
        path = ask_open(self, _("A trained network"), NETWORKS)
        if path:
            self.add(file_choice(path, self.choices[0].names))


def file_choice(path: str, names: tuple[str, ...]) -> NetworkChoice:
    """Return the network of a file, of these classes; it is read when it is first needed."""

    def load() -> ModelFile:
        model = load_trained(path)
        if all_names(model) != names:
            raise UserError(
                "{title} is not compared: it tells other classes apart ({classes}).",
                title=title_of_model(model),
                classes=class_list(all_names(model)),
            )
        return model

    return NetworkChoice(path, Path(path).stem, load, names)


_LEFT = 44
_RIGHT = 22
_BELOW = 24
#: Half of the widest amount's text.
_HALF_AMOUNT = 14
_KNOB = 6.0
#: Of a tooltip's lines, at most; and the width of its frame, in pixels.
_TIP_LETTERS = 30
_TIP_FRAME = 36


#: A network with its accuracies along an axis.
Curve = tuple[NetworkChoice, np.ndarray]


class RobustnessPlot(WalkableView):
    SIZE = (330, 176)
    LEAST_SIZE = (240, 150)

    #: The cursor was dragged to an amount.
    moved = pyqtSignal()

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self._title = _("{change}, {unit}", change=axis.title, unit=axis.unit)
        super().__init__(
            f"{axis.name}Plot",
            self._title,
            _(
                "How often each network is right on the test pictures. Drag the cursor, or press "
                "arrow keys, to change the example as much.",
            ),
        )
        self.curves: Sequence[Curve] = ()
        self.amount = axis.neutral

    def show_curves(self, curves: Sequence[Curve]) -> None:
        self.curves = curves
        self.update()

    def set_amount(self, amount: float) -> None:
        """Move the cursor, within the axis and its steps."""
        first = self.axis.amounts[0]
        last = self.axis.amounts[-1]
        amount = min(max(round(round(amount / self.axis.step) * self.axis.step, 4), first), last)
        if amount != self.amount:
            self.amount = amount
            self.update()
            self.moved.emit()

    def _area(self) -> QRectF:
        scale = theme.text_scale()
        right = max(_RIGHT, _HALF_AMOUNT * scale)
        return QRectF(self.rect()).adjusted(_LEFT * scale, 8 * scale, -right, -_BELOW * scale)

    def _x(self, amount: float) -> float:
        area = self._area()
        first = self.axis.amounts[0]
        last = self.axis.amounts[-1]
        return area.left() + area.width() * (amount - first) / (last - first)

    def _y(self, share: float) -> float:
        area = self._area()
        return area.bottom() - area.height() * share

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        self._paint_grid(painter)
        for choice, accuracy in reversed(self.curves):
            self._paint_curve(painter, choice.line or 0, accuracy)
        self._paint_cursor(painter)

    def _paint_grid(self, painter: QPainter) -> None:
        area = self._area()
        scale = theme.text_scale()
        painter.setFont(theme.font(Text.AXIS))
        for share in (0.0, 0.5, 1.0):
            y = self._y(share)
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            box = QRectF(0, y - 8 * scale, area.left() - 7, 16 * scale)
            painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), percent(share))
        for amount in self.axis.shown:
            words = QRectF(self._x(amount) - 30 * scale, area.bottom() + 7, 60 * scale, 16 * scale)
            painter.drawText(words, Qt.AlignCenter, format_amount(self.axis, amount))

    def _paint_curve(self, painter: QPainter, line: int, accuracy: np.ndarray) -> None:
        painter.setPen(QPen(series_colour(line), 2, STYLES[line]))
        points = [
            QPointF(self._x(amount), self._y(share))
            for amount, share in zip(self.axis.amounts, accuracy.tolist(), strict=True)
            if share == share
        ]
        painter.drawPolyline(QPolygonF(points))

    def _paint_cursor(self, painter: QPainter) -> None:
        x = self._x(self.amount)
        changed = self.amount != self.axis.neutral
        painter.setPen(QPen(theme.colour("second" if changed else "edge"), 1.5))
        painter.drawLine(QPointF(x, self._y(1)), QPointF(x, self._y(0)))
        painter.setBrush(theme.colour("second" if changed else "card"))
        painter.drawEllipse(QPointF(x, self._y(0)), _KNOB, _KNOB)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self._drag(event)
        else:
            super().mouseMoveEvent(event)

    def _drag(self, event: QMouseEvent) -> None:
        area = self._area()
        first = self.axis.amounts[0]
        last = self.axis.amounts[-1]
        part = (event.localPos().x() - area.left()) / area.width()
        self.set_amount(first + part * (last - first))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Home:
            self.set_amount(self.axis.neutral)
        else:
            super().keyPressEvent(event)

    def step(self, right: int, down: int) -> bool:
        amounts = self.axis.amounts
        nearest = int(np.argmin([abs(amount - self.amount) for amount in amounts]))
        self.current = nearest
        walked = super().step(right, down)
        if walked:
            self.set_amount(amounts[self.current])
        return walked

    def count(self) -> int:
        return len(self.axis.amounts)

    def place_of(self, item: int) -> QPointF:
        return QPointF(self._x(self.axis.amounts[item]), self._y(0.5))

    def tip_of(self, item: int) -> str:
        return tip(self.describe(item), _TIP_LETTERS)

    def _show_tip(self, place: QPoint) -> None:
        """Show a narrow tooltip that leaves the plots beside this one free."""
        text = "" if self.current is None else self.tip_of(self.current)
        metrics = QFontMetrics(QToolTip.font())
        wide = max((metrics.horizontalAdvance(line) for line in text.splitlines()), default=0)
        last = self.mapToGlobal(QPoint(self.width() - wide - _TIP_FRAME, 0)).x()
        QToolTip.showText(QPoint(min(place.x(), last), place.y()), text, self)

    def describe(self, item: int) -> str:
        parts = [
            _("{network} {share}", network=choice.title, share=percent(float(accuracy[item])))
            for choice, accuracy in self.curves
            if not np.isnan(accuracy[item])
        ]
        amount = format_amount(self.axis, self.axis.amounts[item])
        fields = {"change": self._title, "amount": amount, "accuracies": listed(parts)}
        if parts:
            return _("{change}, {amount}: {accuracies}.", **fields)
        return _("{change}, {amount}: not counted yet.", change=self._title, amount=amount)


def format_amount(axis: Axis, amount: float) -> str:
    """Return an amount with its sign, such as ``"+30"``; sizes and strengths have none."""
    if axis.name in ("size", "noise") or amount == 0:
        return number(amount, "g")
    return number(amount, "+g").replace("-", "−")


_PICTURE = 112
_NOTHING = _("Draw something, or pick a picture, and drag the cursors.")


class PerturbationCard(Card):
    def __init__(self) -> None:
        super().__init__(_("Turn your own"))
        self.setObjectName("turnCard")
        self.reset_button = push_button(
            "turnResetButton",
            _("As it is"),
            _("Take all changes back."),
            look="link",
        )
        self.top.addWidget(self.reset_button)
        self.picture = QLabel()
        self.picture.setObjectName("turnedPicture")
        self.picture.setAccessibleName(_("The example as the cursors change it"))
        self.sentence = label("", "muted", "turnSentence")
        self._steady = GrowingLabel(self.sentence)
        beside = row(self.picture, (self._steady, 1), gap=Size.CARD_GAP)
        beside.setAlignment(self.picture, Qt.AlignTop)
        self.answers = RowsView(
            "turnAnswers",
            _("Answers"),
            _("What each network reads in the changed example."),
            5,
        )
        self.body.addLayout(beside)
        self.body.addWidget(rule())
        self.body.addWidget(self.answers)
        self.body.addStretch(1)
        self.show_nothing()

    def show_nothing(self, is_pending: bool = False) -> None:
        """Ask for an example, unless there is one and it is still read."""
        self._show_picture(np.zeros((28, 28), np.uint8))
        self.answers.show_rows(())
        self._steady.set_text(_("The networks are reading it.") if is_pending else _NOTHING)

    def _show_picture(self, picture: np.ndarray) -> None:
        self.shown = picture
        self.picture.setPixmap(QPixmap.fromImage(image_of(picture).scaled(_PICTURE, _PICTURE)))

    def show_answers(self, picture: np.ndarray, rows: Sequence[Bar], change: str) -> None:
        self._show_picture(picture)
        self.answers.show_rows(rows)
        self._steady.set_text(change if rows else _("No network is ticked."))


#: What a larger and a smaller amount of each axis does to a picture.
_CHANGES = {
    "turn": (
        N_("turned by {size} degrees clockwise"),
        N_("turned by {size} degrees anticlockwise"),
    ),
    "shift": (N_("shifted by {size} px to the right"), N_("shifted by {size} px to the left")),
    "size": (N_("{size} times as large"), ""),
    "noise": (N_("with noise of strength {size}"), ""),
    "pen": (N_("with a pen {size} px wider"), N_("with a pen {size} px thinner")),
}


def describe_change(change: Distortion) -> str:
    """Return what was done to a picture, such as ``"Changed: turned by 30 degrees clockwise."``."""
    parts = []
    for axis in AXES:
        amount = getattr(change, axis.name)
        if amount != axis.neutral:
            message = _CHANGES[axis.name][amount < 0]
            parts.append(_(message, size=number(abs(amount), "g")))
    return _("Changed: {changes}.", changes=listed(parts)) if parts else _("As it is.")
