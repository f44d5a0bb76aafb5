"""The pictures behind a number of the matrix, at first all mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QLabel, QPushButton

from mnist_draw.app.inside.results.confusion_matrix import Pair
from mnist_draw.app.inside.results.mistakes_view import TileView
from mnist_draw.app.kit.widgets import Card, explain, label
from mnist_draw.app.kit.words import probability
from mnist_draw.library.network_data import in_a_sentence

if TYPE_CHECKING:
    from mnist_draw.analysis.pictures import Pictures
    from mnist_draw.analysis.results import Results


#: Of a long name so many letters stand below a picture.
_MAX_LETTERS = 4


class MistakesCard(Card):
    """Pictures, the surest mistake first, or what a cell of the matrix stands for."""

    all_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__("Mistakes")
        self.title = _title(self)
        self.title.setObjectName("mistakesTitle")
        self.note.setObjectName("mistakesNote")
        self.all_link = QPushButton()
        self.all_link.setObjectName("allMistakesLink")
        self.all_link.setProperty("look", "link")
        explain(self.all_link, "All mistakes", "Show all mistakes again.", "Esc in the table")
        self.all_link.clicked.connect(self.all_requested)
        self.top.addWidget(self.all_link)
        self.view = TileView(
            "mistakesView",
            "Mistakes",
            "Pictures that were read wrong. Arrow keys walk, Enter or a click makes one the "
            "example of all views, Enter again or a double click asks why it was read so.",
        )
        self.body.addWidget(self.view, 1)
        self.nothing = label("", "sentence", "noMistakesNote")
        self.nothing.setAlignment(Qt.AlignCenter)
        self.nothing.setWordWrap(True)
        self.body.addWidget(self.nothing, 1)
        self.nothing.hide()

    def show_nothing(self) -> None:
        """Show no pictures."""
        self.title.setText("Mistakes")
        self.note.setText("")
        self.all_link.hide()
        self.nothing.hide()
        empty = np.empty(0, np.intp)
        self.view.tiles.show_pictures(np.empty((0, 1, 28, 28), np.uint8), empty, str, str)
        self.view.show()

    def show_results(
        self, results: Results, pictures: Pictures, pair: Pair | None, name: Callable[[int], str]
    ) -> None:
        """Show the pictures of a cell; all mistakes where none is kept."""
        places = results.least_sure() if results.labels is None else results.mistakes()
        mistakes = len(places)
        if results.labels is None:
            title, note = "Least sure", f"{len(places):,} pictures, the least sure first"
            nothing = ""
        elif pair is None:
            title, note = "Mistakes", f"{len(places):,} pictures, the surest first"
            nothing = "No mistake." if results.is_complete else "No mistake so far."
        else:
            places = results.pictures_of(*pair)
            title, nothing = pair_words(pair, name)
            order = "the least sure first" if pair[0] == pair[1] else "the surest mistake first"
            count = "1 picture" if len(places) == 1 else f"{len(places):,} pictures"
            note = f"{count}, {order}"
        self.title.setText(title)
        self.note.setText(note)
        self.all_link.setText(f"All {mistakes:,} mistakes")
        self.all_link.setVisible(pair is not None and results.labels is not None)
        self.nothing.setText(nothing)
        self.nothing.setVisible(not len(places))
        self.view.setVisible(bool(len(places)))
        one_cell = pair is not None and None not in pair
        self.view.tiles.show_pictures(
            pictures.images,
            places,
            lambda place: _caption(results, place, one_cell, name),
            lambda place: picture_words(results, pictures, place, name),
        )


def _title(card: Card) -> QLabel:
    """Return the label of a card's title."""
    found = card.top.itemAt(0).widget()
    assert isinstance(found, QLabel)
    return found


def pair_words(pair: Pair, name: Callable[[int], str]) -> tuple[str, str]:
    """Return the title for a cell's pictures, and what to say where there are none."""
    true, read = pair
    if true is not None and read is not None:
        title = f"{name(true)} read as {name(read)}"
        if true == read:
            return f"{name(true)} read rightly", f"No {name(true)} was read rightly."
        return title, f"No {name(true)} was read as {name(read)}."
    if true is not None:
        return f"{name(true)} misread", f"No {name(true)} was misread."
    assert read is not None
    return f"Wrongly read as {name(read)}", f"Nothing was wrongly read as {name(read)}."


def _caption(results: Results, place: int, one_cell: bool, name: Callable[[int], str]) -> str:
    """Return the line below a picture: how sure the network is, and of what if that differs."""
    confidence = float(results.confidence[place])
    if one_cell:
        return probability(confidence, short=True)
    sure = probability(confidence, decimals=0, short=True)
    read = short_name(name(int(results.answers[place])))
    if results.labels is None:
        return f"{read}, {sure}"
    return f"{short_name(name(int(results.labels[place])))}→{read} {sure}"


def short_name(name: str) -> str:
    """Return a class's name as far as two of them and a figure fit below a picture."""
    return name.removeprefix("class ")[:_MAX_LETTERS]


def picture_words(
    results: Results, pictures: Pictures, place: int, name: Callable[[int], str]
) -> str:
    """Return what there is to say about a picture, as a sentence."""
    sure = f"{probability(float(results.confidence[place]))} sure"
    read = f"read as {name(int(results.answers[place]))}, {sure}."
    title = f"{pictures.one} {place:,}"
    if results.labels is None:
        return f"{title}: {read}"
    return f"{title}: it is {in_a_sentence(name(int(results.labels[place])))}, {read}"
