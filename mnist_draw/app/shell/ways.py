"""The ways from page to page: what one asks for is shown by another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QObject

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.i18n import _, number
from mnist_draw.library.entries import entry_of_run
from mnist_draw.recognition.certainty import Certainty

if TYPE_CHECKING:
    from mnist_draw.app.shell.window import Window


class Ways(QObject):
    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._draw = window.draw_tab
        self._train = window.train_tab
        self._inside = window.inside_tab
        #: The page to which the Library leads back.
        self._before_library = TrainTab.name
        self._to_draw = partial(window.show_page, DrawTab.name)
        self._to_train = partial(window.show_page, TrainTab.name)
        self._to_inside = partial(window.show_page, InsideTab.name)
        self._connect_header()
        self._connect_draw()
        self._connect_train()
        self._connect_library()
        self._connect_inside()

    def _connect_header(self) -> None:
        header = self._window.header.network
        header.work.clicked.connect(self._show_work)
        header.menu.library_requested.connect(self.show_library)
        header.menu.row_menu = partial(self._window.library.menu_of, header.menu)

    def _connect_draw(self) -> None:
        answer = self._draw.answer
        inside = self._inside
        draw = self._draw
        answer.evidence_changed.connect(
            lambda picture, p, certainty: inside.example.show_drawing(
                picture,
                p,
                certainty,
                answer.describe_place(),
            ),
        )

        def show_drawing(picture: np.ndarray | None, __: object, part: Certainty | None) -> None:
            # A part of a number is not what is on the board.
            is_one = answer.number is None and part is not None and not part.is_refused
            self._train.run_page.finished.show_drawing(picture if is_one else None)

        answer.evidence_changed.connect(show_drawing)
        answer.why_link.why_requested.connect(self._show_why)
        not_a_digit = partial(self._window.glossary.open_word, "not_a_digit")
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
        digits = self._window.my_digits
        digits.opened.connect(self._to_draw)
        digits.changed.connect(teaching.recount)
        draw.digits_requested.connect(self._show_digits)

    def _connect_train(self) -> None:
        page = self._train.run_page
        page.finished.try_button.clicked.connect(self._try_network)
        page.finished.mistakes_button.clicked.connect(
            lambda: self._show_section_of_front("results"),
        )
        page.finished.share_button.clicked.connect(self._share)
        page.hint.inside.clicked.connect(self._show_layers)
        self._window.run.train_requested.connect(self._to_train)
        for shown in (page, self._train.new_run):
            shown.digits.grid.chosen.connect(self._show_test_digit)

    def _connect_library(self) -> None:
        window = self._window
        tab = self._train
        page = self._train.library
        library = window.library
        library.library_requested.connect(self.show_library)
        page.shown.connect(self._forget_origin)
        page.close_requested.connect(self._leave_library)
        page.train_button.clicked.connect(window.run.show_new)
        library.run_requested.connect(window.run.show_run)
        library.inside_requested.connect(lambda: self._show_section("network"))
        library.settings_requested.connect(tab.settings.show_settings)
        library.settings_requested.connect(lambda __: tab.show_page("new"))
        for card, name in ((tab.loss, "loss"), (tab.accuracy, "accuracy")):
            card.export_requested.connect(partial(library.export_shown, card, name))

    def _connect_inside(self) -> None:
        inside = self._inside
        run = self._window.run
        training = self._window.training
        inside.is_training = lambda: (
            training.running and not (training.controls is not None and training.controls.paused)
        )
        run.epoch_learnt.connect(
            lambda epoch, parameters: inside.show_epoch(
                _("{run}, epoch {epoch}", run=run.current.title, epoch=number(epoch)),
                parameters,
            ),
        )
        run.layers_measured.connect(inside.show_figures)
        inside.draw_requested.connect(self._show_step_on_draw)

    # -- to the Library and back

    def show_library(self) -> None:
        """Show all runs and networks; its × leads back to the page of now."""
        origin = self._window.page_in_front.name
        self._to_train()
        if self._train.page != "library" or origin != TrainTab.name:
            self._train.show_page("library")
            self._before_library = origin

    def _show_digits(self) -> None:
        self._window.my_digits.choose_first()
        self.show_library()

    def _leave_library(self) -> None:
        before = self._before_library
        self._train.toggle_library()
        self._window.show_page(before)

    def _forget_origin(self) -> None:
        self._before_library = TrainTab.name

    # -- to what goes on, and to the board

    def _to_new_run(self) -> None:
        self._to_train()
        self._train.show_page("new")

    def _show_work(self) -> None:
        """Show the subject of the header's button: the run, or learning on Draw."""
        learning = self._window.learning
        if learning.running and not learning.queued:
            self._to_draw()
        else:
            self._to_train()
            self._window.run.show_current()

    def _try_network(self) -> None:
        """Let the network of the run in front answer, and show the board."""
        self._window.network.use_key(self._window.run.shown.network_key)
        self._to_draw()

    def _share(self) -> None:
        self._window.library.share(entry_of_run(self._window.run.shown))

    # -- to Inside

    def show_guide(self) -> None:
        """Show the guide in the tab Inside, or close it there."""
        if self._window.page_in_front is self._inside:
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
        run = self._window.run
        self._window.network.use_instead(run.shown.network_key, self._train.run_page.title.text())
        self._show_section(name)

    def _show_layers(self) -> None:
        """Show the layers of the run in front; of an earlier one, its network."""
        if self._window.run.follows_layers:
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
