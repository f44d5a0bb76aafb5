"""All that the section Network says of a picture is asked of NumPy.

Rows are found, not listed: a figure or a sentence that no rule here knows fails.
"""

import re

import numpy as np
import pytest
from made_networks import random_model

from mnist_draw.analysis.network_probe import NetworkProbe, neighbor_correlation
from mnist_draw.analysis.strokes import describe_stroke, find_strokes, headline
from mnist_draw.app.inside.network.network_painter import describe_active
from mnist_draw.app.inside.network.network_reader import Parts, Question, frame_of
from mnist_draw.app.inside.network.panel_rows import (
    unit_rows,
    unit_table,
    why_rows,
    why_table,
)
from mnist_draw.app.inside.rows_view import Heading, Line, Numbers, Pictures, RowsView, Rule
from mnist_draw.i18n import parse_number
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import Convolution, MaxPooling

from .. import seen
from .examples import digit
from .typed import FUNCTIONS, close, conv, evaluate, pool

NETWORKS = [
    "custom_mlp:0", "custom_mlp:2,20", "custom_mlp:1,30#26", "layers:pool2,16",
    "layers:12@tanh,8@sigmoid,8@leaky,8@elu", "layers:conv4x5,pool2,conv3x3,pool2,12",
    "layers:conv4x5s2p2,pool3s2,8@tanh", "layers:conv3x4s3p1@elu,conv3x3s2p1,pool2",
    "layers:conv4x5,norm,pool2,16,norm", "layers:12@very_leaky,8@softplus,8@linear",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("mlp", "cnn", "deep_cnn")),
]  # fmt: skip


def name(number):
    return f"class {number}"


class Pass:
    """What NumPy makes of a picture, in float64: of each layer with weights its numbers."""

    def __init__(self, model, picture, off=()):
        self.x, self.z, self.a, self.W, self.b, self.layers = [], [], [], [], [], []
        values = picture[None, None].astype(float)
        arrays = iter(model.parameters)
        for operation in parse_network(model.network).operations:
            if isinstance(operation, MaxPooling):
                values = pool(values, operation.side, operation.stride)
                continue
            W, b = next(arrays).astype(float), next(arrays).astype(float)
            if operation.normalized:
                gamma, mean, inverse = (next(arrays).astype(float) for _ in range(3))
                factor = gamma * inverse
                b = b - mean * factor
                convolves = isinstance(operation, Convolution)
                W = W * (factor[:, None, None, None] if convolves else factor)
            self.layers.append(operation)
            self.x.append(values[0])
            self.W.append(W)
            self.b.append(b)
            if isinstance(operation, Convolution):
                z = conv(values, W, operation.stride, operation.padding) + b[:, None, None]
            else:
                z = values.reshape(1, -1) @ W + b
            values = FUNCTIONS[operation.activation](z)
            for layer, unit in off:
                if layer == len(self.z):
                    values[:, unit] = 0
            self.z.append(z[0])
            self.a.append(values[0])

    def products(self, layer, unit, place=None):
        """Return the factors of a unit's sum: what it reads, and its weights."""
        operation = self.layers[layer]
        if not isinstance(operation, Convolution):
            return self.x[layer].ravel(), self.W[layer][:, unit]
        edge = operation.padding
        padded = np.pad(self.x[layer], ((0, 0), (edge, edge), (edge, edge)))
        row, column = (operation.stride * at for at in place)
        side = operation.side
        patch = padded[:, row : row + side, column : column + side]
        return patch, self.W[layer][unit, :, ::-1, ::-1]


def asked(text, off=(), **metadata):
    """Return the frame of a network and a digit, and what NumPy makes of both."""
    model = random_model(text, spread=0.15, **metadata)
    picture = digit().picture
    question = Question(model, picture=picture, off=frozenset(off))
    return frame_of(NetworkProbe(model), question), Pass(model, picture, off)


def lines_of(rows):
    """Return the rows below each heading."""
    heading = ""
    found = {}
    for row in rows:
        if isinstance(row, Heading):
            heading = row.text
        elif not isinstance(row, Rule):
            found.setdefault(heading, []).append(row)
    return found


def figures_of(rows):
    return {row.text: row.figure for row in rows if isinstance(row, Line)}


