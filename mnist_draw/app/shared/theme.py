"""Colours, sizes and the style sheet of the window; no colour or size is written elsewhere.

Sizes are logical pixels on a 4-px grid. Text sizes follow the system's text size: they are
multiplied by the ratio of the interface font to 13 px where that font is larger.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt5.QtCore import QDir, QObject, pyqtSignal
from PyQt5.QtGui import QColor, QFont, QFontInfo, QPalette
from PyQt5.QtWidgets import QApplication, QStyleFactory

from mnist_draw.app.shared.style_sheet import style_sheet
from mnist_draw.storage.resources import resource_path


@dataclass(frozen=True)
class Colours:
    """One set of colours, as ``#rrggbb`` text."""

    window: str
    panel: str
    card: str
    line: str
    #: Edges of fields and boxes: 3 to 1 beside every ground they stand on (WCAG 1.4.11).
    edge: str
    #: Every other row of a table.
    band: str
    text: str
    muted: str
    accent: str
    on_accent: str
    second: str
    on_second: str
    paper: str
    ink: str
    track: str
    hover: str
    #: A row of buttons of which one is chosen, and the chosen one.
    segments: str
    segment: str
    alert: str
    dark: bool
    #: Curves of several runs in one plot; with a line style each, so that colour never is alone.
    series: tuple[str, ...]


DARK = Colours(
    window="#14161b",
    panel="#1b1e25",
    card="#20242c",
    line="#2d323d",
    edge="#767e8e",
    band="#1d2128",
    text="#e8eaf0",
    muted="#9aa3b2",
    accent="#ffb048",
    on_accent="#14161b",
    second="#569cff",
    on_second="#14161b",
    paper="#0d0f13",
    ink="#f5f7fa",
    track="#2d323d",
    hover="#2a2f39",
    segments="#1b1e25",
    segment="#2a2f39",
    alert="#ff8f80",
    dark=True,
    series=("#ffb048", "#569cff", "#5fd0a0", "#e58fd0", "#e6dc6a", "#9aa3b2"),
)

LIGHT = Colours(
    window="#f4f5f8",
    panel="#ffffff",
    card="#ffffff",
    line="#dde1e8",
    edge="#7c8492",
    band="#f7f8fa",
    text="#1b1f27",
    muted="#586170",
    accent="#a05400",
    on_accent="#ffffff",
    second="#1f5fd0",
    on_second="#ffffff",
    paper="#ffffff",
    ink="#15181f",
    track="#dde1e8",
    hover="#eef0f4",
    segments="#dde1e8",
    segment="#ffffff",
    alert="#b3261e",
    dark=False,
    series=("#a05400", "#1f5fd0", "#0b7d55", "#a3248a", "#6f6200", "#586170"),
)

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
    FIELD = 30
    BUTTON = 34
    TOOL = 44
    LOW_TOOL = 34
    ICON = 20
    SMALL_ICON = 16
    CARD_RADIUS = 10
    TITLE_LINE = 22
    FIELD_RADIUS = 6
    BAR = 8
    CROSSHAIR = (6, 18)
    DOT = 8
    BOARD_MINIMUM = 280
    NETWORK_INPUT = (56, 448)
    PLOT_MINIMUM = 150
    WINDOW = (1280, 720)
    HELP = (760, 560)


class Text:
    """Text sizes in pixels at the usual interface font of 13 px."""

    AXIS = 11
    HEADING = 11
    LABEL = 12
    BODY = 13
    SENTENCE = 14
    SURER = 15
    FIGURE = 22
    BOARD_HINT = 22
    SURE = 24
    GIVEN = 44
    UNCLEAR = 64
    ANSWER = 120


#: Bars and lights glide this long to a new value.
ANIMATION_MS = 80


class Theme(QObject):
    """Which colours are used now; applies them to the whole application.

    Attributes
    ----------
    colours : Colours
        The colours in use.
    choice : str
        ``"system"``, ``"light"`` or ``"dark"``.

    Signals
    -------
    changed
        After the colours have changed; painted widgets and icons renew themselves.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.colours = LIGHT
        self.choice = "system"
        self.motion = True
        self.enlargement = 1.0
        self._system_dark = False

    def apply(self, choice: str, system_dark: bool | None = None) -> None:
        """Use the colours of ``choice``; an unknown choice means ``"system"``.

        Parameters
        ----------
        choice : str
            One of :data:`CHOICES`.
        system_dark : bool, optional
            Whether the desktop prefers dark windows; unchanged if left out.
        """
        if system_dark is not None:
            self._system_dark = system_dark
        self.choice = choice if choice in CHOICES else "system"
        self._use(again=False)

    def enlarge(self, factor: float) -> None:
        """Show all text so many times as large as the system asks for; 1 ends that."""
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
        app.setStyleSheet(style_sheet(colours, Size, Text, text_scale()))
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
