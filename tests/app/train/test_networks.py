"""All networks in one place: used, renamed, deleted, brought back, opened, saved."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.networks_dialog import NetworksController
from mnist_draw.library.networks import list_opened, list_run_networks, list_shipped, save_opened
from mnist_draw.networks import parse_network
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.storage.models import ModelFile, load_model, save_model
from mnist_draw.storage.unique_paths import move_to_bin

from ..shell.conftest import Setup
from .conftest import add_run

TEXT = "layers:4"


def weights(network=TEXT):
    shapes = parse_network(network).parameter_shapes()
    return tuple(np.zeros(shape, np.float32) for shape in shapes)


class Shown:
    """The list of networks, and a network that answers at once."""

    def __init__(self, qtbot, notices):
        self.qtbot, self.notices = qtbot, notices
        parent = QWidget()
        qtbot.addWidget(parent)
        self.background = Background(parent)
        self.network = ActiveNetwork(parent=parent)
        self.network.requested.connect(self._answer)
        # As the menu of networks in the Draw tab does.
        self.network.changed.connect(self.network.refresh)
        self.network.use_default()
        self.controller = NetworksController(self.network, self.background, parent)
        self.view = view = self.controller.open()
        qtbot.waitUntil(lambda: view.table.rowCount() >= len(list_shipped()))

    def _answer(self, request):
        assert callable(request.source)
        self.network.confirm(request.source())

    def titles(self):
        table = self.view.table
        return [table.item(row, 0).text() for row in range(table.rowCount())]

    def row(self, title):
        row = self.titles().index(title)
        self.view.table.setCurrentCell(row, 0)
        return [self.view.table.item(row, n).text() for n in range(self.view.table.columnCount())]

    def press(self, what):
        self.view.commands.actions[what].trigger()

    def rename(self):
        """Ask for a new name; return its editor."""
        self.press("rename")
        return self.view.table.findChild(QLineEdit)

    def bring_back(self, title):
        """Bring back the only deleted network."""
        self.qtbot.waitUntil(lambda: self.view.bin.isEnabled())
        (action,) = self.view.bin.menu().actions()
        assert action.text().startswith(f"{title}, deleted ")
        action.trigger()
        self.qtbot.waitUntil(lambda: title in self.titles())
        self.qtbot.waitUntil(lambda: not self.view.bin.isEnabled())

    def wait_for(self, titles):
        """Wait until these follow the networks that ship."""
        shipped = len(list_shipped())
        self.qtbot.waitUntil(lambda: self.titles()[shipped:] == titles)


@pytest.fixture
def shown(qtbot, notices):
    save_opened(ModelFile(TEXT, weights(), {"test_accuracy": 0.5}), "from elsewhere")
    add_run("2026-01-01 10:00")
    made = Shown(qtbot, notices)
    yield made
    made.view.close()
    assert made.background.wait()
    qtbot.wait(1)


def test_a_network_is_used_and_has_one_name_everywhere(shown, qtbot):
    view, delete = shown.view, shown.view.commands.actions["delete"]
    assert shown.row("MLP 784–4–10, 1 Jan 10:00")[1:4] == ["MLP", "95.00 %", "a run"]
    assert shown.row("Best reader")[1:4] == ["CNN", "99.56 %", "the program"]
    assert not delete.isEnabled()
    assert shown.row("from elsewhere")[1:4] == ["MLP", "50.00 %", "a file"]
    assert delete.isEnabled()
    shown.press("use")
    qtbot.waitUntil(lambda: shown.network.key == "opened:from elsewhere.npz")
    view.table.item(view.table.currentRow(), 0).setText("Mine")
    qtbot.waitUntil(lambda: shown.network.model.describe().startswith("Mine"))
    assert shown.network.stored_key == "opened:from elsewhere.npz"
    qtbot.waitUntil(lambda: "Mine" in shown.titles())
    # A shorter list may arrive while a name is typed.
    shown.row("Mine")
    QTest.keyClicks(shown.rename(), "Yours")
    first = view.table.records[:1]
    view.show_networks(first, [0.0], first[0].key)
    assert view.table.rowCount() == 1


@pytest.mark.parametrize("key", [Qt.Key_Return, Qt.Key_Enter])
def test_return_saves_a_name_and_uses_nothing(shown, qtbot, capfd, key):
    used = shown.network.key
    shown.row("from elsewhere")
    editor = shown.rename()
    QTest.keyClicks(editor, "Mine")
    # Asking again goes on with what is typed.
    assert shown.rename() is editor
    assert editor.text() == "Mine"
    assert "editing failed" not in capfd.readouterr().err
    QTest.keyClick(editor, key)
    qtbot.waitUntil(lambda: [one.title for one in list_opened()] == ["Mine"])
    qtbot.waitUntil(lambda: "Mine" in shown.titles())
    qtbot.waitUntil(lambda: shown.view.table.findChild(QLineEdit) is None)
    assert shown.network.key == used


def test_a_network_is_deleted_and_brought_back(shown):
    run = "MLP 784–4–10, 1 Jan 10:00"
    shown.row("from elsewhere")
    shown.press("delete")
    shown.wait_for([run])
    shown.bring_back("from elsewhere")
    assert shown.notices.sentences[-1] == "The network is back."
    # That of a run is deleted and brought back with its run.
    shown.row(run)
    shown.press("delete")
    shown.bring_back(run)


def test_files_are_opened_and_saved(shown, qtbot, tmp_path, monkeypatch):
    path, saved = tmp_path / "plain.npz", tmp_path / "saved.npz"
    np.savez(path, *weights("layers:7"))
    asked: list[Any] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    monkeypatch.setattr(
        QInputDialog, "getItem", lambda *given: asked.append(given[3]) or (given[3][2], True)
    )
    shown.view.open_requested.emit()
    qtbot.waitUntil(lambda: shown.network.key == "opened:plain.npz")
    assert asked[0][:3] == ["MLP 784–7–10", "MLP 784–7 leaky–10", "MLP 784–7 tanh–10"]
    assert [one.network for one in list_opened() if one.title == "plain"] == ["layers:7@tanh"]
    qtbot.waitUntil(lambda: "plain" in shown.titles())
    shown.row("plain")
    shown.press("model")
    qtbot.waitUntil(saved.exists)
    assert load_model(saved).network == "layers:7@tanh"


@pytest.mark.window
def test_a_file_given_at_the_start_answers(qtbot, tmp_path):
    path = tmp_path / "given.npz"
    save_model(path, ModelFile(TEXT, weights()))
    setup = Setup(qtbot)
    try:
        setup.window.tabs.setCurrentIndex(0)
        for _ in range(2):
            setup.window.open_later(str(path))
            qtbot.waitUntil(lambda: setup.window.network.key == "opened:given.npz")
            assert setup.window.tabs.currentWidget() is setup.window.draw_tab
        # However often it is opened, it is kept once.
        assert [kept.title for kept in list_opened()] == ["given"]
    finally:
        setup.close()


def test_every_format_can_be_saved(shown, qtbot, tmp_path, monkeypatch):
    titles = {action.text(): action for action in shown.view.export.menu().actions()}
    for name, entry in list(NETWORK_FORMATS.items()):
        packed = dataclasses.replace(entry, pack=lambda model: model.title.encode())
        monkeypatch.setitem(NETWORK_FORMATS, name, packed)
        saved = tmp_path / f"{name}{entry.ending}"
        asked: list[Any] = []
        monkeypatch.setattr(
            QFileDialog,
            "getSaveFileName",
            lambda *given, asked=asked, saved=saved: asked.append(given) or (str(saved), ""),
        )
        shown.row("from elsewhere")
        if name == "model":
            shown.press(name)
        else:
            titles[f"{entry.title} (*{entry.ending}) …"].trigger()
        qtbot.waitUntil(saved.exists)
        assert asked[0][2] == f"from elsewhere{entry.ending}"


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_the_network_of_a_run_that_another_window_has_deleted_leaves_the_list(shown, act):
    (kept,) = list_run_networks()
    shown.row(kept.title)
    move_to_bin(kept.path.parent, "The run")
    if act == "rename":
        shown.view.table.renamed.emit(kept, "Slow steps")
    else:
        shown.press("delete")
    shown.qtbot.waitUntil(lambda: kept.title not in shown.titles())
    assert "is no longer there" in shown.notices.sentences[-1]
