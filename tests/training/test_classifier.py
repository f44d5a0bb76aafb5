"""The estimator: scikit-learn's own checks, and what pictures need beside them."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

import mnist_draw
from mnist_draw.training.settings import PICTURES, SETTINGS, TrainingSettings

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from mnist_draw.library.arrangement import grouped  # noqa: E402
from mnist_draw.library.classifier import MnistClassifier  # noqa: E402
from mnist_draw.library.entries import list_entries  # noqa: E402
from mnist_draw.library.tutorial import OWN_NAMES  # noqa: E402
from mnist_draw.training.run_list import list_runs  # noqa: E402


def small(**changes):
    given = {"network_name": "layers:32", "num_epochs": 3, "batch_size": 50, **changes}
    return MnistClassifier(**given)


# All of them hold: rows of fewer numbers than 28×28 are pictures with nothing in the rest.
@pytest.mark.slow
@parametrize_with_checks([small(num_epochs=10, batch_size=20, learning_rate=0.01)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_it_learns_digits_in_any_shape(digits):
    flat = digits.train_images.reshape(-1, 784)
    first = small().fit(digits.train_images, digits.train_labels)
    second = small().fit(flat, digits.train_labels)
    assert first.score(digits.test_images, digits.test_labels) > 0.7
    pictures = digits.test_images[:50]
    expected = first.predict_proba(pictures)
    assert expected.shape == (50, 10)
    for shape in ((-1, 784), (-1, 28, 28)):
        np.testing.assert_array_equal(second.predict_proba(pictures.reshape(shape)), expected)
    # Bytes are gray levels, floats are shares of full ink.
    np.testing.assert_allclose(first.predict_proba(pictures / 256), expected, rtol=1e-5)


def test_there_may_be_more_classes_than_digits(digits):
    labels = np.arange(len(digits.train_labels)) % 26
    classifier = small().fit(digits.train_images, labels)
    assert classifier.predict_proba(digits.test_images).shape == (200, 26)
    copy = pickle.loads(pickle.dumps(classifier))
    assert (copy.predict(digits.test_images) == classifier.predict(digits.test_images)).all()


def test_labels_may_be_texts_and_fewer_than_ten(digits):
    chosen = digits.train_labels < 3
    names = np.array(["none", "one", "two"])
    known = names[digits.train_labels[chosen]]
    classifier = small(num_epochs=10).fit(digits.train_images[chosen], known)
    assert classifier.classes_.tolist() == ["none", "one", "two"]
    np.testing.assert_allclose(classifier.predict_proba(digits.test_images).sum(axis=1), 1)
    few = digits.test_labels < 3
    assert classifier.score(digits.test_images[few], names[digits.test_labels[few]]) > 0.9


@pytest.mark.slow
def test_small_pictures_stand_in_the_middle():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    classifier = small(num_epochs=10).fit(X[:1200] / 16, y[:1200])
    assert classifier.score(X[1200:] / 16, y[1200:]) > 0.8


def test_its_parameters_are_the_training_settings():
    """One for each setting but those of the data, with the same default."""
    parameters = MnistClassifier().get_params()
    del parameters["validation_fraction"], parameters["verbose"], parameters["record"]
    # Left out, they are the rule's usual rate and no differences from its defaults.
    assert parameters.pop("learning_rate") is parameters.pop("update_parameters") is None
    defaults = TrainingSettings().to_json()
    assert parameters == {
        OWN_NAMES.get(name, name): defaults[name]
        for name in SETTINGS
        if name not in (*PICTURES, "learning_rate", "update_parameters")
    }


@pytest.mark.slow
def test_a_copy_answers_alike(digits):
    classifier = small().fit(digits.train_images, digits.train_labels)
    copy = pickle.loads(pickle.dumps(classifier))
    expected = classifier.predict_proba(digits.test_images)
    np.testing.assert_array_equal(copy.predict_proba(digits.test_images), expected)
    assert copy.history_.epoch.tolist() == [1, 2, 3]
    # Earlier versions wrote the names of the modules in which the classes were.
    older = pickle.dumps(classifier, protocol=2)
    for name, module in (
        (b"MnistClassifier", b"interface.classifier"),
        (b"LossHistory", b"interface.loss_history"),
        (b"EpochFigures", b"runs.history"),
    ):
        named = rb"cmnist_draw.training.%s\n%s\n" % (module, name)
        older, count = re.subn(rb"cmnist_draw[\w.]*\n%s\n" % name, named, older)
        assert count == 1
    np.testing.assert_array_equal(pickle.loads(older).predict_proba(digits.test_images), expected)
    again = clone(classifier).fit(digits.train_images, digits.train_labels)
    np.testing.assert_array_equal(again.predict_proba(digits.test_images), expected)


@pytest.mark.slow
def test_a_search(digits):
    search = GridSearchCV(small(num_epochs=2), {"learning_rate": [1e-6, 0.01]}, cv=2)
    search.fit(digits.train_images.reshape(-1, 784), digits.train_labels)
    assert search.best_params_ == {"learning_rate": 0.01}


def test_what_cannot_be_learned_is_told(digits):
    X, y = digits.train_images, digits.train_labels
    with pytest.raises(ValueError, match="X has 900 features; a picture of 28×28 pixels has 784"):
        small().fit(np.zeros((20, 900)), y[:20])
    with pytest.raises(ValueError, match=r"y has a single class \(7\); .* at least 2"):
        small().fit(X[:20], np.full(20, 7))
    with pytest.raises(ValueError, match="y has 101 classes; networks tell 100 apart at most"):
        small().fit(X[:300], np.arange(300) % 101)
    with pytest.raises(ValueError, match="validation_fraction is 1; it must be"):
        small(validation_fraction=1).fit(X, y)
    with pytest.raises(TypeError, match=r"has no parameter 'epochs'\. Did you mean num_epochs"):
        MnistClassifier(epochs=3)
    with pytest.warns(ConvergenceWarning, match="a learning rate of"):
        small(update="sgd", learning_rate=1e6).fit(X, y)


@pytest.mark.process
def test_the_program_does_not_import_it():
    code = (
        "import sys, mnist_draw; mnist_draw.run_network, mnist_draw.LossHistory; "
        "from mnist_draw import *; assert 'sklearn' not in sys.modules; "
        "sys.modules['sklearn'] = None\n"
        "try: mnist_draw.MnistClassifier\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "MnistClassifier needs scikit-learn" in done.stdout
    assert 'pip install "mnist_draw[sklearn]"' in done.stdout
    assert mnist_draw.MnistClassifier is MnistClassifier


def test_the_fits_of_a_search_stand_in_the_library_under_its_name(digits, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    search = GridSearchCV(small(num_epochs=1, record="search"), {"seed": [1, 2]}, cv=2)
    search.fit(digits.train_images[:200], digits.train_labels[:200])
    runs, _ = list_runs()
    assert len(runs) == 5
    assert all(run.title.startswith("search, ") for run in runs)
    assert {(run.origin, run.group) for run in runs} == {("python", "search")}
    (group,) = grouped(entry for entry in list_entries() if not entry.is_shipped)
    assert (group.name, len(group.members)) == ("search", 5)
    assert {run.state for run in runs} == {"completed"}
    assert all(run.has_model or (run.folder / "model.npz").exists() for run in runs)
