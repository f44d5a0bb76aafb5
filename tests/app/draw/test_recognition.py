"""Recognition beside the window: newest ink, networks swapped in, errors in words."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from mnist_draw.app.draw import recognition as module
from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.errors import UserError

from .. import fakes

INK = np.full((300, 300), 255, np.uint8)


class Heard:
    """A recognition without a thread, started, and what it said."""

    def __init__(self, **options):
        self.recognition = fakes.Answering(**options)
        self.made = self.recognition.made
        self.answers: list[tuple[str, int]] = []
        self.models: list[Any] = []
        self.failures: list[str] = []
        self.recognition.answered.connect(
            lambda said: self.answers.append((said.answer.text, said.ticket))
        )
        self.recognition.ready.connect(self.models.append)
        self.recognition.failed.connect(self.failures.append)
        self.recognition.start()


def test_answers_to_ink(qapp):
    heard = Heard()
    heard.recognition.post_ink(INK, 1)
    assert heard.answers == [("1", 1)]
    assert len(heard.models) == 1


def test_a_network_of_the_same_kind_swaps_parameters_and_answers_again(qapp):
    heard = Heard()
    heard.recognition.post_ink(INK, 7)
    heard.recognition.post_model(fakes.model(fill=2.0))
    assert len(heard.made) == 1
    assert heard.made[0].parameters[0][0, 0] == 2.0
    assert [ticket for _, ticket in heard.answers] == [7, 7]


def test_another_kind_of_network_gets_a_new_recogniser_and_its_own_function(qapp):
    heard = Heard()
    heard.recognition.post_model(type(fakes.model())("cnn", fakes.model().parameters))
    assert len(heard.made) == 2
    heard.recognition.post_compiled(("mlp", fakes.model()))
    assert [recogniser.compiled for recogniser in heard.made] == [None, None]
    heard.recognition.post_compiled(("cnn", fakes.model()))
    assert heard.made[1].compiled is not None


def test_no_network_is_told_in_words_and_a_trained_one_helps(qapp):
    def none():
        raise UserError("No network ships with this copy.")

    heard = Heard(first=none)
    heard.recognition.post_ink(INK, 1)
    assert heard.failures == ["No network ships with this copy."]
    assert heard.answers == []
    heard.recognition.post_model(fakes.model())
    assert heard.answers == [("1", 1)]


def test_a_defect_is_told_and_the_next_ink_answered(qapp):
    class Broken(fakes.Recogniser):
        def recognise_ink(self, ink, strokes=None):
            if not self.inks:
                self.inks.append(ink)
                raise ZeroDivisionError("a defect")
            return super().recognise_ink(ink)

    heard = Heard(make=Broken)
    heard.recognition.post_ink(INK, 1)
    assert "ZeroDivisionError" in heard.failures[0]
    heard.recognition.post_ink(INK, 2)
    assert heard.answers == [("2", 2)]


def test_a_function_is_compiled_once_when_nothing_was_drawn_for_a_moment(qtbot, monkeypatch):
    monkeypatch.setattr(module, "_QUIET", 0.05)
    made: list[fakes.Recogniser] = []
    compiled: list[Any] = []

    def compile_function(model):
        assert threading.current_thread() is not threading.main_thread()
        assert made[0].inks
        compiled.append(model)
        return model

    recognition = Recognition(
        fakes.model, None, lambda m: made.append(fakes.Recogniser(m)) or made[-1], compile_function
    )
    recognition.post_ink(INK, 1)
    with qtbot.waitSignal(recognition.ready):
        recognition.start()
    qtbot.waitUntil(lambda: made[0].compiled is not None, timeout=5000)
    # The same architecture needs no other function.
    recognition.post_model(fakes.model(fill=2.0))
    qtbot.wait(100)
    assert recognition.close()
    assert len(compiled) == 1
    assert made[0].compiled is compiled[0]


def test_in_its_thread_only_the_newest_ink_is_answered(qtbot):
    entered, go = threading.Event(), threading.Event()

    class Slow(fakes.Recogniser):
        def recognise_ink(self, ink, strokes=None):
            entered.set()
            assert threading.current_thread() is not threading.main_thread()
            assert go.wait(10)
            return super().recognise_ink(ink)

    recognition = Recognition(fakes.model, None, Slow)
    heard: list[int] = []
    recognition.answered.connect(lambda reading: heard.append(reading.ticket))
    with qtbot.waitSignal(recognition.ready):
        recognition.start()
    recognition.post_ink(INK, 0)
    assert entered.wait(10)
    for ticket in range(1, 20):
        recognition.post_ink(INK, ticket)
    go.set()
    qtbot.waitUntil(lambda: 19 in heard)
    assert recognition.close()
    assert heard == [0, 19]
