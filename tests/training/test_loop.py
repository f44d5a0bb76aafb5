"""The epoch loop on 600 digits: what it tells and learns, requests to it, and how it ends."""

import itertools
import signal
import threading

import lasagne
import numpy as np
import pytest
from scipy.special import log_softmax

import mnist_draw
from mnist_draw.dataset.augmentation import numba_loops
from mnist_draw.dataset.augmentation.augmenter import Augmenter
from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.training import events
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.confusion import weakest_class
from mnist_draw.training.control import Controls, stop_on_interrupt
from mnist_draw.training.events import BatchFinished, EpochFinished, Event
from mnist_draw.training.history import History
from mnist_draw.training.loop import train
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import SettingsError

from .short_runs import SMALL, end, of, run, same

pytestmark = pytest.mark.usefixtures("shared_step")


@pytest.fixture(scope="module")
def plain(digits):
    """Run once, with functions of its own, for many tests to look at."""
    return run(SMALL, dataset=digits)


def test_events_come_in_their_order(plain):
    names = [type(event).__name__ for event in plain]
    batches, validation = ["BatchFinished"] * 6, ["Validating", "EpochFinished"]
    # The first minibatch does not wait for the function that validates.
    assert names == [
        *("Compiling", "Started", *batches, "Compiling", *validation),
        *(*batches, *validation, "Testing", "Tested", "Finished"),
    ]
    stages = of(events.Compiling, plain)
    assert [stage.done for stage in stages] == list(range(stages[0].total))
    assert all(stage.stage for stage in stages)
    assert of(events.Started, plain) == [events.Started(1, 2, 6)]
    batches = of(BatchFinished, plain)
    assert [(b.epoch, b.epochs, b.batch, b.batches) for b in batches] == [
        (epoch, 2, batch, 6) for epoch in (1, 2) for batch in range(1, 7)
    ]
    assert len(of(events.Validating, plain)) == 2
    assert all(event.seconds > 0 for event in batches)


@pytest.mark.parametrize(("watched", "batches"), [(False, []), (True, [50])])
def test_who_watches_gets_the_weights_after_50_minibatches(digits, watched, batches):
    controls = Controls()
    controls.is_watched = watched
    settings = SMALL.replace(epochs=1, batch_size=10)
    found = of(events.Snapshot, run(settings, dataset=digits, controls=controls))
    assert [snapshot.batch for snapshot in found] == batches


def test_figures_are_means_of_the_batches(plain):
    batches = of(BatchFinished, plain)
    for number, epoch in enumerate(of(EpochFinished, plain), 1):
        mine = [event for event in batches if event.epoch == number]
        assert epoch.training_loss == pytest.approx(np.mean([e.loss for e in mine]))
        assert epoch.training_accuracy == pytest.approx(np.mean([e.accuracy for e in mine]))
        assert epoch.images_per_second == pytest.approx(600 / sum(e.seconds for e in mine))
        assert epoch.seconds > sum(e.seconds for e in mine)


def test_it_learns(plain):
    first, last = of(EpochFinished, plain)
    assert 1.5 < first.training_loss < 3
    assert last.validation_loss < first.validation_loss < np.log(10)
    assert last.validation_accuracy > 0.4
    assert first.is_best
    assert last.is_best
    # Parameters are copies.
    assert not same(first.parameters, last.parameters)
    assert same(last.parameters, end(plain).parameters)
    assert [value.shape for value in last.parameters] == [(784, 32), (32,), (32, 10), (10,)]
    assert all(value.dtype == np.float32 for value in last.parameters)


def test_validation_and_test_figures_are_those_of_the_network(plain, digits):
    """Computed again from the parameters, without dropout and with NumPy alone."""
    w1, b1, w2, b2 = end(plain).parameters
    validated, tested = of(EpochFinished, plain)[-1], of(events.Tested, plain)[0]
    for images, labels, loss, accuracy in (
        (
            *(digits.validation_images, digits.validation_labels),
            *(validated.validation_loss, validated.validation_accuracy),
        ),
        (digits.test_images, digits.test_labels, tested.loss, tested.accuracy),
    ):
        hidden = np.maximum(scale(images).reshape(len(images), -1) @ w1 + b1, 0)
        logs = log_softmax((hidden @ w2 + b2).astype(np.float64), axis=1)
        assert loss == pytest.approx(-logs[np.arange(len(labels)), labels].mean(), rel=1e-5)
        assert accuracy == pytest.approx((logs.argmax(axis=1) == labels).mean())


