"""Each screen says no more, and asks the keyboard no more often, than its design allows."""

from __future__ import annotations

import pytest
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.kit import theme

from .. import seen
from ..fakes import Loop

pytestmark = pytest.mark.window


class Screens:
    """Brings a window to each of the screens that are counted."""

    def __init__(self, setup):
        self.setup, self.window = setup, setup.window

    def show(self, name):
        """Show a screen of this name, at its usual size."""
        self.window.resize(1366, 728)
        getattr(self, name)()
        settle()

    def draw(self):
        tab = self.window.draw_tab
        self.window.tabs.setCurrentWidget(tab)
        tab.canvas.add_stroke([(200, 200), (300, 300)])
        self.setup.qtbot.waitUntil(lambda: bool(self.setup.text("predictionLabel")))

    def first_start(self):
        tab = self.window.draw_tab
        self.window.tabs.setCurrentWidget(tab)
        tab.canvas.clear()
        tab.first_start.begin()

    def new_run(self):
        self.train("new")

    def library(self):
        self.train("library")

    def train(self, page):
        self.window.tabs.setCurrentWidget(self.window.train_tab)
        self.window.train_tab.show_page(page)


def settle():
    """Let layouts within layouts take their places."""
    for _ in range(5):
        QApplication.processEvents()


@pytest.fixture
def screens(shared):
    """Return what shows each screen in the window of this file."""
    shared.loop = Loop()
    yield Screens(shared)
    shared.window.draw_tab.first_start.end()


#: For each screen the words and the stops of the keyboard that it may have at the most.
BUDGET = {
    "first_start": (70, 19),
}


@pytest.mark.parametrize("name", BUDGET)
def test_a_screen_keeps_to_its_words_and_stops(name, screens):
    most_words, most_stops = BUDGET[name]
    screens.show(name)
    words, stops = seen.words(screens.window), seen.stops(screens.window)
    assert len(words) <= most_words, words
    assert len(stops) <= most_stops, [stop.objectName() for stop in stops]


@pytest.fixture(params=[1.0, 1.25, 1.5], ids=["96", "120", "144"])
def dots(request):
    """Show all text as on screens of 96, 120 and 144 dots an inch."""
    theme.theme().resize_text(request.param)
    yield request.param
    theme.theme().resize_text(1.0)


@pytest.mark.parametrize("name", BUDGET)
def test_no_text_of_a_screen_is_cut(name, screens, dots):
    screens.show(name)
    for size in ((1366, 728), (1022, 636)):
        if size[0] < 1366 and dots > 1.0:
            continue
        screens.window.resize(*size)
        settle()
        cut = [str(text) for text in seen.texts(screens.window) if text.is_cut]
        assert not cut, (size, cut)
