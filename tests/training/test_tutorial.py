"""The Python interface: the tutorial's functions as its reader types them, and their sentences."""

import gc
import inspect
import re
import signal
import sys
import threading
import weakref
from types import ModuleType, SimpleNamespace

import lasagne
import numpy as np
import pytest
from own_classes import draw_classes

import mnist_draw as flm
from mnist_draw.dataset.mnist import dataset_name, scale
from mnist_draw.errors import UserError, did_you_mean, few_of
from mnist_draw.library import tutorial
from mnist_draw.library.networks import file_of
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFileError, load_model, resource_path
from mnist_draw.training import events
from mnist_draw.training.history import History
from mnist_draw.training.progress import TrainingProgressBar, in_notebook
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import SettingsError, TrainingSettings

pytestmark = pytest.mark.usefixtures("shared_step")

NAME = "custom_mlp:1,32,0.2,0.5"


@pytest.fixture(scope="module")
def data(digits):
    """Six arrays as `load_data` returns them, but fewer digits."""
    return (
        *(scale(digits.train_images), digits.train_labels),
        *(scale(digits.validation_images), digits.validation_labels),
        *(scale(digits.test_images), digits.test_labels),
    )


def run(six, **changes):
    """Train for two short epochs without printing; return the history."""
    history = flm.LossHistory()
    how = {"num_epochs": 2, "batch_size": 100, "network_name": NAME, "verbose": False, **changes}
    flm.run_network(six, history=history, **how)
    return history


def test_it_prints_the_tutorials_lines(data, capsys):
    flm.run_network(data, num_epochs=2, batch_size=100, network_name=NAME)
    printed = capsys.readouterr().out.splitlines()
    expected = ["Starting training..."]
    for epoch in (1, 2):
        expected += [
            rf"Epoch {epoch} of 2 took \d+\.\d{{3}}s",
            r"  training loss:\t\t\d\.\d{6}",
            r"  validation loss:\t\t\d\.\d{6}",
            r"  validation accuracy:\t\t\d+\.\d\d %",
        ]
    expected += [
        r"Final results in \d+\.\d seconds:",
        r"  test loss:\t\t\t\d\.\d{6}",
        r"  test accuracy:\t\t\d+\.\d\d %",
    ]
    assert len(printed) == len(expected)
    for line, pattern in zip(printed, expected, strict=True):
        assert re.fullmatch(pattern, line)


def test_it_returns_a_network_that_has_learned(data):
    history = History()
    how = {"num_epochs": 10, "batch_size": 100, "learning_rate": 0.003, "verbose": False}
    network = flm.run_network(data, network_name=NAME, history=history, **how)
    assert network.output_shape == (None, 10)
    assert len(history.batch_losses) == len(history.batch_accuracies) == 60
    assert [figures.epoch for figures in history.epochs] == list(range(1, 11))
    assert history.test_accuracy is not None
    assert history.test_accuracy > 0.75
    # And what get_class says of the test pictures is what the history says of them.
    found = flm.get_class(network, data[4])
    assert (found == data[5]).mean() == pytest.approx(history.test_accuracy)


@pytest.mark.parametrize(("history", "given"), [([], "list"), (flm.LossHistory, "LossHistory")])
def test_what_takes_no_figures_is_told_before_the_run(history, given, data):
    with pytest.raises(TypeError, match=rf"history= takes .*LossHistory\(\), not '{given}'"):
        flm.run_network(data, num_epochs=1, network_name=NAME, history=history)


def test_a_network_given_is_trained_further(data):
    first, second = History(), History()
    how = {"num_epochs": 3, "batch_size": 100, "verbose": False}
    network = flm.run_network(data, network_name=NAME, history=first, **how)
    before = lasagne.layers.get_all_param_values(network)
    assert flm.run_network(data, network, history=second, **how) is network
    assert second.epochs[0].training_loss < first.epochs[0].training_loss
    assert second.epochs[-1].validation_loss < first.epochs[-1].validation_loss
    assert (lasagne.layers.get_all_param_values(network)[0] != before[0]).any()


