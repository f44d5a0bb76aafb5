"""Loads pictures and counts a network's answers to them, in the background."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.inside.results.data_combo import Load
from mnist_draw.app.kit.latest_job import STREAM_S, LatestJob

if TYPE_CHECKING:
    from mnist_draw.analysis.pictures import Pictures
    from mnist_draw.analysis.results import Results
    from mnist_draw.storage.models import ModelFile


def _count(model: ModelFile, pictures: Pictures) -> Iterator[Results]:
    """Count; of the results that follow fast, prepare the last for the views in this thread."""
    from mnist_draw.analysis.results import count_results

    due = 0.0
    for results in count_results(model, pictures):
        if results.is_complete or time.monotonic() >= due:
            results.prepare()
            yield results
            due = time.monotonic() + STREAM_S


class CountController(QObject):
    """Knows which network is counted on which pictures."""

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
        self._loading.answered.connect(self._take_pictures)
        self._loading.failed.connect(self.load_failed)
        self._counting = LatestJob(parent=self, watched=False)
        self._counting.answered.connect(self.counted)
        self._counting.finished.connect(self._compare)
        self._counting.failed.connect(self._fail)
        self._comparing = LatestJob(parent=self, watched=False)
        self._comparing.answered.connect(self._take_compared)
        self._comparing.failed.connect(self._fail)
        self._jobs = (self._loading, self._counting, self._comparing)

    @property
    def is_counting(self) -> bool:
        """Whether answers come in."""
        return self._counting.is_running

    def load(self, load: Load) -> None:
        """Load pictures, and count on them."""
        self._loading.ask(load)

    def count(self, model: ModelFile) -> None:
        """Count a network; what is counted of another is given up."""
        self.model = model
        self._comparing.stop()
        pictures = self.pictures
        if pictures is not None:
            self._counting.ask(lambda: _count(model, pictures))
            self.state_changed.emit()

    def forget_pictures(self) -> None:
        """Count on none until others are loaded."""
        self.pictures = None
        for job in self._jobs:
            job.stop()

    def stop(self) -> None:
        """Stop counting; what has been counted stays."""
        self._counting.stop()
        self._comparing.stop()
        self.state_changed.emit()

    def set_active(self, on: bool) -> None:
        """Work, or rest."""
        for job in self._jobs:
            job.watch(on)

    def wait(self) -> bool:
        """Stop all, and wait a bounded time; return whether it has ended."""
        ended = [job.close() for job in self._jobs]
        return all(ended)

    def _take_pictures(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self.loaded.emit(pictures)
        if self.model is not None:
            self.count(self.model)

    def _compare(self) -> None:
        self.state_changed.emit()
        model, pictures = self.model, self.pictures
        other = None if pictures is None else pictures.other
        if model is not None and other is not None:
            self._comparing.ask(lambda: _count(model, other))

    def _take_compared(self, results: Results) -> None:
        if results.is_complete:
            self.compared.emit(results)

    def _fail(self, sentence: str) -> None:
        self._counting.stop()
        self._comparing.stop()
        self.failed.emit(sentence)
