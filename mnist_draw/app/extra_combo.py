"""Choosing digits to be learnt beside the data set: none, the taught ones, or a folder."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.app.widgets import ComboBox, explain
from mnist_draw.storage.folders import data_folder

_CHOOSE = "choose"
_MINE = "mine"


class ExtraCombo(ComboBox):
    """A menu of folders with digits of one's own; its last entry opens a folder chooser."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("extraCombo")
        explain(
            self,
            "Also learn",
            "Digits that are learnt beside the data set: those that you have taught in the Draw "
            "tab, or pictures in a folder, in subfolders 0 to 9 or with names that begin with "
            "their digit.",
        )
        self.addItem("nothing else", None)
        self.addItem("my digits", _MINE)
        self.addItem("Choose a folder …", _CHOOSE)
        self._chosen = 0
        self.activated.connect(self._activated)

    def folder(self) -> str | None:
        """Return the folder chosen; None for none."""
        data = self.itemData(self._chosen)
        return str(_mine()) if data == _MINE else data

    def show_folder(self, folder: str | None) -> None:
        """Choose a folder, adding it to the menu if it is new."""
        data = _MINE if folder is not None and Path(folder) == _mine() else folder
        index = 0 if data is None else self.findData(data)
        if index < 0:
            index = self.count() - 1
            self.insertItem(index, Path(str(data)).name or str(data), data)
        self._chosen = index
        self.setCurrentIndex(index)

    def _activated(self, index: int) -> None:
        if self.itemData(index) != _CHOOSE:
            self._chosen = index
            return
        self.setCurrentIndex(self._chosen)
        folder = QFileDialog.getExistingDirectory(self, "A folder with digits", "")
        if folder:
            self.show_folder(folder)


def _mine() -> Path:
    # Only named here: whoever teaches a digit makes the folder.
    return data_folder() / "my_digits"
