"""The help menu: all keys, as the commands have them, and what the program is made of."""

from __future__ import annotations

from importlib import metadata

import pytest
from PyQt5.QtWidgets import QTextBrowser, QToolButton

from mnist_draw import __version__
from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.shell.help import keys_page, libraries
from mnist_draw.app.shell.window import Window

from ..fakes import Recogniser, model

pytestmark = pytest.mark.window


@pytest.fixture
def window(qtbot):
    """Return a visible window whose services do not run."""
    made = Window(None, Recognition(model, None, Recogniser))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    yield made
    made.close()
    assert made.shut_down()


def test_every_command_with_a_key_stands_on_the_page_once(window):
    page = QTextBrowser()
    page.setHtml(keys_page(window, window.header, window.pages))
    lines = page.toPlainText().splitlines()
    commands = [command for command in window.findChildren(Command) if command.keys]
    assert len(commands) > 20
    for command in commands:
        assert command.text() in lines
        assert lines.count(command.sentence) == 1, command.text()
    # A key that no command has: that of a menu.
    assert "View" in lines
    # The pen's slider is moved by two commands, which say so themselves.
    assert [line for line in lines if line in ("[", "]", "[ and ]")] == ["[", "]"]
    assert "Last tab" not in lines


def test_the_menu_shows_keys_and_versions(window, qtbot):
    menu = window.findChild(QToolButton, "helpButton").menu()
    _, guide, keys, about = menu.actions()
    for action, words in ((keys, "Undo"), (about, __version__)):
        action.trigger()
        qtbot.waitUntil(lambda: bool(window.findChildren(QTextBrowser, "helpText")), timeout=60_000)
        (text,) = window.findChildren(QTextBrowser, "helpText")
        assert words in text.toPlainText()
        if action is keys:
            # Nobody has looked at the tab yet.
            inside = text.toPlainText().partition("In the tab Inside")[2]
            assert "One step" in inside
        text.window().close()
        qtbot.waitUntil(lambda: not window.findChildren(QTextBrowser, "helpText"))
    guide.trigger()
    assert window.tabs.currentWidget() is window.inside_tab
    view = window.inside_tab.open()
    assert view.pages.currentWidget() is view.page
    guide.trigger()
    assert view.pages.currentWidget() is not view.page


def test_help_is_about_the_tab_in_front(window, qtbot):
    this_tab = window.findChild(QToolButton, "helpButton").menu().actions()[0]
    assert this_tab.shortcut().toString() == "F1"
    for page, words in ((window.draw_tab, "Wider pen"), (window.train_tab, "curves")):
        window.tabs.setCurrentWidget(page)
        this_tab.trigger()
        (text,) = window.findChildren(QTextBrowser, "helpText")
        assert words in text.toPlainText()
        assert text.window().windowTitle() == f"The tab {page.title}"
        assert window.tabs.currentWidget() is page
        text.window().close()
        qtbot.waitUntil(lambda: not window.findChildren(QTextBrowser, "helpText"))
    window.tabs.setCurrentWidget(window.inside_tab)
    this_tab.trigger()
    view = window.inside_tab.open()
    assert view.pages.currentWidget() is view.page


def test_every_library_has_a_version_and_a_licence():
    try:
        metadata.distribution("mnist_draw")
    except metadata.PackageNotFoundError:
        pytest.skip("the program is run from its folder, and names no libraries")
    found = libraries()
    assert "PyQt5" in {name for name, _, _ in found}
    for name, version, licence in found:
        assert version, name
        assert 0 < len(licence) < 80, name
