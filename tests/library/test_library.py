"""The library: networks listed, found, renamed, deleted, restored, imported and saved elsewhere."""

import errno
import os
import string
from dataclasses import replace

import lasagne
import numpy as np
import pytest
import theano.tensor as T
from linear_network import linear_model
from made_networks import flat_model

import mnist_draw
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.errors import UserError
from mnist_draw.library import networks as network_library
from mnist_draw.library import stored_network
from mnist_draw.library.entries import list_entries
from mnist_draw.library.network_data import (
    class_name,
    class_names,
    in_a_sentence,
    narrow_name,
    numbered_class,
    reads_digits,
)
from mnist_draw.library.networks import (
    creation_time,
    default_model,
    delete,
    file_of,
    find_by_key,
    find_network,
    fine_tuned_folder,
    list_all,
    list_fine_tuned,
    list_opened,
    list_shipped,
    rename,
    save_fine_tuned,
    save_opened,
)
from mnist_draw.library.stored_network import (
    load_trained,
    network_of_run,
    networks_of_shapes,
    open_network,
)
from mnist_draw.networks import NetworkError, parse_network, title_of_model
from mnist_draw.networks.lasagne_layers import read_network
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile, ModelFileError, StorageError, save_model
from mnist_draw.storage.folders import HOME_VARIABLE, home_name
from mnist_draw.storage.models import load_model
from mnist_draw.storage.unique_paths import bring_back
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import save_record
from mnist_draw.training.run import Run, Summary
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings


@pytest.fixture(autouse=True)
def home(own_home, monkeypatch):
    return own_home


def test_networks_of_one_second_stay_apart_and_are_found_by_their_keys():
    kept = [save_fine_tuned(linear_model()) for _ in range(3)]
    assert len({model.key for model in kept}) == 3
    assert {model.key for model in list_fine_tuned()} == {model.key for model in kept}
    for model in kept:
        found = find_by_key(model.key).load()
        assert np.array_equal(found.parameters[0], linear_model().parameters[0])


def test_the_newest_comes_first_and_titles_tell_when():
    fine_tuned_folder().mkdir(parents=True)
    for name in ("2026-01-02 03.04.05", "2026-11-25 10.15.00", "2026-11-25 10.15.00 before"):
        (fine_tuned_folder() / f"{name}.npz").write_bytes(b"a network")
    # What programs that were killed have left: a temporary file, a name.
    (fine_tuned_folder() / ".mnist_draw-1.npz").write_bytes(b"a network")
    (fine_tuned_folder() / "2026-11-28 10.15.00.npz").touch()
    (fine_tuned_folder() / "notes.txt").write_bytes(b"")
    titles = [model.title for model in list_fine_tuned()]
    assert titles == [
        "My digits, 25 Nov, 10:15",
        "Before learning, 25 Nov, 10:15",
        "My digits, 2 Jan, 03:04",
    ]


def test_a_network_is_renamed_deleted_and_brought_back_under_its_key(home):
    kept = save_opened(linear_model(), "from elsewhere")
    assert (kept.title, kept.key) == ("from elsewhere", "opened:from elsewhere.npz")
    # A shared file says what its network is called.
    assert save_opened(linear_model().with_info(name="Quick, 5 epochs"), "2").title[:5] == "Quick"
    delete(find_by_key("opened:2.npz"))
    os.utime(kept.path, (1_700_000_000, 1_700_000_000))
    renamed = rename(kept, "\u202eMi\x1bne\n")
    assert (renamed.title, renamed.key) == ("Mine", kept.key)
    assert find_by_key(kept.key).title == title_of_model(find_by_key(kept.key).load()) == "Mine"
    binned = delete(renamed)
    assert list_opened() == []
    bring_back(binned)
    assert [one.title for one in list_all() if one.source == "opened"] == ["Mine"]
    # It is as old as it was.
    assert creation_time(find_by_key(kept.key)) == 1_700_000_000
    for change in (lambda kept: rename(kept, "x"), delete):
        with pytest.raises(UserError, match="that ship"):
            change(list_shipped()[0])


