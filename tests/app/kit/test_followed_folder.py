"""A folder that a list follows: read when asked to, and again when something has changed."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QObject

from mnist_draw.app.kit import collection
from mnist_draw.app.kit.collection import FollowedFolder
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.errors import UserError


class Setup:
    """A folder as it is, what was heard of it, and whether its list is in view."""

    def __init__(self):
        self.owner = QObject()
        self.background = Background(self.owner)
        self.files: tuple[str, ...] = ("a",)
        self.failing, self.in_view = False, True
        self.heard: list[tuple[str, tuple[str, ...]]] = []
        self.folder = FollowedFolder(
            self.background, lambda: self.files, self.read, lambda: self.in_view, self.owner
        )
        self.folder.listed.connect(lambda found: self.heard.append(("listed", found)))
        self.folder.changed.connect(lambda found: self.heard.append(("changed", found)))

    def read(self):
        if self.failing:
            raise UserError("The folder cannot be read.")
        return self.files


@pytest.fixture
def setup(qtbot, monkeypatch):
    monkeypatch.setattr(collection, "FOLLOW_MS", 10)
    made = Setup()
    yield made
    made.folder.deleteLater()
    assert made.background.wait()


def test_what_changes_is_read_again_while_it_is_in_view(setup, qtbot):
    setup.folder.refresh()
    qtbot.waitUntil(lambda: setup.heard == [("listed", ("a",))])
    qtbot.wait(100)
    assert len(setup.heard) == 1
    setup.files = ("a", "b")
    qtbot.waitUntil(lambda: setup.heard[1:] == [("changed", ("a", "b"))])
    setup.in_view, setup.files = False, ()
    qtbot.wait(100)
    assert len(setup.heard) == 2
    setup.in_view = True
    qtbot.waitUntil(lambda: setup.heard[2:] == [("changed", ())])


def test_a_failure_is_told_once_and_the_folder_is_followed_on(setup, qtbot):
    told = []
    reporter.listen(told.append)
    setup.failing = True
    setup.folder.refresh()
    qtbot.waitUntil(lambda: told == ["The folder cannot be read."])
    qtbot.wait(100)
    # Looking again is nothing that was asked for.
    assert len(told) == 1
    setup.failing = False
    qtbot.waitUntil(lambda: setup.heard == [("changed", ("a",))])
