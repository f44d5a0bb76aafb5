"""Every color, distance and text size of the window, those in use now, and the style sheet.

``resources/look`` has the colors and the style sheet; none is written elsewhere. Sizes are logical
pixels on a 4-px grid, text sizes those at an interface font of 13 px: they follow the system's text
size where that is larger. Widgets ask for a look with the dynamic property ``look`` (``card``,
``figure``, ``muted`` …).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

from qtpy.QtCore import QDir, QObject, Signal
from qtpy.QtGui import QColor, QFont, QFontInfo, QPalette
from qtpy.QtWidgets import QApplication, QMainWindow, QStyleFactory

from mnist_draw.storage.folders import resource_path


class Colors(SimpleNamespace):
    """One set of colors, as ``#rrggbb`` text: those of ``colours.json``, and whether it is dark.

    ``edge`` is that of fields and boxes, 3 to 1 beside every background (WCAG 1.4.11), ``band``
    every other row of a table, ``tint`` the accent's ground under words, ``chosen`` that under the
    icon of a chosen tool. ``series`` are curves of several runs in one plot, with a line style
    each, so that color never is alone.
    """


def _colors(name: str) -> Colors:
    kept = json.loads(resource_path("look", "colours.json").read_text("utf-8"))
    return Colors(**kept[name], dark=name == "dark")


DARK = _colors("dark")
LIGHT = _colors("light")
CHOICES = ("system", "light", "dark")


class Size:
    """Distances in logical pixels."""

    GRID = 4
    TIGHT = 4
    CAPTION_GAP = 2
    FIELD_GAP = 8
    CARD_GAP = 12
    CARD_PADDING = 14
    MARGIN = 20
    HEADER = 52
    SIDE_PANEL = 300
    DRAWER = 340
    LAYERS = 460
    FIELD = 30
    BUTTON = 34
    LOW_BUTTON = 32
    LARGE_BUTTON = 44
    STEPPER = 116
    SWITCH = (36, 20)
    TOOL = 44
    TOAST = 44
    #: One of ten digits below a tag.
    CHOICE = (40, 38)
    ICON = 20
    SMALL_ICON = 16
    #: Radius of the mark of what is chosen.
    CHOSEN_MARK = 10
    CARD_RADIUS = 10
    TITLE_LINE = 22
    FIELD_RADIUS = 6
    BAR = 8
    EPOCH_BAR = 10
    CROSSHAIR = (6, 18)
    DOT = 8
    BOARD_MINIMUM = 280
    PLOT_MINIMUM = 150
    WINDOW = (1280, 720)
    #: A smaller window scrolls: on a screen of 1,024 pixels a desktop's frame takes four.
    LEAST_WINDOW = (1020, 640)
    HELP = (760, 560)
    WORDS = (620, 420)
    WORD_PICTURE = (240, 132)


class Text:
    """Text sizes in pixels at the usual interface font of 13 px."""

    AXIS = 11
    HEADING = 11
    LABEL = 12
    BODY = 13
    SENTENCE = 14
    SURER = 15
    FIGURE = 22
    HEADLINE = 24
    BOARD_HINT = 22
    SURE = 24
    GIVEN = 44
    SEVERAL = 88
    #: The one large figure of a run: under 1,024 pixels, under 1,200, and wider.
    LARGE_FIGURES = (44, 56, 64)
    ANSWER = 120


#: The style sheet; "@" and a name is a color or a size.
SHEET = resource_path("look", "style.qss")
#: Bars glide this long to a new value; the drawer and popovers open.
ANIMATION_MS = 80
OPENING_MS = 120


class Theme(QObject):
    """The colors in use; applies them to the whole application."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.colors = LIGHT
        self.choice = "system"
        self.motion = True
        self.text_size = 1.0
        self._system_dark = False
        self._used: tuple[Colors, float] | None = None
        self.system_ratio = 1.0
        self.body_font: QFont | None = None

    def apply(self, choice: str, system_dark: bool | None = None, styles: bool = True) -> None:
        """Use the colors of ``choice``; an unknown choice means ``"system"``.

        Without ``styles``, `style` follows.
        """
        if system_dark is not None:
            self._system_dark = system_dark
        self.choice = choice if choice in CHOICES else "system"
        self._use(styles)

    def resize_text(self, size: float) -> None:
        """Show all text in a part of the size that the system sets."""
        self.text_size = size
        if self._used is not None:
            self._use()

    def _measure(self, system: QFont) -> None:
        # The theme gives the application a font of its own.
        if system != self.body_font:
            self.system_ratio = max(1.0, QFontInfo(system).pixelSize() / Text.BODY)

    def style(self) -> None:
        """Use the style sheet for all widgets, those that are made later included.

        A window is built before it: then each widget is styled once, not whenever it or what holds
        it gets another parent. The sheet is the window's: given another one, a window restyles each
        widget twice, an application once for each of its ancestors, ten times on average.
        """
        app = application()
        sheet = style_sheet(self.colors, text_scale())
        windows = [each for each in app.topLevelWidgets() if isinstance(each, QMainWindow)]
        styled: list[QMainWindow | QApplication] = [*windows] or [app]
        for each in styled:
            if (each.styleSheet() or app.styleSheet()) != sheet:
                each.setStyleSheet(sheet)

    def _use(self, styles: bool = True) -> None:
        """Give the application the colors and the text size chosen."""
        dark = self._system_dark if self.choice == "system" else self.choice == "dark"
        colors = DARK if dark else LIGHT
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            raise RuntimeError("the theme needs a QApplication")
        if self._used is None:
            self._measure(app.font())
            app.fontChanged.connect(self._measure)
            QDir.setSearchPaths("icons", [str(resource_path("icons"))])
            app.setStyle(QStyleFactory.create("Fusion"))
        used = colors, text_scale()
        is_new = used != self._used
        self.colors = used[0]
        self._used = used
        if is_new:
            app.setPalette(palette(colors))
            # A rule for all widgets would tell each of a new font, whatever the sheet changes.
            self.body_font = font(Text.BODY)
            if app.font() != self.body_font:
                app.setFont(self.body_font)
        if styles:
            self.style()
        if is_new:
            self.changed.emit()


