"""The facts of the window, and who follows them."""

from qtpy import sip
from qtpy.QtWidgets import QLabel

from mnist_draw.app.kit.app_state import AppState


class Shown(QLabel):
    """A label that counts how often it was told of a change."""

    count = 0

    def show_page(self):
        self.count += 1
        self.setText(str(self.count))


def test_a_widget_follows_a_fact_until_it_is_deleted(qtbot):
    state = AppState()
    label = Shown()
    state.follow(["page"], label.show_page)
    state.set(page="train")
    state.set(hidden_pages=frozenset({"inside"}))
    assert label.text() == "1"
    sip.delete(label)
    state.set(page="draw")
    assert label.count == 1
