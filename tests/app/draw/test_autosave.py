"""The board is there again at the next start, whatever happened to its file."""

import errno
import json
import os
from typing import ClassVar

import full_disk
import numpy as np
import pytest
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QApplication

from mnist_draw.app.draw import autosave
from mnist_draw.app.draw.autosave import Autosave, board_path
from mnist_draw.app.draw.board_items import place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit.threads import Background
from mnist_draw.errors import reason_of

from ..fakes import Notices


class Session:
    """A board from the start of the program to its end."""

    notices: ClassVar[Notices]

    def __init__(self, qtbot, draw_first=False):
        self.qtbot = qtbot
        self.canvas = Canvas()
        qtbot.addWidget(self.canvas)
        self.canvas.resize(600, 600)
        self.canvas.show()
        self.background = Background(self.canvas)
        self.autosave = Autosave(self.canvas, self.background)
        self._from = len(self.notices)
        if draw_first:
            self.canvas.add_stroke([(50, 50), (90, 90)])
        self.autosave.start()
        qtbot.waitUntil(lambda: self.autosave.saved_items is not None)

    @property
    def told(self):
        """What was told since its start."""
        return [notice.sentence for notice in self.notices[self._from :] if not notice.action]

    @property
    def offers(self):
        """What was offered since its start."""
        return [notice for notice in self.notices[self._from :] if notice.action]

    def end(self):
        """End as the window does; return what was on the board."""
        self.autosave.finish()
        assert self.background.wait()
        return self.canvas.ink()

    def draw(self, x):
        """Draw something that is known by its place; return what is on the board."""
        self.canvas.add_stroke([(x, 100), (x, 300)])
        return self.canvas.ink()

    def show_other(self):
        """Show what another window has left; return what is then on the board."""
        before = len(self.offers)
        self.offers[-1].action()
        self.qtbot.waitUntil(lambda: len(self.offers) > before)
        return self.canvas.ink()


@pytest.fixture(autouse=True)
def shared_notices(notices, monkeypatch):
    """Let each session see what is told."""
    monkeypatch.setattr(Session, "notices", notices, raising=False)


@pytest.fixture
def two(qtbot):
    """Return two windows at a time, and what is drawn in each."""
    windows = [Session(qtbot), Session(qtbot)]
    return windows, [window.draw(100 + 300 * number) for number, window in enumerate(windows)]


def test_the_board_survives(qtbot):
    session = Session(qtbot)
    assert not session.canvas.has_ink()
    ink = np.zeros((30, 30), np.uint8)
    ink[5:25, 5:20] = 120
    session.canvas.show_items([place_ink(ink)])
    session.canvas.add_stroke([(100, 100), (300, 500)])
    session.canvas.begin(QPointF(10, 10), erase=True)
    session.canvas.extend(QPointF(200, 200))
    session.canvas.end()
    before = session.end()
    again = Session(qtbot)
    assert np.abs(again.canvas.ink().astype(int) - before).max() <= 3
    assert not again.canvas.drawing.can_undo
    assert len(again.canvas.drawing.items) == 3
    again.end()
    again.canvas.clear()
    again.end()
    assert not Session(qtbot).canvas.has_ink()


def test_it_is_written_soon_after_a_change_but_not_while_the_pen_is_down(qtbot, monkeypatch):
    monkeypatch.setattr(autosave, "_DELAY_MS", 0)
    session = Session(qtbot)
    session.canvas.begin(QPointF(100, 100), erase=False)
    for _ in range(3):
        QApplication.processEvents()
    assert not board_path().exists()
    session.canvas.extend(QPointF(200, 200))
    session.canvas.end()
    qtbot.waitUntil(board_path().exists)
    assert session.background.wait()
    assert len(json.loads(board_path().read_bytes())["items"][0]["stroke"]) == 2


def test_nothing_is_written_when_nothing_changed(qtbot):
    session = Session(qtbot)
    session.canvas.add_stroke([(100, 100)])
    session.end()
    written = board_path().stat().st_mtime_ns
    os.utime(board_path(), ns=(written - 10**9, written - 10**9))
    Session(qtbot).end()
    assert board_path().stat().st_mtime_ns == written - 10**9


NEWER = b'{"format": "mnist_draw drawing", "version": 99, "items": []}'


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"format": 3}', b"\xff\xfe\x00", NEWER])
def test_a_damaged_file_or_a_newer_programs_is_put_aside(qtbot, content):
    board_path().write_bytes(content)
    session = Session(qtbot)
    (sentence,) = session.told
    assert "board.json.unreadable-" in sentence
    assert sentence.count("annot be shown") == 1
    assert ("newer program" in sentence) == (content == NEWER)
    assert not board_path().exists()
    aside = list(board_path().parent.glob("board.json.unreadable-*"))
    assert [path.read_bytes() for path in aside] == [content]
    session.canvas.add_stroke([(100, 100)])
    session.end()
    assert Session(qtbot).canvas.has_ink()


