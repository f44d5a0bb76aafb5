"""A board to draw on, alone and in its tab."""

import pytest

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.draw_tab import DrawTab


@pytest.fixture
def canvas(show):
    """Return a visible board with the focus, where one unit is one pixel."""
    widget = show(Canvas(), 600, 600)
    widget.setFocus()
    return widget


@pytest.fixture
def tab(qtbot, show):
    """Return a visible Draw tab whose board has the focus."""
    widget = show(DrawTab(), 1200, 700)
    widget.canvas.setFocus()
    qtbot.waitUntil(widget.canvas.hasFocus)
    return widget
