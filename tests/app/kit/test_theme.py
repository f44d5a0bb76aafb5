"""Colors are readable, come from one place, and follow the desktop or the choice."""

import re
from pathlib import Path

import pytest
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

import mnist_draw.app
from mnist_draw.app.kit import theme

#: WCAG 2.1: text (1.4.3), and what makes a control visible (1.4.11).
READABLE, VISIBLE = 4.5, 3.0
ICONS = Path(__file__).parents[3] / "resources" / "icons"


def luminance(name):
    """Return the relative luminance as WCAG defines it."""
    parts = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in QColor(name).getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXTS = ("text", "muted", "second", "accent", "alert")
GROUNDS = ("window", "panel", "card", "band", "hover")
#: One rule of the style sheet: its selectors and its declarations.
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


def token(declarations, name):
    """Return the theme's color that a rule gives a property, if it gives it one."""
    found = re.search(rf"(?:^|[;\s]){name}: (?:1px solid )?@(\w+)", declarations)
    return found[1] if found else None


def states():
    """Return each pair of text and ground that the style sheet makes, with its selectors."""
    pairs = []
    for selectors, declarations in RULE.findall(theme.SHEET.read_text("utf-8")):
        for text_name, ground_name in (
            ("color", "background"),
            ("selection-color", "selection-background-color"),
        ):
            text, ground = token(declarations, text_name), token(declarations, ground_name)
            if text and ground:
                pairs.append((text, ground, selectors.strip()))
    return pairs


BOTH = pytest.mark.parametrize("colors", [theme.DARK, theme.LIGHT], ids=["dark", "light"])


@BOTH
def test_text_reaches_contrast_in_every_state_of_the_style_sheet(colors):
    pairs = [(text, ground, "") for text in TEXTS for ground in GROUNDS]
    pairs += [(f"on_{ground}", ground, "") for ground in ("accent", "second")]
    pairs += [("ink", "paper", ""), ("muted", "paper", "")]
    pairs += [(text, "tint", "") for text in TEXTS if text != "alert"]
    found = states()
    assert len(found) >= 15
    for text, ground, selectors in (*pairs, *found):
        used = theme.DARK if ground.startswith("toast_") else colors
        ratio = contrast(*(getattr(used, name.removeprefix("toast_")) for name in (text, ground)))
        assert ratio >= READABLE, (selectors, text, ground, ratio)


@BOTH
def test_every_background_of_the_style_sheet_is_a_color(colors):
    """The name of a size hides the color of that name."""
    found = re.findall(r"background: ([^;}]+?) *[;}]", theme.style_sheet(colors, 1.0))
    assert len(found) > 30
    assert [each for each in found if each != "none" and not QColor(each).isValid()] == []


@BOTH
def test_edges_and_selection_can_be_told_from_what_is_beside_them(colors):
    """WCAG 1.4.11: three to one for what makes a field, a box or a selection visible."""
    for mark in ("edge", "second", "accent"):
        for ground in GROUNDS:
            assert contrast(getattr(colors, mark), getattr(colors, ground)) >= VISIBLE
    # The icon of the chosen tool.
    assert contrast(colors.accent, colors.chosen) >= VISIBLE
    for series in colors.series:
        assert contrast(series, colors.card) >= VISIBLE
    # Every other row of a table.
    assert colors.band != colors.card
    rules = dict(RULE.findall(theme.SHEET.read_text("utf-8")))
    edges = [token(body, "border") for names, body in rules.items() if "QLineEdit" in names]
    assert "edge" in edges
    (selected,) = (body for names, body in rules.items() if "QTableView::item:selected" in names)
    assert token(selected, "border-top") == token(selected, "border-bottom") == "second"


@BOTH
def test_a_ticked_box_has_a_tick_and_icons_the_colors_of_the_theme(colors, qtbot):
    shade = "dark" if colors.dark else "light"
    muted, on_second = ("caret", "knob", "knob-focus"), ("tick", "knob-on", "knob-on-focus")
    for name in (*muted, *on_second):
        color = colors.muted if name in muted else colors.on_second
        assert f'="{color}"' in (ICONS / f"{name}-{shade}.svg").read_text()
    theme.theme().apply(shade)
    box = QCheckBox()
    qtbot.addWidget(box)
    box.setChecked(True)
    box.show()
    option = QStyleOptionButton()
    box.initStyleOption(option)
    area = box.style().subElementRect(QStyle.SE_CheckBoxIndicator, option, box)
    image = box.grab(area).toImage()
    inside = {
        image.pixelColor(x, y).name()
        for x in range(3, image.width() - 3)
        for y in range(3, image.height() - 3)
    }
    assert colors.second in inside
    assert any(contrast(colors.second, other) >= VISIBLE for other in inside)


@BOTH
def test_no_distance_hides_a_color_of_its_name_in_the_style_sheet(colors):
    sheet = theme.style_sheet(colors, 1.0)
    for name, color in vars(colors).items():
        if f"@{name};" in theme.SHEET.read_text("utf-8"):
            assert color in sheet, name


def test_no_color_is_written_outside_the_theme():
    folder = Path(mnist_draw.app.__file__).parent
    for path in folder.rglob("*.py"):
        if path.name != "theme.py":
            assert not re.search(r"#[0-9a-fA-F]{6}\b", path.read_text("utf-8")), path.name


def test_a_choice_beats_the_desktop_and_reaches_palette_and_style_sheet():
    chosen, told, app = theme.theme(), [], QApplication.instance()
    chosen.changed.connect(lambda: told.append(chosen.colors))
    chosen.apply("dark", system_dark=False)
    assert told == [chosen.colors] == [theme.DARK]
    assert app.palette().window().color() == QColor(theme.DARK.window)
    assert theme.DARK.accent in app.styleSheet()
    # What is unknown follows the desktop.
    chosen.apply("purple")
    assert (chosen.choice, chosen.colors) == ("system", theme.LIGHT)
    chosen.apply("system", system_dark=True)
    assert chosen.colors is theme.DARK


def test_text_size_multiplies_and_follows(qtbot):
    sizes, usual = [], theme.text_scale() * 13
    owner = QWidget()
    qtbot.addWidget(owner)
    theme.follow(owner, lambda: sizes.append(theme.scaled(100)))
    try:
        theme.theme().resize_text(1.5)
        assert sizes == [sizes[0], round(1.5 * sizes[0])]
        assert QApplication.font().pixelSize() == theme.scaled(13) == round(1.5 * usual)
    finally:
        theme.theme().resize_text(1.0)
    assert sizes[-1] == sizes[0]
