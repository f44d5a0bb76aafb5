"""Choosing the data set: MNIST, or any folder with IDX files."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.app.widgets import ComboBox, explain

_CHOOSE = "choose"


class DataCombo(ComboBox):
    """A menu of data folders; its last entry opens a folder chooser."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataCombo")
        explain(
            self,
            "Data set",
            "MNIST, or a folder with IDX files under MNIST's file names, gzipped or not: "
            "Fashion-MNIST, QMNIST or EMNIST digits.",
        )
        self.addItem("MNIST", None)
        self.addItem("Choose a folder …", _CHOOSE)
        self._chosen = 0
        self.activated.connect(self._activated)

    def folder(self) -> str | None:
        """Return the folder chosen, None for the MNIST that ships."""
        data = self.itemData(self._chosen)
        return None if data is None else str(data)

    def show_folder(self, folder: str | None) -> None:
        """Choose a folder, adding it to the menu if it is new."""
        index = 0
        if folder is not None:
            index = self.findData(folder)
            if index < 0:
                index = self.count() - 1
                self.insertItem(index, Path(folder).name or folder, folder)
        self._chosen = index
        self.setCurrentIndex(index)

    def _activated(self, index: int) -> None:
        if self.itemData(index) != _CHOOSE:
            self._chosen = index
            return
        self.setCurrentIndex(self._chosen)
        folder = QFileDialog.getExistingDirectory(self, "A folder with IDX files", "")
        if folder:
            self.show_folder(folder)
