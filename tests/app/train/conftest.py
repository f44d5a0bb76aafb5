"""A Train tab for each test that asks for one."""

from __future__ import annotations

import pytest

from .room import Room


@pytest.fixture
def make(qtbot, notices):
    """Return what makes rooms, which are closed at the end."""
    made: list[Room] = []

    def build(loop=None):
        made.append(Room(qtbot, notices, loop))
        return made[-1]

    yield build
    for room in made:
        room.close()
