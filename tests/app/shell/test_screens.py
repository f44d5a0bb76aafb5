"""Each screen: its words and stops are few, nothing is cut in any language, nothing moves.

`tests.languages` chooses the language of a run; ``tests/test_catalogues.py`` starts one in each.
"""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from qtpy import sip
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAction,
    QComboBox,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)

from mnist_draw import i18n
from mnist_draw.analysis.guide import guide
from mnist_draw.app.inside.inside_view import SECTIONS
from mnist_draw.app.inside.results import results_section
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import Idle, Learns
from mnist_draw.app.kit.layout import ClickShield
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.threads import running
from mnist_draw.app.kit.waiting import AFTER_LEARNING, Waiting
from mnist_draw.app.shell.lesson import begin_lesson
from mnist_draw.app.shell.window import Window
from mnist_draw.app.train.lesson import Lesson
from mnist_draw.library.search import KEYS
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.events import BatchFinished, EpochFinished, Queued
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

from .. import seen
from ..draw import test_answer_panel
from ..fakes import Answering, Diverging, Loop, model, reading
from ..fakes import answer as answer_of
from ..train.conftest import add_run

pytestmark = pytest.mark.window


#: What a teacher wrote is shown as it is in every language.
LESSON_TITLE = "How few pictures are enough?"
LESSON_STEPS = (
    "Train with 5,000 pictures.",
    "Train with 500 pictures, then with 50.",
    "Draw a 4 of your own. Which network reads it?",
)
LESSON_TEXT = (
    "A network learns from examples. Find out how many it really needs, and look at what it gets "
    "wrong when it has too few."
)
LESSON_TASK = "\n[ ] ".join((LESSON_TEXT, *LESSON_STEPS))
LESSON_AUTHOR = "M. Weber, for class 9b"
#: A part of what a lesson's page says that is in no language of ours.
OWN_WORDS = (
    LESSON_TITLE,
    LESSON_TEXT,
    *LESSON_STEPS,
    LESSON_AUTHOR,
    "how-few-pictures",
    ".mnist-lesson",
)


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
        self.window.navigation.tabs.setCurrentWidget(tab)
        tab.canvas.add_stroke([(200, 200), (300, 300)])
        self.setup.qtbot.waitUntil(lambda: bool(self.setup.text("predictionLabel")))

    def first_start(self):
        tab = self.window.draw_tab
        self.window.navigation.tabs.setCurrentWidget(tab)
        tab.canvas.clear()
        tab.first_start.begin()

    def new_run(self):
        self.window.navigation.tabs.setCurrentWidget(self.tab)
        self.tab.show_drawer(False)
        self.tab.show_page("new")

    def taught(self):
        self.draw()
        said = int(self.setup.text("predictionLabel"))
        tab = self.window.draw_tab
        tab.teaching.teach((said + 1) % 10)
        self.setup.qtbot.waitUntil(lambda: bool(tab.boxes.tags))

    def lesson(self):
        """Begin a lesson; `screens` leaves it."""
        hidden = "start_model update_parameters extra_folder target_accuracy patience keep_best"
        lesson = Lesson(
            settings=TrainingSettings(training_examples=500, epochs=5),
            fixed=frozenset(["network", "update", "learning_rate", "seed", "data_folder"]),
            hidden=frozenset([*hidden.split(), "l2", "schedule", "batch_size", "augmentation"]),
            title=LESSON_TITLE,
            task=LESSON_TASK,
            author=LESSON_AUTHOR,
        )
        begin_lesson(self.window, lesson)
        self.new_run()
        self.tab.settings.apply("epochs", 7)

    def letter(self):
        self.draw()
        said = replace(answer_of(8), letter="B")
        self.window.draw_tab.answer.show_reading(reading(said))

    def lines(self):
        self.draw()
        answer = self.window.draw_tab.answer
        answer.show_reading(test_answer_panel.page("2026", "317", "58014"))

    def make_lesson(self):
        self.new_run()
        self.tab.show_page("make")

    def all_settings(self):
        self.new_run()
        self.tab.show_drawer(True)

    def layers(self):
        self.new_run()
        self.tab.settings.choose_preset(PRESETS["cnn"])
        self.tab.show_layers(True)

    def running(self):
        self.new_run()
        self.setup.loop = Loop(free_epochs=1)
        self.setup.loop.gate.clear()
        self.setup.run_an_epoch(epochs=20)

    def paused(self):
        self.running()
        self.window.run.pause()
        self.setup.loop.gate.set()
        self.setup.qtbot.waitUntil(lambda: self.window.run.state.run.state == "paused")

    def first_minute(self):
        self.new_run()
        self.setup.loop = Loop()
        self.setup.loop.gate.clear()
        self.setup.run(100)
        self.setup.qtbot.waitUntil(lambda: self.window.run.state.run.batch == 1)

    def failed(self):
        self.new_run()
        self.setup.loop = Diverging()
        self.tab.settings.apply("learning_rate", 50.0)
        self.setup.run(20)
        self.setup.wait_for_end()
        self.tab.settings.apply("learning_rate", 0.001)

    def queued(self):
        self.new_run()
        run = Run(settings=TrainingSettings())
        run.apply(Queued(20.0, 0.983))
        waiting = Waiting("run", run.title, partial(bool), AFTER_LEARNING)
        state = self.window.run.state
        state.set(run=run, shown_run=run, queue=waiting, learning=Learns(0.62, 40.0), unlearned=3)
        self.tab.show_page("run")

    def finished(self):
        self.new_run()
        self.setup.loop = Loop()
        self.setup.run(2)
        self.setup.wait_for_end()

    def poor(self):
        self.new_run()
        run = Run(Path("poor"), TrainingSettings(epochs=3, training_examples=500))
        run.history.batches = 1
        for epoch in (1, 2, 3):
            run.apply(BatchFinished(epoch, 3, 1, 1, 2.4, 0.086, 0.01))
            losses = 2.4, 0.086, 2.3 - epoch / 100, 0.1592
            run.apply(EpochFinished(epoch, 3, 0.7, *losses, 9.0, True, ()))
        run.state = "completed"
        run.history.test_accuracy = 0.1559
        run.has_checkpoint = True
        self.window.run.state.set(run=run, shown_run=run)
        self.tab.show_page("run")
        self.window.state.announce("run")

    def library(self):
        self.new_run()
        for number in range(6):
            add_run(f"2026-01-0{number + 1} 10:00", batch_size=100 + number)
        # One row, and one of three that are compared.
        for seed in (2, 3):
            add_run(f"2026-01-08 10:0{seed}", seed=seed)
        self.tab.show_page("library")
        rows = self.tab.library.list.rows
        wait = self.setup.qtbot.waitUntil
        wait(lambda: len(rows.entries) >= 11)
        ticked = tuple(row.key for row in rows.shown[:3])
        rows.choose(chips=("batch:>50", "acc:>5"), ticked=ticked)
        wait(lambda: len(self.tab.library.compare.comparison.names) == 3)

    def show_section(self, name, details):
        view = self.inside(name)
        view.show_details(details)
        view.show_guide(False)
        self.setup.qtbot.waitUntil(lambda: not view.section.is_pending())
        seen.settle()

    def network_plain(self):
        self.show_section("network", False)

    def network_details(self):
        self.show_section("network", True)

    def map_plain(self):
        self.show_section("map", False)

    def map_details(self):
        self.show_section("map", True)

    def step_plain(self):
        self.show_section("step", False)

    def show_stage(self, number):
        self.show_section("step", True)
        self.window.inside_tab.open().section.open_stage(number)
        seen.settle()

    def stage_1(self):
        self.show_stage(1)

    def stage_2(self):
        self.show_stage(2)

    def stage_3(self):
        self.show_stage(3)

    def stage_4(self):
        self.show_stage(4)

    def stage_5(self):
        self.show_stage(5)

    def inside(self, section):
        self.window.navigation.tabs.setCurrentWidget(self.window.inside_tab)
        view = self.window.inside_tab.open()
        view.open_section(section)
        seen.settle()
        return view