def test_the_network_of_a_run_is_found_again_even_if_the_run_was_cut_off(home):
    model = linear_model()
    settings = TrainingSettings(network=model.network)
    folder = runs_folder() / "2026-11-25 10.15.00"
    folder.mkdir(parents=True)
    run = Run(folder, settings, started="2026-11-25 10:15:00", summary=Summary(1))
    save_record(run)
    history = History()
    history.add(events.EpochFinished(1, 1, 1.0, 0.3, 0.9, 0.2, 0.95, 9, True, ()))
    arrays = history.to_arrays()
    checkpoint = Checkpoint(settings, 1, "", model.parameters, (), arrays, 1, 0.1, ())
    checkpoint.save(run.checkpoint)
    key = network_of_run(run).key
    assert key == "run:2026-11-25 10.15.00"
    found = find_by_key(key).load()
    assert title_of_model(found) == run.title
    untested = replace(run, summary=Summary(1, figures={"validation_accuracy": 0.9781}))
    assert network_of_run(untested).label.endswith("97.81% in validation")
    assert np.array_equal(found.parameters[0], model.parameters[0])
    save_model(run.model, model.with_info(classes=[f"shape {n}" for n in range(10)]))
    assert network_of_run(run).info.classes[9] == "shape 9"
    run.model.unlink()
    run.apply(events.Renamed("Slow steps"))
    save_record(run)
    assert title_of_model(find_by_key(key).load()) == "Slow steps"


def test_a_continued_run_that_was_cut_off_has_the_network_of_its_checkpoint(home):
    # Its record and its model file are those after epoch 1.
    older = linear_model()
    settings = TrainingSettings(network=older.network, keep_best=True)
    run = Run(runs_folder() / "2026-11-25 10.15.00", settings, summary=Summary(1))
    run.folder.mkdir(parents=True)
    save_record(run)
    save_model(run.model, older.with_info(epochs=1))
    history = History()
    for epoch in (1, 2, 3):
        history.add(events.EpochFinished(epoch, 9, 1.0, 0.3, 0.9, 0.2, 0.95, 9, True, ()))
    last, best = (tuple(one + by for one in older.parameters) for by in (1, 2))
    Checkpoint(settings, 3, "", last, (), history.to_arrays(), 2, 0.1, best).save(run.checkpoint)
    stored = find_by_key(network_of_run(run).key)
    assert (stored.info.epochs, stored.is_saved) == (3, False)
    assert np.array_equal(stored.load().parameters[0], best[0])
    # As of a run that was never saved, there is no network to list, to share or to start from.
    assert not any(entry.has_network for entry in list_entries() if entry.run)
    assert not any(one.source == "run" for one in list_all())
    with pytest.raises(ModelFileError, match="No run has a network yet"):
        find_network("latest")
    with pytest.raises(ModelFileError, match="the checkpoint of a run"):
        load_trained(file_of(stored.key))


def test_keys_that_lead_nowhere():
    for key in ("", "shipped:", "shipped:none", "learnt:", "learnt:../x.npz", "run:1"):
        with pytest.raises(ModelFileError, match="There is no network"):
            find_by_key(key).load()
    with pytest.raises(ModelFileError, match="There is no file"):
        find_by_key("learnt:2026-11-25 10.15.00.npz").load()


def test_a_folder_that_cannot_be_made(home, monkeypatch):
    block(home / "data" / "learnt")
    with pytest.raises(StorageError):
        save_fine_tuned(linear_model())
    assert list_fine_tuned() == []
    (home / "data" / "learnt").unlink()
    block(home / "data" / "networks")
    assert stored_network.save_fallback(linear_model()) is None


# -- the networks that ship


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shipped = lambda *names: tmp_path.joinpath(*names[1:])  # noqa: E731
    monkeypatch.setattr(network_library, "resource_path", shipped)
    return tmp_path


def test_best_is_the_default(folder):
    for name in ("other", "mlp", "best"):
        save_model(folder / f"{name}.npz", linear_model())
    (folder / "README.md").write_text("no model")
    assert [model.name for model in list_shipped()] == ["best", "mlp", "other"]
    best = list_shipped()[0]
    assert find_by_key(best.key).load().network == best.load().network
    # It is called as in the list of networks, whatever its file says.
    assert title_of_model(default_model()) == "Best reader"


