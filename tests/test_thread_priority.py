"""Threads whose priority is below that of the window's."""

import os
import sys
import threading

import pytest

from mnist_draw import thread_priority


def _in_thread(work):
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


def _lower():
    thread_priority.lower()
    return thread_priority.is_lowered()


def test_a_thread_is_lowered_alone_even_where_the_system_refuses(monkeypatch):
    assert _in_thread(_lower)
    assert not _in_thread(thread_priority.is_lowered)
    # The main thread stays as it is.
    thread_priority.lower()
    assert not thread_priority.is_lowered()

    def refuse(niceness):
        raise PermissionError

    monkeypatch.setattr(thread_priority, "lower_thread", refuse)
    assert _in_thread(_lower)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be asked")
def test_the_thread_is_nicer_than_the_process():
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def work():
        thread_priority.lower()
        return niceness()

    before = niceness()
    assert _in_thread(work) == min(19, before + thread_priority.NICENESS)
    assert niceness() == before


def test_what_can_wait_waits_while_a_core_is_claimed_but_not_for_ever(monkeypatch):
    slept = []
    now = [100.0]

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(thread_priority.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(thread_priority.time, "sleep", sleep)
    monkeypatch.setattr(thread_priority, "_claimed_until", 0.0)
    thread_priority.wait_for_core()
    assert not slept
    assert not thread_priority.is_core_claimed()
    thread_priority.claim_core()
    assert thread_priority.is_core_claimed()
    thread_priority.wait_for_core()
    assert slept
    assert not thread_priority.is_core_claimed()
    monkeypatch.setattr(thread_priority, "_claimed_until", float("inf"))
    thread_priority.wait_for_core(longest=2.0)
    assert slept[-1] == pytest.approx(2.0)
