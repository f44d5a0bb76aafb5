"""How much can it take? The section *Limits*."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout

from mnist_draw.analysis import robustness
from mnist_draw.analysis.robustness import AXES, SETTINGS, Distortion
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.limits import limits_cards
from mnist_draw.app.inside.limits.limits_cards import NetworkChoice
from mnist_draw.app.inside.network.layers_view import short_name
from mnist_draw.app.inside.rows_view import Bar
from mnist_draw.app.inside.section import CountedSection, Example, reflow
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, Switch, explain
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.mnist import GREY_LEVELS, scale
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, number
from mnist_draw.library.entries import list_entries
from mnist_draw.library.network_data import all_names, describe_foreign_network, numbered_class
from mnist_draw.networks import title_of_model
from mnist_draw.storage.models import ModelFile

#: Cards beside each other where there is room for them.
_COLUMNS = 3
_TRAINED = _("Your training")
#: The key of a network, and what reads it.
Entry = tuple[str, Callable[[], "ModelFile"]]
#: For each key the accuracies, float64 (47,) with NaN for what is not counted yet, or a sentence
#: why there are none.
Found = dict[str, "np.ndarray | str"]
#: Of how many pictures, by key.
Sizes = dict[str, int]


def count_all(entries: Sequence[Entry], placed: bool) -> Iterator[tuple[Found, Sizes]]:
    """Count networks off the GUI thread, the coarse points of all of them first."""
    found: Found = {}
    sizes: Sizes = {}
    counts = {key: _count(key, load, placed, sizes) for key, load in entries}
    for enough in (sum(len(axis.shown) for axis in AXES), np.inf):
        for key, values in counts.items():
            for value in values:
                found[key] = value
                yield dict(found), dict(sizes)
                if isinstance(value, str) or np.count_nonzero(~np.isnan(value)) >= enough:
                    break


def _count(
    key: str,
    load: Callable[[], ModelFile],
    placed: bool,
    sizes: Sizes,
) -> Iterator[np.ndarray | str]:
    """Yield the accuracies of a network, or in the end why there are no more."""
    try:
        model = load()
        pictures, labels = robustness.test_pictures_for(model)
        sizes[key] = len(labels)
        yield from robustness.count_limits(model, pictures, labels, placed)
    except UserError as error:
        yield str(error)


#: The changed example, uint8 (28, 28), what was done to it, and how each network reads it.
Reading = tuple[np.ndarray, Distortion, list[tuple[NetworkChoice, np.ndarray]]]


def _read(
    picture: np.ndarray,
    change: Distortion,
    choices: Sequence[NetworkChoice],
    newest: dict[str, ModelFile | None],
) -> Reading:
    grey = np.clip(np.rint(picture * GREY_LEVELS), 0, 255).astype(np.uint8)
    turned = robustness.altered_one(grey, [change])
    # What nothing was done to is read as it is, not in whole levels of grey.
    read = picture[None, None] if change == Distortion() else scale(turned)
    answers = []
    for choice in choices:
        # The count of its curves reports why a network cannot be asked.
        with contextlib.suppress(UserError):
            answers.append((choice, choice.read(read, newest.get(choice.key))[0]))
    return turned[0, 0], change, answers


class LimitsSection(CountedSection):
    name = "limits"
    title = _("Limits")
    question = _("How much can it take?")

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("robustnessView")
        self._found: Found = {}
        self._sizes: Sizes = {}
        self._stopped = False
        self._counted: tuple[tuple[Entry, ...], bool] = ((), False)
        self._reported: set[str] = set()
        self._listing = self._job(self._offer, self.problem.emit)
        self._count = self._job(self._set_curves, self._fail)
        self._reading = self._job(self._show_reading, self._tell, deliver_stale=True)
        top = self._build_top()
        plots = self._build_plots()
        column(top, self.state, (plots, 1), gap=Size.CARD_GAP, owner=self)
        self._count.finished.connect(self._show_state)

    def _build_top(self) -> QHBoxLayout:
        self.choices = limits_cards.NetworkChoices()
        self.choices.changed.connect(self._choices_changed)
        self.place_switch = Switch(_("put in place first"))
        self.place_switch.setObjectName("placeSwitch")
        explain(
            self.place_switch,
            _("Put in place first"),
            _(
                "Crop the ink, scale it to 20 pixels and centre it before the networks see it, as "
                "Draw does with a drawing. Noise comes after that.",
            ),
        )
        self.place_switch.toggled.connect(self._place_toggled)
        self._top = row((self.choices, 1), self.place_switch)
        return self._top

    def _build_plots(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(Size.CARD_GAP)
        self.plots: dict[str, limits_cards.RobustnessPlot] = {}
        self._cards: list[Card] = []
        for axis in AXES:
            card = Card(axis.title, axis.unit)
            plot = limits_cards.RobustnessPlot(axis)
            card.body.setSpacing(0)
            card.body.addWidget(plot, 1)
            self._cards.append(card)
            self.plots[axis.name] = plot
            plot.moved.connect(self._ask)
        self.turn = limits_cards.PerturbationCard()
        self.turn.reset_button.clicked.connect(self._reset)
        self._cards.append(self.turn)
        self._grid = grid
        self._wide = 0
        self._set_out(_COLUMNS)
        return grid

    def _set_out(self, columns: int) -> None:
        if columns == self._wide:
            return
        self._wide = columns
        for place, card in enumerate(self._cards):
            self._grid.removeWidget(card)
            self._grid.addWidget(card, place // columns, place % columns)
            self._grid.setColumnStretch(place, int(place < columns))
            self._grid.setRowStretch(place, int(place * columns < len(self._cards)))

    def update_layout(self) -> None:
        reflow(self._top, self._room)
        widest = max(card.minimumSizeHint().width() for card in self._cards) + Size.CARD_GAP
        self._set_out(min(_COLUMNS, max(1, (self._room + Size.CARD_GAP) // widest)))

    def _begin(self, model: ModelFile) -> None:
        names = all_names(model)
        if self._model is not None and names != all_names(self._model):
            self.choices.clear()
        self._model = model
        self._newer = None
        self._found.pop(self._key, None)
        self.turn.show_nothing(is_pending=self._example is not None)
        title = title_of_model(model) if self._key else _TRAINED
        used = NetworkChoice(self._key, title, lambda: model, names, stays=False)
        self.choices.add(used, first=True)
        if self._active:
            self._listing.ask(_others)

    def use_network(self, model: ModelFile, key: str) -> None:
        super().use_network(model, key)
        self._ask()

    def show_example(self, example: Example | None) -> None:
        self._example = example
        self._ask()

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        if not on:
            return
        if self._why_not():
            # The place of its data may have been named meanwhile.
            self._forget_counted()
        # They may have been trained, renamed or deleted meanwhile.
        self._listing.ask(_others)
        self._start()
        self._ask()

    def _offer(self, others: list[NetworkChoice]) -> None:
        """Offer those that can be compared: they tell the same classes apart."""
        names = all_names(self._model)
        self.choices.offer([other for other in others if other.names == names])

    def table(self) -> Table:
        curves = [(choice, self._accuracy(choice.key)) for choice in self.choices.ticked()]
        titles = [choice.title for choice, _accuracy in curves]
        amounts = [(axis, amount) for axis in AXES for amount in axis.amounts]
        rows = [
            [
                _("{change}, {unit}", change=axis.title, unit=axis.unit),
                Figure(amount, "g"),
                *(float(accuracy[n]) for _choice, accuracy in curves),
            ]
            for n, (axis, amount) in enumerate(amounts)
        ]
        headings = (_("what is done"), _("amount"), *titles)
        return Table(self.question, ("what is done", "amount", *titles), rows, headings)

    def _choices_changed(self) -> None:
        reflow(self._top, self._room)
        self._start()
        self._show_curves()
        self._ask()

    def _place_toggled(self) -> None:
        self._found = {}
        self._stopped = False
        self._choices_changed()

    def _start(self) -> None:
        """Count what is ticked, unless just that is being counted."""
        entries = tuple((choice.key, choice.load) for choice in self.choices.ticked())
        wanted = (entries, self.place_switch.isChecked())
        if not self._active or wanted == self._counted or not entries:
            return
        self._counted = wanted
        self._stopped = False
        self._reported = set()
        self._count.ask(partial(count_all, *wanted))
        self._show_state()

    def _forget_counted(self) -> None:
        self._counted = ((), self.place_switch.isChecked())

    def _set_curves(self, counted: tuple[Found, Sizes]) -> None:
        found, self._sizes = counted
        for why_not in found.values():
            if isinstance(why_not, str):
                self._tell(why_not)
        self._found.update(found)
        self._show_curves()
        self._show_state()

    def _accuracy(self, key: str) -> np.ndarray:
        found = self._found.get(key, "")
        return np.full(len(SETTINGS), np.nan) if isinstance(found, str) else found

    def _why_not(self) -> str:
        """Return why the network in use cannot be counted; empty where it can."""
        found = self._found.get(self._key)
        return found if isinstance(found, str) else ""

    def _show_curves(self) -> None:
        ticked = self.choices.ticked()
        for axis in AXES:
            mine = [n for n, (name, _amount) in enumerate(SETTINGS) if name == axis.name]
            curves = [(choice, self._accuracy(choice.key)[mine]) for choice in ticked]
            self.plots[axis.name].show_curves(curves)

    def _state(self) -> tuple[str, str]:
        ticked = self.choices.ticked()
        points = [self._accuracy(choice.key) for choice in ticked]
        done = sum(int(np.count_nonzero(~np.isnan(values))) for values in points)
        total = number(len(SETTINGS) * len(ticked))
        progress = _("{count} of {total} counted", count=number(done), total=total)
        if self._count.is_running:
            return progress if done else _("Counting the first test pictures"), _("Stop")
        if self._stopped:
            return progress, _("Go on")
        if self._why_not():
            return self._why_not(), _("Try again")
        epochs = self._epochs()
        if epochs:
            return epochs, _("Count again")
        if self._model is None or self._key not in self._sizes:
            return "", ""
        # Networks with classes of their own are counted on their own pictures.
        foreign = "" if self._model.info.classes else describe_foreign_network(self._model)
        size = number(self._sizes[self._key])
        return foreign or _("Right answers in the first {count} test pictures.", count=size), ""

    def _stop_or_go_on(self) -> None:
        if self._count.is_running:
            self._count.stop()
            self._stopped = True
            self._show_state()
        elif self._newer is not None and not self._stopped:
            self._begin(self._newer)
        else:
            self._forget_counted()
            self._start()

    def _fail(self, sentence: str) -> None:
        self._stopped = True
        self.problem.emit(sentence)
        self._show_state()

    def _ask(self) -> None:
        if not self._active:
            return
        if self._example is None or not self.turn.answers.rows:
            self.turn.show_nothing(is_pending=self._example is not None)
        if self._example is None or self._model is None:
            return
        change = self._change()
        ticked = self.choices.ticked()
        # As beside the example: the network in use after its newest epoch.
        newest = {self._key: self._newer}
        self._reading.ask(partial(_read, self._example.picture, change, ticked, newest))

    def _change(self) -> Distortion:
        change = Distortion(placed=self.place_switch.isChecked())
        for name, plot in self.plots.items():
            change = change.to(name, plot.amount)
        return change

    def _reset(self) -> None:
        for axis in AXES:
            self.plots[axis.name].set_amount(axis.neutral)

    def _show_reading(self, reading: Reading) -> None:
        picture, change, answers = reading
        # One that was read before another network came in its place is no longer listed.
        answers = [each for each in answers if each[0] in self.choices.choices]
        if self._example is None or (self.choices.ticked() and not answers):
            return
        label_ = self._example.label
        rows = []
        for choice, found in answers:
            answer = int(found.argmax())
            share = float(found.max())
            known = answer < len(choice.names)
            name = choice.names[answer] if known else numbered_class(answer)
            right = label_ is not None and name == self._name(label_)
            figure = format_probability(share, short=True)
            colour = "accent" if right else "muted"
            rows.append(Bar(choice.title, share, figure, short_name(name), colour))
        self.turn.show_answers(picture, rows, limits_cards.describe_change(change))

    def _tell(self, sentence: str) -> None:
        # Once for a network that cannot be asked, not for every stroke.
        if sentence not in self._reported:
            self._reported.add(sentence)
            self.problem.emit(sentence)


def _others() -> list[NetworkChoice]:
    entries = [entry for entry in list_entries() if entry.has_network]
    shipped = [entry for entry in reversed(entries) if entry.is_shipped]
    own = [entry for entry in entries if not entry.is_shipped]
    return [
        NetworkChoice(entry.key, entry.name, entry.stored.load, entry.stored.info.classes or DIGITS)
        for entry in (*shipped, *own)
    ]
