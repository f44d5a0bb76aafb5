"""Threads: what passes between them, work that outlives its owner, and the one end of all."""

from __future__ import annotations

import gc
import threading
import weakref

from PyQt5 import sip
from PyQt5.QtCore import QObject, QThread, pyqtSlot

from mnist_draw.app.kit import threads as threads_module
from mnist_draw.app.kit.threads import (
    Background,
    LatestValue,
    Registry,
    WorkerThread,
    running,
)
from mnist_draw.errors import UserError


def test_only_the_newest_value_is_held():
    box: LatestValue[int] = LatestValue()
    for number in range(3):
        box.put(number)
    assert box.is_full
    assert (box.take(), box.take(), box.is_full) == (2, None, False)


def test_work_that_waits_is_done_when_its_owner_is_gone(qapp):
    owner, go = QObject(), threading.Event()
    background = Background(owner)
    done: list[str] = []
    told: list[object] = []
    background.run(lambda: go.wait(10), told.append)
    background.run(lambda: done.append("the drawing is written"), told.append)
    sip.delete(owner)
    go.set()
    assert background.wait()
    qapp.processEvents()
    assert done == ["the drawing is written"]
    assert not told


def test_results_come_in_order_in_the_gui_thread(qtbot):
    background = Background(QObject())
    results: list[tuple[int, bool]] = []

    def note(number):
        results.append((number, threading.current_thread() is threading.main_thread()))

    for n in range(3):
        background.run(lambda n=n: n, note)
    qtbot.waitUntil(lambda: len(results) == 3)
    assert results == [(0, True), (1, True), (2, True)]


def test_an_error_goes_to_whoever_asked_and_the_rest_is_done(qtbot):
    background = Background(QObject())
    heard: list[str] = []

    def broken():
        raise UserError("The disk is full.")

    background.run(broken, heard.append, lambda error: heard.append(str(error)))
    background.run(lambda: "next", heard.append)
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard == ["The disk is full.", "next"]


def test_one_piece_after_the_other_is_done_in_one_thread(qapp):
    # Whoever asks for the next piece, the window, need not wait until a thread has begun to run.
    background = Background()
    threads: list[threading.Thread] = []
    for _ in range(3):
        background.run(lambda: threads.append(threading.current_thread()))
        assert background.wait()
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0].is_alive()


def test_a_thread_that_waits_for_more_keeps_no_owner(qtbot, monkeypatch):
    monkeypatch.setattr(threads_module, "_LINGER_S", 10.0)
    owner = QObject()
    gone = weakref.ref(owner)
    background = Background(owner)
    told: list[object] = []
    background.run(threading.current_thread, told.append)
    qtbot.waitUntil(lambda: len(told) == 1)
    assert background.wait()
    del owner, background
    qtbot.waitUntil(lambda: gc.collect() >= 0 and gone() is None)
    assert isinstance(told[0], threading.Thread)
    assert told[0].is_alive()


def test_a_thread_ends_when_nothing_more_is_asked(qapp, monkeypatch):
    monkeypatch.setattr(threads_module, "_LINGER_S", 0.01)
    background = Background()
    threads: list[threading.Thread] = []
    for number in range(2):
        background.run(lambda: threads.append(threading.current_thread()))
        assert background.wait()
        threads[number].join(10)
        assert not threads[number].is_alive()


class Worker(QObject):
    """Notes the thread it is called in."""

    def __init__(self):
        super().__init__()
        self.threads: list[QThread | None] = []
        self.begun, self.go = threading.Event(), threading.Event()

    @pyqtSlot()
    def begin(self):
        """Wait until it is let go."""
        self.threads.append(QThread.currentThread())
        self.begun.set()
        self.go.wait(10)


def test_a_worker_lives_in_its_thread_until_it_is_asked_to_end(qtbot):
    worker = Worker()
    thread = WorkerThread("test", worker, worker.begin, worker.go.set)
    ended: list[bool] = []
    thread.ended.connect(lambda: ended.append(True))
    thread.start()
    assert worker.begun.wait(10)
    assert not thread.wait(0.0)
    assert thread.stop()
    qtbot.wait(1)
    assert ended == [True]
    assert worker.threads[0] is not QThread.currentThread()


def test_a_thread_may_end_after_its_owner_is_gone(qtbot):
    owner, worker = QObject(), Worker()
    thread = WorkerThread("test", worker, worker.begin, worker.go.set, owner)
    thread.start()
    assert worker.begun.wait(10)
    assert not thread.wait(0.0)
    sip.delete(owner)
    assert running.shut_down()


def test_the_registry_ends_all_with_one_deadline(qapp):
    waits: list[float] = []
    asked: list[str] = []

    class Slow:
        def ask_to_end(self):
            asked.append("asked")

        def wait(self, seconds):
            assert len(asked) == 2
            waits.append(seconds)
            return len(waits) > 1

    registry = Registry()
    for thread in (Slow(), Slow()):
        registry.add(thread)
    assert not registry.shut_down(5.0)
    assert 5.0 >= waits[0] >= waits[1] >= 0.0


def test_threads_are_listed_while_they_run(qapp):
    worker, done = Worker(), threading.Event()
    background = Background()
    thread = WorkerThread("test", worker, worker.begin, worker.go.set)
    thread.start()
    background.run(done.set)
    assert running.shut_down()
    assert done.is_set()
    assert not thread._thread.isRunning()
