"""What the page of a run says and offers; without Qt, as functions of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mnist_draw.app.kit.app_state import AppState
from mnist_draw.dataset.mnist import dataset_name
from mnist_draw.i18n import (
    N_,
    _,
    counted,
    format_ago,
    format_duration,
    format_loss,
    format_percent,
    joined,
    listed,
    number,
    percent,
    time_words,
)
from mnist_draw.networks import NetworkSpec, parse_network
from mnist_draw.networks.operations import Dense
from mnist_draw.training.expectation import training_pictures
from mnist_draw.training.failure import why_it_failed
from mnist_draw.training.hints import Hint
from mnist_draw.training.poor_result import is_poor, remedies
from mnist_draw.training.presets import differing, nearest_preset
from mnist_draw.training.run import LATEST, UNFINISHED, Run
from mnist_draw.training.settings import PICTURES, PLACES, SETTINGS, TrainingSettings
from mnist_draw.training.twelve_digits import DigitsRead, TwelveDigits
from mnist_draw.training.updates import WITH_MOMENTUM

#: Test accuracy of the tutorial's network after 20 epochs, in percent.
TUTORIAL_ACCURACY = 98.29
#: Settings that change the network or its data from the tutorial's.
_TUTORIAL = {"network", *PICTURES, *PLACES}
#: Why what was asked for is refused.
RUN_IN_PROGRESS = _("A run is in progress; stop it first.")
#: Epochs of *Train more*.
MORE_EPOCHS = 5
TRAIN_ON = _(
    "Train five more epochs, exactly as if the run had not stopped. The earlier version "
    "of the network is not kept. Right-click for another number.",
)
_GO_ON = _("Continue to the planned number of epochs, exactly as if the run had not stopped.")
PageState = Literal["queued", "running", "failed", "ended"]
#: A poor run of fewer steps says how few, and shows them among its figures.
FEW_STEPS = 1000
#: Under so many times guessing it is said what guessing gets; under this share one decimal is
#: enough.
_NEAR_GUESSING = 3
_LOW = 0.5
#: Epochs until the time left is no longer rough, and the seconds from which on it is.
_SETTLED = 2
_LONG = 3570
#: States that are usually over at once; their words appear where they last.
PASSING = ("loading", "compiling", "testing", "stopping")


def is_like_tutorial(settings: TrainingSettings) -> bool:
    """Whether network and data are the tutorial's."""
    usual = TrainingSettings()
    return all(getattr(settings, name) == getattr(usual, name) for name in _TUTORIAL)


def count_epochs(epochs: int) -> str:
    return counted("{count} epoch", "{count} epochs", epochs)


def describe(run: Run) -> str:
    """Return the line beside the title: layers, data, and how long ago a run was that has ended.

    A title that begins with the layers says them already, and one that nobody chose names data
    other than MNIST.
    """
    layers = layers_of(parse_network(run.settings.network))
    data = run.settings.data_folder
    words = [] if run.title.startswith(layers) else [layers]
    words += [dataset_name(data)] if run.name or data is None else []
    if not run.is_running and run.started_at:
        words.append(format_ago(run.started_at))
    return " · ".join(words)


def layers_of(network: NetworkSpec) -> str:
    """Return the units of the tutorial's network, whose name is that of the run; else its title."""
    if network.kind != "mlp":
        return network.title
    units = [one.units for one in network.operations if isinstance(one, Dense)]
    return "–".join(map(str, (28 * 28, *units)))


def time_left(run: Run) -> str:
    """Return the expected time of a run, empty where none is expected."""
    left = run.seconds_left
    if run.state == "waiting" and left is not None:
        return _("then about {time}", time=time_words(left))
    if left is None or run.state not in ("training", "validating"):
        return ""
    is_rough = run.epochs_done < _SETTLED or left > _LONG
    words = N_("about {time} left") if is_rough else N_("{time} left")
    return _(words, time=time_words(left))


@dataclass(frozen=True)
class FigureWords:
    """The large figure of a run in training and what is next to it."""

    caption: str
    value: str
    note: str
    line: str
    #: Gray: nothing is validated yet.
    is_muted: bool


def large_figure(run: Run) -> FigureWords:
    """Return the training accuracy so far until there is a validation accuracy."""
    best = run.best
    if best is not None:
        share = format_percent(best.validation_accuracy)
        return FigureWords(
            caption=_("Validation accuracy"),
            value=format_percent(run.validation_accuracy),
            note=_("best {share}", share=share),
            line=_("in epoch {number}", number=number(best.epoch)),
            is_muted=False,
        )
    accuracy = run.latest_accuracy
    seconds = run.seconds_to_validation
    line = ""
    if seconds is not None and run.is_running:
        line = _("First validation in about {time}", time=time_words(seconds))
    return FigureWords(
        caption=_("Training accuracy so far"),
        value="–" if accuracy is None else percent(accuracy, 1),
        note=counted(
            "mean of the last {count} minibatch",
            "mean of the last {count} minibatches",
            LATEST,
        ),
        line=line,
        is_muted=True,
    )


