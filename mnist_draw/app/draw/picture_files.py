"""Pictures for the board: opened, pasted or dropped; read off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PyQt5.QtCore import QEvent, QMimeData, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QDragLeaveEvent, QDropEvent, QImage
from PyQt5.QtWidgets import QApplication, QFileDialog, QWidget

from mnist_draw.app.draw.board_items import PlacedPicture, Renderings, place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit.images import png_bytes
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.dataset.picture_formats import read_formats

if TYPE_CHECKING:
    from mnist_draw.app.draw.overlays import BoardCaption
    from mnist_draw.app.draw.picture_strip import PictureStrip

notifier = Notifier("draw")

#: The most pictures that are read at once.
MAX_COUNT = 200
#: Pictures that get a sentence each on why they cannot be read; the others are only counted.
_MAX_SENTENCES = 3

#: A file's path, or a picture from the clipboard or from another program.
Source: TypeAlias = str | QImage


@dataclass(frozen=True)
class FoundPicture:
    """A picture that was read."""

    name: str
    placed: PlacedPicture


class PictureInput(QObject):
    """Reads pictures and says which cannot be read, and why."""

    one_read = pyqtSignal(FoundPicture)

    def __init__(
        self,
        background: Background,
        canvas: Canvas,
        caption: BoardCaption,
        strip: PictureStrip,
        owner: QWidget,
    ) -> None:
        super().__init__(owner)
        self._background, self._canvas, self._owner = background, canvas, owner
        self._caption, self._strip = caption, strip
        self._folder = ""
        self._problems: list[str] = []
        self._round = 0
        strip.closed.connect(self.stop)
        # Whatever is dropped is taken: what is no picture is answered with a sentence.
        canvas.setAcceptDrops(True)
        canvas.installEventFilter(self)

    def open_dialog(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self._owner, "Open pictures", self._folder, open_filter()
        )
        if paths:
            self._folder = str(Path(paths[0]).parent)
            self.read(paths)

    def paste(self) -> None:
        content = QApplication.clipboard().mimeData()
        if content is None or not self.insert(content):
            notifier.problem(
                "There is no picture on the clipboard. Copy one, or a picture file, then paste."
            )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event:
            # Qt's events of a drag that enters and moves are drops that have not happened yet.
            case QDropEvent():
                dropped = event.type() == QEvent.Drop
                # Copied, never moved: the other program keeps its file or picture.
                event.setDropAction(Qt.CopyAction)
                event.accept()
                self._canvas.set_inviting(not dropped)
                if dropped:
                    self.drop(event.mimeData())
            case QDragLeaveEvent():
                self._canvas.set_inviting(False)
            case _:
                return False
        return True

    def drop(self, content: QMimeData) -> None:
        if not self.insert(content):
            notifier.problem(
                "What was dropped is no picture. Drop picture files, or a picture from another "
                "program; the drawing is unchanged."
            )

    def insert(self, content: QMimeData) -> bool:
        """Read the pictures in what was copied or dropped; return False if there is none."""
        urls = content.urls()
        local = [url.toLocalFile() for url in urls if url.isLocalFile()]
        image = content.imageData() if content.hasImage() else None
        if local:
            self.read(local)
        elif isinstance(image, QImage) and not image.isNull():
            self.read([image])
        elif urls:
            notifier.problem(
                f"{urls[0].toDisplayString()} is not on this computer. Save the picture first; "
                "the program opens no network connection."
            )
        else:
            return False
        return True

    def stop(self) -> None:
        self._round += 1

    def read(self, sources: Sequence[Source]) -> None:
        self._round += 1
        self._problems = []
        chosen = list(sources[:MAX_COUNT])
        if len(sources) > MAX_COUNT:
            self._problems.append(
                f"Only the first {MAX_COUNT} of {len(sources):,} pictures were read."
            )
        if len(chosen) > 1:
            self._strip.start(len(chosen))
        else:
            self._caption.say_busy("Reading the picture")
        # Of many pictures only the chosen one is rendered: together they would fill the memory.
        renderings = self._canvas.renderings() if len(chosen) == 1 else ()
        for number, source in enumerate(chosen, 1):
            self._background.run(
                partial(self._work, self._round, source, renderings),
                partial(self._found, self._round, number, len(chosen)),
            )

    def _work(
        self, round_number: int, source: Source, renderings: Renderings
    ) -> FoundPicture | str | None:
        """Read one picture, or return the sentence that says why not; in the other thread."""
        if round_number != self._round:
            return None
        try:
            return _read(source, renderings)
        except Exception as error:  # one bad picture must not keep the others from being read
            return reporter.sentence(error)

    def _found(
        self, round_number: int, number: int, count: int, found: FoundPicture | str | None
    ) -> None:
        if round_number != self._round or found is None:
            return
        if count == 1:
            self._caption.say("")
        if isinstance(found, str):
            self._problems.append(found)
        elif count == 1:
            self.one_read.emit(found)
        else:
            self._strip.add(found)
        if number < count:
            return
        if count > 1:
            self._strip.finish()
        more = len(self._problems) - _MAX_SENTENCES
        if more > 0:
            self._problems[_MAX_SENTENCES:] = [f"{more} more could not be read."]
        if self._problems:
            notifier.problem(" ".join(self._problems))


def open_filter() -> str:
    patterns = " ".join(known.patterns for known in read_formats())
    return f"Pictures ({patterns});;All files (*)"


def _read(source: Source, renderings: Renderings) -> FoundPicture | str:
    from mnist_draw.dataset.normalise import has_ink
    from mnist_draw.dataset.pictures.picture_file import MAX_PIXELS, PictureError, load_picture

    if isinstance(source, QImage):
        name = "from the clipboard"
        if source.width() * source.height() > MAX_PIXELS:
            raise PictureError(
                f"The picture has {source.width():,}×{source.height():,} pixels; at most "
                f"{MAX_PIXELS // 1_000_000} megapixels are read. Copy a part of it."
            )
        ink = load_picture(png_bytes(source, compressed=False))
    else:
        name = Path(source).name
        if Path(source).is_dir():
            raise PictureError(
                f"{source} is a folder. Open or drop the picture files in it instead."
            )
        ink = load_picture(source)
    if not has_ink(ink):
        return f"No ink was found on the picture {name}; the drawing is unchanged."
    placed = place_ink(ink)
    placed.prepare(renderings)
    return FoundPicture(name, placed)
