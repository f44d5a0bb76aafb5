"""The real program in a real X window: train an epoch, draw a 1 and a 0, read the answers."""

from __future__ import annotations

import json
import math
import shutil
import sys

import pytest

from .desktop import Desktop

LACKING = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.window,
    pytest.mark.process,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is Linux's"),
    pytest.mark.skipif(bool(LACKING), reason=f"not installed: {', '.join(LACKING)}"),
]

#: The first compilation on a slow machine takes this long at the most.
PATIENCE = 400.0
ONE = [(0.54 - 0.06 * n / 20, 0.2 + 0.6 * n / 20) for n in range(21)]
ZERO = [
    (0.5 + 0.17 * math.sin(2 * math.pi * n / 40), 0.5 - 0.3 * math.cos(2 * math.pi * n / 40))
    for n in range(41)
]


@pytest.fixture
def desktop(tmp_path):
    """Return a screen on which the program has opened its window."""
    made = Desktop(tmp_path)
    try:
        made.wait_for(lambda seen: seen.get("tabs", {}).get("visible"), 60)
        made.focus()
        yield made
    finally:
        made.close()


def test_train_an_epoch_and_draw_a_one_and_a_zero(desktop):
    desktop.click("tab Train")
    desktop.wait_for(lambda seen: seen["startButton"]["visible"], 20)
    desktop.click("epochsSpinBox", times=2)
    desktop.press("ctrl+a")
    desktop.xdotool("type", "1")
    desktop.press("Tab")
    desktop.wait_for(lambda seen: seen["epochsSpinBox"]["value"] == 1, 20)
    desktop.click("startButton")
    desktop.wait_for(lambda seen: seen["stateLabel"]["text"] != "Ready", 20)
    seen = desktop.wait_for(lambda seen: seen["stateLabel"]["text"].startswith("Fi"), PATIENCE)
    assert seen["epochLabel"]["text"] == "1"
    for name in ("validationAccuracyLabel", "testAccuracyLabel"):
        assert float(seen[name]["text"].removesuffix(" %")) > 90
    assert float(seen["validationLossLabel"]["text"]) < 0.5

    desktop.click("tab Draw")
    desktop.wait_for(lambda seen: seen["canvas"]["visible"], 20)
    for digit, points in (("1", ONE), ("0", ZERO)):
        desktop.drag("canvas", points)
        seen = desktop.wait_for(lambda seen: seen["predictionLabel"]["text"], PATIENCE)
        desktop.wait_for(lambda seen, digit=digit: seen["predictionLabel"]["text"] == digit, 20)
        values = [desktop.see()[f"probabilityBar{n}"]["value"] for n in range(10)]
        assert values.index(max(values)) == int(digit)
        desktop.click("clearButton")
        desktop.wait_for(lambda seen: seen["predictionLabel"]["text"] == "", 20)

    desktop.press("ctrl+q")
    assert desktop.program.wait(60) == 0
    assert "Traceback" not in desktop.output()


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_display_that_dies_costs_no_drawing(own_home, desktop):
    desktop.wait_for(lambda seen: seen["canvas"]["visible"], 20)
    desktop.drag("canvas", ONE)
    # Before the drawing is written, and while the network is still being made.
    desktop.kill_screen()
    assert desktop.program.wait(60) == 1
    [told] = desktop.output().splitlines()
    assert told.startswith("mnist-draw: The connection to the display broke")
    assert len(json.loads((own_home / "data" / "board.json").read_text())["items"]) == 1
    assert (own_home / "data" / "log" / "crash.log").read_text() == ""