def test_the_readers_own_network(data):
    l_in = lasagne.layers.InputLayer((None, 1, 28, 28))
    network = lasagne.layers.DenseLayer(
        l_in,
        num_units=10,
        nonlinearity=lasagne.nonlinearities.softmax,
    )
    history = History()
    flm.run_network(data, network, 3, 50, 0.01, history=history, verbose=False)
    assert history.epochs[-1].validation_accuracy > 0.6


def test_the_tutorials_network_where_none_is_named(data, monkeypatch):
    def no_training(settings, **how):
        assert (settings.epochs, settings.batch_size, settings.learning_rate) == (20, 500, 0.001)
        assert (settings.update, settings.network) == ("rmsprop", "mlp")
        return iter([])

    monkeypatch.setattr(tutorial, "train", no_training)
    params = lasagne.layers.get_all_params(flm.run_network(data))
    assert tuple(p.get_value(borrow=True).shape for p in params) == (
        parse_network("mlp").parameter_shapes()
    )


@pytest.mark.parametrize("from_thread", [False, True])
def test_ctrl_c_stops_and_returns_what_was_learned(data, capsys, from_thread):
    class Interrupting(History):
        def add(self, event):
            super().add(event)
            if isinstance(event, events.BatchFinished) and (event.epoch, event.batch) == (2, 2):
                if from_thread:
                    thread = threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,))
                    thread.start()
                    thread.join()
                else:
                    signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    history = Interrupting()
    network = flm.run_network(
        data,
        num_epochs=500,
        batch_size=100,
        network_name=NAME,
        history=history,
    )
    assert signal.getsignal(signal.SIGINT) is before
    assert len(history.epochs) == 1
    assert len(history.batch_losses) == 8
    printed = capsys.readouterr().out
    assert "Final results in" in printed
    assert "epoch 1" in printed
    (start, *_) = lasagne.layers.get_all_param_values(build_network(TrainingSettings(network=NAME)))
    assert (lasagne.layers.get_all_param_values(network)[0] != start).any()


def test_divergence_is_told(data, capsys):
    network = flm.run_network(
        data,
        num_epochs=2,
        batch_size=100,
        learning_rate=1e6,
        network_name=NAME,
        update="sgd",
    )
    told = capsys.readouterr().out
    assert "starting weights were kept" in told
    assert all(np.isfinite(v).all() for v in lasagne.layers.get_all_param_values(network))


def with_(data, place, array):
    return (*data[:place], array, *data[place + 1 :])


def test_data_that_do_not_fit(data):
    labels = data[1].astype(np.int64)
    wrong = [
        (
            data[:4],
            "X_train, y_train, X_val, y_val, X_test, y_test as load_data returns them, got 4",
        ),
        (with_(data, 0, data[0][:, 0]), "X_train must have the shape (N, 1, 28, 28)"),
        (with_(data, 2, data[2][..., :27]), "got (200, 1, 28, 27) and (200,)"),
        (with_(data, 3, data[3][1:]), "got (200, 1, 28, 28) and (199,)"),
        (with_(data, 1, labels[:, None]), "got (600, 1, 28, 28) and (600, 1)"),
        (with_(with_(data, 4, data[4][:0]), 5, data[5][:0]), "X_test must have the shape"),
        (with_(data, 1, labels + 1), "y_train must hold whole numbers from 0 to 9, got 10"),
        (with_(data, 1, labels - 1), "y_train must hold whole numbers from 0 to 9, got -1"),
        (with_(data, 5, data[5] + 0.5), "y_test must hold whole numbers from 0 to 9"),
        (with_(data, 2, data[2].astype(np.uint8)), "X_train is float32 and X_val uint8"),
    ]
    for six, words in wrong:
        with pytest.raises(ValueError, match=re.escape(words)):
            flm.run_network(six, network_name=NAME)


def certain(digit):
    """Return a network that always answers one digit."""
    network = parse_network("custom_mlp:0,1,0,0").build()
    weights = np.zeros((784, 10), np.float32)
    weights[:, digit] = 1
    lasagne.layers.set_all_param_values(network, [weights, np.zeros(10, np.float32)])
    return network