@pytest.fixture(scope="module", autouse=True)
def usual_text(qapp):
    """Set the interface font to 13 pixels, that of a screen of 96 dots an inch."""
    before, font = qapp.font(), qapp.font()
    font.setPixelSize(13)
    qapp.setFont(font)
    yield
    qapp.setFont(before)
    theme.theme().resize_text(1.0)


@pytest.fixture(autouse=True)
def reset_text_size(request):
    """Give text the scale of the test; the next one has the same: a change takes a while."""
    repeated = getattr(request.node, "callspec", None)
    scale = repeated.params.get("scale", 1.0) if repeated else 1.0
    if theme.theme().text_size != scale:
        theme.theme().resize_text(scale)


@pytest.fixture(scope="module", autouse=True)
def followed(usual_text, one_window):
    """Let the Library follow its folder from the beginning, as it does to the end."""
    one_window.window.train_tab.show_page("library")
    with pytest.MonkeyPatch.context() as patch:
        # What a section of Inside compiles would be waited for.
        patch.setattr(results_section, "count_limits", lambda *_: iter(()))
        yield


@pytest.fixture
def screens(shared):
    yield Screens(shared)
    shared.window.leave_lesson()
    shared.window.leave_lesson = lambda: None
    shared.window.draw_tab.first_start.end()
    shared.window.run.state.set(queue=None, learning=Idle(), unlearned=0)
    if shared.window.run.state.run.state == "waiting":
        shared.window.run.stop()
    shared.loop.gate.set()
    shared.window.training.stop()
    shared.wait_for_end()
    tab = shared.window.train_tab
    tab.show_layers(False)
    tab.settings.choose_preset(PRESETS["tutorial"])
    shared.window.train_tab.show_drawer(False)


