"""Menus of folders or files whose last entry opens a chooser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import assert_never

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.app.kit.widgets import ComboBox
from mnist_draw.training.setting import Folder, NetworkFile

#: What the last entries stand for.
_CHOOSE, _CHOOSE_FILE = "choose", "choose a file"
_NETWORKS = "Networks (*.npz)"


class FileCombo(ComboBox):
    """A menu of folders, or of files of trained networks."""

    path_changed = pyqtSignal()
    picked = pyqtSignal(str, str)

    def __init__(self, setting: Folder | NetworkFile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self.addItem(setting.nothing)
        for words, folder in setting.known if isinstance(setting, Folder) else ():
            self.addItem(words, folder)
        kind = "folder" if isinstance(setting, Folder) else "file"
        self.addItem(f"Choose a {kind} …", _CHOOSE)
        if isinstance(setting, Folder) and setting.files:
            self.addItem("Choose a file …", _CHOOSE_FILE)
        self._chosen = 0
        self._offered: set[str] = set()
        self.activated.connect(self._activated)

    def path(self) -> str | None:
        """Return the path chosen; None for none."""
        return self._path_of(self._chosen)

    def _path_of(self, index: int) -> str | None:
        # Known folders are named by a function: where they lie may change with the environment.
        data = self.itemData(index)
        path: str | None = data() if callable(data) else data
        return path

    def show_path(self, path: str | None) -> None:
        """Choose a path, adding it to the menu if it is new."""
        last = self.findData(_CHOOSE)
        known = [number for number in range(last) if self._path_of(number) == path]
        index = known[0] if known else last
        if not known:
            self.insertItem(index, Path(str(path)).name or str(path), path)
        self._choose(index)

    def offer(self, files: Iterable[tuple[str, str]]) -> None:
        """List files that can be chosen at once; what is chosen stays chosen."""
        chosen, first = self.path(), 1
        blocked = self.blockSignals(True)
        for index in reversed(range(first, self.findData(_CHOOSE))):
            if self._path_of(index) in self._offered and index != self._chosen:
                self.removeItem(index)
                self._chosen -= index < self._chosen
        self._offered = set()
        for place, (path, words) in enumerate(files, first):
            self._offered.add(path)
            if path == chosen:
                self.removeItem(self._chosen)
                self._chosen = place
            elif place <= self._chosen:
                self._chosen += 1
            self.insertItem(place, words, path)
            self.setItemData(place, words, Qt.ToolTipRole)
        self.setCurrentIndex(self._chosen)
        self.blockSignals(blocked)

    def _choose(self, index: int) -> None:
        self._chosen = index
        self.setCurrentIndex(index)
        self.path_changed.emit()

    def _activated(self, index: int) -> None:
        asked = self.itemData(index)
        if asked not in (_CHOOSE, _CHOOSE_FILE):
            replaced = self.path() or ""
            self._choose(index)
            if asked in self._offered:
                self.picked.emit(asked, replaced)
            return
        self.setCurrentIndex(self._chosen)
        path, before = self._ask(a_file=asked == _CHOOSE_FILE), self.path()
        if path:
            self.show_path(path)
            self.picked.emit(path, before or "")

    def _ask(self, a_file: bool) -> str:
        question = self._setting.question
        match self._setting:
            case Folder(files=files) if a_file:
                question = self._setting.file_question
                return QFileDialog.getOpenFileName(self, question, "", files)[0]
            case Folder():
                return QFileDialog.getExistingDirectory(self, question, "")
            case NetworkFile():
                return QFileDialog.getOpenFileName(self, question, "", _NETWORKS)[0]
            case _:
                assert_never(self._setting)