def minibatch_words(run: Run) -> str:
    """Say how far the first epoch is; a later one has its bar and its figures."""
    if run.epochs_done or run.state not in ("training", "paused"):
        return ""
    return _("minibatch {done} of {all}", done=number(run.batch), all=number(run.batches))


#: What a user can ask of a run in each of its states. After it has ended, *Stop* is not among it.
_ALL = frozenset({"pause", "stop", "step"})
_REQUESTS = {
    "waiting": frozenset({"stop"}),
    # A pause would begin with the first minibatch, after seconds in which nothing happens.
    "loading": frozenset({"stop", "step"}),
    "compiling": frozenset({"stop", "step"}),
    "training": _ALL,
    "paused": _ALL,
    "validating": _ALL,
    "testing": frozenset(),
    "stopping": frozenset(),
}


def requests(run: Run, is_trained: bool, can_continue: bool) -> frozenset[str]:
    """Return what can be asked of a run: ``pause``, ``stop``, ``step``, ``start`` another one.

    ``is_trained`` lasts until all is saved, longer than the run's states.
    """
    if run.is_running:
        # A pause while a function is compiled begins with the next minibatch.
        return _ALL if run.state == "compiling" and run.has_begun else _REQUESTS[run.state]
    if is_trained:
        return frozenset()
    return frozenset({"start", "step"} if can_continue else {"start"})


# -- twelve test pictures


@dataclass(frozen=True)
class RowWords:
    """A row of the twelve test pictures: its heading, how it was chosen, how many are right."""

    heading: str
    sentence: str
    right: str


@dataclass(frozen=True)
class TwelveWords:
    """What the card of the twelve test pictures says."""

    when: str
    rows: tuple[RowWords, RowWords]


def twelve_words(twelve: TwelveDigits | None, read: DigitsRead | None) -> TwelveWords:
    random_right = ""
    hard_right = ""
    if twelve is not None and read is not None:
        random_right = _count_right(read.right[: twelve.at_random])
        hard_right = _count_right(read.right[twelve.at_random :])
    random = RowWords(_("Picked at random"), "", random_right)
    sentence = _("Six that look a lot like another class: networks learn them one after another.")
    hard = RowWords(_("Hard on purpose"), sentence, hard_right)
    return TwelveWords(_when_read(read), (random, hard))


def _count_right(right: tuple[bool, ...]) -> str:
    return _("{right} of {all} right", right=sum(right), all=len(right)) if right else ""


def _when_read(read: DigitsRead | None) -> str:
    if read is None:
        return _("None read yet")
    if not read.batch:
        return _("after epoch {number}", number=number(max(1, read.epoch)))
    if read.epoch > 1:
        return _("in epoch {number}", number=number(read.epoch))
    return counted("after {count} minibatch", "after {count} minibatches", read.batch)


# -- a run that failed, and one that waits


def page_state(run: Run, is_trained: bool) -> PageState:
    """Return which page a run has; ``is_trained`` until all of it is saved."""
    if run.state == "waiting":
        return "queued"
    if is_trained or run.is_running:
        return "running"
    return "failed" if run.state == "diverged" else "ended"


@dataclass(frozen=True)
class FailedWords:
    """What the failed card says and offers."""

    headline: str
    reason: str
    remedy: Hint
    can_be_tried: bool


def failed_words(run: Run) -> FailedWords:
    remedy = why_it_failed(run)
    kept = _("Nothing was learned, so nothing is kept.")
    best = run.kept or (run.history.epochs[-1] if run.has_learned else None)
    if best is not None:
        kept = _(
            "Epoch {epoch} is kept. It gets {share} of validation pictures right.",
            epoch=number(best.epoch),
            share=format_percent(best.validation_accuracy),
        )
    headline = _("This run failed: its loss grew without limit.")
    return FailedWords(headline, joined(remedy.sentence, kept), remedy, run.can_be_tried)


def why_smaller(rule: str) -> str:
    """Say why a smaller learning rate helps a run by an update rule."""
    moves = _("Each step moves every weight against its gradient.")
    if rule in WITH_MOMENTUM:
        moves = _("Each step moves every weight against its gradients, those of earlier steps too.")
    jumps = _(
        "If the step is too long it jumps over the valley and lands higher on the other side; the "
        "next step is longer still.",
    )
    return joined(moves, jumps)


