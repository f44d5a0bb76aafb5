"""A board to draw on."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.canvas import Canvas


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    """Return a visible board where one unit is one pixel."""
    widget = Canvas()
    qtbot.addWidget(widget)
    widget.resize(600, 600)
    widget.show()
    return widget
