"""Pictures for the board: opened, pasted or dropped, read in another thread; several in a strip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from qtpy.QtCore import QEvent, QMimeData, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QDropEvent, QIcon, QImage, QKeyEvent, QPainter
from qtpy.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QListWidget,
    QListWidgetItem,
)

from mnist_draw.app.draw.board_items import PlacedPicture, Renderings, place_ink
from mnist_draw.app.draw.canvas import Canvas, notifier
from mnist_draw.app.draw.drawing import ink_on_board
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import BackgroundReader
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.files import ask_several, local_files
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import blank_pixmap, paint_box, png_bytes
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import Keys, OwnColors, explain, label, tip
from mnist_draw.dataset.picture_formats import read_formats
from mnist_draw.i18n import _, counted, joined, number
from mnist_draw.recognition.certainty import NAMED, Certainty, certainty_of_number

if TYPE_CHECKING:
    from mnist_draw.app.draw.overlays import BoardCaption

#: The most pictures that are read at once.
MAX_COUNT = 200
#: Pictures that get a sentence each on why they cannot be read; the others are only counted.
_MAX_SENTENCES = 3

#: Qt's name of a PNG on the clipboard of Windows.
_WINDOWS_PNG = 'application/x-qt-windows-mime;value="PNG"'

#: A file's path, an encoded picture, or one that this program has decoded already.
Source: TypeAlias = str | bytes | QImage


@dataclass(frozen=True, eq=False)
class FoundPicture:
    """A picture that was read."""

    name: str
    placed: PlacedPicture


class PictureInput:
    """Reads pictures and says which cannot be read, and why."""

    def __init__(
        self,
        background: Background,
        canvas: Canvas,
        caption: BoardCaption,
        strip: PictureStrip,
        show: Callable[[PlacedPicture], object],
    ) -> None:
        self._background = background
        self._canvas = canvas
        self._show = show
        self._caption = caption
        self._strip = strip
        self._folder = ""
        self._problems: list[str] = []
        self._round = 0
        #: Opens files of any kind; the window knows where each belongs.
        self.open_files: Callable[[list[str]], object] = self.read
        self._put = canvas.expect_picture()
        strip.closed.connect(self.stop)
        # Whatever is dropped is taken: what is no picture is answered with a sentence.
        canvas.setAcceptDrops(True)
        canvas.take_drop = self._take_drop

    def open_dialog(self) -> None:
        paths = ask_several(self._canvas, _("Open pictures…"), self._folder, open_filter())
        if paths:
            self._folder = str(Path(paths[0]).parent)
            self.open_files(paths)

    def paste(self) -> None:
        content = QApplication.clipboard().mimeData()
        if content is None or not self.insert(content):
            notifier.problem(
                _("There is no picture on the clipboard. Copy one, or a picture file, then paste."),
            )

    def _take_drop(self, event: QEvent) -> bool:
        dropped = event.type() == QEvent.Drop
        # Qt's events of a drag that enters and moves are drops that have not happened yet.
        self._canvas.set_inviting(isinstance(event, QDropEvent) and not dropped)
        if isinstance(event, QDropEvent):
            # Copied, never moved: the other program keeps its file or picture.
            event.setDropAction(Qt.CopyAction)
            event.accept()
            if dropped:
                self.drop(event.mimeData())
        return True

    def drop(self, content: QMimeData) -> None:
        if not self.insert(content):
            notifier.problem(
                _(
                    "That is not a picture. Drop picture files, or a picture from another "
                    "program; the drawing is unchanged.",
                ),
            )

    def insert(self, content: QMimeData) -> bool:
        """Read the pictures in what was copied or dropped; return False if there is none."""
        urls = content.urls()
        local = local_files(content)
        picture = _picture_in(content)
        if local:
            self.open_files(local)
        elif picture is not None:
            self.read([picture])
        elif urls:
            notifier.problem(
                _(
                    "{place} is not on this computer. Save the picture first; the program opens no "
                    "network connection.",
                    place=urls[0].toDisplayString(),
                ),
            )
        else:
            return False
        return True

    def stop(self) -> None:
        self._round += 1

    def read(self, sources: Sequence[Source]) -> None:
        self._round += 1
        self._problems = []
        self._put = self._canvas.expect_picture()
        chosen = list(sources[:MAX_COUNT])
        if len(sources) > MAX_COUNT:
            self._problems.append(
                counted(
                    "Only the first {first} of {count} picture were read.",
                    "Only the first {first} of {count} pictures were read.",
                    len(sources),
                    first=number(MAX_COUNT),
                ),
            )
        if len(chosen) > 1:
            self._strip.start(len(chosen))
        else:
            self._caption.say_busy(_("Reading…"))
        # Of many pictures only the chosen one is rendered: together they would fill the memory.
        renderings = self._canvas.renderings() if len(chosen) == 1 else ()
        for place, source in enumerate(chosen, 1):
            self._background.run(
                partial(self._work, self._round, source, renderings),
                partial(self._found, self._round, place, len(chosen)),
            )

    def _work(
        self,
        round_number: int,
        source: Source,
        renderings: Renderings,
    ) -> FoundPicture | str | None:
        """Read one picture, or return the sentence that says why not; in the other thread."""
        if round_number != self._round:
            return None
        try:
            return _read(source, renderings)
        except Exception as error:  # one bad picture must not keep the others from being read
            return reporter.sentence(error)

    def _found(
        self,
        round_number: int,
        place: int,
        count: int,
        found: FoundPicture | str | None,
    ) -> None:
        if round_number != self._round or found is None:
            return
        if count == 1:
            self._caption.say("")
        if isinstance(found, str):
            self._problems.append(found)
        elif count == 1:
            self._put(partial(self._show, found.placed))
        else:
            self._strip.add(found)
        if place < count:
            return
        if count > 1:
            self._strip.finish()
        more = len(self._problems) - _MAX_SENTENCES
        if more > 0:
            self._problems[_MAX_SENTENCES:] = [
                counted("{count} more could not be read.", "{count} more could not be read.", more),
            ]
        if self._problems:
            notifier.problem(joined(*self._problems))


def open_filter() -> str:
    patterns = " ".join(known.patterns for known in read_formats())
    pictures = _("Pictures")
    all_files = _("All files")
    return f"{pictures} ({patterns});;{all_files} (*)"


def _picture_in(content: QMimeData) -> bytes | QImage | None:
    """Return a copied or dropped picture, encoded where another program offers it so.

    Its size is then checked before it is decoded: a small file may hold a picture of gigabytes.
    """
    for kind in sorted(content.formats(), key="image/png".__ne__):
        if kind.startswith("image/") or kind == _WINDOWS_PNG:
            return bytes(content.data(kind))
    image = content.imageData() if content.hasImage() else None
    return image if isinstance(image, QImage) and not image.isNull() else None


def _read(source: Source, renderings: Renderings) -> FoundPicture | str:
    from mnist_draw.dataset.normalise import has_ink
    from mnist_draw.dataset.pictures.picture_file import PictureError, check_pixels, load_picture

    name = ""
    if isinstance(source, bytes):
        ink = load_picture(source)
    elif isinstance(source, QImage):
        check_pixels(source.width(), source.height(), _("The picture"))
        ink = load_picture(png_bytes(source, compressed=False))
    else:
        name = Path(source).name
        if Path(source).is_dir():
            raise PictureError(
                "{path} is a folder. Open or drop the picture files in it instead.",
                path=source,
            )
        ink = load_picture(source)
    if not has_ink(ink):
        nothing = _("There is no ink in the picture.")
        return _("{name}: {text}", name=name, text=nothing) if name else nothing
    placed = place_ink(ink)
    placed.prepare(renderings)
    return FoundPicture(name, placed)


#: Side of a thumbnail in logical pixels: a digit is read in it at arm's length.
_THUMB = 56
#: Free space around the ink of a thumbnail.
_INSET = 6


def _thumbnail(placed: PlacedPicture) -> QIcon:
    """Return the ink of a picture on paper, in the colors of the board."""
    pixmap = blank_pixmap(_THUMB, _THUMB, 2)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.Antialiasing)
    square = QRectF(0.5, 0.5, _THUMB - 1.0, _THUMB - 1.0)
    paint_box(painter, square, "paper", radius=Size.FIELD_RADIUS)
    scale = (_THUMB - 2.0 * _INSET) / max(placed.rect.width(), placed.rect.height())
    painter.translate(square.center())
    painter.scale(scale, scale)
    painter.translate(-placed.rect.center())
    placed.paint(painter, theme.color("ink"))
    painter.end()
    icon = QIcon(pixmap)
    # Ink keeps its color where the picture is chosen.
    icon.addPixmap(pixmap, QIcon.Selected)
    return icon


#: Data of an entry: whether its answer is one that the program stands behind.
_IS_NAMED = Qt.UserRole


def _color(is_named: bool) -> QColor:
    return theme.color("accent" if is_named else "muted")


class PictureStrip(QFrame):
    """Pictures in a row that scrolls, each with what it reads as; hidden when there are none."""

    chosen = Signal(FoundPicture)
    closed = Signal()

    def __init__(self, reader: BackgroundReader) -> None:
        super().__init__()
        self.setObjectName("pictureStrip")
        self.setProperty("look", "card")
        self.setAccessibleName(_("Pictures"))
        self.pictures: dict[FoundPicture, QListWidgetItem] = {}
        self._reader = reader
        self._round = 0
        self.caption = label("", "muted", "pictureStripLabel")
        title = _("Close the pictures")
        self.close_button = icon_button("closeStripButton", "x", title, shortcut="Esc")
        self.close_button.clicked.connect(self.close_strip)
        self.list = QListWidget()
        self.list.setObjectName("pictureList")
        explain(self.list, self.accessibleName(), shortcut="Enter")
        self.list.setViewMode(QListView.IconMode)
        self.list.setMovement(QListView.Static)
        self.list.setWrapping(False)
        self.list.setIconSize(QSize(_THUMB, _THUMB))
        self.list.setItemDelegate(OwnColors(self.list))
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda _: self._choose())
        Keys(self.list, self._meaning)
        top = row((self.caption, 1), self.close_button)
        gap = Size.FIELD_GAP
        column(
            top,
            self.list,
            gap=Size.GRID,
            margins=(Size.CARD_PADDING, gap, gap, gap),
            owner=self,
        )
        self._expected = 0
        reader.network.state.follow(["model"], self._ask_again)
        theme.theme().changed.connect(self._recolor)
        self.hide()

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        return self._choose if event.key() in (Qt.Key_Return, Qt.Key_Enter) else None

    def _choose(self) -> None:
        self.chosen.emit(list(self.pictures)[self.list.currentRow()])

    def start(self, count: int) -> None:
        self._empty()
        self._expected = count
        self._say()
        # Room for the scroll bar as well: the board must not change its height once it appears.
        line = theme.scaled(Text.FIGURE) + 2 * Size.FIELD_GAP
        self.list.setFixedHeight(_THUMB + line + Size.CARD_GAP)
        self.show()

    def take_over(self, before: PictureStrip) -> None:
        """Show the pictures of another strip."""
        if before.pictures:
            self.start(len(before.pictures))
            for picture in before.pictures:
                self.add(picture)

    def add(self, picture: FoundPicture) -> None:
        item = QListWidgetItem(_thumbnail(picture.placed), "", self.list)
        item.setTextAlignment(Qt.AlignCenter)
        self.pictures[picture] = item
        self._show_answer(picture, "", _("no answer yet"), is_named=False)
        self._say()
        self._ask(picture)

    def _show_answer(
        self,
        picture: FoundPicture,
        answer: str,
        description: str,
        is_named: bool,
    ) -> None:
        item = self.pictures[picture]
        item.setData(_IS_NAMED, is_named)
        item.setText(answer)
        item.setFont(theme.font(Text.BODY if len(answer) > 1 else Text.SENTENCE, bold=True))
        item.setForeground(_color(is_named))
        words = _("{name}: {text}", name=picture.name, text=description)
        item.setData(Qt.AccessibleTextRole, words)
        item.setToolTip(tip(words))

    def _recolor(self) -> None:
        for picture, item in self.pictures.items():
            item.setIcon(_thumbnail(picture.placed))
            item.setForeground(_color(item.data(_IS_NAMED)))

    def finish(self) -> None:
        self._expected = len(self.pictures)
        self._say()
        if not self.pictures:
            self.close_strip()

    def close_strip(self) -> None:
        if self.isHidden():
            return
        self._empty()
        self.hide()
        self.closed.emit()

    def mark(self, picture: FoundPicture | None) -> None:
        if picture is not None and picture in self.pictures:
            self.list.setCurrentItem(self.pictures[picture])
        else:
            self.list.clearSelection()

    def _empty(self) -> None:
        self._round += 1
        self.list.clear()
        self.pictures.clear()

    def _say(self) -> None:
        ready = len(self.pictures)
        text = counted(
            "{count} picture; click it to put it on the board",
            "{count} pictures; click one to put it on the board",
            ready,
        )
        if ready != self._expected:
            text = counted(
                "{ready} of {count} picture; click one to put it on the board",
                "{ready} of {count} pictures; click one to put it on the board",
                self._expected,
                ready=number(ready),
            )
        self.caption.setText(text)

    def _ask(self, picture: FoundPicture) -> None:
        placed = picture.placed
        round_number = self._round

        def read(recogniser: Any) -> Certainty:
            ink = ink_on_board(placed)
            answer = recogniser.recognise_ink(ink)
            several = recogniser.read_number(ink, answer)
            return certainty_of_number(several) if several.is_number else answer.certainty

        def finished(certainty: Certainty | None) -> None:
            if certainty is not None and round_number == self._round:
                is_named = certainty.state in NAMED
                self._show_answer(picture, certainty.label, certainty.sentence, is_named)

        self._reader.ask(read, finished)

    def _ask_again(self) -> None:
        self._round += 1
        for picture in self.pictures:
            self._ask(picture)
