"""Each screen says no more, and asks the keyboard no more often, than its design allows."""

import pytest
from PyQt5 import sip
from PyQt5.QtCore import QRect
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.shell.window import Window
from mnist_draw.storage.preferences import Preferences

from .. import seen
from ..fakes import Answering, Loop, model
from ..train.conftest import add_run

pytestmark = pytest.mark.window


class Screens:
    """Brings a window to each of the screens that are counted."""

    def __init__(self, setup):
        self.setup, self.window = setup, setup.window
        self.tab = self.window.train_tab

    def show(self, name, size=(1366, 728)):
        self.window.resize(*size)
        getattr(self, name)()
        self.window.toast.clear()
        seen.settle()

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
        self.window.tabs.setCurrentWidget(self.tab)
        self.tab.show_drawer(False)
        self.tab.show_page("new")

    def all_settings(self):
        self.new_run()
        self.tab.show_drawer(True)

    def running(self):
        self.new_run()
        self.setup.loop = Loop(free_epochs=1)
        self.setup.loop.gate.clear()
        self.setup.run_an_epoch(epochs=20)

    def finished(self):
        self.new_run()
        self.setup.loop = Loop()
        self.setup.run(2)
        self.setup.wait_for_end()

    def library(self):
        self.new_run()
        for number in range(6):
            add_run(f"2026-01-0{number + 1} 10:00", seed=number + 2)
        self.tab.show_page("library")
        rows = self.tab.library.list.rows
        self.setup.qtbot.waitUntil(lambda: len(rows.entries) >= 9)


@pytest.fixture(scope="module", autouse=True)
def usual_text(qapp):
    """Set the interface font to 13 pixels, that of a screen of 96 dots an inch."""
    before, font = qapp.font(), qapp.font()
    font.setPixelSize(13)
    qapp.setFont(font)
    yield
    qapp.setFont(before)


@pytest.fixture(scope="module", autouse=True)
def followed(usual_text, one_window):
    """Let the Library follow its folder from the beginning, as it does to the end."""
    one_window.window.train_tab.show_page("library")


@pytest.fixture
def screens(shared):
    yield Screens(shared)
    shared.window.draw_tab.first_start.end()
    shared.loop.gate.set()
    shared.window.training.stop()
    shared.wait_for_end()
    shared.window.train_tab.show_drawer(False)


#: For each screen the words and the stops of the keyboard that it may have at the most.
BUDGET = {
    "draw": (45, 17),
    "first_start": (70, 19),
    "new_run": (105, 13),
    "all_settings": (105, 36),
    "running": (70, 17),
    "finished": (95, 18),
    "library": (110, 9 + 9),
}


@pytest.mark.parametrize("name", BUDGET)
def test_a_screen_keeps_to_its_words_and_stops(name, screens):
    most_words, most_stops = BUDGET[name]
    screens.show(name)
    words, stops = seen.words(screens.window), seen.stops(screens.window)
    assert len(words) <= most_words, " ".join(words)
    assert len(stops) <= most_stops, [stop.objectName() for stop in stops]


@pytest.fixture(params=[1.0, 1.25, 1.5], ids=["96", "120", "144"])
def dots(request):
    """Show all text as on screens of 96, 120 and 144 dots an inch."""
    theme.theme().resize_text(request.param)
    yield request.param
    theme.theme().resize_text(1.0)


@pytest.mark.parametrize("name", BUDGET)
def test_nothing_of_a_screen_is_cut(name, screens, dots):
    sizes = [(1022, 664), (1366, 728), (1918, 1016)]
    if (name, dots) == ("all_settings", 1.5):
        # Beside the drawer 512 pixels are left: too few for the start bar in such text.
        del sizes[0]
    screens.show(name)
    for size in sizes:
        screens.window.resize(*size)
        seen.settle()
        cut = [str(text) for text in seen.texts(screens.window) if text.is_cut]
        assert not cut, (size, cut)
        beyond = [stop.objectName() for stop in seen.beyond_reach(screens.window)]
        assert not beyond, (size, beyond)
        if dots == 1:
            room = screens.window.tabs.minimumSizeHint()
            assert room.width() <= 1024
            assert room.height() <= 664


def sizes(window):
    """Return the size of each widget that can be seen, by its place among the others."""

    def walk(parent, path):
        parts = [part for part in parent.children() if isinstance(part, QWidget)]
        for place, part in enumerate(parts):
            if part.isVisible() and not part.isWindow():
                here = (*path, (part.objectName() or type(part).__name__, place))
                found[here] = QRect(part.geometry())
                walk(part, here)

    found = {}
    seen.settle()
    walk(window, ())
    return found


def test_a_text_size_takes_effect_at_once_as_after_a_new_start(qtbot):
    """What is enlarged live has the sizes of a window that was made with this text size."""
    found = []
    for percent in (100, 150):
        preferences = Preferences()
        preferences.set("text_size", percent)
        window = Window(preferences, Answering(model))
        window.show()
        window.resize(1600, 1000)
        for page in window.pages[:2]:
            window.tabs.setCurrentWidget(page)
            seen.settle()
        theme.theme().resize_text(1.5)
        found.append(sizes(window))
        window.close()
        assert window.shut_down()
        sip.delete(window)
    live, fresh = found
    assert {path: live.get(path) for path in fresh} == fresh