def check_sum(lines, inputs, weights, bias, total):
    """Check the four lines of a sum: how many products there are, and what they add up to."""
    products = (inputs * weights).ravel()
    above, below, *rest = lines
    for line, some in ((above, products[products > 0]), (below, products[products < 0])):
        assert parse_number(line.text.split()[0]) == pytest.approx(len(some), abs=2), line
        assert close(line.figure, some.sum()), line
    for line, value in zip(rest, (bias, total), strict=True):
        assert close(line.figure, value), line


def check_terms(lines, terms, title_of):
    """Check the largest terms: which they are, and that their factors give them when typed."""
    order = np.argsort(-np.abs(terms), kind="stable")[: len(lines)]
    titles = {title_of(number): float(terms[number]) for number in range(len(terms))}
    assert lines
    for line, place in zip(lines, order, strict=True):
        assert close(line.figure, titles[line.text]), line
        # Equal sizes may be in another order.
        assert abs(titles[line.text]) == pytest.approx(abs(terms[place]), rel=1e-3)
        if line.made:
            typed = evaluate(line.made)
            assert typed == pytest.approx(parse_number(line.figure), rel=5e-3, abs=0.0101), line


def summed(terms, found, layer):
    """Return terms by the units of the layer that they are from; those of a map are added."""
    if isinstance(found.layers[layer], Convolution):
        return terms.reshape(len(found.b[layer]), -1).sum(axis=1)
    return terms


def check_why(frame, found):
    answer, rival = (int(n) for n in np.argsort(found.z[-1])[:-3:-1])
    assert (frame.answer, frame.rival) == (answer, rival)
    weights = found.W[-1][:, answer] - found.W[-1][:, rival]
    inputs = found.x[-1].ravel()
    terms = inputs * weights
    title_of = "row {}, col {}".format
    if len(found.layers) > 1:
        terms = summed(terms, found, -2)
    total = found.z[-1][answer] - found.z[-1][rival]
    rows = why_rows(frame, name)
    parts = lines_of(rows)
    sums = parts.pop("The sum")
    temperature = frame.passed.temperature
    if temperature != 1:
        divided = sums.pop(4)
        assert divided.text == f"÷ temperature {temperature:.2f}"
        assert close(divided.figure, total / temperature)
    check_sum(sums[:4], terms, 1, found.b[-1][answer] - found.b[-1][rival], total)
    kind = "unit" if len(found.layers) > 1 else "pixel"
    assert all(re.search(rf"\b{kind}s? speak", line.text) for line in sums[:2]), sums
    (ratio,) = sums[4:]
    exponent, times = re.search(r"<sup>(.*)</sup>.*<b>(.*)</b>", ratio.text).groups()
    assert close(exponent, total / temperature)
    if times != "about as probable":
        assert close(times.removesuffix(" times"), np.exp(total / temperature)), times
        assert name(answer) in ratio.text.split("<b>")[0]
    (heading,) = parts
    side = frame.picture.shape[1]

    def title(number):
        if kind == "pixel":
            return title_of(*divmod(number, side))
        return f"{kind} {number}"

    check_terms(parts[heading], terms, title)
    for row in why_table(frame, name).rows[:-2]:
        assert all(isinstance(cell, (str, float)) for cell in row)


def check_unit(frame, found, unit, place=None):
    layer, number = unit
    operation = found.layers[layer]
    convolves = isinstance(operation, Convolution)
    z = found.z[layer][number]
    a = found.a[layer][number]
    if convolves:
        place = place or np.unravel_index(z.argmax(), z.shape)
        z = z[place]
        a = a[place]
    inputs, weights = found.products(layer, number, place)
    parts = lines_of(
        unit_rows(frame, unit, Parts(frame.layers, frame.question.model), None, name, place),
    )
    heading = "The sum at row {}, column {}".format(*place) if convolves else "The sum"
    lines = parts.pop(heading)
    check_sum(lines[:4], inputs, weights, found.b[layer][number], z)
    rest = lines[4:]
    if unit in frame.question.off:
        assert "passes 0" in rest.pop(0).text
    elif layer < len(found.layers) - 1:
        line = rest.pop(0)
        assert close(line.figure, a), line
        function, value = re.fullmatch(r"(\w+):? (?:of |max\(0, )([^)]*)\)?", line.text).groups()
        typed = FUNCTIONS["rectify" if function == "ReLU" else function](parse_number(value))
        assert typed == pytest.approx(parse_number(line.figure), abs=1.1e-3)
    terms = (inputs * weights).ravel()
    if convolves:
        assert not rest
        assert [type(row) for row in parts[""]] == [Pictures, Numbers, Numbers]
        return
    assert not rest
    for row in parts.pop("", ()):
        assert row.title == "its weights"
        np.testing.assert_allclose(row.large.values.ravel(), weights, rtol=1e-5)
    ((_heading, shown),) = parts.items()
    if layer:
        before = frame.layers[layer - 1]
        check_terms(shown, summed(terms, found, layer - 1), lambda n: f"{before.name}, {n}")
    else:
        side = found.x[0].shape[-1]
        check_terms(shown, terms, lambda n: "row {}, col {}".format(*divmod(n, side)))
    # The table has all of them.
    *products, bias, total = unit_table(frame, unit, name, place).rows
    assert len(products) == terms.size
    assert [parse_number(str(row[3])) for row in products] == pytest.approx(terms, abs=1e-3)
    assert close(str(total[3]), z)
    assert close(str(bias[3]), found.b[layer][number])


