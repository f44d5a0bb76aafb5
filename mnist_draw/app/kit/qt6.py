"""What PyQt6 names or takes otherwise than PyQt5, beyond what qtpy evens out.

The window is written in the words of PyQt5. This module is imported before its others; with PyQt5
there is nothing to do.
"""

from __future__ import annotations

import enum
from importlib import import_module
from typing import Any

import qtpy


def _even_out() -> None:
    core: Any = import_module("qtpy.QtCore")
    gui: Any = import_module("qtpy.QtGui")
    names = core.Qt
    for kind in vars(names).values():
        if isinstance(kind, enum.EnumMeta) and not issubclass(kind, int):
            kind.__int__ = lambda value: value.value  # type: ignore[attr-defined]
    names.Orientations = lambda: names.Orientation(0)
    # Fingers and pens are points of a device in Qt 6.
    point = gui.QEventPoint
    point.pos = point.position
    names.TouchPointPressed = point.State.Pressed
    names.TouchPointMoved = point.State.Updated
    names.TouchPointReleased = point.State.Released
    gui.QTouchEvent.touchPoints = gui.QTouchEvent.points
    gui.QTabletEvent.Eraser = gui.QPointingDevice.PointerType.Eraser
    gui.QMouseEvent.source = _source


def _source(event: Any) -> Any:
    """Return whether Qt imitates a mouse, after a pen or a finger."""
    from qtpy.QtCore import Qt

    is_mouse = event.deviceType() == type(event.deviceType()).Mouse
    return Qt.MouseEventNotSynthesized if is_mouse else Qt.MouseEventSynthesizedByQt


if qtpy.QT6:
    _even_out()