def test_another_seed_gives_another_run(plain, digits):
    """Other weights, another order, other dropout."""
    other = SMALL.replace(seed=2)
    mine = run(other, dataset=digits)
    assert not same(end(mine).parameters, end(plain).parameters)
    first, second = (
        lasagne.layers.get_all_param_values(build_network(settings)) for settings in (SMALL, other)
    )
    assert not np.array_equal(first[0], second[0])


def test_building_leaves_lasagnes_generator_alone():
    before = lasagne.random.get_rng()
    build_network(SMALL)
    assert lasagne.random.get_rng() is before


def test_each_epoch_has_its_own_order(digits):
    """With steps that change nothing, losses differ by order and by dropout only."""
    settings = SMALL.replace(
        network="custom_mlp:0,1,0,0",
        update="sgd",
        learning_rate=1e-20,
        batch_size=600,
    )
    whole = of(BatchFinished, run(settings, dataset=digits))
    assert whole[0].loss == pytest.approx(whole[1].loss, rel=1e-5)
    batches = of(BatchFinished, run(settings.replace(batch_size=100), dataset=digits))
    assert {e.loss for e in batches[:6]}.isdisjoint(e.loss for e in batches[6:])


def test_a_listener_that_walks_away_leaves_no_thread(digits, tmp_path):
    running = train(SMALL, dataset=digits, checkpoint=tmp_path / "run")
    for event in running:
        if isinstance(event, EpochFinished):
            break
    running.close()  # type: ignore[attr-defined]
    assert (tmp_path / "run").is_file()
    assert not [thread for thread in threading.enumerate() if thread.name == "checkpoints"]


@pytest.mark.slow
def test_a_schedule_lowers_the_learning_rate(digits):
    settings = SMALL.replace(update="sgd", learning_rate=0.1, epochs=4, schedule="cosine")
    seen = of(EpochFinished, run(settings, dataset=digits))
    steps = [
        np.linalg.norm(later.parameters[0] - earlier.parameters[0])
        for earlier, later in itertools.pairwise(seen)
    ]
    assert steps[0] > steps[1] > 2 * steps[2]


