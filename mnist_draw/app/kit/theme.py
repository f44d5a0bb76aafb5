"""The colours and sizes in use now, and Qt's style sheet made of them.

Their values are in `mnist_draw.app.kit.tokens`; widgets import them from here, and ask for a look
with the dynamic property ``look`` (``card``, ``figure``, ``muted`` …).
Text sizes follow the system's text size: they are multiplied by the ratio of the interface font
to 13 px where that font is larger.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from PyQt5.QtCore import QDir, QObject, pyqtSignal
from PyQt5.QtGui import QColor, QFont, QFontInfo, QPalette
from PyQt5.QtWidgets import QApplication, QMainWindow, QStyleFactory

from mnist_draw.app.kit.tokens import (
    ANIMATION_MS,
    CHOICES,
    DARK,
    LIGHT,
    OPENING_MS,
    Colours,
    Size,
    Text,
)
from mnist_draw.storage.folders import resource_path

__all__ = [
    "ANIMATION_MS",
    "CHOICES",
    "DARK",
    "LIGHT",
    "OPENING_MS",
    "Colours",
    "Size",
    "Text",
    "Theme",
    "colour",
    "follow",
    "font",
    "palette",
    "scaled",
    "text_scale",
    "theme",
]


class Theme(QObject):
    """The colours in use; applies them to the whole application."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.colours = LIGHT
        self.choice = "system"
        self.motion = True
        self.enlargement = 1.0
        self.text_size = 1.0
        self._system_dark = False
        self._used: tuple[Colours, float] | None = None

    def apply(self, choice: str, system_dark: bool | None = None) -> None:
        """Use the colours of ``choice``; an unknown choice means ``"system"``."""
        if system_dark is not None:
            self._system_dark = system_dark
        self.choice = choice if choice in CHOICES else "system"
        self._use()

    def enlarge(self, factor: float) -> None:
        """Multiply the size of all text while a page is presented; 1 ends that."""
        self.enlargement = factor
        self._use()

    def resize_text(self, size: float) -> None:
        """Show all text in a part of the size that the system sets."""
        self.text_size = size
        if self._used is not None:
            self._use()

    def _use(self) -> None:
        """Give the application the colours and the text size chosen."""
        dark = self._system_dark if self.choice == "system" else self.choice == "dark"
        colours = DARK if dark else LIGHT
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            raise RuntimeError("the theme needs a QApplication")
        used = colours, text_scale()
        is_new = used != self._used
        if self._used is None:
            QDir.setSearchPaths("icons", [str(resource_path("icons"))])
            app.setStyle(QStyleFactory.create("Fusion"))
        self.colours, self._used = used[0], used
        if is_new:
            app.setPalette(palette(colours))
        _style(app, style_sheet(*used))
        if is_new:
            self.changed.emit()


def _style(app: QApplication, sheet: str) -> None:
    """Use a style sheet for all widgets, those that are made later included.

    Given another sheet, an application restyles each widget once for each of its ancestors, ten
    times on average; a window restyles it twice.
    """
    windows = [each for each in app.topLevelWidgets() if isinstance(each, QMainWindow)]
    if not windows or not app.styleSheet():
        if app.styleSheet() != sheet:
            app.setStyleSheet(sheet)
        return
    for window in windows:
        if (window.styleSheet() or app.styleSheet()) != sheet:
            window.setStyleSheet(sheet)


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
    """Ratio of the system's interface font to 13 px, at least 1, times what is chosen here."""
    ratio = max(1.0, QFontInfo(QApplication.font()).pixelSize() / Text.BODY)
    return ratio * theme().text_size * theme().enlargement


def scaled(size: float) -> int:
    """Return a size in pixels that grows with the text."""
    return round(size * text_scale())


def follow(owner: QObject, act: Callable[[], object]) -> None:
    """Do something now, and after each change of colours or text size while the owner lives."""

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


