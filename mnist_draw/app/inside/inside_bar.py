"""The bar above the sections: which one, its question, the network, the guide, the wall, copies."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from mnist_draw.app.draw.network_menu import NetworkMenu
from mnist_draw.app.inside.section import Section
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.icons import set_icon
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, explain


class InsideBar(QWidget):
    """Buttons that others connect; only the list of networks follows that of the Draw tab."""

    def __init__(
        self, sections: Sequence[type[Section]], networks: NetworkMenu, menu: QMenu
    ) -> None:
        super().__init__()
        self._networks = networks
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Size.FIELD_GAP)
        row.addWidget(self._build_sections(sections))
        row.addSpacing(Size.FIELD_GAP)
        self.question = FittedLabel(theme.Text.LABEL, Qt.ElideRight, two_lines=True)
        self.question.setObjectName("insideQuestion")
        self.question.setProperty("look", "sentence")
        row.addWidget(FixedLabel(self.question, lines=2), 1)
        row.addWidget(self._build_networks())
        self.guide = QPushButton("Guide")
        self.guide.setObjectName("guideButton")
        self.guide.setCheckable(True)
        explain(self.guide, "Guide", "Read the whole guide.", "F1")
        set_icon(self.guide, "book-open", Size.SMALL_ICON)
        row.addWidget(self.guide)
        self.present = QToolButton()
        self.present.setObjectName("presentButton")
        self.present.setProperty("look", "flat")
        explain(self.present, "Present", "Fill the screen, large, for the wall.", "F11")
        set_icon(self.present, "presentation")
        row.addWidget(self.present)
        self._menu = QToolButton()
        self._menu.setObjectName("insideMenu")
        self._menu.setProperty("look", "flat")
        explain(self._menu, "Copy and save", "Copy or save the view, or read it as a table.")
        set_icon(self._menu, "dots-three-vertical")
        self._menu.setMenu(menu)
        self._menu.setPopupMode(QToolButton.InstantPopup)
        row.addWidget(self._menu)

    def _build_sections(self, sections: Sequence[type[Section]]) -> QFrame:
        frame = QFrame()
        frame.setObjectName("insideSections")
        frame.setProperty("look", "segments")
        row = QHBoxLayout(frame)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        self.buttons = QButtonGroup(self)
        self.buttons.setExclusive(True)
        for number, section in enumerate(sections):
            button = QPushButton(section.title)
            button.setObjectName(f"{section.name}SectionButton")
            button.setProperty("look", "segment")
            button.setCheckable(True)
            self.buttons.addButton(button, number)
            row.addWidget(button)
        return frame

    def _build_networks(self) -> ComboBox:
        combo = ComboBox()
        combo.setObjectName("insideModelCombo")
        explain(combo, "Network", "The network that is looked into, and that answers.")
        combo.setModel(self._networks.model())
        combo.setMinimumWidth(190)
        combo.activated.connect(self._networks.activated)
        self._networks.currentIndexChanged.connect(combo.setCurrentIndex)
        combo.setCurrentIndex(self._networks.currentIndex())
        return combo
