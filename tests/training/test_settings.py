"""Settings: what they allow, and their way through JSON."""

import dataclasses
import json
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.errors import UserError
from mnist_draw.networks.layer_text import text_of
from mnist_draw.networks.specification import CNN
from mnist_draw.training.presets import (
    PRESETS,
    delete_preset,
    differences,
    load_settings,
    nearest_preset,
    own_presets,
    run_name,
    save_preset,
    save_settings,
)
from mnist_draw.training.settings import SETTINGS, SettingsError, TrainingSettings
from mnist_draw.training.updates import SCHEDULES, UPDATE_RULES

FIELDS = [field.name for field in dataclasses.fields(TrainingSettings)]


def complaint(**changes):
    with pytest.raises(UserError) as caught:
        TrainingSettings(**changes).validate()
    return str(caught.value)


def test_the_defaults_are_the_tutorials():
    settings = TrainingSettings()
    settings.validate()
    assert set(settings.to_json()) == set(FIELDS)
    assert settings.network == "mlp"
    assert (settings.update, settings.learning_rate) == ("rmsprop", 0.001)
    assert (settings.batch_size, settings.epochs) == (500, 20)
    assert (settings.l2, settings.schedule, settings.keep_best) == (0, "constant", False)
    assert settings.patience is settings.target_accuracy is settings.data_folder is None


@pytest.mark.slow
@given(
    st.builds(
        TrainingSettings,
        network=st.sampled_from(["mlp", "cnn", "custom_mlp:3,50,0,0.9"]),
        update=st.sampled_from(sorted(UPDATE_RULES)),
        learning_rate=st.floats(1e-20, 1e6),
        schedule=st.sampled_from(sorted(SCHEDULES)),
        batch_size=st.integers(1, 10_000),
        epochs=st.integers(1, 100_000),
        l2=st.floats(0, 1e6),
        seed=st.integers(0, 2**31 - 1),
        training_examples=st.none() | st.integers(1, 10_000_000),
        data_folder=st.none() | st.text(),
        patience=st.none() | st.integers(1, 100_000),
        target_accuracy=st.none() | st.floats(1e-4, 1),
        keep_best=st.booleans(),
    ),
)
def test_all_that_is_allowed_survives_json(settings):
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_what_counts_as_a_number():
    rho = MappingProxyType({"rho": np.float64(0.5)})
    settings = TrainingSettings(
        epochs=np.int64(3),
        learning_rate=np.float64(0.01),
        update_parameters=rho,
    )
    settings.validate()
    assert json.loads(json.dumps(settings.to_json()))["update_parameters"] == {"rho": 0.5}
    # Whole numbers may be written with a point.
    settings = TrainingSettings.from_json({"epochs": 3.0, "learning_rate": 1})
    assert (settings.epochs, settings.learning_rate) == (3, 1.0)
    assert isinstance(settings.epochs, int)
    assert isinstance(settings.learning_rate, float)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "vgg"}, ["no 'vgg'"]),
        ({"network": "layers:10000,10000"}, ["107,960,010 parameters", "at most 67,108,864"]),
        ({"update": "rms"}, ["no 'rms'"]),
        ({"update_parameters": {"beta1": 0.5}}, ["no parameter 'beta1'", "rho, epsilon"]),
        ({"update_parameters": {"rho": 1.0}}, ["rho of rmsprop is 1", "below 1"]),
        ({"schedule": "linear"}, ["no 'linear'", "constant", "step", "cosine"]),
        ({"learning_rate": 0.0}, ["learning_rate is 0; it must be between 1×10⁻²⁰ and 1,000,000"]),
        ({"learning_rate": float("nan")}, ["learning_rate is nan", "number"]),
        ({"learning_rate": float("inf")}, ["learning_rate is inf; it must be between"]),
        ({"learning_rate": 1e308}, ["learning_rate is 1×10³⁰⁸; it must be between"]),
        ({"update_parameters": {"rho": 1e301}}, ["rho is 1×10³⁰¹; it must be between"]),
        ({"learning_rate": "0.1"}, ["learning_rate is '0.1'", "number"]),
        ({"l2": -1e-9}, ["l2 is −1×10⁻⁹", "0 and 1,000,000"]),
        ({"batch_size": 0}, ["batch_size is 0", "between 1 and 10,000"]),
        ({"batch_size": 99.5}, ["batch_size is 99.5", "integer"]),
        ({"epochs": 10**22}, ["epochs is 1×10²²; it must be between 1 and 100,000"]),
        ({"learning_rate": 10**400}, ["rate is a number of more than 300 digits; it must be"]),
        ({"epochs": float("inf")}, ["epochs is inf", "integer"]),
        ({"epochs": True}, ["epochs is True", "integer"]),
        ({"epochs": None}, ["epochs is None", "integer"]),
        ({"seed": -1}, ["seed is −1"]),
        ({"patience": 0}, ["patience is 0"]),
        ({"target_accuracy": 0.0}, ["target_accuracy is 0;", "between 0.0001 and 1"]),
        ({"target_accuracy": 98.0}, ["target_accuracy is 98;"]),
        ({"keep_best": 1}, ["keep_best is 1", "boolean"]),
        ({"data_folder": 3}, ["data_folder is 3", "string"]),
        ({"network": 3}, ["network is 3", "string"]),
        ({"update_parameters": [1]}, ["update_parameters is [1]", "object"]),
        ({"update_parameters": {"rho": "x"}}, ["update_parameters.rho is 'x'", "number"]),
    ],
)
def test_each_range(changes, words):
    said = complaint(**changes)
    for word in words:
        assert word in said
    with pytest.raises(UserError):
        TrainingSettings.from_json(changes)


