"""The tab *Inside* for the window, and its example; views are imported when first shown."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.layout import Page, column
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background, NewestOnly
from mnist_draw.i18n import N_, _, pgettext
from mnist_draw.library.network_data import all_names, class_name
from mnist_draw.recognition.certainty import certainty_from

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.canvas import Canvas
    from mnist_draw.app.inside.inside_view import InsideView
    from mnist_draw.app.inside.section import Example, LabelSource
    from mnist_draw.recognition.certainty import Certainty
    from mnist_draw.storage.models import ModelFile
    from mnist_draw.storage.preferences import Preferences

    #: Probabilities, and how certain they are.
    Answer = tuple[np.ndarray | None, Certainty | None]


#: The validation picture, counted from 0, that stands in while nothing is drawn.
_SAMPLE = 241


class ExampleInUse(QObject):
    """Follows the Draw tab, whether its drawing is looked at here or not.

    What is looked at is the picture that was picked, else the drawing, else, while Inside is seen,
    a validation picture of the network's own data.
    """

    changed = Signal()
    answered = Signal()

    def __init__(self, network: ActiveNetwork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answer: Answer = (None, None)
        self._picked: Example | None = None
        self._drawing: Example | None = None
        self._drawing_answer: Answer = (None, None)
        self._sample: Example | None = None
        self._wants_sample = False
        #: The classes of the network.
        self._classes: tuple[str, ...] = ()
        self._network = network
        self._background = Background(self)
        #: Asks the network while the answer can be seen.
        self.asking = NewestOnly(parent=self, watched=False)
        self.asking.answered.connect(self._take_answer)
        self._random = random.Random()

    @property
    def current(self) -> Example | None:
        return self._picked or self._drawing or self._sample

    def watch(self, on: bool) -> None:
        """Ask the network, and show a sample where nothing is drawn, while they can be seen."""
        self.asking.watch(on)
        self._wants_sample = on
        self._find_sample()

    def use_classes(self, classes: tuple[str, ...]) -> None:
        """Put pictures of other data back; a drawing stays, without the answer's label."""
        is_other = self._classes not in ((), classes)
        self._classes = classes
        if not is_other:
            return
        if self._drawing is not None and self._drawing.label_source == "answer":
            self._drawing = replace(self._drawing, label=None)
        self._drawing_answer = (None, None)
        self._sample = None
        self.use_drawing()
        self._find_sample()

    def ask_again(self) -> None:
        if self._is_asked():
            self.answer = (None, None)
            self._ask()

    def _is_asked(self) -> bool:
        """Whether the network is asked here: a digit of a number is weighed by the rest there."""
        current = self.current
        if current is None or current is not self._drawing:
            return current is not None
        return bool(current.part) and current.is_digit

    def name_of(self, number: int) -> str:
        return class_name(self._network.state.model, number)

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
        read = self.name_of(int(probabilities.argmax()))
        shown = Example(picture, read, is_digit=is_digit, part=part)
        before = self._drawing
        # What the user said of one digit is not said of a number, or of another of its digits.
        if before is not None and (before.label_source, before.part) == ("user", part):
            shown = replace(shown, label=before.label, label_source="user")
        self._set_drawing(shown, (probabilities, certainty))

    def _set_drawing(self, drawing: Example | None, answer: Answer) -> None:
        self._drawing = drawing
        self._drawing_answer = answer
        if self._picked is None:
            self.use_drawing()

    def label_drawing(self, label: int | None = None) -> None:
        """Note what the drawing was taught as; None: that digit was deleted."""
        probabilities, _ = self._drawing_answer
        if self._drawing is not None and probabilities is not None:
            source: LabelSource = "answer" if label is None else "user"
            known = int(probabilities.argmax()) if label is None else label
            labeled = replace(self._drawing, label=self.name_of(known), label_source=source)
            self._set_drawing(labeled, self._drawing_answer)

    def use_drawing(self) -> None:
        self._picked = None
        self.answer = self._drawing_answer
        self.changed.emit()
        if self._is_asked():
            self.answer = (None, None)
            self._ask()
        else:
            if self.asking.is_running:
                self.asking.stop()
            self.answered.emit()
        self._find_sample()

    def pick(self, example: Example) -> None:
        self._picked = example
        self.answer = (None, None)
        self.changed.emit()
        self._ask()

    def pick_as(self, before: ExampleInUse) -> None:
        """Show what was picked in another tab."""
        if before._picked is not None:
            self.pick(before._picked)

    def pick_test(self, index: int) -> None:
        """Pick a test picture of MNIST or of the network's own data."""
        self._load(lambda count: index % count, self.pick, is_test=True)

    def pick_random(self) -> None:
        """Pick a validation picture: test pictures are for what is counted."""
        self._load(self._random.randrange, self.pick)

    def _find_sample(self) -> None:
        if self._wants_sample and self.current is None:
            self._load(lambda count: _SAMPLE % count, self._show_sample)

    def _show_sample(self, example: Example) -> None:
        if self.current is None:
            self._sample = replace(example, is_sample=True)
            self.use_drawing()

    def _load(
        self,
        choose: Callable[[int], int],
        use: Callable[[Example], object],
        is_test: bool = False,
    ) -> None:
        """Load a picture by its place, for the network that answers now."""
        model = self._network.state.model
        classes = self._classes

        def load() -> Example:
            from mnist_draw.app.inside.section import Example
            from mnist_draw.dataset.mnist import load_dataset
            from mnist_draw.library.network_data import own_data

            data = (None if model is None else own_data(model)) or load_dataset()
            pictures = data.validation_images, data.validation_labels
            said = N_("Validation picture {number}")
            if is_test or not len(data.validation_labels):
                pictures = data.test_images, data.test_labels
                said = N_("Test picture {number}")
            chosen = choose(len(pictures[1]))
            return Example.of(*pictures, _(said, number=chosen), chosen, data.classes)

        # Meanwhile a network of other classes may have come.
        self._background.run(load, lambda found: classes == self._classes and use(found))

    def relabel(self, label: int) -> None:
        if self._picked is None:
            self.label_drawing(label)
        else:
            name = self.name_of(label)
            self._picked = replace(self._picked, label=name, label_source="user")
            self.changed.emit()

    def _ask(self) -> None:
        model = self._network.state.model
        example = self.current
        if model is None or example is None:
            return

        def answer() -> np.ndarray:
            from mnist_draw.recognition.recogniser import Recogniser

            # For one picture nothing is compiled.
            recogniser = Recogniser(model, compiled=False)
            probabilities: np.ndarray = recogniser.predict(example.picture[None, None])[0]
            return probabilities

        self.asking.ask(answer)

    def _take_answer(self, probabilities: np.ndarray) -> None:
        names = [self.name_of(number) for number in range(len(probabilities))]
        self.answer = probabilities, certainty_from(probabilities, names)
        self.answered.emit()


