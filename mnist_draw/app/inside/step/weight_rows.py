"""One weight, followed: what it did, how it should change, what the rule makes of it."""

from __future__ import annotations

from mnist_draw import i18n
from mnist_draw.analysis import sentences
from mnist_draw.analysis.followed_weight import FollowedWeight, figure
from mnist_draw.app.inside.rows_view import Heading, Line, Row, Sentence, signed
from mnist_draw.app.inside.step.film_maker import Explained
from mnist_draw.app.inside.step.stages import number, whole_loss
from mnist_draw.i18n import _
from mnist_draw.library.network_data import Name
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.functions import layer_label
from mnist_draw.training.updates import UPDATE_RULES


def weight_rows(shown: Explained, place: int, name: Name) -> list[Row]:
    followed = shown.follow(place)
    return [
        *_sum_rows(shown, followed, name),
        *_gradient_rows(shown, followed),
        *_update_rows(shown, followed),
        *_after_rows(shown, followed, name),
    ]


def _sum_rows(shown: Explained, followed: FollowedWeight, name: Name) -> list[Row]:
    label = name(shown.figures.label)
    weight = followed.figures
    layers = shown.layers
    unit = i18n.number(followed.unit + 1)
    source = _("from pixel {number}", number=unit)
    if len(layers) > 1:
        layer = layer_label(layers[-2].name)
        source = _("from unit {number} of {layer}", number=unit, layer=layer)
    for_it, count_for = followed.spoke_for
    against, count_against = followed.spoke_against
    return [
        Heading(_("Sum: what it did"), source),
        Line(
            _("this weight: value × weight"),
            signed(weight.value * weight.weight, 3),
            f"{figure(weight.value)} · {figure(weight.weight)}",
            weight.value * weight.weight,
        ),
        Line(
            _(
                "{count} speak for {label}, {others} against; bias",
                count=i18n.number(count_for),
                others=i18n.number(count_against),
                label=label,
            ),
            signed(followed.z, 3),
            f"{figure(for_it)} + {figure(against)} + {figure(followed.bias)}",
            followed.z,
        ),
        Line(
            _("probability of {label}", label=label),
            format_probability(followed.p),
            "exp(z) / Σ exp(z)",
        ),
        Sentence(sentences.describe_part(weight, label)),
    ]


def _gradient_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    weight = followed.figures
    pictures = len(shown.figures.losses)
    rows: list[Row] = [
        Heading(_("Gradient: how the loss changes with it")),
        Line(
            _("in this picture: value × (p − target)"),
            _signed(weight.own),
            f"{figure(weight.value)} · ({figure(followed.p)} − 1)",
            weight.own,
        ),
        Line(
            _("mean of all {count} pictures", count=i18n.number(pictures)),
            _signed(weight.gradient),
            "g",
            weight.gradient,
        ),
    ]
    if weight.penalty:
        made = f"2 · {shown.settings.l2:g} · {figure(weight.weight)}"
        rows.append(Line(_("L2 penalty"), _signed(weight.penalty), made, weight.penalty))
    return [*rows, Sentence(sentences.describe_gradient(weight, pictures))]


def _update_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    rule = UPDATE_RULES[shown.settings.update]
    known = ""
    if shown.is_end:
        known = sentences.describe_memory(
            shown.settings.update,
            dict(shown.settings.update_parameters),
            shown.filled,
            shown.from_run,
        )
    rows: list[Row] = [Heading(_("Update: what {rule} makes of it", rule=rule.title))]
    rows += [Line(name, number(value), made) for name, made, value in followed.updates]
    weight = followed.figures
    rows.append(Line(_("it moves by"), _signed(weight.moved), "", weight.moved))
    return [*rows, Sentence(i18n.joined(sentences.describe_move(weight), known))]


def _after_rows(shown: Explained, followed: FollowedWeight, name: Name) -> list[Row]:
    figures = shown.figures
    pictures = len(figures.losses)
    before, after, counted = shown.right
    losses = (
        whole_loss(shown, figures.losses, figures.before),
        whole_loss(shown, figures.losses_after, figures.after),
    )
    same = sentences.describe_same(
        pictures,
        bool(figures.minibatch.masks),
        *(float(values.mean()) for values in (figures.losses, figures.losses_after)),
    )
    label = name(figures.label)
    probabilities = (format_probability(p) for p in (followed.p, followed.p_after))
    rights = (sentences.share(right, counted) for right in (before, after))
    return [
        Heading(_("After it")),
        Line(_("loss of these {count}", count=i18n.number(pictures)), " → ".join(losses)),
        Line(_("{label} in this picture", label=label), " → ".join(probabilities)),
        Line(
            _("right of {count} new pictures", count=i18n.number(counted)),
            " → ".join(rights),
        ),
        Sentence(same, muted=True),
    ]


def _signed(value: float) -> str:
    words = number(value)
    return f"+{words}" if value > 0 else words
