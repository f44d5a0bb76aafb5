"""The tools for pictures in the Draw tab, test digits to look at, and the drawing as a file.

Painting and writing happen off the GUI thread.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QApplication, QWidget

from mnist_draw.app.draw.board_items import PlacedPicture, Renderings, place_ink
from mnist_draw.app.draw.canvas import Canvas, notifier
from mnist_draw.app.draw.drawing import ink_on_board
from mnist_draw.app.draw.drawing_files import (
    COPIED_SCALE,
    SAVED_SCALE,
    picture,
    snapshot,
    svg_bytes,
)
from mnist_draw.app.draw.overlays import BoardCaption
from mnist_draw.app.draw.picture_files import FoundPicture, PictureInput, PictureStrip
from mnist_draw.app.kit.active_network import ActiveNetwork, BackgroundReader
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.files import ask_place
from mnist_draw.app.kit.painters import image_bytes
from mnist_draw.app.kit.threads import Background
from mnist_draw.dataset.classes import DIGITS, with_article
from mnist_draw.dataset.picture_formats import PictureFormat, saved_formats, saved_titles
from mnist_draw.i18n import _
from mnist_draw.storage.atomic import write_atomically

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.results import Mistake
    from mnist_draw.app.draw.answer_panel import AnswerPanel
    from mnist_draw.storage.models import ModelFile

#: A digit for the board, which one it is, and what the network takes it for.
_Found = tuple[PlacedPicture, str, str]


class MnistExamples:
    """Chooses test digits at random, none twice before all have been shown."""

    def __init__(
        self,
        reader: BackgroundReader,
        canvas: Canvas,
        caption: BoardCaption,
        show: Callable[[_Found], object],
    ) -> None:
        self._reader = reader
        self._canvas = canvas
        self._caption = caption
        self._show_found = show
        #: The data set and the classes of the pictures, which one thread loads when first needed.
        self._of = "MNIST"
        self._names = DIGITS
        self._loaded: tuple[np.ndarray, np.ndarray] | None = None
        self._random = random.Random()
        self._any: list[int] = []
        self._wrong: list[Mistake] = []
        self._mistakes: tuple[Mistake, ...] = ()
        self._known: ModelFile | None = None
        self.is_busy = False
        self._put = canvas.expect_picture()

    def show_any(self) -> None:
        self._put = self._canvas.expect_picture()
        model = self._reader.network.state.model
        self._show(partial(self._draw_any, model, self._canvas.renderings()))

    def show_mistake(self) -> None:
        model = self._reader.network.state.model
        if model is None:
            notifier.problem(_("The network is not ready yet. Try again in a moment."))
            return
        self._put = self._canvas.expect_picture()
        if self.is_busy:
            return
        if model is not self._known:
            self.is_busy = True
            self._caption.say_busy(_("Looking for pictures that the network gets wrong"))
            self._reader.ask(partial(self._search, model), partial(self._searched, model))
            return
        self._show_wrong()

    # -- in the reader's thread

    def _choose(self, model: ModelFile | None) -> None:
        """Take the test pictures of what a network reads, MNIST's for digits."""
        from mnist_draw.library.network_data import data_of, require_classes

        own = model if model is not None and model.info.classes else None
        wanted = ("MNIST", DIGITS) if own is None else (own.info.data, own.info.classes)
        if wanted == (self._of, self._names):
            return
        loaded = None
        if own is not None:
            data = data_of(own)
            require_classes(own, data)
            loaded = data.test_images.copy(), data.test_labels.copy()
        (self._of, self._names) = wanted
        self._loaded = loaded
        self._any = []

    def all(self) -> tuple[np.ndarray, np.ndarray]:
        """Return images, uint8 of shape (N, 1, 28, 28), and labels of shape (N,)."""
        if self._loaded is None:
            from mnist_draw.dataset.mnist import load_dataset

            data = load_dataset()
            # A copy of the test digits: the training digits need not stay in memory.
            self._loaded = data.test_images.copy(), data.test_labels.copy()
        return self._loaded

    def _draw_any(self, model: ModelFile | None, renderings: Renderings) -> _Found:
        self._choose(model)
        images, labels = self.all()
        if not self._any:
            self._any = self._random.sample(range(len(images)), len(images))
        index = self._any.pop()
        return self._draw(index, int(labels[index]), renderings)

    def _draw(self, index: int, label: int, renderings: Renderings, reads: str = "") -> _Found:
        placed = place_ink(self.all()[0][index, 0])
        name = self._names[label]
        placed.prepare(renderings)
        if self._names == DIGITS:
            name = with_article(name)
        fields = {"number": index, "data": self._of, "name": name}
        return placed, _("Test picture {number} of {data}: it is {name}.", **fields), reads

    def _search(self, model: ModelFile, recogniser: Any) -> tuple[Mistake, ...]:
        from mnist_draw.analysis.pictures import Pictures
        from mnist_draw.analysis.results import find_mistakes

        self._choose(model)
        pictures = Pictures(*self.all(), self._of)
        return find_mistakes(model, recogniser, pictures, lambda one: ink_on_board(place_ink(one)))

    # -- in the GUI thread

    def _searched(self, model: ModelFile, mistakes: tuple[Mistake, ...] | None) -> None:
        self.is_busy = False
        self._caption.say("")
        if mistakes is None:
            return
        self._known = model
        self._mistakes = mistakes
        self._wrong = []
        if model is self._reader.network.state.model:
            self._show_wrong()

    def _show_wrong(self) -> None:
        if not self._mistakes:
            notifier.problem(_("This network gets none of the test pictures wrong."))
            return
        if not self._wrong:
            self._wrong = self._random.sample(self._mistakes, len(self._mistakes))
        one = self._wrong.pop()
        reads = _("This network reads {answer}.", answer=one.read)
        self._show(partial(self._draw, one.index, one.label, self._canvas.renderings(), reads))

    def _show(self, work: Callable[[], _Found]) -> None:
        put = self._put
        self._reader.background.run(work, lambda found: put(partial(self._show_found, found)))


