"""The third tab, as the window knows it: nothing is imported or built before it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from mnist_draw.app.shared.page import Page

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.answer.network_menu import NetworkMenu
    from mnist_draw.app.board.canvas import Canvas
    from mnist_draw.app.inside.inside_view import InsideView
    from mnist_draw.storage.models import ModelFile
    from mnist_draw.storage.preferences import Preferences

_SECTION = "inside_section"


class InsideTab(Page):
    """Inside the network in use.

    Parameters
    ----------
    canvas : Canvas
        The board of the Draw tab.
    models : NetworkMenu
        The menu of networks of the Draw tab.
    preferences : Preferences
        Remember the section in front.

    Attributes
    ----------
    view : InsideView or None
        Everything in the tab, once it has been looked at.
    """

    name, title = "inside", "Inside"

    def __init__(
        self,
        canvas: Canvas,
        models: NetworkMenu,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.StrongFocus)
        self.view: InsideView | None = None
        self._canvas, self._models, self._preferences = canvas, models, preferences
        self._network: tuple[ModelFile, str] | None = None
        self._drawing: tuple[np.ndarray | None, np.ndarray | None, int | None] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def showEvent(self, event: QShowEvent) -> None:
        self.open()

    def open(self) -> InsideView:
        """Build everything unless it is there, and return it."""
        if self.view is None:
            from mnist_draw.app.inside.inside_view import InsideView

            section = self._preferences.get(_SECTION, "")
            self.view = InsideView(self._canvas, self._models, section)
            self.view.told.connect(self.told)
            if self._network is not None:
                self.view.use_network(*self._network)
            if self._drawing is not None:
                self.view.example.show_drawing(*self._drawing)
            self._column.addWidget(self.view)
            self.view.show()
        return self.view

    def use_network(self, model: ModelFile, key: str) -> None:
        """Look into this network from now on."""
        self._network = (model, key)
        if self.view is not None:
            self.view.use_network(model, key)

    def show_drawing(
        self, picture: np.ndarray | None, probabilities: np.ndarray | None, winner: int | None
    ) -> None:
        """Take note of what the Draw tab shows; see :meth:`ExampleInUse.show_drawing`."""
        self._drawing = (picture, probabilities, winner)
        if self.view is not None:
            self.view.example.show_drawing(picture, probabilities, winner)

    def say_of_drawing(self, label: int) -> None:
        """Take note that the drawing was taught as a digit."""
        self.open().example.say_of_drawing(label)

    def finish(self, preferences: Preferences) -> None:
        """Remember the section in front; the program ends."""
        if self.view is not None:
            preferences.set(_SECTION, self.view.section.name)

    def wait(self) -> bool:
        """Wait a bounded time for work in other threads; return whether it is done."""
        return self.view is None or self.view.wait()
