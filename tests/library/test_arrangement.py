"""What the Library lists and draws: functions of its entries and of what is chosen, without Qt."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_draw.library.arrangement import (
    SORTS,
    Choice,
    SearchGroup,
    SeedGroup,
    arranged,
    grouped,
    runs_of,
    ticked_of,
    toggled,
    typed,
)
from mnist_draw.library.comparison import columns_of, compared, short_names, smoothed
from mnist_draw.library.entries import Entry, entry_of_run
from mnist_draw.library.networks import list_shipped
from mnist_draw.training.events import BatchFinished, EpochFinished
from mnist_draw.training.history import History
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings

pytestmark = pytest.mark.usefixtures("own_home")


def figures(accuracies):
    history = History()
    for epoch, accuracy in enumerate(accuracies, 1):
        for batch in (1, 2):
            history.add(BatchFinished(epoch, 9, batch, 2, 1.0, 0.5, 0.01))
        history.add(EpochFinished(epoch, 9, 3.0, 0.5, 0.6, 0.4, accuracy, 9.0, True, ()))
    return history


def entry(
    day,
    accuracies=(0.8, 0.9),
    test=None,
    state="completed",
    name="",
    group="",
    **settings,
):
    """Return the entry of a run that has these validation accuracies."""
    history = figures(accuracies)
    history.test_accuracy = test
    chosen = TrainingSettings(epochs=len(accuracies), **settings)
    folder = runs_folder() / f"2026-01-{day:02}"
    made = entry_of_run(
        Run(
            folder,
            chosen,
            name,
            f"2026-01-{day:02} 10:00:00",
            state,
            history=history,
            group=group,
        ),
    )
    info = replace(
        made.stored.info,
        test_accuracy=test,
        validation_accuracy=accuracies[-1] if accuracies else None,
    )
    return replace(made, stored=replace(made.stored, info=info))


def columns(*entries):
    return {run.key: columns_of(run, run.history) for run in runs_of(entries)}


def seeds(*tests, first=1):
    return [
        entry(day, (0.5, 0.6 + day / 10), test, seed=day) for day, test in enumerate(tests, first)
    ]


def test_runs_that_differ_in_the_seed_alone_are_one_group():
    alone = entry(9, learning_rate=0.01)
    (first, group) = grouped([alone, *seeds(0.9, 0.92, 0.94)[::-1]])
    assert first is alone
    assert isinstance(group, SeedGroup)
    assert group.what.startswith("3 seeds")
    assert "seed" not in group.name
    assert group.test_accuracy == pytest.approx(0.92)
    assert group.spread == pytest.approx(0.02)
    assert group.seconds == 18
    assert group.describe_setting("seed") == "1, 2, 3"
    # Another seed leaves its key, and with it its tick.
    assert grouped(seeds(0.9, 0.92)[::-1])[0].key == group.key


def test_the_fits_of_a_search_are_one_group_with_the_figure_of_the_best():
    fits = [
        entry(day, (0.5, accuracy), group="rates", name=f"rates, {rate}", learning_rate=rate)
        for day, accuracy, rate in ((3, 0.7, 0.1), (2, 0.9, 0.01), (1, 0.8, 0.01))
    ]
    alone = entry(4, learning_rate=0.1)
    first, group = grouped([alone, *fits])
    assert first is alone
    assert isinstance(group, SearchGroup)
    assert group.name == "rates"
    assert group.what.startswith("2 settings tried")
    assert group.validation_accuracy == 0.9
    assert group.spread is None
    assert [group.title_of(one) for one in group.members] == ["0.1", "0.01", "0.01"]
    assert group.describe_setting("learning_rate") == "0.1, 0.01"
    drawn = compared([group], columns(group), Choice())
    assert [curve.y[-1] for curve in drawn.curves] == [0.9]
    assert len(grouped(fits[:1])) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2, "learning_rate": 0.01},
        {"seed": 2, "name": "Mine"},
        {"seed": 2, "state": "stopped"},
        {"seed": 2, "accuracies": (0.8, 0.9, 0.9)},
        {"seed": 2, "network": "cnn"},
        {"seed": 2, "data_folder": "/data/letters"},
    ],
)
def test_what_differs_otherwise_stands_alone(other):
    assert len(grouped([entry(1), entry(2, **other)])) == 2


@pytest.mark.parametrize(
    ("choice", "days"),
    [
        (Choice(), (4, 3, 2, 1)),
        (Choice(is_turned=True), (1, 2, 3, 4)),
        # Those of one data set stay together; what has no accuracy is last.
        (Choice(sort="accuracy"), (2, 1, 3, 4)),
        (Choice(sort="accuracy", is_turned=True), (1, 2, 3, 4)),
        (Choice(sort="rate"), (1, 4, 3, 2)),
        (Choice(sort="batch", is_turned=True), (3, 4, 2, 1)),
        (Choice(sort="time"), (4, 3, 2, 1)),
        (Choice(search="data:letters"), (3,)),
        (Choice(search="lr:0.001", chips=("-data:letters",)), (4, 1)),
    ],
)
def test_the_list_is_found_and_sorted(choice, days):
    entries = [
        entry(4, (), learning_rate=0.001),
        entry(3, test=0.99, data_folder="/data/letters", batch_size=900, learning_rate=0.002),
        entry(2, test=0.98, learning_rate=0.003),
        entry(1, test=0.97),
    ]
    found = [int(one.run.started[8:10]) for one in arranged(entries, choice)]
    if choice.sort in ("rate", "batch", "time"):
        values = [SORTS[choice.sort].value(one) for one in arranged(entries, choice)]
        assert values == sorted(values, reverse=choice.is_turned)
    else:
        assert tuple(found) == days


def test_the_runs_of_an_unfolded_group_are_below_it():
    own = grouped([entry(9, update="adam"), *seeds(0.9, 0.92)[::-1]])
    group = own[1]
    rows = arranged(own, Choice(unfolded=frozenset({group.key}), search="seed:2"))
    assert rows == [group, *group.members]


def test_nothing_ticked_is_dropped_and_six_are_drawn():
    entries = [entry(day, batch_size=100 * day) for day in range(1, 9)]
    choice = Choice()
    for one in entries:
        choice = toggled(choice, one.key)
    assert ticked_of(entries, choice) == entries
    drawn = compared(ticked_of(entries, choice), columns(*entries), choice)
    assert [place for place, *__ in drawn.names] == [0, 1, 2, 3, 4, 5]
    assert "six" in drawn.notes[0]
    assert ticked_of(entries, toggled(choice, entries[0].key)) == entries[1:]


def test_a_network_without_a_run_is_compared_without_a_curve():
    shipped = Entry(list_shipped()[0], "Best", "")
    own = entry(1)
    drawn = compared([own, shipped], columns(own), Choice())
    assert [one for __, one, __ in drawn.names] == [own]
    assert "no curves" in " ".join(drawn.notes)


@pytest.mark.parametrize(
    ("across", "x"),
    [("epochs", [1, 2]), ("steps", [2, 4]), ("time", [3, 6])],
)
def test_over_epochs_steps_or_time(across, x):
    own = entry(1)
    (curve,) = compared([own], columns(own), Choice(across=across)).curves
    assert curve.x.tolist() == x
    assert curve.y.tolist() == [0.8, 0.9]
    assert curve.raw is None


def test_the_learning_rate_follows_its_schedule():
    own = entry(1, (0.8,) * 4, schedule="step", learning_rate=0.3)
    (curve,) = compared([own], columns(own), Choice(figure="learning_rate")).curves
    assert curve.y == pytest.approx([0.3, 0.3, 0.1, 0.03])


def test_seeds_are_a_mean_with_their_spread_or_a_curve_each():
    (group,) = grouped(seeds(0.9, 0.92, 0.94)[::-1])
    (curve,) = compared([group], columns(group), Choice()).curves
    assert curve.y == pytest.approx([0.5, 0.8])
    assert curve.high - curve.y == pytest.approx([0.0, 0.1])
    assert curve.y - curve.low == pytest.approx([0.0, 0.1])
    each = compared([group], columns(group), Choice(means=False))
    assert [one.place for one in each.curves] == [0, 0, 0]
    assert each.has_groups
    # A seed that is not read yet is not waited for.
    one = compared([group], columns(group.members[0]), Choice())
    assert one.curves[0].low is None


def test_smoothing_keeps_the_level_and_the_line_before_it():
    assert smoothed(np.full(9, 0.7), 0.9) == pytest.approx(0.7)
    assert smoothed(np.array([1.0, 0.0]), 0.5) == pytest.approx([1.0, 1 / 3])
    own = entry(1)
    (curve,) = compared([own], columns(own), Choice(smoothing=0.5)).curves
    assert curve.raw.tolist() == [0.8, 0.9]


def test_other_data_are_said_and_guessing_is_that_of_all():
    letters = entry(2, (0.04, 0.2), network="mlp#26", data_folder="/data/letters")
    assert compared([letters], columns(letters), Choice()).guessing == 1 / 26
    both = [entry(1), letters]
    drawn = compared(both, columns(*both), Choice())
    assert drawn.guessing is None
    assert "Not the same data" in " ".join(drawn.notes)
    loss = compared([letters], columns(letters), Choice(figure="training_loss"))
    assert loss.guessing is None
    # Far from guessing its line would press the curves flat.
    assert compared([entry(3)], columns(entry(3)), Choice()).guessing is None


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (({}, {"update": "adam", "learning_rate": 0.002}), ["RMSProp", "Adam"]),
        (
            ({}, {"learning_rate": 0.1}, {"learning_rate": 0.1, "batch_size": 50}),
            ["rate 0.001, minibatch 500", "rate 0.1, minibatch 500", "rate 0.1, minibatch 50"],
        ),
        (
            ({}, {"network": "mlp:0.2"}, {"network": "mlp#26", "data_folder": "/data/letters"}),
            [
                "MNIST, 784–500–300–10, dropout 40%",
                "MNIST, 784–500–300–10, dropout 20%",
                "letters, 784–500–300–26, dropout 40%",
            ],
        ),
        (({}, {"network": "mlp#26", "data_folder": "/data/letters"}), ["MNIST", "letters"]),
        (({"name": "Mine"}, {"batch_size": 50}), ["Mine", "minibatch 50"]),
    ],
)
def test_names_say_the_first_settings_that_tell_runs_apart(runs, names):
    assert short_names([entry(day, **run) for day, run in enumerate(runs, 1)]) == names


@pytest.mark.parametrize(
    ("text", "is_done", "search", "chips"),
    [
        ("lr:0.1", False, "lr:0.1", ()),
        ("lr:0.1 ", False, "", ("lr:0.1",)),
        ("lr:0.1", True, "", ("lr:0.1",)),
        ("cnn -data:mnist l", False, "cnn l", ("-data:mnist",)),
        # What is no key, or has no value, stays as it is typed.
        ("lrr:0.1 acc: ", False, "lrr:0.1 acc: ", ()),
    ],
)
def test_a_key_with_its_value_becomes_a_chip_once_it_is_typed(text, is_done, search, chips):
    choice = typed(Choice(), text, is_done)
    assert (choice.search, choice.chips) == (search, chips)
    assert len(typed(choice, "seed:1 ").chips) == len(chips) + 1
