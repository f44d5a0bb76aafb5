"""A section of the tab *Inside*, which answers one question, and the example that all show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QWIDGETSIZE_MAX, QBoxLayout, QSizePolicy, QWidget

from mnist_draw.analysis.table import Table
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.threads import Stream
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.mnist import scale
from mnist_draw.i18n import _
from mnist_draw.library.network_data import all_names, class_name
from mnist_draw.recognition.certainty import Certainty
from mnist_draw.storage.models import ModelFile

#: The source of a label: the user, the data set, or in place of both the network's own answer.
LabelSource = Literal["user", "data", "answer"]


@dataclass(frozen=True, eq=False, repr=False)
class Example:
    """One picture, as the network sees it, with its label and source."""

    #: float32 (28, 28): 0 is paper and 255/256 is full ink, as in MNIST when it is scaled for the
    #: network.
    picture: npt.NDArray[np.float32]
    #: The name of the class that the picture shows: a number would be another class of another
    #: network. None if unknown.
    label: str | None = None
    #: The source of the label.
    label_source: LabelSource = "answer"
    #: The source of the picture: ``"drawing"``, ``"Test picture 1234"``.
    source: str = "drawing"
    #: Its index in its data set; None for a drawing.
    index: int | None = None
    #: Whether the rejection rule accepts it as a digit.
    is_digit: bool = True
    #: Of a drawing that is read as a number, which of its digits: ``"1, digit 2 of 51"``.
    part: str = ""
    #: Whether it stands in for a drawing while nothing is drawn.
    is_sample: bool = False

    @classmethod
    def of(
        cls,
        images: np.ndarray,
        labels: np.ndarray,
        source: str,
        place: int,
        names: Sequence[str] = DIGITS,
    ) -> Example:
        """Return a picture of a data set, uint8 (N, 1, 28, 28), whose classes have these names."""
        return cls(scale(images[place, 0]), names[int(labels[place])], "data", source, place)

    def number_among(self, names: Sequence[str]) -> int | None:
        """Return which of these classes the picture shows; None if it is none, or unknown."""
        return names.index(self.label) if self.label in names else None

    @property
    def is_drawing(self) -> bool:
        """Whether this is what the drawing board shows, which may change at any moment."""
        return self.source == "drawing"


class Section(QWidget):
    """Made when it is first opened, then told about network and example, then made active."""

    name = title = question = ""
    is_training: Callable[[], bool] = staticmethod(lambda: False)

    problem = Signal(str)
    example_picked = Signal(object)
    why_requested = Signal(object, int, int)

    #: Whether all details are shown; else the plain depth.
    details = False
    #: What is shown below the example while the guide is closed; None: all answers.
    aside: QWidget | None = None
    #: Shown with all details in place of the example and what is below it; None: these stay.
    instead: QWidget | None = None
    #: The available width in pixels.
    _room = QWIDGETSIZE_MAX
    _model: ModelFile | None = None
    _key = ""
    _example: Example | None = None

    def __init__(self) -> None:
        super().__init__()
        self._active = False
        self._jobs: list[Stream] = []

    def _job(
        self,
        show: Callable[[Any], object],
        fail: Callable[[str], object],
        **options: Any,
    ) -> Stream:
        """Return a job that begins nothing while the section is not active."""
        job = Stream(parent=self, watched=False, **options)
        job.answered.connect(show)
        job.failed.connect(fail)
        self._jobs.append(job)
        return job

    def _name(self, number: int) -> str:
        return class_name(self._model, number)

    def _label(self) -> int | None:
        """Return the class of the network that the example shows; None if it is none of them."""
        example = self._example
        return None if example is None else example.number_among(all_names(self._model))

    @property
    def is_joined(self) -> bool:
        """Whether the section is one picture with the example, in one card."""
        return False

    def show_details(self, on: bool) -> None:
        """Show all details, or the plain depth."""
        self.details = on

    def show_certainty(self, certainty: Certainty | None) -> None:
        """Show how sure the answer to the example is; None: it is not known yet."""

    def set_room(self, width: int) -> None:
        self._room = width
        self.update_layout()

    def update_layout(self) -> None:
        """Set the columns beside or below each other, as the available width allows."""

    def heightForWidth(self, width: int) -> int:
        # Behind another section it asks for no room; Qt's stack asks all, whatever their policy.
        is_behind = self.sizePolicy().verticalPolicy() == QSizePolicy.Ignored
        return -1 if is_behind else super().heightForWidth(width)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.LayoutRequest:
            self.update_layout()
        return super().event(event)

    def use_network(self, model: ModelFile, key: str) -> None:
        """Look at this network from now on."""

    def _is_other_run(self, model: ModelFile, key: str) -> bool:
        """Note a network's key; return whether what is shown so far is of another run."""
        old = self._model
        same_key = key == self._key
        self._key = key
        if old is None:
            return False
        same = (old.network, all_names(old)) == (model.network, all_names(model))
        return not (same and same_key)

    def show_example(self, example: Example | None) -> None:
        """Look at this picture from now on, up to a hundred a second; None: nothing is drawn."""

    def set_active(self, on: bool) -> None:
        """Compute only while the section is in front and the tab can be seen."""
        self._active = on
        for job in self._jobs:
            job.watch(on)

    def open_view(self, view: str) -> None:
        """Bring a view to the front by its name in the guide; an unknown one is the first."""

    def table(self) -> Table:
        return Table(self.title, (), ())

    def is_pending(self) -> bool:
        """Whether the section still computes what it is to show: a picture would be empty."""
        return False


def reflow(columns: QBoxLayout, room: int) -> None:
    """Set columns beside each other, or below each other where they do not fit."""
    items = [columns.itemAt(place) for place in range(columns.count())]
    widths = [item.minimumSize().width() for item in items if not item.isEmpty()]
    needed = sum(widths) + columns.spacing() * (len(widths) - 1)
    beside = QBoxLayout.LeftToRight
    below = QBoxLayout.TopToBottom
    columns.setDirection(beside if needed <= room else below)


class CountedSection(Section):
    """A section whose figures stay while its network is trained, until it is opened again."""

    def __init__(self) -> None:
        super().__init__()
        self._newer: ModelFile | None = None
        #: Why there are no figures.
        self._failure = ""
        self.state = FittedLabel(Text.AXIS, True, "muted", f"{self.name}State")

    def use_network(self, model: ModelFile, key: str) -> None:
        old = self._model
        is_other = self._is_other_run(model, key)
        if old is not None and not is_other and old.info.epochs != model.info.epochs:
            # The same run after another epoch: what is counted stays while it is looked at.
            self._newer = model
            self._show_state()
        else:
            self._begin(model)

    def _begin(self, model: ModelFile) -> None:
        """Set `_model` and `_newer`, clear what is shown, and count a network from the start."""
        raise NotImplementedError

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        model = self._newer or self._model
        # The folder of its data may have been set meanwhile.
        if on and model is not None and (self._newer or self._failure):
            self._begin(model)

    def _show_state(self) -> None:
        self.state.setText(self._state())

    def _state(self) -> str:
        """Return what the section does now."""
        raise NotImplementedError

    def _epochs(self) -> str:
        """Say that a newer epoch of a run in training could be counted; "" if there is none."""
        if self._newer is None or self._model is None:
            return ""
        counted, newest = (m.metadata.get("epochs", "?") for m in (self._model, self._newer))
        return _("Measured after epoch {counted}, now at {newest}", counted=counted, newest=newest)
