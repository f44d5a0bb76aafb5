"""The fields say what is trained, and nothing gets lost between field and run."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from own_classes import draw_classes
from qtpy import sip
from qtpy.QtCore import QEvent, QPoint, QRect, Qt
from qtpy.QtGui import QFocusEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QInputDialog,
    QLabel,
    QWidget,
)

from mnist_draw import i18n
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.number_fields import NumberBox
from mnist_draw.app.kit.steady_labels import Captioned, FittedLabel
from mnist_draw.app.train import settings_form
from mnist_draw.app.train.layers_page import LayersPage
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.app.train.setting_fields import FileCombo, RuleFields
from mnist_draw.app.train.settings_drawer import SettingsDrawer, make_examples
from mnist_draw.app.train.settings_form import SettingsForm
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.library.network_data import data_path
from mnist_draw.library.stored_network import StoredNetwork
from mnist_draw.storage.folders import resource_path
from mnist_draw.storage.models import ModelFile
from mnist_draw.training import presets
from mnist_draw.training.presets import AS_IN_THE_TUTORIAL, PRESETS, save_preset
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES
from tests.languages import IMITATIONS

from .. import seen

OTHERS = TrainingSettings(
    network="custom_mlp:3,400,0.1,0.25",
    update="adam",
    update_parameters={"beta1": 0.8},
    learning_rate=0.00002,
    schedule="cosine",
    batch_size=128,
    epochs=7,
    l2=0.0001,
    seed=42,
    training_examples=5000,
    data_folder="/somewhere/fashion",
    extra_folder="/somewhere/hers",
    start_model="/somewhere/first.npz",
    augmentation="elastic",
    patience=3,
    target_accuracy=0.985,
    keep_best=True,
)


def widget(panel, kind, name):
    found = panel.fields[name].widget
    assert isinstance(found, kind)
    return found


@pytest.fixture
def drawer(qtbot, own_home):
    made = SettingsDrawer()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def panel(drawer) -> SettingsForm:
    return drawer.form


def test_shows_and_returns_every_setting(panel):
    usual = TrainingSettings()
    assert panel.settings() == usual
    for field in dataclasses.fields(TrainingSettings):
        # Another update rule than its own makes no sense of parameters.
        changes = {field.name: getattr(usual, field.name), "update_parameters": {}}
        for settings in (OTHERS, OTHERS.replace(**changes)):
            panel.show_settings(settings)
            assert panel.settings() == settings
        assert getattr(OTHERS, field.name) != changes[field.name], "give it another value above"
    panel.reset_all()
    panel.show_settings(usual)
    assert panel.settings() == usual
    networks = (
        *("mlp", "mlp:0.2", "mlp:0.123456789", "cnn", "deep_cnn", "custom_mlp:0,1,0,0"),
        *("custom_mlp:2,800,0.2,0.5", "layers:", "layers:/0.07,500@tanh/0.4,9@elu,8@leaky/0.55"),
    )
    for changes in (
        *({"network": network} for network in networks),
        *({"update": rule} for rule in ("sgd", "nesterov_momentum", "adadelta")),
    ):
        panel.show_settings(usual.replace(**changes))
        assert panel.settings() == usual.replace(**changes)


def test_small_and_large_numbers_are_not_changed(panel):
    for value in (1e-20, 1 / 3e9, 0.1 + 0.2, 123456.789, 1e6):
        settings = TrainingSettings(learning_rate=value, l2=value)
        panel.show_settings(settings)
        assert panel.settings() == settings


@pytest.mark.parametrize(
    ("name", "typed", "value", "shown", "told"),
    [
        ("learning_rate", "2e-05", 2e-5, "0.00002", ""),
        ("learning_rate", "0,01", 0.01, "0.01", ""),
        ("learning_rate", "1e9", 0.001, "0.001", "Enter a number from 1×10⁻²⁰ to 1,000,000."),
        ("learning_rate", "1.5.3", 0.001, "0.001", "Enter a number from"),
        ("epochs", "-abc", 20, "20", "Enter a whole number from 1 to"),
        ("epochs", "0,5", 20, "20", "Enter a whole number from 1 to"),
        ("batch_size", "0", 500, "500", "Enter a whole number from 1 to 10,000."),
        ("batch_size", "1,000", 1000, "1,000", ""),
        ("seed", "-5", 1, "1", "from 0 to "),
        ("target_accuracy", "101", None, "off", "from 0 to 100%."),
        ("target_accuracy", "97,5%", 0.975, "97.5%", ""),
    ],
)
def test_numbers_are_typed_and_nonsense_is_refused(panel, name, typed, value, shown, told):
    field = panel.fields[name]
    field.widget.selectAll()
    QTest.keyClicks(field.widget, typed)
    QTest.keyClick(field.widget, Qt.Key_Return)
    error = field.remark.text()
    assert told in error
    assert bool(error) == bool(told)
    assert getattr(panel.settings(), name) == pytest.approx(value)
    assert field.widget.text() == shown


def test_neither_a_change_nor_an_error_moves_a_field(drawer, panel, qtbot):
    drawer.resize(340, 700)
    drawer.show()
    last = panel.fields["augmentation"].widget

    def place():
        drawer.layout().activate()
        QApplication.processEvents()
        return last.mapTo(drawer, QPoint())

    before = place()
    panel.apply("l2", 0.5)
    panel.show_error("batch_size", "From 1 to 10,000. " * 9)
    assert place() == before
    batch = panel.fields["batch_size"]
    remark = batch.remark
    assert batch.caption.text() == "Batch size"
    assert remark.isVisible()
    assert remark.height() >= remark.heightForWidth(remark.width())
    assert remark.parent().rect().contains(remark.geometry())
    below = remark.mapTo(drawer, QPoint()).y() - batch.widget.mapTo(drawer, QPoint()).y()
    assert below >= batch.widget.height()
    # A caption is whole, or is not seen at all.
    panel.fields["learning_rate"].show_error("Not a number.")
    for mark in (remark, panel.fields["learning_rate"].remark):
        for caption in drawer.sections["learning"].findChildren(FittedLabel):
            within = QRect(caption.mapTo(mark.parent(), QPoint()), caption.size())
            hides = mark.geometry().intersects(within) and caption.isVisible()
            assert not hides or mark.geometry().contains(within)
    # It follows its field, and is hidden with it.
    drawer.sections["network"].show_body(False)
    place()
    now = remark.mapTo(drawer, QPoint()).y() - batch.widget.mapTo(drawer, QPoint()).y()
    assert now == below
    drawer.sections["learning"].show_body(False)
    assert not remark.isVisible()
    drawer.sections["learning"].show_body(True)
    assert remark.isVisible()
    panel.apply("seed", 5)
    assert not remark.isVisible()


@pytest.mark.skipif(i18n.language() in IMITATIONS, reason="they are longer than any language")
def test_no_caption_is_cut(show, own_home, qapp):
    before, font = qapp.font(), qapp.font()
    font.setPixelSize(13)
    qapp.setFont(font)
    theme.theme().apply("light", False)
    drawer = show(SettingsDrawer(), 340, 1400)
    drawer.sections["stop"].show_body(True)
    seen.settle()
    shown = [one for one in drawer.findChildren(Captioned) if one.caption.isVisible()]
    assert [one.caption.fitted()[1] for one in shown] == [one.caption.text() for one in shown]
    qapp.setFont(before)


def test_a_number_that_was_typed_ends_with_its_network(panel, drawer):
    drawer.show()
    network = widget(panel, NetworkFields, "network")
    for kind in ("cnn", "deep_cnn"):
        panel.apply("network", "mlp")
        dropout = network.numbers[0]
        dropout.selectAll()
        QTest.keyClicks(dropout, "25")
        network.combo.setCurrentIndex(network.combo.findData(kind))
        assert panel.settings().network == kind
    # A remark may be moved before it is deleted with its field.
    panel.apply("network", "mlp")
    dropout = network.numbers[0]
    dropout.selectAll()
    QTest.keyClicks(dropout, "150")
    dropout.interpretText()
    page = dropout.remark.parentWidget()
    sip.delete(dropout)
    page.resize(page.width() + 1, page.height())


def test_a_number_counts_when_it_is_confirmed(panel):
    # Every field says at its own place what it refuses.
    network = widget(panel, NetworkFields, "network")
    dropout = network.numbers[0]
    dropout.selectAll()
    QTest.keyClicks(dropout, "150")
    dropout.interpretText()
    assert network.text() == TrainingSettings().network
    assert "to 99.9%" in dropout.remark.text()
    panel.apply("seed", 2)
    assert dropout.remark.text() == ""
    panel.set_running(True)
    changes = []
    panel.changed.connect(lambda name, value: changes.append(value))
    box = panel.fields["learning_rate"].widget
    box.selectAll()
    QTest.keyClicks(box, "1e-4")
    assert (changes, panel.settings().learning_rate) == ([], 0.001)
    box.interpretText()
    QTest.keyClick(box, Qt.Key_Up)
    assert changes == pytest.approx([1e-4, 1.1e-4])
    QTest.keyClick(panel.fields["l2"].widget, Qt.Key_Up)
    assert changes[-1] == 1e-4


def test_what_can_change_during_a_run(panel):
    panel.set_running(True)
    live = {"learning_rate", "l2", "augmentation"}
    widgets = {name: field.widget for name, field in panel.fields.items()}
    assert {name for name, one in widgets.items() if one.isEnabled()} == live
    panel.set_running(False)
    assert all(one.isEnabled() for one in widgets.values())


def test_a_change_during_a_run_belongs_to_it(panel, notices):
    panel.set_running(True)
    panel.apply("learning_rate", 0.0003)
    assert panel.settings().learning_rate == 0.0003
    assert panel.state.chosen.settings.learning_rate == 0.001
    panel.set_running(False)
    assert panel.settings() == TrainingSettings()
    assert "back to 0.001" in notices[-1].sentence
    # The next rule has its usual rate.
    assert rate_after(panel, "adadelta") == 1.0
    panel.apply("update", "rmsprop")
    notices[-1].action()
    assert panel.settings().learning_rate == 0.0003
    panel.undo()
    assert panel.settings() == TrainingSettings()
    # What made a run diverge is not offered.
    told = len(notices)
    panel.set_running(True)
    panel.apply("learning_rate", 10000)
    panel.set_running(False, keeps=False)
    assert (len(notices), panel.settings()) == (told, TrainingSettings())
    # A continued run shows its own settings, until it ends.
    panel.show_run(OTHERS)
    assert panel.settings() == OTHERS
    panel.set_running(False)
    assert panel.settings() == TrainingSettings()


def test_data_may_be_a_folder_or_a_file(panel, monkeypatch, tmp_path, qtbot):
    read: list[str] = []
    monkeypatch.setitem(settings_form._READ_WHEN_PICKED, "data_folder", read.append)
    combo = widget(panel, FileCombo, "data_folder")
    for kind in ("file", "folder"):
        path = str(tmp_path / kind)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, path=path: (path, ""))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, path=path: path)
        combo.activated.emit(combo.findText(f"Choose a {kind}…"))
        assert (panel.settings().data_folder, combo.currentText()) == (path, kind)
        qtbot.waitUntil(lambda path=path: read[-1:] == [path])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    combo.activated.emit(combo.count() - 1)
    assert panel.settings().data_folder == path
    combo.activated.emit(0)
    assert panel.settings().data_folder is None


def test_sixteen_examples_of_the_augmentation_are_shown(panel, drawer, qtbot, monkeypatch):
    made: list[tuple[str, str | None, int]] = []

    def make(recipe, folder, seed):
        made.append((recipe, folder, seed))
        return np.full((16, 28, 28), len(made), np.uint8)

    monkeypatch.setattr("mnist_draw.app.train.settings_drawer.make_examples", make)
    drawer.show()
    assert drawer.examples.isHidden()
    panel.apply("augmentation", "elastic")
    qtbot.waitUntil(lambda: drawer.examples.pictures is not None)
    assert not drawer.examples.isHidden()
    assert made == [("elastic", None, 1)]
    panel.apply("seed", 9)
    qtbot.waitUntil(lambda: made[-1] == ("elastic", None, 9))
    assert panel.settings().augmentation == "elastic"
    panel.apply("augmentation", "off")
    assert drawer.examples.isHidden()


@pytest.mark.slow
def test_real_examples_are_pictures_of_digits():
    pictures = make_examples("warp", None, 1)
    assert pictures.shape == (16, 28, 28)
    assert (pictures.reshape(16, -1).max(axis=1) > 100).all()


def test_examples_that_cannot_be_made_are_told(panel, drawer, qtbot, tmp_path, notices):
    drawer.show()
    panel.apply("data_folder", str(tmp_path))
    panel.apply("augmentation", "warp")
    qtbot.waitUntil(lambda: bool(notices))
    assert str(tmp_path) in notices.sentences[0]


def test_settings_are_saved_and_opened(panel, drawer, tmp_path, monkeypatch, notices):
    path = tmp_path / "class.json"
    for dialog in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, dialog, lambda *_: (str(path), ""))
    panel.show_settings(OTHERS)
    drawer.save_file()
    panel.show_settings(TrainingSettings())
    drawer.open_file()
    assert panel.settings() == OTHERS
    path.write_text("{")
    drawer.open_file()
    assert panel.settings() == OTHERS
    saved, refused = notices.sentences[0], notices.sentences[-1]
    assert saved == f"Saved {path}."
    assert "JSON" in refused
    assert "unchanged" in refused


# -- the learning rate follows the update rule


def rate_after(panel, rule):
    panel.apply("update", rule)
    return panel.settings().learning_rate


def test_an_update_rule_brings_its_usual_rate_unless_another_was_set(panel):
    found = {rule: rate_after(panel, rule) for rule in (*UPDATE_RULES, "rmsprop")}
    assert found == {name: rule.learning_rate for name, rule in UPDATE_RULES.items()}
    assert rate_after(panel, "adam") == found["adam"]
    boxes = widget(panel, RuleFields, "update_parameters").boxes
    assert list(boxes) == ["beta1", "beta2", "epsilon"]
    assert panel.settings().update_parameters == {}
    panel.apply("update", "rmsprop")
    panel.apply("learning_rate", 0.2)
    assert rate_after(panel, "sgd") == 0.2
    assert rate_after(panel, "adam") == 0.2
    panel.show_settings(TrainingSettings(update="sgd", learning_rate=0.03))
    assert rate_after(panel, "adadelta") == 0.03
    panel.show_settings(TrainingSettings())
    assert rate_after(panel, "adadelta") == 1.0


def pick(panel, name, path, patch):
    patch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    patch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))
    combo = widget(panel, FileCombo, name)
    combo.activated.emit(combo.count() - 1)
    return combo


def test_a_network_to_start_from_brings_its_layers(panel, qtbot, monkeypatch):
    assert widget(panel, FileCombo, "start_model").currentText() == "Random"
    best = resource_path("models", "best.npz")
    combo = pick(panel, "start_model", best, monkeypatch)
    assert combo.currentText() == "best.npz"
    qtbot.waitUntil(lambda: panel.settings().network == "deep_cnn")
    assert panel.settings().start_model == str(best)


def test_a_wrong_path_is_told_when_it_is_picked(panel, qtbot, notices, monkeypatch, tmp_path):
    for name, text in (("start_model", "Random"), ("data_folder", "MNIST")):
        combo = pick(panel, name, tmp_path / "wrong", monkeypatch)
        qtbot.waitUntil(lambda: bool(notices))
        sentence = notices.pop().sentence
        assert str(tmp_path / "wrong") in sentence
        assert "unchanged" in sentence
        assert combo.currentText() == text
        assert panel.settings() == TrainingSettings()


# -- sections, changes, presets


def test_sections_are_opened_and_closed_by_the_user_alone(panel, drawer):
    drawer.resize(340, 300)
    drawer.show()

    def opened():
        return {name for name, section in drawer.sections.items() if section.is_open}

    assert opened() == {"network", "learning", "data"}
    assert drawer.sections["stop"].state.text() == "off"
    panel.show_settings(OTHERS)
    drawer.resize(340, 2000)
    assert opened() == {"network", "learning", "data"}
    assert "98.5%" in drawer.sections["stop"].state.text()
    drawer.sections["stop"].button.click()
    drawer.sections["learning"].button.click()
    drawer.resize(340, 300)
    assert opened() == {"network", "data", "stop"}


def test_changes_are_counted_listed_and_taken_back(panel, drawer, notices):
    drawer.show()
    assert drawer.undo_button.isHidden()
    assert drawer.reset_button.isHidden()
    panel.apply("learning_rate", 0.0005)
    panel.apply("training_examples", 5000)
    assert drawer.count.text().startswith("2 ")
    assert "0.0005" in drawer.count.toolTip()
    drawer.reset_button.click()
    assert panel.settings() == TrainingSettings()
    assert drawer.reset_button.isHidden()
    drawer.undo_button.click()
    assert panel.settings().learning_rate == 0.0005
    # A preset's changes are one step, too.
    drawer.presets.activated.emit(drawer.presets.findText("Quick"))
    assert panel.settings() == PRESETS["quick"].settings
    assert notices[-1].action
    notices[-1].action()
    assert panel.settings().training_examples == 5000
    panel.show_settings(OTHERS)
    drawer.undo_button.click()
    drawer.reset_button.click()
    assert panel.settings() == TrainingSettings()
    while panel.state.can_undo:
        panel.undo()
    assert panel.settings() == TrainingSettings()
    assert not panel.state.can_undo
    assert drawer.undo_button.isHidden()


def test_typing_is_one_step(panel, drawer, qtbot):
    drawer.show()
    qtbot.waitExposed(drawer)
    box = panel.fields["seed"].widget
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    box.selectAll()
    QTest.keyClicks(box, "123")
    assert panel.confirm()
    assert panel.settings().seed == 123
    panel.undo()
    assert panel.settings().seed == 1


def test_a_preset_keeps_the_data_set_and_a_rule_brings_its_rate(panel, drawer):
    panel.apply("data_folder", "/mine")
    panel.choose_preset(PRESETS["quick"])
    assert panel.settings() == PRESETS["quick"].settings.replace(data_folder="/mine")
    # The preset's rate belongs to its rule.
    assert rate_after(panel, "adadelta") == 1.0
    assert rate_after(panel, "adam") == 0.002
    drawer.show()
    drawer.presets.activated.emit(drawer.presets.findText(AS_IN_THE_TUTORIAL))
    assert panel.settings() == TrainingSettings()


def test_presets_of_ones_own(panel, drawer, monkeypatch, notices):
    drawer.show()
    panel.show_settings(OTHERS)
    notices.clear()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (" Ours ", True))
    drawer.save_as_preset()
    assert drawer.strip.isVisible()
    assert not notices
    assert drawer.presets.currentText() == "Ours"
    assert not panel.state.differences
    panel.choose_preset(PRESETS["tutorial"])
    drawer.presets.activated.emit(drawer.presets.findText("Ours"))
    assert panel.settings() == OTHERS
    assert drawer.delete.isVisible()
    drawer.delete_own_preset()
    assert drawer.presets.findText("Ours") == -1
    assert panel.settings() == OTHERS


def test_a_preset_of_the_program_is_not_deleted_for_one_of_ones_own_by_its_name(
    panel,
    drawer,
    monkeypatch,
):
    # One is kept under a name that another language has for a preset of the program.
    monkeypatch.setattr(presets, "_TAKEN", set())
    save_preset(PRESETS["quick"].title, OTHERS)
    drawer.show()
    panel.choose_preset(PRESETS["quick"])
    assert not drawer.delete.isVisible()


# -- an MLP of one's own


def layer_list(panel):
    return widget(panel, NetworkFields, "network").list


def test_each_network_is_shown_as_a_list(panel):
    layers = layer_list(panel)
    for network, entries in (
        ("mlp:0.95", "500 /0.95 300 /0.95"),
        ("cnn", "conv32x5 pool2 conv32x5 pool2 /0.5 256 /0.5"),
        ("custom_mlp:2,800,0.2,0.5", "/0.2 800 /0.5 800 /0.5"),
        ("layers:conv8x3@tanh,norm", "conv8x3@tanh norm"),
    ):
        panel.apply("network", network)
        assert layers.entries == entries.split()
        # A list that nobody changed keeps the text of its network.
        assert panel.settings().network == network


def test_a_changed_network_is_one_of_its_own_until_it_is_as_before(panel):
    fields = widget(panel, NetworkFields, "network")
    fields.numbers[0].setValue(20)
    layers = fields.list
    assert layers.entries == ["500", "/0.2", "300", "/0.2"]
    layers.add("dense")
    assert fields.combo.currentText() == "Layers of your own"
    assert not fields.numbers
    layers.undo()
    assert panel.settings().network == "mlp:0.2"
    assert fields.combo.currentData() == "mlp"
    assert fields.numbers[0].value() == 20
    assert fields.combo.findText("Layers of your own") == -1


def test_layers_are_added_changed_moved_and_removed(panel):
    panel.apply("network", "cnn")
    layers = layer_list(panel)
    layers.rows[0].findChild(QAbstractSpinBox, "layer1FiltersSpinBox").setValue(8)
    menu = layers.rows[0].findChild(QComboBox, "layer1ActivationCombo")
    menu.setCurrentIndex(menu.findData("tanh"))
    layers.add("normalization")
    assert panel.settings().network == "layers:conv8x5@tanh,norm,pool2,conv32x5,pool2,/0.5,256/0.5"
    layers.remove(6)
    layers.remove(5)
    layers.add("dropout")
    assert panel.settings().network == "layers:conv8x5@tanh,norm,pool2,conv32x5,pool2,/0.5,/0.5"
    layers.undo()
    layers.move_layer(2, 3)
    assert panel.settings().network == "layers:conv8x5@tanh,norm,conv32x5,pool2,pool2,/0.5"
    while layers.rows:
        layers.rows[0].remove_button.click()
    assert panel.settings().network == "layers:"
    layers.add("dense")
    assert panel.settings().network == "layers:300"


def test_a_layer_that_cannot_be_is_named_and_starts_nothing(panel):
    panel.apply("network", "cnn")
    layers = layer_list(panel)
    before = panel.settings().network
    assert before == "cnn"
    layers.add("pooling")
    layers.add("pooling")
    # The last network that can be stays.
    assert panel.settings().network == "layers:conv32x5,pool2,pool2,conv32x5,pool2,/0.5,256/0.5"
    assert not panel.confirm()
    assert layers.error[0] == 4
    # What it gives and all below is unknown.
    assert [row.line.gives.text() for row in layers.rows[3:6]] == ["32×3×3", "–", "–"]
    layers.undo()
    assert layers.error is None
    assert panel.confirm()
    # No step leads to a dropout of everything.
    place = layers.entries.index("/0.5")
    layers.choose(place)
    (share,) = layers.rows[place].fields
    share.setValue(99.9)
    share.stepUp()
    assert layers.error is None
    layers.double()
    assert panel.confirm()
    # A normalization below a pooling is none of any layer.
    layers.choose(0)
    layers.add("normalization")
    layers.move_layer(1, 2)
    assert layers.error[0] == 2
    assert not panel.confirm()


def test_layers_are_reached_by_keys_alone(panel, drawer, qtbot):
    page = LayersPage(panel)
    qtbot.addWidget(page)
    page.show()
    panel.apply("network", "cnn")
    layers = layer_list(panel)
    layers.setFocus()
    for key, modifiers, expected in (
        (Qt.Key_Down, Qt.NoModifier, "conv32x5,pool2,conv32x5,pool2,/0.5,256/0.5"),
        (Qt.Key_Up, Qt.AltModifier, "pool2,conv32x5,conv32x5,pool2,/0.5,256/0.5"),
        (Qt.Key_Down, Qt.AltModifier, "conv32x5,pool2,conv32x5,pool2,/0.5,256/0.5"),
        (Qt.Key_Up, Qt.NoModifier, "conv32x5,pool2,conv32x5,pool2,/0.5,256/0.5"),
        (Qt.Key_D, Qt.ControlModifier, "conv32x5,conv32x5,pool2,conv32x5,pool2,/0.5,256/0.5"),
        (Qt.Key_Delete, Qt.NoModifier, "conv32x5,pool2,conv32x5,pool2,/0.5,256/0.5"),
    ):
        QTest.keyClick(layers, key, modifiers)
        assert layers.text == expected
    QTest.keyClick(layers, Qt.Key_Home)
    QTest.keyClick(layers, Qt.Key_Return)
    assert page.focusWidget() is layers.rows[0].fields[0]
    QTest.keyClick(page.focusWidget(), Qt.Key_Tab)
    assert page.focusWidget() is layers.rows[0].fields[1]
    QTest.keyClick(page.focusWidget(), Qt.Key_Escape)
    assert page.focusWidget() is layers


def test_the_chosen_layer_shows_whether_it_has_the_keyboard(panel, qtbot):
    page = LayersPage(panel)
    qtbot.addWidget(page)
    page.show()
    layers = layer_list(panel)
    without = layers.rows[0].grab().toImage()
    QApplication.sendEvent(layers, QFocusEvent(QEvent.FocusIn))
    assert layers.rows[0].grab().toImage() != without
    QApplication.sendEvent(layers, QFocusEvent(QEvent.FocusOut))
    assert layers.rows[0].grab().toImage() == without


def test_the_page_of_layers_counts_what_was_changed_and_goes_back(panel, qtbot):
    page = LayersPage(panel)
    qtbot.addWidget(page)
    page.show()
    panel.choose_preset(PRESETS["cnn"])
    layers = page.list
    text = page.findChild(QWidget, "layersText")
    changed = page.findChild(QLabel, "layersChanged")
    assert page.begin.currentText() == "CNN"
    assert changed.text() == ""
    layers.rows[2].findChild(QAbstractSpinBox).setValue(64)
    layers.choose(0)
    layers.add("normalization")
    layers.remove(7)
    layers.rows[5].findChild(QAbstractSpinBox).setValue(30)
    assert changed.text() == "4 changed"
    assert text.toPlainText() == "layers:conv32x5,norm,pool2,conv64x5,pool2,/0.3,256"
    # Two batch normalization figures a filter in place of one bias.
    assert page.total.text() == "317,098 weights"
    page.reset_button.click()
    assert panel.settings().network == "cnn"
    assert changed.text() == ""
    page.undo.trigger()
    assert panel.settings().network == "layers:conv32x5,norm,pool2,conv64x5,pool2,/0.3,256"
    page.begin.setCurrentIndex(page.begin.findText("Handwriting"))
    page.begin.activated.emit(page.begin.currentIndex())
    assert layers.entries == ["500", "/0.1", "300", "/0.1"]
    assert changed.text() == ""


def test_a_wrong_layer_is_named_at_start_and_found(qtbot):
    tab = TrainTab()
    qtbot.addWidget(tab)
    tab.resize(2000, 1000)
    tab.show()
    tab.settings.choose_preset(PRESETS["cnn"])
    tab.show_layers(True)
    layers = tab.layers.list
    flow = tab.new_run.flow
    qtbot.waitUntil(flow.isVisible)
    assert [title for title, __ in flow.flow.blocks[:3]] == ["Input", "Convolution", "Max pooling"]
    for __ in range(3):
        layers.add("pooling")
    assert not tab.start_button.isEnabled()
    assert tab.new_run.wrong_button.isVisible()
    assert "layer 6" in tab.new_run.wrong_button.text()
    tab.show_layers(False)
    assert not flow.isVisible()
    tab.new_run.wrong_button.click()
    assert tab.layers.isVisible()
    layers.undo()
    layers.undo()
    assert tab.start_button.isEnabled()
    assert not tab.new_run.wrong_button.isVisible()
    # A block and its row are chosen together.
    chosen = []
    layers.chosen.connect(chosen.append)
    block = flow.flow.width() // len(flow.flow.blocks)
    QTest.mouseClick(flow.flow, Qt.LeftButton, pos=QPoint(4 * block + block // 2, 20))
    assert chosen == [3]


def test_a_data_set_that_is_picked_is_known_to_its_networks(panel, monkeypatch, tmp_path, qtbot):
    draw_classes(tmp_path / "shapes", ("a", "b"), 20)
    bias = np.zeros(2, np.float32)
    model = ModelFile("mlp#2", (bias,), {"data": "shapes", "classes": ["a", "b"]})
    assert data_path(model) is None
    pick(panel, "data_folder", tmp_path / "shapes", monkeypatch)
    qtbot.waitUntil(lambda: data_path(model) == str(tmp_path / "shapes"))


def test_what_a_run_took_is_shown_until_it_ends(panel):
    box = widget(panel, NumberBox, "batch_size")
    usual = box.accessibleDescription()
    panel.set_running(True)
    panel.show_effective("batch_size", 90)
    assert box.value() == 90
    assert "instead of 500" in box.accessibleDescription()
    panel.set_running(False)
    assert (box.value(), box.accessibleDescription()) == (500, usual)


def test_a_minibatch_of_more_pictures_than_are_chosen_is_told_at_its_field(panel):
    told = panel.fields["batch_size"].remark
    panel.fields["training_examples"].widget.setValue(3)
    assert "instead of the usual 500" in told.text()
    panel.fields["batch_size"].widget.setValue(400)
    assert "only 3" in told.text()
    panel.fields["batch_size"].widget.setValue(3)
    assert told.text().startswith("Only 1 step an epoch")
    panel.fields["batch_size"].widget.setValue(1)
    assert not told.text()


# -- menus of folders and files


@pytest.fixture
def files(qtbot):

    def make(name):
        combo = FileCombo(SETTINGS[name])
        qtbot.addWidget(combo)
        return combo

    return make


def choose(combo, place):
    combo.setCurrentIndex(place)
    combo.activated.emit(place)


def items(combo):
    return [combo.itemText(number) for number in range(combo.count())]


def test_the_taught_digits(files, own_home):
    combo = files("extra_folder")
    assert (combo.path(), combo.currentText()) == (None, "None")
    choose(combo, 1)
    mine = str(own_home / "data" / "my_digits")
    assert combo.path() == mine
    combo.show_path(None)
    assert combo.path() is None
    combo.show_path(mine)
    assert combo.currentText() == "My digits"
    assert combo.count() == 3


def test_files_that_are_offered_come_and_go_and_what_is_chosen_stays(files, qtbot):
    start = files("start_model")
    start.offer([("/a.npz", "The first"), ("/b.npz", "The second")])
    assert items(start) == ["Random", "The first", "The second", "Choose a file…"]
    with qtbot.waitSignal(start.picked) as picked:
        choose(start, 2)
    assert picked.args == ["/b.npz", ""]
    assert start.path() == "/b.npz"
    with qtbot.assertNotEmitted(start.path_changed):
        start.offer([("/c.npz", "A new one"), ("/b.npz", "Another name")])
    assert items(start) == ["Random", "A new one", "Another name", "Choose a file…"]
    assert (start.path(), start.currentText()) == ("/b.npz", "Another name")
    # Gone from the list, but chosen.
    start.offer([("/c.npz", "A new one")])
    assert (start.path(), start.currentText()) == ("/b.npz", "Another name")
    choose(start, 0)
    start.show_path("/elsewhere/own.npz")
    start.offer([("/d.npz", "The last")])
    assert (start.path(), start.currentText()) == ("/elsewhere/own.npz", "own.npz")
    assert items(start)[1] == "The last"


def test_networks_that_fit_the_data_are_offered(panel, tmp_path):
    combo = widget(panel, FileCombo, "start_model")
    networks = [
        StoredNetwork(Path("/a.npz"), "run", "A run", "layers:20"),
        StoredNetwork(Path("/b.npz"), "run", "Of shapes", "layers:20#3"),
        StoredNetwork(Path("/c.npz"), "opened", "Damaged"),
    ]
    panel.offer_networks(networks)
    assert items(combo) == ["Random", "A run · MLP", "Choose a file…"]
    panel.apply("data_folder", str(tmp_path))
    assert items(combo)[1:3] == ["A run · MLP", "Of shapes · MLP"]


def test_a_share_is_read_in_percent_or_of_one(drawer):
    box = drawer.form.fields["network"].widget.numbers[0]

    def typed(text):
        box.lineEdit().setText(text)
        box.interpretText()
        return box.value()

    assert typed("0.25") == 25
    assert typed("0.25%") == 25
    assert typed("30") == 30
    # What it shows is in percent: a network in a file may have so little.
    box.setValue(0.5)
    assert typed(box.text()) == 0.5


def test_mnist_has_no_more_pictures_than_can_be_chosen(drawer):
    box = widget(drawer.form, NumberBox, "training_examples")
    box.setFocus()
    box.lineEdit().setText("50001")
    box.interpretText()
    assert drawer.form.settings().training_examples is None
    assert "50,000" in drawer.form.fields["training_examples"].remark.text()
    drawer.form.restore(TrainingSettings(training_examples=60_000))
    assert drawer.form.settings().training_examples == 50_000
    drawer.form.restore(TrainingSettings(training_examples=60_000, data_folder="/her/digits"))
    assert drawer.form.settings().training_examples == 60_000


def test_the_output_of_the_layers_has_the_classes_of_the_data(tmp_path, qtbot):
    draw_classes(tmp_path / "shapes", ("a", "b", "c"), 20)
    tab = TrainTab()
    qtbot.addWidget(tab)
    tab.resize(2000, 1000)
    tab.show()
    tab.show_layers(True)
    assert tab.layers.total.text() == "545,810 weights"
    tab.settings.apply("data_folder", str(tmp_path / "shapes"))
    qtbot.waitUntil(lambda: tab.layers.list.classes == 3)
    assert tab.layers.total.text() == "543,703 weights"
    assert tab.new_run.flow.flow.blocks[-1][1] == (3,)


def test_a_text_is_pasted_in_place_of_the_list(panel):
    layers = layer_list(panel)
    clipboard = QApplication.clipboard()
    for text, expected in (
        ("layers:conv8x3,norm,30", "conv8x3,norm,30"),
        ("layers:conv8x3,pol2,30", "conv8x3,norm,30"),
        ("", "conv8x3,norm,30"),
        ("20@tanh", "20@tanh"),
    ):
        clipboard.setText(text)
        layers.paste()
        assert layers.text == expected
    layers.undo()
    assert panel.settings().network == "layers:conv8x3,norm,30"
