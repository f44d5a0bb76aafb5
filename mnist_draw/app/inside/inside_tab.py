"""The tab *Inside* for the window: imports and builds its views when it is first shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from mnist_draw.app.inside.example_in_use import ExampleInUse
from mnist_draw.app.kit.page import Page
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.i18n import pgettext

if TYPE_CHECKING:
    from mnist_draw.analysis.layer_inspection import LayerFigures
    from mnist_draw.app.draw.canvas import Canvas
    from mnist_draw.app.inside.inside_view import InsideView
    from mnist_draw.app.kit.active_network import ActiveNetwork
    from mnist_draw.storage.models import ModelFile
    from mnist_draw.storage.preferences import Preferences
    from mnist_draw.training.events import Parameters

_VIEW = "mnist_draw.app.inside.inside_view"
_SECTION, _STEP = "inside_section", "inside_guide_step"


@dataclass
class RunInTraining:
    title: str = ""
    parameters: Parameters | None = None
    figures: LayerFigures | None = None


class InsideTab(Page):
    name, title = "inside", pgettext("tab", "Inside")

    draw_requested = pyqtSignal()
    present_requested = pyqtSignal(bool)

    def __init__(self, canvas: Canvas, network: ActiveNetwork, preferences: Preferences) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.StrongFocus)
        self.view: InsideView | None = None
        self.is_training: Callable[[], bool] = lambda: False
        self._canvas, self._active, self._preferences = canvas, network, preferences
        self._network: tuple[ModelFile, str] | None = None
        self.example = ExampleInUse(network, self)
        self._run = RunInTraining()
        self._background = Background(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def message_ground(self) -> tuple[QWidget, int]:
        # The guide beside it is to be read.
        return self if self.view is None else self.view.pages, Size.CARD_PADDING

    def showEvent(self, event: QShowEvent) -> None:
        self.prepare(lambda: None)

    def prepare(self, then: Callable[[], object]) -> None:
        """Build the views; import them in another thread the first time."""

        def build(_: object = None) -> None:
            self.open()
            then()

        if self.view is not None or _VIEW in sys.modules:
            build()
        else:
            self._background.run(partial(import_module, _VIEW), build)

    def show_epoch(self, title: str, parameters: Parameters) -> None:
        """Note the weights of a run after an epoch, and show them while the tab is visible."""
        self._run.title, self._run.parameters = title, parameters
        self._follow_run()

    def show_figures(self, figures: LayerFigures) -> None:
        """Note what was measured of a run's layers, and show it while the tab is visible."""
        self._run.figures = figures
        self._follow_run()

    def _follow_run(self) -> None:
        if self.view is not None and self.isVisible():
            self.view.show_run()

    def open_run(self) -> None:
        self.open().open_run()

    def open(self) -> InsideView:
        """Return the views; build them the first time."""
        if self.view is None:
            from mnist_draw.app.inside.inside_view import InsideView

            section, step = self._preferences.get(_SECTION, ""), self._preferences.get(_STEP, 0)
            self.view = InsideView(
                self._canvas, self._active, self.example, self._run, section, step
            )
            self.view.is_training = lambda: self.is_training()
            self.view.draw_requested.connect(self.draw_requested)
            self.view.present_requested.connect(self.present_requested)
            if self._network is not None:
                self.view.use_network(*self._network)
            self._column.addWidget(self.view)
            self.view.show()
        return self.view

    def use_network(self, model: ModelFile, key: str) -> None:
        self._network = (model, key)
        if self.view is not None:
            self.view.use_network(model, key)

    def open_network(self) -> None:
        self._open_drawing().open_section("network")

    def open_why(self, answer: int, rival: int) -> None:
        self._open_drawing().open_why(None, answer, rival)

    def _open_drawing(self) -> InsideView:
        self.example.use_drawing()
        view = self.open()
        view.catch_up()
        return view

    def remember(self, preferences: Preferences) -> None:
        if self.view is not None:
            preferences.set(_SECTION, self.view.section.name)
            preferences.set(_STEP, self.view.guide.step.number)

    def wait(self) -> bool:
        """Wait a bounded time for work in other threads; return whether it is done."""
        ended = [self._background.wait(), self.example.wait()]
        return all(ended) and (self.view is None or self.view.wait())
