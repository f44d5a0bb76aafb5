"""The menu of pictures that a network can be counted on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.app.kit.widgets import ComboBox, explain

if TYPE_CHECKING:
    from mnist_draw.analysis.pictures import Pictures
    from mnist_draw.storage.models import ModelFile

#: Reads pictures; called in the background.
Load = Callable[[], "Pictures"]
_OPEN = "open"
_FOLDER = Qt.UserRole + 1


def _mnist_test() -> Pictures:
    from mnist_draw.analysis.pictures import mnist_test

    return mnist_test()


def _mnist_validation() -> Pictures:
    from mnist_draw.analysis.pictures import mnist_validation

    return mnist_validation()


def _own_test(model: ModelFile) -> Pictures:
    from mnist_draw.analysis.pictures import own_test

    return own_test(model)


def _own_validation(model: ModelFile) -> Pictures:
    from mnist_draw.analysis.pictures import own_validation

    return own_validation(model)


def _my_digits() -> Pictures:
    from mnist_draw.analysis.pictures import my_digits

    return my_digits()


def _folder(folder: str, model: ModelFile | None) -> Pictures:
    from mnist_draw.analysis.pictures import folder_pictures, own_folder

    if model is not None and model.info.classes:
        return own_folder(folder, model)
    return folder_pictures(folder)


_OF_MNIST: tuple[tuple[str, Load], ...] = (
    ("MNIST test, 10,000", _mnist_test),
    ("MNIST validation, 10,000", _mnist_validation),
)


class DataCombo(ComboBox):
    """MNIST's test and validation pictures, My digits, and folders that were opened."""

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
        self.addItem("My digits", _my_digits)
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
                (f"{name} test", partial(_own_test, model)),
                (f"{name} validation", partial(_own_validation, model)),
            ]
        for place, (words, load) in enumerate(entries):
            self.setItemText(place, words)
            self.setItemData(place, load)
        return self._chosen < len(entries)

    @property
    def load(self) -> Load:
        """What reads the pictures chosen."""
        load: Load = self.itemData(self._chosen)
        return load

    def confirm(self) -> None:
        """Take note that the pictures chosen are there."""
        self._confirmed = self._chosen

    def revert(self) -> None:
        """Choose again what was there before; the pictures chosen cannot be used."""
        self._chosen = self._confirmed
        self.setCurrentIndex(self._chosen)

    def open_folder(self, folder: str) -> None:
        """List a folder, and choose it."""
        place = self.findData(folder, _FOLDER)
        if place < 0:
            place = self.count() - 1
            self.insertItem(place, Path(folder).name or folder, partial(self._read_folder, folder))
            self.setItemData(place, folder, _FOLDER)
        self._choose(place)

    def _read_folder(self, folder: str) -> Pictures:
        """Read a folder for the network of the moment; called in the background."""
        return _folder(folder, self._model)

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