def test_get_class_of_one_and_of_many(data):
    network = certain(6)
    single = flm.get_class(network, data[4][0])
    assert single == 6
    assert isinstance(single, int)
    many = flm.get_class(network, data[4][:5])
    assert many.tolist() == [6] * 5
    assert many.dtype == np.int64
    assert flm.get_class(network, data[4][:1]).tolist() == [6]
    assert flm.get_class(network, data[4][:0]).tolist() == []
    # Whatever can be made an array.
    assert flm.get_class(network, data[4][0].astype(np.float64)) == 6
    assert flm.get_class(network, data[4][0].tolist()) == 6


def test_get_class_of_bytes_is_that_of_the_same_picture_scaled():
    """With a bias that full ink of one pixel beats only where 0 to 255 is not scaled."""
    network = certain(1)
    lasagne.layers.set_all_param_values(
        network,
        [lasagne.layers.get_all_param_values(network)[0], np.eye(10, dtype=np.float32)[3] * 9],
    )
    picture = np.zeros((1, 28, 28), np.uint8)
    picture[0, 0, 0] = 255
    assert flm.get_class(network, scale(picture)) == flm.get_class(network, picture) == 3


@pytest.mark.parametrize(
    "shape",
    [(28, 28), (784,), (3, 28, 28), (2, 3, 28, 28), (1, 1, 1, 28, 28)],
)
def test_get_class_of_other_shapes(shape):
    with pytest.raises(ValueError, match=re.escape(f"(N, 1, 28, 28), got {shape}")):
        flm.get_class(certain(0), np.zeros(shape, np.float32))


def test_get_class_asks_the_network_as_it_is_now(data):
    first, second = certain(1), certain(2)
    for _ in range(2):
        assert flm.get_class(first, data[4][0]) == 1
        assert flm.get_class(second, data[4][0]) == 2
    values = lasagne.layers.get_all_param_values(certain(8))
    lasagne.layers.set_all_param_values(first, values)
    assert flm.get_class(first, data[4][0]) == 8


def test_a_forgotten_network_is_freed(data):
    network = certain(1)
    flm.get_class(network, data[4][0])
    alive = weakref.ref(network)
    del network
    gc.collect()
    assert alive() is None


def test_a_name_is_a_file_that_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = resource_path("models", "mlp.npz")
    assert file_of("mlp") == file_of("shipped:mlp") == str(shipped)
    assert file_of("somewhere/mine.npz") == "somewhere/mine.npz"
    with pytest.raises(ModelFileError, match=r"no network 'bset'\. Did you mean best"):
        file_of("bset")
    with pytest.raises(ModelFileError, match="There is no network 'opened:'"):
        file_of("opened:")


def test_the_network_that_a_run_starts_from_need_not_be_said_twice(data, monkeypatch):
    built = []

    def note(settings):
        built.append(settings)
        return certain(0)

    monkeypatch.setattr(tutorial, "build_network", note)
    flm.run_network(data, num_epochs=1, start_model="best", verbose=False)
    assert built[0].network == load_model(resource_path("models", "best.npz")).network


# -- names that are misspelt


@pytest.mark.parametrize(
    ("function", "name", "meant"),
    [
        ("get_class", "exampel", "example"),
        ("load_data", "foldr", "folder"),
        ("build_mlp", "drop_out", "dropout"),
        ("iterate_minibatches", "batch_size", "batchsize"),
        ("load_network", "network", "network_name"),
        ("save_network", "titel", "title"),
        ("run_network", "epochs", "num_epochs"),
        ("run_network", "lerning_rate", "learning_rate"),
        ("run_network", "network_nam", "network_name"),
    ],
)
def test_a_misspelt_parameter(function, name, meant):
    words = rf"^{function} has no parameter '{name}'\. Did you mean {meant}\?$"
    called = getattr(flm, function)
    with pytest.raises(TypeError, match=words):
        called(**{name: 1})


