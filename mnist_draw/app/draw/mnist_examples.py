"""Pictures to look at: one of the test digits, or one that the network gets wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.draw.drawing import ink_on_board
from mnist_draw.app.draw.placed_picture import PlacedPicture, Renderings, place_ink
from mnist_draw.app.kit.background_reader import BackgroundReader
from mnist_draw.dataset.classes import DIGITS, with_article

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.mistakes import Mistake
    from mnist_draw.storage.models import ModelFile

#: A digit for the board, which one it is, and what the network takes it for.
_Found = tuple[PlacedPicture, str, str]


class DigitsToShow:
    """Test pictures of what a network reads, loaded when first needed; one thread uses them."""

    def __init__(self) -> None:
        self._loaded: tuple[np.ndarray, np.ndarray] | None = None
        self.of = "MNIST"
        self.names = DIGITS

    def choose(self, model: ModelFile | None) -> bool:
        """Set the pictures of a network, MNIST's for digits; return whether they differ."""
        wanted = ("MNIST", DIGITS)
        if model is not None and model.info.classes:
            wanted = (model.info.data, model.info.classes)
        if wanted == (self.of, self.names):
            return False
        loaded = None
        if model is not None and model.info.classes:
            from mnist_draw.recognition.network_data import data_of, require_classes

            data = data_of(model)
            require_classes(model, data)
            loaded = data.test_images.copy(), data.test_labels.copy()
        (self.of, self.names), self._loaded = wanted, loaded
        return True

    def all(self) -> tuple[np.ndarray, np.ndarray]:
        """Return images, uint8 of shape (N, 1, 28, 28), and labels of shape (N,)."""
        if self._loaded is None:
            from mnist_draw.dataset.mnist import load_dataset

            data = load_dataset()
            # A copy of the test digits: the training digits need not stay in memory.
            self._loaded = data.test_images.copy(), data.test_labels.copy()
        return self._loaded

    def words(self, index: int, label: int) -> str:
        """Return a sentence about one of them."""
        name = self.names[label]
        if self.names == DIGITS:
            return f"Test digit {index:,} of {self.of}: it is {with_article(name)}."
        return f"Test picture {index:,} of {self.of}: it is {name}."


class MnistExamples(QObject):
    """Chooses test digits at random, none twice before all have been shown."""

    found = pyqtSignal(PlacedPicture, str, str)
    searching = pyqtSignal(str)
    told = pyqtSignal(str)

    def __init__(
        self,
        reader: BackgroundReader,
        renderings: Callable[[], Renderings],
        digits: DigitsToShow | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._reader = reader
        self._renderings = renderings
        self._digits = digits or DigitsToShow()
        self._random = random.Random()
        self._any: list[int] = []
        self._wrong: list[Mistake] = []
        self._mistakes: tuple[Mistake, ...] = ()
        self._known: ModelFile | None = None
        self._busy = False

    def show_any(self) -> None:
        """Find a random test digit."""
        work = partial(self._draw_any, self._reader.network.model, self._renderings())
        self._reader.background.run(work, self._show)

    def show_mistake(self) -> None:
        """Find a random test digit that the network in use gets wrong."""
        model = self._reader.network.model
        if model is None:
            self.told.emit("The network is not ready yet. Try again in a moment.")
            return
        if self._busy:
            return
        if model is not self._known:
            self._busy = True
            self.searching.emit(f"Looking for {_kind(model)} that this network gets wrong")
            self._reader.ask(partial(self._search, model), partial(self._searched, model))
            return
        self._show_wrong()

    # -- in the reader's thread

    def _draw_any(self, model: ModelFile | None, renderings: Renderings) -> _Found:
        if self._digits.choose(model):
            self._any = []
        images, labels = self._digits.all()
        if not self._any:
            self._any = self._random.sample(range(len(images)), len(images))
        index = self._any.pop()
        words = self._digits.words(index, int(labels[index]))
        return _placed(images, index, renderings), words, ""

    def _draw_wrong(self, mistake: Mistake, renderings: Renderings) -> _Found:
        images, _ = self._digits.all()
        words = self._digits.words(mistake.index, mistake.label)
        reads = f" This network reads {mistake.read}."
        return _placed(images, mistake.index, renderings), words, reads

    def _search(self, model: ModelFile, recogniser: Any) -> tuple[Mistake, ...]:
        from mnist_draw.recognition.mistakes import find_mistakes, kept_mistakes

        if self._digits.choose(model):
            self._any = []
        images, labels = self._digits.all()

        def find() -> tuple[Mistake, ...]:
            return find_mistakes(recogniser, images, labels, _on_board)

        return kept_mistakes(model, find, len(images))

    # -- in the GUI thread

    def _searched(self, model: ModelFile, mistakes: tuple[Mistake, ...] | None) -> None:
        self._busy = False
        self.searching.emit("")
        if mistakes is None:
            return
        self._known, self._mistakes, self._wrong = model, mistakes, []
        if model is self._reader.network.model:
            self._show_wrong()

    def _show_wrong(self) -> None:
        if not self._mistakes:
            kind = _kind(self._reader.network.model)
            self.told.emit(f"This network gets none of the test {kind} wrong.")
            return
        if not self._wrong:
            self._wrong = self._random.sample(self._mistakes, len(self._mistakes))
        mistake = self._wrong.pop()
        work = partial(self._draw_wrong, mistake, self._renderings())
        self._reader.background.run(work, self._show)

    def _show(self, drawn: _Found) -> None:
        self.found.emit(*drawn)


def _kind(model: ModelFile | None) -> str:
    """Return what the test pictures of a network are, in the plural."""
    from mnist_draw.recognition.class_names import reads_digits

    return "digits" if model is None or reads_digits(model) else "pictures"


def _on_board(picture: np.ndarray) -> np.ndarray:
    return ink_on_board(place_ink(picture))


def _placed(images: np.ndarray, index: int, renderings: Renderings) -> PlacedPicture:
    placed = place_ink(images[index, 0])
    placed.prepare(renderings)
    return placed