def test_a_damaged_default_gives_way_to_the_next_and_the_user_is_told(folder):
    assert list_shipped() == ()
    with pytest.raises(ModelFileError, match="mnist-draw train"):
        default_model()
    for name in ("best", "mlp_handwriting"):
        (folder / f"{name}.npz").write_bytes(b"PK damaged")
    with pytest.raises(ModelFileError, match=r"best\.npz"):
        default_model()
    save_model(folder / "mlp.npz", linear_model())
    told: list[str] = []
    assert title_of_model(default_model(told.append)) == "Tutorial MLP"
    assert title_of_model(default_model()) == "Tutorial MLP"
    (sentence,) = told
    assert "best.npz" in sentence
    assert sentence.endswith("The network 'Tutorial MLP' answers instead.")


# -- a network whose own place cannot be written


def block(path):
    """Put a file in the place of a folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")


def test_a_network_without_a_place_of_its_own_is_listed_with_the_opened_ones(home):
    path = stored_network.save_fallback(linear_model())
    (kept,) = list_opened()
    assert kept.path == path
    assert find_by_key(stored_network.fallback_key(path)) == kept
    path.unlink()
    path.parent.rmdir()
    block(home / "data" / "networks")
    messages: list[str] = []
    assert stored_network.save_fallback(linear_model(), messages.append) is None
    assert str(home / "data" / "networks") in messages[0]


def test_what_earlier_versions_saved_outside_is_moved_to_its_home(tmp_path, monkeypatch, home):
    monkeypatch.setattr(stored_network, "fallback_folders", lambda: [tmp_path / "gone", tmp_path])
    path = tmp_path / "mnist-draw-rescued-model.npz"
    save_model(path, linear_model().with_info(home=home_name()))
    path.chmod(0o600)
    os.utime(path, (43_200, 43_200))
    # Anybody may put a link into the temporary folder.
    own = home / "data" / "own.npz"
    own.parent.mkdir(parents=True, exist_ok=True)
    save_model(own, linear_model())
    (tmp_path / "mnist-draw-rescued-model-8.npz").symlink_to(own)
    (tmp_path / "mnist-draw-rescued-model-9.npz").write_bytes(b"junk")
    # Another home leaves it there, and so does one without room.
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "another home"))
    assert stored_network.reclaim_fallbacks() == []
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    block(home / "data" / "networks")
    assert stored_network.reclaim_fallbacks() == []
    assert path.exists()
    (home / "data" / "networks").unlink()
    (sentence,) = stored_network.reclaim_fallbacks()
    (kept,) = list_opened()
    assert "1 Jan" in sentence
    assert kept.path.parent == home / "data" / "networks"
    assert not path.exists()
    assert stored_network.reclaim_fallbacks() == []


def test_without_a_temporary_folder_nothing_was_saved_there(monkeypatch, home):
    def fail():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(stored_network.tempfile, "gettempdir", fail)
    assert len(stored_network.fallback_folders()) == 1
    assert stored_network.reclaim_fallbacks() == []


# -- files of other programs


def plain(path, network, dtype="float32"):
    """Write what ``numpy.savez(*lasagne.layers.get_all_param_values(network))`` does."""
    shapes = parse_network(network).parameter_shapes()
    np.savez(path, *(np.full(shape, 0.5, dtype) for shape in shapes))
    return str(path)


@pytest.mark.parametrize("network", ["mlp", "cnn", "deep_cnn"])
def test_the_shapes_say_which_network_it_is(tmp_path, network):
    for dtype in ("float32", "float64"):
        model = open_network(plain(tmp_path / "plain.npz", network, dtype))
        assert model.network == network
        assert title_of_model(model) == parse_network(network).title
        assert all((values == 0.5).all() for values in model.parameters)


def test_where_the_shapes_leave_the_activation_open_the_user_is_asked(tmp_path):
    path = plain(tmp_path / "plain.npz", "layers:50@tanh,30@tanh")
    choices = open_network(path)
    assert choices[:3] == ["layers:50,30", "layers:50@leaky,30@leaky", "layers:50@tanh,30@tanh"]
    assert open_network(path, choices[2]).network == choices[2]
    with pytest.raises(ModelFileError, match="any of layers:50,30, layers:50@leaky,30@leaky"):
        mnist_draw.load_network(path)
    assert read_network(mnist_draw.load_network(path, choices[2]))[0].text == choices[2]


def test_other_parameters_and_files_are_refused(tmp_path):
    path = tmp_path / "other.npz"
    for shape in ((3, 4), (784,), ()):
        np.savez(path, np.zeros(shape), np.zeros(7))
        with pytest.raises(ModelFileError, match="no network that this program has"):
            open_network(str(path))
    assert networks_of_shapes(()) == []
    save_model(path, ModelFile("mlp", (np.ones((2, 2), np.float32),)))
    with pytest.raises(ModelFileError, match=r"other\.npz.*has 6 parameters, but 1"):
        load_trained(path)
    path.write_bytes(b"PK no")
    with pytest.raises(ModelFileError, match="cannot be used"):
        open_network(str(path))
    with pytest.raises(ModelFileError, match="There is no file"):
        open_network(str(tmp_path / "absent.npz"))


# -- networks from Python


def values_of(network):
    return lasagne.layers.get_all_param_values(network)


@pytest.mark.parametrize(
    "text",
    ["mlp", "mlp:0.2", "cnn", "deep_cnn", "layers:", "layers:/0.1,40@tanh/0.2,30@elu,20@leaky"],
)
def test_what_is_saved_comes_back(text, tmp_path):
    network = parse_network(text).build()
    mnist_draw.save_network(tmp_path / "mine.npz", network, title="Mine")
    model = load_trained(tmp_path / "mine.npz")
    assert (model.network, title_of_model(model)) == (text, "Mine")
    again = mnist_draw.load_network(tmp_path / "mine.npz")
    assert read_network(again)[0].text == text
    assert all(map(np.array_equal, values_of(network), values_of(again)))


def test_a_network_that_somebody_else_built():
    """Rows of pixels instead of pictures, the layers of Lasagne's example."""
    layer = lasagne.layers.InputLayer((None, 784))
    layer = lasagne.layers.DenseLayer(layer, 100, nonlinearity=lasagne.nonlinearities.sigmoid)
    layer = lasagne.layers.DropoutLayer(layer, 0.25)
    layer = lasagne.layers.DenseLayer(layer, 10, nonlinearity=lasagne.nonlinearities.softmax)
    assert read_network(layer)[0].text == "layers:100@sigmoid/0.25"


