"""The drawing for elsewhere: saved to a file, or copied as a picture or as text."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication, QFileDialog, QWidget

from mnist_draw.app.board.canvas import Canvas
from mnist_draw.app.board.drawing_export import (
    COPIED_SCALE,
    SAVED_SCALE,
    picture,
    png_bytes,
    snapshot,
    svg_bytes,
)
from mnist_draw.app.shared.images import save_bytes
from mnist_draw.app.shared.threads import Background

_PNG, _SVG = "PNG picture (*.png)", "SVG drawing (*.svg)"


class PictureOutput(QObject):
    """Saves and copies what is on the board; painting and writing happen off the GUI thread.

    Signals
    -------
    told
        ``(sentence)``: what was saved, or why not.
    noted
        ``(sentence)``: what was copied.
    """

    told = pyqtSignal(str)
    noted = pyqtSignal(str)

    def __init__(self, canvas: Canvas, background: Background, owner: QWidget) -> None:
        super().__init__(owner)
        self._canvas = canvas
        self._background = background
        self._owner = owner
        self._folder = Path()
        self._kind = _PNG

    def save(self) -> None:
        """Ask where, then save the drawing as PNG or SVG, by the kind that was chosen."""
        if self._is_empty("save"):
            return
        suffix = ".svg" if self._kind == _SVG else ".png"
        name, kind = QFileDialog.getSaveFileName(
            self._owner,
            "Save the drawing",
            str(self._folder / f"drawing{suffix}"),
            f"{_PNG};;{_SVG}",
            self._kind,
        )
        if not name:
            return
        self._kind = kind or self._kind
        path = _with_suffix(Path(name), self._kind)
        self._folder = path.parent
        items = snapshot(self._canvas.drawing.items)

        def write() -> None:
            vector = path.suffix.lower() == ".svg"
            content = svg_bytes(items) if vector else png_bytes(picture(items, SAVED_SCALE))
            save_bytes(path, content)

        self._background.run(write, lambda _: self.told.emit(f"Saved {path}."))

    def copy_picture(self) -> None:
        """Put the drawing on the clipboard as a picture."""
        if self._is_empty("copy"):
            return
        items = snapshot(self._canvas.drawing.items)
        self._background.run(lambda: picture(items, COPIED_SCALE), self._to_clipboard)

    def copy_text(self, words: str) -> None:
        """Put the answer on the clipboard as text."""
        if not words:
            self.told.emit("There is no answer to copy yet. Draw a digit first.")
            return
        QApplication.clipboard().setText(words)
        self.noted.emit(f"Copied “{words}”.")

    def _to_clipboard(self, image: QImage) -> None:
        QApplication.clipboard().setImage(image)
        self.noted.emit("Copied the drawing as a picture.")

    def _is_empty(self, wish: str) -> bool:
        if self._canvas.has_ink():
            return False
        self.told.emit(f"The board is empty: there is nothing to {wish}. Draw a digit first.")
        return True


def _with_suffix(path: Path, kind: str) -> Path:
    """Give a file name the ending of its kind, unless it has one of the two."""
    if path.suffix.lower() in (".png", ".svg"):
        return path
    return path.with_name(path.name + (".svg" if kind == _SVG else ".png"))