@dataclass(frozen=True)
class Changed:
    """A row of what a run changed: its value, and that of its card."""

    title: str
    value: str
    usual: str
    is_suspect: bool = False


def changed_rows(run: Run) -> tuple[str, list[Changed]]:
    """Return the card that a run is nearest to, and what differs, then its outcome."""
    preset = nearest_preset(run.settings)
    suspect = why_it_failed(run).name
    rows = [
        Changed(
            SETTINGS[name].title,
            run.describe_setting(name),
            SETTINGS[name].format_value(getattr(preset.settings, name)),
            name == suspect,
        )
        for name in differing(run.settings, preset.settings)
        if name != "epochs"
    ]
    planned = preset.settings.epochs
    done = _("{done} of {total}", done=number(run.epochs_done), total=number(run.epochs))
    rows.append(Changed(_("Epochs"), done, number(planned)))
    expected = format_percent(preset.expected_accuracy)
    rows.append(Changed(_("Test accuracy"), format_percent(run.test_accuracy), expected))
    return preset.title, rows


def run_rows(run: Run) -> list[tuple[str, str]]:
    """Return what a run that waits will train, in three rows."""
    settings = run.settings
    rate = _("rate {value}", value=number(settings.learning_rate, "g"))
    batches = _("minibatches of {count}", count=number(settings.batch_size))
    data = dataset_name(settings.data_folder)
    if settings.data_folder is None:
        pictures = training_pictures(settings)
        data = counted(
            "{data}, {count} digit to learn from",
            "{data}, {count} digits to learn from",
            pictures,
            data=data,
        )
    return [
        (_("Network"), SETTINGS["network"].format_value(settings.network)),
        (_("Optimizer"), listed([SETTINGS["update"].format_value(settings.update), rate, batches])),
        (_("Data"), data),
    ]


def hint_of(state: AppState, fixed: frozenset[str] = frozenset()) -> Hint:
    """Return the hint of the shown run; it proposes what can be done now, and nothing ``fixed``."""
    run = state.shown_run
    # What an interrupted run needs is its other epochs, which the finished card offers.
    hint = Hint("") if run.state in UNFINISHED else run.hint
    is_other = hint.is_afresh or run is not state.run
    # The fields are those of the run that is trained.
    if state.is_training and is_other:
        return Hint(hint.sentence)
    if hint.name in fixed:
        return Hint("")
    # What the finished card offers, the hint does not.
    if hint.action == "mistakes" and not is_poor(run):
        return Hint(hint.sentence)
    offered = remedies(run, fixed) if is_poor(run) and not run.is_deleted else ()
    is_offered = any((one.name, one.action) == (hint.name, hint.action) for one in offered)
    return Hint("") if is_offered else hint


# -- the end of a run


@dataclass(frozen=True)
class FinishedWords:
    """What the finished card shows of a run."""

    headline: str
    details: str
    #: Empty where none are known.
    mistakes: str
    train_on: str
    train_on_help: str
    can_train_on: bool
    #: Whether *Train more* continues to the planned epochs, which F5 does, too.
    goes_on: bool
    #: The filled button; none where the way back to a lesson leads.
    leads: Literal["", "remedy", "try", "on"]
    can_be_tried: bool
    can_be_shared: bool
    #: Of a poor result, what would help.
    is_poor: bool = False
    remedies: tuple[Hint, ...] = ()


def finished_words(
    run: Run,
    can_continue: bool,
    leads_inside: bool,
    fixed: frozenset[str] = frozenset(),
    in_lesson: bool = False,
) -> FinishedWords:
    """Return what the card says; a lesson has ``fixed`` settings."""
    if is_poor(run) and not run.is_deleted:
        offered = remedies(run, fixed)
        leads: Literal["", "remedy", "try"] = "remedy" if offered else "try"
        if offered and in_lesson:
            # A remedy leads away from the task.
            leads = ""
        return FinishedWords(
            headline=_poor_headline(run),
            details=_poor_details(run),
            mistakes="",
            train_on="",
            train_on_help="",
            can_train_on=False,
            goes_on=False,
            leads=leads,
            can_be_tried=run.can_be_tried,
            can_be_shared=False,
            is_poor=True,
            remedies=offered,
        )
    goes_on = not run.is_whole
    more = counted("Train {count} more epoch", "Train {count} more epochs", MORE_EPOCHS)
    wrong = _wrong_answers(run) if run.can_be_tried and leads_inside else 0
    mistakes = counted("See its {count} mistake", "See its {count} mistakes", wrong)
    return FinishedWords(
        headline=_headline(run),
        details=_details(run),
        mistakes=mistakes if wrong else "",
        train_on=_("Continue") if goes_on else more,
        train_on_help=_GO_ON if goes_on else TRAIN_ON,
        can_train_on=can_continue,
        goes_on=goes_on and can_continue,
        # One that was interrupted, not stopped, is to be continued first.
        leads="on" if can_continue and run.state in UNFINISHED else "try",
        can_be_tried=run.can_be_tried,
        can_be_shared=run.network_file is not None,
    )


