"""The main window: the tabs, the header, the toast, and the services behind them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QKeyEvent, QMoveEvent, QResizeEvent
from PyQt5.QtWidgets import QMainWindow, QTabWidget, QWidget

from mnist_draw.app.draw.digit_list import MyDigits
from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.recognition import Explanations, Recognition, compile_network
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.layout import ScrollArea
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.kit.newest_only import NewestOnly
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.notifier import board as notices
from mnist_draw.app.kit.page import ClickShield, Page
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background, connect_direct
from mnist_draw.app.shell.desktop import RunNotification, place_window
from mnist_draw.app.shell.glossary import Glossary
from mnist_draw.app.shell.header import Header
from mnist_draw.app.shell.help import build_help
from mnist_draw.app.shell.shutdown import PAGE, Shutdown
from mnist_draw.app.shell.toast import Toast
from mnist_draw.app.shell.view import ViewButton
from mnist_draw.app.shell.ways import Ways
from mnist_draw.app.train.library_controller import LibraryController
from mnist_draw.app.train.run_controller import RunController
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.i18n import _
from mnist_draw.storage.preferences import Preferences

#: Seconds after the last choice until the preferences are written: a sudden end loses no more.
_SAVE_S = 1.0
#: On macOS Qt calls Command "Ctrl", and Command+Tab is the system's; "Meta" is the key Control.
_TABS = "Meta" if sys.platform == "darwin" else "Ctrl"
notifier = Notifier()
network_notifier = Notifier("network")
screen_notifier = Notifier("full screen")

P = TypeVar("P", bound=Page)


#: The page at each start, but after a restart that was asked for: the board keeps its drawing, and
#: Train shows the last run by itself.
_FIRST = DrawTab.name


class Window(QMainWindow):
    def __init__(
        self,
        preferences: Preferences | None = None,
        recognition: Recognition | None = None,
        training: Training | None = None,
        learning: Learning | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("MNIST Draw")
        self.preferences = preferences or Preferences()
        self.view = ViewButton(self, self.preferences)
        self.state = AppState(self)
        self.network = ActiveNetwork(self.preferences, self.state, self)
        self.recognition = recognition or Recognition(
            self.network.load_first,
            self,
            compile_function=compile_network,
        )
        self.training = training or Training(parent=self)
        self.learning = learning or Learning(parent=self)
        work = self.training, self.learning
        self.explanations = Explanations(lambda: any(service.running for service in work), self)
        self._started = False
        # What cannot be written now may be at the next try; if not, the end says so.
        self._saving = NewestOnly(lambda __: self.preferences.save(), self, quiet=_SAVE_S)
        self.preferences.on_change = self._saving.ask
        self._build()
        self._connect()
        self.ways = Ways(self)
        self._build_commands()
        theme.theme().style()
        self._restore()

    # -- building

    def _build(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setObjectName("tabs")
        self.tabs.setAccessibleName(_("Tabs"))
        self.tabs.tabBar().setAccessibleName(_("Tabs"))
        self.tabs.setAttribute(Qt.WA_StyledBackground)
        # Where the screen is too small for a page it scrolls, and the window never grows by itself.
        # Empty, it gets its place: a page that moves with its parents is styled at each move.
        room = ScrollArea()
        room.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        room.setWidget(self.tabs)
        self.setCentralWidget(room)
        self.header = Header(self.network, self.view)
        self.pages: list[Page] = []
        for make in PAGES:
            page = make(self)
            self.pages.append(page)
            self.tabs.addTab(page, page.title)
            self.addActions(page.everywhere)
        self.train_tab = self.page(TrainTab)
        self.draw_tab = self.page(DrawTab)
        self.inside_tab = self.page(InsideTab)
        self.show_page(self.preferences.get(PAGE, "") or _FIRST)
        self.preferences.set(PAGE, "")
        ClickShield(self.tabs)
        self.tabs.setCornerWidget(self.header, Qt.TopRightCorner)
        before: QWidget = self.tabs.tabBar()
        for part in self.header.in_order():
            self.setTabOrder(before, part)
            before = part
        self.toast = Toast(self)
        self.toast.stand_on(self.page_in_front)
        self.glossary = Glossary(self)

    def _build_commands(self) -> None:
        for text, sentence, keys, act in (
            (_("Next tab"), _("Show the next tab."), f"{_TABS}+Tab", partial(self._step, 1)),
            (
                _("Previous tab"),
                _("Show the previous tab."),
                f"{_TABS}+Shift+Tab",
                partial(self._step, -1),
            ),
            (_("Library"), _("All runs and networks."), "F9", self.ways.show_library),
            (
                _("Message"),
                _("Put the keyboard into the message."),
                "Ctrl+F8",
                self.toast.focus_action,
            ),
            (_("Quit"), _("Close the window."), "Ctrl+Q", self.close),
        ):
            Command(self, text, sentence, keys, act)
        guide = Command(
            self,
            _("Guide"),
            _("Read how a network learns and answers."),
            "",
            self.ways.show_guide,
        )
        words = Command(
            self,
            _("Words"),
            _("Explain the words of the field, first that under the pointer."),
            "F1",
            self.glossary.open_here,
        )
        build_help(self.header.help_button, self, self.pages, guide, words)

    def page(self, kind: type[P]) -> P:
        return next(page for page in self.pages if isinstance(page, kind))

    @property
    def page_in_front(self) -> Page:
        return self.pages[self.tabs.currentIndex()]

    def _note_page(self) -> None:
        page = self.page_in_front
        self.toast.stand_on(page)
        self.header.network.note_page(page is self.train_tab, page is self.draw_tab)

    def show_page(self, name: str) -> None:
        """Show the page of a name; one that is not there changes nothing."""
        for number, page in enumerate(self.pages):
            if page.name == name and self.tabs.isTabVisible(number):
                self.tabs.setCurrentWidget(page)
            elif page.name == name:
                notifier.problem(
                    _("The tab {name} does not belong to this lesson.", name=page.title),
                )

    def _connect(self) -> None:
        self.run = RunController(self.train_tab, self.training, self.preferences, self)
        self.run.saved.connect(self.network.note_saved)
        self.run.rescued.connect(self.network.move_run)
        self.network.key_in_training = lambda: self.run.current.key if self.training.running else ""
        settings = self.train_tab.settings
        self.state.follow(["entries"], lambda: settings.offer_networks(self.network.networks))
        self.background = Background(self)
        self.shutdown = Shutdown(self)
        self.library = LibraryController(
            self.train_tab.library,
            self.run,
            self.network,
            self.background,
            self,
        )
        self.my_digits = MyDigits(
            self.draw_tab.canvas,
            self.background,
            self.draw_tab.pictures.reader,
            self.train_tab.library,
            self,
        )
        for then in (
            self.network.refresh,
            self.network.forget_unlearnt,
            self.shutdown.resume_close,
        ):
            self.training.ended.connect(then)
        RunNotification(self.run, self)
        self.header.network.connect_work(self.run, self.learning)
        self._connect_recognition()
        # Straight from one worker's mailbox to the other's, whatever the window is doing.
        network = self.network
        training = self.training
        connect_direct(training.trained, network.note_trained)
        connect_direct(self.learning.fine_tuned, self.network.use_fine_tuned)
        self.draw_tab.learn.connect_services(self.learning, self.training)
        self.draw_tab.next_step.follow_run(self.run)
        self.run.learning = self.learning
        self.view.full_screen_requested.connect(self._fill_screen)
        self.view.restart_requested.connect(self.shutdown.restart)
        self.view.is_training = lambda: self.training.running
        self.tabs.currentChanged.connect(self._tab_changed)

    def _connect_recognition(self) -> None:
        self.draw_tab.connect_services(self.recognition, self.explanations)
        self.recognition.ready.connect(self.train_tab.start_plots)
        self.recognition.failed.connect(self._recognition_failed)
        self.state.follow(["model"], self._network_changed)
        self.explanations.failed.connect(network_notifier.problem)

    def _restore(self) -> None:
        place_window(self, self.preferences.get("geometry", ""))
        self._note_page()
        if self.preferences.notice:
            notifier.problem(self.preferences.notice)

    # -- after the window is visible

    def start(self) -> None:
        """Start what takes time, in other threads."""
        self._started = True
        reporter.listen(notifier.problem)
        self.glossary.attach()
        if self.page_in_front is self.train_tab:
            self.train_tab.start_plots()
        self.recognition.start()
        for page in self.pages:
            page.start()
        self.page_in_front.focus_first()
        self.library.tidy_up()

    def open_later(self, path: str) -> None:
        """Let the network in a file answer, once the services run."""

        def open_file() -> None:
            self.show_page(DrawTab.name)
            self.library.open_file(path)

        QTimer.singleShot(0, open_file)

    def _network_changed(self) -> None:
        model = self.state.model
        assert model is not None
        self.inside_tab.use_network(model, self.state.answering_key)
        self.draw_tab.use_network(model)
        self.draw_tab.answer.set_waiting("")
        network_notifier.forget()

    def _recognition_failed(self, sentence: str) -> None:
        if self.state.model is None:
            self.draw_tab.answer.set_waiting(_("There is no network to answer."))
        self.network.refuse()
        network_notifier.problem(sentence)
        self.train_tab.start_plots()

    def _fill_screen(self, on: bool) -> None:
        """Fill the screen with the window, or end that."""
        state = self.windowState()
        self.setWindowState(state | Qt.WindowFullScreen if on else state & ~Qt.WindowFullScreen)
        if on:
            screen_notifier.message(_("F11 brings the window back."))
        else:
            screen_notifier.forget()

    def _step(self, step: int) -> None:
        shown = [n for n in range(self.tabs.count()) if self.tabs.isTabVisible(n)]
        place = shown.index(self.tabs.currentIndex())
        self.tabs.setCurrentIndex(shown[(place + step) % len(shown)])

    def _tab_changed(self, index: int) -> None:
        reporter.note(f"tab {self.pages[index].name}")
        self.glossary.attach()
        self.page_in_front.focus_first()
        if self._started:
            self.train_tab.start_plots()
        self._note_page()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            notices.escaped.emit()
        else:
            super().keyPressEvent(event)

    # -- the end

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close at once when nothing runs; else stop the run, save what was learnt, then close.

        Before a network is lost that could be saved nowhere, its user is asked, unless the system
        ends the program.
        """
        for page in self.pages:
            page.finish()
        try:
            self.preferences.save()
        except UserError as error:
            reporter.report(error)
        event.setAccepted(self.shutdown.try_close())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._note_place()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._note_place()

    def _note_place(self) -> None:
        if self._started:
            self.preferences.set("geometry", bytes(self.saveGeometry().toHex()).decode())


#: The tabs from left to right: each makes one page, and may use the pages before it.
PAGES: tuple[Callable[[Window], Page], ...] = (
    lambda window: DrawTab(window.network, window.preferences),
    lambda window: TrainTab(window.preferences),
    lambda window: InsideTab(window.page(DrawTab).canvas, window.network, window.preferences),
)
