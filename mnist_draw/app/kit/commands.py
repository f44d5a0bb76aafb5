"""Commands of buttons, menus and keys, and their icons: Phosphor in the theme's colors."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QIcon, QIconEngine, QKeySequence, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractButton, QAction, QLabel, QPushButton, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import blank_pixmap
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.widgets import explain, label, tip


class Command(QAction):
    """Text, keys, sentence, icon and state of a command; `triggered`, it does what it is for.

    Its keys work while its owner is visible, wherever in the window the focus is. A field that
    takes text gets the keys that it understands first.
    """

    def __init__(
        self,
        owner: QWidget,
        text: str,
        keys: str = "",
        act: Callable[[], object] = lambda: None,
        icon: str = "",
        sentence: str = "",
    ) -> None:
        super().__init__(text, owner)
        self.sentence = sentence
        self.keys = keys
        self._icon = icon
        self.setToolTip(tip(sentence or text))
        self.setShortcuts([QKeySequence(key) for key in keys.split(", ")] if keys else [])
        # In no language: the report of a crash is for those who know the code.
        event = f"command {keys or getattr(act, '__qualname__', '')} of {type(owner).__name__}"
        self.triggered.connect(lambda: reporter.note(event))
        self.triggered.connect(lambda: act())
        owner.addAction(self)

    def rename(self, text: str, sentence: str = "") -> None:
        """Call the command something else in its menus; buttons that it described stay."""
        self.sentence = sentence
        self.setText(text)
        self.setToolTip(tip(sentence or text))

    def describe(self, widget: QWidget) -> None:
        """Give a control this command's name, sentence, keys and icon."""
        explain(widget, self.text(), self.sentence, self.keys)
        if self._icon and isinstance(widget, QAbstractButton):
            set_icon(widget, self._icon)

    def serve(self, button: QAbstractButton) -> None:
        """Let a button do this command, and be enabled when the command is."""
        self.describe(button)
        button.setEnabled(self.isEnabled())
        button.clicked.connect(lambda: self.trigger())
        self.changed.connect(lambda: button.setEnabled(self.isEnabled()))


_SET = "ph"


@lru_cache(maxsize=1)
def _font() -> Any:
    """Load the one icon font used; qtawesome alone would load all eleven."""
    import qtawesome
    from qtawesome.iconic_font import IconicFont

    fonts = [font for font in getattr(qtawesome, "_BUNDLED_FONTS", ()) if font[0] == _SET]
    return IconicFont(*fonts) if fonts else qtawesome


#: The color of an icon, and of that of what is on, by the look of its button.
_ICON_COLORS = {
    "primary": ("on_accent", "on_accent"),
    "start": ("on_accent", "on_accent"),
    "lead": ("on_accent", "on_accent"),
    "tool": ("text", "accent"),
    "mode": ("text", "accent"),
    "link": ("second", "second"),
    "accent": ("accent", "accent"),
    "muted": ("muted", "muted"),
    "alert": ("alert", "alert"),
}


class _KeptIcon(QIconEngine):
    """Paints an icon's glyph once for each size and state, then its picture."""

    def __init__(self, drawn: QIcon) -> None:
        super().__init__()
        self._drawn = drawn
        self._kept: dict[tuple[int, int, QIcon.Mode, QIcon.State], QPixmap] = {}

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        size = rect.size() * painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self.pixmap(size, mode, state))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        key = size.width(), size.height(), mode, state
        if key not in self._kept:
            kept = self._kept[key] = blank_pixmap(size.width(), size.height(), 1)
            painter = QPainter(kept)
            # What is wider than high keeps its right side free, for the distance to words.
            side = min(size.width(), size.height())
            self._drawn.paint(
                painter,
                QRect(0, 0, side, size.height()),
                Qt.AlignCenter,
                mode,
                state,
            )
            painter.end()
        return self._kept[key]


def icon(name: str, look: str = "") -> QIcon:
    """Return a Phosphor icon by its name, such as ``"eraser"``, in the theme's colors."""
    colors = theme.theme().colors
    usual, on = _ICON_COLORS.get(look, ("text", "text"))
    # On a ground of its own, as the words beside it.
    disabled = colors.muted if usual == "on_accent" else colors.line
    drawn: QIcon = _font().icon(
        f"{_SET}.{name}",
        color=getattr(colors, usual),
        color_disabled=disabled,
        color_on=getattr(colors, on),
        color_off=getattr(colors, usual),
    )
    return QIcon(_KeptIcon(drawn))


#: Pixels between an icon and the words of its button, beside those of Qt.
_BEFORE_WORDS = 5


def set_icon(button: QAbstractButton, name: str, size: int = theme.Size.ICON) -> None:
    """Give a button an icon that follows the theme and grows with the system's text."""

    def renew() -> None:
        side = theme.scaled(size)
        # Qt leaves 4 pixels between an icon and its words.
        gap = theme.scaled(_BEFORE_WORDS) if isinstance(button, QPushButton) else 0
        button.setIconSize(QSize(side + gap, side))
        button.setIcon(icon(name, look=button.property("look") or ""))

    theme.follow(button, renew)


def icon_label(name: str, look: str, title: str = "") -> QLabel:
    """Return an icon in the theme's colors that no one can press; readers say its title."""
    picture = label("", look)
    picture.setAccessibleName(title)

    def paint() -> None:
        side = theme.scaled(theme.Size.SMALL_ICON)
        picture.setPixmap(icon(name, look).pixmap(side, side))

    theme.follow(picture, paint)
    return picture


def icon_button(
    name: str,
    picture: str,
    title: str = "",
    sentence: str = "",
    shortcut: str = "",
    look: str = "small",
) -> QToolButton:
    """Return a button with its object name, its icon and what :func:`explain` gives it."""
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("look", look)
    explain(button, title, sentence, shortcut)
    set_icon(button, picture, theme.Size.SMALL_ICON if look == "small" else theme.Size.ICON)
    return button