class PictureTools(QObject):
    """Connects the tools for pictures with the board, which it saves and copies."""

    def __init__(
        self,
        canvas: Canvas,
        background: Background,
        network: ActiveNetwork,
        answer: AnswerPanel,
        owner: QWidget,
    ) -> None:
        super().__init__(owner)
        self._canvas = canvas
        self._answer = answer
        self._owner = owner
        self._background = background
        self._folder = Path()
        self._format = saved_formats()[0]
        self.reader = BackgroundReader(network, self)
        # Not behind the pictures that are still being read: one that was clicked is wanted now.
        self._rendering = Background(self)
        self.strip = PictureStrip(self.reader)
        self.caption = BoardCaption(canvas)
        self.input = PictureInput(background, canvas, self.caption, self.strip, self._show)
        self.examples = MnistExamples(self.reader, canvas, self.caption, self._show_example)
        self.strip.chosen.connect(self._prepare_chosen)
        network.state.follow(["model"], self.caption.withdraw)
        #: For a menu, in groups that belong together.
        self.commands = self._build_commands(owner)

    def _build_commands(self, owner: QWidget) -> tuple[tuple[Command, ...], ...]:
        add = partial(Command, owner)
        sentence = _(
            "Open a picture on the board, or a photograph of paper; several are lined up "
            "below it. They can also be dropped on the board.",
        )
        opens = add(_("Open pictures…"), "Ctrl+O", self.input.open_dialog, sentence=sentence)
        pastes = add(_("Paste"), "Ctrl+V", self.input.paste)
        self._any = add("", "R", self.examples.show_any)
        self._mistake = add("", "M", self.examples.show_mistake)
        self.name_examples(digits=True)
        sentence = _("Save the drawing as {formats}.", formats=saved_titles())
        saves = add(_("Save the drawing…"), "Ctrl+S", self.save, sentence=sentence)
        copies = add(_("Copy the drawing"), "Ctrl+C", self.copy_picture)
        tells = add(_("Copy the answer"), "Ctrl+Shift+C", self.copy_answer)
        return (opens, pastes), (self._any, self._mistake), (saves, copies, tells)

    def name_examples(self, digits: bool) -> None:
        self._mistake.rename(_("Show me a mistake"))
        self._any.rename(_("Show me a digit") if digits else _("Show me a picture"))

    def _show(self, placed: PlacedPicture) -> None:
        self._canvas.show_items([placed])
        # The digit asked about is forgotten with the next picture.
        self._answer.bars.choose(None)

    def _prepare_chosen(self, picture: FoundPicture) -> None:
        placed = picture.placed.copy()
        renderings = self._canvas.renderings()
        put = self._canvas.expect_picture()

        def show() -> None:
            self._show(placed)
            self.strip.mark(picture)

        self._rendering.run(partial(placed.prepare, renderings), lambda __: put(show))

    def _show_example(self, found: _Found) -> None:
        placed, sentence, reads = found
        self._show(placed)
        self.caption.say(sentence, reads)

    def save(self) -> None:
        if self._is_empty():
            return
        titles = {save_title(known): known for known in saved_formats()}
        proposed = str(self._folder / f"drawing{self._format.suffixes[0]}")
        kinds = ";;".join(titles), save_title(self._format)
        caption = _("Save the drawing")
        name, title = ask_place(self._owner, caption, proposed, *kinds)
        if not name:
            return
        self._format = titles.get(title, self._format)
        path, kind = _with_suffix(Path(name), self._format)
        self._folder = path.parent
        items = snapshot(self._canvas.drawing.items)
        curves = kind.saved_as == "curves"

        def write() -> None:
            image = None if curves else image_bytes(picture(items, SAVED_SCALE), kind.title)
            write_atomically(path, image or svg_bytes(items))

        self._background.run(write, lambda __: notifier.message(_("Saved {path}.", path=path)))

    def copy_picture(self) -> None:
        if self._is_empty():
            return
        items = snapshot(self._canvas.drawing.items)

        def finished(image: QImage) -> None:
            QApplication.clipboard().setImage(image)
            notifier.message(_("Copied."))

        self._background.run(lambda: picture(items, COPIED_SCALE), finished)

    def copy_answer(self) -> None:
        sentence = self._answer.sentence
        if not sentence:
            notifier.problem(_("Draw something first."))
            return
        QApplication.clipboard().setText(sentence)
        notifier.message(_("Copied “{answer}”.", answer=sentence.replace("\n", ", ")))

    def _is_empty(self) -> bool:
        if self._canvas.has_ink():
            return False
        notifier.problem(_("Draw something first."))
        return True


def save_title(known: PictureFormat) -> str:
    drawing = _("{format} drawing", format=known.title)
    picture = _("{format} picture", format=known.title)
    return f"{drawing if known.saved_as == 'curves' else picture} ({known.patterns})"


def _with_suffix(path: Path, chosen: PictureFormat) -> tuple[Path, PictureFormat]:
    """Give a file the ending of the format chosen, unless its own ending names another one."""
    for known in saved_formats():
        if path.suffix.lower() in known.suffixes:
            return path, known
    return path.with_name(path.name + chosen.suffixes[0]), chosen
