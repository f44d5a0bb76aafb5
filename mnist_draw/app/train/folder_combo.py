"""Menus of folders whose last entry opens a folder chooser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.app.shared.widgets import ComboBox, explain
from mnist_draw.storage.folders import data_folder

_CHOOSE = "choose"


class FolderCombo(ComboBox):
    """A menu of folders.

    Parameters
    ----------
    name : str
        The object name.
    title, sentence : str
        What it is called and what it is for.
    entries : tuple of (str, callable or None)
        What it offers at first: words, and a function that names the folder; None for none.
    question : str
        The chooser's title.
    """

    def __init__(
        self,
        name: str,
        title: str,
        sentence: str,
        entries: tuple[tuple[str, Callable[[], str] | None], ...],
        question: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        explain(self, title, sentence)
        for words, folder in entries:
            self.addItem(words, folder)
        self.addItem("Choose a folder …", _CHOOSE)
        self._question = question
        self._chosen = 0
        self.activated.connect(self._activated)

    def folder(self) -> str | None:
        """Return the folder chosen; None for none."""
        return self._folder_of(self._chosen)

    def _folder_of(self, index: int) -> str | None:
        data = self.itemData(index)
        folder: str | None = data() if callable(data) else data
        return folder

    def show_folder(self, folder: str | None) -> None:
        """Choose a folder, adding it to the menu if it is new."""
        known = [0] if folder is None else []
        known += [n for n in range(self.count()) if folder and self._folder_of(n) == folder]
        index = known[0] if known else self.count() - 1
        if not known:
            self.insertItem(index, Path(str(folder)).name or str(folder), folder)
        self._chosen = index
        self.setCurrentIndex(index)

    def _activated(self, index: int) -> None:
        if self.itemData(index) != _CHOOSE:
            self._chosen = index
            return
        self.setCurrentIndex(self._chosen)
        folder = QFileDialog.getExistingDirectory(self, self._question, "")
        if folder:
            self.show_folder(folder)


def data_combo() -> FolderCombo:
    """Return the menu of data sets: MNIST, or any folder with IDX files."""
    return FolderCombo(
        "dataCombo",
        "Data set",
        "MNIST, or a folder with IDX files under MNIST's file names, gzipped or not: "
        "Fashion-MNIST, QMNIST or EMNIST digits.",
        (("MNIST", None),),
        "A folder with IDX files",
    )


def extra_combo() -> FolderCombo:
    """Return the menu of digits that are learnt beside the data set."""
    return FolderCombo(
        "extraCombo",
        "Also learn",
        "Digits that are learnt beside the data set: those that you have taught in the Draw "
        "tab, or pictures in a folder, in subfolders 0 to 9 or with names that begin with "
        "their digit.",
        (("nothing", None), ("my digits", _mine)),
        "A folder with digits",
    )


def _mine() -> str:
    # Only named here: whoever teaches a digit makes the folder.
    return str(data_folder() / "my_digits")
