"""A poor result, and the steps that would help, the best first."""

from __future__ import annotations

from mnist_draw.i18n import _
from mnist_draw.training.hints import Hint, all_pictures, augment, few_steps, more_epochs
from mnist_draw.training.presets import PRESETS, differing
from mnist_draw.training.run import Run

#: An accuracy under so many times guessing is poor, as is one under this part of what the card
#: promises, and on MNIST one under this share.
_GUESSING = 2
_PROMISED = 0.5
_MNIST = 0.8
#: MNIST's training pictures.
_PICTURES = 50_000
#: Its validation pictures, in training pictures that take as long.
_VALIDATED = 10_000 / 3
#: A remedy takes at most so many seconds.
_LONGEST = 60
#: Epochs that are proposed.
_EPOCHS = (50, 20, 10, 5)
#: Points between training and validation from which on a network has memorized.
_GAP = 0.1
#: Remedies that are offered at most.
_MOST = 3


def is_poor(run: Run) -> bool:
    """Whether a run that has ended reads much less than its card promises."""
    accuracy = run.validation_accuracy if run.test_accuracy is None else run.test_accuracy
    if accuracy is None or run.is_running:
        return False
    least = _GUESSING * run.guessing
    if run.settings.data_folder is None:
        least = max(least, _MNIST)
    for preset in PRESETS.values():
        if not differing(run.settings, preset.settings):
            least = max(least, _PROMISED * preset.expected_accuracy)
    return accuracy < least


def remedies(run: Run, fixed: frozenset[str] = frozenset()) -> tuple[Hint, ...]:
    """Return what would help a poor result, none on a fixed setting; each is short."""
    found = [
        *_more_pictures(run),
        *_more_steps(run),
        *_more_epochs(run),
        *_more_variety(run),
    ]
    if not found and not fixed:
        quick = _("New run with {rate}", rate=PRESETS["quick"].title)
        found = [Hint("", quick, value="quick", is_afresh=True, action="preset")]
    return tuple([hint for hint in found if hint.name not in fixed][:_MOST])


def _more_pictures(run: Run) -> list[Hint]:
    pictures = run.settings.training_examples
    if pictures is None or pictures >= _PICTURES or run.settings.data_folder is not None:
        return []
    more = (_PICTURES + _VALIDATED) / (pictures + _VALIDATED)
    return [all_pictures("", run.settings)] if run.seconds * more <= _LONGEST else []


def _more_steps(run: Run) -> list[Hint]:
    few = few_steps(run.batches, run.settings.batch_size)
    return [] if few is None else [few]


def _more_epochs(run: Run) -> list[Hint]:
    losses = [row.validation_loss for row in run.history.epochs]
    if not run.can_continue or not run.epochs_done or losses[-1] > min(losses):
        return []
    each = run.seconds / run.epochs_done
    fitting = (epochs for epochs in _EPOCHS if epochs * each <= _LONGEST)
    return [more_epochs("", next(fitting, _EPOCHS[-1]))]


def _more_variety(run: Run) -> list[Hint]:
    last = run.history.epochs[-1]
    has_gap = last.training_accuracy - last.validation_accuracy >= _GAP
    return [augment("")] if has_gap and run.settings.augmentation == "off" else []
