"""Hints: each rule with the figures for which it speaks."""

from dataclasses import replace

import pytest

from mnist_draw.training.events import WeakestClass
from mnist_draw.training.hints import Facts, Hint, read_curves
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.settings import TrainingSettings

TUTORIAL = TrainingSettings(epochs=20)


def epochs(training, validation=None, accuracies=None, known=0.9):
    validation = validation or training
    accuracies = accuracies or [0.9] * len(training)
    return [
        EpochFigures(number, 1.0, loss, known, new, accuracy, 1e4)
        for number, (loss, new, accuracy) in enumerate(
            zip(training, validation, accuracies, strict=True),
            1,
        )
    ]


FALLS = [1.0, 0.8, 0.6, 0.5, 0.4]
LEVEL = [0.9, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2]
#: Steady enough for the rules above the one at hand.
SLOWLY = [0.5, 0.48, 0.46, 0.44, 0.42]


def facts(rows, *, ended=False, finished=False, changed=(), **settings):
    used = TUTORIAL.replace(**settings)
    return Facts(
        rows,
        used,
        used,
        is_running=not (ended or finished),
        is_finished=finished,
        changed=frozenset(changed),
    )


@pytest.mark.parametrize(
    ("of", "says", "remedy"),
    [
        (facts([]), "", ""),
        (facts(epochs(FALLS)), "", ""),
        # The rules from top to bottom.
        (facts(epochs([2.3], [2.3]), l2=5.0), "penalty of 5 pushes", "Set L2 to 0"),
        (replace(facts(epochs([1.0])), dead=(0.1, 0.46)), "46% of a layer", "New run with 0.0003"),
        (replace(facts(epochs(FALLS)), dead=(0.1, 0.2)), "", ""),
        (facts(epochs([0.05, 0.041, 0.045, 0.05, 0.058], FALLS)), "from 0.0410 to 0.0580",
         "Set the rate to 0.0003"),
        (facts(epochs([2.3, 2.3], accuracies=[0.1, 0.11]), learning_rate=0.01),
         "Still guessing after 2 epochs", "New run with 0.001"),
        (facts(epochs([2.3, 2.25], accuracies=[0.2, 0.3]), update="adam", learning_rate=0.0001),
         "The learning rate, 0.0001, is 10% of what is usual for Adam", "Set the rate to 0.001"),
        (replace(facts(epochs([1.0, 0.5])), batches=6), "Only 6 steps an epoch",
         "Use minibatches of 50"),
        # What is right throughout needs no more steps.
        (replace(facts(epochs([1.0, 0.5], accuracies=[0.9, 1.0])), batches=6), "", ""),
        (facts(epochs([1.0, 0.5], accuracies=[0.8, 0.913], known=0.991), training_examples=2000),
         "99.1% on its 2,000 pictures, 91.3% on new", "Use all pictures"),
        (facts(epochs(FALLS, [0.5, 0.4, 0.41, 0.42, 0.43])), "Since epoch 2 only",
         "Turn augmentation on"),
        # The accuracy is at its best while the loss rises.
        (facts(epochs(FALLS, [0.5, 0.4, 0.41, 0.42, 0.43], [0.9, 0.96, 0.97, 0.97, 0.98])), "", ""),
        (facts(epochs(FALLS, [0.5, 0.4, 0.41, 0.42, 0.43]), augmentation="pen"),
         "Since epoch 2 only", "Set L2 to 0.0001"),
        (facts(epochs(FALLS, [0.5, 0.4, 0.41, 0.42, 0.43], [0.9, 0.9831, 0.98, 0.98, 0.9812]),
               ended=True), "98.31% against 98.12%", "New run that keeps"),
        (facts(epochs(FALLS, [0.5, 0.4, 0.41, 0.42, 0.43]), ended=True, keep_best=True),
         "only the training loss", "Turn augmentation on"),
        (facts(epochs([0.5, 0.4, 0.41, 0.4, 0.41], [0.5, 0.4, 0.45, 0.4, 0.45])),
         "No improvement since epoch 2", "Set the rate to 0.0003"),
        (facts(epochs(LEVEL)), "No improvement since epoch 4. A smaller", "Set the rate to 0.0003"),
        (facts(epochs(LEVEL), ended=True), "A smaller learning rate", "New run with 0.0003"),
        (facts(epochs(LEVEL), changed=["learning_rate"]), "Flat since epoch 4: more", "Stop now"),
        (facts(epochs(LEVEL), schedule="cosine"), "more epochs add little", "Stop now"),
        (facts(epochs(LEVEL), schedule="cosine", ended=True), "more epochs add little", ""),
        (facts(epochs([0.9, 0.5, 0.4, 0.3], [0.9, 0.0622, 0.0613, 0.0611])),
         "Flat since epoch", "Stop now"),
        (facts(epochs(SLOWLY, known=0.9995)), "knows 100.0%", "Turn augmentation on"),
        (facts(epochs(SLOWLY, accuracies=[0.9, 0.9, 0.902, 0.905, 0.908]), finished=True),
         "0.8 points", "Train 10 more epochs"),
        (facts(epochs([1.0, 0.9, 0.8], accuracies=[0.5, 0.53, 0.56]), epochs=4),
         "by 3 points an epoch, with 1 epoch left", "Train 10 more epochs"),
        (facts(epochs(SLOWLY, known=0.8), ended=True), "Dropout hides 40%", "New run with 20%"),
        (facts(epochs(SLOWLY, known=0.8), ended=True, network="mlp:0.3"), "", ""),
        (facts(epochs(SLOWLY, known=0.8), ended=True, network="cnn"), "Dropout hides 50%",
         "New run with 20%"),
        (replace(facts(epochs(SLOWLY), ended=True), weakest=WeakestClass("l", 0.41, "I"),
                 tested=0.9), "41% of the class l right, and mistakes most others for I",
         "See these mistakes"),
        (replace(facts(epochs(SLOWLY), ended=True), weakest=WeakestClass("l", 0.41), tested=0.9),
         "41% of the class l right.", "See these mistakes"),
        (replace(facts(epochs(SLOWLY), ended=True), weakest=WeakestClass("l", 0.46, "I"),
                 tested=0.9), "", ""),
        (replace(facts(epochs([0.5, 0.49, 0.48, 0.47, 0.46], accuracies=[0.98] * 5)),
                 seconds_left=300.0), "by chance only", "Stop now"),
        (replace(facts(epochs(SLOWLY, accuracies=[0.9, 0.95, 0.96, 0.95, 0.96])), validated_on=120),
         "With 120 validation pictures, 3.6 points are chance", "New run with seed 2"),
        (replace(facts(epochs(SLOWLY, accuracies=[0.9, 0.9, 0.92, 0.94, 0.96])), validated_on=120),
         "", ""),
        (replace(facts(epochs(SLOWLY, accuracies=[0.96] * 5)), validated_on=0), "", ""),
        (replace(facts([]), seconds_left=7200.0), "2 h is long", ""),
        (replace(facts(epochs(FALLS[:3])), seconds_left=7200.0), "", ""),
    ],
)  # fmt: skip
def test_what_the_figures_say(of, says, remedy):
    hint = read_curves(of)
    assert bool(hint.sentence) == bool(says)
    assert says in hint.sentence
    assert bool(hint.remedy) == bool(remedy)
    assert remedy in hint.remedy


