"""Ask and tell a Linux desktop over D-Bus; where there is none, nothing happens."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

#: The desktop answers within a few milliseconds or not at all.
_TIMEOUT_MS = 100


def session_bus() -> Any:
    """Return Qt's module of D-Bus and the session's bus; None where there is none."""
    elsewhere = sys.platform in ("win32", "darwin")
    if elsewhere or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    try:
        module = importlib.import_module("PyQt5.QtDBus")
    except ImportError:
        return None
    bus = module.QDBusConnection.sessionBus()
    return (module, bus) if bus.isConnected() else None


def ask(place: tuple[str, str, str], method: str, *arguments: str) -> Any:
    """Ask an interface of a service; return the first value of the answer, None without one."""
    found = session_bus()
    if found is None:
        return None
    module, bus = found
    message = module.QDBusMessage.createMethodCall(*place, method)
    message.setArguments(list(arguments))
    reply = bus.call(message, timeout=_TIMEOUT_MS)
    values = reply.arguments() if reply.type() == module.QDBusMessage.ReplyMessage else ()
    return plain(values[0]) if values else None


def plain(value: Any) -> Any:
    """Unwrap a variant in a variant."""
    while hasattr(value, "variant"):
        value = value.variant()
    return value
