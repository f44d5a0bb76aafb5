"""What nobody needs now goes back to the system, and nothing is lost by it."""

import gc
import re
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest
from qtpy import sip
from qtpy.QtCore import QTimer

from mnist_draw.app.shell import memory

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


def resident_kb(name):
    """Return how much of a library's file lies in the memory of this process."""
    total, counts = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counts = name in line
        elif counts and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def release(**what):
    thread = memory.release_memory(**what)
    if thread is None:
        pytest.skip("another C library than GNU's")
    thread.join()


@linux_only
def test_the_compiler_leaves_the_memory_and_comes_back():
    llvm = pytest.importorskip("llvmlite.binding")
    assembly = "define i32 @f(i32 %x) {\n  %y = add i32 %x, 2\n  ret i32 %y\n}"
    llvm.parse_assembly(assembly).verify()
    # Only what equals the file goes: the loader has written addresses into a part of it.
    maps = Path("/proc/self/maps").read_text().splitlines()
    of_file = [m for m in maps if "libllvmlite" in m and re.search(r" (r--p|r-xp) ", m)]
    assert 0 < len(memory.unchanged_parts("libllvmlite")) < len(of_file)
    before = resident_kb("libllvmlite")
    release(compiler=True)
    assert resident_kb("libllvmlite") < before / 3
    module = llvm.parse_assembly(assembly)
    module.verify()
    assert "add i32" in str(module)


@linux_only
def test_blocks_that_were_freed_leave_the_memory():
    # More than is mapped by itself, and smaller ones that keep their place between them.
    blocks = [bytearray(100_000) for _ in range(400)]
    kept = blocks[::2]
    del blocks[::2], blocks
    before = resident_kb("[heap]")
    release()
    assert resident_kb("[heap]") < before - 10_000
    assert not any(map(any, kept))


class Ring:
    """Holds itself, so that only the collector frees it."""

    def __init__(self, freed):
        self.itself = self
        weakref.finalize(self, lambda: freed.append(threading.current_thread().name))


def make_garbage(freed, count):
    for _ in range(count):
        Ring(freed)


@pytest.fixture
def collector(qapp, monkeypatch):
    monkeypatch.setattr(memory, "_QUIET_MS", 0)
    made = memory.GuiThreadGarbageCollector()
    yield made
    sip.delete(made)


def test_what_other_threads_leave_is_freed_in_the_windows_thread(collector, qtbot):
    freed: list[str] = []
    thread = threading.Thread(target=make_garbage, args=(freed, 20_000))
    thread.start()
    thread.join()
    assert not freed
    qtbot.waitUntil(lambda: len(freed) > 19_000)
    assert set(freed) == {threading.main_thread().name}


def test_memory_goes_back_once_when_the_window_is_quiet_after_work(collector, qtbot, monkeypatch):
    given: list[dict[str, bool]] = []
    spent = [time.process_time()]
    monkeypatch.setattr(memory, "release_memory", lambda **what: given.append(what))
    monkeypatch.setattr(memory.time, "process_time", lambda: spent[0])
    qtbot.waitUntil(lambda: given == [{"compiler": True}])
    # Less than what giving back takes itself is no work.
    spent[0] += 0.1
    collector.collect()
    assert not collector.findChild(QTimer).isActive()
    spent[0] += 1.0
    collector.collect()
    assert given == [{"compiler": True}]
    qtbot.waitUntil(lambda: given == [{"compiler": True}] * 2)
    assert not collector.findChild(QTimer).isActive()
    # A training has no quiet moment.
    spent[0] += 10.0
    collector.collect()
    assert given == [{"compiler": True}] * 3


@pytest.fixture
def looked():
    """Note the generations that are looked at."""
    noted: list[int] = []
    gc.callbacks.append(lambda phase, about: noted.append(about["generation"]))
    yield noted
    gc.callbacks.pop()


def test_the_oldest_objects_are_looked_at_seldom(collector, looked):
    kept: list[list[object]] = []
    for _ in range(200):
        kept += [[] for _ in range(gc.get_threshold()[0] + 100)]
        collector.collect()
    assert looked.count(0) > looked.count(1) > looked.count(2) > 0


def test_the_oldest_objects_are_looked_at_at_last(collector, looked, monkeypatch):
    kept = [[] for _ in range(gc.get_threshold()[0] + 100)]
    collector.collect()
    kept += [[] for _ in range(gc.get_threshold()[0] + 100)]
    later = time.monotonic() + 1000.0
    monkeypatch.setattr(memory.time, "monotonic", lambda: later)
    collector.collect()
    assert set(looked[:-2]) == {0}
    assert looked[-1] == 2