#: For each screen the words and the stops of the keyboard that it may have at the most.
BUDGET = {
    "draw": (45, 17),
    "taught": (50, 18),
    "letter": (50, 17),
    "lines": (55, 19),
    "lesson": (160, 16),
    "make_lesson": (220, 27),
    "first_start": (70, 19),
    "new_run": (105, 13),
    "all_settings": (105, 36),
    "layers": (165, 16),
    "first_minute": (90, 14),
    "running": (75, 17),
    "paused": (75, 17),
    "failed": (130, 12),
    "queued": (100, 11),
    "poor": (115, 18),
    "finished": (95, 18),
    # With two chips, and three that are compared.
    "library": (175, 9 + 8),
    "network_plain": (65, 16),
    "step_plain": (65, 16),
    "map_plain": (65, 16),
}
#: The same for all details of the sections of Inside, which may scroll to the side.
DETAILS = {
    "network_details": (110, 26),
    "map_details": (110, 26),
    **{f"stage_{number}": (110, 26) for number in range(1, 6)},
}


@pytest.mark.parametrize("name", [*BUDGET, *DETAILS])
def test_a_screen_keeps_to_its_words_and_stops(name, screens):
    most_words, most_stops = {**BUDGET, **DETAILS}[name]
    screens.show(name)
    words, stops = seen.words(screens.window), seen.stops(screens.window)
    assert len(words) <= most_words, " ".join(words)
    assert len(stops) <= most_stops, [stop.objectName() for stop in stops]


@pytest.mark.parametrize("name", BUDGET)
@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_nothing_of_a_screen_is_cut_or_out_of_reach(name, screens, scale):
    """Text is as large as on screens of 96, 120 and 144 dots an inch."""
    window = screens.window
    screens.show(name, (1918, 1016))
    for size in ((1918, 1016), (1366, 728), (1022, 664)):
        window.resize(*size)
        seen.settle()
        cut = [str(text) for text in seen.texts(window) if text.is_cut]
        assert not cut, (size, cut)
        beyond = [stop.objectName() for stop in seen.beyond_reach(window)]
        assert not beyond, (size, beyond)
        if scale == 1:
            room = window.navigation.tabs.minimumSizeHint()
            assert room.width() <= 1024
            assert room.height() <= 664


def test_neither_another_look_nor_the_ten_digits_move_the_bars(screens):
    """What is asked in place of the answer's words is as high as they are."""
    tab = screens.window.draw_tab
    screens.show("draw")
    places = []
    for act in (bool, tab.answer.block.begin, tab.answer.block.end):
        for look in ("light", "dark", "light"):
            screens.window.view.choose_theme(look)
            act()
            seen.settle()
            places.append(tab.answer.bars_card.y())
    assert len(set(places)) == 1, places


@pytest.mark.parametrize("name", BUDGET)
@pytest.mark.parametrize("scale", [1.75])
def test_each_control_is_within_reach_of_the_mouse(name, scale, screens):
    screens.show(name, (1022, 664))
    check_reach(screens.window)
    if name in ("running", "finished", "failed", "poor"):
        screens.tab.show_drawer(True)
        seen.settle()
        check_reach(screens.window)


def check_reach(window):
    """No control is beyond a side, also not of an area that scrolls up and down alone."""
    assert not [stop.objectName() for stop in seen.beyond_reach(window)]
    for area in window.findChildren(QScrollArea):
        if area.isVisible() and area.horizontalScrollBarPolicy() == Qt.ScrollBarAlwaysOff:
            assert area.horizontalScrollBar().maximum() == 0, area.objectName()


