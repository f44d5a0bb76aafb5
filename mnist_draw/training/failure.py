"""Why a run failed, and what to try instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_draw.i18n import _, number
from mnist_draw.storage.document import Fields
from mnist_draw.training.events import Diverged
from mnist_draw.training.hints import LARGE_L2, Hint, lower_rate
from mnist_draw.training.updates import usual_learning_rate

if TYPE_CHECKING:
    from mnist_draw.training.history import History
    from mnist_draw.training.run import Run

#: What stands for a loss that is no number, or beyond all: JSON has no such numbers.
NO_NUMBER = 1e300
#: Minibatches before the failure that are kept, at most.
_MOST = 200
#: A rate that is more times the usual one is the reason of a failure.
_WILD = 10


@dataclass(frozen=True)
class Divergence:
    """Where the loss of a run grew without limit.

    ``losses`` are those of the epoch's minibatches from the lowest to the last, ``batch``, in nats.
    """

    epoch: int
    batch: int
    losses: tuple[float, ...]

    @classmethod
    def after(cls, event: Diverged, history: History) -> Divergence:
        begin = len(history.batch_losses) - min(history.incomplete, _MOST)
        before = list(history.batch_losses[begin:])
        lowest = before.index(min(before)) if before else 0
        last = event.loss if event.loss < NO_NUMBER else NO_NUMBER
        return cls(event.epoch, event.batch, (*before[lowest:], last))

    @classmethod
    def read(cls, fields: Fields) -> Divergence:
        losses = fields.get_list("losses", _MOST + 1)
        each = Fields({str(place): loss for place, loss in enumerate(losses)})
        # There is at least one.
        places = [str(place) for place in range(max(1, len(losses)))]
        return cls(
            fields.get_int("epoch", 1, 2**31),
            fields.get_int("batch", 1, 2**31),
            tuple(each.get_float(place, 0, NO_NUMBER) for place in places),
        )

    @property
    def has_number(self) -> bool:
        return self.losses[-1] < NO_NUMBER


def why_it_failed(run: Run) -> Hint:
    """Return the reason in figures, and the calmer run: of two the penalty before the rate."""
    settings = run.settings
    rate = settings.learning_rate
    usual = usual_learning_rate(settings.update)
    if settings.l2 > LARGE_L2:
        sentence = _(
            "An L2 penalty of {l2} pushes every weight to 0 and past it.",
            l2=number(settings.l2, "g"),
        )
        return Hint(sentence, _("New run without L2"), "l2", 0.0, is_afresh=True)
    if rate > _WILD * usual:
        sentence = _(
            "A learning rate of {rate} takes steps {times} times as long as usual.",
            rate=number(rate, "g"),
            times=number(round(rate / usual)),
        )
    else:
        epoch = run.epochs_done + 1 if run.divergence is None else run.divergence.epoch
        sentence = _(
            "At a rate of {rate}, the steps became too long in epoch {epoch}.",
            rate=number(rate, "g"),
            epoch=number(epoch),
        )
    calmer = usual if rate > usual else lower_rate(rate)
    remedy = _("New run with {rate}", rate=number(calmer, "g"))
    return Hint(sentence, remedy, "learning_rate", calmer, is_afresh=True)
