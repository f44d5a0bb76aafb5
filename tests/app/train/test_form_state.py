"""What the form shows after changes, presets, Undo and runs; without Qt."""

import pytest

from mnist_draw.app.train.form_state import Chosen, FormState, batch_size_problem
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.settings import TrainingSettings

USUAL = TrainingSettings()
QUICK = PRESETS["quick"]
MINE = TrainingSettings(update="adam", update_parameters={"beta1": 0.8}, learning_rate=0.03)


@pytest.fixture
def state():
    made = FormState()
    made.restore(USUAL)
    return made


@pytest.mark.parametrize(
    ("begin", "changes", "expected"),
    [
        # Another update rule brings its rate, but not in place of one of the user's own.
        (USUAL, {"update": "sgd"}, {"update": "sgd", "learning_rate": 0.1}),
        (
            USUAL,
            {"learning_rate": 0.02, "update": "sgd"},
            {"update": "sgd", "learning_rate": 0.02},
        ),
        # A preset's rate belongs to its rule.
        (
            QUICK.settings,
            {"update": "sgd"},
            {**QUICK.settings.to_json(), "update": "sgd", "learning_rate": 0.1},
        ),
        # The parameters of a rule are no other's.
        (MINE, {"update": "sgd"}, {"update": "sgd", "learning_rate": 0.03}),
        # MNIST has so many pictures; what other data have is unknown.
        (USUAL, {"training_examples": 60_000}, {"training_examples": 50_000}),
        (
            USUAL,
            {"data_folder": "/mine", "training_examples": 60_000},
            {"data_folder": "/mine", "training_examples": 60_000},
        ),
        (
            USUAL.replace(data_folder="/mine", training_examples=60_000),
            {"data_folder": None},
            {"training_examples": 50_000},
        ),
    ],
)
def test_what_follows_from_a_change(state, begin, changes, expected):
    state.restore(begin)
    for name, value in changes.items():
        state.change(name, value)
    assert state.settings == TrainingSettings(**expected)


def test_changes_of_one_setting_are_one_step(state):
    for name, value in (("seed", 2), ("seed", 3), ("epochs", 5), ("seed", 4)):
        state.change(name, value)
    found = []
    while state.can_undo:
        state.undo()
        found.append((state.settings.seed, state.settings.epochs))
    assert found == [(3, 5), (3, 20), (1, 20)]


def test_a_value_that_is_not_changed_is_no_step(state):
    state.change("seed", 1)
    state.choose(state.chosen)
    assert not state.can_undo


def test_a_preset_is_one_step_and_keeps_the_data_set(state):
    state.change("data_folder", "/mine")
    state.choose(Chosen(QUICK.title, QUICK.settings, state.settings_of(QUICK)))
    assert state.settings == QUICK.settings.replace(data_folder="/mine")
    assert state.preset is QUICK
    assert list(state.differences) == ["data_folder"]
    state.undo()
    assert state.settings == USUAL.replace(data_folder="/mine")
    assert state.preset is PRESETS["tutorial"]


def test_fixed_settings_stay(state):
    state.fixed = frozenset({"epochs", "update", "network"})
    assert state.offers(QUICK)
    assert not state.offers(PRESETS["cnn"])
    state.choose(Chosen("Mine", MINE, MINE))
    assert state.settings == USUAL.replace(learning_rate=0.03)
    assert "update" not in state.differences


def test_what_changes_during_a_run_belongs_to_the_run(state):
    state.change("seed", 2)
    state.run = state.settings
    state.change("learning_rate", 0.5)
    state.change("batch_size", 90)
    assert (state.settings.learning_rate, state.settings.batch_size) == (0.5, 90)
    assert not state.can_undo
    assert not state.differences
    assert state.end_run() == {"learning_rate": 0.5}
    assert state.settings == USUAL.replace(seed=2)
    assert state.can_undo


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"training_examples": 3}, "is 1 instead of the usual 500"),
        ({"training_examples": 3, "batch_size": 400}, "only 3"),
        ({"training_examples": 5000, "batch_size": 250}, ""),
        ({"training_examples": 500}, "Only 1 step an epoch"),
        ({"training_examples": 500}, "minibatches of 10."),
        ({"training_examples": 3, "batch_size": 1}, ""),
        ({"training_examples": 3, "batch_size": 400, "extra_folder": "/mine"}, ""),
    ],
)
def test_too_few_pictures_for_a_minibatch_are_refused(changes, words):
    found = batch_size_problem(USUAL.replace(**changes))
    assert words in found
    assert bool(found) == bool(words)


def test_the_preset_of_a_run_is_its_own_whatever_is_chosen_for_the_next(state):
    state.run = PRESETS["cnn"].settings
    assert state.preset is PRESETS["cnn"]