#: Words in plain letters that are the same in every language: names, keys, code, and what these
#: tests call a network.
NAMES = re.compile(
    "MNIST|Theano|PyTensor|Lasagne|NumPy|Python|ONNX|PNG|SVG|PCA|MLP|CNN|mlp|cnn|RMSProp|rmsprop|"
    "rho|epsilon|network|ReLU|Ctrl|Alt|Shift|Esc|Tab|Space|Return|Enter|Home|End|Ins|Del",
)
_PLAIN = re.compile(r"[A-Za-z]{3,}")


def _untranslated(text):
    """Return a text's words in plain letters; what is not translated has no others."""
    own = {word for each in i18n.LANGUAGES.values() for word in _PLAIN.findall(each.name)}
    return [word for word in _PLAIN.findall(text) if not NAMES.fullmatch(word) and word not in own]


def _without_own(said):
    """Return a text without what a teacher wrote, names of files, layers and keys of the search."""
    said = re.sub(r"layers:\S*", "", said)
    for words in (*OWN_WORDS, *(f"{key}:" for key in KEYS)):
        said = said.replace(words, "")
    return said


def _said(window):
    """Yield what a window shows and says: texts, tips, and names and descriptions for readers."""
    for text in seen.texts(window):
        yield text.widget.objectName(), text.text
    for widget in window.findChildren(QWidget):
        if widget.isVisible():
            for said in (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()):
                yield widget.objectName(), said
            if isinstance(widget, QLineEdit):
                yield widget.objectName(), widget.placeholderText()
    for action in window.findChildren(QAction):
        yield "action", action.text()
        yield "action", action.toolTip()
    for menu in window.findChildren(QMenu):
        yield "menu", menu.title()


@pytest.mark.skipif(i18n.language() != "long", reason="only the imitation tells what is English")
@pytest.mark.parametrize("name", [*BUDGET, *(kind.name for kind in SECTIONS)])
def test_all_is_translated(name, screens):
    if name in BUDGET:
        screens.show(name, (1918, 1016))
    else:
        screens.inside(name)
    found = {(of, said) for of, said in _said(screens.window) if _untranslated(_without_own(said))}
    # Code is the same everywhere, and the menu of PyQtGraph is never opened.
    found = {(of, said) for of, said in found if of != "codeView" and "Export" not in said}
    assert not found, "\n".join(f"{of}: {said}" for of, said in sorted(found))


#: Sizes of the window, and that of the text: 18 pixels are those of 9 points at 144 dpi.
SIZES = [((1022, 664), 1.0), ((1366, 728), 1.0), ((1918, 1016), 1.0), ((1362, 704), 18 / 13)]


def check_cut(window):
    """Look for texts that are cut; one that has just come gets its room with the next layout."""
    cut = [str(text) for text in seen.texts(window) if text.is_cut]
    assert not cut, cut


@pytest.mark.parametrize("section", [kind.name for kind in SECTIONS])
@pytest.mark.parametrize(("size", "scale"), SIZES)
def test_nothing_of_a_section_is_cut(section, size, scale, screens, qtbot):
    screens.window.resize(*size)
    view = screens.inside(section)
    turn = view.guide.show_button

    def is_placed():
        bottom = turn.mapTo(screens.window, QPoint(0, turn.height())).y()
        return view.views.horizontalScrollBar().maximum() == 0 and bottom <= size[1]

    qtbot.waitUntil(is_placed)
    # The answer is not written over the drawing.
    assert view.card.height() >= view.card.sizeHint().height()
    qtbot.waitUntil(partial(check_cut, screens.window))
    if size == (1366, 728):
        assert view.views.verticalScrollBar().maximum() == 0


def test_a_section_scrolls_no_further_than_it_needs_itself(screens):
    screens.window.resize(1022, 664)
    screens.inside("results")
    view = screens.inside("map")
    assert view.stack.heightForWidth(700) == view.section.heightForWidth(700)


def places_at_rest(window, bar, qtbot):
    """Return where all parts are but the message, when no answer has moved them for a while."""
    found = []

    def are_still():
        shown = [part for part in window.findChildren(QWidget) if part.isVisible()]
        # What was told before, here of the made-up network, gives its place to the message.
        parts = [part for part in shown if part is not bar and not bar.isAncestorOf(part)]
        places = [(part, QRect(part.mapTo(window, QPoint()), part.size())) for part in parts]
        found[:] = [*found, places] if not found or found[-1] == places else [places]
        return len(found) == 40

    qtbot.waitUntil(are_still, timeout=60_000)
    return found[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("size", "scale"), [SIZES[1], SIZES[3]])
