"""The main window: the tabs, the header, the toast, and the services behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from qtpy import sip
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QMoveEvent,
    QResizeEvent,
)
from qtpy.QtWidgets import QMainWindow, QWidget

from mnist_draw.app.draw.digit_list import MyDigits
from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.recognition import (
    Explanations,
    Recognition,
    compile_network,
    connect_network,
)
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.desktop import CONTROL
from mnist_draw.app.kit.files import local_files
from mnist_draw.app.kit.layout import ScrollArea
from mnist_draw.app.kit.learning import Learning, WorkQueue
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.notifier import board as notices
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background, NewestOnly, connect_direct
from mnist_draw.app.kit.waiting import AFTER_LEARNING, AFTER_RUN
from mnist_draw.app.shell.announcer import Announcer
from mnist_draw.app.shell.desktop import RunNotification, place_window
from mnist_draw.app.shell.header import Header
from mnist_draw.app.shell.help import Glossary, build_help
from mnist_draw.app.shell.language import Place, speak_language
from mnist_draw.app.shell.navigation import Navigation
from mnist_draw.app.shell.opening import open_files
from mnist_draw.app.shell.shutdown import Shutdown
from mnist_draw.app.shell.toast import Toast
from mnist_draw.app.shell.view import ViewButton, spoken
from mnist_draw.app.train.library_controller import LibraryController
from mnist_draw.app.train.run_controller import RunController
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.i18n import LANGUAGES, _, language, use
from mnist_draw.storage.preferences import Preferences

#: Seconds after the last choice until the preferences are written: a sudden end loses no more.
_SAVE_S = 1.0
notifier = Notifier()
network_notifier = Notifier("network")
screen_notifier = Notifier("full screen")
language_notifier = Notifier("language")


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
        self.setAcceptDrops(True)
        self.preferences = preferences or Preferences()
        self.state = AppState()
        self.network = ActiveNetwork(self.preferences, self.state, self)
        self.recognition = recognition or Recognition(
            self.network.load_first,
            self,
            compile_function=compile_network,
        )
        self.training = training or Training(parent=self)
        self.learning = learning or Learning(parent=self)
        self.queue = WorkQueue(self.state)
        work = self.training, self.learning
        self.explanations = Explanations(lambda: any(service.running for service in work), self)
        self._started = False
        # What cannot be written now may be at the next try; if not, the end says so.
        self._saving = NewestOnly(lambda __: self.preferences.save(), self, quiet=_SAVE_S)
        self.preferences.on_change = self._saving.ask
        #: Fits rebuilt pages to the lesson.
        self.fit_lesson: Callable[[], object] = lambda: None
        self.leave_lesson: Callable[[], object] = lambda: None
        self.background = Background(self)
        self.shutdown = Shutdown(self)
        connect_network(self.network, self.recognition, self.explanations)
        self.state.follow(["model"], self._network_changed)
        self.state.follow(["entries"], self._offer_networks)
        #: What lasts as long as the window.
        self._lasting = self.children()
        self._make_pages()
        self._restore()

    # -- building

    def _make_pages(self, before: DrawTab | None = None) -> None:
        """Make all that is shown; the board goes on with the drawing of the one before."""
        self.view = ViewButton(self, self.preferences)
        self._build(before)
        self._connect()
        self._build_commands()
        theme.theme().style()

    def _build(self, drawn: DrawTab | None) -> None:
        self.draw_tab = DrawTab(self.network, self.preferences, drawn)
        self.train_tab = TrainTab(self.preferences, self.state)
        self.inside_tab = InsideTab(self.draw_tab.canvas, self.network, self.preferences)
        pages = self.draw_tab, self.train_tab, self.inside_tab
        self.navigation = Navigation(self.state, pages, self)
        for page in pages:
            self.addActions(page.everywhere)
        # A smaller window scrolls, and the window never grows by itself.
        self.navigation.tabs.setMinimumSize(*Size.LEAST_WINDOW)
        # Empty, it gets its place: a page that moves with its parents is styled at each move.
        room = ScrollArea()
        room.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        room.setWidget(self.navigation.tabs)
        self.setCentralWidget(room)
        self.header = Header(self.network, self.view)
        self.navigation.tabs.setCornerWidget(self.header, Qt.TopRightCorner)
        before: QWidget = self.navigation.tabs.tabBar()
        for part in self.header.in_order():
            self.setTabOrder(before, part)
            before = part
        self.toast = Toast(self)
        self.toast.stand_on(self.navigation.current)
        self.glossary = Glossary(self)

    def _build_commands(self) -> None:
        Command(self, _("Next tab"), f"{CONTROL}+Tab", partial(self.navigation.step, 1))
        Command(self, _("Previous tab"), f"{CONTROL}+Shift+Tab", partial(self.navigation.step, -1))
        Command(self, _("Library"), "F9", self.navigation.show_library)
        Command(self, _("Message"), "Ctrl+F8", self.toast.focus_action)
        Command(self, _("Quit"), "Ctrl+Q", self.close)
        guide = Command(
            self,
            _("Guide"),
            "",
            self.navigation.show_guide,
        )
        words = Command(
            self,
            _("Words"),
            "F1",
            self.glossary.open_here,
            sentence=_("Explain technical terms, starting with the one under the pointer."),
        )
        lesson = self.train_tab.make_lesson
        lesson.triggered.connect(lambda: self.navigation.show_page(TrainTab.name))
        build_help(self.header.help_button, self, self.navigation.pages, guide, words, lesson)

    def _connect(self) -> None:
        self.run = RunController(
            self.train_tab,
            self.training,
            self.preferences,
            self,
            self.queue,
        )
        self.run.saved.connect(self.network.note_saved)
        self.run.rescued.connect(self.network.move_run)
        self.shutdown.connect_services(self.run)
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
            self.network.forget_unlearned,
            self.shutdown.resume_close,
        ):
            self.training.ended.connect(then)
        RunNotification(self.run, self)
        self._connect_recognition()
        Announcer(self)
        self.navigation.page_shown.connect(self._show_page)
        # Straight from one worker's mailbox to the other's, whatever the window is doing.
        network = self.network
        training = self.training
        connect_direct(training.trained, network.note_trained)
        connect_direct(self.learning.fine_tuned, self.network.use_fine_tuned)
        self.draw_tab.learn.connect_services(self.learning, self.queue)
        self.view.full_screen_requested.connect(self._fill_screen)
        self.draw_tab.pictures.input.open_files = self.open_files
        self.train_tab.drawer.files_chosen.connect(self.open_files)
        self.library.files_chosen.connect(self.open_files)
        # Not before its menu has closed, which is rebuilt.
        self.view.language_chosen.connect(self._choose_language, Qt.QueuedConnection)  # type: ignore[call-arg]
        # After all others: what waits begins when the end of the work before it is shown.
        self.queue.serve(
            {AFTER_RUN: self.training, AFTER_LEARNING: self.learning},
            {AFTER_LEARNING: self.draw_tab.learn.learn_later},
        )
        self.train_tab.run_page.queued.start_button.clicked.connect(self.queue.start_now)
        self.navigation.connect(
            self.run,
            self.library,
            self.my_digits,
            self.network,
            self.header.network,
            self.glossary,
        )

    def _connect_recognition(self) -> None:
        self.draw_tab.connect_services(self.recognition, self.explanations)
        self.recognition.ready.connect(self.train_tab.start_plots)
        self.recognition.failed.connect(self._recognition_failed)
        self.explanations.failed.connect(network_notifier.problem)

    def _restore(self) -> None:
        place_window(self, self.preferences.get("geometry", ""))
        if self.preferences.notice:
            notifier.problem(self.preferences.notice)

    # -- after the window is visible

    def start(self) -> None:
        """Start what takes time, in other threads."""
        self._started = True
        reporter.listen(notifier.problem)
        self.recognition.start()
        self._start_pages()
        self.navigation.current.focus_first()
        self.library.tidy_up()

    def _start_pages(self) -> None:
        self.glossary.attach()
        if self.state.page == TrainTab.name:
            self.train_tab.start_plots()
        for page in self.navigation.pages:
            page.start()

    def speak(self, code: str) -> None:
        if code != language():
            use(code)
            speak_language()
        self.rebuild()
        # Those that came with the program have names in each language.
        self.network.refresh()

    def _choose_language(self, code: str, before: str) -> None:
        spoken_before = language()
        self.speak(spoken(code))
        name = LANGUAGES[language()].name
        language_notifier.undo(
            _("The window is in {language} now.", language=name),
            partial(self.view.choose_language, before),
            LANGUAGES[spoken_before].name,
        )

    def rebuild(self) -> None:
        """Rebuild all pages; keep the drawing, the run, learning, and what a teacher wrote."""
        place = Place(self)
        drawn = self.draw_tab
        looked_at = self.inside_tab
        written = self.train_tab.maker.lesson()
        self.setUpdatesEnabled(False)
        drawn.leave()
        self._end_pages()
        self._make_pages(drawn)
        self.queue.hand_over(learning=self.draw_tab.learn, run=self.run)
        self.fit_lesson()
        self.train_tab.maker.show_lesson(written)
        self.state.announce(*vars(self.state))
        self._start_pages()
        self.draw_tab.pictures.strip.take_over(drawn.pictures.strip)
        self.inside_tab.example.pick_as(looked_at.example)
        place.restore(self)
        self.setUpdatesEnabled(True)
        self.draw_tab.read_again()

    def _end_pages(self) -> None:
        """Delete pages and controllers; disconnect the services from them."""
        for signal in (
            self.training.happened,
            self.training.ended,
            self.training.trained,
            self.learning.stepped,
            self.learning.ended,
            self.learning.fine_tuned,
            self.recognition.answered,
            self.recognition.ready,
            self.recognition.failed,
            self.explanations.answered,
            self.explanations.failed,
        ):
            signal.disconnect()
        for child in self.children():
            # Others may have given the window objects of Qt, such as a process.
            is_ours = child.isWidgetType() or type(child).__module__.startswith("mnist_draw.")
            if is_ours and child not in self._lasting:
                sip.delete(child)

    def _offer_networks(self) -> None:
        self.train_tab.settings.offer_networks(self.network.networks)
        self.train_tab.maker.offer_networks(self.state.entries)

    def open_files(self, paths: Sequence[str]) -> None:
        """Open files once what goes on now is done: a lesson rebuilds the page it is chosen on."""
        QTimer.singleShot(0, partial(open_files, self, paths))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(bool(local_files(event.mimeData())))

    def dropEvent(self, event: QDropEvent) -> None:
        # Copied, never moved: the other program keeps its files.
        event.setDropAction(Qt.CopyAction)
        event.accept()
        self.open_files(local_files(event.mimeData()))

    def _network_changed(self) -> None:
        model = self.state.model
        if model is None:
            # Pages are rebuilt before the first network is loaded.
            return
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
        """Switch full screen on or off."""
        state = self.windowState()
        self.setWindowState(state | Qt.WindowFullScreen if on else state & ~Qt.WindowFullScreen)
        if on:
            screen_notifier.message(_("F11 brings the window back."))
        else:
            screen_notifier.forget()

    def _show_page(self) -> None:
        page = self.navigation.current
        self.toast.stand_on(page)
        self.glossary.attach()
        page.focus_first()
        if self._started:
            self.train_tab.start_plots()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            notices.escaped.emit()
        else:
            super().keyPressEvent(event)

    # -- the end

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close at once when nothing runs; else stop the run, save what was learned, then close.

        Before a network is lost that could be saved nowhere, its user is asked, unless the system
        ends the program.
        """
        for page in self.navigation.pages:
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