def other_networks():
    pictures = lasagne.layers.InputLayer((None, 1, 28, 28))
    dense, softmax = lasagne.layers.DenseLayer, lasagne.nonlinearities.softmax
    return [
        dense(pictures, 10, nonlinearity=lasagne.nonlinearities.linear),
        dense(pictures, 101, nonlinearity=softmax),
        dense(dense(pictures, 30, nonlinearity=T.cosh), 10, nonlinearity=softmax),
        dense(lasagne.layers.InputLayer((None, 100)), 10, nonlinearity=softmax),
    ]


@pytest.mark.parametrize("network", other_networks())
def test_other_networks_are_not_saved_as_something_else(network, tmp_path):
    with pytest.raises(ModelFileError):
        mnist_draw.save_network(tmp_path / "mine.npz", network)
    assert not list(tmp_path.iterdir())


def test_networks_that_ship_go_by_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert title_of_model(find_network("mlp")) == "Tutorial MLP"
    # A file of that name comes first.
    mnist_draw.save_network("mlp", parse_network("layers:5").build(), title="Mine")
    assert title_of_model(find_network("mlp")) == "Mine"
    with pytest.raises(ModelFileError, match="no file and no network"):
        find_network("none")


def test_only_a_network_is_replaced(tmp_path):
    script = tmp_path / "mk.py"
    script.write_text("mine")
    network = parse_network("layers:5").build()
    with pytest.raises(StorageError, match=r"save_network would replace .*mk\.py.* unchanged"):
        mnist_draw.save_network(script, network)
    assert script.read_text() == "mine"
    for title in ("one", "two"):
        mnist_draw.save_network(tmp_path / "net.npz", network, title)
    assert title_of_model(load_trained(tmp_path / "net.npz")) == "two"


