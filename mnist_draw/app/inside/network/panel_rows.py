"""The rows of the side panel, and tables: the sum behind an answer, and one unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.analysis.table import Figure, Table
from mnist_draw.analysis.why import (
    MAX_PIXELS,
    Sum,
    WhySum,
    given_on,
    strongest,
    terms_by_unit,
    times_as_probable,
    unit_sum,
    why_sum,
)
from mnist_draw.app.inside.network.network_reader import Weights
from mnist_draw.app.inside.rows_view import (
    Heading,
    Picture,
    PictureRow,
    Row,
    Rule,
    Sentence,
    signed,
    sum_line,
    term_line,
)
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.library.network_data import in_a_sentence

if TYPE_CHECKING:
    from mnist_draw.analysis.unit_profiles import UnitProfiles
    from mnist_draw.app.inside.network.network_reader import Frame, Parts, Unit

Name = Callable[[int], str]
#: Row and column in a map; None where it is strongest.
Place = tuple[int, int] | None

#: How the weights of a unit are called.
ITS = {Weights.NOW: "its", Weights.START: "its first", Weights.LEARNT: "added to its"}
#: Terms that are shown: six for and six against an answer, three and one of a unit.
_TERMS, _UNIT_TERMS = (6, 6), (3, 1)


def why_of(frame: Frame) -> WhySum:
    return why_sum(frame.layers, frame.passed, frame.answer, frame.rival)


def why_rows(frame: Frame, name: Name) -> list[Row]:
    why = why_of(frame)
    answer, rival = name(why.answer), name(why.rival)
    what = "units" if len(frame.layers) > 1 else "pixels"
    parts = (f"{what} speak for {answer}", f"{what} speak for {rival}")
    bias, total = f"bias of {answer} less bias of {rival}", f"output of {answer} less output of"
    rows = _sum_rows("The sum", why, *parts, bias, f"{total} {rival}")
    if why.temperature != 1:
        words = f"divided by the temperature {why.temperature:.2f}"
        rows.append(sum_line(words, why.log_ratio, coloured=False))
    rows.append(Sentence(_describe_ratio(why, escape(answer), escape(rival))))
    if frame.turned is not None:
        rows += [Rule(), *_flip_rows(frame, frame.turned[0], escape(in_a_sentence(rival)))]
    terms = [
        (_source(frame, unit), _product(why, unit), float(why.terms[unit]))
        for units in strongest(why.terms, *_TERMS) for unit in units
    ]  # fmt: skip
    rows += [Rule(), *_term_rows("Who spoke most", "output × weights", terms), Rule()]
    words = "Point at a unit to see its weights and its sum. A click keeps it; the arrow keys walk."
    return [*rows, Sentence(words, muted=True)]


def _sum_rows(heading: str, found: Sum, above: str, below: str, bias: str, total: str) -> list[Row]:
    return [
        Heading(heading),
        sum_line(f"{found.above[0]} {above}", found.above[1]),
        sum_line(f"{found.below[0]} {below}", found.below[1]),
        sum_line(bias, found.bias, coloured=False),
        sum_line(total, found.z, True, coloured=False),
    ]


def _product(found: Sum, place: int) -> str:
    return f"{found.inputs[place]:.2f} × {signed(float(found.weights[place]))}"


def _term_rows(heading: str, note: str, terms: Iterable[tuple[str, str, float]]) -> list[Row]:
    """Return a heading, and names, factors and values with bars."""
    terms = list(terms)
    largest = max((abs(value) for *_, value in terms), default=0.0)
    return [Heading(heading, note), *(term_line(*term, largest) for term in terms)]


def _flip_rows(frame: Frame, changed: np.ndarray | None, rival: str) -> list[Row]:
    if changed is None:
        return [Sentence(f"No {MAX_PIXELS} pixels that were tried make it {rival}.", muted=True)]
    ink = Picture(changed - frame.picture, signed=True)
    pixels = changed_pixels(frame, changed)
    words = f"These {pixels} make it {rival}: none of them can be left out."
    if pixels == "1 pixel":
        words = f"This pixel makes it {rival}."
    pictures = PictureRow("ink more, ink less", ink, "so changed", (), Picture(changed))
    return [pictures, Sentence(words)]


def changed_pixels(frame: Frame, changed: np.ndarray) -> str:
    count = int(np.count_nonzero(changed != frame.picture))
    return f"{count} pixel{'s' * (count > 1)}"


def _describe_ratio(why: WhySum, answer: str, rival: str) -> str:
    ratio, exponent = why.ratio, signed(why.log_ratio).removeprefix("+")
    if ratio < 1:
        answer, rival, ratio = rival, answer, 1 / max(ratio, 1e-300)
        exponent = f"{-why.log_ratio:.2f}"
    figure = f"{ratio:.1f}" if ratio < 100 else f"{ratio:,.0f}"
    if ratio > 1e6:
        figure = f"{ratio:.1e}"
    if ratio < 1.05:
        return f"The network finds {answer} and {rival} about equally probable."
    return (
        f"e<sup>{exponent}</sup> ≈ {figure}: the network finds {answer} "
        f"<b>{times_as_probable(ratio)}</b> as probable as {rival}."
    )


def _source(frame: Frame, number: int) -> str:
    return f"unit {number}" if len(frame.layers) > 1 else _pixel(number)


def _pixel(number: int) -> str:
    return f"row {number // 28}, col {number % 28}"


def unit_title(frame: Frame, unit: Unit, name: Name) -> str:
    """Name a unit: ``"Unit 147 of hidden 1"``."""
    layer, number = unit
    about = frame.layers[layer]
    if layer == len(frame.layers) - 1:
        return f"The output of {name(number)}"
    return f"{about.unit_word.capitalize()} {number} of {about.name}"


def unit_rows(
    frame: Frame,
    unit: Unit,
    parts: Parts,
    profiles: UnitProfiles | None,
    name: Name,
    place: Place = None,
) -> list[Row]:
    """Explain a unit: its pictures, its sum, its strongest inputs and outputs."""
    layer, number = unit
    about, last = frame.layers[layer], len(frame.layers) - 1
    found = unit_sum(frame.layers, frame.passed, layer, number, place)
    rows: list[Row] = [] if about.convolves else _picture_rows(frame, unit, parts, profiles)
    if layer == 0 and parts.smoothness is not None:
        agree = signed(parts.smoothness).removeprefix("+")
        words = f"In this layer, weights of neighbouring pixels: correlation {agree}."
        rows.append(Sentence(words, muted=True))
    if layer == last and frame.ideal is not None:
        said = escape(in_a_sentence(name(number)))
        sure = format_probability(frame.ideal[1])
        words = (
            "The ideal picture was changed in 60 small steps that raise this sum alone. It need "
            f"not look so, but the network reads {said} in it, {sure}."
        )
        rows.append(Sentence(words, muted=True))
    rows += _unit_sum_rows(frame, unit, found)
    if about.convolves:
        rows.append(Sentence(_describe_filter(frame, layer), muted=True))
    else:
        rows += _input_rows(frame, layer, found)
        if layer and parts.learnt:
            rows += _added_rows(parts, unit)
    if layer < last and frame.question.toggled == unit:
        rows += _output_rows(frame, unit, name)
    return rows


def _describe_filter(frame: Frame, layer: int) -> str:
    about = frame.layers[layer]
    side, (maps, high, wide) = about.W.shape[-1], about.incoming
    if layer == 0:
        return (
            f"The same {side * side} weights slide over the whole picture: wherever this stroke "
            "is, the map lights up."
        )
    before = frame.layers[layer - 1]
    pooled = "" if before.shape[1:] == (high, wide) else f", pooled to {high}×{wide}"
    return (
        f"The same {side * side * maps:,} weights slide over the {maps} maps of {before.name}"
        f"{pooled}. Painted are {side * side} of them, on the map with the largest products."
    )


def _unit_sum_rows(frame: Frame, unit: Unit, found: Sum) -> list[Row]:
    layer, about = unit[0], frame.layers[unit[0]]
    what = "pixels" if layer == 0 else "inputs"
    at = " at row {}, column {}".format(*found.place) if found.place else ""
    total = "filter · patch + b" if about.convolves else "w · x + b"
    parts = (f"{what} × weights above 0", f"{what} × weights below 0")
    rows = _sum_rows(f"The sum{at}", found, *parts, "bias", total)
    if unit in frame.question.off:
        rows.append(Sentence("Switched off: it gives 0 to the next layer.", muted=True))
    elif layer < len(frame.layers) - 1:
        z = f"{found.z:.2f}".replace("-", "−")
        rectifies = about.activation == "rectify"
        words = f"rectifier: max(0, {z})" if rectifies else f"{about.activation} of {z}"
        rows.append(sum_line(words, found.a))
    return rows


def _input_rows(frame: Frame, layer: int, found: Sum) -> list[Row]:
    before = frame.layers[layer - 1] if layer else None
    terms = found.terms if before is None else terms_by_unit(before, found.terms)
    note = "ink × weight" if before is None else "output × weight"
    is_summed = before is not None and before.convolves
    if is_summed:
        # One line for each map: the sum over its places.
        note = "sum over the map"
    most, least = strongest(terms, *_UNIT_TERMS)
    chosen = sorted((*most, *least), key=lambda place: -float(terms[place]))
    found_terms = [
        (_pixel(place) if before is None else f"{before.name}, {place}",
         "" if is_summed else _product(found, place), float(terms[place]))
        for place in chosen
    ]  # fmt: skip
    return _term_rows("Strongest inputs", note, found_terms)


def _added_rows(parts: Parts, unit: Unit) -> list[Row]:
    """Show which of a dense unit's weights training changed most; those of a map are added."""
    (layer, number), before = unit, parts.layers[unit[0] - 1]
    added, now = (
        terms_by_unit(before, layers[layer].W[:, number]) for layers in (parts.learnt, parts.layers)
    )
    most, least = strongest(added, *_UNIT_TERMS)
    terms = [
        (f"{before.name}, {place}",
         f"{signed(float(now[place] - added[place]))} → {signed(float(now[place]))}",
         float(added[place]))
        for place in (*most, *least)
    ]  # fmt: skip
    note = "sum over the map" if before.convolves else "start → now"
    return _term_rows("Training added", note, terms)


