"""What does it find alike? The section *Map*."""

from __future__ import annotations

from functools import partial

import numpy as np
from qtpy.QtCore import Qt

from mnist_draw.analysis import maps
from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.map import map_cards
from mnist_draw.app.inside.map.map_view import Digits, MapAnswer, MapView
from mnist_draw.app.inside.section import CountedSection, Example, reflow
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.steady_labels import FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, label
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.i18n import N_, _, pgettext
from mnist_draw.library.network_data import own_data
from mnist_draw.storage.models import ModelFile

#: The example is located at most ten times a second.
_LOCATE_S = 0.1


class MapLocator:
    """Locates the example; keeps the compiled network, for one thread."""

    def __init__(self) -> None:
        self._probe: NetworkProbe | None = None

    def locate(
        self,
        model: ModelFile,
        picture: np.ndarray,
        digits: maps.DigitMap | None,
        known: maps.Neighborhood | None,
    ) -> MapAnswer:
        """Locate a picture on the map and among the training pictures."""
        probe = self._probe
        if probe is None or probe.network != model.network:
            probe = self._probe = NetworkProbe(model)
        elif probe.model is not model:
            probe.use(model)
        (outputs,), (logits,) = probe.outputs(picture[None, None])
        probabilities = probabilities_of(logits, probe.temperature)
        place = None
        if digits is not None:
            place = digits.project(outputs)
            if digits.is_single:
                place[1] = -probabilities.argmax()
        neighbors = np.empty(0, np.intp)
        distances = np.empty(0, np.float32)
        if known is not None:
            rows = known.outputs[: known.counted]
            neighbors, distances = maps.nearest_rows(rows, outputs, map_cards.NEIGHBORS)
        return MapAnswer(
            model,
            picture,
            place,
            probabilities,
            neighbors,
            distances,
            is_complete=known is not None and known.is_complete,
        )


