"""Connections whose slot runs in a chosen thread; the published types of PyQt5 leave them out."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import Qt, pyqtBoundSignal


def connect_direct(signal: pyqtBoundSignal, slot: Callable[..., object] | pyqtBoundSignal) -> None:
    """Call ``slot`` at once, in the thread that emits ``signal``."""
    signal.connect(slot, Qt.DirectConnection)  # type: ignore[call-arg]


def connect_queued(signal: pyqtBoundSignal, slot: Callable[..., object] | pyqtBoundSignal) -> None:
    """Call ``slot`` between the events of its own thread, even where that thread emits."""
    signal.connect(slot, Qt.QueuedConnection)  # type: ignore[call-arg]
