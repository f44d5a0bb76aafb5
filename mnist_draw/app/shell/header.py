"""The right end of the row of the tabs: the network button, the menus View and Help."""

from __future__ import annotations

from PyQt5.QtCore import QSize
from PyQt5.QtWidgets import QTabWidget, QToolButton, QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.shell.network_button import NetworkButton


class Header(QWidget):
    """The corner of the tab bar."""

    def __init__(self, network: ActiveNetwork, view: QWidget) -> None:
        super().__init__()
        self.setProperty("look", "plain")
        self.network = NetworkButton(network)
        self.view = view
        self.help_button = QToolButton()
        self.help_button.setObjectName("helpButton")
        self.help_button.setProperty("look", "flat")
        margins = (0, 0, Size.MARGIN, 0)
        row(self.network, self.view, self.help_button, margins=margins, owner=self)

    def sizeHint(self) -> QSize:
        # The tab widget sets its corner on the lower edge of the tabs, which it would cover.
        tabs, wide = self.parentWidget(), super().sizeHint().width()
        if isinstance(tabs, QTabWidget):
            room = tabs.width() - tabs.tabBar().sizeHint().width() - 2 * Size.MARGIN
            wide = max(min(wide, room), self.minimumSizeHint().width())
        return QSize(wide, Size.HEADER)

    def in_order(self) -> tuple[QWidget, ...]:
        """Return what takes the keyboard, from left to right."""
        network = self.network
        return network.work, network.answering, self.view, self.help_button