_VIEW = "mnist_draw.app.inside.inside_view"


class InsideTab(Page):
    name = "inside"
    title = pgettext("tab", "Inside")

    draw_requested = Signal()

    def __init__(self, canvas: Canvas, network: ActiveNetwork, preferences: Preferences) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.ClickFocus)
        self.view: InsideView | None = None
        self.is_training: Callable[[], bool] = bool
        self.canvas = canvas
        self.active = network
        self.preferences = preferences
        self._network: tuple[ModelFile, str] | None = None
        self.example = ExampleInUse(network, self)
        self._background = Background(self)
        self._column = column(owner=self)
        network.state.follow(["epoch", "history"], self._follow_run, [self.name])

    def message_background(self) -> tuple[QWidget, int]:
        if self.view is None:
            return self, Size.CARD_PADDING
        # The guide and what is beside it are to be seen.
        return self.view.bar.question, 0

    def showEvent(self, event: QShowEvent) -> None:
        self.prepare(lambda: None)

    def prepare(self, then: Callable[[], object]) -> None:
        """Build the views; import them in another thread the first time."""

        def build(_: object = None) -> None:
            self.open()
            then()

        if self.view is not None or _VIEW in sys.modules:
            build()
        else:
            self._background.run(partial(import_module, _VIEW), build)

    def _follow_run(self) -> None:
        if self.view is not None:
            self.view.show_run()

    def open(self) -> InsideView:
        """Return the views; build them the first time."""
        if self.view is None:
            from mnist_draw.app.inside.inside_view import InsideView

            self.view = InsideView(self)
            if self._network is not None:
                self.view.use_network(*self._network)
            self._column.addWidget(self.view)
            self.view.show()
        return self.view

    def use_network(self, model: ModelFile, key: str) -> None:
        self._network = (model, key)
        self.example.use_classes(all_names(model))
        if self.view is not None:
            self.view.use_network(model, key)

    def open_network(self) -> None:
        self._open_drawing().open_section("network")

    def open_why(self, answer: int, rival: int) -> None:
        self._open_drawing().open_why(None, answer, rival)

    def _open_drawing(self) -> InsideView:
        self.example.use_drawing()
        view = self.open()
        view.catch_up()
        return view
