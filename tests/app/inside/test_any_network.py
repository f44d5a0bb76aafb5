"""Each network of public Lasagne programs is opened in the window, reads, and is looked into."""

import sys
from functools import partial

import lasagne
import numpy as np
import pytest
from lasagne.nonlinearities import linear
from pen_drawing import DIGITS as STROKES
from pytestqt.qtbot import QtBot
from qtpy import sip

import mnist_draw
from mnist_draw.app.draw.board_items import BOARD
from mnist_draw.app.inside.inside_view import SECTIONS
from mnist_draw.app.kit.threads import running
from mnist_draw.app.shell.window import Window
from mnist_draw.storage.preferences import Preferences
from tests.networks.test_lasagne_layers import NETWORKS, filled

from .. import seen
from ..seen import wait_for_threads

#: Words that a section of a network with data shows, at least.
LEAST = 15


@pytest.fixture(scope="module")
def few_digits(digits):
    """Let all sections look at few pictures of MNIST."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            is_asking = name.startswith("mnist_draw.") and hasattr(module, "load_dataset")
            if is_asking and not name.startswith("mnist_draw.dataset"):
                usual = module.load_dataset
                patch.setattr(
                    module,
                    "load_dataset",
                    lambda folder=None, *more, usual=usual: (
                        digits if folder is None else usual(folder, *more)
                    ),
                )
        yield


def draw_three(canvas):
    for stroke in STROKES[3]:
        canvas.add_stroke([(BOARD * (0.3 + 0.5 * x), BOARD * (0.2 + 0.5 * y)) for x, y in stroke])


def words_of(section):
    found = (text for text in seen.texts(section.window()) if section.isAncestorOf(text.widget))
    return [word for text in found for word in seen.WORD.findall(text.text)]


def is_full(section):
    return len(words_of(section)) >= LEAST


def logits_of(network, picture):
    """Compute the sums of the output by Lasagne alone."""
    network.nonlinearity = linear
    first = lasagne.layers.get_all_layers(network)[0]
    predict = lasagne.layers.get_output(network, deterministic=True)
    return predict.eval({first.input_var: picture.reshape(-1, *first.shape[1:])})


@pytest.fixture(scope="module")
def window(qapp, few_digits, request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DRAW_HOME", str(tmp_path_factory.mktemp("home")))
        made = Window(Preferences())
        made.resize(1366, 728)
        with QtBot(request).waitSignal(made.recognition.ready):
            made.show()
            made.start()
        yield made
        made.training.stop()
        made.close()
        assert running.shut_down()
        sip.delete(made)


def check_budget(window, section, most_words, most_stops):
    """Count words and stops; what is still being computed may show a link to stop it."""
    window.toast.clear()
    words = [] if most_words is None else seen.words(window)
    assert len(words) <= (most_words or 0), (section, " ".join(words))
    stops = [stop.objectName() for stop in seen.stops(window)]
    assert len(stops) <= most_stops, (section, stops)


@pytest.mark.slow
@pytest.mark.window
@pytest.mark.parametrize("text", NETWORKS)
def test_it_is_opened_reads_a_drawing_and_fills_every_section(text, window, qtbot, tmp_path):
    path = tmp_path / "own.npz"
    mnist_draw.save_network(path, filled(NETWORKS[text]()))
    window.open_files([str(path)])
    qtbot.waitUntil(lambda: window.state.model.network == text)
    with qtbot.waitSignal(window.recognition.answered):
        draw_three(window.draw_tab.canvas)
    window.navigation.show_page("inside")
    view = window.inside_tab.open()
    problems = []
    for section in SECTIONS:
        view.open_section(section.name)
        view.section.problem.connect(problems.append)
        for has_details, most_words, most_stops in ((False, 65, 16), (True, 110, 26)):
            view.show_details(has_details)
            qtbot.waitUntil(lambda: is_full(view.section) or bool(problems))
            wait_for_threads(qtbot)
            # Names of classes count as words, digits do not.
            words = None if "#" in text else most_words
            # Where data are not known there is a link to try again.
            stops = most_stops + bool(problems)
            qtbot.waitUntil(partial(check_budget, window, section.name, words, stops))
        # What has another number of classes than digits has no data.
        assert [problem for problem in problems if "neither" not in problem] == []
        assert not problems or "#" in text
        problems.clear()
    view.open_section("network")
    network = view.section.network
    qtbot.waitUntil(
        lambda: network.frame is not None and network.frame.question.model.network == text,
    )
    expected = logits_of(mnist_draw.load_network(path), network.frame.picture)
    np.testing.assert_allclose(network.frame.passed.logits[:1], expected, rtol=1e-5, atol=1e-5)
    window.draw_tab.canvas.clear()
    window.draw_tab.autosave.save()
    assert window.draw_tab.background.wait()
