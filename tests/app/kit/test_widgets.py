"""Neighbouring cards look as if they were made together."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.overlays import BoardCaption
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, TabularLabel
from mnist_draw.app.kit.widgets import Card, ComboBox, label, no_key, push_button, tip


def test_titles_of_neighbouring_cards_are_in_one_line(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    line = QHBoxLayout(page)
    menu = ComboBox()
    menu.setProperty("look", "quiet")
    beside = (None, push_button("link", "Another card", "Show it.", look="link"), menu)
    titles = []
    for widget in beside:
        card = Card("Title")
        if widget is not None:
            card.top.addWidget(widget)
        card.body.addStretch(1)
        titles.append(card.findChild(QLabel))
        line.addWidget(card)
    page.resize(900, 200)
    page.show()
    middles = {title.mapTo(page, QPoint(0, title.height() // 2)).y() for title in titles}
    assert len(middles) == 1


def test_a_name_that_looks_like_markup_is_shown_as_it_is(qtbot):
    named = "Kreis & <b>fett"
    canvas = Canvas()
    qtbot.addWidget(canvas)
    shown = [label(named, "muted"), FittedLabel(), TabularLabel(), BoardCaption(canvas)]
    for one in shown:
        assert one.textFormat() == Qt.PlainText
    button = push_button("named", no_key(named), f"Show {named}.")
    qtbot.addWidget(button)
    assert "&lt;b&gt;fett" in button.toolTip()
    assert "&lt;b&gt;fett" in button.whatsThis()
    # One ampersand would be the sign for a key.
    assert button.text() == "Kreis && <b>fett"
    assert tip("Salt & pepper.") == "Salt & pepper."


def test_a_row_has_its_parts_gap_margins_and_stretch(qtbot):
    owner, parts = QWidget(), [QWidget() for _ in range(3)]
    qtbot.addWidget(owner)
    made = row(
        parts[0], (column(parts[1]), 2), 1, parts[2], gap=3, margins=(1, 2, 3, 4), owner=owner
    )
    assert owner.layout() is made
    assert (made.spacing(), made.contentsMargins().bottom()) == (3, 4)
    assert [made.stretch(place) for place in range(made.count())] == [0, 2, 1, 0]
    assert all(part.parent() is owner for part in parts)