def check_map(frame, found, unit, show):
    """Check the map, its patch, filter and products, and what is said at its places."""
    layer, number = unit
    z = found.z[layer][number]
    for place in (
        (0, 0),
        tuple(size // 2 for size in z.shape),
        tuple(size - 1 for size in z.shape),
    ):
        parts = Parts(frame.layers, frame.question.model)
        rows = unit_rows(frame, unit, parts, None, name, place)
        pictures, factors, products = rows[:3]
        assert isinstance(pictures, Pictures)
        shown = list(pictures.pictures.values())
        on = FUNCTIONS[found.layers[layer].activation](z)
        np.testing.assert_allclose(shown[0].values, on, atol=1e-4)
        assert shown[0].place == place
        if len(shown) == 3:
            pooled = found.x[layer + 1][number]
            np.testing.assert_allclose(shown[1].values, pooled, atol=1e-4)
        inputs, weights = found.products(layer, number, place)
        chosen = int(np.abs(inputs * weights).sum(axis=(1, 2)).argmax())
        np.testing.assert_allclose(shown[-1].values, inputs[chosen], atol=1e-4)
        np.testing.assert_allclose(factors.values, weights[chosen], atol=1e-4)
        np.testing.assert_allclose(products.values, (inputs * weights)[chosen], atol=1e-4)
        said, *pooled = pictures.words().split("Pooled, ")
        row, column, count, total, whole, value = re.fullmatch(
            r"Row (\d+), column (\d+): ([\d,]+) products add up to (.*), with the bias to (.*); "
            r"the map is (.*) there\. ?", said,
        ).groups()  # fmt: skip
        assert (int(row), int(column)) == place
        assert parse_number(count) == weights.size
        assert close(total, (inputs * weights).sum())
        assert close(whole, z[place])
        assert close(value, found.a[layer][number][place])
        for words in pooled:
            row, column, value = re.match(r"row (\d+), column (\d+): (.*)\.", words).groups()
            assert close(value, found.x[layer + 1][number][int(row), int(column)])
        for table in (factors, products):
            check_written(table, show)


def check_written(table, show):
    """Check the numbers in the cells: they have two decimals, so that they add up."""
    view = show(RowsView("rows", "Rows", "Some rows."), 272, 300)
    view.show_rows([table])
    shown = [text.text for text in seen.texts(view)]
    written = [parse_number(words) for words in shown if re.fullmatch(r"−?\d*\.?\d+", words)]
    np.testing.assert_allclose(written, table.values.ravel(), atol=0.00501)


def check_strokes(model, found):
    """Check the headline, the parts of the strokes and their ink, by differences of the sums."""
    picture = digit().picture
    strokes = find_strokes(NetworkProbe(model), picture)
    answer, rival = (int(n) for n in np.argsort(found.z[-1])[:-3:-1])
    assert (strokes.answer, strokes.rival) == (answer, rival)
    terms = found.x[-1].ravel() * (found.W[-1][:, answer] - found.W[-1][:, rival])
    parts = summed(terms, found, -2) if len(found.layers) > 1 else terms
    bold, rest = headline(strokes)
    total = parse_number(bold.split()[-2])
    assert total == len(parts)
    if "found strokes" in rest:
        lit = [values.max() > 0 for values in found.a[-2]]
        assert bold == f"{sum(lit)} of {len(lit)} units"
    for place, stroke in enumerate((*strokes.most, *strokes.least)):
        is_for = place < len(strokes.most)
        part = float(parts[stroke.units].sum())
        assert (part > 0) == is_for
        side = parts[parts > 0] if is_for else parts[parts < 0]
        words = describe_stroke(strokes, place, name)
        said = re.search(r"speaks for (class \d+): part (.*) of (.*?)\.(?: |$)", words).groups()
        assert said[0] == name(answer if is_for else rival)
        assert close(said[1], abs(part))
        assert close(said[2], abs(side.sum()))
    off = [int(stroke.units[0]) for stroke in strokes.least]
    added = found.x[-1].ravel()[:, None] * found.W[-1]
    added = (
        np.stack([summed(one, found, -2) for one in added.T]) if len(found.layers) > 1 else added.T
    )
    logits = found.b[-1] + np.delete(added, off, axis=1).sum(axis=1)
    p = FUNCTIONS["softmax"](logits[None] / strokes.temperature)[0]
    np.testing.assert_allclose(strokes.probabilities(off), p, atol=1e-4)


def check_ink(model):
    """Check the ink that lifts a unit against differences of the unit's value."""
    # No two pixels are the same: of equal values in a square, each or none is the largest.
    noise = np.random.default_rng(1).uniform(0.5, 1, (28, 28))
    picture = (digit().picture * noise).astype(np.float32)
    strokes = find_strokes(NetworkProbe(model), picture)
    stroke = (*strokes.most, *strokes.least)[0]
    picture = picture.astype(float)
    lifting = np.zeros_like(picture)
    step = 1e-6
    for place in zip(*np.nonzero(picture), strict=True):
        values = []
        for sign in (1, -1):
            changed = picture.copy()
            changed[place] += sign * step
            values.append(Pass(model, changed).a[-2][stroke.units[0]].sum())
        lifting[place] = max((values[0] - values[1]) / (2 * step) * picture[place], 0)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(lifting, 1), (3, 3))
    ink = around.mean(axis=(2, 3))
    np.testing.assert_allclose(stroke.ink, ink / ink.max(), atol=0.02)