_SHEET = """
* {{ font-size: {body}px; outline: none; }}
QMainWindow, QDialog, QMessageBox {{ background: {window}; color: {text}; }}
QWidget {{ color: {text}; }}
QToolTip {{
    background: {panel}; color: {text}; border: 1px solid {line}; padding: 6px;
    font-size: {label}px;
}}

QTabWidget#tabs {{ background: {panel}; }}
QTabWidget#tabs::pane {{ border: none; border-top: 1px solid {line}; background: {window}; }}
QTabWidget#tabs::tab-bar {{ left: {margin}px; }}
QTabBar {{ background: transparent; qproperty-drawBase: 0; font-weight: 600; }}
QTabBar::tab {{
    background: transparent; color: {muted}; padding: 0 18px; margin: 10px 5px 9px 0;
    min-height: {tab}px; border: none; border-bottom: 2px solid transparent;
    border-top-left-radius: {r_field}px; border-top-right-radius: {r_field}px;
}}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ color: {text}; background: {card}; border-bottom-color: {accent}; }}
QTabBar::tab:focus {{ border-bottom-color: {second}; }}

QWidget[look="page"] {{ background: {window}; }}
QWidget[look="side"] {{ background: {panel}; border-right: 1px solid {line}; }}
QWidget[look="plain"], QScrollArea, QScrollArea > QWidget > QWidget {{
    background: transparent; border: none;
}}
QFrame[look="card"] {{
    background: {card}; border: 1px solid {line}; border-radius: {r_card}px;
}}
QFrame[look="tinted"] {{
    background: {tint}; border: none; border-radius: {r_field}px;
}}
QFrame[look="toast"] {{
    background: {toast.segment}; border: 1px solid {toast.edge}; border-radius: {r_field}px;
}}
QLabel[look="toast"] {{
    background: transparent; border: none; color: {toast.text};
    selection-background-color: {toast.second}; selection-color: {toast.on_second};
}}
QPushButton[look="toast"] {{
    background: transparent; border: 1px solid transparent; padding: 0 8px; color: {toast.second};
    min-height: {flat}px;
}}
QPushButton#toastCloseButton {{ color: {toast.muted}; }}
QPushButton[look="toast"]:hover {{ background: {toast.line}; }}
QPushButton[look="toast"]:focus {{ border-color: {toast.text}; }}
QWidget[look="upright"] {{ background: {line}; border: none; max-width: 1px; min-width: 1px; }}
QWidget[look="rule"] {{ background: {line}; border: none; max-height: 1px; min-height: 1px; }}

QLabel {{ background: transparent; border: none; }}
QLabel[look="muted"] {{ color: {muted}; font-size: {label}px; }}
QLabel[look="status"] {{ color: {muted}; }}
QLabel[look="heading"] {{ color: {muted}; font-size: {heading}px; font-weight: 700; }}
QLabel[look="menu heading"] {{
    color: {muted}; font-size: {heading}px; font-weight: 700; padding: 8px 12px 4px 10px;
}}
QLabel[look="title"] {{ font-weight: 600; }}
QLabel[look="changed"] {{ font-size: {label}px; font-weight: 700; }}
QLabel[look="dot"] {{ color: {accent}; font-size: {heading}px; }}
QLabel[look="error"] {{ color: {alert}; font-size: {label}px; }}
QLabel[look="figure"] {{ font-size: {figure}px; font-weight: 600; }}
QLabel[look="sure"] {{ font-size: {sure}px; font-weight: 600; }}
QLabel[look="nothing"] {{ font-size: {sure}px; font-weight: 600; color: {muted}; }}
QLabel[look="surer"] {{ font-size: {surer}px; font-weight: 600; }}
QLabel[look="headline"] {{ font-size: {headline}px; font-weight: 700; }}
QLabel[look="large0"] {{ font-size: {large0}px; font-weight: 700; color: {second}; }}
QLabel[look="large1"] {{ font-size: {large1}px; font-weight: 700; color: {second}; }}
QLabel[look="large2"] {{ font-size: {large2}px; font-weight: 700; color: {second}; }}
QLabel[look="accent"] {{ color: {accent}; font-weight: 600; }}
QLabel[look="caption"] {{
    background: {panel}; border: 1px solid {line}; border-radius: {r_field}px; padding: 8px 14px;
}}
QLabel[look="value"] {{ font-size: {sentence}px; }}
QLabel[look="sentence"] {{ font-size: {sentence}px; color: {muted}; }}

QPushButton, QToolButton {{
    background: {card}; color: {text}; border: 1px solid {line}; border-radius: {r_field}px;
    min-height: {button_inner}px; padding: 0 14px; font-weight: 600;
}}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {second}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {muted}; background: transparent; }}
QPushButton[look="primary"], QPushButton[look="lead"] {{
    background: {accent}; color: {on_accent}; border: 1px solid {accent};
}}
QPushButton[look="primary"]:focus, QPushButton[look="lead"]:focus {{ border-color: {text}; }}
QPushButton[look="primary"]:disabled {{
    background: {track}; color: {muted}; border-color: {line};
}}
QPushButton[look="start"] {{
    background: {accent}; color: {on_accent}; border: 1px solid {accent};
    min-height: {large_inner}px; font-size: {surer}px;
}}
QPushButton[look="start"]:focus {{ border: 2px solid {text}; }}
QPushButton[look="start"]:disabled {{
    background: {track}; color: {muted}; border-color: {line};
}}
QPushButton[look="large"], QPushButton[look="lead"] {{ min-height: {large_inner}px; }}
QPushButton[look="low"] {{ min-height: {low_inner}px; }}
QPushButton[look="plain"] {{ background: transparent; border-color: transparent; }}
QPushButton[look="plain"]:hover {{ background: {hover}; }}
QPushButton[look="plain"]:focus {{ border-color: {second}; }}
QPushButton[look="link"] {{
    background: transparent; border: none; color: {second}; padding: 0 4px; min-height: {small}px;
}}
QPushButton[look="link"]:hover, QPushButton[look="link"]:focus {{ text-decoration: underline; }}
QPushButton[look="link"]:disabled {{ color: {muted}; }}
QPushButton#allTenButton {{ text-align: left; padding: 0; }}
QPushButton[look="section"], QPushButton[look="fold"] {{
    background: transparent; border: 1px solid transparent; color: {muted}; padding: 0;
    font-size: {heading}px; font-weight: 700; min-height: {small}px; text-align: left;
}}
QPushButton[look="fold"] {{ color: {second}; font-size: {label}px; }}
QPushButton[look="section"]:focus, QPushButton[look="fold"]:focus {{ border-color: {second}; }}
QPushButton[look="guide"] {{
    background: transparent; border: none; color: {text}; padding: 0; min-height: 20px;
    text-align: left;
}}
QPushButton[look="guide"]:hover, QPushButton[look="guide"]:focus {{ text-decoration: underline; }}
QPushButton[look="quiet"] {{
    background: transparent; border: 1px solid transparent; color: {muted}; padding: 0 4px;
    font-weight: 400;
}}
QPushButton[look="quiet"]:hover {{ color: {text}; text-decoration: underline; }}
QPushButton[look="quiet"]:focus {{ border-color: {second}; }}
QPushButton[look="choice"] {{
    padding: 0; border-color: {edge}; min-height: {choice_high}px; min-width: {choice_wide}px;
    max-width: {choice_wide}px;
}}
QPushButton[look="choice"]:focus {{ border: 2px solid {second}; }}
QPushButton[look="digit"] {{
    padding: 0; min-width: {digit_inner}px; max-width: {button_inner}px;
}}
QFrame[look="segments"] {{
    background: {segments}; border: 1px solid {line}; border-radius: {r_field}px;
}}
QPushButton[look="segment"] {{
    background: transparent; border: 1px solid transparent; color: {muted}; padding: 0 14px;
    min-height: {segment_inner}px;
}}
QPushButton[look="segment"]:hover {{ color: {text}; }}
QPushButton[look="segment"]:checked {{ background: {segment}; color: {text}; }}
QPushButton[look="segment"]:focus {{ border-color: {second}; }}
QToolButton[look="tool"] {{
    background: transparent; border: 1px solid transparent; padding: 0; min-height: 0;
}}
QToolButton[look="tool"]:hover {{ background: {hover}; }}
QToolButton[look="tool"]:checked {{ background: {chosen}; border-color: {chosen}; }}
QToolButton[look="tool"]:focus, QToolButton[look="tool"]:checked:focus {{
    border-color: {second};
}}
QToolButton[look="flat"] {{
    background: transparent; border: 1px solid transparent; padding: 0; min-height: {flat}px;
    min-width: {flat}px;
}}
QToolButton[look="flat"]:hover {{ background: {hover}; }}
QToolButton[look="flat"]:focus {{ border-color: {second}; }}
QToolButton[look="square"] {{
    padding: 0; min-width: {button_inner}px; max-width: {button_inner}px;
}}
QLineEdit QToolButton {{ background: transparent; border: none; padding: 0; min-height: 0; }}
QToolButton[look="small"] {{
    background: transparent; border: 1px solid transparent; padding: 0; min-height: {small}px;
    min-width: {small}px; max-width: {small}px;
}}
QToolButton[look="small"]:hover {{ background: {hover}; }}
QToolButton[look="small"]:focus {{ border-color: {second}; }}
QToolButton[look="inline"] {{
    background: transparent; border: 1px solid transparent; padding: 0; min-height: {label}px;
    min-width: {small}px; max-width: {small}px;
}}
QToolButton[look="inline"]:hover {{ background: {hover}; }}
QToolButton[look="inline"]:focus {{ border-color: {second}; }}
QToolButton::menu-indicator, QPushButton::menu-indicator {{ image: none; width: 0; }}

QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{
    background: {card}; color: {text}; border: 1px solid {edge}; border-radius: {r_field}px;
    min-height: {field_inner}px; padding: 0 0 0 10px; selection-background-color: {second};
    selection-color: {on_second};
}}
QSpinBox, QDoubleSpinBox {{ padding-left: 8px; }}
QComboBox {{ padding-right: 4px; }}
QSpinBox[look="stepper"] {{ min-height: {button_inner}px; padding: 0; font-weight: 700; }}
QSpinBox[look="stepper"]::down-button {{
    subcontrol-origin: border; subcontrol-position: center left; width: {step}px; border: none;
}}
QSpinBox[look="stepper"]::up-button {{
    subcontrol-origin: border; subcontrol-position: center right; width: {step}px; border: none;
}}
QSpinBox[look="stepper"]::down-arrow {{
    image: url(icons:minus-{shade}.svg); width: {box}px; height: {box}px;
}}
QSpinBox[look="stepper"]::up-arrow {{
    image: url(icons:plus-{shade}.svg); width: {box}px; height: {box}px;
}}
QSpinBox[look="stepper"]::up-button:hover, QSpinBox[look="stepper"]::down-button:hover {{
    background: {hover};
}}
QComboBox[look="quiet"] {{
    background: transparent; border-color: transparent; color: {muted}; min-height: {quiet}px;
}}
QComboBox[look="live"], QSpinBox[look="live"], QDoubleSpinBox[look="live"] {{
    border-color: {accent};
}}
QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus {{
    border-color: {second};
}}
QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QLineEdit:disabled {{
    color: {muted}; background: transparent;
}}
QComboBox::drop-down {{ border: none; width: {caret_room}px; }}
QComboBox::down-arrow {{
    image: url(icons:caret-{shade}.svg); width: {caret}px; height: {caret}px;
}}
QComboBox QAbstractItemView {{
    background: {panel}; color: {text}; border: 1px solid {line}; padding: 4px;
    selection-background-color: {second}; selection-color: {on_second};
}}
QListWidget {{
    background: {card}; border: 1px solid {line}; border-radius: {r_field}px; padding: 4px;
}}
QListWidget::item {{ color: {text}; padding: 5px 8px; border-radius: 4px; }}
QListWidget::item:selected {{ background: {second}; color: {on_second}; }}
QTableView {{
    background: {card}; alternate-background-color: {band}; border: none;
    gridline-color: {line}; selection-background-color: {hover}; selection-color: {text};
}}
QTableView::item {{ padding: 0 5px; border: 1px solid transparent; }}
QTableView::item:selected {{
    background: {hover}; color: {text}; border-top: 1px solid {second};
    border-bottom: 1px solid {second};
}}
QTableView::item:focus {{ border: 1px solid {second}; }}
QTableView QLineEdit {{ min-height: 0; border-radius: 0; padding: 0 4px; }}
QTableView#differencesTable::item {{ border: none; border-bottom: 1px solid {line}; }}
QTableView#differencesTable QHeaderView::section:horizontal {{
    color: {text}; font-weight: 600; padding-left: 5px;
}}
QHeaderView {{ background: {card}; border: none; }}
QHeaderView::section {{
    background: {card}; color: {muted}; font-size: {label}px; border: none;
    border-bottom: 1px solid {line}; padding: 4px 6px 4px 9px;
}}
QTableCornerButton::section {{ background: {card}; border: none; }}
QMenu {{ background: {panel}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 6px 20px 6px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {second}; color: {on_second}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px; }}

QProgressBar[look="progress"] {{
    background: {track}; border: none; border-radius: {r_bar}px;
    min-height: {bar}px; max-height: {bar}px;
}}
QProgressBar[look="progress"]::chunk {{ background: {accent}; border-radius: {r_bar}px; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator, QTableView::indicator {{
    width: {box}px; height: {box}px; border: 1px solid {edge}; border-radius: 4px;
    background: {card};
}}
QCheckBox::indicator:checked, QTableView::indicator:checked {{
    background: {second}; border-color: {second}; image: url(icons:tick-{shade}.svg);
}}
QCheckBox::indicator:focus {{ border-color: {text}; }}
QCheckBox:disabled {{ color: {muted}; }}
QSlider::groove:horizontal {{ height: 4px; background: {track}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ height: 4px; background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    width: 16px; height: 16px; margin: -6px 0; border-radius: 8px; background: {accent};
}}
QSlider::handle:horizontal:focus {{ background: {second}; }}
QFileDialog QToolButton {{
    background: transparent; border-color: transparent; padding: 3px; min-height: {small}px;
    min-width: {small}px;
}}
QFileDialog QToolButton:hover {{ background: {hover}; }}
QFileDialog QToolButton:focus {{ border-color: {second}; }}
QFileDialog QAbstractItemView {{
    background: {card}; alternate-background-color: {band}; border: 1px solid {edge};
    selection-background-color: {second}; selection-color: {on_second};
}}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{
    background: {line}; border-radius: 4px; min-height: 24px; margin: 1px;
}}
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle:horizontal {{
    background: {line}; border-radius: 4px; min-width: 24px; margin: 1px;
}}
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal {{ width: 0; }}
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical {{ background: transparent; }}
"""