def test_pictures_that_are_scaled_already_give_the_same(digits, plain):
    scaled = Dataset(
        *(scale(digits.train_images), digits.train_labels),
        *(scale(digits.validation_images), digits.validation_labels),
        *(scale(digits.test_images), digits.test_labels),
        *("scaled", digits.folder),
    )
    found = end(run(SMALL, dataset=scaled, network=build_network(SMALL))).parameters
    for mine, theirs in zip(found, end(plain).parameters, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_training_examples_takes_the_first(digits):
    seen = run(SMALL.replace(training_examples=250, epochs=1), dataset=digits)
    assert of(events.Started, seen) == [events.Started(1, 1, 2)]
    assert of(EpochFinished, seen)[0].images_per_second > 0


@pytest.mark.parametrize("usual", [500, 300])
@pytest.mark.parametrize(("pictures", "size"), [(84, 8), (5, 1)])
def test_a_usual_batch_size_gives_way_to_few_pictures(digits, usual, pictures, size):
    settings = SMALL.replace(batch_size=usual, epochs=1)
    seen = run(settings, dataset=digits.first(pictures))
    [chosen] = of(events.BatchSizeChosen, seen)
    assert chosen.batch_size == size
    assert f"there are {pictures} training pictures" in chosen.message
    [started] = of(events.Started, seen)
    assert started.batches == pictures // size


def test_who_waits_for_the_augmentation_is_told(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(numba_loops, "code_folder", lambda: tmp_path)

    # What is compiled is not what counts here.
    def as_it_is(self, rows, epoch, result):
        result[:, 0] = self._images[rows]

    monkeypatch.setattr(Augmenter, "batch", as_it_is)
    settings = SMALL.replace(augmentation="warp", epochs=1)

    def told():
        seen = run(settings, dataset=digits)
        first = seen.index(of(events.BatchFinished, seen)[0])
        return [e.stage for e in seen[:first] if isinstance(e, events.Compiling)]

    assert told() == ["the training function", "the augmentation, once on this computer"]
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "discs.nbi").touch()
    assert told() == ["the training function"]
    settings = SMALL.replace(epochs=1)
    (tmp_path / "kept" / "discs.nbi").unlink()
    assert told() == ["the training function"]


def test_a_stop_does_not_wait_until_the_augmentation_is_compiled(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(numba_loops, "code_folder", lambda: tmp_path)

    def compiling(self, rows, epoch, result):
        numba_loops.stop_if_unwanted()
        raise AssertionError("it was compiled to the end")

    monkeypatch.setattr(Augmenter, "batch", compiling)
    controls = Controls()
    seen: list[Event] = []
    for event in train(SMALL.replace(augmentation="warp"), dataset=digits, controls=controls):
        seen.append(event)
        if isinstance(event, events.Compiling) and "augmentation" in event.stage:
            controls.stop()
    assert not of(events.BatchFinished, seen)
    assert end(seen).reason == "stopped"


def test_settings_and_data_are_checked_first(digits, tmp_path):
    absent = str(tmp_path / "absent")
    for changes, words in (
        ({"epochs": 0}, "epochs is 0"),
        ({"data_folder": absent}, "absent is neither a folder"),
    ):
        with pytest.raises(UserError, match=words):
            next(iter(train(SMALL.replace(**changes))))
    with pytest.raises(SettingsError, match="batch size is 601, but there are only 600 training"):
        next(iter(train(SMALL.replace(batch_size=601), dataset=digits)))


@pytest.mark.slow
def test_the_tutorials_network_after_three_epochs():
    """At least 96.5% of the validation pictures.

    This is close to what the recipe gives: seeds 1 to 10 reach 96.27 to 96.72%, 96.54% on
    average (a loop written with NumPy alone: 96.31 to 96.88%, 96.63% on average). Rounding,
    which differs between processors, moves a run by up to 0.07 points. So the seed is one that is
    at home above the floor (96.67%), and only a loss of quality takes it below.
    """
    history = History()
    mnist_draw.run_network(num_epochs=3, seed=2, history=history, verbose=False)
    assert len(history.batch_losses) == 300
    assert history.epochs[-1].validation_accuracy >= 0.965
    assert history.test_accuracy is not None
    assert history.test_accuracy >= 0.955


# -- how it ends


def asked(settings, digits, when, request, *values, **options):
    """Run with a request at one event: ``when`` is its kind, epoch and batch."""
    kind, epoch, batch = when
    controls = options.setdefault("controls", Controls())

    def listen(event):
        places = getattr(event, "epoch", epoch), getattr(event, "batch", batch)
        if isinstance(event, kind) and places == (epoch, batch):
            getattr(controls, request)(*values)

    return run(settings, listen, dataset=digits, **options)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("epochs", [1, 2])
def test_a_stop_in_the_first_epoch_keeps_what_was_learned_and_begins_it_again(
    digits,
    plain,
    batch,
    epochs,
    tmp_path,
):
    path, settings = tmp_path / "run", SMALL.replace(epochs=epochs)
    seen = asked(settings, digits, (BatchFinished, 1, batch), "stop", checkpoint=path)
    assert len(of(BatchFinished, seen)) == batch
    # It is validated and tested once: without figures it could not be listed.
    assert len(of(EpochFinished, seen)) == len(of(events.Tested, seen)) == 1
    assert (end(seen).reason, end(seen).epochs_done) == ("stopped", 1)
    assert same(end(seen).parameters, of(EpochFinished, seen)[0].parameters)
    resume = load_checkpoint(path)
    assert (resume.epoch, resume.history().epochs) == (0, [])
    again = run(SMALL, dataset=digits, resume=resume)
    assert same(end(again).parameters, end(plain).parameters)


def test_a_stop_in_a_later_epoch_keeps_the_network_of_the_figures(digits, plain, tmp_path):
    path = tmp_path / "run"
    seen = asked(SMALL, digits, (BatchFinished, 2, 3), "stop", checkpoint=path)
    first, whole = of(EpochFinished, seen)[0], SMALL.replace(epochs=1)
    assert (end(seen).reason, end(seen).epochs_done) == ("stopped", 1)
    assert same(end(seen).parameters, first.parameters)
    tested, alone = (of(events.Tested, each)[0] for each in (seen, run(whole, dataset=digits)))
    assert (tested.loss, tested.accuracy) == (alone.loss, alone.accuracy)
    # Also where no minibatch is learned after a run was continued.
    controls = Controls()
    controls.stop()
    again = run(SMALL, dataset=digits, controls=controls, resume=load_checkpoint(path))
    assert same(end(again).parameters, first.parameters)


def test_a_stop_before_the_first_minibatch_keeps_nothing(digits):
    seen = asked(SMALL, digits, (events.Started, 1, 1), "stop")
    assert not of(EpochFinished, seen)
    assert (end(seen).reason, end(seen).epochs_done) == ("stopped", 0)


@pytest.mark.parametrize("kind", [BatchFinished, events.Validating, EpochFinished])
def test_an_epoch_that_is_learned_is_kept_though_it_is_still_to_be_validated(digits, plain, kind):
    seen = asked(SMALL, digits, (kind, 1, 6), "stop")
    assert len(of(EpochFinished, seen)) == len(of(events.Tested, seen)) == 1
    assert (end(seen).reason, end(seen).epochs_done) == ("stopped", 1)
    assert same(end(seen).parameters, of(EpochFinished, plain)[0].parameters)


def test_a_pause_does_not_count_into_what_an_epoch_takes(digits, monkeypatch):
    controls, clock = Controls(), itertools.count()
    monkeypatch.setattr("mnist_draw.training.loop.time.perf_counter", lambda: next(clock))

    def sleep(extra_epochs):
        list(itertools.islice(clock, 1_000_000))
        controls.resume()

    monkeypatch.setattr(controls, "wait_while_paused", sleep)
    settings = SMALL.replace(epochs=1)
    seen = asked(settings, digits, (BatchFinished, 1, 2), "pause", controls=controls)
    assert of(EpochFinished, seen)[0].seconds < 1_000_000


def test_stop_before_the_first_batch_trains_nothing(digits):
    controls = Controls()
    controls.stop()
    seen = run(SMALL, dataset=digits, controls=controls)
    assert not of(BatchFinished, seen)
    assert end(seen).reason == "stopped"
    start = lasagne.layers.get_all_param_values(build_network(SMALL))
    assert same(end(seen).parameters, start)


@pytest.mark.parametrize("request_name", ["resume", "stop"])
def test_a_pause_ends_when_another_thread_asks(digits, plain, request_name):
    controls = Controls()
    paused = threading.Event()
    request = getattr(controls, request_name)
    asker = threading.Thread(target=lambda: (paused.wait(60), request()))
    asker.start()

    def listen(event):
        if isinstance(event, BatchFinished) and (event.epoch, event.batch) == (1, 2):
            controls.pause()
        if isinstance(event, events.Paused):
            paused.set()

    seen = run(SMALL, listen, dataset=digits, controls=controls)
    asker.join()
    place = seen.index(events.Paused())
    assert isinstance(seen[place - 1], BatchFinished)
    if request_name == "resume":
        assert seen[place + 1] == events.Resumed()
        assert same(end(seen).parameters, end(plain).parameters)
    else:
        assert len(of(BatchFinished, seen)) == 2
        assert not of(events.Resumed, seen)
        assert end(seen).reason == "stopped"


def test_one_epoch_more(digits, plain):
    seen = asked(SMALL, digits, (BatchFinished, 2, 5), "add_epoch")
    assert [event.epochs for event in of(EpochFinished, seen)] == [2, 3, 3]
    assert (end(seen).reason, end(seen).epochs_done) == ("completed", 3)
    assert same(of(EpochFinished, seen)[1].parameters, end(plain).parameters)


#: Makes everything after an epoch worse, but finite.
RUIN = ("change", "learning_rate", 0.5)


@pytest.mark.parametrize("keep_best", [True, False])
def test_keep_best(digits, keep_best):
    network, settings = build_network(SMALL), SMALL.replace(keep_best=keep_best)
    seen = asked(settings, digits, (EpochFinished, 1, 0), *RUIN, network=network)
    best, last = of(EpochFinished, seen)
    assert (best.is_best, last.is_best) == (True, False)
    kept, lost = (best, last) if keep_best else (last, best)
    assert same(end(seen).parameters, kept.parameters)
    assert not same(end(seen).parameters, lost.parameters)
    assert same(lasagne.layers.get_all_param_values(network), kept.parameters)


def test_patience(digits):
    seen = asked(SMALL.replace(epochs=20, patience=2), digits, (EpochFinished, 2, 0), *RUIN)
    best = [event.epoch for event in of(EpochFinished, seen) if event.is_best][-1]
    assert (end(seen).reason, end(seen).epochs_done) == ("early", best + 2)


def test_target_accuracy(digits):
    seen = run(SMALL.replace(epochs=50, target_accuracy=0.5), dataset=digits)
    reached = [event.validation_accuracy >= 0.5 for event in of(EpochFinished, seen)]
    assert reached == [False] * (len(reached) - 1) + [True]
    assert end(seen).reason == "target"
    assert end(seen).epochs_done == len(reached) < 50


WILD = SMALL.replace(update="sgd", learning_rate=1e6)


def test_divergence_keeps_the_start(digits):
    seen = run(WILD, dataset=digits)
    told = of(events.Diverged, seen)[0]
    assert "in epoch 1, minibatch" in told.message
    assert "rate of 1000000" in told.message
    assert "starting weights were kept" in told.message
    assert "learning rate of 0.1" in told.message
    assert not of(events.Tested, seen)
    assert (end(seen).reason, end(seen).epochs_done) == ("diverged", 0)
    start = lasagne.layers.get_all_param_values(build_network(WILD))
    assert same(end(seen).parameters, start)


@pytest.mark.parametrize("keep_best", [True, False])
def test_divergence_keeps_the_last_good_weights(digits, keep_best):
    settings = WILD.replace(learning_rate=0.05, epochs=9, keep_best=keep_best)
    seen = asked(settings, digits, (EpochFinished, 2, 0), "change", "learning_rate", 1e6)
    good = of(EpochFinished, seen)
    assert "2 were kept" in of(events.Diverged, seen)[0].message
    assert (end(seen).reason, end(seen).epochs_done) == ("diverged", 2)
    assert same(end(seen).parameters, good[1].parameters)
    assert all(np.isfinite(value).all() for value in end(seen).parameters)


def test_a_new_l2_penalty_counts_from_the_next_batch(digits):
    settings = SMALL.replace(update="sgd", learning_rate=0.01)
    seen = asked(settings, digits, (EpochFinished, 1, 0), "change", "l2", 5.0)
    first, last = (np.linalg.norm(event.parameters[0]) for event in of(EpochFinished, seen))
    # Each of the six batches takes a tenth of the weights away.
    assert last == pytest.approx(0.9**6 * first, rel=0.05)


def test_another_augmentation_counts_from_the_next_batch(digits, monkeypatch):
    # What is compiled is not what counts here.
    def inverted(self, rows, epoch, result):
        result[:, 0] = 255 - self._images[rows]

    monkeypatch.setattr(Augmenter, "batch", inverted)

    def change(recipe):
        when = (BatchFinished, 1, 3)
        seen = asked(SMALL.replace(epochs=1), digits, when, "change", "augmentation", recipe)
        return [event.loss for event in of(events.BatchFinished, seen)]

    plain, varied = change("off"), change("pen")
    assert len(plain) == len(varied) == 6
    assert plain[:3] == varied[:3]
    assert plain[3] != varied[3]


# -- requests


def test_a_stop_is_stronger_than_a_pause():
    controls = Controls()
    controls.wait_while_paused()
    assert (controls.stop_requested, controls.paused) == (False, False)
    controls.stop()
    controls.pause()
    assert controls.stop_requested
    assert not controls.paused
    controls.wait_while_paused()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *(("learning_rate", rate, "learning_rate is") for rate in (0.0, np.nan, np.inf)),
        ("augmentation", "rain", "Augmentation: there is no 'rain'"),
        ("epochs", 2.0, "'epochs' cannot be changed during a run.*learning_rate"),
        ("speed", 2.0, "'speed' cannot be changed during a run.*learning_rate"),
        ("learning_rate", "fast", "learning_rate is 'fast'; expected: number"),
    ],
)
def test_what_cannot_be_changed_changes_nothing(name, value, words):
    controls = Controls()
    before = {"learning_rate": 0.5, "augmentation": "pen"}
    for known, sound in before.items():
        controls.change(known, sound)
    with pytest.raises(UserError, match=words):
        controls.change(name, value)
    assert controls.changes == before


