"""The Train tab: the settings in a drawer, and the pages of a new run, a run and the library."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from functools import partial
from typing import Literal

from qtpy.QtCore import QSize, QTimer
from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import QApplication, QStackedWidget, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.layout import ClickShield, Page, column, row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain
from mnist_draw.app.train.layers_page import LayersPage
from mnist_draw.app.train.lesson import Lesson
from mnist_draw.app.train.lesson_maker import LessonMaker
from mnist_draw.app.train.library_page import LibraryPage
from mnist_draw.app.train.new_run_page import NewRunPage
from mnist_draw.app.train.run_page import RunPage
from mnist_draw.app.train.run_words import requests
from mnist_draw.app.train.settings_drawer import SettingsDrawer
from mnist_draw.app.train.settings_form import SettingsForm
from mnist_draw.i18n import _, pgettext
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.settings import TrainingSettings

PageName = Literal["new", "run", "library", "make"]

#: Pages that have all the room.
_WITHOUT_DRAWER = ("library", "make")
#: Width of the narrowest page beside the layers.
_LEAST_PAGE = 300
#: The preference that says whether the settings are open.
_DRAWER = "settings_drawer"


class _Pages(QStackedWidget):
    """Pages of which only the one in front needs room."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSizeHint()


class TrainTab(Page):
    """Shows a new run, a run or the library.

    `RunController` connects it to the training. `show_page` chooses the page, `show_drawer` opens
    the settings, which push the page.
    """

    name = "train"
    title = pgettext("tab", "Train")

    def __init__(
        self,
        preferences: Preferences | None = None,
        state: AppState | None = None,
    ) -> None:
        super().__init__()
        # It has the keyboard only while a button waits that will have it.
        self.setProperty("ring", False)
        self.state = state or AppState()
        self._background = Background(self)
        self._plots_started = False
        self._unbuilt: list[Callable[[], None]] = []
        self._before_library: PageName = "new"
        self.settings = SettingsForm(self)
        self.drawer = SettingsDrawer(self.settings)
        self.drawer.close_button.clicked.connect(self.toggle_drawer)
        #: In the place of the drawer while the layers of the network are changed.
        self.layers = LayersPage(self.settings)
        self.layers.close_button.clicked.connect(self.toggle_drawer)
        self.layers.left.connect(lambda: self.show_layers(False))
        self.layers.fields.open_button.clicked.connect(lambda: self.show_layers(True))
        self._shows_layers = False
        self.new_run = NewRunPage(self.settings, self.layers.list)
        self.run_page = RunPage(self.state)
        self.library = LibraryPage(self.state)
        self.maker = LessonMaker(self.settings)
        self.maker.close_requested.connect(lambda: self.show_page("new"))
        self._pages: dict[PageName, QWidget] = {
            "new": self.new_run,
            "run": self.run_page,
            "library": self.library,
            "make": self.maker,
        }
        self._stack = _Pages()
        for page in self._pages.values():
            self._stack.addWidget(page)
        ClickShield(self._stack)
        margins = (Size.MARGIN, Size.CARD_PADDING, Size.MARGIN, Size.MARGIN)
        held = column(self._stack, margins=margins)
        row(self.drawer, self.layers, (held, 1), gap=0, owner=self)
        run = self.run_page
        self.hint = run.hint
        self.loss = run.loss
        self.accuracy = run.accuracy
        self.start_button = self.new_run.start_button
        self.pause_button = run.pause_button
        self.stop_button = run.stop_button
        self.step_button = run.step_button
        self._build_commands()
        self._preferences = preferences or Preferences()
        self._is_drawer_open = self._preferences.get(_DRAWER, False)
        self.show_drawer(self._is_drawer_open)
        self.settings.edited.connect(self._note_settings)
        self.layers.list.shown.connect(self._enable_start)
        self.state.follow(["is_training", "run", "shown_run"], self._show_run)
        self._show_run()

    def _note_settings(self) -> None:
        self._preferences.set_later("training", self.settings.state.chosen.settings.to_json)

    # -- building

    def _build_commands(self) -> None:
        new = self.new_run
        run = self.run_page
        self.main = Command(self, _("Start or pause"), "F5")
        sentence = _("End the run after the current minibatch; complete epochs are kept.")
        self.stop = Command(self, _("Stop"), "Shift+F5", sentence=sentence)
        sentence = _("Add one epoch to the plan; after a run, train one more.")
        self.step = Command(self, _("+1 epoch"), "F6", sentence=sentence)
        library = Command(self, _("Library"), "F7", self.toggle_library)
        settings = Command(self, _("All settings"), "F4", self.toggle_drawer)
        sentence = _("Go to the layer that has to be corrected.")
        wrong = Command(self, _("Wrong layer"), "F8", self._show_wrong_layer, sentence=sentence)
        for command, buttons in (
            (wrong, (new.wrong_button,)),
            (self.main, (run.pause_button,)),
            (self.stop, (run.stop_button,)),
            (self.step, (run.step_button,)),
            (library, (new.library_button, run.library_button)),
            (settings, (new.settings_button, run.settings_button)),
        ):
            for button in buttons:
                command.serve(button)
        explain(new.start_button, pgettext("button", "Start"), "", "F5")
        sentence = _("Pause after the current minibatch, or resume.")
        explain(run.pause_button, _("Pause"), sentence, "F5")
        make = partial(self.show_page, "make")
        sentence = _("Give a class these settings, with a task, as a file.")
        self.make_lesson = Command(self, _("Save as lesson…"), "", make, sentence=sentence)
        self.drawer.offer_lesson(self.make_lesson)
        self.everywhere = (self.main, self.stop, self.step)

    def begin_lesson(
        self,
        lesson: Lesson,
        base: TrainingSettings,
        chosen: TrainingSettings,
    ) -> None:
        """Show a lesson's task and settings in place of the cards."""
        self.settings.state.begin_lesson(base, lesson.cards)
        self.settings.restore(chosen)
        self.settings.fix(lesson.fixed, lesson.hidden)
        self.drawer.list_presets()
        self.new_run.begin_lesson(lesson, base, self._preferences)
        self.maker.show_lesson(lesson)

    # -- pages and drawer

    @property
    def page(self) -> PageName:
        shown = self._stack.currentWidget()
        return next(name for name, page in self._pages.items() if page is shown)

    @property
    def work_page(self) -> PageName:
        """The page in front, or that behind the Library."""
        return self._before_library if self.page == "library" else self.page

    def message_background(self) -> tuple[QWidget, int]:
        # The hint below the curve is to be read.
        curve = self.accuracy if self.accuracy.isVisible() else self.loss
        return curve if self.page == "run" and curve.isVisible() else self, Size.MARGIN

    def show_page(self, name: PageName) -> None:
        if name == self.page:
            return
        if name == "library":
            self._before_library = self.page
        self._stack.setCurrentWidget(self._pages[name])
        self.show_drawer(self._is_drawer_open)
        if name == "library":
            self.library.shown.emit()
        self.focus_first()

    def leave_run(self) -> None:
        """Show the page of a new run in place of that of a run."""
        if self.page == "library":
            self._before_library = "new"
        else:
            self.show_page("new")

    def showEvent(self, event: QShowEvent) -> None:
        self.state.set(has_unseen_end=False)

    def toggle_library(self) -> None:
        self.show_page(self._before_library if self.page == "library" else "library")

    def show_drawer(self, is_open: bool) -> None:
        """Open or close the settings; the page keeps the focus. The library has none."""
        self._is_drawer_open = is_open
        shown = is_open and self.page not in _WITHOUT_DRAWER
        opener = self.new_run.settings_button
        focus = QApplication.focusWidget()
        sides = (self.drawer, self.layers)
        inside = focus is not None and any(side.isAncestorOf(focus) for side in sides)
        self.drawer.setVisible(shown and not self._shows_layers)
        self.layers.setVisible(shown and self._shows_layers)
        self.new_run.show_flow(shown and self._shows_layers)
        self._share_room()
        self.drawer.show_beside(self.page == "run")
        self.new_run.show_settings_button(not shown)
        self.run_page.settings_button.setVisible(not shown)
        if inside and not shown:
            (opener if self.page == "new" else self.run_page.settings_button).setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        """Leave the layers the whole window where the page beside them would be too narrow."""
        left = self.width() - self.layers.width()
        is_narrow = left < theme.scaled(_LEAST_PAGE)
        self._stack.setHidden(is_narrow and not self.layers.isHidden())

    def show_layers(self, shown: bool) -> None:
        """Show the layers of the network in the place of all settings, or go back."""
        self._shows_layers = shown
        self.show_drawer(True)
        (self.layers.list if shown else self.layers.fields.open_button).setFocus()

    def toggle_drawer(self) -> None:
        if self.page not in _WITHOUT_DRAWER:
            self.show_drawer(not self._is_drawer_open)
            self._preferences.set(_DRAWER, self._is_drawer_open)
            # What is in the drawer is used next.
            if self._is_drawer_open and self._shows_layers:
                self.layers.list.setFocus()
            elif self._is_drawer_open:
                self.drawer.focus_first()

    def start_plots(self) -> None:
        """Import pyqtgraph in a thread, then build the plots between events; once."""
        if self._plots_started:
            return
        self._plots_started = True
        # What pyqtgraph imports of Qt if it can. A module of PyQt that is loaded in one
        # thread changes what all conversions between Python and Qt look up: in the GUI thread only,
        # or it may crash. PyInstaller collects what it finds in statements.
        with contextlib.suppress(ImportError):
            import qtpy.QtSvg
        with contextlib.suppress(ImportError):
            import qtpy.QtTest  # noqa: F401
        self._unbuilt = [self.loss.build, self.accuracy.build, self.library.compare.prepare]
        plots = partial(importlib.import_module, "mnist_draw.app.train.plots")
        self._background.run(plots, self._build_next)

    def _build_next(self, __: object = None) -> None:
        if self._unbuilt:
            self._unbuilt.pop(0)()
            # A method of this page is not called once the page is deleted.
            QTimer.singleShot(0, self._build_next)

    def show_setting(self, name: str) -> None:
        """Open the drawer at a setting of a new run."""
        self.show_page("new")
        self._shows_layers = False
        self.show_drawer(True)
        self.settings.fields[name].widget.setFocus()

    def focus_first(self) -> None:
        self._first().setFocus()

    def _first(self) -> QWidget:
        """Return the first control of the page in front; this page if it is disabled."""
        if self.page == "library":
            return self.library.list
        if self.page == "make":
            return self.maker.title
        button = self.run_page.first() if self.page == "run" else self.new_run.start_button
        return button if button.isEnabled() else self

    def _show_wrong_layer(self) -> None:
        """Lead to the layer for which no run starts."""
        error = self.layers.list.error
        if error is not None:
            self.show_page("new")
            self.show_layers(True)
            self.layers.list.choose(error[0])

    # -- showing a run

    def _enable_start(self) -> None:
        is_right = self.layers.list.error is None
        self.new_run.start_button.setEnabled("start" in self._possible and is_right)

    @property
    def _possible(self) -> frozenset[str]:
        """What can be asked of the run of this window."""
        state = self.state
        can_continue = state.shown_run.can_continue and not state.is_training
        return requests(state.run, state.is_training, can_continue)

    def _show_run(self) -> None:
        """Show the run on its page, and enable what can be asked."""
        state = self.state
        run = state.run
        focus = QApplication.focusWidget()
        held = focus is not None and (focus is self or self._stack.isAncestorOf(focus))
        self.run_page.fixed = self.settings.state.fixed
        self.run_page.show_run()
        possible = self._possible
        can_start = "start" in possible
        self.main.setEnabled("pause" in possible or can_start)
        self.stop.setEnabled("stop" in possible)
        self.step.setEnabled("step" in possible)
        self.run_page.stop_button.setText(_("Cancel") if run.state == "waiting" else _("Stop"))
        leads = self.run_page.new_button
        is_main = can_start and not self.run_page.finished.goes_on
        to_new = _("Back to the lesson") if state.lesson else _("New run")
        is_new = can_start and not state.lesson
        self.run_page.show_way_out(to_new if can_start else _("To the run"), is_new)
        explain(leads, leads.text(), "", "F5" if is_main else "")
        self._enable_start()
        self.settings.set_running(state.is_training, keeps=run.state != "diverged")
        # A hidden button would pass the focus to the next widget, such as a menu.
        if held and focus and (focus is self or not (focus.isVisible() and focus.isEnabled())):
            self._first().setFocus()
