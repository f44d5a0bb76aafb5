"""The tabs, and the ways from page to page: what one asks for is shown by another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QTabWidget

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.kit.app_state import AppState, Learns
from mnist_draw.app.kit.layout import ClickShield, Page
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.i18n import _
from mnist_draw.library.entries import entry_of_run

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.digit_list import MyDigits
    from mnist_draw.app.kit.active_network import ActiveNetwork
    from mnist_draw.app.shell.header import NetworkButton
    from mnist_draw.app.shell.help import Glossary
    from mnist_draw.app.train.library_controller import LibraryController
    from mnist_draw.app.train.run_controller import RunController
    from mnist_draw.recognition.certainty import Certainty

notifier = Notifier()

P = TypeVar("P", bound=Page)


class Navigation(QObject):
    """Owns the tabs; `connect` lets a page ask for what another shows."""

    page_shown = Signal()

    def __init__(self, state: AppState, pages: Sequence[Page], parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self.pages = tuple(pages)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("tabs")
        self.tabs.setAccessibleName(_("Tabs"))
        self.tabs.tabBar().setAccessibleName(_("Tabs"))
        self.tabs.setAttribute(Qt.WA_StyledBackground)
        for page in pages:
            self.tabs.addTab(page, page.title)
        ClickShield(self.tabs)
        self._draw = self.page(DrawTab)
        self._train = self.page(TrainTab)
        self._inside = self.page(InsideTab)
        #: The page to which the Library leads back.
        self._before_library = TrainTab.name
        self._to_draw = partial(self.show_page, DrawTab.name)
        self._to_train = partial(self.show_page, TrainTab.name)
        self._to_inside = partial(self.show_page, InsideTab.name)
        self._note_page()
        self.tabs.currentChanged.connect(self._note_page)
        state.follow(["hidden_pages"], self._hide_pages)

    # -- the tabs

    def page(self, kind: type[P]) -> P:
        return next(page for page in self.pages if isinstance(page, kind))

    @property
    def current(self) -> Page:
        return self.pages[self.tabs.currentIndex()]

    def show_page(self, name: str) -> None:
        """Show the page of a name; one that a lesson leaves out changes nothing."""
        page = next((page for page in self.pages if page.name == name), None)
        if page is None:
            return
        if name in self._state.hidden_pages:
            notifier.problem(_("The {name} tab is not part of this lesson.", name=page.title))
        else:
            self.tabs.setCurrentWidget(page)

    def step(self, step: int) -> None:
        """Show the next tab, or the one before."""
        shown = [page for page in self.pages if page.name not in self._state.hidden_pages]
        place = shown.index(self.current)
        self.tabs.setCurrentWidget(shown[(place + step) % len(shown)])

    def _note_page(self) -> None:
        reporter.note(f"tab {self.current.name}")
        self._state.set(page=self.current.name)
        self.page_shown.emit()

    def _hide_pages(self) -> None:
        hidden = self._state.hidden_pages
        for place, page in enumerate(self.pages):
            self.tabs.setTabVisible(place, page.name not in hidden)

    # -- the ways

    def connect(
        self,
        run: RunController,
        library: LibraryController,
        my_digits: MyDigits,
        network: ActiveNetwork,
        header: NetworkButton,
        glossary: Glossary,
    ) -> None:
        self._run = run
        self._library = library
        self._my_digits = my_digits
        self._network = network
        header.work.clicked.connect(self._show_work)
        header.menu.library_requested.connect(self.show_library)
        header.menu.row_menu = partial(library.menu_of, header.menu)
        self._connect_draw(glossary)
        self._connect_train(glossary)
        self._connect_library()
        self._connect_inside()

    def _connect_draw(self, glossary: Glossary) -> None:
        answer = self._draw.answer
        inside = self._inside
        draw = self._draw
        answer.evidence_changed.connect(self._show_drawing)
        answer.why_link.why_requested.connect(self._show_why)
        not_a_digit = partial(glossary.open_word, "not_a_digit")
        answer.why_link.refusal_requested.connect(not_a_digit)
        teaching = draw.teaching
        teaching.taught.connect(inside.example.label_drawing)
        teaching.untaught.connect(lambda *__: inside.example.label_drawing())
        teaching.taught.connect(answer.why_link.note_taught)
        draw.first_start.tour.clicked.connect(self._take_tour)
        draw.first_start.train.clicked.connect(self._to_new_run)
        draw.first_start.inside.clicked.connect(self._look_inside)
        step = draw.next_step
        step.train_requested.connect(self._to_new_run)
        step.run_requested.connect(self._show_work)
        step.inside_requested.connect(self._look_inside)
        self._my_digits.opened.connect(self._to_draw)
        self._my_digits.changed.connect(teaching.recount)
        draw.digits_requested.connect(self._show_digits)

    def _show_drawing(
        self,
        picture: np.ndarray | None,
        probabilities: np.ndarray | None,
        certainty: Certainty | None,
    ) -> None:
        answer = self._draw.answer
        part = answer.describe_place()
        self._inside.example.show_drawing(picture, probabilities, certainty, part)
        # A part of a number is not what is on the board.
        is_one = answer.number is None and certainty is not None and not certainty.is_refused
        self._train.run_page.finished.show_drawing(picture if is_one else None)

    def _connect_train(self, glossary: Glossary) -> None:
        page = self._train.run_page
        page.finished.try_button.clicked.connect(self._try_network)
        page.finished.mistakes_button.clicked.connect(
            lambda: self._show_section_of_front("results"),
        )
        self._run.mistakes_requested.connect(self._show_mistakes)
        page.finished.share_button.clicked.connect(self._share)
        page.failed.try_button.clicked.connect(self._try_network)
        page.failed.delete_button.clicked.connect(self._delete_run)
        page.why.words_button.clicked.connect(partial(glossary.open_word, "learning_rate"))
        page.hint.inside.clicked.connect(self._show_layers)
        self._run.train_requested.connect(self._to_train)
        for shown in (page, self._train.new_run):
            shown.digits.grid.chosen.connect(self._show_test_digit)

    def _connect_library(self) -> None:
        tab = self._train
        page = self._train.library
        library = self._library
        library.library_requested.connect(self.show_library)
        page.shown.connect(self._forget_origin)
        page.close_requested.connect(self._leave_library)
        page.train_button.clicked.connect(self._run.show_new)
        library.run_requested.connect(self._run.show_run)
        library.inside_requested.connect(lambda: self._show_section("network"))
        library.repeat_requested.connect(tab.settings.repeat)
        library.repeat_requested.connect(lambda __: tab.show_page("new"))
        for card, name in ((tab.loss, "loss"), (tab.accuracy, "accuracy")):
            card.export_requested.connect(partial(library.export_shown, card, name))

    def _connect_inside(self) -> None:
        inside = self._inside
        inside.is_training = self._is_training
        inside.draw_requested.connect(self._show_step_on_draw)

    def _is_training(self) -> bool:
        run = self._state.run
        return run.is_running and run.state != "paused"

    # -- to the Library and back

    def show_library(self) -> None:
        """Show all runs and networks; its × leads back to the page of now."""
        origin = self.current.name
        self._to_train()
        if self._train.page != "library" or origin != TrainTab.name:
            self._train.show_page("library")
            self._before_library = origin

    def _show_digits(self) -> None:
        self._my_digits.choose_first()
        self.show_library()

    def _leave_library(self) -> None:
        before = self._before_library
        self._train.toggle_library()
        self.show_page(before)

    def _forget_origin(self) -> None:
        self._before_library = TrainTab.name

    # -- to what goes on, and to the board

    def _to_new_run(self) -> None:
        self._to_train()
        self._train.show_page("new")

    def _show_work(self) -> None:
        """Show the subject of the header's button: the run, or learning on Draw."""
        if isinstance(self._state.learning, Learns) and self._state.queue is None:
            self._to_draw()
        else:
            self._to_train()
            self._run.show_current()

    def _try_network(self) -> None:
        """Let the network of the run in front answer, and show the board."""
        self._network.use_key(self._state.shown_run.network_key)
        self._to_draw()

    def _delete_run(self) -> None:
        entry = self._state.entry_of(self._state.shown_run.key)
        if entry is not None:
            self._library.delete(entry)
            self._run.show_new()

    def _share(self) -> None:
        self._library.share(entry_of_run(self._state.shown_run))

    # -- to Inside

    def show_guide(self) -> None:
        """Show the guide in the tab Inside, or close it there."""
        if self.current is self._inside:
            self._inside.open().turn_page()
        else:
            self._to_inside()
            self._inside.open().show_page()

    def _take_tour(self) -> None:
        self._to_inside()
        self._inside.open().begin_guide()

    def _show_step_on_draw(self) -> None:
        """Show the board, which a step of the guide is about, with a way back."""
        self._to_draw()
        step = _("Guide, step {number}", number=self._inside.open().guide.step.number)
        back = _("Back to the guide")
        Notifier("guide", DrawTab.name).problem(step, self._to_inside, back)

    def _look_inside(self) -> None:
        self._inside.open_network()
        self._to_inside()

    def _show_why(self, answer: int, rival: int) -> None:
        self._inside.open_why(answer, rival)
        self._to_inside()

    def _show_section_of_front(self, name: str) -> None:
        """Show a section about the network of the run in front, which then answers."""
        run = self._state.shown_run
        self._network.use_instead(run.network_key, self._state.title_of(run))
        self._show_section(name)

    def _show_mistakes(self, name: str) -> None:
        """Show the mistakes of the run in front with a class."""
        self._show_section_of_front("results")
        self._inside.open().section.open_view(f"misread {name}")

    def _show_layers(self) -> None:
        """Show the layers of the run in front; of an earlier one, its network."""
        if self._run.follows_layers:
            self._inside.open().open_run()
            self._to_inside()
        else:
            self._show_section_of_front("network")

    def _show_section(self, name: str) -> None:
        self._inside.open().open_section(name)
        self._to_inside()

    def _show_test_digit(self, place: int) -> None:
        self._inside.open().example.pick_test(place)
        self._to_inside()