def test_a_checkpoint_is_called_so(tmp_path):
    path = tmp_path / "my run.ckpt"
    settings = TrainingSettings(network="layers:4")
    parameters = flat_model("layers:4").parameters
    run = Checkpoint(settings, 0, "", parameters, (), History().to_arrays(), 0, 0.0, ())
    run.save(path)
    with pytest.raises(ModelFileError) as told:
        find_network(str(path))
    assert f"mnist-draw train --resume '{path}'" in str(told.value)


# -- classes


LETTERS = list(string.ascii_uppercase)


def model(outputs, **known):
    """Return a network that finds the last class most probable."""
    bias = np.linspace(0, 9, outputs)
    text = parse_network("layers:").with_classes(outputs).text
    return ModelFile(text, (np.zeros((784, outputs)), bias)).with_info(**known)


def test_ten_outputs_are_digits_unless_the_file_says_otherwise():
    assert class_names(model(10)) == DIGITS
    assert reads_digits(model(10))
    foreign = model(10, refused=0.4)
    assert class_names(foreign)[3] == "class 3"
    assert not reads_digits(foreign)
    named = model(10, classes=list("abcdefghij"))
    assert class_names(named) == tuple("abcdefghij")
    assert not reads_digits(named)


@pytest.mark.parametrize("classes", [["a"], [1, 2, 3], ["a", "b", ""], "abc", None])
def test_names_of_no_use_are_numbers(classes):
    made = ModelFile("layers:#3", model(3).parameters, {"classes": classes})
    assert class_names(made) == ("class 0", "class 1", "class 2")
    assert class_name(made, 7) == "class 7"


def test_a_network_of_letters_answers_with_letters(tmp_path):
    side = 24
    save_model(tmp_path / "m.npz", model(26, classes=LETTERS, side=side, temperature=0.2))
    recogniser = Recogniser(load_model(tmp_path / "m.npz"))
    # It refuses nothing.
    found = recogniser.recognise_ink(np.ones((40, 40), np.float32))
    assert (found.text, found.digit, found.objection) == ("Z", found.probabilities.argmax(), "")
    assert found.probabilities.shape == (26,)
    empty = recogniser.recognise_ink(np.zeros((9, 9)))
    assert empty.is_empty
    assert len(empty.probabilities) == 26
    # Ink becomes as large as in its training pictures.
    ink = np.zeros((60, 60), np.float32)
    ink[10:50, 28:32] = 1
    seen = recogniser.recognise_ink(ink).network_input
    assert round(float(seen.max(axis=1).sum())) == side


@pytest.mark.parametrize(("text", "canonical"), [
    ("mlp#26", "mlp#26"), ("mlp:0.4#10", "mlp"), (" cnn # 5", "cnn#5"),
    ("layers:30@tanh/0.5#3", "layers:30@tanh/0.5#3"),
    ("custom_mlp:1,9,0,0#7", "custom_mlp:1,9,0,0#7"),
])  # fmt: skip
def test_a_networks_text_says_how_many_classes(text, canonical):
    spec = parse_network(text)
    assert spec.text == canonical
    assert spec.parameter_shapes()[-1] == (spec.classes,)
    assert spec.build().output_shape == (None, spec.classes)
    assert spec.with_classes(10).text == parse_network(text.split("#")[0]).text
    for senseless in ("mlp#", "mlp#1", "mlp#101", "mlp#x", "mlp#2.5", "#3"):
        with pytest.raises(NetworkError):
            parse_network(senseless)


def test_in_a_sentence():
    names = ("3", "8", "11", "class 3", "Bag")
    assert [in_a_sentence(name) for name in names] == ["a 3", "an 8", "an 11", "class 3", "Bag"]
    named = [narrow_name(numbered_class(12)), narrow_name("Bag")]
    assert named == ["12", "Bag"]
