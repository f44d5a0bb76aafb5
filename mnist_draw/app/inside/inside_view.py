"""The frame of the tab *Inside*: one example at the left, four sections, each in two depths."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QHideEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QWidget

from mnist_draw.analysis.guide import GuideStep, guide
from mnist_draw.app.inside.example import AnswersCard, ExampleCard
from mnist_draw.app.inside.guide_view import GuidePage, GuideView
from mnist_draw.app.inside.inside_bar import ALL_DETAILS, InsideBar, ViewMenu
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.inside.map.map_section import MapSection
from mnist_draw.app.inside.network.network_section import NetworkSection
from mnist_draw.app.inside.results.results_section import ResultsSection
from mnist_draw.app.inside.section import Example, Section
from mnist_draw.app.inside.step.step_section import StepSection
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import NetworkName
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.layout import ScrollArea, column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import set_look
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, number
from mnist_draw.library.network_data import all_names
from mnist_draw.library.stored_network import TITLES
from mnist_draw.networks import parse_network
from mnist_draw.storage.models import ModelFile

#: In the order of their buttons. Their modules import Theano and Lasagne only in other threads.
SECTIONS: tuple[type[Section], ...] = (
    NetworkSection,
    StepSection,
    ResultsSection,
    MapSection,
)

#: For each need of a step of the guide the network that has it, and what is said of it.
_NETWORKS = {
    "digits": ("mlp", _("This step needs a network for digits.")),
    "dense": ("mlp", _("This step needs a network without convolutions.")),
    "convolution": ("best", _("This step needs a network with convolutions.")),
}


#: What sections say of the network in use goes with it.
_about_network = Notifier("network in inside", "inside")


class _Views(ScrollArea):
    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


#: What is remembered: the section, the guide's step, whether all details and the guide are shown.
_SECTION = "inside_section"
_STEP = "inside_guide_step"
_DETAILS = "inside_details"
_GUIDE = "inside_guide"


class InsideView(QWidget):
    def __init__(self, tab: InsideTab) -> None:
        super().__init__()
        self._tab = tab
        self._preferences = tab.preferences
        self._active = tab.active
        self.example = tab.example
        self.model: ModelFile | None = None
        self._key = ""
        #: The network that answered before a step of the guide needed another one, and its title.
        self._lent: NetworkName | None = None
        self._lent_key = self._own_title = ""
        self._front: Section | None = None
        self._made: dict[str, Section] = {}
        self._asides: dict[str, QWidget] = {}
        self._insteads: list[QWidget] = []
        #: Messages about the network in use, and the sections that sent them.
        self._reported: dict[str, set[str]] = {}
        self.card = ExampleCard(tab.canvas)
        self.stack = QStackedWidget()
        self.guide = GuideView(self._preferences.get(_STEP, 1))
        self.answers = AnswersCard()
        self.left = column(
            self.card,
            (self.guide, 1),
            (self.answers, 1),
            gap=Size.CARD_GAP,
        )
        # At the top, also where nothing is below it.
        self.left.setAlignment(self.card, Qt.AlignTop)
        self.page = GuidePage()
        self.pages = QStackedWidget()
        # A section scrolls rather than enlarging the window.
        self.views = _Views()
        self.views.resized.connect(self._set_room)
        self.views.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        self.views.setWidget(self.stack)
        self.pages.addWidget(self.views)
        self.pages.addWidget(self.page)
        self.menu = ViewMenu(lambda: self.section, self)
        self.bar = InsideBar(SECTIONS, self.menu)
        gap = Size.CARD_GAP
        #: The example and the section beside it; one card where both are one picture.
        self.below = QFrame()
        self._beside = row(self.left, (self.pages, 1), gap=gap, owner=self.below)
        margins = (Size.MARGIN, Size.CARD_PADDING, Size.MARGIN, gap)
        self.column = column(self.bar, (self.below, 1), gap=gap, margins=margins, owner=self)
        self._connect()
        self.bar.details.setChecked(self._preferences.get(_DETAILS, False))
        self.bar.guide.setChecked(self._preferences.get(_GUIDE, False))
        theme.follow(self.below, self._fit)
        self.open_section(self._preferences.get(_SECTION, ""))

    def _connect(self) -> None:
        bar = self.bar
        bar.buttons.idClicked.connect(lambda number: self.open_section(SECTIONS[number].name))
        bar.details.clicked.connect(self.show_details)
        bar.guide.clicked.connect(self.show_guide)
        for place, kind in enumerate(SECTIONS):
            open_it = partial(self.open_section, kind.name)
            command = Command(self, kind.title, f"Alt+{place + 1}", open_it, sentence=kind.question)
            command.describe(bar.buttons.button(place))
        card = self.card
        example = self.example
        card.label_chosen.connect(example.relabel)
        card.random_button.clicked.connect(example.pick_random)
        card.back_button.clicked.connect(example.use_drawing)
        card.why_button.clicked.connect(self.ask_why)
        self.guide.show_requested.connect(self.show_step)
        self.guide.title.clicked.connect(self.show_page)
        self.guide.turned.connect(self._turn)
        self.guide.back_link.clicked.connect(self.give_back)
        self.guide.next_step = self._next_step
        self.page.closed.connect(self.close_page)
        board = card.board
        make = partial(Command, self)
        make(_("Why?"), "W", self.ask_why)
        make(ALL_DETAILS[0], "F4", bar.details.click, sentence=ALL_DETAILS[1]).describe(bar.details)
        make(_("Guide"), "G", bar.guide.click).describe(bar.guide)
        make(_("Undo"), "Ctrl+Z", board.undo)
        redo = "Ctrl+Y, Ctrl+Shift+Z"
        make(_("Redo"), redo, board.redo)
        make(_("Clear"), "Delete", board.clear)
        example.changed.connect(partial(self._if_visible, self._show_example))
        example.answered.connect(partial(self._if_visible, self._show_answer))

    @property
    def section(self) -> Section:
        assert self._front is not None
        return self._front

    def open_section(self, name: str) -> None:
        number = next((n for n, kind in enumerate(SECTIONS) if kind.name == name), 0)
        kind = SECTIONS[number]
        before = self._front
        section = self._made.get(kind.name) or self._make(kind)
        self._preferences.set(_SECTION, kind.name)
        self.bar.buttons.button(number).setChecked(True)
        if section is not before:
            if before is not None:
                before.set_active(False)
                # Only the section in front takes part in the layout.
                before.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Ignored)
            section.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Preferred)
            self._front = section
            self._set_room()
            self.stack.setCurrentWidget(section)
            section.set_active(self.isVisible())
        self._fit()
        self.close_page()

    def show_details(self, on: bool) -> None:
        """Show all details in all sections, or the plain depth."""
        focus = self.focusWidget()
        self._preferences.set(_DETAILS, on)
        self.bar.details.setChecked(on)
        for section in self._made.values():
            section.show_details(on)
        self._fit()
        if focus is not None and not focus.isVisible():
            # What had the keyboard is gone with its depth.
            self.bar.details.setFocus()

    def show_guide(self, on: bool) -> None:
        """Show the guide below the example, or what the section has there."""
        self._preferences.set(_GUIDE, on)
        self.bar.guide.setChecked(on)
        if not on:
            self.give_back()
        self._fit()

    def _fit(self) -> None:
        """Lay out the example, what is below it, and the section, as one card or as several."""
        section = self._front
        if section is None:
            return
        is_joined = section.is_joined
        has_guide = self.bar.guide.isChecked()
        self.guide.setVisible(has_guide and self.pages.currentWidget() is not self.page)
        instead = section.instead if section.details else None
        for card in self._insteads:
            card.setVisible(card is instead)
            card.setFixedWidth(self.card.width())
        self.card.setVisible(instead is None)
        has_aside = instead is None and not has_guide
        for name, aside in self._asides.items():
            aside.setVisible(aside is section.aside and name == section.name and has_aside)
        self.answers.setVisible(section.aside is None and has_aside)
        self.card.set_joined(is_joined, has_guide)
        self.guide.setFixedWidth(self.card.width())
        self.answers.setFixedWidth(self.card.width())
        set_look(self.below, "card" if is_joined else "")
        set_look(self.guide, "" if is_joined else "card")
        pad = Size.MARGIN if is_joined else 0
        self._beside.setContentsMargins(pad, Size.CARD_PADDING if is_joined else 0, pad, pad)
        self._beside.setSpacing(0 if is_joined else Size.CARD_GAP)
        self.bar.question.setText(section.question if section.details else "")

    def _set_room(self) -> None:
        if self._front is not None:
            self._front.set_room(self.views.viewport().width())

    def _make(self, kind: type[Section]) -> Section:
        section = self._made[kind.name] = kind()
        section.is_training = lambda: self._tab.is_training()
        section.problem.connect(partial(self._report, kind.name))
        section.example_picked.connect(self.example.pick)
        section.why_requested.connect(self.open_why)
        self.stack.addWidget(section)
        if section.aside is not None:
            self._asides[kind.name] = section.aside
            self.left.addWidget(section.aside, 1)
        if section.instead is not None:
            self._insteads.append(section.instead)
            self.left.insertWidget(0, section.instead)
            self.left.setAlignment(section.instead, Qt.AlignTop)
        section.show_details(self.bar.details.isChecked())
        if self.model is not None:
            section.use_network(self.model, self._key)
        section.show_example(self.example.current)
        section.show_certainty(self.example.answer[1])
        self.show_run()
        return section

    def _report(self, section: str, sentence: str) -> None:
        """Forward a section's message, unless another section sent it about this network."""
        before = self._reported.setdefault(sentence, set())
        if not before or section in before:
            _about_network.problem(sentence)
        before.add(section)

    def open_why(self, example: Example | None, answer: int, rival: int) -> None:
        """Show why the network answers ``answer`` rather than ``rival``."""
        if example is not None and not example.is_drawing:
            self.example.pick(example)
        self.open_section("network")
        self.section.open_view(f"why {answer} {rival}")

    def ask_why(self) -> None:
        self.open_section("network")
        self.section.open_view("why")

    def open_run(self) -> None:
        self.open_section(NetworkSection.name)
        self.show_details(True)
        if isinstance(self.section, NetworkSection):
            self.section.panel.choose(2)

    def show_run(self) -> None:
        section = self._made.get(NetworkSection.name)
        run = self._active.state.run
        if isinstance(section, NetworkSection) and run.parameters:
            title = _(
                "{run}, epoch {epoch}",
                run=self._active.state.title_of(run),
                epoch=number(len(run.history.epochs)),
            )
            section.panel.run.show_run(title, run.parameters, run.layers)

    def begin_guide(self) -> None:
        """Show the guide's first step beside the views, ready for the next."""
        self.open_section("network")
        self.show_guide(True)
        self.guide.show_step(1)
        self.guide.next.setFocus()

    def show_step(self, step: GuideStep) -> None:
        """Open the view of a step of the guide, by a network that it can be shown with."""
        if step.section == "draw":
            self._tab.draw_requested.emit()
            return
        need = self._need_of(step)
        if need:
            self._lent = self._active.state.network_wanted
            self._lent_key = f"shipped:{_NETWORKS[need][0]}"
            self._own_title = self._active.state.network_title
            self._active.use_key(self._lent_key)
            self._show_need()
        self.open_section(step.section)
        self.show_details(step.details)
        self.section.open_view(step.view)

    def _need_of(self, step: GuideStep) -> str:
        """Return what a step needs that the network lacks; "" if it lacks nothing."""
        if self.model is None:
            return ""
        convolves = len(parse_network(self.model.network).parameter_shapes()[0]) == 4
        has = ["convolution" if convolves else "dense"]
        if all_names(self.model) == DIGITS:
            has.append("digits")
        return next((need for need in step.needs.split() if need not in has), "")

    def _show_need(self) -> None:
        """Say which network the step needs, or was lent."""
        need = self._need_of(self.guide.step)
        if self._lent is not None:
            title = TITLES[self._lent_key.partition(":")[2]]
            words = _("{network}, for this step", network=title)
            self.guide.show_need(words, back=self._own_title)
        elif need:
            network, words = _NETWORKS[need]
            self.guide.show_need(words, other=TITLES[network])
        else:
            self.guide.show_need("")

    def _next_step(self, number: int) -> int:
        """Lead past what only networks with convolutions have, where the network has none."""
        following = guide()[min(number, len(guide()) - 1)]
        is_aside = self._need_of(following) == "convolution"
        return number + 2 if is_aside else number + 1

    def _turn(self) -> None:
        """Give the own network back when a step that needed another one is left."""
        self._preferences.set(_STEP, self.guide.step.number)
        self.give_back()
        self._show_need()

    def give_back(self) -> None:
        lent = self._lent
        self._lent = None
        if lent is not None:
            self._active.use(lent)

    def turn_page(self) -> None:
        if self.pages.currentWidget() is self.page:
            self.close_page()
        else:
            self.show_page()

    def show_page(self) -> None:
        self.pages.setCurrentWidget(self.page)
        # The same words beside it would be read twice.
        self.guide.hide()
        self.page.show_step(self.guide.step.number)
        self.page.text.setFocus()

    def close_page(self) -> None:
        self.pages.setCurrentWidget(self.views)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.card.use_room(self.width(), self.height())
        self._fit()
        # In this pass of the layout, not in another one.
        self.column.activate()

    def showEvent(self, event: QShowEvent) -> None:
        self.catch_up()
        self.example.watch(True)
        self.section.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        self.example.watch(False)
        self.section.set_active(False)

    def use_network(self, model: ModelFile, key: str) -> None:
        is_other = key != self._key
        if is_other:
            self._reported.clear()
            _about_network.forget()
        self.model = model
        self._key = key
        if self._lent is not None and key != self._lent_key:
            # Somebody chose another one.
            self._lent = None
        self._show_need()
        names = all_names(model)
        self.card.show_classes(names)
        self.answers.bars.show_classes(names)
        self.answers.bars.show_all(len(names) <= len(DIGITS))
        self.example.ask_again()
        if is_other:
            self._show_answer()
        for section in self._made.values():
            section.use_network(model, key)
        self._show_example()

    def _if_visible(self, show: Callable[[], None]) -> None:
        # What was chosen for a drawing ends with it, also behind another tab.
        if self.isVisible() or self.example.current is None:
            show()

    def catch_up(self) -> None:
        """Show what was drawn, labeled and trained while this was hidden."""
        self._show_example()
        self._show_answer()
        self.show_run()

    def _show_example(self) -> None:
        self.card.show_example(self.example.current)
        for section in self._made.values():
            section.show_example(self.example.current)

    def _show_answer(self) -> None:
        probabilities, certainty = self.example.answer
        self.card.show_answer(certainty)
        self.answers.show_answer(probabilities, certainty)
        for section in self._made.values():
            section.show_certainty(certainty)
