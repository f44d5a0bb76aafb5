"""Each entry of a registry is found by all of its consumers."""

from pathlib import Path

import numpy as np
import pytest
from made_networks import random_model

from mnist_draw.analysis.one_step import Minibatch, OneStep
from mnist_draw.cli import main
from mnist_draw.cli.main import build_parser
from mnist_draw.dataset.augmentation.augmenter import RECIPES
from mnist_draw.dataset.mnist import dataset_name, load_data, load_dataset, scale
from mnist_draw.dataset.picture_formats import FORMATS
from mnist_draw.dataset.sources.formats import DATA_FORMATS
from mnist_draw.errors import DatasetError
from mnist_draw.networks import NETWORKS, parse_network
from mnist_draw.networks.operations import (
    ACTIVATION_TITLES,
    ACTIVATIONS,
    MEANINGS,
    OPERATIONS,
    OUTPUT_ACTIVATIONS,
    SIDE,
    Convolution,
    Dense,
    MaxPooling,
    Operation,
    activation_name,
    parameter_shapes,
)
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.storage import ModelFile
from mnist_draw.theano_bridge.lasagne_names import FUNCTIONS
from mnist_draw.training.history import History
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.run import Run
from mnist_draw.training.run_formats import RUN_FORMATS
from mnist_draw.training.setting import Choice, Folder
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.updates import SCHEDULES, UPDATE_RULES, updates_of