def epochs_to_train_on(run: Run) -> int:
    """Return the epochs at which *Train more* ends."""
    is_short = not run.is_whole and run.epochs > run.epochs_done
    return run.epochs if is_short else run.epochs_done + MORE_EPOCHS


def _wrong_answers(run: Run) -> int:
    if run.test_accuracy is None:
        return 0
    of = run.tested_on[0]
    return of - round(run.test_accuracy * of)


def _headline(run: Run) -> str:
    """Return the headline, its figure in ``<b>``."""
    if not run.has_learned:
        return _("Stopped within <b>epoch 1</b>. {button} restarts it.", button=_("Continue"))
    text = result_sentence(run)
    return text if run.is_whole else joined(run.label, text)


def result_sentence(run: Run) -> str:
    """Say how many pictures the network of a run gets right, the figure in ``<b>``."""
    share = run.test_accuracy
    reads = N_("Your network gets <b>{share}</b> of unseen pictures right.")
    if share is None:
        share = run.validation_accuracy if run.kept is None else run.kept.validation_accuracy
        reads = N_("Your network gets <b>{share}</b> of the validation pictures right.")
    is_low = share is not None and share < _LOW
    return _(reads, share=percent(share, 1) if is_low and share else format_percent(share))


def plain(sentence: str) -> str:
    """Return a sentence without the marks of its figure."""
    return sentence.replace("<b>", "").replace("</b>", "")


def _details(run: Run) -> str:
    if run.is_deleted and run.rescued is None:
        return _("This run is deleted. The Library can restore it.")
    if not run.has_learned:
        return ""
    kept = run.kept
    if kept is None:
        return _outcome(run)
    best = _(
        "Epoch {epoch} is kept: the lowest validation loss, {loss}, at {accuracy}.",
        epoch=number(kept.epoch),
        loss=format_loss(kept.validation_loss),
        accuracy=format_percent(kept.validation_accuracy),
    )
    return joined(_outcome(run), best)


def _trained(run: Run) -> str:
    """Say for how long a run was trained, after "after"."""
    if run.history.is_within_first:
        return _("part of epoch {number}", number=1)
    if run.epochs_done == 1:
        return _("epoch {number}", number=1)
    return count_epochs(run.epochs_done)


def _poor_headline(run: Run) -> str:
    text = _headline(run)
    accuracy = run.validation_accuracy if run.test_accuracy is None else run.test_accuracy
    if accuracy is None or accuracy >= _NEAR_GUESSING * run.guessing:
        return text
    return joined(text, _("Guessing gets {share}.", share=percent(run.guessing)))


def _poor_details(run: Run) -> str:
    steps = len(run.history.batch_losses)
    if not 0 < steps < FEW_STEPS:
        return _outcome(run)
    # What fills no minibatch is left out.
    used = run.batches * run.settings.batch_size
    pictures = min(run.settings.training_examples or used, used)
    words = counted(
        "It took only {count} step: {pictures} pictures in minibatches of {size}.",
        "It took only {count} steps: {pictures} pictures in minibatches of {size}.",
        steps,
        pictures=number(pictures),
        size=number(run.settings.batch_size),
    )
    return joined(_outcome(run), words)


def _outcome(run: Run) -> str:
    epochs = _trained(run)
    time = format_duration(run.seconds)
    if run.test_accuracy is None:
        return _("After {epochs} in {time}.", epochs=epochs, time=time)
    right = _right_answers(run, epochs, time)
    if run.state == "early":
        return joined(right, _("The validation loss stopped falling."))
    if run.state == "target":
        return joined(right, _("The target accuracy is reached."))
    if is_like_tutorial(run.settings):
        tutorial = percent(TUTORIAL_ACCURACY / 100, 2)
        return joined(right, _("The tutorial got {share}.", share=tutorial))
    return right


def _right_answers(run: Run, epochs: str, time: str) -> str:
    """Say how many test pictures are read right after the epochs."""
    of = run.tested_on[0]
    if not of:
        # How many pictures a data set had that is gone is not known.
        return _("After {epochs} in {time}.", epochs=epochs, time=time)
    return counted(
        "{right} of {count} test picture right, after {epochs} in {time}.",
        "{right} of {count} test pictures right, after {epochs} in {time}.",
        of,
        right=number(round((run.test_accuracy or 0.0) * of)),
        epochs=epochs,
        time=time,
    )
