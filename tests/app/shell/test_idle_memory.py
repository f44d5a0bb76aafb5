"""Memory goes back when the program has come to rest after work."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from mnist_draw.app.shell import heap, idle_memory
from mnist_draw.app.shell.idle_memory import IdleMemoryTrimmer


def test_memory_goes_back_once_after_work(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, bool]] = []
    now = {"time": 100.0, "spent": 10.0}
    monkeypatch.setattr(heap, "give_back", lambda **what: given.append(what))
    monkeypatch.setattr(idle_memory.time, "monotonic", lambda: now["time"])
    monkeypatch.setattr(idle_memory.time, "process_time", lambda: now["spent"])
    watcher = IdleMemoryTrimmer()
    watcher.stop()

    def pass_by(seconds: float, share: float) -> None:
        for _ in range(round(2 * seconds)):
            now["time"] += 0.5
            now["spent"] += 0.5 * share
            watcher.look()

    # A network that is compiled on a crowded processor is work, too.
    pass_by(2.0, share=0.1)
    pass_by(1.0, share=0.0)
    assert not given
    pass_by(60.0, share=0.002)
    assert given == [{"compiler": True}]
    pass_by(0.5, share=2.0)
    assert given == [{"compiler": True}]
    pass_by(10.0, share=0.0)
    assert given == [{"compiler": True}] * 2
    # A training that goes on and on.
    pass_by(idle_memory._LONG - 1, share=1.0)
    assert len(given) == 2
    pass_by(2 * idle_memory._LONG + 1.5, share=1.0)
    assert given[2:] == [{"compiler": True}] * 3
    # Somebody draws: nothing gets into the way of the answers.
    pass_by(60.0, share=0.2)
    assert len(given) == 5
