"""A command: what the user can ask for by a button, a menu or a key, described once."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAbstractButton, QAction, QMenu, QToolButton, QWidget

from mnist_draw.app.kit.icons import set_icon
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.widgets import explain, tip


class Command(QAction):
    """Text, keys, sentence, icon and state of a command, and what it does.

    Its keys work while its owner is visible, wherever in the window the focus is. A field that
    takes text gets the keys that it understands first.
    """

    def __init__(
        self,
        owner: QWidget,
        text: str,
        sentence: str,
        keys: str,
        act: Callable[[], object],
        icon: str = "",
    ) -> None:
        super().__init__(text, owner)
        self.sentence = sentence
        self.keys = keys
        self._icon = icon
        self.setToolTip(tip(sentence))
        self.setShortcuts([QKeySequence(key) for key in keys.split(", ")] if keys else [])
        self.triggered.connect(lambda: reporter.note(f"command {self.text()}"))
        self.triggered.connect(lambda: act())
        owner.addAction(self)

    def rename(self, text: str, sentence: str) -> None:
        """Call the command something else in its menus; buttons that it described stay."""
        self.sentence = sentence
        self.setText(text)
        self.setToolTip(tip(sentence))

    def describe(self, widget: QWidget) -> None:
        """Give a control this command's name, sentence, keys and icon."""
        explain(widget, self.text(), self.sentence, self.keys)
        if self._icon and isinstance(widget, QAbstractButton):
            set_icon(widget, self._icon)

    def serve(self, button: QAbstractButton) -> None:
        """Let a button do this command, and be enabled when the command is."""
        self.describe(button)
        button.setEnabled(self.isEnabled())
        button.clicked.connect(lambda: self.trigger())
        self.changed.connect(lambda: button.setEnabled(self.isEnabled()))


def fill_menu(button: QToolButton, name: str, sentence: str, icon: str, *commands: Command) -> None:
    """Let a button open a menu of commands; its tooltip names their keys."""
    explain(button, name, sentence, ", ".join(command.keys for command in commands))
    set_icon(button, icon)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    menu.addActions(commands)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.InstantPopup)
