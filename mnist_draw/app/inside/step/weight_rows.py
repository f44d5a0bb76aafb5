"""One weight, followed: what it did, how it should change, what the rule makes of it."""

from __future__ import annotations

from mnist_draw import i18n
from mnist_draw.analysis import sentences
from mnist_draw.analysis.followed_weight import FollowedWeight, figure
from mnist_draw.app.inside.rows_view import Columns, Heading, Line, Row, Sentence, signed
from mnist_draw.app.inside.step.film_maker import Explained
from mnist_draw.app.inside.step.stages import number, whole_loss
from mnist_draw.i18n import _
from mnist_draw.library.network_data import Name
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.updates import UPDATE_RULES


def weight_rows(shown: Explained, followed: FollowedWeight, name: Name) -> list[Row]:
    left = [*_sum_rows(shown, followed, name), *_gradient_rows(shown, followed)]
    right = [*_update_rows(shown, followed), *_after_rows(shown, followed)]
    return [Columns(left, right)]


def _sum_rows(shown: Explained, followed: FollowedWeight, name: Name) -> list[Row]:
    label = name(shown.figures.label)
    weight = followed.figures
    part = weight.value * weight.weight
    for_it, count_for = followed.spoke_for
    against, count_against = followed.spoke_against
    counts = _(
        "{count} for, {others} against, bias",
        count=i18n.number(count_for),
        others=i18n.number(count_against),
    )
    terms = f"{figure(for_it)} + {figure(against)} + {figure(followed.bias)}"
    return [
        Heading(_("Sum")),
        Line(
            _("value × weight"),
            signed(part, 3),
            f"{figure(weight.value)} · {figure(weight.weight)}",
            part,
        ),
        Line(counts, signed(followed.z, 3), terms, followed.z),
        Line(_("probability"), format_probability(followed.p)),
        Sentence(sentences.describe_part(weight, label)),
    ]


def _gradient_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    weight = followed.figures
    count = i18n.number(len(shown.figures.losses))
    made = f"{figure(weight.value)} · ({figure(followed.p)} − 1)"
    rows: list[Row] = [
        Heading(_("Gradient")),
        Line(_("this picture"), _signed(weight.own), made, weight.own),
        Line(_("mean of {count}", count=count), _signed(weight.gradient), "", weight.gradient),
    ]
    if weight.penalty:
        made = f"2 · {figure(shown.settings.l2)} · {figure(weight.weight)}"
        rows.append(Line(_("L2 penalty"), _signed(weight.penalty), made, weight.penalty))
    return [*rows, Sentence(sentences.describe_gradient(weight.gradient))]


def _update_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    settings = shown.settings
    weight = followed.figures
    said = i18n.joined(sentences.describe_move(weight), shown.memory)
    return [
        Heading(_("Update: {rule}", rule=UPDATE_RULES[settings.update].title)),
        *(Line(letter, number(value), made) for letter, made, value in followed.updates),
        Line(_("moved"), _signed(weight.moved), "", weight.moved),
        Sentence(said),
    ]


def _after_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    figures = shown.figures
    pictures = i18n.number(len(figures.losses))
    before, after, counted = shown.right
    losses = (
        whole_loss(shown, figures.losses, figures.before),
        whole_loss(shown, figures.losses_after, figures.after),
    )
    probabilities = (format_probability(p) for p in (followed.p, followed.p_after))
    rights = (sentences.share(right, counted) for right in (before, after))
    rows: list[Row] = [
        Heading(_("After it")),
        Line(_("loss of {count}", count=pictures), " → ".join(losses)),
        Line(_("probability"), " → ".join(probabilities)),
        Line(_("right of {count} new", count=i18n.number(counted)), " → ".join(rights)),
    ]
    if figures.losses_after.mean() > figures.losses.mean():
        rows.append(Sentence(_("This step went too far for these {count}.", count=pictures)))
    return rows


def _signed(value: float) -> str:
    words = number(value)
    return f"+{words}" if value > 0 else words