def test_unknown_names_list_the_known():
    with pytest.raises(UserError, match="no 'epoch'") as caught:
        TrainingSettings.from_json({"epoch": 3})
    for name in FIELDS:
        assert name in str(caught.value)


def test_through_a_file(tmp_path):
    settings = TrainingSettings(update="adam", update_parameters={"beta1": 0.8}, patience=3)
    save_settings(tmp_path / "class.json", settings)
    assert load_settings(tmp_path / "class.json") == settings
    # What is missing is the tutorial's.
    (tmp_path / "f").write_text('{"epochs": 3}', encoding="utf-8-sig")
    assert load_settings(tmp_path / "f") == TrainingSettings(epochs=3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a JSON file"),
        (b"[1]", "no names with values"),
        (b'{"epoch": 1}', "no 'epoch'"),
        (b'{"learning_rate": 1e999}', "setting learning_rate is nan or too large; expected"),
        (b'{"epochs": 3,\n "seed" 4}', "line 2, column 9"),
        (b" " * 2_000_000, "it has 2 MB"),
        (b"\xff\xfe{}", "not a JSON file"),
    ],
)
def test_nonsense_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words) as error:
        load_settings(path)
    assert str(path) in str(error.value)


def test_no_file_and_no_place(tmp_path):
    with pytest.raises(UserError, match="no file"):
        load_settings(tmp_path / "none")
    with pytest.raises(UserError, match="does not exist"):
        save_settings(tmp_path / "none" / "f", TrainingSettings())


# -- what differs


@pytest.mark.parametrize(
    ("preset", "changes", "name"),
    [
        ("tutorial", {}, "Tutorial MLP"),
        ("tutorial", {"network": "mlp#26"}, "Tutorial MLP"),
        (
            "tutorial",
            {"learning_rate": 0.0005, "training_examples": 5000},
            "Tutorial MLP, rate 0.0005, 5,000 pictures",
        ),
        (
            "tutorial",
            {"update": "adadelta", "learning_rate": 1.0, "epochs": 1},
            "Tutorial MLP, Adadelta, 1 epoch",
        ),
        ("tutorial", {"network": "mlp:0.2", "seed": 2186}, "Tutorial MLP, dropout 20%, seed 2186"),
        ("tutorial", {"network": "layers:200"}, "MLP 784–200–10"),
        ("tutorial", {"network": "layers:200#26"}, "MLP 784–200–26"),
        ("tutorial", {"network": "mlp:0.2#26"}, "Tutorial MLP, dropout 20%"),
        ("quick", {}, "Quick"),
        ("quick", {"epochs": 3}, "Quick, 3 epochs"),
        ("cnn", {"seed": 5}, "CNN, seed 5"),
        ("handwriting", {"augmentation": "warp"}, "Handwriting, augmentation Warp"),
    ],
)
def test_a_run_is_named_by_its_preset_and_what_differs(preset, changes, name):
    settings = PRESETS[preset].settings.replace(**changes)
    assert run_name(settings) == name
    assert nearest_preset(settings) is PRESETS[preset]
    found = differences(settings, PRESETS[preset].settings)
    assert all(text in name for text in found.values())
    assert set(found) <= set(changes)


def test_a_name_says_once_that_it_is_a_cnn():
    own = PRESETS["cnn"].settings.replace(network="layers:conv32x5,norm,pool2,256")
    assert run_name(own) == "CNN, 32 norm–256–10"


def test_a_list_of_the_same_layers_is_no_difference():
    same = PRESETS["cnn"].settings.replace(network=f"layers:{text_of(CNN)}")
    assert run_name(same) == "CNN"
    assert differences(same, PRESETS["cnn"].settings) == {}


def test_presets_of_ones_own_are_kept_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    assert own_presets() == {}
    settings = TrainingSettings(epochs=3)
    assert save_preset("  Class\n7 ", settings) == "Class 7"
    save_preset("Other", settings.replace(epochs=4))
    for taken in ("", "Quick"):
        with pytest.raises(SettingsError, match="name"):
            save_preset(taken, settings)
    delete_preset("Other")
    assert own_presets() == {"Class 7": settings}
    file = tmp_path / "config" / "presets.json"
    # What a newer program wrote is left out, and kept.
    file.write_text(json.dumps({"Class 7": settings.to_json(), "Newer": {"nosuch": 1}}))
    assert list(own_presets()) == ["Class 7"]
    save_preset("Third", settings)
    assert "Newer" in file.read_text()
    file.write_text("{")
    assert own_presets() == {}
    assert not file.exists()


def test_a_large_rate_is_written_as_its_field_writes_it():
    assert SETTINGS["learning_rate"].format_value(1e6) == "1000000"