def units_of(found):
    """Return two units of each layer: the strongest and the first; one of a map at its corner."""
    for layer, values in enumerate(found.z):
        flat = values.reshape(len(values), -1).max(axis=1)
        yield (layer, int(flat.argmax())), None
        corner = tuple(size - 1 for size in values.shape[1:]) or None
        yield (layer, 0), corner


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("text", NETWORKS)
def test_every_row_about_a_picture_is_true(text, temperature, show):
    frame, found = asked(text, temperature=temperature)
    for mine, wanted in zip(frame.passed.a, found.a, strict=False):
        np.testing.assert_allclose(mine[0], wanted, atol=1e-3)
    check_why(frame, found)
    for unit, place in units_of(found):
        check_unit(frame, found, unit, place)
        if isinstance(found.layers[unit[0]], Convolution):
            check_map(frame, found, unit, show)
    check_strokes(frame.question.model, found)
    if len(found.layers) > 1 and text.startswith("layers:conv"):
        check_ink(frame.question.model)
    lit = [
        f"{np.count_nonzero(values.reshape(len(values), -1).any(axis=1))} of {len(values)}"
        for values in found.a[:-1]
    ]
    said = describe_active(frame)
    assert re.findall(r"\d+ of \d+", said) == lit


@pytest.mark.parametrize("text", ["custom_mlp:2,20", "layers:conv4x5,pool2,12@tanh"])
def test_a_unit_that_is_off_is_left_out_of_all_figures(text, show):
    off = ((0, 1), (1, 3))
    frame, found = asked(text, off)
    check_why(frame, found)
    for unit in (*off, (0, 2), (1, 2)):
        check_unit(frame, found, unit)
    if "conv" in text:
        check_map(frame, found, (0, 1), show)


@pytest.mark.parametrize("text", ["custom_mlp:1,20", "layers:pool2,16"])
def test_the_correlation_of_neighboring_weights_is_true(text):
    W = random_model(text, spread=0.15).parameters[0]
    side = int(np.sqrt(len(W)))
    pictures = W.reshape(side, side, -1)
    pairs = [(pictures[:, 1:], pictures[:, :-1]), (pictures[1:], pictures[:-1])]
    one, other = (np.concatenate([pair[n].ravel() for pair in pairs]) for n in (0, 1))
    assert neighbor_correlation(W) == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-6)


def test_equal_weights_do_not_correlate():
    assert neighbor_correlation(np.ones((784, 1), np.float32)) == 0
