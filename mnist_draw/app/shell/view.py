"""The View menu: colours, text size, motion and full screen, applied at once and remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QAction, QActionGroup, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.shell.desktop import DesktopScheme
from mnist_draw.storage.preferences import Preferences

_COLOURS = {"system": "As the desktop", "light": "Light", "dark": "Dark"}
_MOTION = {True: "As the desktop", False: "Off"}
#: Percent of the system's text size.
_TEXT_SIZES = (100, 115, 130, 150, 175)


class ViewButton(QToolButton):
    full_screen_requested = pyqtSignal(bool)

    def __init__(self, window: QWidget, preferences: Preferences) -> None:
        super().__init__()
        self.setObjectName("viewButton")
        self.setProperty("look", "flat")
        self._preferences = preferences
        self._scheme = DesktopScheme(self._desktop_changed, self)
        used = theme.theme()
        self._motion = preferences.get("motion", True)
        used.motion = self._motion and self._scheme.moves()
        stored = preferences.get("text_size", 100)
        used.resize_text((stored if stored in _TEXT_SIZES else 100) / 100)
        used.apply(preferences.get("theme", "system"), self._scheme.is_dark())
        self._build(window)

    def _build(self, window: QWidget) -> None:
        sentence = "Choose colours, text size, motion and full screen."
        Command(self, "View", sentence, "F10", self.click, "circle-half").describe(self)
        menu = Menu(self)
        used = theme.theme()
        self._colours = _choices(menu, "Colours", _COLOURS.items(), used.choice, self.choose_theme)
        self._sizes = _choices(
            menu, "Text size", [(size, f"{size} %") for size in _TEXT_SIZES],
            round(100 * used.text_size), self.choose_text_size,
        )  # fmt: skip
        _choices(menu, "Motion", _MOTION.items(), self._motion, self._choose_motion)
        menu.addSeparator()
        self.full_screen = Command(
            window, "Full screen", "Fill the screen with the window, or end that.", "F11",
            lambda: self.full_screen_requested.emit(not window.isFullScreen()),
        )  # fmt: skip
        self.full_screen.setCheckable(True)
        menu.addAction(self.full_screen)
        menu.aboutToShow.connect(lambda: self.full_screen.setChecked(window.isFullScreen()))
        self.setMenu(menu)
        self.setPopupMode(QToolButton.InstantPopup)
        for text, sentence, keys, act in (
            ("Larger text", "Show all text one size larger.", "Ctrl++, Ctrl+=",
             partial(self._step_text, 1)),
            ("Smaller text", "Show all text one size smaller.", "Ctrl+-",
             partial(self._step_text, -1)),
            ("Usual text", "Show all text in the desktop's size.", "Ctrl+0",
             partial(self.choose_text_size, 100)),
        ):  # fmt: skip
            Command(window, text, sentence, keys, act)

    def choose_theme(self, choice: str) -> None:
        theme.theme().apply(choice)
        self._preferences.set("theme", theme.theme().choice)
        self._colours[theme.theme().choice].setChecked(True)

    def choose_text_size(self, percent: int) -> None:
        theme.theme().resize_text(percent / 100)
        self._preferences.set("text_size", percent)
        self._sizes[percent].setChecked(True)

    def _step_text(self, step: int) -> None:
        place = _TEXT_SIZES.index(round(100 * theme.theme().text_size)) + step
        self.choose_text_size(_TEXT_SIZES[max(0, min(place, len(_TEXT_SIZES) - 1))])

    def _choose_motion(self, on: bool) -> None:
        self._motion = on
        theme.theme().motion = on and self._scheme.moves()
        self._preferences.set("motion", on)

    def _desktop_changed(self, dark: bool) -> None:
        theme.theme().apply(theme.theme().choice, dark)


def _choices(
    menu: Menu, title: str, entries: Any, used: Any, choose: Callable[[Any], None]
) -> dict[Any, QAction]:
    """Add a heading and entries, of which one is ticked; return them by what they choose."""
    menu.add_heading(title)
    group = QActionGroup(menu)
    group.triggered.connect(lambda action: choose(action.data()))
    found: dict[Any, QAction] = {}
    for value, text in entries:
        action = found[value] = group.addAction(text)
        action.setData(value)
        action.setCheckable(True)
        action.setChecked(value == used)
    menu.addActions(group.actions())
    return found