def test_other_misspelt_names():
    with pytest.raises(AttributeError, match="Did you mean run_network"):
        flm.run_netwrok  # noqa: B018
    with pytest.raises(SettingsError, match=r"no 'epoch'. Did you mean epochs\?"):
        TrainingSettings.from_json({"epoch": 3})
    assert did_you_mean("xyz", ["loss", "accuracy"]) == "Choose from: accuracy, loss."
    # Help shows the parameters all the same.
    assert list(inspect.signature(flm.load_data).parameters) == ["folder"]


def test_of_hundreds_of_names_the_nearest_are_told_and_what_lists_all():
    names = [f"2026-11-{day:02} {hour:02}.00.00" for day in range(1, 29) for hour in range(10)]
    told = did_you_mean("mine", [*names, "my network"], "mnist-draw runs")
    assert told.startswith("Of 281 names, my network, ")
    assert told.endswith(" are closest. mnist-draw runs lists all.")
    assert len(told) < 250
    assert did_you_mean("xyz", ["a"], "ls") == "Choose from: a. ls lists all."
    assert few_of("abcdefg") == "a, b, c, d, e, f, g"
    assert few_of("abcdefgh") == "a, b, c, d, e, f and 2 more"


# -- the bar of a notebook


@pytest.fixture
def notebook(monkeypatch):
    """Let Python look as it does behind a notebook without widgets."""
    ipython = ModuleType("IPython")
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    ipython.get_ipython = lambda: shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)


def test_a_script_prints_nothing_unless_it_asks(data, capsys):
    assert not in_notebook()
    run(data)
    assert capsys.readouterr() == ("", "")
    run(data, progress=True)
    shown = capsys.readouterr().err
    assert "Epoch 2 of 2: 100%" in shown
    assert ", validated " in shown


def test_a_notebook_has_a_bar(data, notebook, capsys):
    assert in_notebook()
    run(data)
    assert "12/12" in capsys.readouterr().err


def test_lines_stand_above_the_bar(capsys):
    bar = TrainingProgressBar()
    bar.print("first")
    # No name in a line begins another.
    bar.print("mnist\ndone: 100%")
    bar.close()
    assert capsys.readouterr().out == "first\nmnist\\u000adone: 100%\n"


def test_a_recorded_run_is_listed_with_its_network_and_no_other(data, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    run(data)
    assert not list_runs()[0]
    network = flm.build_mlp()
    how = {"num_epochs": 1, "batch_size": 200, "verbose": False}
    flm.run_network(data, network, record="mine", **how)
    (listed,), _ = list_runs()
    assert listed.title.startswith("mine")
    assert (listed.origin, listed.group) == ("python", "mine")
    assert (listed.state, listed.epochs_done, listed.settings.batch_size) == ("completed", 1, 200)
    assert dataset_name(listed.settings.data_folder) == "arrays"
    saved = flm.load_network(listed.folder / "model.npz")
    np.testing.assert_array_equal(flm.get_class(saved, data[4]), flm.get_class(network, data[4]))


def test_a_network_that_the_library_cannot_keep_is_refused_before_it_is_trained(data):
    sides = [lasagne.layers.DenseLayer(lasagne.layers.InputLayer((None, 1, 28, 28)), 5)] * 2
    merged = lasagne.layers.ElemwiseSumLayer(sides)
    network = lasagne.layers.DenseLayer(merged, 10, nonlinearity=lasagne.nonlinearities.softmax)
    with pytest.raises(UserError, match="ElemwiseSumLayer"):
        flm.run_network(data, network, record=True, verbose=False)


def test_the_file_of_a_network_names_the_classes_that_it_learned(tmp_path):
    draw_classes(tmp_path / "shapes", ("one", "two", "three"), 20)
    data = flm.load_data(tmp_path / "shapes")
    network = flm.run_network(data, num_epochs=1, batch_size=10, verbose=False)
    flm.save_network(tmp_path / "shapes.npz", network)
    info = load_model(tmp_path / "shapes.npz").info
    assert sorted(info.classes) == ["one", "three", "two"]
    assert info.data == "shapes"