@lru_cache
def theme() -> Theme:
    return Theme()


def application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def color(name: str, alpha: float = 1.0) -> QColor:
    """Return a color of the theme in use by its name, for widgets that paint themselves."""
    return _color(getattr(theme().colors, name), alpha)


@lru_cache
def _color(name: str, alpha: float) -> QColor:
    value = QColor(name)
    value.setAlphaF(alpha)
    return value


def text_scale() -> float:
    """Ratio of the system's interface font to 13 px, at least 1, times what is chosen here."""
    used = theme()
    return used.system_ratio * used.text_size


def scaled(size: float) -> int:
    """Return a size in pixels that grows with the text."""
    return round(size * text_scale())


def follow(owner: QObject, act: Callable[[], object]) -> None:
    """Do something now, and after each change of colors or text size while the owner lives."""

    def forget() -> None:
        # At exit the theme may be gone before the owner.
        with contextlib.suppress(TypeError, RuntimeError):
            theme().changed.disconnect(act)

    act()
    theme().changed.connect(act)
    owner.destroyed.connect(forget)


def font(size: int, bold: bool = False) -> QFont:
    """Return the system's interface font at a size of :class:`Text`."""
    result = QFont(QApplication.font())
    result.setPixelSize(round(size * text_scale()))
    result.setWeight(QFont.DemiBold if bold else QFont.Normal)
    return result


def palette(colors: Colors) -> QPalette:
    """Return the palette for what the style sheet does not reach."""
    result = QPalette()
    for role, name in (
        (QPalette.Window, colors.window),
        (QPalette.WindowText, colors.text),
        (QPalette.Base, colors.card),
        (QPalette.AlternateBase, colors.band),
        (QPalette.Text, colors.text),
        (QPalette.Button, colors.card),
        (QPalette.ButtonText, colors.text),
        (QPalette.BrightText, colors.text),
        (QPalette.ToolTipBase, colors.panel),
        (QPalette.ToolTipText, colors.text),
        (QPalette.PlaceholderText, colors.muted),
        (QPalette.Highlight, colors.second),
        (QPalette.HighlightedText, colors.on_second),
        (QPalette.Link, colors.second),
        (QPalette.LinkVisited, colors.second),
        (QPalette.Mid, colors.line),
        (QPalette.Dark, colors.line),
        (QPalette.Light, colors.hover),
    ):
        result.setColor(role, QColor(name))
    for role in (QPalette.WindowText, QPalette.Text, QPalette.ButtonText):
        result.setColor(QPalette.Disabled, role, QColor(colors.muted))
    return result


@lru_cache
def _text(path: Path) -> str:
    return path.read_text("utf-8")


def filled(path: Path, values: Mapping[str, object]) -> str:
    """Return a text in which "@" and a name is a value given, or else a color in use."""
    known = {**vars(theme().colors), **values}
    return re.sub(r"@(\w+)", lambda found: str(known[found[1]]), _text(path))


#: Sizes that the style sheet names by their number, and that grow with the text.
_SCALED = (12, 16, 18, 20, 30, 34)


def style_sheet(colors: Colors, scale: float) -> str:
    def px(value: float) -> int:
        return round(value * scale)

    border = 2
    sizes = {name.lower(): size for name, size in vars(Size).items() if isinstance(size, int)}
    sizes |= {name.lower(): px(size) for name, size in vars(Text).items() if isinstance(size, int)}
    sizes |= {f"{size}px": px(size) for size in _SCALED}
    sizes |= {f"large{place}": size for place, size in enumerate(Text.LARGE_FIGURES)}
    sizes |= {
        "r_bar": Size.BAR // 2,
        "tab": Size.HEADER - 21,
        "button_inner": max(Size.BUTTON - border, px(Text.BODY) + 12),
        "digit_inner": px(Text.BODY) + 2,
        "large_inner": max(Size.LARGE_BUTTON - border, px(Text.SURER) + 16),
        "low_inner": max(Size.LOW_BUTTON - border, px(Text.BODY) + 10),
        "field_inner": max(Size.FIELD - border, px(Text.BODY) + 10),
        "segment_inner": max(Size.BUTTON - 10, px(Text.BODY) + 8),
        "choice_wide": px(Size.CHOICE[0]) - border,
        "choice_high": px(Size.CHOICE[1]) - border,
        "caret_room": px(12) + 10,
        "quiet": px(Text.BODY) + 5,
        "tick_inner": px(16) - border,
        "switch_wide": px(Size.SWITCH[0]) - border,
        "switch_high": px(Size.SWITCH[1]) - border,
        "switch_round": px(Size.SWITCH[1]) // 2,
        "switch_inner_wide": px(Size.SWITCH[0]) - 2 * border,
        "switch_inner_high": px(Size.SWITCH[1]) - 2 * border,
    }
    # The toast is dark in both themes.
    values = vars(colors) | {f"toast_{name}": value for name, value in vars(DARK).items()}
    values |= {name: f"{size}px" for name, size in sizes.items()}
    values["shade"] = "dark" if colors.dark else "light"
    return filled(SHEET, values)