def test_a_message_moves_nothing(size, scale, screens, qtbot):
    window, bar = screens.window, screens.window.toast
    window.resize(*size)
    screens.new_run()
    for index in range(window.navigation.tabs.count()):
        window.navigation.tabs.setCurrentIndex(index)
        before = places_at_rest(window, bar, qtbot)
        for sentence in ("Saved.", "The folder holds no digits. " * 12):
            Notifier().undo(sentence, list)
            seen.settle()
            for part, place in before:
                now = QRect(part.mapTo(window, QPoint()), part.size())
                assert now == place, part.objectName()
            check_message(window)
            # The tabs stay within reach.
            tab_bar = window.navigation.tabs.tabBar()
            tabs = QRect(tab_bar.mapTo(window, QPoint()), tab_bar.size())
            assert not tabs.intersects(bar.geometry())
            assert bar.rect().contains(bar.close_button.geometry())
            bar.clear()


def check_message(window):
    bar = window.toast
    assert window.rect().contains(bar.geometry())
    assert bar.label.height() >= bar.label.heightForWidth(bar.label.width())


@pytest.mark.parametrize("high", [700, 768])
def test_the_words_of_the_guide_have_room_in_low_windows(high, screens):
    view, window = screens.inside("network"), screens.window
    window.resize(1366, high)
    view.show_guide(True)
    for step in guide():
        view.guide.show_step(step.number)
        seen.settle()
        assert view.guide.words.verticalScrollBar().maximum() == 0, step.number
    # Where the whole guide is read in its place, the example does not move.
    top = view.card.y()
    view.show_page()
    seen.settle()
    assert view.card.y() == top
    view.close_page()


@pytest.mark.parametrize("name", BUDGET)
def test_a_message_covers_no_control(name, screens):
    screens.show(name, (1022, 664))
    Notifier().undo("The digit 3 was deleted.", list)
    seen.settle()
    window, place = screens.window, screens.window.toast.geometry()
    for stop in seen.stops(window):
        if isinstance(stop, QAbstractButton | QComboBox) and not window.toast.isAncestorOf(stop):
            shown = stop.visibleRegion().boundingRect()
            assert not place.intersects(shown.translated(stop.mapTo(window, QPoint())))
    view = window.inside_tab.view
    if view is not None and view.isVisible():
        # Neither the guide nor a legend.
        for part in (view.guide, view.pages):
            assert not place.intersects(QRect(part.mapTo(window, QPoint()), part.size()))


def test_a_screen_that_is_too_small_for_the_pages_is_not_left(screens):
    # Smaller than one of 1080 lines at 200%.
    window = screens.window
    window.resize(500, 300)
    seen.settle()
    assert (window.width(), window.height()) == (500, 300)
    room = window.centralWidget()
    bars = room.horizontalScrollBar(), room.verticalScrollBar()
    assert any(bar.maximum() > 0 for bar in bars)
    window.resize(1600, 1000)
    seen.settle()
    assert all(bar.maximum() == 0 for bar in bars)


def sizes(window):
    """Return the size of each widget that stays to be seen, by its place among the others."""

    def walk(parent, path):
        parts = [part for part in parent.children() if isinstance(part, QWidget)]
        for place, part in enumerate(parts):
            timed = isinstance(part, ClickShield)
            if part.isVisible() and not part.isWindow() and not timed:
                here = (*path, (part.objectName() or type(part).__name__, place))
                found[here] = QRect(part.geometry())
                walk(part, here)

    found = {}
    seen.settle()
    walk(window, ())
    return found


@pytest.mark.slow
def test_a_text_size_takes_effect_at_once_as_after_a_new_start(qtbot):
    """What is enlarged live has the sizes of a window that was made with this text size."""
    found = []
    for percent in (100, 150):
        preferences = Preferences()
        preferences.set("text_size", percent)
        window = Window(preferences, Answering(model))
        window.show()
        window.resize(1600, 1000)
        for page in window.navigation.pages[:2]:
            window.navigation.tabs.setCurrentWidget(page)
            seen.settle()
        theme.theme().resize_text(1.5)
        found.append(sizes(window))
        window.close()
        assert running.shut_down()
        sip.delete(window)
    live, fresh = found
    assert {path: live.get(path) for path in fresh} == fresh
