"""Runs ``mnist-draw`` as its entry point does, and writes down what its window shows.

``python observed.py FILE`` writes a JSON object to FILE ten times a second: for each object name
the text, value, place on the screen and state. The program itself knows nothing of this.
"""

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path

from qtpy.QtCore import QPoint, QTimer
from qtpy.QtWidgets import QApplication, QTabWidget, QWidget

_EVERY_MS = 100


def on_screen(widget, *numbers):
    """Return the screen's pixels for a widget's."""
    return [round(number * widget.devicePixelRatioF()) for number in numbers]


def describe(widget):
    """Return what a person sees of one widget."""
    corner = widget.mapToGlobal(QPoint(0, 0))
    seen = {
        "place": on_screen(widget, corner.x(), corner.y(), widget.width(), widget.height()),
        "visible": widget.isVisible(),
        "enabled": widget.isEnabled(),
    }
    for name in ("text", "value"):
        if callable(getattr(widget, name, None)):
            seen[name] = getattr(widget, name)()
    return seen


def observe(path):
    """Write down the window's named widgets and its tabs."""
    seen = {}
    for window in QApplication.topLevelWidgets():
        for widget in window.findChildren(QWidget):
            if widget.objectName() and not widget.objectName().startswith("qt_"):
                seen[widget.objectName()] = describe(widget)
        for tabs in window.findChildren(QTabWidget):
            bar = tabs.tabBar()
            for index in range(tabs.count()):
                area = bar.tabRect(index)
                corner = bar.mapToGlobal(QPoint(0, 0)) + area.topLeft()
                seen[f"tab {tabs.tabText(index)}"] = {
                    "place": on_screen(bar, corner.x(), corner.y(), area.width(), area.height()),
                }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(seen), encoding="utf-8")
    part.replace(path)


def main():
    """Start the program and observe it while its event loop runs."""
    path = Path(sys.argv.pop(1))
    run = QApplication.exec_

    def run_observed(*arguments):
        timer = QTimer()
        timer.timeout.connect(lambda: observe(path))
        timer.start(_EVERY_MS)
        return int(run())

    QApplication.exec_ = run_observed
    for entry in entry_points(group="console_scripts", name="mnist-draw"):
        return int(entry.load()() or 0)
    # A bare clone: the package lies beside the tests.
    sys.path.append(str(Path(__file__).parents[2]))
    from mnist_draw.cli.main import main as not_installed

    return not_installed([])


if __name__ == "__main__":
    sys.exit(main())
