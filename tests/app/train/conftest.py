"""A Train tab for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ..fakes import Loop, Notices
from .room import MakeRoom, Room


@pytest.fixture
def make(qtbot: QtBot, notices: Notices) -> Iterator[MakeRoom]:
    """Return what makes rooms, which are closed at the end."""
    made: list[Room] = []

    def build(loop: Loop | None = None) -> Room:
        made.append(Room(qtbot, notices, loop))
        return made[-1]

    yield build
    for room in made:
        room.close()
