"""Every colour, distance and text size of the window; none is written elsewhere.

Sizes are logical pixels on a 4-px grid. Text sizes are those at an interface font of 13 px.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Colours:
    """One set of colours, as ``#rrggbb`` text."""

    window: str
    panel: str
    card: str
    line: str
    #: Edges of fields and boxes: 3 to 1 beside every background (WCAG 1.4.11).
    edge: str
    #: Every other row of a table.
    band: str
    text: str
    muted: str
    accent: str
    on_accent: str
    #: The accent's ground under words (a strip, a row), and under the icon of a chosen tool.
    tint: str
    chosen: str
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
    shadow: str
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
    tint="#36322f",
    chosen="#443a30",
    second="#569cff",
    on_second="#14161b",
    paper="#0d0f13",
    ink="#f5f7fa",
    track="#2d323d",
    hover="#2a2f39",
    segments="#1b1e25",
    segment="#2a2f39",
    alert="#ff8f80",
    shadow="#000000",
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
    tint="#f2e7db",
    chosen="#f0e4d6",
    second="#1f5fd0",
    on_second="#ffffff",
    paper="#ffffff",
    ink="#15181f",
    track="#dde1e8",
    hover="#eef0f4",
    segments="#dde1e8",
    segment="#ffffff",
    alert="#b3261e",
    shadow="#000000",
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
    DRAWER = 340
    FIELD = 30
    BUTTON = 34
    LOW_BUTTON = 32
    LARGE_BUTTON = 44
    STEPPER = 116
    SWITCH = (36, 20)
    TOOL = 44
    LOW_TOOL = 36
    TOAST = 44
    #: One of ten digits below a tag.
    CHOICE = (40, 38)
    ICON = 20
    SMALL_ICON = 16
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


#: Bars glide this long to a new value; the drawer and popovers open.
ANIMATION_MS = 80
OPENING_MS = 120
