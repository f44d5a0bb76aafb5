"""The section Network at first sight: strokes, bundles and the answer, without figures of units."""

from dataclasses import replace

import numpy as np
import pytest
from made_networks import random_model
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.app.inside.network import network_section
from mnist_draw.app.inside.network.network_section import NetworkSection
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.threads import running
from mnist_draw.recognition.certainty import REFUSED, certainty_from, format_probability

from .. import seen
from .examples import digit, label_text


@pytest.fixture
def section(qtbot, show, monkeypatch):
    """Return an active section in the plain depth that waits for nothing."""
    monkeypatch.setattr(network_section, "REST_S", 0.0)
    made = show(NetworkSection(), 1040, 590)
    made.show_details(False)
    made.set_active(True)
    yield made
    qtbot.waitUntil(running.shut_down)


def ready(section, qtbot, model, example=None):
    section.use_network(model, "")
    section.show_example(example or digit())
    qtbot.waitUntil(lambda: section.plain.strokes.strokes is not None)
    return section.plain.strokes


def words(section):
    return " ".join(text.text for text in seen.texts(section))


@pytest.mark.parametrize("text", ["custom_mlp:2,16", "custom_mlp:0,1", "custom_mlp:1,64#26"])
def test_the_answer_is_the_largest_thing_and_its_strokes_are_beside_it(section, qtbot, text):
    view = ready(section, qtbot, random_model(text))
    strokes = view.strokes
    names = [f"class {n}" if "#26" in text else str(n) for n in range(26)]
    sentences = words(section)
    if "Added up" in sentences and "nothing" not in sentences:
        # A number would be the digit.
        assert f"Added up, {names[strokes.answer]}" in sentences
    assert f"These speak most for {names[strokes.answer]}:" in sentences
    assert f"These speak most for {names[strokes.rival]}:" in sentences
    assert view.count() == len(strokes.most) + len(strokes.least)
    assert label_text(section, "networkAnswer")
    assert max(seen.texts(section), key=lambda text: text.place.height()).widget is (
        section.plain.figure
    )
    assert not section.is_pending()


def test_pointing_says_the_answer_without_a_stroke_and_a_click_switches_it_off(section, qtbot):
    model = random_model("custom_mlp:2,16")
    view = ready(section, qtbot, model)
    assert label_text(section, "networkFoot").startswith("Point at a stroke")
    QTest.keyClick(view, Qt.Key_Right)
    probe = NetworkProbe(model)
    gates = probe.open_gates(1)
    gates[-1][0, int(view.stroke(0).units[0])] = 0
    p = probe.run(digit().picture[None, None], gates).p[0]
    without = f"{certainty_from(p).text}, {format_probability(float(p.max()))}"
    assert label_text(section, "networkFoot") == f"Without this one: {without}"
    before = label_text(section, "networkSecond")
    for key, is_off in ((Qt.Key_Space, True), (Qt.Key_Escape, False)):
        QTest.keyClick(view, key)
        assert view.is_off(0) == is_off
    QTest.mouseClick(view, Qt.LeftButton, pos=view.place_of(1).toPoint())
    assert view.is_off(1)
    assert not section.grab().isNull()
    QTest.mouseClick(view, Qt.LeftButton, pos=view.place_of(1).toPoint())
    assert not view.is_off(1)
    assert label_text(section, "networkSecond") == before
    assert "Stroke 2 of" in view.accessibleDescription()
    # Without a stroke, the view says again what there is and what can be done.
    view.walk_to(None)
    assert "found strokes they know" in view.accessibleDescription()
    assert "Arrow keys" in view.accessibleDescription()


def test_what_is_no_digit_has_no_strokes(section, qtbot):
    ready(section, qtbot, random_model("custom_mlp:2,16"))
    refused = certainty_from(np.full(10, 0.1), objection="It is more like a letter.")
    section.show_example(replace(digit(1), is_digit=False))
    section.show_certainty(refused)
    qtbot.waitUntil(lambda: section.plain.strokes.strokes is None)
    assert label_text(section, "networkAnswer") == REFUSED
    assert "letter" in label_text(section, "networkSecond")
    assert not label_text(section, "networkSum")
    assert not section.is_pending()
    # A digit again.
    section.show_certainty(None)
    section.show_example(digit())
    qtbot.waitUntil(lambda: section.plain.strokes.strokes is not None)


def test_a_stroke_that_stays_keeps_its_tile(section, qtbot):
    view = ready(section, qtbot, random_model("custom_mlp:2,16"))
    strokes = view.strokes
    first = view.stroke(0)
    view.show_strokes(replace(strokes, most=strokes.most[::-1]), digit(1).picture)
    assert view.stroke(0) is first


@pytest.mark.parametrize("size", [(1040, 590), (720, 520), (1600, 900)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_nothing_is_cut_and_no_tile_covers_another(section, qtbot, size, scale):
    theme.theme().resize_text(scale)
    section.resize(*size)
    view = ready(section, qtbot, random_model("custom_mlp:2,16"))
    seen.settle()
    boxes = [view.place_of(item) for item in range(view.count())]
    assert len({(point.x(), point.y()) for point in boxes}) == view.count()
    assert not [str(text) for text in seen.texts(section) if text.is_cut]


def test_another_depth_keeps_the_network_and_the_picture(section, qtbot):
    ready(section, qtbot, random_model("custom_mlp:2,16"))
    section.show_details(True)
    qtbot.waitUntil(lambda: section.network.frame is not None)
    assert not section.plain.isVisible()
    assert not section.is_joined
    section.show_details(False)
    assert section.plain.isVisible()
    assert section.aside is section.plain.pixels


def test_another_rival_is_compared_at_first_sight_too(section, qtbot):
    view = ready(section, qtbot, random_model("custom_mlp:2,16"))
    answer = view.strokes.answer
    rival = next(n for n in range(10) if n not in (answer, view.strokes.rival))
    section.open_view(f"why {answer} {rival}")
    qtbot.waitUntil(lambda: view.strokes.rival == rival)
    assert f"These speak most for {rival}:" in words(section)
