"""The language of the window: Qt's own words, and the user's place while pages are rebuilt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QLibraryInfo, QLocale, Qt, QTimer, QTranslator
from qtpy.QtWidgets import QScrollArea, QWidget

from mnist_draw.app.kit.theme import application
from mnist_draw.i18n import is_right_to_left, language

if TYPE_CHECKING:
    from mnist_draw.app.shell.window import Window


def speak_language() -> QTranslator:
    """Let Qt's own dialogs, buttons and names of keys speak the language of this process."""
    app = application()
    for before in app.findChildren(QTranslator):
        app.removeTranslator(before)
        before.deleteLater()
    QLocale.setDefault(QLocale(language()))
    translator = QTranslator(app)
    folder = QLibraryInfo.location(QLibraryInfo.TranslationsPath)
    # By QLocale, since Qt's file of "pt" is qtbase_pt_BR.
    if translator.load(QLocale(), "qtbase", "_", folder):
        app.installTranslator(translator)
    app.setLayoutDirection(Qt.RightToLeft if is_right_to_left() else Qt.LeftToRight)
    return translator


class Place:
    """What is in front in a window, what has the keyboard, and how far each area is scrolled."""

    def __init__(self, window: Window) -> None:
        focus = window.focusWidget()
        self._focus = "" if focus is None else focus.objectName()
        self._page = window.state.page
        self._train_page = window.train_tab.page
        self._work_page = window.train_tab.work_page
        row = window.train_tab.library.list.current()
        self._row = "" if row is None else row.key
        self._scrolled = {
            area.objectName(): area.verticalScrollBar().value()
            for area in window.findChildren(QScrollArea)
        }

    def restore(self, window: Window) -> None:
        """Bring a window with other pages there."""
        window.run.take_up(self._work_page)
        if self._train_page == "library":
            window.train_tab.show_page("library")
            window.train_tab.library.list.choose(self._row)
        window.navigation.show_page(self._page)
        # Contents have their sizes once the events of their layouts are handled.
        after_layout = QTimer(window)
        after_layout.setSingleShot(True)
        after_layout.timeout.connect(partial(self._scroll, window))
        after_layout.timeout.connect(after_layout.deleteLater)
        after_layout.start(0)
        focused = window.findChild(QWidget, self._focus) if self._focus else None
        if focused is None:
            window.navigation.current.focus_first()
        else:
            focused.setFocus()

    def _scroll(self, window: Window) -> None:
        for area in window.findChildren(QScrollArea):
            area.verticalScrollBar().setValue(self._scrolled.get(area.objectName(), 0))
