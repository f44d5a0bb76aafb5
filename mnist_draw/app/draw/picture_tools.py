"""Pictures in the Draw tab: what comes to the board, and what leaves it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.mnist_examples import MnistExamples
from mnist_draw.app.draw.overlays import BoardCaption
from mnist_draw.app.draw.picture_input import FoundPicture, PictureInput
from mnist_draw.app.draw.picture_output import PictureOutput
from mnist_draw.app.draw.picture_strip import PictureStrip
from mnist_draw.app.draw.placed_picture import PlacedPicture
from mnist_draw.app.draw.tool_column import ToolColumn
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.background_reader import BackgroundReader
from mnist_draw.app.kit.commands import Command, fill_menu
from mnist_draw.app.kit.threads import Background
from mnist_draw.dataset.picture_formats import saved_titles


class PictureTools(QObject):
    """Connects the tools for pictures with the board."""

    told = pyqtSignal(str)
    done = pyqtSignal(str)
    replaced = pyqtSignal()

    def __init__(
        self,
        canvas: Canvas,
        tools: ToolColumn,
        background: Background,
        network: ActiveNetwork,
        words_of_answer: Callable[[], str],
        owner: QWidget,
    ) -> None:
        super().__init__(owner)
        self._canvas = canvas
        self._words_of_answer = words_of_answer
        self._reads = ""
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
        self.output.done.connect(self.done)
        self.output.noted.connect(self.caption.add)
        self.input.reading.connect(self.caption.say)
        self.input.one_read.connect(self._show_picture)
        self.input.several_requested.connect(self.strip.start)
        self.input.next_read.connect(self.strip.add)
        self.input.last_read.connect(self.strip.finish)
        self.strip.chosen.connect(self._prepare_chosen)
        self.strip.closed.connect(self.input.stop)
        self.examples.found.connect(self._show_example)
        self.examples.searching.connect(self.caption.say)
        canvas.history_changed.connect(lambda: self.strip.mark(None))
        network.changed.connect(self._forget_what_was_read)
        self._build_commands(tools, owner)

    def _build_commands(self, tools: ToolColumn, owner: QWidget) -> None:
        Command(
            owner,
            "Open pictures",
            "Put a picture on the board, a photograph of paper too; several are lined up below "
            "it. They can also be dropped on the board.",
            "Ctrl+O",
            self.input.open_dialog,
            "image",
        ).serve(tools.open_image)
        Command(
            owner,
            "Paste",
            "Put the picture on the clipboard on the board.",
            "Ctrl+V",
            self.input.paste,
            "clipboard-text",
        ).serve(tools.paste)
        Command(
            owner,
            "Save the drawing",
            f"Save the drawing as {saved_titles()}.",
            "Ctrl+S",
            self.output.save,
            "floppy-disk",
        ).serve(tools.save)
        Command(
            owner,
            "Close the pictures",
            "Close the row of pictures below the board.",
            "Esc",
            self.strip.close_strip,
        )
        self._any = Command(owner, "", "", "R", self.examples.show_any)
        self._mistake = Command(owner, "", "", "M", self.examples.show_mistake)
        fill_menu(
            tools.example,
            "Show me one",
            "Put a test picture on the board: any, or one that the network gets wrong.",
            "dice-five",
            self._any,
            self._mistake,
        )
        self.name_examples(digits=True)
        fill_menu(
            tools.copy,
            "Copy",
            "Copy the drawing as a picture, or the answer as text.",
            "copy",
            Command(
                owner,
                "Copy the drawing",
                "As a picture, dark on white, for other programs.",
                "Ctrl+C",
                self.output.copy_picture,
            ),
            Command(
                owner,
                "Copy the answer",
                "As text: the answer, how sure the network is, its second guess.",
                "Ctrl+Shift+C",
                self._copy_answer,
            ),
        )

    def name_examples(self, digits: bool) -> None:
        """Call the pictures that can be shown what they are for the network that answers."""
        kind = "digit" if digits else "picture"
        whose = "MNIST's 10,000 test digits" if digits else "the test pictures of its data set"
        self._any.rename(f"A test {kind}", f"Any of {whose}.")
        self._mistake.rename(
            "A mistake of this network",
            f"A test {kind} that the network which answers gets wrong.",
        )

    def _copy_answer(self) -> None:
        self.output.copy_text(self._words_of_answer())

    def _show_picture(self, picture: FoundPicture) -> None:
        self._canvas.show_items([picture.placed])
        self.replaced.emit()

    def _prepare_chosen(self, picture: FoundPicture) -> None:
        placed, renderings = picture.placed.copy(), self._canvas.renderings()
        self._rendering.run(
            lambda: placed.prepare(renderings), lambda _: self._show_chosen(picture, placed)
        )

    def _show_chosen(self, picture: FoundPicture, placed: PlacedPicture) -> None:
        self._canvas.show_items([placed])
        self.strip.mark(picture)
        self.replaced.emit()

    def _show_example(self, placed: PlacedPicture, sentence: str, reads: str) -> None:
        self._canvas.show_items([placed])
        self.replaced.emit()
        self._reads = reads
        self.caption.say(f"{sentence}{reads}")

    def _forget_what_was_read(self) -> None:
        """Take out of the caption what the network before took the digit for."""
        self.caption.leave_out(self._reads)
        self._reads = ""
