"""Which picture the tab looks at: the drawing as it grows, or one that was picked."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.analysis.class_names import class_name
from mnist_draw.analysis.example import Example
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.background_reader import BackgroundReader

if TYPE_CHECKING:
    import numpy as np


class ExampleInUse(QObject):
    """Keeps the example, its label, and the answer to it."""

    changed = pyqtSignal(object)
    answered = pyqtSignal(object, bool)

    def __init__(self, network: ActiveNetwork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: Example | None = None
        self._drawing: Example | None = None
        self._drawing_answer: tuple[np.ndarray | None, bool] = (None, True)
        self._picked = False
        self._reader = BackgroundReader(network, parent=self)
        self._random = random.Random()

    def ask_again(self) -> None:
        """Let another network answer about a picked picture, too."""
        if self._picked and self.current is not None:
            self._ask(self.current)

    def name_of(self, number: int) -> str:
        """Return what the network in use calls a class."""
        return class_name(self._reader.network.model, number)

    # -- the drawing

    def show_drawing(
        self, picture: np.ndarray | None, probabilities: np.ndarray | None, winner: int | None
    ) -> None:
        """Take note of what the Draw tab shows."""
        if picture is None or probabilities is None:
            self._drawing, self._drawing_answer = None, (None, True)
        else:
            is_digit = winner is not None
            shown = Example(picture, int(probabilities.argmax()), is_digit=is_digit)
            if self._drawing is not None and self._drawing.label_source == "user":
                shown = replace(shown, label=self._drawing.label, label_source="user")
            self._drawing = shown
            self._drawing_answer = (probabilities, is_digit)
        if not self._picked:
            self.use_drawing()

    def forget_drawing(self) -> None:
        """Forget what was drawn and said of it: the board was emptied meanwhile."""
        self._drawing, self._drawing_answer = None, (None, True)

    def label_drawing(self, label: int) -> None:
        """Take note that the drawing was taught as a digit."""
        if self._drawing is not None:
            self._drawing = replace(self._drawing, label=label, label_source="user")
            if not self._picked:
                self.use_drawing()

    def use_drawing(self) -> None:
        """Look at the drawing."""
        self._picked = False
        self.current = self._drawing
        self.changed.emit(self.current)
        self.answered.emit(*self._drawing_answer)

    # -- another picture

    def pick(self, example: Example) -> None:
        """Look at a picture that was picked in one of the sections."""
        self._picked = True
        self.current = example
        self.changed.emit(example)
        self._ask(example)

    def pick_random(self) -> None:
        """Look at one of the test pictures, chosen at random."""
        self.pick_test(None)

    def pick_test(self, index: int | None) -> None:
        """Look at one of the test pictures, counted from 0; None takes one at random.

        They are MNIST's, or those of the data that a network of other classes has learnt.
        """
        model = self._reader.network.model

        def load() -> Example:
            from mnist_draw.dataset.mnist import load_dataset, scale
            from mnist_draw.recognition.network_data import own_data

            data = (None if model is None else own_data(model)) or load_dataset()
            count = len(data.test_labels)
            chosen = self._random.randrange(count) if index is None else index % count
            picture = scale(data.test_images[chosen, 0])
            label = int(data.test_labels[chosen])
            return Example(picture, label, "data", f"Test picture {chosen:,}", chosen)

        self._reader.background.run(load, self.pick)

    def say(self, label: int) -> None:
        """Take the user's word for what the picture shows."""
        if not self._picked:
            self.label_drawing(label)
        elif self.current is not None:
            self.current = replace(self.current, label=label, label_source="user")
            self.changed.emit(self.current)

    def _ask(self, example: Example) -> None:
        def answer(recogniser: Any) -> np.ndarray:
            probabilities: np.ndarray = recogniser.predict(example.picture[None, None])[0]
            return probabilities

        def show(probabilities: np.ndarray | None) -> None:
            if example is self.current and probabilities is not None:
                self.answered.emit(probabilities, True)

        self._reader.ask(answer, show)

    def wait(self) -> bool:
        """Wait a bounded time for the thread; return whether it has ended."""
        return self._reader.background.wait()
