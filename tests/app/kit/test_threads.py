"""Threads: the newest question wins, work outlives its owner, a folder is followed."""

import gc
import threading
import time
import weakref

import pytest
from qtpy import sip
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from mnist_draw.app.kit import files
from mnist_draw.app.kit import threads as threads_module
from mnist_draw.app.kit.files import FollowedFolder
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background, NewestOnly, Registry, Stream, running
from mnist_draw.errors import UserError


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


def test_pieces_are_done_in_order_in_one_thread_that_lingers(qtbot):
    # The next piece need not wait until a thread has begun to run.
    background = Background(QObject())
    heard, threads = [], []

    def work(number):
        threads.append(threading.current_thread())
        if number == 1:
            raise UserError("No more pieces.")
        return number

    def note(result):
        heard.append((str(result), threading.current_thread() is threading.main_thread()))

    for number in range(3):
        background.run(lambda number=number: work(number), note, note)
        assert background.wait()
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert heard == [("0", True), ("No more pieces.", True), ("2", True)]
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0].is_alive()


def test_a_thread_ends_when_nothing_more_is_asked(qapp, monkeypatch):
    monkeypatch.setattr(threads_module, "_LINGER_S", 0.01)
    background = Background()
    threads: list[threading.Thread] = []
    for number in range(2):
        background.run(lambda: threads.append(threading.current_thread()))
        assert background.wait()
        threads[number].join(10)
        assert not threads[number].is_alive()


def test_long_work_is_asked_to_end_and_waited_for_after_its_owner_is_gone(qtbot):
    owner, begun, go = QObject(), threading.Event(), threading.Event()
    background = Background(owner, leave=go.set)

    def work():
        begun.set()
        go.wait(10)

    background.run(work)
    assert begun.wait(10)
    assert not background.wait(0.0)
    sip.delete(owner)
    done = threading.Event()
    Background().run(done.set)
    assert running.shut_down()
    assert done.is_set()
    assert background.wait(0.0)


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


# -- NewestOnly and Stream


class Gate:
    """Work that waits until it is let go, and notes its questions and its thread."""

    def __init__(self):
        self.entered, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.asked: list[object] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, question):
        self.asked.append(question)
        self.threads.add(threading.current_thread())
        self.entered.release()
        assert self.go.acquire(timeout=10)
        return question


def heard(job):
    """Return a list that all of a job's signals are noted in."""
    notes: list[object] = []
    job.answered.connect(notes.append)
    if isinstance(job, Stream):
        job.finished.connect(lambda: notes.append("finished"))
    job.failed.connect(lambda sentence: notes.append(f"failed: {sentence}"))
    return notes


@pytest.mark.parametrize(("stale", "answers"), [(False, [4]), (True, [1, 4])])
def test_the_newest_question_wins(qtbot, stale, answers):
    gate, owner = Gate(), QObject()
    job = NewestOnly(gate, owner, deliver_stale=stale)
    notes, receivers = heard(job), set()
    job.answered.connect(lambda _: receivers.add(threading.current_thread()))
    for number in range(1, 5):
        job.ask(number)
        assert number > 1 or gate.entered.acquire(timeout=10)
    assert job.is_running
    gate.go.release(2)
    qtbot.waitUntil(lambda: 4 in notes)
    assert notes == answers
    assert not job.is_running
    assert gate.asked == [1, 4]
    assert len(gate.threads | receivers) == 2
    assert receivers == {threading.main_thread()}


def test_a_stream_is_delivered_until_a_newer_question_ends_it(qtbot):
    owner, closed = QObject(), threading.Event()

    def endless():
        try:
            while True:
                yield "old"
        finally:
            closed.set()

    job = Stream(parent=owner, pace=0.0)
    notes = heard(job)
    job.ask(lambda: iter(range(3)))
    qtbot.waitUntil(lambda: "finished" in notes)
    assert notes == [0, 1, 2, "finished"]
    assert not job.is_running
    job.ask(endless)
    qtbot.waitUntil(lambda: "old" in notes)
    del notes[:]
    job.ask(lambda: "new")
    qtbot.waitUntil(lambda: "finished" in notes)
    assert notes == ["new", "finished"]
    assert closed.wait(10)


def test_a_stream_pauses_while_it_is_not_watched(qtbot):
    owner = QObject()
    job = Stream(parent=owner, watched=False, pace=0.0)
    notes = heard(job)
    job.ask(lambda: iter(range(100_000)))
    assert job.wait(10)
    assert not notes
    job.watch(True)
    qtbot.waitUntil(lambda: bool(notes))
    job.watch(False)
    assert job.wait(10)
    QApplication.processEvents()
    count = len(notes)
    assert count < 100_000
    assert job.is_running
    job.watch(True)
    qtbot.waitUntil(lambda: len(notes) > count)
    assert notes == list(range(len(notes)))
    assert running.shut_down()


def test_what_was_stopped_delivers_nothing_more(qtbot):
    gate, owner = Gate(), QObject()
    job = NewestOnly(gate, owner, deliver_stale=True)
    notes = heard(job)
    job.ask(1)
    assert gate.entered.acquire(timeout=10)
    job.ask(2)
    job.stop()
    gate.go.release(2)
    assert job.wait(10)
    QApplication.processEvents()
    assert gate.asked == [1]
    assert not notes
    assert not job.is_running


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UserError("No more pieces."), "failed: No more pieces."),
        (ZeroDivisionError("x"), "failed: Something went wrong (ZeroDivisionError"),
    ],
)
def test_an_error_is_a_sentence_and_the_next_question_is_answered(qtbot, error, told):
    def work(question):
        if question == "broken":
            raise error
        return question

    owner = QObject()
    job = NewestOnly(work, owner)
    notes = heard(job)
    job.ask("broken")
    qtbot.waitUntil(lambda: bool(notes))
    assert not job.is_running
    job.ask("sound")
    qtbot.waitUntil(lambda: "sound" in notes)
    assert notes[0].startswith(told)


