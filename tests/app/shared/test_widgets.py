"""Neighbouring cards look as if they were made together."""

from __future__ import annotations

from PyQt5.QtCore import QPoint
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from mnist_draw.app.shared.widgets import Card, ComboBox, push_button


def test_titles_of_neighbouring_cards_are_in_one_line(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    row = QHBoxLayout(page)
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
        row.addWidget(card)
    page.resize(900, 200)
    page.show()
    middles = {title.mapTo(page, QPoint(0, title.height() // 2)).y() for title in titles}
    assert len(middles) == 1
