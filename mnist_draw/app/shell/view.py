"""The View menu: colors, text size, motion, language and full screen; what the desktop wants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAction, QActionGroup, QToolButton, QWidget

from mnist_draw.app.kit import desktop, theme
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.controls import Menu, button_menu
from mnist_draw.i18n import (
    LANGUAGES,
    PREFERENCE,
    _,
    best_of,
    language,
    percent,
    pgettext,
    system_languages,
)
from mnist_draw.storage.preferences import Preferences

_COLORS = {
    "system": _("Same as the system"),
    "light": pgettext("colours", "Light"),
    "dark": pgettext("colours", "Dark"),
}
_MOTION = {True: _("Same as the system"), False: pgettext("motion", "Off")}
#: Each language by its own name: who reads no other finds it.
_LANGUAGES = {"": _("Same as the system"), **{code: each.name for code, each in LANGUAGES.items()}}
#: Percent of the system's text size.
_TEXT_SIZES = (100, 115, 130, 150, 175)


class ViewButton(QToolButton):
    full_screen_requested = Signal(bool)
    #: A choice of `LANGUAGES`, empty for the system's, and the one before.
    language_chosen = Signal(str, str)

    def __init__(self, window: QWidget, preferences: Preferences) -> None:
        super().__init__()
        self.setObjectName("viewButton")
        self.setProperty("look", "flat")
        self._preferences = preferences
        used = theme.theme()
        self._motion = preferences.get("motion", True)
        used.motion = self._motion and desktop.lets_move()
        stored = preferences.get("text_size", 100)
        used.resize_text((stored if stored in _TEXT_SIZES else 100) / 100)
        used.apply(preferences.get("theme", "system"), desktop.is_dark(), styles=False)
        self._build(window)

    def _build(self, window: QWidget) -> None:
        Command(self, _("View"), "F10", self.click, "circle-half").describe(self)
        menu = button_menu(self)
        used = theme.theme()
        self._colors = _choices(
            menu,
            _("Colors"),
            _COLORS.items(),
            used.choice,
            self.choose_theme,
        )
        self._sizes = _choices(
            menu,
            _("Text size"),
            [(size, percent(size / 100)) for size in _TEXT_SIZES],
            round(100 * used.text_size),
            self.choose_text_size,
        )
        _choices(menu, _("Motion"), _MOTION.items(), self._motion, self._choose_motion)
        kept = self._preferences.get(PREFERENCE, "")
        used_language = kept if spoken(kept) == language() else language()
        self.languages = _choices(
            menu,
            _("Language"),
            _LANGUAGES.items(),
            used_language,
            self.choose_language,
        )
        self.full_screen = Command(
            window,
            _("Full screen"),
            "F11",
            lambda: self.full_screen_requested.emit(not window.isFullScreen()),
        )
        self.full_screen.setCheckable(True)
        menu.addAction(self.full_screen)
        menu.aboutToShow.connect(lambda: self.full_screen.setChecked(window.isFullScreen()))
        larger = partial(self._step_text, 1)
        Command(window, _("Larger text"), "Ctrl++, Ctrl+=", larger)
        smaller = partial(self._step_text, -1)
        Command(window, _("Smaller text"), "Ctrl+-", smaller)
        usual = partial(self.choose_text_size, 100)
        Command(window, _("Normal text size"), "Ctrl+0", usual)

    def choose_theme(self, choice: str) -> None:
        theme.theme().apply(choice)
        self._preferences.set("theme", theme.theme().choice)
        self._colors[theme.theme().choice].setChecked(True)

    def choose_text_size(self, percent: int) -> None:
        theme.theme().resize_text(percent / 100)
        self._preferences.set("text_size", percent)
        self._sizes[percent].setChecked(True)

    def _step_text(self, step: int) -> None:
        place = _TEXT_SIZES.index(round(100 * theme.theme().text_size)) + step
        self.choose_text_size(_TEXT_SIZES[max(0, min(place, len(_TEXT_SIZES) - 1))])

    def _choose_motion(self, on: bool) -> None:
        self._motion = on
        theme.theme().motion = on and desktop.lets_move()
        self._preferences.set("motion", on)

    def choose_language(self, code: str) -> None:
        """Speak a language; an empty code means the system's."""
        before = self._preferences.get(PREFERENCE, "")
        self._preferences.set(PREFERENCE, code)
        if spoken(code) != language():
            self.language_chosen.emit(code, before)

    def fix_language(self) -> None:
        """Offer no other language than that of a lesson, which would win."""
        self.languages[language()].setChecked(True)
        for action in self.languages.values():
            action.setEnabled(False)


def spoken(code: str) -> str:
    """Return the language that a choice means; an empty code is the system's."""
    return code or best_of(system_languages()) or "en"


def _choices(
    menu: Menu,
    title: str,
    entries: Any,
    used: Any,
    choose: Callable[[Any], None],
) -> dict[Any, QAction]:
    """Add a menu of entries, of which one is ticked; return them by what they choose."""
    entries_menu = menu.addMenu(title)
    group = QActionGroup(menu)
    group.triggered.connect(lambda action: choose(action.data()))
    found: dict[Any, QAction] = {}
    for value, text in entries:
        action = found[value] = group.addAction(text)
        action.setData(value)
        action.setCheckable(True)
        action.setChecked(value == used)
    entries_menu.addActions(group.actions())
    return found