def test_rest_and_quiet_delay_an_answer(qtbot):
    owner, began = QObject(), list[float]()

    def work(question):
        began.append(time.monotonic())
        return question

    job = NewestOnly(work, owner, rest=0.05)
    notes = heard(job)
    job.ask(1)
    qtbot.waitUntil(lambda: 1 in notes)
    job.ask(2)
    qtbot.waitUntil(lambda: 2 in notes)
    assert began[1] - began[0] >= 0.05
    job.rest, job.quiet = 0.0, 0.05
    asked = time.monotonic()
    job.ask(3)
    job.ask(4)
    qtbot.waitUntil(lambda: 4 in notes)
    assert began[2] - asked >= 0.05
    assert 3 not in notes


def test_nothing_is_delivered_when_the_owner_is_gone(qapp):
    gate, owner = Gate(), QObject()
    job = NewestOnly(gate, owner)
    notes = heard(job)
    job.ask(1)
    assert gate.entered.acquire(timeout=10)
    sip.delete(owner)
    gate.go.release()
    for thread in gate.threads:
        thread.join(10)
        assert not thread.is_alive()
    qapp.processEvents()
    assert not notes


def test_the_thread_keeps_no_owner(qtbot):
    class Owner(QObject):
        def answer(self, question):
            return question

    owner = Owner()
    job = NewestOnly(owner.answer, owner)
    notes = heard(job)
    job.ask(1)
    qtbot.waitUntil(lambda: 1 in notes)
    assert job.wait(10)
    gone = weakref.ref(owner)
    del owner, job
    qtbot.waitUntil(lambda: gc.collect() >= 0 and gone() is None)


def test_the_end_of_the_program_gives_up_what_waits_and_a_cancelled_one_nothing_more(qtbot):
    gate, owner = Gate(), QObject()
    job = NewestOnly(gate, owner)
    notes = heard(job)
    job.ask(1)
    assert gate.entered.acquire(timeout=10)
    job.ask(2)
    assert not job.wait(0.0)
    threading.Timer(0.05, gate.go.release).start()
    assert running.shut_down()
    assert gate.asked == [1]
    # The user has cancelled the end of the session.
    gate.go.release(2)
    job.ask(3)
    qtbot.waitUntil(lambda: 3 in notes)
    assert gate.asked == [1, 3]


# -- FollowedFolder


class Setup:
    """A folder as it is, what was heard of it, and whether its list is in view."""

    def __init__(self):
        self.owner = QObject()
        self.background = Background(self.owner)
        self.files: tuple[str, ...] = ("a",)
        self.failing = False
        self.page = QWidget()
        self.page.show()
        self.heard: list[tuple[str, ...]] = []
        self.changes = 0
        self.folder = FollowedFolder(
            self.background,
            lambda: self.files,
            self.read,
            self.page,
            self.owner,
        )
        self.folder.listed.connect(self.heard.append)
        self.folder.changed.connect(self.note_change)

    def note_change(self):
        self.changes += 1

    def read(self):
        if self.failing:
            raise UserError("The folder cannot be read.")
        return self.files


@pytest.fixture
def setup(qtbot, monkeypatch):
    monkeypatch.setattr(files, "FOLLOW_MS", 10)
    made = Setup()
    yield made
    for part in (made.folder, made.page):
        if not sip.isdeleted(part):
            sip.delete(part)
    assert made.background.wait()


def look_again(setup):
    setup.folder.findChild(QTimer).timeout.emit()
    assert setup.background.wait()
    QApplication.processEvents()


def test_what_changes_is_read_again_while_it_is_in_view(setup, qtbot):
    setup.folder.refresh()
    qtbot.waitUntil(lambda: setup.heard == [("a",)])
    look_again(setup)
    assert (len(setup.heard), setup.changes) == (1, 0)
    setup.files = ("a", "b")
    qtbot.waitUntil(lambda: setup.heard[1:] == [("a", "b")])
    # No timer runs while the page is not in view.
    setup.page.hide()
    timer = setup.folder.findChild(QTimer)
    qtbot.waitUntil(lambda: not timer.isActive())
    setup.files = ()
    setup.page.show()
    setup.folder.refresh()
    qtbot.waitUntil(lambda: setup.heard[-1] == ())
    assert timer.isActive()


def test_a_folder_that_is_gone_before_its_background_hears_nothing(setup):
    """Another language rebuilds the pages while their folders are being read."""
    reading = threading.Event()
    setup.background.run(lambda: reading.wait())
    setup.folder.refresh()
    for gone in (setup.folder, setup.page):
        sip.delete(gone)
    reading.set()
    assert setup.background.wait()
    QApplication.processEvents()
    assert setup.heard == []


def test_a_failure_is_told_once_and_the_folder_is_followed_on(setup, qtbot):
    told = []
    reporter.listen(told.append)
    # What other tests have reported has waited for a listener.
    told.clear()
    setup.failing = True
    setup.folder.refresh()
    qtbot.waitUntil(lambda: told == ["The folder cannot be read."])
    look_again(setup)
    # Looking again is nothing that was asked for.
    assert len(told) == 1
    setup.failing = False
    qtbot.waitUntil(lambda: setup.heard == [("a",)])