class MapSection(CountedSection):
    name = "map"
    title = pgettext("of pictures", "Map")
    question = _("What does it find alike?")

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mapSection")
        self._data: Dataset | None = None
        self._chosen = np.empty(0, np.intp)
        self._map: maps.DigitMap | None = None
        self._known: maps.Neighborhood | None = None
        self._answer: MapAnswer | None = None
        self._build()
        self._mapping = self._job(self._set_map, self._fail)
        self._gathering = self._job(self._set_neighbors, self._fail)
        self._locating = self._job(
            self._show_answer,
            self.problem.emit,
            rest=_LOCATE_S,
            deliver_stale=True,
        )
        self._locator = MapLocator()
        self._connect()

    def _build(self) -> None:
        card = Card(map_cards.map_title(None))
        self._card_title = card.heading
        # With large text it takes two lines rather than more room than there is.
        card.heading.setWordWrap(True)
        card.body.setSpacing(2)
        card.body.addWidget(FixedLabel(self.state, lines=2))
        self.view = MapView()
        card.body.addWidget(self.view, 1)
        words = label("", "muted", "mapLegend")
        words.setTextFormat(Qt.RichText)
        self._legend = GrowingLabel(words)
        card.body.addWidget(self._legend)
        theme.theme().changed.connect(self._show_legend)
        self.neighbors = map_cards.NeighborsCard()
        self._columns = row((card, 16), (self.neighbors, 9), gap=Size.CARD_GAP, owner=self)

    def _connect(self) -> None:
        self.view.picked.connect(partial(self._pick, is_test=True))
        self.neighbors.view.picked_here.connect(partial(self._pick, is_test=False))

    def _begin(self, model: ModelFile) -> None:
        self._model = model
        self._newer = None
        self._map = None
        self._known = None
        self._answer = None
        self._failure = ""
        self._data = None
        self._show_nothing()
        self._mapping.ask(partial(_map, model))
        self._gathering.ask(
            lambda: maps.gather_neighbors(model, (own_data(model) or load_dataset()).train_images),
        )
        self._show_state()

    def _show_nothing(self) -> None:
        self.view.show_example(None)
        self.view.show_digits(None, None)
        self.view.show_message(self._failure)
        self._show_legend()
        self.neighbors.show_nothing(self._example is not None)

    def update_layout(self) -> None:
        reflow(self._columns, self._room)

    def show_details(self, on: bool) -> None:
        super().show_details(on)
        self.neighbors.show_details(on)
        self._show_state()

    def show_example(self, example: Example | None) -> None:
        self._example = example
        if self._active:
            self._ask()

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        if on:
            self._ask()

    def table(self) -> Table:
        answer = self._answer
        data = self._data
        if answer is not None and data is not None and len(answer.neighbors):
            return map_cards.neighbors_table(answer, data.train_labels, self._name)
        return super().table()

    def is_pending(self) -> bool:
        return self._map is None and self._model is not None and not self._failure

    def _set_map(self, made: tuple[Dataset, np.ndarray, maps.DigitMap]) -> None:
        data, chosen, found = made
        self._data = data
        self._chosen = chosen
        self._map = found
        describe = partial(map_cards.describe_digit, found, chosen, self._name)
        digits = Digits(data.test_images[chosen, 0], found.labels, found.answers, describe)
        self.view.names = tuple(self._name(n) for n in range(found.probabilities.shape[1]))
        self.view.show_digits(digits, found.points)
        self._show_legend()
        self._show_state()
        self._ask()

    def _show_legend(self) -> None:
        pair = (None, None) if self._answer is None else self._answer.pair
        found = self._map
        words = "" if found is None else map_cards.map_legend(found, pair, self.view.names)
        self._legend.set_text(words)

    def _set_neighbors(self, known: maps.Neighborhood) -> None:
        # Compare with the first, with all, and for each new example.
        news = self._known is None or known.is_complete
        self._known = known
        self.neighbors.show_state(known)
        if news:
            self._ask()

    def _state(self) -> str:
        if self._failure:
            return _("There is no map.")
        if self._map is None:
            return _("Computing the layer's outputs for the test pictures")
        return self._epochs() or map_cards.describe_plane(self._map, self.details)

    def _show_state(self) -> None:
        super()._show_state()
        self._card_title.setText(map_cards.map_title(self._map))
        self.neighbors.show_state(self._known, failed=bool(self._failure))
        if self._known is None:
            self.neighbors.show_nothing(self._example is not None)

    def _fail(self, sentence: str) -> None:
        if sentence != self._failure:
            self.problem.emit(sentence)
        if self._map is None:
            self._failure = sentence
            self._show_nothing()
        self._show_state()

    def _ask(self) -> None:
        if self._example is None:
            self._answer = None
            self._locating.stop()
            self.view.show_example(None)
            self._show_legend()
        if self._answer is None:
            self.neighbors.show_nothing(self._example is not None)
        if self._example is not None and self._active and self._model is not None:
            picture = self._example.picture
            locate = partial(self._locator.locate, self._model, picture, self._map, self._known)
            self._locating.ask(locate)

    def _show_answer(self, answer: MapAnswer) -> None:
        if self._example is None or answer.model is not self._model:
            return
        before = self._answer
        self._answer = answer
        if answer.place is not None:
            self.view.show_example(answer)
        if before is None or before.pair != answer.pair:
            self._show_legend()
        if len(answer.neighbors) and self._data is not None:
            self.neighbors.show_neighbors(self._data, answer, self._name)

    def _pick(self, place: int, is_test: bool) -> None:
        data = self._data
        assert data is not None
        if is_test:
            place = int(self._chosen[place])
        pictures = data.test_images, data.test_labels
        title = N_("Test picture {number}")
        if not is_test:
            pictures = data.train_images, data.train_labels
            title = N_("Training picture {number}")
        source = _(title, number=place)
        self.example_picked.emit(Example.of(*pictures, source, place, data.classes))


def _map(model: ModelFile) -> tuple[Dataset, np.ndarray, maps.DigitMap]:
    """Return a network's data, the indices of the test pictures on the map, and the map."""
    data = own_data(model) or load_dataset()
    chosen = maps.chosen_digits(len(data.test_labels))
    return data, chosen, maps.build_map(model, data.test_images[chosen], data.test_labels[chosen])
