"""The drawing for elsewhere: saved to a file, or copied as a picture or as text."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication, QFileDialog, QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_export import (
    COPIED_SCALE,
    SAVED_SCALE,
    picture,
    snapshot,
    svg_bytes,
)
from mnist_draw.app.kit.images import image_bytes, save_bytes
from mnist_draw.app.kit.threads import Background
from mnist_draw.dataset.picture_formats import PictureFormat, saved_formats


class PictureOutput(QObject):
    """Saves and copies what is on the board; painting and writing happen off the GUI thread."""

    told = pyqtSignal(str)
    done = pyqtSignal(str)
    noted = pyqtSignal(str)

    def __init__(self, canvas: Canvas, background: Background, owner: QWidget) -> None:
        super().__init__(owner)
        self._canvas = canvas
        self._background = background
        self._owner = owner
        self._folder = Path()
        self._format = saved_formats()[0]

    def save(self) -> None:
        """Ask where, then save the drawing in the format that was chosen."""
        if self._is_empty("save"):
            return
        titles = {save_title(known): known for known in saved_formats()}
        name, title = QFileDialog.getSaveFileName(
            self._owner,
            "Save the drawing",
            str(self._folder / f"drawing{self._format.suffixes[0]}"),
            ";;".join(titles),
            save_title(self._format),
        )
        if not name:
            return
        self._format = titles.get(title, self._format)
        path, kind = _with_suffix(Path(name), self._format)
        self._folder = path.parent
        items = snapshot(self._canvas.drawing.items)

        def write() -> None:
            if kind.saved_as == "curves":
                content = svg_bytes(items)
            else:
                content = image_bytes(picture(items, SAVED_SCALE), kind.title)
            save_bytes(path, content)

        self._background.run(write, lambda _: self.done.emit(f"Saved {path}."))

    def copy_picture(self) -> None:
        """Put the drawing on the clipboard as a picture."""
        if self._is_empty("copy"):
            return
        items = snapshot(self._canvas.drawing.items)
        self._background.run(lambda: picture(items, COPIED_SCALE), self._to_clipboard)

    def copy_text(self, words: str) -> None:
        """Put the answer on the clipboard as text."""
        if not words:
            self.told.emit("There is no answer to copy yet. Draw something first.")
            return
        QApplication.clipboard().setText(words)
        self.noted.emit(f"Copied “{words}”.")

    def _to_clipboard(self, image: QImage) -> None:
        QApplication.clipboard().setImage(image)
        self.noted.emit("Copied the drawing as a picture.")

    def _is_empty(self, wish: str) -> bool:
        if self._canvas.has_ink():
            return False
        self.told.emit(f"The board is empty: there is nothing to {wish}. Draw something first.")
        return True


def save_title(known: PictureFormat) -> str:
    """Return how the file dialog names a format."""
    kind = "drawing" if known.saved_as == "curves" else "picture"
    return f"{known.title} {kind} ({known.patterns})"


def _with_suffix(path: Path, chosen: PictureFormat) -> tuple[Path, PictureFormat]:
    """Give a file the ending of the format chosen, unless its own ending names another one."""
    for known in saved_formats():
        if path.suffix.lower() in known.suffixes:
            return path, known
    return path.with_name(path.name + chosen.suffixes[0]), chosen
