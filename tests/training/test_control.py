"""Requests to a running loop."""

from __future__ import annotations

import signal
import threading

import pytest

from mnist_draw.errors import UserError
from mnist_draw.training.control import Controls, stop_on_interrupt


def test_nothing_is_asked_at_first():
    controls = Controls()
    assert not controls.stop_requested
    assert not controls.paused
    assert controls.extra_epochs == 0
    assert controls.changes == {}
    controls.wait_while_paused()


def test_requests_are_kept():
    controls = Controls()
    controls.add_epoch()
    controls.add_epoch()
    controls.change("learning_rate", 0.25)
    controls.change("l2", 0.0)
    assert controls.extra_epochs == 2
    assert controls.changes == {"learning_rate": 0.25, "l2": 0.0}


def test_resume_takes_a_pause_back():
    controls = Controls()
    controls.pause()
    assert controls.paused
    controls.resume()
    assert not controls.paused
    controls.wait_while_paused()


def test_a_stop_is_stronger_than_a_pause():
    controls = Controls()
    controls.stop()
    controls.pause()
    assert controls.stop_requested
    assert not controls.paused
    controls.wait_while_paused()


@pytest.mark.parametrize("request_name", ["resume", "stop"])
def test_waiting_ends_when_another_thread_asks(request_name):
    controls = Controls()
    controls.pause()
    asker = threading.Timer(0.05, getattr(controls, request_name))
    asker.start()
    controls.wait_while_paused()
    asker.join()
    assert not controls.paused


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e7])
def test_a_learning_rate_out_of_range_changes_nothing(value):
    controls = Controls()
    controls.change("learning_rate", 0.5)
    with pytest.raises(UserError, match="learning rate is"):
        controls.change("learning_rate", value)
    assert controls.changes == {"learning_rate": 0.5}


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_an_l2_penalty_out_of_range_changes_nothing(value):
    controls = Controls()
    with pytest.raises(UserError, match="L2 is"):
        controls.change("l2", value)
    assert controls.changes == {}


def test_an_unknown_augmentation_changes_nothing():
    controls = Controls()
    controls.change("augmentation", "pen")
    with pytest.raises(UserError, match="There is no augmentation 'rain'"):
        controls.change("augmentation", "rain")
    assert controls.changes == {"augmentation": "pen"}


@pytest.mark.parametrize("name", ["epochs", "batch_size", "speed"])
def test_what_is_settled_when_a_run_begins_is_refused_in_words(name):
    controls = Controls()
    with pytest.raises(UserError, match=f"'{name}' cannot be changed during a run.*learning_rate"):
        controls.change(name, 2.0)
    assert controls.changes == {}


def test_a_value_of_another_kind_is_refused_in_words():
    with pytest.raises(UserError, match="learning_rate is 'fast'; it must be a number"):
        Controls().change("learning_rate", "fast")


def test_ctrl_c_asks_for_a_stop_and_a_second_one_breaks_off():
    controls = Controls()
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(controls):
        signal.raise_signal(signal.SIGINT)
        assert controls.stop_requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_signals_alone():
    before = signal.getsignal(signal.SIGINT)
    inside: list[object] = []

    def work():
        with stop_on_interrupt(Controls()):
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]


def test_a_handler_not_set_from_python_is_no_obstacle(monkeypatch):
    given: list[object] = []

    def replace(number, handler):
        given.append(handler)

    monkeypatch.setattr(signal, "signal", replace)
    with stop_on_interrupt(Controls()):
        pass
    assert len(given) == 1
    assert callable(given[0])
