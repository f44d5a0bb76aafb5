"""How often is it wrong, and where? The section *Results*."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy

from mnist_draw.analysis.network_probe import describe_layers
from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.result_tables import confusion_table, pictures_table
from mnist_draw.analysis.results import Results, count_results
from mnist_draw.analysis.robustness import AXES, STEPS, Changed, Limits, change, count_limits
from mnist_draw.analysis.sentences import describe_calibration
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.results import result_cards
from mnist_draw.app.inside.results.confusion_matrix import Pair
from mnist_draw.app.inside.results.limits_card import LimitsCard
from mnist_draw.app.inside.results.mistake_list import MistakesCard
from mnist_draw.app.inside.section import CountedSection, Example, reflow
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import Captioned, GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import STREAM_S
from mnist_draw.app.kit.widgets import Card, label, tip
from mnist_draw.i18n import _, joined, number
from mnist_draw.library.network_data import all_names, describe_foreign_network
from mnist_draw.storage.models import ModelFile

_COMBO_WIDTH = 200
_DASHED = _(
    "Dashed: a network that is right exactly as often as it says. For such a network, the "
    "line would cross 19 of 20 bars.",
)


class ResultsSection(CountedSection):
    name = "results"
    title = _("Results")
    question = _("How often is it wrong?")

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("resultsView")
        #: The pictures that are chosen, and those that the results are of.
        self.pictures: Pictures | None = None
        self.shown: Pictures | None = None
        self.results: Results | None = None
        #: The name of the class whose mistakes are wanted, until its network is here.
        self._wanted = ""
        self.limits = LimitsCard()
        self._loading = self._job(self._set_pictures, self._fail_to_load)
        self.counting = self._job(self._show_counted, self._fail)
        self._limiting = self._job(self._show_limits, self.limits.clear)
        self._changing = self._job(self._show_changed, self.problem.emit)
        #: The network whose limits are shown or counted.
        self._limited: ModelFile | None = None
        self.remark = label("", "muted", "resultsRemark", wraps=True)
        self.remark.hide()
        self.confusion = result_cards.ConfusionCard(self.state)
        self.mistakes = MistakesCard()
        top = self._build_top()
        gap = Size.CARD_GAP
        self._below = row((self._build_reliability(), 1), (self.limits, 1), gap=gap)
        side = column((self.mistakes, 4), (self._below, 5), gap=gap)
        self._row = row((self.confusion, 6), (side, 7), gap=gap)
        self._column = column(top, self.remark, (self._row, 1), gap=gap, owner=self)
        self._connect()

    def _build_top(self) -> QHBoxLayout:
        self.data = result_cards.DataCombo()
        field = Captioned(_("Pictures"), self.data)
        field.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        theme.follow(field, lambda: field.setFixedWidth(theme.scaled(_COMBO_WIDTH)))
        self.figures = result_cards.ResultFigures()
        self._top = row(field, (self.figures, 1), gap=Size.MARGIN)
        self._top.setAlignment(field, Qt.AlignTop)
        return self._top

    def _build_reliability(self) -> Card:
        card = Card(_("Is its certainty justified?"))
        self.reliability = result_cards.ReliabilityView()
        self._verdict = GrowingLabel(label("", "title", "reliabilityVerdict"))
        self._reliability_words = GrowingLabel(label("", "", "reliabilityWords"))
        card.setToolTip(tip(_DASHED))
        card.body.addWidget(self.reliability, 1)
        card.body.addWidget(self._verdict)
        card.body.addWidget(self._reliability_words)
        self._reliability_card = card
        return card

    def _connect(self) -> None:
        self.counting.finished.connect(self._count_limits)
        self.data.chosen.connect(self._load)
        self.confusion.matrix.pair_pinned.connect(self._show_pair)
        self.limits.view.pointed.connect(self._ask_changed)
        self.mistakes.link.clicked.connect(self._show_others)
        view = self.mistakes.view
        view.picked_here.connect(lambda place: self.example_picked.emit(self._example_at(place)))
        view.why_requested.connect(self._ask_why)

    def _begin(self, model: ModelFile) -> None:
        self._model = model
        self._newer = None
        self._failure = ""
        self._limited = None
        self._limiting.stop()
        self.limits.clear(_("Measuring the first pictures"))
        self._show_results(None)
        self.confusion.show_classes(len(all_names(model)), self._name)
        self._pin_wanted()
        if self.data.use_network(model):
            self.pictures = None
            for job in self._jobs:
                job.stop()
        self._begin_count(model)
        if self._active and self.pictures is None:
            self._load(self.data.load)
        self._show_state()

    def _begin_count(self, model: ModelFile) -> None:
        if self.pictures is not None:
            self.counting.ask(partial(_count, model, self.pictures))

    def show_example(self, example: Example | None) -> None:
        self._example = example
        self._show_picked()
        self._ask_changed()

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        if on and self.pictures is None:
            self._load(self.data.load)

    def update_layout(self) -> None:
        cards = (self.confusion, self._reliability_card, self.limits)
        needed = sum(card.minimumSizeHint().width() + Size.CARD_GAP for card in cards)
        is_wide = not self.details or needed <= self._room
        # In a narrow window the limits have a row of their own.
        home = self._below if is_wide else self._column
        if home.indexOf(self.limits) < 0:
            home.addWidget(self.limits, 1 if is_wide else 0)
        reflow(self._row, self._room)
        # The figures shrink to nothing before they need more room.
        self._top.setDirection(self._row.direction())
        self.figures.setDirection(QBoxLayout.LeftToRight if is_wide else QBoxLayout.TopToBottom)

    def open_view(self, view: str) -> None:
        """Put the keyboard into the limits, or show the mistakes with a class, if asked to."""
        kind, __, name = view.partition(" ")
        if kind == "limits":
            self.limits.view.setFocus()
        self._wanted = name if kind == "misread" else ""
        self._pin_wanted()

    def _pin_wanted(self) -> None:
        """Show the wanted class; the network that knows it may be on its way."""
        names = all_names(self._model)
        if self._wanted in names:
            self.confusion.matrix.pin((names.index(self._wanted), None))
            self._wanted = ""

    def table(self) -> Table:
        results = self.results
        pictures = self.shown
        if results is None or pictures is None:
            return super().table()
        places = self.mistakes.view.tiles.places
        pair = self.confusion.matrix.pinned
        if pair is not None or self.mistakes.is_least_sure:
            return pictures_table(results, places.tolist(), pictures.title, self._name)
        table = confusion_table(results, self._name)
        blank = ("",) * (len(table.columns) - 2)
        limits = [(*each, *blank) for each in self.limits.rows()]
        loss = (_("mean loss in nats, not calibrated"), Figure(results.loss, ".6f"), *blank)
        return replace(table, values=[*table.values, loss, *limits])

    def _load(self, load: result_cards.Load) -> None:
        self.state.setText(_("Reading the pictures"))
        self._loading.ask(load)

    def _set_pictures(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self.data.confirm()
        self._failure = ""
        self._show_results(None)
        self.figures.show_other(pictures.other_name, None)
        if self._model is not None:
            self._begin_count(self._model)
        self._show_state()

    def _fail_to_load(self, sentence: str) -> None:
        self.problem.emit(sentence)
        self.data.revert()
        if self.pictures is None:
            self._failure = sentence
            self._show_results(None)
        self._show_state()

    def _show_remark(self) -> None:
        pictures = self.pictures
        model = self._model
        remarks = []
        if self._failure and self.results is None:
            remarks.append(self._failure)
        if pictures is not None and pictures.are_digits and model is not None:
            remarks.append(describe_foreign_network(model))
        self.remark.setText(joined(*remarks))
        self.remark.setVisible(bool(self.remark.text()))

    def _show_counted(self, counted: tuple[Results, Results | None]) -> None:
        results, other = counted
        if other is not None and self.pictures is not None:
            self.figures.show_other(self.pictures.other_name, other)
        if self.results is None or not self.results.is_complete:
            self._show_results(results)

    def _show_results(self, results: Results | None) -> None:
        """Show results; None: there are none yet."""
        self.results = results
        self.shown = None if results is None else self.pictures
        matrix = self.confusion.matrix
        self.figures.show_results(results, self._name)
        self._show_remark()
        self.confusion.show_results(results, self._name)
        self._show_reliability(results)
        if results is None:
            self.mistakes.show_nothing()
        elif results.is_complete or not self.mistakes.view.hasFocus():
            self._show_pair(matrix.pinned)
        self._show_state()

    def _show_reliability(self, results: Results | None) -> None:
        self._reliability_card.setVisible(self.details)
        self.reliability.show_results(results)
        verdict = words = ""
        if results is not None and self._model is not None:
            is_calibrated = "temperature" in self._model.metadata
            verdict, words = describe_calibration(results, is_calibrated)
        self._verdict.set_text(verdict)
        self._reliability_words.set_text(words)

    def show_details(self, on: bool) -> None:
        super().show_details(on)
        self.figures.show_details(on)
        self.confusion.show_details(on)
        self.mistakes.link.setVisible(on or self.confusion.matrix.pinned is not None)
        self._show_reliability(self.results)

    def _show_others(self) -> None:
        """Show all mistakes, or all pictures, the least sure first."""
        pinned = self.confusion.matrix.pinned
        self.mistakes.is_least_sure = pinned is None and not self.mistakes.is_least_sure
        if pinned is None:
            self._show_pair(None)
        else:
            self.confusion.matrix.pin(None)

    def _show_pair(self, pair: Pair | None) -> None:
        if self.results is not None and self.shown is not None:
            self.mistakes.show_results(self.results, self.shown, pair, self._name)
            self._show_picked()

    def _state(self) -> str:
        results = self.results
        if self._failure:
            return _("This could not be measured.")
        if results is None:
            return _("Measuring the first pictures")
        if not results.is_complete:
            done = number(results.counted)
            return _("{count} of {total} measured", count=done, total=number(results.total))
        return self._epochs()

    def _count_limits(self) -> None:
        """Count the limits once the results are complete: both at once would take longer."""
        results = self.results
        model = self._model
        is_complete = results is not None and results.is_complete
        if is_complete and model is not None and model is not self._limited:
            self._limited = model
            self._limiting.ask(partial(count_limits, model))

    def _show_limits(self, limits: Limits) -> None:
        layers = () if self._model is None else describe_layers(self._model)
        self.limits.show_limits(limits, bool(layers) and not layers[0].convolves)
        self._ask_changed()

    def _ask_changed(self) -> None:
        """Change the example as is pointed at; only once its loops are compiled."""
        view = self.limits.view
        example = self._example
        if self._model is None or example is None or not view.limits.is_complete:
            self.limits.show_changed(None, self._name)
            return
        amounts = [axis.usual for axis in AXES]
        if view.current is not None:
            row, step = divmod(view.current, STEPS)
            amounts[row] = AXES[row].amounts[step]
        self._changing.ask(partial(change, self._model, example.picture, tuple(amounts)))

    def _show_changed(self, changed: Changed) -> None:
        self.limits.show_changed(changed, self._name)

    def _fail(self, sentence: str) -> None:
        self._failure = sentence
        self.problem.emit(sentence)
        self._show_state()

    def _example_at(self, place: int) -> Example:
        assert self.results is not None
        assert self.shown is not None
        pictures = self.shown
        names = all_names(self._model)
        return Example.of(pictures.images, pictures.labels, pictures.title(place), place, names)

    def _ask_why(self, place: int) -> None:
        assert self.results is not None
        answer, rival = (int(each) for each in self.results.probabilities[place].argsort()[:-3:-1])
        example = self._example_at(place)
        label = example.number_among(all_names(self._model))
        if label not in (answer, None):
            # Of a mistake, what it is; of a right answer, what came second.
            rival = label
        self.why_requested.emit(example, answer, rival)

    def _show_picked(self) -> None:
        example = self._example
        pictures = self.shown
        place = None
        if example is not None and pictures is not None and example.index is not None:
            mine = example.source == pictures.title(example.index)
            place = example.index if mine else None
        self.mistakes.view.show_picked(place)


def _count(model: ModelFile, pictures: Pictures) -> Iterator[tuple[Results, Results | None]]:
    """Count, then count those to compare with; yield now and then, prepared for the views."""
    due = 0.0
    for results in count_results(model, pictures):
        if results.is_complete or time.monotonic() >= due:
            results.prepare()
            yield results, None
            due = time.monotonic() + STREAM_S
    if pictures.other is not None:
        for other in count_results(model, pictures.other):
            yield results, other if other.is_complete else None
