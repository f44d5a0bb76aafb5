"""Pictures in the Draw tab: what comes to the board, and what leaves it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QMenu, QWidget

from mnist_draw.app.board.canvas import Canvas
from mnist_draw.app.board.overlays import BoardCaption
from mnist_draw.app.board.placed_picture import PlacedPicture
from mnist_draw.app.draw.tool_column import ToolColumn
from mnist_draw.app.pictures.mnist_examples import MnistExamples
from mnist_draw.app.pictures.picture_input import FoundPicture, PictureInput
from mnist_draw.app.pictures.picture_output import PictureOutput
from mnist_draw.app.pictures.picture_strip import PictureStrip
from mnist_draw.app.services.background_reader import BackgroundReader
from mnist_draw.app.services.network_in_use import NetworkInUse
from mnist_draw.app.shared.threads import Background


class PictureTools(QObject):
    """Connects the tools for pictures with the board.

    Parameters
    ----------
    canvas : Canvas
    tools : ToolColumn
    background : Background
        Where pictures are read and written.
    network : NetworkInUse
    words_of_answer : callable
        Returns the answer as text, to be copied.
    owner : QWidget
        The tab.

    Attributes
    ----------
    reader : BackgroundReader
    strip : PictureStrip
        To be placed below the board.
    shortcuts : list of (keys, action)

    Signals
    -------
    told
        ``(sentence)``: something to read.
    """

    told = pyqtSignal(str)

    def __init__(
        self,
        canvas: Canvas,
        tools: ToolColumn,
        background: Background,
        network: NetworkInUse,
        words_of_answer: Callable[[], str],
        owner: QWidget,
    ) -> None:
        super().__init__(owner)
        self._canvas = canvas
        self._words_of_answer = words_of_answer
        self.reader = BackgroundReader(network, parent=self)
        # Not behind the pictures that are still being read: one that was clicked is wanted now.
        self._rendering = Background(self)
        self.input = PictureInput(background, canvas.renderings, owner)
        self.output = PictureOutput(canvas, background, owner)
        self.examples = MnistExamples(self.reader, canvas.renderings, parent=self)
        self.strip = PictureStrip(self.reader)
        self.caption = BoardCaption(canvas)
        self.input.accept_drops(canvas)
        for part in (self.input, self.output, self.examples):
            part.told.connect(self.told)
        self.output.noted.connect(self.caption.add)
        self.input.one_read.connect(self._show_picture)
        self.input.several_asked.connect(self.strip.start)
        self.input.next_read.connect(self.strip.add)
        self.input.last_read.connect(self.strip.finish)
        self.strip.chosen.connect(self._prepare_chosen)
        self.strip.closed.connect(self.input.stop)
        self.examples.found.connect(self._show_example)
        self.examples.searching.connect(self.caption.say)
        canvas.history_changed.connect(lambda: self.strip.mark(None))
        tools.open_image.clicked.connect(self.input.open_dialog)
        tools.paste.clicked.connect(self.input.paste)
        tools.save.clicked.connect(self.output.save)
        self.shortcuts: list[tuple[str, Callable[[], object]]] = [
            ("Ctrl+O", self.input.open_dialog),
            ("Ctrl+V", self.input.paste),
            ("Ctrl+S", self.output.save),
            ("Esc", self.strip.close_strip),
        ]
        self._fill(
            tools.example.menu(),
            ("A test digit", "R", self.examples.show_any, "Any of MNIST's 10,000 test digits."),
            (
                "A mistake of this network",
                "M",
                self.examples.show_mistake,
                "A test digit that the network which answers gets wrong.",
            ),
        )
        self._fill(
            tools.copy.menu(),
            (
                "Copy the drawing",
                "Ctrl+C",
                self.output.copy_picture,
                "As a picture, dark on white, for other programs.",
            ),
            (
                "Copy the answer",
                "Ctrl+Shift+C",
                self._copy_answer,
                "As text: the digit, how sure the network is, its second guess.",
            ),
        )

    def _fill(self, menu: QMenu, *entries: tuple[str, str, Callable[[], object], str]) -> None:
        """Fill a tool's menu; its keys work without it, too."""
        for text, keys, act, sentence in entries:
            # The key is only named here: the tab's own shortcut serves it, with the menu closed.
            action = menu.addAction(f"{text}\t{keys}")
            action.setToolTip(sentence)
            action.triggered.connect(lambda _, act=act: act())
            self.shortcuts.append((keys, act))

    def _copy_answer(self) -> None:
        self.output.copy_text(self._words_of_answer())

    def _show_picture(self, picture: FoundPicture) -> None:
        self._canvas.show_items([picture.placed])

    def _prepare_chosen(self, picture: FoundPicture) -> None:
        placed, renderings = picture.placed.copy(), self._canvas.renderings()
        self._rendering.run(
            lambda: placed.prepare(renderings), lambda _: self._show_chosen(picture, placed)
        )

    def _show_chosen(self, picture: FoundPicture, placed: PlacedPicture) -> None:
        self._canvas.show_items([placed])
        self.strip.mark(picture)

    def _show_example(self, placed: PlacedPicture, sentence: str) -> None:
        self._canvas.show_items([placed])
        self.caption.say(sentence)
