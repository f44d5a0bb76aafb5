"""The section *Network*: how does it come to its answer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QBoxLayout

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.network.network_view import NetworkView
from mnist_draw.app.inside.network.network_worker import (
    Frame,
    FrameRequest,
    NetworkWorker,
    Parts,
    Weights,
)
from mnist_draw.app.inside.network.panel_rows import Flip, changed_pixels, unit_table, why_table
from mnist_draw.app.inside.network.side_panel import SidePanel
from mnist_draw.app.inside.section import Example, Section, reflow
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, tip
from mnist_draw.library.network_data import all_names

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.unit_profiles import UnitProfiles
    from mnist_draw.storage.models import ModelFile

#: From this width on there is room for the heading.
_WIDE = 1120
_READY_WORDS = "Getting the network ready"
_EMPTY_WORDS = "Draw a {} on the left and watch it go through."
_NO_PROFILES = "Its data are not known here: units are in the order of their numbers."
#: Name and sentence of each choice of weights.
_MODES = {
    Weights.NOW: ("The weights now", "Show the weights that answer."),
    Weights.START: (
        "The weights at the start",
        "Show the network with the weights that its training began with.",
    ),
    Weights.LEARNT: (
        "What was learnt",
        "Show what training added to each weight: the noise of the start is gone, strokes appear.",
    ),
}
_NOT_A_DIGIT = "Not a digit for the program; the figures are the network's own."


class NetworkSection(Section):
    name = "network"
    title = "Network"
    question = "How does it come to its answer?"

    def __init__(self, worker: NetworkWorker | None = None) -> None:
        super().__init__()
        self._model: ModelFile | None = None
        self._example: Example | None = None
        self._pair: tuple[int, int] | None = None
        self._weights = Weights.NOW
        self._presenting = False
        #: A view that waits for its network.
        self._wanted = ""
        self._view_told = ""
        #: Whether the network in use is not shown yet.
        self._waits = self._failed = False
        #: Why there are no profiles of units: their data are missing.
        self._profiles_failure = self._said = ""
        self._ideals: dict[int, tuple[np.ndarray, float]] = {}
        self._flip: Flip | None = None
        self.worker = worker or NetworkWorker()
        self.panel = SidePanel()
        self._columns = row((self._build_card(), 1), self.panel, gap=Size.CARD_GAP, owner=self)
        self._connect()

    def _build_card(self) -> Card:
        self.card = Card()
        self.heading = label("", "title", "networkTitle")
        self.note = FittedLabel(
            None, Qt.ElideRight, two_lines=True, look="muted", name="networkNote"
        )
        self.card.top.addWidget(self.heading)
        self.card.top.addWidget(FixedLabel(self.note, lines=2), 1)
        self.mode = SegmentedControl("weightsMode", [mode.value for mode in Weights])
        for mode, button in zip(Weights, self.mode.buttons, strict=True):
            explain(button, *_MODES[mode])
        self.mode.choose(0)
        self.card.top.addWidget(self.mode)
        self.order = ComboBox()
        self.order.setObjectName("orderCombo")
        self.order.setProperty("look", "quiet")
        self.order.addItems(["Rows by digit", "As numbered"])
        self.order.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        explain(
            self.order, "Order of the units",
            "Put each unit into the row of the answer that excites it most on average, or leave "
            "units as they are numbered.",
        )  # fmt: skip
        self.card.top.addWidget(self.order)
        self.card.body.addLayout(self.card.top)
        self.network = NetworkView()
        self.card.body.addWidget(self.network, 1)
        return self.card

    def _connect(self) -> None:
        worker = self.worker
        worker.prepared.connect(self._show_parts)
        worker.framed.connect(self._show_frame)
        worker.profiles_ready.connect(self._show_profiles)
        worker.profiles_failed.connect(self._show_profiles_failure)
        worker.idealised.connect(self._show_ideal)
        worker.flipped.connect(self._show_flip)
        self.panel.flip_button.clicked.connect(self._ask_for_flip)
        worker.failed.connect(self._show_failure)
        self.network.selected.connect(self._selected)
        self.order.currentIndexChanged.connect(self._choose_order)
        worker.start_unknown.connect(self._refuse_start)
        self.mode.chosen.connect(lambda number: self._choose_weights(list(Weights)[number]))
        self.panel.rival.activated.connect(self._choose_rival)
        self.panel.switch.clicked.connect(self._switch)
        self.panel.all_on_button.clicked.connect(self._switch_all_on)
        self.panel.closed.connect(self.network.clear_selection)
        self.panel.pooled.walked.connect(lambda *place: self.network.walk_to(place))

    def use_network(self, model: ModelFile, key: str) -> None:
        others = self._model is not None and all_names(self._model) != all_names(model)
        self._model = model
        self._waits, self._failed = True, False
        if others:
            # Do not show the previous network's answer under the new names.
            self._pair = None
            self._show_frame(None)
        self.order.setItemText(0, f"Rows by {self._kind}")
        self._ideals.clear()
        self.worker.post_model(model, self._weights)
        if self.network.parts is None:
            self.note.setText(_READY_WORDS)
        elif self.network.parts.model.network != model.network:
            self.network.dimmed = True
            self.network.update()

    def show_example(self, example: Example | None) -> None:
        before = self._example
        self._example = example
        if example is None or before is None or before.picture is not example.picture:
            if example is None:
                self._pair = None
                self._show_frame(None)
            elif self.network.parts is not None:
                self._show_note()
            self._ask()

    def set_active(self, on: bool) -> None:
        if on and self._profiles_failure and self._model is not None:
            # The folder of its data may have been set meanwhile.
            self.worker.post_model(self._model, self._weights)
        self.worker.watch(on)

    def open_view(self, view: str) -> None:
        """Open one of: ``why`` (with answer and rival), ``unit``, ``map``, ``fresh``, ``live``."""
        kind, *numbers = view.split()
        self._choose_weights(Weights.START if kind == "fresh" else Weights.NOW)
        if kind == "why" and len(numbers) == 2:
            self._pair = (int(numbers[0]), int(numbers[1]))
        self.panel.choose(0)
        self._wanted = kind if kind in ("unit", "map") else ""
        self._open_wanted()
        self._ask()

    def view_name(self) -> str:
        if self._weights is Weights.START:
            return "fresh"
        if self.network.pinned is None or self.network.parts is None:
            return "why"
        return "map" if self.network.parts.layers[self.network.pinned[0]].convolves else "unit"

    def update_layout(self) -> None:
        reflow(self._columns, self._room)
        below = self._columns.direction() == QBoxLayout.TopToBottom
        self.panel.fit(self._room if below else 0)
        # The titles of the layers have most of these numbers.
        self.heading.setVisible(self._room >= _WIDE * theme.text_scale())

    def table(self) -> Table:
        frame = self.network.frame
        if frame is None:
            return Table("Network", ("layer", "units"), [
                (layer.name, layer.units) for layer in
                (self.network.parts.layers if self.network.parts else ())
            ])  # fmt: skip
        if self.network.unit is None:
            return why_table(frame, self._name)
        return unit_table(frame, self.network.unit, self._name, self.network.place)

    def set_present(self, on: bool) -> None:
        self._presenting = on
        self._show_panel()

    def is_ready(self) -> bool:
        return self.network.profiles is not None

    def is_pending(self) -> bool:
        view = self.network
        unlit = view.parts is not None and self._example is not None and view.frame is None
        return not self._failed and (self._waits or unlit)

    def wait(self) -> bool:
        self.worker.ask_to_end()
        return self.worker.wait()

    def _ask(self) -> None:
        view = self.network
        if self._example is not None:
            toggled = view.unit if view.output is None else None
            self.worker.post(FrameRequest(self._example.picture, view.off, toggled, self._pair))

    @property
    def _kind(self) -> str:
        return "digit" if self._name(0) == "0" else "class"

    def _show_parts(self, parts: Parts) -> None:
        self._waits, self._profiles_failure = False, ""
        counts = [
            f"{layer.units} {'maps' if layer.convolves else 'units'}" for layer in parts.layers[:-1]
        ]
        self.heading.setText(", ".join(counts))
        # Found once: a picture asks for them many times.
        self.network.name = all_names(parts.model).__getitem__
        self.network.show_parts(parts)
        self.panel.show_weights(parts)
        self._show_note()
        self._ask()

    def _show_note(self) -> None:
        if self._example is None:
            words = _EMPTY_WORDS.format("digit" if self._kind == "digit" else "picture")
        elif not self._example.is_digit:
            words = _NOT_A_DIGIT
        elif self._weights is Weights.START:
            words = "as training began: the weights are drawn at random"
        elif self._weights is Weights.LEARNT:
            words = "lit as now; the pictures of weights show what training added"
        elif self._profiles_failure:
            words = _NO_PROFILES
        elif not self.network.by_digit:
            words = "units as they are numbered"
        elif self.network.profiles is not None:
            words = f"each unit is in the row of the {self._kind} that excites it most on average"
        else:
            words = "units as they are numbered, until it is known what excites them"
        if self.note.text() != words:
            self.note.setText(words)
        self.note.setToolTip(tip(self._profiles_failure or words))

    def _show_frame(self, frame: Frame | None) -> None:
        if frame is not None and self._example is None:
            return
        self.network.show_frame(frame)
        if self.network.parts is not None:
            self._show_note()
        self._open_wanted()
        self._show_panel()

    def _show_profiles(self, parts: Parts, profiles: UnitProfiles) -> None:
        if parts is self.network.parts:
            self.network.show_profiles(profiles)
            self._show_note()
            self._show_panel()

    def _show_profiles_failure(self, parts: Parts, sentence: str) -> None:
        if parts is self.network.parts:
            self._profiles_failure = sentence
            self._show_note()
            # Reported once for a network.
            if sentence != self._said:
                self._said = sentence
                self.problem.emit(sentence)

    def _show_ideal(self, digit: int, picture: np.ndarray, p: float) -> None:
        self._ideals[digit] = (picture, p)
        self._show_panel()

    def _ask_for_flip(self) -> None:
        """Ask which few pixels turn the answer; once they are known, look at that picture."""
        frame, flip = self.network.frame, self._flip
        if flip is not None and flip[1] is not None:
            changed = changed_pixels(flip[0], flip[1])
            title = f"{self._name(flip[0].answer)}, {changed} changed"
            self.example_picked.emit(Example(flip[1], None, source=title))
        elif frame is not None:
            self.worker.post_flip(frame)

    def _show_flip(self, frame: Frame, changed: np.ndarray | None) -> None:
        if _is_same(frame, self.network.frame):
            self._flip = (frame, changed)
            self._show_panel()

    def _show_failure(self, sentence: str) -> None:
        self._failed = True
        if self._waits:
            self.network.show_parts(None)
            self._show_panel()
        self.note.setText("This network cannot be looked into.")
        self.problem.emit(sentence)

    def _show_panel(self) -> None:
        view = self.network
        # When presenting, the panel is shown only with a pinned unit.
        self.panel.setVisible(not self._presenting or view.pinned is not None)
        if self._flip is not None and not _is_same(self._flip[0], view.frame):
            self._flip = None
        ideal = None if view.output is None else self._ideals.get(view.output)
        self.panel.show_view(view, ideal, self._flip)

    def _selected(self) -> None:
        output = self.network.output
        if output is not None and output not in self._ideals:
            self.worker.post_ideal(output)
        self._ask()
        self._show_panel()
        self._tell_view()

    def _choose_order(self, place: int) -> None:
        self.network.by_digit = place == 0
        self.network.lay_out_anew()
        if self.network.parts is not None:
            self._show_note()

    def _choose_weights(self, weights: Weights) -> None:
        self.mode.choose(list(Weights).index(weights))
        if weights is self._weights:
            return
        self._weights = weights
        self._ideals.clear()
        if self._model is not None:
            self.worker.post_model(self._model, weights)
        self._tell_view()

    def _refuse_start(self, sentence: str) -> None:
        """Return to the weights of now: the others are not known."""
        self._weights = Weights.NOW
        self.mode.choose(0)
        self._show_note()
        self.problem.emit(sentence)

    def _choose_rival(self, rival: int) -> None:
        frame = self.network.frame
        if frame is not None:
            first = int(frame.passed.p[0].argmax())
            answer = first if first != rival else frame.answer
            second = int(frame.passed.p[0].argsort()[-2])
            self._pair = None if (answer, rival) == (first, second) else (answer, rival)
            self._ask()

    def _switch(self, on: bool) -> None:
        unit = self.network.unit
        if unit is not None:
            self.network.off = self.network.off - {unit} if on else self.network.off | {unit}
            self._ask()

    def _switch_all_on(self) -> None:
        self.network.off = frozenset()
        self._ask()

    def _open_wanted(self) -> None:
        """Keep the first layer's unit of the largest output, once there is such a layer."""
        frame = self.network.frame
        if not self._wanted or frame is None or len(frame.layers) < 2:
            return
        first = frame.layers[0]
        if first.convolves == (self._wanted == "map"):
            self._wanted = ""
            heights = frame.passed.a[0][0].reshape(first.units, -1).max(axis=1)
            self.network.pin((0, int(heights.argmax())))

    def _tell_view(self) -> None:
        view = self.view_name()
        if view != self._view_told:
            self._view_told = view
            self.view_changed.emit(view)


def _is_same(one: Frame, other: Frame | None) -> bool:
    """Whether two frames are about the same picture, network and pair."""
    return other is not None and (
        one.question.picture is other.question.picture and one.layers is other.layers
        and (one.answer, one.rival) == (other.answer, other.rival)
    )  # fmt: skip
