"""Which colours and sizes are in use now, and the style sheet made of them.

The values themselves stand in `mnist_draw.app.kit.tokens`; widgets import them from here.
Text sizes follow the system's text size: they are multiplied by the ratio of the interface font
to 13 px where that font is larger.
"""

from __future__ import annotations

from PyQt5.QtCore import QDir, QObject, pyqtSignal
from PyQt5.QtGui import QColor, QFont, QFontInfo, QPalette
from PyQt5.QtWidgets import QApplication, QStyleFactory

from mnist_draw.app.kit.style_sheet import style_sheet
from mnist_draw.app.kit.tokens import ANIMATION_MS, CHOICES, DARK, LIGHT, Colours, Size, Text
from mnist_draw.storage.folders import resource_path

__all__ = [
    "ANIMATION_MS",
    "CHOICES",
    "DARK",
    "LIGHT",
    "Colours",
    "Size",
    "Text",
    "Theme",
    "colour",
    "font",
    "palette",
    "text_scale",
    "theme",
]


class Theme(QObject):
    """Which colours are used now; applies them to the whole application."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.colours = LIGHT
        self.choice = "system"
        self.motion = True
        self.enlargement = 1.0
        self._system_dark = False

    def apply(self, choice: str, system_dark: bool | None = None) -> None:
        """Use the colours of ``choice``; an unknown choice means ``"system"``."""
        if system_dark is not None:
            self._system_dark = system_dark
        self.choice = choice if choice in CHOICES else "system"
        self._use(again=False)

    def enlarge(self, factor: float) -> None:
        """Multiply the size of all text, which the system sets; 1 is the system's own size."""
        if factor != self.enlargement:
            self.enlargement = factor
            self._use(again=True)

    def _use(self, again: bool) -> None:
        """Give the application the colours and sizes chosen, ``again`` even if they seem set."""
        dark = self._system_dark if self.choice == "system" else self.choice == "dark"
        colours = DARK if dark else LIGHT
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            raise RuntimeError("the theme needs a QApplication")
        if colours is self.colours and app.styleSheet() and not again:
            return
        self.colours = colours
        QDir.setSearchPaths("icons", [str(resource_path("icons"))])
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setPalette(palette(colours))
        app.setStyleSheet(style_sheet(colours, text_scale()))
        self.changed.emit()


_theme: Theme | None = None


def theme() -> Theme:
    """Return the one theme of the program."""
    global _theme
    if _theme is None:
        _theme = Theme()
    return _theme


def colour(name: str, alpha: float = 1.0) -> QColor:
    """Return a colour of the theme in use by its name, for widgets that paint themselves."""
    value = QColor(getattr(theme().colours, name))
    value.setAlphaF(alpha)
    return value


def text_scale() -> float:
    """Ratio of the system's interface font to 13 px, at least 1, times the enlargement."""
    ratio = max(1.0, QFontInfo(QApplication.font()).pixelSize() / Text.BODY)
    return ratio * theme().enlargement


def font(size: int, bold: bool = False) -> QFont:
    """Return the system's interface font at a size of :class:`Text`."""
    result = QFont(QApplication.font())
    result.setPixelSize(round(size * text_scale()))
    result.setWeight(QFont.DemiBold if bold else QFont.Normal)
    return result


def palette(colours: Colours) -> QPalette:
    """Return the palette for what the style sheet does not reach."""
    result = QPalette()
    for role, name in (
        (QPalette.Window, colours.window),
        (QPalette.WindowText, colours.text),
        (QPalette.Base, colours.card),
        (QPalette.AlternateBase, colours.band),
        (QPalette.Text, colours.text),
        (QPalette.Button, colours.card),
        (QPalette.ButtonText, colours.text),
        (QPalette.BrightText, colours.text),
        (QPalette.ToolTipBase, colours.panel),
        (QPalette.ToolTipText, colours.text),
        (QPalette.PlaceholderText, colours.muted),
        (QPalette.Highlight, colours.second),
        (QPalette.HighlightedText, colours.on_second),
        (QPalette.Link, colours.second),
        (QPalette.LinkVisited, colours.second),
        (QPalette.Mid, colours.line),
        (QPalette.Dark, colours.line),
        (QPalette.Light, colours.hover),
    ):
        result.setColor(role, QColor(name))
    for role in (QPalette.WindowText, QPalette.Text, QPalette.ButtonText):
        result.setColor(QPalette.Disabled, role, QColor(colours.muted))
    return result