def style_sheet(colours: Colours, scale: float) -> str:
    """Return the application's style sheet."""
    values = {name: value for name, value in vars(colours).items() if isinstance(value, str)}

    def px(value: int) -> int:
        return round(value * scale)

    border = 2
    shade = "dark" if colours.dark else "light"
    return _SHEET.format(
        **values,
        # Dark in both themes.
        toast=DARK,
        margin=Size.MARGIN,
        r_card=Size.CARD_RADIUS,
        r_field=Size.FIELD_RADIUS,
        r_bar=Size.BAR // 2,
        bar=Size.BAR,
        tab=Size.HEADER - 21,
        button_inner=max(Size.BUTTON - border, px(Text.BODY) + 12),
        digit_inner=px(Text.BODY) + 2,
        large_inner=max(Size.LARGE_BUTTON - border, px(Text.SURER) + 16),
        low_inner=max(Size.LOW_BUTTON - border, px(Text.BODY) + 10),
        step=px(34),
        field_inner=max(Size.FIELD - border, px(Text.BODY) + 10),
        segment_inner=max(Size.BUTTON - 10, px(Text.BODY) + 8),
        flat=px(30),
        small=px(20),
        choice_wide=px(Size.CHOICE[0]) - border,
        choice_high=px(Size.CHOICE[1]) - border,
        box=px(16),
        caret=px(12),
        caret_room=px(12) + 10,
        shade=shade,
        quiet=px(Text.BODY) + 5,
        body=px(Text.BODY),
        label=px(Text.LABEL),
        heading=px(Text.HEADING),
        figure=px(Text.FIGURE),
        sure=px(Text.SURE),
        surer=px(Text.SURER),
        headline=px(Text.HEADLINE),
        **{f"large{place}": size for place, size in enumerate(Text.LARGE_FIGURES)},
        sentence=px(Text.SENTENCE),
    )