#: Losses and accuracies of the tutorial's run as it comes, seed 1, in each epoch.
_TUTORIAL_TRAINING = (
    0.5712, 0.2526, 0.1858, 0.1531, 0.1272, 0.1126, 0.1012, 0.0893, 0.0805, 0.0744,
    0.0671, 0.0635, 0.0574, 0.0546, 0.0507, 0.0474, 0.0454, 0.0412, 0.0400, 0.0380,
)  # fmt: skip
_TUTORIAL_LOSSES = (
    0.2311, 0.1428, 0.1192, 0.1030, 0.0947, 0.0882, 0.0780, 0.0756, 0.0750, 0.0705,
    0.0678, 0.0683, 0.0669, 0.0623, 0.0674, 0.0649, 0.0669, 0.0651, 0.0662, 0.0658,
)  # fmt: skip
_TUTORIAL_ACCURACIES = (
    0.9312, 0.9595, 0.9658, 0.9703, 0.9722, 0.9746, 0.9754, 0.9762, 0.9776, 0.9786,
    0.9810, 0.9802, 0.9804, 0.9822, 0.9806, 0.9812, 0.9816, 0.9818, 0.9814, 0.9827,
)  # fmt: skip


@pytest.mark.parametrize("count", range(1, 21))
def test_an_untouched_tutorial_run_memorizes_nothing(count):
    curves = (_TUTORIAL_TRAINING, _TUTORIAL_LOSSES, _TUTORIAL_ACCURACIES)
    rows = epochs(*(curve[:count] for curve in curves))
    assert read_curves(facts(rows)).sentence == ""


def test_a_remedy_that_was_taken_is_not_offered_again():
    rows = epochs(FALLS, [0.5, 0.4, 0.41, 0.42, 0.43])
    assert read_curves(facts(rows)).name == "augmentation"
    assert read_curves(facts(rows, changed=["augmentation"])) == Hint("")


def test_a_unit_that_is_silent_stays_so_whatever_the_rate_is_now():
    of = replace(facts(epochs([1.0]), learning_rate=1e-9), dead=(0.99,), began=TUTORIAL)
    hint = read_curves(of)
    assert hint.is_afresh
    assert hint.value == 0.0003


@pytest.mark.parametrize(
    ("network", "thinned"),
    [
        ("mlp", "mlp:0.2"),
        ("mlp:0.5#26", "mlp:0.2"),
        ("cnn", "layers:conv32x5,pool2,conv32x5,pool2,/0.2,256/0.2"),
        ("layers:500/0.6,300/0.1", "layers:500/0.2,300/0.1"),
    ],
)
def test_less_dropout_is_proposed_for_any_network(network, thinned):
    hint = read_curves(facts(epochs(SLOWLY, known=0.8), ended=True, network=network))
    assert (hint.name, hint.value) == ("network", thinned)


def test_a_loss_is_level_only_where_three_epochs_changed_little():
    for losses, says in (
        (LEVEL, "No improvement since epoch 4"),
        (LEVEL[:-1], "No improvement since epoch 4"),
        (LEVEL[:-2], ""),
        ([*LEVEL[:-2], 0.197], ""),
        # Level from its start, it has learned nothing.
        ([0.2] * 5, ""),
    ):
        assert says in read_curves(facts(epochs(losses))).sentence
