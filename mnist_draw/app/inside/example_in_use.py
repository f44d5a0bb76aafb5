"""The example that all sections show: a drawing or a picked picture, its answer and its label."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.threads import Background
from mnist_draw.i18n import _
from mnist_draw.library.network_data import class_name, narrow_name
from mnist_draw.recognition.certainty import certainty_from

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.inside.section import Example
    from mnist_draw.recognition.certainty import Certainty

    #: Probabilities, and how certain they are.
    Answer = tuple[np.ndarray | None, Certainty | None]


class ExampleInUse(QObject):
    """Follows the Draw tab, whether its drawing is looked at here or not."""

    changed = pyqtSignal()
    answered = pyqtSignal()

    def __init__(self, network: ActiveNetwork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.current: Example | None = None
        self.answer: Answer = (None, None)
        self._drawing: Example | None = None
        self._drawing_answer: Answer = (None, None)
        self._picked = False
        self._network = network
        self._background = Background(self)
        self._random = random.Random()

    def ask_again(self) -> None:
        if self._picked and self.current is not None:
            self._ask(self.current)

    def name_of(self, number: int) -> str:
        return class_name(self._network.model, number)

    def show_drawing(
        self,
        picture: np.ndarray | None,
        probabilities: np.ndarray | None,
        certainty: Certainty | None,
        part: str = "",
    ) -> None:
        """Follow the Draw tab; ``part`` says which digit of a number it is."""
        if picture is None or probabilities is None or certainty is None:
            self._set_drawing(None, (None, None))
            return
        # Not before something is drawn: the window opens without NumPy.
        from mnist_draw.app.inside.section import Example

        is_digit = not certainty.is_refused
        shown = Example(picture, int(probabilities.argmax()), is_digit=is_digit, part=part)
        before = self._drawing
        # What the user said of one digit is not said of a number, or of another of its digits.
        if before is not None and (before.label_source, before.part) == ("user", part):
            shown = replace(shown, label=before.label, label_source="user")
        self._set_drawing(shown, (probabilities, certainty))

    def _set_drawing(self, drawing: Example | None, answer: Answer) -> None:
        self._drawing, self._drawing_answer = drawing, answer
        if not self._picked:
            self.use_drawing()

    def label_drawing(self, label: int) -> None:
        if self._drawing is not None:
            labelled = replace(self._drawing, label=label, label_source="user")
            self._set_drawing(labelled, self._drawing_answer)

    def forget_label(self) -> None:
        """Forget what the drawing was taught as: that digit was deleted."""
        probabilities, _ = self._drawing_answer
        if self._drawing is not None and probabilities is not None:
            read = int(probabilities.argmax())
            unlabelled = replace(self._drawing, label=read, label_source="answer")
            self._set_drawing(unlabelled, self._drawing_answer)

    def use_drawing(self) -> None:
        self._picked = False
        self.current, self.answer = self._drawing, self._drawing_answer
        self.changed.emit()
        self.answered.emit()

    def pick(self, example: Example) -> None:
        self._picked = True
        self.current = example
        self.changed.emit()
        self._ask(example)

    def pick_test(self, index: int | None = None) -> None:
        """Pick a test picture of MNIST or of the network's own data, by default at random."""
        model = self._network.model

        def load() -> Example:
            from mnist_draw.app.inside.section import Example
            from mnist_draw.dataset.mnist import load_dataset
            from mnist_draw.library.network_data import own_data

            data = (None if model is None else own_data(model)) or load_dataset()
            count = len(data.test_labels)
            chosen = self._random.randrange(count) if index is None else index % count
            source = _("Test picture {number}", number=chosen)
            return Example.of(data.test_images, data.test_labels, source, chosen)

        self._background.run(load, self.pick)

    def relabel(self, label: int) -> None:
        if not self._picked:
            self.label_drawing(label)
        elif self.current is not None:
            self.current = replace(self.current, label=label, label_source="user")
            self.changed.emit()

    def _ask(self, example: Example) -> None:
        model = self._network.model
        if model is None:
            return

        def answer() -> np.ndarray:
            from mnist_draw.recognition.recogniser import Recogniser

            # For one picture nothing is compiled.
            recogniser = Recogniser(model, compiled=False)
            probabilities: np.ndarray = recogniser.predict(example.picture[None, None])[0]
            return probabilities

        def show(probabilities: np.ndarray) -> None:
            if example is self.current:
                numbers = range(len(probabilities))
                names = [narrow_name(self.name_of(number)) for number in numbers]
                self.answer = probabilities, certainty_from(probabilities, names)
                self.answered.emit()

        self._background.run(answer, show)

    def wait(self) -> bool:
        return self._background.wait()
