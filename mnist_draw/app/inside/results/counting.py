"""Choose and load pictures, and count the answers to them in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, Qt, pyqtSignal
from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.analysis.pictures import (
    Pictures,
    folder_pictures,
    mnist_test,
    mnist_validation,
    my_digits,
    own_folder,
    own_test,
    own_validation,
)
from mnist_draw.analysis.results import Results, count_results
from mnist_draw.app.kit.latest_job import STREAM_S, LatestJob
from mnist_draw.app.kit.widgets import ComboBox, explain

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

#: Reads pictures; called in the background.
Load = Callable[[], Pictures]
_OPEN = "open"
_FOLDER = Qt.UserRole + 1


_OF_MNIST: tuple[tuple[str, Load], ...] = (
    ("MNIST test, 10,000", mnist_test),
    ("MNIST validation, 10,000", mnist_validation),
)


class DataCombo(ComboBox):
    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataCombo")
        explain(
            self,
            "Pictures",
            "The pictures that the network is counted on: MNIST's, those you have taught, or a "
            "folder of IDX files or pictures, in subfolders 0 to 9 or named after their digit.",
        )
        self._of: tuple[str, tuple[str, ...]] = ("", ())
        self._model: ModelFile | None = None
        for words, load in _OF_MNIST:
            self.addItem(words, load)
        self.addItem("My digits", my_digits)
        self.addItem("Open a folder …", _OPEN)
        self._chosen = self._confirmed = 0
        self.activated.connect(self._activated)

    def use_network(self, model: ModelFile) -> bool:
        """Offer what a network learnt in MNIST's place, or MNIST for digits."""
        self._model = model
        classes = model.info.classes
        of = (model.info.data, classes) if classes else ("", ())
        if of == self._of:
            return False
        self._of = of
        entries: list[tuple[str, Load]] = list(_OF_MNIST)
        if classes:
            name = model.info.data or "Its own"
            entries = [
                (f"{name} test", partial(own_test, model)),
                (f"{name} validation", partial(own_validation, model)),
            ]
        for place, (words, load) in enumerate(entries):
            self.setItemText(place, words)
            self.setItemData(place, load)
        return self._chosen < len(entries)

    @property
    def load(self) -> Load:
        load: Load = self.itemData(self._chosen)
        return load

    def confirm(self) -> None:
        self._confirmed = self._chosen

    def revert(self) -> None:
        """Choose again what was there before; the pictures chosen cannot be used."""
        self._chosen = self._confirmed
        self.setCurrentIndex(self._chosen)

    def open_folder(self, folder: str) -> None:
        place = self.findData(folder, _FOLDER)
        if place < 0:
            place = self.count() - 1
            self.insertItem(place, Path(folder).name or folder, partial(self._read_folder, folder))
            self.setItemData(place, folder, _FOLDER)
        self._choose(place)

    def _read_folder(self, folder: str) -> Pictures:
        """Read a folder for the network of the moment; called in the background."""
        model = self._model
        if model is not None and model.info.classes:
            return own_folder(folder, model)
        return folder_pictures(folder)

    def _choose(self, place: int) -> None:
        self._chosen = place
        self.setCurrentIndex(place)
        self.chosen.emit(self.load)

    def _activated(self, place: int) -> None:
        if self.itemData(place) != _OPEN:
            self._choose(place)
            return
        self.setCurrentIndex(self._chosen)
        folder = QFileDialog.getExistingDirectory(self, "A folder with pictures or IDX files", "")
        if folder:
            self.open_folder(folder)


def _count(model: ModelFile, pictures: Pictures) -> Iterator[Results]:
    """Count; yield results now and then, prepared for the views in this thread."""
    due = 0.0
    for results in count_results(model, pictures):
        if results.is_complete or time.monotonic() >= due:
            results.prepare()
            yield results
            due = time.monotonic() + STREAM_S


class CountController(QObject):
    loaded = pyqtSignal(object)
    load_failed = pyqtSignal(str)
    counted = pyqtSignal(object)
    compared = pyqtSignal(object)
    state_changed = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model: ModelFile | None = None
        self.pictures: Pictures | None = None
        self._loading = LatestJob(parent=self, watched=False)
        self._loading.answered.connect(self._set_pictures)
        self._loading.failed.connect(self.load_failed)
        self._counting = LatestJob(parent=self, watched=False)
        self._counting.answered.connect(self.counted)
        self._counting.finished.connect(self._compare)
        self._counting.failed.connect(self._fail)
        self._comparing = LatestJob(parent=self, watched=False)
        self._comparing.answered.connect(self._set_compared)
        self._comparing.failed.connect(self._fail)
        self._jobs = (self._loading, self._counting, self._comparing)

    @property
    def is_counting(self) -> bool:
        return self._counting.is_running

    def load(self, load: Load) -> None:
        self._loading.ask(load)

    def count(self, model: ModelFile) -> None:
        self.model = model
        self._comparing.stop()
        pictures = self.pictures
        if pictures is not None:
            self._counting.ask(partial(_count, model, pictures))
            self.state_changed.emit()

    def forget_pictures(self) -> None:
        self.pictures = None
        for job in self._jobs:
            job.stop()

    def stop(self) -> None:
        self._counting.stop()
        self._comparing.stop()
        self.state_changed.emit()

    def set_active(self, on: bool) -> None:
        for job in self._jobs:
            job.watch(on)

    def wait(self) -> bool:
        """Stop all, and wait a bounded time; return whether it has ended."""
        ended = [job.close() for job in self._jobs]
        return all(ended)

    def _set_pictures(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self.loaded.emit(pictures)
        if self.model is not None:
            self.count(self.model)

    def _compare(self) -> None:
        self.state_changed.emit()
        model, pictures = self.model, self.pictures
        other = None if pictures is None else pictures.other
        if model is not None and other is not None:
            self._comparing.ask(partial(_count, model, other))

    def _set_compared(self, results: Results) -> None:
        if results.is_complete:
            self.compared.emit(results)

    def _fail(self, sentence: str) -> None:
        self._counting.stop()
        self._comparing.stop()
        self.failed.emit(sentence)
