"""The window fits the screens of its users, and nothing in it moves by itself."""

import pytest
from PyQt5 import sip
from PyQt5.QtCore import QPoint, QRect
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.app.inside.inside_view import SECTIONS
from mnist_draw.app.inside.limits import limits_section
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.threads import running
from mnist_draw.app.shell.window import Window

from .. import seen
from ..fakes import Recogniser, model

pytestmark = pytest.mark.window


def _set_text(app, font):
    app.setFont(font)
    # The style sheet is made anew with other colours.
    for colours in ("dark", "light"):
        theme.theme().apply(colours)


@pytest.fixture(params=[13, 18], scope="module")
def text(request, qapp):
    """Set the interface font to the usual size, and to that of 9 points at 144 dpi."""
    before, font = qapp.font(), qapp.font()
    font.setPixelSize(request.param)
    _set_text(qapp, font)
    yield request.param
    _set_text(qapp, before)


@pytest.fixture(scope="module")
def shown(text, quick_explanations, tmp_path_factory):
    """Return a visible window whose services do not run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DRAW_HOME", str(tmp_path_factory.mktemp("home")))
        # What a section of Inside compiles would be waited for.
        patch.setattr(limits_section, "count_all", lambda *_: iter(()))
        made = Window(None, Recognition(model, None, Recogniser))
        made.show()
        yield made
        made.close()
        assert running.shut_down(60.0)
    sip.delete(made)


@pytest.fixture
def window(shown):
    """Return that window with the Draw tab in front and no message."""
    shown.tabs.setCurrentWidget(shown.draw_tab)
    yield shown
    shown.toast.clear()


def test_no_section_of_inside_is_wider_than_a_small_screen(window, text, qtbot):
    window.resize(*{13: (1022, 636), 18: (1362, 704)}[text])
    window.tabs.setCurrentWidget(window.inside_tab)
    view = window.inside_tab.open()
    for kind in SECTIONS:
        view.open_section(kind.name)

        def fits(name=kind.name):
            assert view.views.horizontalScrollBar().maximum() == 0, name

        qtbot.waitUntil(fits)
        # The answer is not written over the drawing.
        card = view.card
        assert card.height() >= card.sizeHint().height()
        if kind.name == "step" and text == 13:
            code = view.section.code.code
            assert code.height() >= code.sizeHint().height()
    # Where there is room, columns stand beside each other again.
    window.resize(1900, 1000)
    limits = view.section

    def stand_beside_each_other():
        tops = [plot.mapTo(limits, QPoint(0, 0)).y() for plot in limits.plots.values()]
        assert tops[0] == tops[1] == tops[2] < tops[3]

    qtbot.waitUntil(stand_beside_each_other)


@pytest.mark.parametrize("sentence", ["Saved.", "The folder holds no digits. " * 12])
def test_a_message_moves_nothing(window, sentence, qtbot):
    for index in range(window.tabs.count()):
        window.tabs.setCurrentIndex(index)
        qtbot.wait(200)
        seen.settle()
        parts = [part for part in window.findChildren(QWidget) if part.isVisible()]
        before = [(part, QRect(part.mapTo(window, QPoint()), part.size())) for part in parts]
        Notifier().undo(sentence, list)
        seen.settle()
        for part, place in before:
            assert QRect(part.mapTo(window, QPoint()), part.size()) == place, part.objectName()
        bar = window.toast
        assert window.rect().contains(QRect(bar.mapTo(window, QPoint()), bar.size()))
        assert bar.label.height() >= bar.label.heightForWidth(bar.label.width())
        # The tabs stay within reach.
        covered = QRect(bar.mapTo(window, QPoint()), bar.size())
        tab_bar = window.tabs.tabBar()
        assert not covered.intersects(QRect(tab_bar.mapTo(window, QPoint()), tab_bar.size()))
        button = bar.close_button
        assert bar.rect().contains(button.geometry())
        bar.clear()


@pytest.mark.parametrize("text", [13], indirect=True)
def test_a_message_is_whole_where_a_page_fills_the_screen(window):
    window.tabs.setCurrentWidget(window.inside_tab)
    Notifier().problem("The folder holds no digits. " * 6)
    for on in (True, False):
        window.inside_tab.present_requested.emit(on)
        seen.settle()
        bar = window.toast
        assert window.rect().contains(bar.geometry())
        assert bar.label.height() >= bar.label.heightForWidth(bar.label.width())


@pytest.mark.parametrize("text", [13], indirect=True)
def test_a_screen_that_is_too_small_for_the_pages_is_not_left(window):
    # Smaller than one of 1080 lines at 200 %.
    window.resize(500, 300)
    seen.settle()
    assert (window.width(), window.height()) == (500, 300)
    room = window.centralWidget()
    bars = room.horizontalScrollBar(), room.verticalScrollBar()
    assert any(bar.maximum() > 0 for bar in bars)
    window.resize(1600, 1000)
    seen.settle()
    assert all(bar.maximum() == 0 for bar in bars)