def test_ctrl_c_asks_for_a_stop_and_a_second_one_breaks_off():
    controls = Controls()
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(controls):
        signal.raise_signal(signal.SIGINT)
        assert controls.stop_requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_signals_alone():
    before = signal.getsignal(signal.SIGINT)
    inside = []

    def work():
        with stop_on_interrupt(Controls()):
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]


def test_a_handler_not_set_from_python_is_no_obstacle(monkeypatch):
    given = []

    def replace(number, handler):
        given.append(handler)

    monkeypatch.setattr(signal, "signal", replace)
    with stop_on_interrupt(Controls()):
        pass
    assert len(given) == 1
    assert callable(given[0])


@pytest.mark.parametrize(
    ("labels", "answers", "weakest"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 0], events.WeakestClass("b", 0.5, "a")),
        # Wrong in two ways alike.
        ([1, 1, 1, 0], [0, 2, 1, 0], events.WeakestClass("b", 1 / 3)),
        # A class that is not in the test is not the weakest.
        ([0, 2], [0, 2], events.WeakestClass("a", 1.0)),
    ],
)
def test_the_weakest_class_and_what_it_is_taken_for(labels, answers, weakest):
    assert weakest_class(np.array(labels), np.array(answers), ("a", "b", "c")) == weakest
