"""What stands right of the tabs: the state in words, its light, and the view menu."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QAction, QActionGroup, QHBoxLayout, QMenu, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain

_THEME_NAMES = {"system": "As the desktop", "light": "Light", "dark": "Dark"}


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

    theme_chosen = pyqtSignal(str)
    motion_chosen = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "plain")
        row = QHBoxLayout(self)
        # The tab widget sets its corner on the tabs' lower edge.
        row.setSpacing(Size.FIELD_GAP)
        self.dot = StatusDot()
        self.words = TabularLabel()
        self.words.setObjectName("statusLabel")
        self.words.setProperty("look", "status")
        explain(self.words, "Status", "What the program is doing, or which network answers.")
        row.addWidget(self.dot)
        row.addWidget(self.words)
        row.addSpacing(Size.FIELD_GAP)
        self.menus = self._build_menu()
        row.addWidget(self.menus)
        self.help_button = QToolButton()
        self.help_button.setObjectName("helpButton")
        self.help_button.setProperty("look", "flat")
        row.addWidget(self.help_button)
        self.help_button.ensurePolished()
        below = (Size.HEADER - self.help_button.sizeHint().height()) // 2
        row.setContentsMargins(0, 0, Size.CARD_GAP, max(0, below))

    def _build_menu(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName("viewButton")
        button.setProperty("look", "flat")
        sentence = "Choose light or dark colours, and whether bars glide."
        Command(self, "View", sentence, "F10", button.click, "circle-half").describe(button)
        menu = QMenu(button)
        group = QActionGroup(menu)
        self.theme_actions: dict[str, QAction] = {}
        for choice in theme.CHOICES:
            action = menu.addAction(_THEME_NAMES[choice])
            action.setCheckable(True)
            action.triggered.connect(lambda _, choice=choice: self.theme_chosen.emit(choice))
            group.addAction(action)
            self.theme_actions[choice] = action
        menu.addSeparator()
        self.motion_action = menu.addAction("Bars glide")
        self.motion_action.setCheckable(True)
        self.motion_action.triggered.connect(self.motion_chosen)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.InstantPopup)
        return button

    def show_status(self, words: str, active: bool, passing: bool) -> None:
        """Say what goes on; ``active`` lights the dot.

        ``passing`` words soon give way to others: they keep the room of longer ones before them,
        as another room would have the whole window laid out again at each word.
        """
        self.words.setText(words)
        if not passing:
            self.words.fit()
        self.dot.set_on(active)

    def show_choices(self, choice: str, motion: bool) -> None:
        """Tick what is in use."""
        self.theme_actions[choice].setChecked(True)
        self.motion_action.setChecked(motion)
