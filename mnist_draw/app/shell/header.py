"""The right end of the row of the tabs: the network button, the menus View and Help.

The button names the network that answers; beside it, what is being trained meanwhile.
"""

from __future__ import annotations

import math
from functools import partial

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QTabWidget, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import paint_bar, paint_box, smooth_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel, SettleTimer
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, label, tip
from mnist_draw.app.shell.header_content import Work, elided, work_of
from mnist_draw.app.shell.network_menu import NetworkMenu
from mnist_draw.i18n import _

_PAD = 14
_CARET = 8
_BAR = 3
#: Width of what goes on, in pixels.
_WORK = 150


class _Half(QAbstractButton):
    """A part of the button: flat, with a frame where the keyboard is."""

    def __init__(self, name: str, *labels: QLabel) -> None:
        super().__init__()
        self.setObjectName(name)
        # A click leaves the keyboard where it is, as in the menus beside.
        self.setFocusPolicy(Qt.TabFocus)
        self.setAttribute(Qt.WA_Hover)
        for part in labels:
            part.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.parts = row(*labels, gap=0, margins=(_PAD, 0, _PAD, 0), owner=self)
        theme.follow(self, self._resize)

    def _resize(self) -> None:
        line = math.ceil(QFontMetricsF(theme.font(Text.BODY)).height())
        self.setFixedHeight(max(Size.BUTTON, line + 14))

    def _paint(self, painter: QPainter) -> None:
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        inside = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        hovered = self.underMouse() or self.isDown()
        painter.setBrush(theme.color("hover") if hovered else Qt.NoBrush)
        painter.setPen(theme.color("second") if self.hasFocus() else Qt.NoPen)
        painter.drawRoundedRect(inside, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        self._paint(painter)


class NetworkHalf(_Half):
    """Names the network that answers; opens the menu."""

    def __init__(self) -> None:
        self._name = FittedLabel(Text.AXIS, look="title")
        self._figure = label("", "status")
        super().__init__("networkButton", self._name, self._figure)
        explain(self, _("Network"), _("The network that answers. Choose another."))
        # A name can be elided further than it is, the accuracy never.
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self._figure.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Preferred)
        self.parts.setContentsMargins(_PAD + Size.DOT + Size.FIELD_GAP, 0, 12 + _CARET + _PAD, 0)
        self._answers = False

    def show_network(self, name: str, accuracy: str, answers: bool) -> None:
        """Show a name; the light is on where the network answers."""
        self._answers = answers
        self._name.setText(elided(name))
        self._figure.setText(f" · {accuracy}" if accuracy else "")
        self.setAccessibleName(_("Network: {name}", name=f"{name}{self._figure.text()}"))
        self.setToolTip(f"{tip(self.accessibleName())}\n{tip(self.accessibleDescription())}")
        self.update()

    def text(self) -> str:
        return self._name.text() + self._figure.text()

    def minimumSizeHint(self) -> QSize:
        few = QFontMetricsF(theme.font(Text.BODY)).averageCharWidth() * 6
        hint = super().minimumSizeHint()
        return QSize(hint.width() + min(self._name.sizeHint().width(), round(few)), hint.height())

    def _paint(self, painter: QPainter) -> None:
        middle = self.height() / 2
        half = _CARET / 2
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("accent" if self._answers else "muted"))
        painter.drawEllipse(QPointF(_PAD + Size.DOT / 2, middle), Size.DOT / 2, Size.DOT / 2)
        painter.setPen(QPen(theme.color("text"), 1.2, Qt.SolidLine, Qt.RoundCap))
        x = self.width() - _PAD - _CARET
        points = [QPointF(x, middle - 2), QPointF(x + half, middle + 3)]
        painter.drawPolyline(QPolygonF([*points, QPointF(x + _CARET, middle - 2)]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Down, Qt.Key_Return, Qt.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class WorkHalf(_Half):
    """Shows what goes on, over a bar; hidden while there is nothing."""

    def __init__(self) -> None:
        self._words = ElidedLabel()
        super().__init__("workButton", self._words)
        # No state widens the header: its words are cut at their end, and whole in the tooltip.
        theme.follow(self, lambda: self.setFixedWidth(theme.scaled(_WORK)))
        self._work = Work("")
        explain(self, _("Training"), self._work.sentence)
        self._settling = SettleTimer(self)
        self.hide()

    def show_work(self, work: Work | None) -> None:
        """Show what goes on; a state that may be over soon, only if it lasts."""
        if work is None:
            self._settling.stop()
            self.hide()
        elif work.is_steady or self.isHidden():
            self._settling.stop()
            self._show(work)
        elif work.words == self._work.words:
            self._settling.stop()
        else:
            self._settling.wait_for(work.words, partial(self._show, work))

    def text(self) -> str:
        return self._words.text()

    def _show(self, work: Work) -> None:
        explain(self, work.words, work.sentence)
        self.setToolTip(tip(f"{work.words}\n{work.sentence}"))
        self._work = work
        self._words.setText(work.words)
        self.update()
        self.show()

    def _paint(self, painter: QPainter) -> None:
        low = self.height() - _BAR - 1
        wide = self.width() - 2 * Size.FIELD_GAP
        bar = QRectF(Size.FIELD_GAP, low, wide, _BAR)
        paint_bar(painter, bar, self._work.part, _BAR / 2, self._work.color)
        painter.setPen(theme.color("line"))
        edge = self.width() - 0.5
        painter.drawLine(QPointF(edge, 6), QPointF(edge, self.height() - 7))


class NetworkButton(QWidget):
    """Both halves in one frame, and the menu."""

    def __init__(self, network: ActiveNetwork) -> None:
        super().__init__()
        self._network = network
        self.work = WorkHalf()
        self.answering = NetworkHalf()
        row(self.work, self.answering, gap=0, owner=self)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.menu = NetworkMenu(network, self.answering)
        self.answering.clicked.connect(self.menu.toggle)
        network.state.follow(["model", "network_answering", "entries"], self.show_network)
        facts = ["has_unseen_end", "learning", "page", "queue", "run"]
        network.state.follow(facts, self._show_work)
        # Train shows it itself.
        network.state.follow(["progress"], self._show_work, ["draw", "inside"])
        self.show_network()

    def _show_work(self) -> None:
        self.work.show_work(work_of(self._network.state))

    def show_network(self) -> None:
        state = self._network.state
        model = state.model
        if model is None:
            self.answering.show_network(_("Getting ready"), "", answers=False)
        else:
            self.answering.show_network(state.network_title, model.info.accuracy, answers=True)

    def paintEvent(self, event: QPaintEvent) -> None:
        inside = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        paint_box(smooth_painter(self), inside, "card", radius=Size.FIELD_RADIUS)


class Header(QWidget):
    def __init__(self, network: ActiveNetwork, view: QWidget) -> None:
        super().__init__()
        self.setProperty("look", "plain")
        self.network = NetworkButton(network)
        self.view = view
        self.help_button = QToolButton()
        self.help_button.setObjectName("helpButton")
        self.help_button.setProperty("look", "flat")
        self._state = network.state
        self._lesson = label(_("Lesson"), "chip", "headerLesson")
        self._lesson.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        margins = (0, 0, Size.MARGIN, 0)
        parts = self._lesson, self.network, self.view, self.help_button
        row(*parts, margins=margins, owner=self)
        self._state.follow(["lesson", "page"], self._show_lesson)
        self._show_lesson()

    def _show_lesson(self) -> None:
        """Say on the other tabs that there is a lesson; Train shows which it is."""
        title = self._state.lesson
        self._lesson.setVisible(bool(title) and self._state.page != "train")
        explain(self._lesson, _("Lesson"), title)

    def sizeHint(self) -> QSize:
        # The tab widget sets its corner on the lower edge of the tabs, which it would cover.
        tabs = self.parentWidget()
        wide = super().sizeHint().width()
        if isinstance(tabs, QTabWidget):
            room = tabs.width() - tabs.tabBar().sizeHint().width() - 2 * Size.MARGIN
            wide = max(min(wide, room), self.minimumSizeHint().width())
        return QSize(wide, Size.HEADER)

    def in_order(self) -> tuple[QWidget, ...]:
        network = self.network
        return network.work, network.answering, self.view, self.help_button
