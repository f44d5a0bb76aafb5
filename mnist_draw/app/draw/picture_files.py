"""Pictures for the board: opened, pasted or dropped, read in another thread; several in a strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from PyQt5.QtCore import QEvent, QMimeData, QObject, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PyQt5.QtWidgets import QAbstractButton, QApplication, QFileDialog, QFrame, QScrollArea, QWidget

from mnist_draw.app.draw.board_items import PlacedPicture, Renderings, place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing import ink_on_board
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import BackgroundReader
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.painters import png_bytes, smooth_painter
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import Keys, explain, label, tip
from mnist_draw.dataset.picture_formats import read_formats
from mnist_draw.recognition.certainty import Certainty, certainty_of_number

if TYPE_CHECKING:
    from mnist_draw.app.draw.overlays import BoardCaption

notifier = Notifier("draw", "draw")

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


#: Side of a thumbnail in logical pixels: a digit is read in it at arm's length.
_THUMB = 56
#: Free space around the ink of a thumbnail.
_INSET = 6


class PictureThumb(QAbstractButton):
    """One picture, small, and what it reads as."""

    def __init__(self, picture: FoundPicture) -> None:
        super().__init__()
        self.picture = picture
        self.answer = ""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setCursor(Qt.PointingHandCursor)
        # Painted anew as the pointer arrives and leaves.
        self.setAttribute(Qt.WA_Hover)
        self.setFixedSize(_thumb_size())
        Keys(self, lambda key: self.click if key.key() in (Qt.Key_Return, Qt.Key_Enter) else None)
        self.show_answer("", "no answer yet")

    def show_answer(self, text: str, description: str) -> None:
        self.answer = text
        explain(
            self, f"{self.picture.name}: {description}", "Put this picture on the board.", "Enter"
        )
        self.setToolTip(tip(f"{self.picture.name}: {description}. Click to put it on the board."))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        square = QRectF(0.5, 0.5, _THUMB - 1.0, _THUMB - 1.0)
        frame = QPainterPath()
        frame.addRoundedRect(square, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        painter.fillPath(frame, theme.colour("paper"))
        rect = self.picture.placed.rect
        room = _THUMB - 2.0 * _INSET
        scale = room / max(rect.width(), rect.height())
        painter.save()
        painter.translate(square.center())
        painter.scale(scale, scale)
        painter.translate(-rect.center())
        self.picture.placed.paint(painter, theme.colour("ink"))
        painter.restore()
        painter.setPen(self._edge())
        painter.drawPath(frame)
        below = QRectF(0, _THUMB, _THUMB, self.height() - _THUMB)
        size = Text.BODY if len(self.answer) > 1 else Text.SENTENCE
        painter.setFont(theme.font(size, bold=True))
        painter.setPen(theme.colour("muted" if self.answer == "?" else "accent"))
        shown = painter.fontMetrics().elidedText(self.answer, Qt.ElideRight, _THUMB)
        painter.drawText(below, Qt.AlignCenter, shown)

    def _edge(self) -> QPen:
        if self.hasFocus():
            return QPen(theme.colour("second"), 2)
        if self.isChecked():
            return QPen(theme.colour("accent"), 2)
        return QPen(theme.colour("muted" if self.underMouse() else "line"), 1)


def _thumb_size() -> QSize:
    below = round(theme.text_scale() * Text.FIGURE) + Size.GRID
    return QSize(_THUMB, _THUMB + below)


class PictureStrip(QFrame):
    """Thumbnails in a row that scrolls; hidden when there are none."""

    chosen = pyqtSignal(FoundPicture)
    closed = pyqtSignal()

    def __init__(self, reader: BackgroundReader) -> None:
        super().__init__()
        self.setObjectName("pictureStrip")
        self.setProperty("look", "card")
        self.setAccessibleName("Pictures")
        self.thumbs: list[PictureThumb] = []
        self._reader = reader
        self._round = 0
        self.caption = label("", "muted", "pictureStripLabel")
        self.close_button = icon_button(
            "closeStripButton", "x", "Close the pictures", "Put the pictures away.", "Esc"
        )
        self.close_button.clicked.connect(self.close_strip)
        inside = QWidget()
        self._row = row(1, owner=inside)
        self._area = QScrollArea()
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.NoFocus)
        top = row((self.caption, 1), self.close_button)
        gap = Size.FIELD_GAP
        column(
            top, self._area, gap=Size.GRID, margins=(Size.CARD_PADDING, gap, gap, gap), owner=self
        )
        self._expected = 0
        reader.network.changed.connect(self._ask_again)
        theme.theme().changed.connect(self.update)
        self.hide()

    def start(self, count: int) -> None:
        self._empty()
        self._expected = count
        self._say()
        # Room for the scroll bar as well: the board must not change its height once it appears.
        self._area.setFixedHeight(_thumb_size().height() + Size.CARD_GAP)
        self.show()

    def add(self, picture: FoundPicture) -> None:
        thumb = PictureThumb(picture)
        thumb.clicked.connect(lambda: self.chosen.emit(picture))
        thumb.installEventFilter(self)
        self._row.insertWidget(len(self.thumbs), thumb)
        self.thumbs.append(thumb)
        self._say()
        self._ask(thumb)

    def finish(self) -> None:
        self._expected = len(self.thumbs)
        self._say()
        if not self.thumbs:
            self.close_strip()

    def close_strip(self) -> None:
        if self.isHidden():
            return
        self._empty()
        self.hide()
        self.closed.emit()

    def mark(self, picture: FoundPicture | None) -> None:
        for thumb in self.thumbs:
            thumb.setChecked(thumb.picture is picture)

    def _empty(self) -> None:
        self._round += 1
        for thumb in self.thumbs:
            self._row.removeWidget(thumb)
            thumb.deleteLater()
        self.thumbs = []

    def _say(self) -> None:
        ready = len(self.thumbs)
        count = f"{ready}" if ready == self._expected else f"{ready} of {self._expected}"
        self.caption.setText(f"{count} pictures; click one to put it on the board")

    def _ask(self, thumb: PictureThumb) -> None:
        placed, round_number = thumb.picture.placed, self._round

        def read(recogniser: Any) -> Certainty:
            ink = ink_on_board(placed)
            answer = recogniser.recognise_ink(ink)
            number = recogniser.read_number(ink, answer)
            return certainty_of_number(number) if number.is_number else answer.certainty

        def finished(certainty: Certainty | None) -> None:
            if certainty is not None and round_number == self._round:
                thumb.show_answer(certainty.label, certainty.sentence)

        self._reader.ask(read, finished)

    def _ask_again(self) -> None:
        self._round += 1
        for thumb in self.thumbs:
            self._ask(thumb)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Walk through the pictures with the arrow keys; scroll to the focused one."""
        if not isinstance(watched, PictureThumb):
            return False
        if event.type() == QEvent.FocusIn:
            self._area.ensureWidgetVisible(watched, Size.FIELD_GAP, 0)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.KeyPress:
            step = {int(Qt.Key_Left): -1, int(Qt.Key_Right): 1}.get(event.key())
            if step is not None:
                index = self.thumbs.index(watched) + step
                self.thumbs[min(max(index, 0), len(self.thumbs) - 1)].setFocus()
                return True
        return False
