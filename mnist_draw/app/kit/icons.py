"""The program's icons: Phosphor, one stroke width, in the theme's colours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from PyQt5.QtCore import QSize
from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import QAbstractButton

from mnist_draw.app.kit import theme

_SET = "ph"


@lru_cache(maxsize=1)
def _font() -> Any:
    """Load the one icon font used; qtawesome alone would load all eleven."""
    import qtawesome
    from qtawesome.iconic_font import IconicFont

    fonts = [font for font in getattr(qtawesome, "_BUNDLED_FONTS", ()) if font[0] == _SET]
    return IconicFont(*fonts) if fonts else qtawesome


def icon(name: str, filled: bool = True) -> QIcon:
    """Return a Phosphor icon by its name, such as ``"eraser"``, in the theme's colours."""
    colours = theme.theme().colours
    result: QIcon = _font().icon(
        f"{_SET}.{name}",
        color=colours.text,
        color_disabled=colours.line,
        color_on=colours.on_accent if filled else colours.text,
        color_off=colours.text,
    )
    return result


def set_icon(button: QAbstractButton, name: str, size: int = theme.Size.ICON) -> None:
    """Give a button an icon that follows the theme and grows with the system's text."""

    def renew() -> None:
        # Of what is on, only tools are filled.
        button.setIcon(icon(name, filled=button.property("look") == "tool"))

    side = round(size * theme.text_scale())
    button.setIconSize(QSize(side, side))
    renew()
    theme.theme().changed.connect(renew)
    button.destroyed.connect(lambda: _forget(renew))


def _forget(renew: Callable[[], None]) -> None:
    # At exit the theme may be gone before the button.
    with contextlib.suppress(TypeError, RuntimeError):
        theme.theme().changed.disconnect(renew)