def _output_rows(frame: Frame, unit: Unit, name: Name) -> list[Row]:
    """Explain what the unit adds to the next layer: sums with it on less with it off."""
    layer = unit[0]
    given = given_on(frame.passed, layer, unit in frame.question.off)
    following = frame.layers[layer + 1]
    note = "sum over the map" if following.convolves else "with it less without it"
    most, least = strongest(given, *_UNIT_TERMS)
    if not most and not least:
        return [Sentence("It gives nothing to the next layer.", muted=True)]
    map_word = "map " if following.convolves else ""
    terms = [
        (f"output of {name(place)}" if following.name == "answer"
         else f"{following.name}, {map_word}{place}", "", float(given[place]))
        for place in (*most, *least)
    ]  # fmt: skip
    heading = "Feeds most" if frame.layers[layer].convolves else "Strongest outputs"
    return _term_rows(heading, note, terms)


def _picture_rows(
    frame: Frame, unit: Unit, parts: Parts, profiles: UnitProfiles | None
) -> list[Row]:
    layer, number = unit
    title, large = "", None
    small: tuple[tuple[Picture, str], ...] = ()
    if layer == len(parts.layers) - 1:
        title, large = "its ideal picture", None if frame.ideal is None else Picture(frame.ideal[0])
    elif layer == 0:
        weights = parts.shown[0].W[:, number].reshape(28, 28)
        title, large = f"{ITS[parts.weights]} weights", Picture(weights, signed=True)
    if profiles is not None:
        small = tuple(
            (Picture(profiles.picture(layer, number, place)), f"{height:.1f}")
            for place, height in enumerate(profiles.heights[layer][number])
        )
    if large is None and not small:
        return []
    rows: list[Row] = [PictureRow(title, large, "strongest pictures" if small else "", small)]
    if profiles is not None:
        tried = f"the first {len(profiles.pictures):,} training pictures"
        rows.append(Sentence(f"Strongest: single pictures of {tried}.", muted=True))
    return rows


def why_table(frame: Frame, name: Name) -> Table:
    why = why_of(frame)
    order = np.argsort(-np.abs(why.terms), kind="stable")
    names = {int(n): _source(frame, int(n)) for n in order if why.terms[n]}
    return _sum_table(f"Why {name(why.answer)} rather than {name(why.rival)}", why, names)


def unit_table(frame: Frame, unit: Unit, name: Name, place: Place = None) -> Table:
    found = unit_sum(frame.layers, frame.passed, *unit, place)
    before = "pixel" if unit[0] == 0 else "input"
    names = {n: f"{before} {n}" for n in range(found.terms.size)}
    return _sum_table(unit_title(frame, unit, name), found, names)


def _sum_table(title: str, found: Sum, names: Mapping[int, str]) -> Table:
    parts = [values.reshape(-1) for values in (found.inputs, found.weights, found.terms)]
    rows = [(name, *(Figure(part[n], ".4f") for part in parts)) for n, name in names.items()]
    rows += [("bias", "", "", Figure(found.bias, ".4f")), ("sum", "", "", Figure(found.z, ".4f"))]
    return Table(title, ("what", "value", "weight", "product"), rows)
