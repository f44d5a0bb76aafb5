"""What does it find alike? The section *Map*."""

from __future__ import annotations

from functools import partial

import numpy as np
from PyQt5.QtCore import Qt

from mnist_draw.analysis import maps
from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.map import map_cards
from mnist_draw.app.inside.map.map_view import Digits, MapAnswer, MapView
from mnist_draw.app.inside.section import CountedSection, Example, reflow
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, label, tip
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.i18n import _, joined, number, pgettext
from mnist_draw.library.network_data import own_data
from mnist_draw.storage.models import ModelFile

#: Number of neighbours shown.
_NEIGHBOURS = map_cards.ROWS * map_cards.COLUMNS
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
        layer: maps.LayerMap | None,
        number: int,
        points: np.ndarray | None,
        known: maps.Neighbourhood | None,
    ) -> MapAnswer:
        """Locate a picture in the map of a layer by its number, or among points by t-SNE."""
        probe = self._probe
        if probe is None or probe.network != model.network:
            probe = self._probe = NetworkProbe(model)
        elif probe.model is not model:
            probe.use(model)
        outputs = [values[0] for values in probe.outputs(picture[None, None])]
        probabilities = probabilities_of(outputs[-1], probe.temperature)
        place = None
        nearest = np.empty(0, np.intp)
        if layer is not None:
            nearest, far = maps.nearest_rows(layer.outputs, outputs[number], maps.VOTERS)
            if points is None:
                place = layer.project(outputs[number])
                if layer.is_single:
                    place[1] = -probabilities.argmax()
            else:
                # The nearer, the heavier.
                place = np.average(points[nearest], 0, 1 / np.maximum(far, 1e-6))
        neighbours = np.empty(0, np.intp)
        distances = np.empty(0, np.float32)
        if known is not None:
            rows = known.outputs[: known.counted]
            neighbours, distances = maps.nearest_rows(rows, outputs[probe.last_hidden], _NEIGHBOURS)
        return MapAnswer(
            model,
            picture,
            place,
            nearest,
            probabilities,
            neighbours,
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
        self._maps: maps.Maps | None = None
        self._known: maps.Neighbourhood | None = None
        self._digits: Digits | None = None
        self._points: np.ndarray | None = None
        self._answer: MapAnswer | None = None
        self._layer: int | None = None
        self._front = 0
        #: Why there is no map.
        self._failure = ""
        self._build()
        self._mapping = self._job(self._set_maps, self._fail)
        self._moving = self._job(self._set_points, self._fail)
        self._gathering = self._job(self._set_neighbours, self._fail)
        self._locating = self._job(
            self._show_answer,
            self.problem.emit,
            rest=_LOCATE_S,
            deliver_stale=True,
        )
        self._locator = MapLocator()
        self._connect()

    def _build(self) -> None:
        card = Card(map_cards.map_title(None, 0))
        self._card_title = card.heading
        # With large text it takes two lines rather than more room than there is.
        card.heading.setWordWrap(True)
        card.top.setStretchFactor(card.heading, 100)
        sentence = _(
            "PCA, principal component analysis, shows the two directions of largest spread, at "
            "once; t-SNE takes its time and keeps neighbours together.",
        )
        self.map_combo = ComboBox("mapCombo", _("Layout"), sentence, look="quiet")
        self.map_combo.addItems([map_cards.PCA, map_cards.TSNE])
        card.top.addWidget(self.map_combo)
        card.body.setSpacing(2)
        card.body.addWidget(self.state)
        self.view = MapView()
        card.body.addWidget(self.view, 1)
        words = label("", "muted", "mapLegend")
        words.setTextFormat(Qt.RichText)
        self._legend = GrowingLabel(words)
        card.body.addWidget(self._legend)
        theme.theme().changed.connect(self._show_legend)
        self.neighbours = map_cards.NeighboursCard()
        self._layers = Card(_("Layer by layer"))
        self.layer_maps = map_cards.LayerMaps()
        self._layers.body.addWidget(self.layer_maps)
        self._votes = label("", "muted", "votesNote", wraps=True)
        self._layers.body.addWidget(self._votes)
        side = column((self.neighbours, 1), self._layers, gap=Size.CARD_GAP)
        self._columns = row((card, 16), (side, 9), gap=Size.CARD_GAP, owner=self)

    def _connect(self) -> None:
        self._moving.finished.connect(self._show_state)
        self.layer_maps.group.idClicked.connect(self._choose_layer)
        self.map_combo.activated.connect(lambda _: self._lay_out())
        self.view.picked.connect(self._pick_digit)
        self.neighbours.view.picked_here.connect(self._pick_neighbour)

    def _begin(self, model: ModelFile) -> None:
        self._model = model
        self._newer = None
        self._maps = self._known = self._points = self._answer = None
        self._front = 0
        self._failure = ""
        self._data = None
        self._moving.stop()
        self._show_nothing()
        self._mapping.ask(partial(_map, model))
        self._gathering.ask(
            lambda: maps.gather_neighbours(model, (own_data(model) or load_dataset()).train_images),
        )
        self._show_state()

    def _show_nothing(self) -> None:
        self.view.show_example(None)
        self.view.show_digits(None, None)
        self.view.show_message(self._failure)
        self._show_legend()
        self.layer_maps.show_maps(None, None)
        self._votes.setText("")
        self.neighbours.show_nothing(self._example is not None)

    def show_example(self, example: Example | None) -> None:
        self._example = example
        if self._active:
            self._ask()

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        if on and self._failure and self._model is not None:
            # The folder of its data may have been set meanwhile.
            self._begin(self._newer or self._model)
        if on:
            self._ask()

    def update_layout(self) -> None:
        reflow(self._columns, self._room)
        # In two rows the small maps need its room; the card's tooltip has it, too.
        self._votes.setHidden(self.layer_maps.is_folded)

    def table(self) -> Table:
        answer = self._answer
        data = self._data
        if answer is not None and data is not None and len(answer.neighbours):
            return map_cards.neighbours_table(answer, data.train_labels, self._name)
        return super().table() if self._maps is None else map_cards.layers_table(self._maps)

    def is_pending(self) -> bool:
        return self._maps is None and self._model is not None and not self._failure

    def _set_maps(self, made: tuple[Dataset, np.ndarray, maps.Maps]) -> None:
        self._data, self._chosen, self._maps = made
        found = self._maps
        self._digits = Digits(
            self._data.test_images[self._chosen, 0],
            found.labels,
            found.answers,
            partial(map_cards.describe_digit, found, self._chosen, self._name),
        )
        self.view.names = tuple(self._name(n) for n in range(found.probabilities.shape[1]))
        self._show_small_maps()
        last = len(found.layers) - 1
        self._show_layer(last - 1 if self._layer is None else min(self._layer, last))
        self._show_state()

    def _choose_layer(self, place: int) -> None:
        self._layer = place
        self._show_layer(place)

    def _show_layer(self, place: int) -> None:
        self._front = place
        self.layer_maps.show_chosen(place)
        self._lay_out()

    def _lay_out(self) -> None:
        self._moving.stop()
        self._points = None
        found = self._maps
        model = self._model
        if found is None or model is None or self._data is None:
            return
        layer = found.layers[self._front]
        self.view.show_digits(self._digits, layer.points)
        if self.map_combo.currentText() == map_cards.TSNE:
            images = self._data.test_images[self._chosen]
            self._moving.ask(lambda: maps.lay_out(model, layer, images))
        self._show_state()
        self._ask()

    def _set_points(self, points: np.ndarray) -> None:
        if self._maps is None or points is self._maps.layers[self._front].points:
            # The first rounds show what is there already.
            return
        self._points = points
        self.view.show_digits(self._digits, points)
        self._ask()

    def _show_legend(self) -> None:
        pair = (None, None) if self._answer is None else self._answer.pair
        found = self._maps
        words = "" if found is None else map_cards.map_legend(found, pair, self.view.names)
        self._legend.set_text(words)

    def _show_small_maps(self) -> None:
        self._show_legend()
        if self._maps is not None and self._model is not None:
            assert self._data is not None
            is_part = len(self._maps.layers) <= len(self._model.parameters) // 2
            votes = map_cards.describe_votes(self._maps, is_part)
            all_pictures = len(self._data.test_labels)
            shown = self._chosen
            if len(shown) < all_pictures:
                step = int(shown[1] - shown[0])
                total = number(all_pictures)
                more = _("Shown: one in {step} of {total} test pictures.", step=step, total=total)
                votes = joined(votes, more)
            self._votes.setText(votes)
            self._layers.setToolTip(tip(votes))
            self.layer_maps.show_maps(self._maps, self._answer)

    def _set_neighbours(self, known: maps.Neighbourhood) -> None:
        # Compare with the first, with all, and for each new example.
        news = self._known is None or known.is_complete
        self._known = known
        self.neighbours.show_state(known)
        if news:
            self._ask()

    def _state(self) -> tuple[str, str]:
        layer = None if self._maps is None else self._maps.layers[self._front]
        layout = self.map_combo.currentText()
        if layout == map_cards.PCA and layer is not None and layer.is_single:
            layout = map_cards.SINGLE
        words = map_cards.MEANINGS[layout]
        link = ""
        if self._failure:
            words = _("There is no map.")
        elif self._maps is None:
            words = _("Computing what each layer makes of the test pictures")
        elif self._moving.is_running:
            words = _("The digits are moving to their neighbours")
            link = _("Stop")
        elif self._newer is not None:
            words = self._epochs()
            link = _("Look again")
        return words, link

    def _show_state(self) -> None:
        super()._show_state()
        self._card_title.setText(map_cards.map_title(self._maps, self._front))
        if self._known is None:
            self.neighbours.show_state(None, failed=bool(self._failure))
            self.neighbours.show_nothing(self._example is not None)

    def _stop_or_go_on(self) -> None:
        if self._moving.is_running:
            self._moving.stop()
            self._show_state()
        elif self._newer is not None:
            self._begin(self._newer)

    def _fail(self, sentence: str) -> None:
        if sentence != self._failure:
            self.problem.emit(sentence)
        if self._maps is None:
            self._failure = sentence
            self._show_nothing()
        self._show_state()

    def _ask(self) -> None:
        if self._example is None:
            self._answer = None
            self._locating.stop()
            self.view.show_example(None)
            self._show_small_maps()
        if self._answer is None:
            self.neighbours.show_nothing(self._example is not None)
        if self._example is not None and self._active and self._model is not None:
            layer = None if self._maps is None else self._maps.layers[self._front]
            about = layer, self._front, self._points, self._known
            picture = self._example.picture
            self._locating.ask(partial(self._locator.locate, self._model, picture, *about))

    def _show_answer(self, answer: MapAnswer) -> None:
        if self._example is None or answer.model is not self._model:
            return
        before, self._answer = self._answer, answer
        if answer.place is not None and self._maps is not None:
            self.view.show_example(answer)
        if before is None or before.pair != answer.pair:
            self._show_small_maps()
        if len(answer.neighbours) and self._data is not None:
            self.neighbours.show_neighbours(self._data, answer, self._name)

    def _pick_digit(self, number: int) -> None:
        assert self._data is not None
        place = int(self._chosen[number])
        source = _("Test picture {number}", number=place)
        example = Example.of(self._data.test_images, self._data.test_labels, source, place)
        self.example_picked.emit(example)

    def _pick_neighbour(self, place: int) -> None:
        assert self._data is not None
        source = _("Training picture {number}", number=place)
        example = Example.of(self._data.train_images, self._data.train_labels, source, place)
        self.example_picked.emit(example)


def _map(model: ModelFile) -> tuple[Dataset, np.ndarray, maps.Maps]:
    """Return a network's data, the indices of the test pictures on the map, and the maps."""
    data = own_data(model) or load_dataset()
    chosen = maps.chosen_digits(len(data.test_labels))
    return data, chosen, maps.build_maps(model, data.test_images[chosen], data.test_labels[chosen])
