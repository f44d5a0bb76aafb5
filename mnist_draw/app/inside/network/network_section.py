"""The section *Network*: how does it come to its answer?"""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.network import network_reader
from mnist_draw.app.inside.network.network_reader import Weights
from mnist_draw.app.inside.network.network_view import NetworkView
from mnist_draw.app.inside.network.panel_rows import changed_pixels, unit_table, why_table
from mnist_draw.app.inside.network.plain_network import PlainNetwork
from mnist_draw.app.inside.network.side_panel import SidePanel
from mnist_draw.app.inside.section import Example, Section, reflow
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, label, tip
from mnist_draw.i18n import N_, _, counted, listed, pgettext
from mnist_draw.library.network_data import all_names
from mnist_draw.recognition.certainty import Certainty
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.functions import layer_label

#: From the beginning of one frame to that of the next, in seconds: at least 30 a second.
REST_S = 0.025
#: Least width of the note: with less room beside the controls it is below them.
_NOTE = 300
#: From this width on there is room for the heading.
_WIDE = 1120
#: Each choice of weights in words.
_MODES = {
    Weights.NOW: pgettext("weights", "Now"),
    Weights.START: pgettext("weights", "Start"),
    Weights.LEARNED: pgettext("weights", "Learned"),
}


class NetworkSection(Section):
    name = "network"
    title = _("Network")
    question = _("Why this answer?")

    def __init__(self) -> None:
        super().__init__()
        self._pair: tuple[int, int] | None = None
        self._weights = Weights.NOW
        #: A view that waits for its network.
        self._wanted = ""
        #: Whether the network in use is not shown yet.
        self._waits = self._failed = False
        #: Why there are no profiles of units: their data are missing; how often that was found.
        self._missing = ""
        self._said = ""
        self._misses = 0
        #: Of this picture: whether the pair was chosen for it, and few pixels are looked for.
        self._chosen = self._turns = False
        # What follows a pen shows all it gets, at once.
        self.job = self._job(
            self._show_answer,
            self._show_failure,
            work=network_reader.NetworkReader().answer,
            name="network view",
            rest=REST_S,
            pace=0.0,
            deliver_stale=True,
        )
        self.panel = SidePanel()
        self.plain = PlainNetwork()
        self.aside = self.plain.pixels
        self._detailed = QWidget()
        row((self._build_card(), 1), self.panel, gap=Size.CARD_GAP, owner=self._detailed)
        column(self.plain, self._detailed, gap=0, owner=self)
        self._detailed.hide()
        self._connect()

    def _build_card(self) -> Card:
        self.card = Card()
        self.heading = label("", "title", "networkTitle")
        self.note = FittedLabel(two_lines=True, look="muted", name="networkNote")
        self.mode = SegmentedControl("weightsMode", list(_MODES.values()))
        self.mode.choose(0)
        sentence = _(
            "Put each unit into the row of the class that activates it most on average, or "
            "order units by number.",
        )
        self.order = ComboBox("orderCombo", _("Order of the units"), sentence, look="quiet")
        self.order.addItems([_("Rows by class"), _("By number")])
        note = FixedLabel(self.note, lines=2)
        controls = QWidget()
        note.setMinimumWidth(_NOTE)
        row(self.heading, self.mode, self.order, 1, owner=controls)
        self._top = row(controls, (note, 1))
        self.card.body.addLayout(self._top)
        self.network = NetworkView()
        self.card.body.addWidget(self.network, 1)
        return self.card

    def _connect(self) -> None:
        self.panel.flip_button.clicked.connect(self._turn)
        self.network.selected.connect(self._selected)
        self.order.currentIndexChanged.connect(self._choose_order)
        self.mode.chosen.connect(lambda number: self._choose_weights(list(Weights)[number]))
        self.panel.rival.activated.connect(self._choose_rival)
        self.panel.switch.clicked.connect(self._switch)
        self.panel.all_on_button.clicked.connect(self._switch_all_on)
        self.panel.closed.connect(self.network.clear_selection)

    @property
    def is_joined(self) -> bool:
        return not self.details

    def show_details(self, on: bool) -> None:
        super().show_details(on)
        self.aside = None if on else self.plain.pixels
        self.plain.setVisible(not on)
        self._detailed.setVisible(on)
        self._ask()

    def show_certainty(self, certainty: Certainty | None) -> None:
        is_refused = certainty is not None and certainty.is_refused
        self.plain.show_refusal(certainty if is_refused else None)

    def use_network(self, model: ModelFile, key: str) -> None:
        is_other = self._is_other_run(model, key)
        self._model = model
        self._waits = True
        self._failed = False
        self._turns = False
        if is_other:
            # A run shows its last epoch until the next is known; nothing of another network stays.
            self._pair = None
            self._show_frame(None)
            self.panel.filters.show_rows(())
            self.plain.show_strokes(None, None)
        self.plain.show_classes(all_names(model))
        self._ask()
        if self.network.frame is None:
            self.note.setText(_("Computing the value of each unit"))
            self.network.dimmed = self.network.parts is not None
            self.network.update()

    def show_example(self, example: Example | None) -> None:
        before = self._example
        self._example = example
        self.plain.pixels.show_picture(None if example is None else example.picture)
        if example is None or before is None or before.picture is not example.picture:
            self._chosen = self._turns = False
            if example is None:
                self._pair = None
                self._show_frame(None)
                self.plain.show_strokes(None, None)
            elif self.network.parts is not None:
                self._show_note()
            self._ask()

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        if on and self._missing:
            # The folder of its data may have been set meanwhile.
            self._misses += 1
            self._ask()

    def open_view(self, view: str) -> None:
        """Open one of: ``why`` (with answer and rival), ``unit``, ``map``, ``fresh``, ``live``."""
        kind, *numbers = view.split() or [""]
        self._choose_weights(Weights.START if kind == "fresh" else Weights.NOW)
        if kind == "why" and len(numbers) == 2:
            self._pair = (int(numbers[0]), int(numbers[1]))
            self._chosen = True
            self._turns = False
        self.panel.choose(0)
        self._wanted = kind if kind in ("unit", "map") else ""
        self._open_wanted()
        self._ask()

    def update_layout(self) -> None:
        beside = self.panel.minimumWidth() + Size.CARD_GAP
        reflow(self._top, self._room - beside - 2 * Size.CARD_PADDING)
        # The titles of the layers have most of these numbers.
        self.heading.setVisible(self._room >= _WIDE * theme.text_scale())

    def table(self) -> Table:
        if self.panel.run.figures is not None and self.panel.run.isVisible():
            return self.panel.run.table()
        frame = self.network.frame
        if frame is None:
            layers = self.network.parts.layers if self.network.parts else ()
            rows = [(layer_label(layer.name), layer.units) for layer in layers]
            return Table(_("Network"), (N_("layer"), N_("units")), rows)
        if self.network.unit is None:
            return why_table(frame, self._name)
        return unit_table(frame, self.network.unit, self._name, self.network.place)

    def is_pending(self) -> bool:
        view = self.network
        shown = view.frame if self.details else self.plain.strokes.strokes
        is_digit = self._example is not None and (self.details or self._example.is_digit)
        unlit = view.parts is not None and is_digit and shown is None
        return not self._failed and (self._waits or unlit)

    def _ask(self) -> None:
        view = self.network
        if self._model is not None:
            picture = None if self._example is None else self._example.picture
            toggled = view.unit if view.output is None else None
            self.job.ask(
                network_reader.Question(
                    self._model,
                    self._weights,
                    picture,
                    view.off,
                    toggled,
                    self._pair,
                    self._chosen,
                    view.output,
                    self._turns,
                    self._misses,
                    not self.details,
                ),
            )

    def _show_answer(self, answer: network_reader.Answer) -> None:
        question = answer.question
        view = self.network
        if question.model is not self._model or question.weights is not self._weights:
            return
        if answer.parts is not view.parts:
            self._show_parts(answer.parts)
        if answer.strokes is not None and self._example is not None:
            self.plain.show_strokes(answer.strokes, self._example)
        if answer.profiles is not None and answer.profiles is not view.profiles:
            view.show_profiles(answer.profiles)
            self._show_note()
            self._show_panel()
        if answer.missing != self._missing:
            self._missing = answer.missing
            self._show_note()
            # Reported once for a network.
            if answer.missing not in ("", self._said):
                self._said = answer.missing
                self.problem.emit(answer.missing)
        frame = None if self._example is None else answer.frame
        if frame is not None and frame is not view.frame:
            self._show_frame(frame)

    def _show_parts(self, parts: network_reader.Parts) -> None:
        self._waits = False
        counts = [
            counted("{count} map", "{count} maps", layer.units)
            if layer.convolves
            else counted("{count} unit", "{count} units", layer.units)
            for layer in parts.layers[:-1]
        ]
        self.heading.setText(listed(counts))
        # Found once: a picture asks for them many times.
        self.network.name = all_names(parts.model).__getitem__
        self.network.show_parts(parts)
        self.panel.show_weights(parts)
        if parts.refusal:
            # The weights of now are shown: the others are not known.
            self._choose_weights(Weights.NOW)
            self.problem.emit(parts.refusal)
        self._show_note()

    def _show_note(self) -> None:
        if self._example is None:
            words = _("Draw on the left and watch it pass through.")
        elif not self._example.is_digit:
            words = _("Refused by the program; the figures are the network's own.")
        elif self._weights is Weights.START:
            words = _(
                "as training began: the weights are random. The answer on the left comes "
                "from the trained weights.",
            )
        elif self._weights is Weights.LEARNED:
            words = _("lit as now; the pictures of weights show what training added")
        elif self._missing:
            words = _("Its data set is not known here: units are in the order of their numbers.")
        else:
            words = ""
        self.note.setText(words)
        self.note.setToolTip(tip(self._missing or words))

    def _show_frame(self, frame: network_reader.Frame | None) -> None:
        self.network.show_frame(frame)
        if self.network.parts is not None:
            self._show_note()
        self._open_wanted()
        self._show_panel()

    def _turn(self) -> None:
        """Ask which few pixels turn the answer; once they are known, look at that picture."""
        frame = self.network.frame
        if frame is not None and frame.turned is not None and frame.turned[0] is not None:
            title = counted(
                "{name}, {count} pixel changed",
                "{name}, {count} pixels changed",
                changed_pixels(frame, frame.turned[0]),
                name=self._name(frame.answer),
            )
            self.example_picked.emit(Example(frame.turned[0], None, source=title))
        else:
            self._turns = True
            self._ask()

    def _show_failure(self, sentence: str) -> None:
        self._failed = True
        if self._waits:
            self.network.show_parts(None)
            self._show_panel()
        self.note.setText(_("This network can't be inspected."))
        self.problem.emit(sentence)

    def _show_panel(self) -> None:
        self.panel.show_view(self.network)

    def _selected(self) -> None:
        self._ask()
        self._show_panel()

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
        self._ask()

    def _choose_rival(self, rival: int) -> None:
        frame = self.network.frame
        if frame is not None:
            first = int(frame.passed.p[0].argmax())
            answer = first if first != rival else frame.answer
            second = int(frame.passed.p[0].argsort()[-2])
            self._pair = None if (answer, rival) == (first, second) else (answer, rival)
            self._chosen = True
            self._turns = False
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
