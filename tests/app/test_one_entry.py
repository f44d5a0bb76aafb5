"""What is added with one entry is found in the window, on the command line and in the help."""

from __future__ import annotations

import dataclasses

import pytest
from PyQt5.QtWidgets import QComboBox, QSpinBox

from mnist_draw.app.train import settings_drawer, settings_form
from mnist_draw.app.train.settings_drawer import SettingsDrawer
from mnist_draw.cli import main, train, train_run
from mnist_draw.networks import NETWORKS
from mnist_draw.networks.mlp import MlpLayer, MlpLayers, build_layers
from mnist_draw.networks.specification import Count, kind_with_numbers
from mnist_draw.training import settings as declarations
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.setting import WholeNumber, declared, settings_of
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import usual_learning_rate


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Return a function that tells which settings a command trains with."""
    monkeypatch.chdir(tmp_path)

    def ask(*arguments):
        found: list[TrainingSettings] = []
        monkeypatch.setattr(
            train_run, "train_and_save", lambda settings, *_, **__: found.append(settings) or 0
        )
        assert main(["train", *arguments]) == 0
        return found[0]

    return ask


def help_text(capsys):
    assert main(["train", "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_network(monkeypatch, qtbot, given, capsys):
    def layers(units):
        return MlpLayers((MlpLayer(units),) * 3)

    kind = kind_with_numbers(
        "triple",
        "Three alike",
        "three hidden layers of UNITS rectifiers",
        lambda var, units: build_layers(var, layers(units)),
        lambda units: layers(units).operations(),
        (Count("UNITS", "Units of each", "Units in each hidden layer.", 50, 1, 100),),
    )
    monkeypatch.setitem(NETWORKS, "triple", kind)
    assert given("--network", "triple:7").network == "triple:7"
    assert "triple[:UNITS] (three hidden layers of UNITS rectifiers)" in help_text(capsys)
    drawer = SettingsDrawer()
    qtbot.addWidget(drawer)
    panel = drawer.form
    menu = drawer.findChild(QComboBox, "networkCombo")
    menu.setCurrentIndex(menu.findText("Three alike"))
    assert panel.settings().network == "triple"
    drawer.findChild(QSpinBox, "unitsSpinBox").setValue(8)
    assert panel.settings().network == "triple:8"
    panel.show_settings(TrainingSettings())
    panel.show_settings(TrainingSettings(network="triple:9"))
    assert panel.settings().network == "triple:9"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MoreSettings(TrainingSettings):
    warm_up: int = declared(
        3,
        WholeNumber(
            title="Warm-up",
            sentence="Epochs with a rising learning rate.",
            group="learning",
            widget="warmUp",
            option="--warm-up",
            low=1,
            high=9,
        ),
    )


def test_a_setting(monkeypatch, qtbot, given, capsys):
    for module in (train, settings_form, settings_drawer):
        monkeypatch.setattr(module, "TrainingSettings", MoreSettings)
    for place in (train, declarations, settings_form):
        monkeypatch.setattr(place, "SETTINGS", settings_of(MoreSettings))
    assert given("--warm-up", "5").to_json()["warm_up"] == 5
    assert main(["train", "--warm-up", "10"]) == 2
    assert "Warm-up is 10; it must be from 1 to 9." in capsys.readouterr().err
    assert "--warm-up N epochs with a rising learning rate (default: 3)" in help_text(capsys)
    drawer = SettingsDrawer()
    qtbot.addWidget(drawer)
    panel = drawer.form
    box = drawer.findChild(QSpinBox, "warmUpSpinBox")
    assert "rising learning rate" in box.toolTip()
    box.setValue(4)
    assert panel.settings() == MoreSettings(warm_up=4)
    panel.show_settings(MoreSettings(warm_up=7))
    assert box.value() == 7
    panel.set_running(True)
    assert not box.isEnabled()


def test_a_preset_gives_way_to_options(given):
    settings = PRESETS["quick"].settings
    assert given("--preset", "quick") == settings
    assert given("--preset", "quick", "--epochs", "4") == settings.replace(epochs=4)
    # The preset's rate belongs to its rule.
    assert given("--preset", "quick", "--update", "sgd").learning_rate == usual_learning_rate("sgd")
