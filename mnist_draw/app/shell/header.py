"""The row of the tabs: the state in words with its light and menus, and the message bar."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QEvent, QObject, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QTabWidget,
    QToolButton,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.notifier import Notice, board
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import claims_key, explain, label, push_button


class StatusDot(QWidget):
    """A small light: accented while something is on, muted otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.on = False
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(Size.DOT, Size.DOT)

    def set_on(self, on: bool) -> None:
        """Switch the light."""
        if on != self.on:
            self.on = on
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("accent" if self.on else "muted"))
        painter.drawEllipse(QPointF(Size.DOT / 2, Size.DOT / 2), Size.DOT / 2, Size.DOT / 2)


class StatusCorner(QWidget):
    """The corner of the tab bar."""

    def __init__(self, menus: QWidget) -> None:
        super().__init__()
        self.setProperty("look", "plain")
        row = QHBoxLayout(self)
        # The tab widget sets its corner on the tabs' lower edge.
        row.setSpacing(Size.FIELD_GAP)
        self.dot = StatusDot()
        self.label = TabularLabel()
        self.label.setObjectName("statusLabel")
        self.label.setProperty("look", "status")
        explain(self.label, "Status", "What the program is doing, or which network answers.")
        row.addWidget(self.dot)
        row.addWidget(self.label)
        row.addSpacing(Size.FIELD_GAP)
        self.menus = menus
        row.addWidget(self.menus)
        self.help_button = QToolButton()
        self.help_button.setObjectName("helpButton")
        self.help_button.setProperty("look", "flat")
        row.addWidget(self.help_button)
        self.help_button.ensurePolished()
        below = (Size.HEADER - self.help_button.sizeHint().height()) // 2
        row.setContentsMargins(0, 0, Size.CARD_GAP, max(0, below))

    def show_status(self, words: str, active: bool, passing: bool) -> None:
        """Show the state; ``active`` lights the dot.

        ``passing`` words soon give way to others: they keep the room of longer ones before them,
        as another room would have the whole window laid out again at each word.
        """
        self.label.setText(words)
        if not passing:
            self.label.fit()
        self.dot.set_on(active)


#: Where the row leaves fewer pixels than this, the bar covers the state, too.
_MIN_ROOM = 520
#: Milliseconds after which a confirmation disappears, plus those for each letter; and those until
#: the next try while the pointer or the keyboard is on it.
_PASSING_MS, _EACH_LETTER_MS, _AGAIN_MS = 6_000, 60, 2_000


class MessageBar(QFrame):
    """Shows one sentence until it is dismissed or replaced; hidden when there is none.

    A confirmation disappears by itself. The bar covers the free part of the tabs' row and, where it
    needs more lines, the top of the page: nothing below it moves.
    """

    left = pyqtSignal()

    def __init__(self, tabs: QTabWidget, corner: StatusCorner) -> None:
        super().__init__(tabs)
        self._tabs, self._corner = tabs, corner
        self.setObjectName("messageBar")
        self.setProperty("look", "message")
        self.label = label("", "body", "messageLabel")
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextSelectableByMouse | Qt.TextSelectableByKeyboard)
        self._action: Callable[[], object] | None = None
        self._subject = ""
        self.action_button = push_button(
            "messageActionButton", "Undo", "Take back what the message tells of.", look="link"
        )
        self.action_button.clicked.connect(self._act)
        self.dismiss_button = push_button(
            "dismissButton", "Dismiss", "Hide this message.", look="link"
        )
        self.dismiss_button.clicked.connect(self.dismiss)
        row(
            (self.label, 1),
            self.action_button,
            self.dismiss_button,
            gap=Size.CARD_GAP,
            margins=(Size.CARD_PADDING, Size.GRID, Size.FIELD_GAP, Size.GRID),
            owner=self,
        )
        self._passing = QTimer(self)
        self._passing.setSingleShot(True)
        self._passing.timeout.connect(self._pass)
        self.hide()
        for watched in (tabs, corner):
            watched.installEventFilter(self)
        board.posted.connect(self.show_notice)
        board.withdrawn.connect(self._withdraw)

    def show_notice(self, notice: Notice) -> None:
        """Show a sentence; a screen reader finds it as the bar's name."""
        self._passing.stop()
        self._action, self._subject = notice.action, notice.subject
        self.action_button.setText(notice.button)
        self.action_button.setVisible(notice.action is not None)
        self.label.setText(notice.sentence)
        self.setAccessibleName(notice.sentence)
        self.show()
        self._place()
        if notice.is_passing:
            self._passing.start(_PASSING_MS + _EACH_LETTER_MS * len(notice.sentence))

    def _withdraw(self, subject: str) -> None:
        """Hide the notice about a subject."""
        if subject and subject == self._subject:
            self.dismiss()

    def _place(self) -> None:
        """Take what tabs and corner leave of their row, and the height that the words need."""
        left = self._tabs.tabBar().geometry().right() + Size.CARD_GAP
        width = self._corner.x() - Size.CARD_GAP - left
        if self._corner.isHidden():
            # The page fills the screen: tabs and corner are hidden, their places are of the past.
            left, width = Size.CARD_GAP, self._tabs.width() - 2 * Size.CARD_GAP
        elif width < round(_MIN_ROOM * theme.text_scale()):
            width += self._corner.menus.x()
        layout = self.layout()
        layout.activate()
        edges = 2 * self.frameWidth()
        high = max(layout.heightForWidth(width - edges), layout.minimumSize().height()) + edges
        top = max(Size.GRID, (Size.HEADER - high) // 2)
        self.setGeometry(left, top, width, high)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Resize, QEvent.Move) and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        # A page's key that copies would win over the sentence that is marked here.
        return claims_key(event, self._copies) or super().event(event)

    def _copies(self, key: QKeyEvent) -> bool:
        return self.label.hasSelectedText() and key.matches(QKeySequence.Copy)

    def _pass(self) -> None:
        """Disappear, unless the sentence is being read or marked."""
        focus = self.focusWidget()
        held = focus is not None and focus.hasFocus()
        if held or self.underMouse() or self.label.hasSelectedText():
            self._passing.start(_AGAIN_MS)
        else:
            self.dismiss()

    def _act(self) -> None:
        action = self._action
        self.dismiss()
        if action is not None:
            action()

    def dismiss(self) -> None:
        """Hide the bar."""
        self._passing.stop()
        self._subject = ""
        focus = self.focusWidget()
        held = focus is not None and focus.hasFocus()
        self.label.setText("")
        self.hide()
        if held:
            self.left.emit()