def test_what_is_drawn_before_the_board_is_back_stays(qtbot):
    session = Session(qtbot)
    session.canvas.add_stroke([(400, 400)])
    old = session.end()
    late = Session(qtbot, draw_first=True)
    assert late.canvas.ink()[25:45, 25:45].any()
    assert not late.canvas.ink()[190:210, 190:210].any()
    late.canvas.undo()
    late.canvas.undo()
    assert np.array_equal(late.canvas.ink(), old)
    late.end()


def test_a_full_disk_is_told_once_and_tried_again(qtbot, monkeypatch):
    session = Session(qtbot)
    synchronise = os.fsync
    monkeypatch.setattr(os, "fsync", full_disk.refuse_bytes)
    for x in (100, 200):
        session.canvas.add_stroke([(x, 100)])
        session.autosave.save()
        assert session.background.wait()
    qtbot.waitUntil(lambda: bool(session.told))
    assert len(session.told) == 1
    assert reason_of(OSError(errno.ENOSPC, "")) in session.told[0]
    assert "on the board" in session.told[0]
    monkeypatch.setattr(os, "fsync", synchronise)
    drawn = session.end()
    assert np.array_equal(Session(qtbot).canvas.ink(), drawn)


def test_a_folder_in_place_of_the_file(qtbot, own_home):
    board_path().mkdir()
    session = Session(qtbot)
    assert len(session.told) == 1
    session.canvas.add_stroke([(100, 100)])
    session.end()


@pytest.mark.parametrize("first_closes_first", [True, False])
@pytest.mark.parametrize("killed", [True, False])
def test_of_two_windows_neither_drawing_is_lost(qtbot, two, first_closes_first, killed):
    windows, drawn = two
    for window in windows if first_closes_first else windows[::-1]:
        if killed:
            window.autosave.save()
            assert window.background.wait()
            # As the system does where a program has gone.
            window.autosave._files.release()
        else:
            window.end()
    newest, other = drawn[::-1] if first_closes_first else drawn
    again = Session(qtbot)
    assert np.array_equal(again.canvas.ink(), newest)
    assert "another window" in again.offers[0].sentence.lower()
    assert again.offers[0].button == "Show"
    # Looked at in turn, however often: both stay, and the next start begins with the last.
    assert np.array_equal(again.show_other(), other)
    assert np.array_equal(again.show_other(), newest)
    assert np.array_equal(again.show_other(), other)
    again.end()
    last = Session(qtbot)
    assert np.array_equal(last.canvas.ink(), other)
    assert np.array_equal(last.show_other(), newest)
    # What is cleared is not kept for ever.
    last.canvas.clear()
    last.end()
    after = Session(qtbot)
    assert not after.canvas.has_ink()
    assert np.array_equal(after.show_other(), other)
    after.end()
    assert Session(qtbot).offers == []


def test_a_window_beside_another_begins_with_an_empty_board(qtbot):
    first = Session(qtbot)
    first.draw(100)
    first.autosave.save()
    assert first.background.wait()
    second = Session(qtbot)
    assert not second.canvas.has_ink()
    assert second.offers == []
    second.end()
    first.end()


def test_a_drawing_that_another_window_shows_by_now_is_left_to_it(qtbot, two):
    windows, drawn = two
    for window in windows:
        window.end()
    left, right = Session(qtbot), Session(qtbot)
    assert np.array_equal(left.canvas.ink(), drawn[1])
    assert np.array_equal(right.canvas.ink(), drawn[0])
    left.offers[0].action()
    qtbot.waitUntil(lambda: bool(left.told))
    assert "another window" in left.told[0]
    assert np.array_equal(left.end(), drawn[1])
    right.end()


def test_what_is_drawn_while_another_drawing_is_read_comes_back_with_undo(qtbot, two):
    for window in two[0]:
        window.end()
    again = Session(qtbot)
    again.offers[0].action()
    drawn = again.draw(250)
    qtbot.waitUntil(lambda: len(again.offers) == 2)
    assert np.array_equal(again.canvas.ink(), two[1][0])
    again.canvas.undo()
    assert np.array_equal(again.end(), drawn)
    assert np.array_equal(Session(qtbot).canvas.ink(), drawn)


def test_a_window_that_does_not_close_after_all_writes_again(qtbot):
    first = Session(qtbot)
    first.draw(100)
    first.end()
    second = Session(qtbot)
    second.draw(250)
    drawn = first.draw(400)
    first.end()
    mine = second.end()
    again = Session(qtbot)
    assert np.array_equal(again.canvas.ink(), mine)
    assert np.array_equal(again.show_other(), drawn)
    again.end()