def help_of(command, capsys):
    assert main([command, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_data_formats(tmp_path, capsys):
    setting = SETTINGS["data_folder"]
    assert isinstance(setting, Folder)
    help_text = help_of("train", capsys)
    with pytest.raises(DatasetError) as refused:
        load_dataset(tmp_path)
    page = (Path(__file__).parents[1] / "docs" / "own-data.md").read_text(encoding="utf-8")
    for known in DATA_FORMATS:
        assert known.name in page or known.title in page
        assert known.title in help_text
        assert known.title in setting.sentence
        assert known.meaning in str(refused.value)
        assert known.name in str(load_data.__doc__)
        for pattern in known.patterns:
            assert f"{pattern} " in setting.files.replace(")", " ")
        for suffix in known.suffixes:
            assert dataset_name(tmp_path / f"letters{suffix}.gz") == "letters"


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.title)
def test_a_picture_format_is_in_the_help_and_the_dialog(known, capsys):
    is_read = bool(known.decoder)
    assert (known.title in help_of("predict", capsys)) == is_read
    pytest.importorskip("qtpy.QtWidgets", exc_type=ImportError)
    from mnist_draw.app.draw.picture_files import open_filter

    assert (known.patterns in open_filter()) == is_read


# -- operations, activations, formats of networks


#: One of each operation.
EXAMPLES: dict[type[Operation], Operation] = {
    Convolution: Convolution(3, 5),
    MaxPooling: MaxPooling(2),
    Dense: Dense(4, "tanh"),
}
PICTURES = np.random.default_rng(1).integers(0, 256, (2, 1, SIDE, SIDE), np.uint8)


@pytest.mark.parametrize("operation", EXAMPLES.values(), ids=lambda one: type(one).__name__)
def test_an_operation_has_all_its_facets(operation):
    import lasagne

    assert OPERATIONS.keys() == EXAMPLES.keys() == set(Operation.__args__)
    incoming = (1, SIDE, SIDE)
    network = lasagne.layers.InputLayer((None, *incoming))
    network = OPERATIONS[type(operation)].layer(network, operation)
    shapes = parameter_shapes([operation])
    assert network.output_shape[1:] == operation.output_shape(incoming)
    parameters = lasagne.layers.get_all_params(network)
    assert [value.get_value().shape for value in parameters] == list(shapes)
    values = [np.ones(shape, np.float32) for shape in shapes]
    nodes = OPERATIONS[type(operation)].onnx(operation, values, incoming)
    assert sum(len(node.constants) for node in nodes) == len(values)


@pytest.mark.parametrize("name", OUTPUT_ACTIVATIONS)
def test_an_activation_is_the_same_everywhere(name):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    import theano
    import theano.tensor as T

    activation = OUTPUT_ACTIVATIONS[name]
    assert activation.name == name
    assert activation_name(activation.function()) == name
    assert onnx.defs.has(activation.onnx)
    sums = np.random.default_rng(3).normal(0, 3, (4, 5)).astype(np.float32)
    x = T.matrix()
    expected = theano.function([x], activation.function()(x))(sums)
    np.testing.assert_allclose(activation.compute(sums), expected, rtol=3e-6, atol=1e-6)


def small_network(activation):
    """Return a network of four units with this activation."""
    return random_model(f"layers:4@{activation}", spread=0.3, temperature=1.5)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_there_on_the_real_theano(name):
    module, _, function = ACTIVATIONS[name].theano.rpartition(".")
    added_by_the_bridge = FUNCTIONS.get(module.removeprefix("lasagne."), ())
    assert function not in added_by_the_bridge


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_in_the_help_and_the_form(name, panel, capsys):
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QComboBox

    assert f"{name}," in help_of("train", capsys).replace(";", ",")
    choose_in(panel, "layer1ActivationCombo", ACTIVATION_TITLES[name])
    menu = panel.findChild(QComboBox, "layer1ActivationCombo")
    assert menu.currentData(Qt.ToolTipRole) == MEANINGS[name]
    [layer, *_] = parse_network(panel.settings.settings().network).hidden
    assert layer.activation == name


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_shown_and_learned_in_one_step(name):
    model = small_network(name)
    settings = TrainingSettings(network=model.network, update="sgd", learning_rate=0.5)
    step = OneStep(model, settings)
    figures = step.step(Minibatch(scale(PICTURES), np.arange(2, dtype=np.int32), ()))
    assert [layer.activation for layer in step.layers] == [name, "softmax"]
    weights, biases = figures.before[:2]
    computed = ACTIVATIONS[name].compute(scale(PICTURES[:1]).reshape(1, -1) @ weights + biases)
    np.testing.assert_allclose(figures.a[0], computed[0], rtol=1e-5, atol=1e-5)
    moved = [
        value - 0.5 * slope for value, slope in zip(figures.before, figures.gradients, strict=True)
    ]
    assert all(slope.any() for slope in figures.gradients)
    for found, expected in zip(figures.after, moved, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", NETWORK_FORMATS)
def test_a_network_format_has_all_its_facets(name):
    from mnist_draw.cli.export import _FORMATS

    entry = NETWORK_FORMATS[name]
    assert entry.name == name
    assert entry.ending.startswith(".")
    assert entry.title
    assert entry.meaning
    assert _FORMATS[name] is entry
    values = (np.zeros((SIDE * SIDE, 10), np.float32), np.zeros(10, np.float32))
    assert entry.pack(ModelFile("layers:", values))


# -- choices of the settings, presets, networks, formats of runs

#: Settings that choose from a registry.
CHOICES = {"update": UPDATE_RULES, "schedule": SCHEDULES, "augmentation": RECIPES}


@pytest.fixture
def panel(request, monkeypatch, tmp_path):
    """Return the Train tab; elsewhere than in the window, Qt may be missing."""
    pytest.importorskip("qtpy.QtWidgets", exc_type=ImportError)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    qtbot = request.getfixturevalue("qtbot")
    from mnist_draw.app.train.train_tab import TrainTab

    tab = TrainTab()
    qtbot.addWidget(tab)
    return tab


def choose_in(panel, name, title):
    """Choose an entry by its title."""
    from qtpy.QtWidgets import QComboBox

    menu = panel.findChild(QComboBox, name)
    assert menu.findText(title) >= 0
    menu.setCurrentIndex(menu.findText(title))


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_in_the_help_the_parser_and_the_form(name, panel, capsys):
    setting, help_text = SETTINGS[name], help_of("train", capsys)
    assert isinstance(setting, Choice)
    assert setting.choices is CHOICES[name]
    for key, entry in CHOICES[name].items():
        assert f"{key}: {entry.meaning}" in help_text
        assert vars(build_parser().parse_args(["train", setting.option, key]))[name] == key
        choose_in(panel, f"{setting.widget}Combo", entry.title)
        assert getattr(panel.settings.settings(), name) == key


@pytest.mark.parametrize("name", UPDATE_RULES)
def test_an_update_rule_is_known_to_one_step(name):
    import theano

    rule = UPDATE_RULES[name]
    weights = [theano.shared(np.ones(3, np.float32)) for _ in range(2)]
    updates = updates_of(rule, weights[0].sum() + weights[1].sum(), weights, 0.1, {})
    remembered = [variable for variable in updates if variable not in weights]
    assert len(rule.accumulators) == len(remembered) // len(weights)
    assert any(formula.startswith("W =") for formula in rule.formulas)
    for accumulator in rule.accumulators:
        letter = accumulator.rpartition(" ")[2]
        assert any(formula.startswith(f"{letter} =") for formula in rule.formulas)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_in_the_help_the_parser_and_the_form(name, panel, capsys):
    preset = PRESETS[name]
    preset.settings.validate()
    assert f"{name}: {preset.meaning}" in help_of("train", capsys)
    from qtpy.QtWidgets import QAbstractButton

    button = panel.findChild(QAbstractButton, f"{preset.widget}Button")
    assert button.text() == preset.title
    assert button.accessibleName() == preset.title
    button.click()
    assert panel.settings.settings() == preset.settings


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_kind_is_in_the_help_and_the_form_and_is_built(name, panel, capsys):
    kind = NETWORKS[name]
    assert f"{kind.grammar} ({kind.meaning})" in help_of("train", capsys)
    panel.settings.apply("network", kind.example)
    from qtpy.QtWidgets import QComboBox

    assert panel.findChild(QComboBox, "networkCombo").currentText() == kind.title
    text = panel.settings.settings().network
    assert parse_network(text) == parse_network(kind.example)
    assert parse_network(text).build().output_shape == (None, 10)


@pytest.mark.parametrize("name", RUN_FORMATS)
def test_a_format_of_runs_is_in_the_help_and_the_menus(name, capsys):
    entry = RUN_FORMATS[name]
    assert f"{name} ({entry.ending}): {entry.meaning}" in help_of("export", capsys)
    if name != "tensorboard":  # it needs a package of its own
        assert entry.pack(Run(Path(), TrainingSettings()), History())
    pytest.importorskip("qtpy.QtWidgets", exc_type=ImportError)
    from mnist_draw.app.train.library_files import export_kinds
    from mnist_draw.library.entries import entry_of_run

    run = entry_of_run(Run(Path(), TrainingSettings(), state="running"))
    in_menu = name in [kind for kind, *_ in export_kinds(run)]
    assert in_menu == entry.in_menus
