"""The rows of the side panel, and tables: the sum behind an answer, and one unit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape

import numpy as np

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer, as_picture
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.analysis.unit_profiles import UnitProfiles
from mnist_draw.analysis.why import MAX_PIXELS, Sum, WhySum, terms_by_unit
from mnist_draw.app.inside import rows_view
from mnist_draw.app.inside.network.network_reader import Frame, Parts, Place, Unit, Weights
from mnist_draw.app.inside.network.units import pooled_shape
from mnist_draw.app.inside.rows_view import (
    Heading,
    Numbers,
    Picture,
    PictureRow,
    Pictures,
    Row,
    Sentence,
    signed,
)
from mnist_draw.i18n import N_, _, counted, joined, pgettext
from mnist_draw.library.network_data import Name, in_a_sentence
from mnist_draw.networks.operations import OUTPUT_ACTIVATIONS
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.functions import layer_label

#: How the weights of a unit are called.
ITS = {
    Weights.NOW: _("its weights"),
    Weights.START: _("its first weights"),
    Weights.LEARNED: _("added to its weights"),
}
#: Terms that are shown: of an answer, of a unit.
_TERMS = 12
_UNIT_TERMS = 4
#: Of a wider filter there is no room for the figures.
_MOST_NUMBERS = 10


def why_rows(frame: Frame, name: Name) -> list[Row]:
    why = frame.why
    answer = name(why.answer)
    rival = name(why.rival)
    rule = rows_view.Rule()
    speak = _speak if len(frame.layers) > 1 else _pixels_speak
    parts = speak(why.above[0], answer), speak(why.below[0], rival)
    bias = _("bias of {answer} minus bias of {rival}", answer=answer, rival=rival)
    rows = _sum_rows(_("The sum"), why, *parts, bias, _("together"))
    if why.temperature != 1:
        temperature = i18n.number(why.temperature, ".2f")
        words = _("÷ temperature {temperature}", temperature=temperature)
        rows.append(rows_view.sum_line(words, why.log_ratio, colored=False))
    rows.append(Sentence(_describe_ratio(why, escape(answer), escape(rival))))
    if frame.turned is not None:
        rows += [rule, *_flip_rows(frame, frame.turned[0], escape(in_a_sentence(rival)))]
    titles = _("Biggest contributions"), _("value × weight")
    source = partial(_source, frame)
    product = partial(_product, why)
    rows += [rule, *_strongest_rows(*titles, why.terms, source, product, _TERMS)]
    return rows


def _speak(count: int, name: str) -> str:
    return counted(
        "{count} unit speaks for {name}",
        "{count} units speak for {name}",
        count,
        name=name,
    )


def _pixels_speak(count: int, name: str) -> str:
    return counted(
        "{count} pixel speaks for {name}",
        "{count} pixels speak for {name}",
        count,
        name=name,
    )


def _sum_rows(heading: str, found: Sum, above: str, below: str, bias: str, total: str) -> list[Row]:
    return [
        Heading(heading),
        rows_view.sum_line(above, found.above[1]),
        rows_view.sum_line(below, found.below[1]),
        rows_view.sum_line(bias, found.bias, colored=False),
        rows_view.sum_line(total, found.z, True, colored=False),
    ]


def _product(found: Sum, place: int) -> str:
    if found.terms.size < found.inputs.size:
        # A map has many products.
        return ""
    value = i18n.number(float(found.inputs[place]), ".2f")
    # Values are larger than weights: so their product is right to two decimals.
    return f"{value} × {signed(float(found.weights[place]), 3)}"


def _strongest_rows(
    heading: str,
    note: str,
    terms: np.ndarray,
    name: Name,
    made: Name = lambda place: "",
    count: int = _UNIT_TERMS,
) -> list[Row]:
    """Return a heading, and the terms of largest size with name, factors and bar."""
    order = np.argsort(-np.abs(terms), kind="stable")[:count].tolist()
    places = [place for place in order if terms[place]]
    lines = rows_view.term_lines([(name(n), made(n), float(terms[n])) for n in places])
    return [Heading(heading, note), *lines]


def _flip_rows(frame: Frame, changed: np.ndarray | None, rival: str) -> list[Row]:
    if changed is None:
        words = _(
            "No {count} pixels that were tried make it {rival}.",
            count=MAX_PIXELS,
            rival=rival,
        )
        return [Sentence(words, muted=True)]
    ink = Picture(changed - frame.picture, signed=True)
    words = counted(
        "This pixel makes it {rival}.",
        "These {count} pixels make it {rival}: none of them can be left out.",
        changed_pixels(frame, changed),
        rival=rival,
    )
    pictures = {_("ink more, ink less"): ink, _("after the change"): Picture(changed)}
    return [Pictures(pictures, 2), Sentence(words)]


def changed_pixels(frame: Frame, changed: np.ndarray) -> int:
    return int(np.count_nonzero(changed != frame.picture))


def _describe_ratio(why: WhySum, answer: str, rival: str) -> str:
    ratio = why.ratio
    exponent = signed(why.log_ratio).removeprefix("+")
    if ratio < 1:
        answer, rival, ratio = rival, answer, 1 / max(ratio, 1e-300)
        exponent = i18n.number(-why.log_ratio, ".2f")
    if ratio < 1.05:
        return _(
            "e<sup>{exponent}</sup>: {answer} is <b>about as probable</b> as {rival}.",
            exponent=exponent,
            answer=answer,
            rival=rival,
        )
    spec = ".1f" if ratio < 100 else ",.0f" if ratio < 1e6 else ".1e"
    figure = i18n.number(ratio, spec)
    return _(
        "e<sup>{exponent}</sup>: {answer} is <b>{figure} times</b> as probable as {rival}.",
        exponent=exponent,
        figure=figure,
        answer=answer,
        rival=rival,
    )


def _source(frame: Frame, number: int) -> str:
    if len(frame.layers) > 1:
        return _("unit {number}", number=number)
    return _pixel(frame.layers[0], number)


def _pixel(first: Layer, number: int) -> str:
    row, column = divmod(number, first.incoming[-1])
    return _("row {row}, col {column}", row=row, column=column)


def unit_title(frame: Frame, unit: Unit, name: Name) -> str:
    """Name a unit: ``"Unit 147 of hidden 1"``."""
    layer, number = unit
    about = frame.layers[layer]
    if layer == len(frame.layers) - 1:
        return _("The sum of {name}", name=name(number))
    fields = {"number": number, "layer": layer_label(about.name)}
    if about.convolves:
        return _("Map {number} of {layer}", **fields)
    return _("Unit {number} of {layer}", **fields)


def unit_rows(
    frame: Frame,
    unit: Unit,
    parts: Parts,
    profiles: UnitProfiles | None,
    name: Name,
    place: Place = None,
) -> list[Row]:
    """Explain a unit: its pictures, its sum, its largest products."""
    layer, number = unit
    about = frame.layers[layer]
    last = len(frame.layers) - 1
    found = frame.sum_of(unit, place)
    if about.convolves:
        rows = _map_rows(frame, unit, parts, found)
    else:
        rows = _picture_rows(frame, unit, parts, profiles)
    if layer == last and frame.ideal is not None:
        said = escape(in_a_sentence(name(number)))
        sure = format_probability(frame.ideal[1])
        words = _(
            "The ideal picture was changed in 60 small steps that raise only this sum. "
            "It may look like nothing, but the network reads {said}, {sure}.",
            said=said,
            sure=sure,
        )
        rows.append(Sentence(words, muted=True))
    rows += _unit_sum_rows(frame, unit, found)
    return rows if about.convolves else rows + _input_rows(frame, layer, found)


def _map_rows(frame: Frame, unit: Unit, parts: Parts, found: Sum) -> list[Row]:
    """Show a map, and at a place of it the patch, the filter and their products."""
    layer, number = unit
    activation = OUTPUT_ACTIVATIONS[frame.layers[layer].activation]
    values = activation.compute(frame.passed.z[layer][0, number])
    pictures = {_("This map"): Picture(values, True, place=found.place)}
    said = _describe_place(found)
    if pooled_shape(frame.layers, layer):
        pooled = frame.passed.x[layer + 1][0, number]
        place = tuple(
            at // (size // most)
            for at, size, most in zip(found.place, values.shape, pooled.shape, strict=True)
        )
        is_there = all(at < size for at, size in zip(place, pooled.shape, strict=True))
        pictures[_("Pooled")] = Picture(pooled, True, place=place if is_there else None)
        said = joined(said, _describe_pooled(pooled, place) if is_there else "")
    filters = parts.shown[layer].filter(number)
    products = found.inputs * filters
    # Of the input with the largest products.
    chosen = int(np.abs(products).sum(axis=(1, 2)).argmax())
    source = _("patch") if len(filters) == 1 else _("map {number}", number=chosen)
    pictures[source] = Picture(found.inputs[chosen], True)
    factor = _("× added") if parts.learned else _("× its filter")
    tables = {factor: filters[chosen], _("= products"): products[chosen]}
    if filters.shape[-1] <= _MOST_NUMBERS:
        shown: list[Row] = [Numbers(*table) for table in tables.items()]
    else:
        shown = [Pictures({title: Picture(part, True) for title, part in tables.items()}, 2)]
    return [Pictures(pictures, 3, said), *shown]


def _describe_place(found: Sum) -> str:
    row, column = found.place
    return _(
        "Row {row}, column {column}: {count} products add up to {products}, with the bias to "
        "{sum}; the map is {value} there.",
        count=i18n.number(found.terms.size),
        row=row,
        column=column,
        products=signed(float(found.terms.sum(dtype=np.float64))),
        sum=signed(found.z),
        value=i18n.number(found.a, ".2f"),
    )


def _describe_pooled(pooled: np.ndarray, place: tuple[int, ...]) -> str:
    row, column = place
    value = i18n.number(float(pooled[place]), ".2f")
    return _("Pooled, row {row}, column {column}: {value}.", row=row, column=column, value=value)


def _unit_sum_rows(frame: Frame, unit: Unit, found: Sum) -> list[Row]:
    layer = unit[0]
    about = frame.layers[unit[0]]
    total = _("filter · patch + b") if about.convolves else "w · x + b"
    parts = (
        counted("{count} product above 0", "{count} products above 0", found.above[0]),
        counted("{count} product below 0", "{count} products below 0", found.below[0]),
    )
    heading = _("The sum")
    if found.place:
        row, column = found.place
        heading = _("The sum at row {row}, column {column}", row=row, column=column)
    rows = _sum_rows(heading, found, *parts, _("bias"), total)
    if unit in frame.question.off:
        rows.append(Sentence(_("Switched off: it passes 0 to the next layer."), muted=True))
    elif layer < len(frame.layers) - 1:
        z = i18n.number(found.z, ".3f")
        words = _("{function} of {value}", function=about.activation, value=z)
        if about.activation == "rectify":
            words = _("ReLU: max(0, {value})", value=z)
        rows.append(rows_view.sum_line(words, found.a))
    return rows


def _input_rows(frame: Frame, layer: int, found: Sum) -> list[Row]:
    heading = _("Largest products")
    product = partial(_product, found)
    if not layer:
        pixel = partial(_pixel, frame.layers[0])
        return _strongest_rows(heading, _("ink × weight"), found.terms, pixel, product)
    before = frame.layers[layer - 1]
    terms = terms_by_unit(before, found.terms)
    name = partial(_of_layer, before)
    if before.convolves:
        # One line for each map: the sum over its places.
        return _strongest_rows(heading, _("sum over the map"), terms, name)
    return _strongest_rows(heading, _("value × weight"), terms, name, product)


def _of_layer(layer: Layer, number: int) -> str:
    return _("{layer}, {number}", layer=layer_label(layer.name), number=number)


def _picture_rows(
    frame: Frame,
    unit: Unit,
    parts: Parts,
    profiles: UnitProfiles | None,
) -> list[Row]:
    layer, number = unit
    title = ""
    large = None
    small: tuple[tuple[Picture, str], ...] = ()
    if layer == len(parts.layers) - 1:
        title = _("its ideal picture")
        large = None if frame.ideal is None else Picture(frame.ideal[0])
    elif layer == 0:
        weights = as_picture(parts.shown[0].W[:, number])
        title = ITS[parts.weights]
        large = Picture(weights, signed=True)
    if profiles is not None:
        small = tuple(
            (Picture(profiles.picture(layer, number, place)), i18n.number(float(height), ".1f"))
            for place, height in enumerate(profiles.heights[layer][number])
        )
    if large is None and not small:
        return []
    small_title = _("strongest pictures") if small else ""
    rows: list[Row] = [PictureRow(title, large, small_title, small)]
    if profiles is not None:
        count = i18n.number(len(profiles.pictures))
        words = _("Strongest: pictures from the first {count} training pictures.", count=count)
        rows.append(Sentence(words, muted=True))
    return rows


def why_table(frame: Frame, name: Name) -> Table:
    why = frame.why
    order = np.argsort(-np.abs(why.terms), kind="stable")
    names = {int(n): _source(frame, int(n)) for n in order if why.terms[n]}
    answer = name(why.answer)
    rival = name(why.rival)
    title = _("Why {answer} rather than {rival}", answer=answer, rival=rival)
    return _sum_table(title, why, names)


def unit_table(frame: Frame, unit: Unit, name: Name, place: Place = None) -> Table:
    found = frame.sum_of(unit, place)
    one = N_("input {number}") if unit[0] else N_("pixel {number}")
    names = {n: _(one, number=n) for n in range(found.terms.size)}
    return _sum_table(unit_title(frame, unit, name), found, names)


def _sum_table(title: str, found: Sum, names: Mapping[int, str]) -> Table:
    parts = [values.reshape(-1) for values in (found.inputs, found.weights, found.terms)]
    # A map has many products: they are added.
    rows = [
        (name, *(Figure(part[n], ".4f") if len(part) == len(parts[-1]) else "" for part in parts))
        for n, name in names.items()
    ]
    ends = (_("bias"), found.bias), (pgettext("of terms", "sum"), found.z)
    rows += [(what, "", "", Figure(value, ".4f")) for what, value in ends]
    return Table(title, (N_("what"), N_("value"), N_("weight"), N_("product")), rows)
