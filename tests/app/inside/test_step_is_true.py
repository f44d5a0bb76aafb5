"""All that the details of One step say is asked of NumPy.

Rows are found, not listed: a formula, a figure or a sentence that no rule here knows fails.
"""

import ast
import re
from itertools import product

import lasagne
import numpy as np
import pytest
from made_networks import random_model
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis.film import END
from mnist_draw.analysis.one_step import CONVOLUTION_FILLING, FILLING, OneStep
from mnist_draw.app.inside.rows_view import Code, Heading, Line, Rule, Sentence
from mnist_draw.app.inside.step.film_maker import FilmMaker, Wish
from mnist_draw.app.inside.step.stage_page import code_rows, weight_rows
from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.i18n import parse_number
from mnist_draw.storage import ModelFile
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import save_record
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES, WITH_MOMENTUM

from .typed import close, evaluate

MLP = "custom_mlp:1,20,0.2,0.5"
CONVOLUTIONS = "layers:conv4x5,pool2,conv3x3,/0.5,12"
LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
PICTURES = 40
#: Steps before one that is not the first.
STEPS = 3


def compute(line, names):
    """Type one line, ``name = formula``, and check the shape that stands beside it."""
    name, _equals, formula = line.text.partition(" = ")
    found = evaluate(formula, names)
    names[name.replace("η'", "η_")] = found
    shape = np.shape(found)
    assert line.note in ("one number" if not shape else " × ".join(f"{n:,}" for n in shape)), line
    return name


# -- steps


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", lambda: digits)
    sets = (digits.train_images, digits.train_labels, digits.validation_images,
            digits.validation_labels, digits.test_images, digits.test_labels)  # fmt: skip
    letters = Dataset(*sets, "letters", digits.folder, LETTERS)
    monkeypatch.setattr(
        "mnist_draw.analysis.one_step.own_data",
        lambda model: letters if model.network.endswith("#26") else None,
    )


def learned_model(settings, knows_start):
    """Return a network that seems to have been trained from the seed of its settings, or not."""
    values = lasagne.layers.get_all_param_values(build_network(settings))
    noise = random_model(settings.network, spread=0.02 if knows_start else 0.1)
    parameters = [0 * start + added if not knows_start else start + added
                  for start, added in zip(values, noise.parameters, strict=True)]  # fmt: skip
    return ModelFile(settings.network, tuple(parameters), {"settings": settings.to_json()})


def keep_run(model, settings):
    """Write the record of the network's run, and its checkpoint with some memory."""
    step = OneStep(model)
    for number in range(STEPS):
        step.learn(step.minibatch(number))
    folder = new_run_folder()
    save_record(Run(folder, settings, started="2026-11-25 10:00"))
    state = (*step.state(), np.zeros(1, np.int64))
    figures = History().to_arrays()
    kept = Checkpoint(settings, 0, "", model.parameters, state, figures, 0, np.inf, ())
    kept.save(folder / "checkpoint.npz")


def steps_of(settings, has_record, knows_start):
    """Yield the next step at the start of a film, in it, and at its end, if that is known."""
    model = learned_model(settings, knows_start)
    if has_record:
        keep_run(model, settings)
    is_history = settings.update in ("momentum", "nesterov_momentum", "adagrad")
    maker = FilmMaker()
    for number in (0, STEPS, END):
        *_others, scene = maker.make(Wish(model, "", number, place=1))
        assert scene.figures.is_from_start == knows_start
        is_lost = number == END and is_history and not has_record
        assert scene.lost == ("memory" if is_lost else "")
        if not is_lost:
            yield scene.explained


# -- the lines of each stage


def check_code(shown, rows, names):
    """Type each line of a stage's code; return what the formulas are called."""
    computed = [place for place, row in enumerate(rows) if isinstance(row, Heading)][1]
    lines = [row.text for row in rows[:computed] if isinstance(row, Code)]
    typed = ast.parse("\n".join([*lines[:2], "    pass", *lines[2:]]))
    numbers = {node.value for node in ast.walk(typed) if isinstance(node, ast.Constant)}
    settings = shown.settings
    assert {settings.batch_size, settings.learning_rate} <= numbers
    assert not settings.l2 or settings.l2 in numbers
    found = []
    for row in rows[computed:]:
        if isinstance(row, Code):
            if re.match(r"m\d", row.text):
                # Numbers that leave out what the mask does.
                names["random"] = 1 - shown.figures.minibatch.masks[int(row.text[1]) - 1]
            found.append(compute(row, names))
    return found


def type_all(shown):
    """Return what all formulas of all stages give, each compared with the step's own figures."""
    figures = shown.figures
    minibatch = figures.minibatch
    names = {"X_train": minibatch.pictures, "y_train": minibatch.labels}
    names["rows"] = np.arange(PICTURES)
    names["onehot"] = lambda y: np.eye(len(figures.p))[y]
    weights = [value.astype(np.float64) for value in figures.before]
    for number in range(len(weights) // 2):
        names[f"W{number + 1}"], names[f"b{number + 1}"] = weights[2 * number : 2 * number + 2]
    names["squares_of_W"] = sum(float((value**2).sum()) for value in weights[::2])
    found = [check_code(shown, code_rows(shown, stage), names) for stage in range(1, len(STAGES))]
    assert found[0][:2] == ["x", "y"]
    for number, mask in enumerate(minibatch.masks, 1):
        np.testing.assert_array_equal(names[f"m{number}"], mask)
    np.testing.assert_allclose(names["p"][0], figures.p, atol=1e-5)
    np.testing.assert_allclose(names["l"], figures.losses, rtol=1e-4, atol=1e-5)
    wanted = [f"g{'Wb'[place % 2]}{place // 2 + 1}" for place in range(len(figures.gradients))]
    assert set(wanted) <= set(found[3])
    for name, gradient in zip(wanted, figures.gradients, strict=True):
        np.testing.assert_allclose(names[name], gradient, rtol=2e-3, atol=2e-6)
    return names


def check_update(shown):
    """Type the formulas of the update rule for the last layer's weights."""
    figures = shown.figures
    settings = shown.settings
    rule = UPDATE_RULES[settings.update]
    values = {**rule.parameters, **settings.update_parameters}
    letters = {"rho": "ρ", "epsilon": "ε", "beta1": "β1", "beta2": "β2", "momentum": "μ"}
    last = len(figures.before) - 2
    names = {letters[name]: value for name, value in values.items()}
    names |= {"η": settings.learning_rate, "W": figures.before[last].astype(np.float64)}
    names["g"] = figures.gradients[last].astype(np.float64)
    remembered = [name.rpartition(" ")[2] for name in rule.accumulators]
    first = len(remembered) * last
    for place, letter in enumerate(remembered):
        names[letter] = figures.state_before[first + place].astype(np.float64)
    if settings.update == "adam":
        names["t"] = float(figures.state_after[-1])
    rows = code_rows(shown, len(STAGES))
    assert check_code(shown, rows, names)[-1] in ("W", "d")
    np.testing.assert_allclose(names["W"], figures.after[last], rtol=1e-5, atol=1e-7)
    for place, letter in enumerate(remembered):
        after = figures.state_after[first + place]
        np.testing.assert_allclose(names[letter], after, rtol=1e-4, atol=1e-9)
    return [row.text for row in rows if isinstance(row, Sentence)]


# -- the figures


def check_lines(shown, weight, rows, facts):
    """Check each figure: by its formula where it has one, else by its name."""
    figures = shown.figures
    label = figures.label
    penalty = shown.settings.l2 * np.array(
        [sum(float((W.astype(float) ** 2).sum()) for W in side[::2])
         for side in (figures.before, figures.after)],
    )  # fmt: skip
    losses = np.array([figures.losses.mean(), figures.losses_after.mean()]) + penalty
    *rights, counted = shown.right
    shares = np.array(rights) / counted
    pairs = {
        f"loss of {PICTURES}": losses,
        "probability": (figures.p[label], figures.p_after[label]),
        f"right of {counted:,} new": shares,
    }
    single = {
        f"mean of {PICTURES}": facts["gradient"],
        "moved": facts["moved"],
        "this picture": facts["own"],
        "value × weight": facts["part"],
        "L2 penalty": facts["penalty"],
        "probability": figures.p[label],
        "W": facts["after"],
    }
    formulas = 0
    for line in rows:
        if not isinstance(line, Line):
            continue
        if line.made:
            formulas += 1
            # Each term of a sum is rounded for itself.
            rounding = 2e-3 if " + (" in line.made else 6e-4
            found = evaluate(line.made)
            assert found == pytest.approx(parse_number(line.figure), rel=4e-3, abs=rounding), line
        if " → " in line.figure:
            before, after = line.figure.split(" → ")
            assert close(before, pairs[line.text][0]), line
            assert close(after, pairs[line.text][1]), line
        elif line.text in single:
            assert close(line.figure, single[line.text]), line
        elif "for" in line.text:
            assert close(line.figure, figures.z[label]), line
        else:
            # What the update rule remembers: typed as a formula.
            assert line.made
            assert line.text in [name for name, __, __ in weight.updates]
    rule = UPDATE_RULES[shown.settings.update]
    assert formulas == 3 + len(rule.formulas) + bool(shown.settings.l2)


# -- the sentences


def facts_of(shown, weight, names):
    """Return what is true of the weight that is followed, as NumPy finds it."""
    figures = shown.figures
    last = len(figures.before) - 2
    unit = weight.unit
    label = figures.label
    value = float(figures.x[-1].ravel()[unit])
    before = float(figures.before[last][unit, label])
    after = float(figures.after[last][unit, label])
    penalty = 2 * shown.settings.l2 * before
    whole = float(names[f"gW{last // 2 + 1}"][unit, label])
    # Of a unit that is off in all pictures the penalty alone is left.
    gradient = 0.0 if abs(whole - penalty) <= 1e-5 * abs(penalty) else whole - penalty
    return {
        "value": value, "before": before, "after": after, "moved": after - before,
        "penalty": penalty, "whole": whole, "gradient": gradient, "part": value * before,
        "own": value * (float(figures.p[label]) - 1),
    }  # fmt: skip


def remembers(shown):
    """Return whether the update rule knows of anything before this step."""
    return any(np.any(value) for value in shown.figures.state_before)


def true_sentences(shown, facts):
    """Return each sentence about one weight that is true, as a pattern."""
    rule = shown.settings.update
    title = UPDATE_RULES[rule].title
    moved = facts["moved"]
    gradient = facts["gradient"]
    way = "for" if facts["part"] > 0 else "against"
    yield rf"It spoke {way} 3\." if facts["value"] else r"It said nothing: .* is 0\."
    larger = "larger" if gradient < 0 else "smaller"
    asked = f"A {larger} weight would lower the loss"
    yield asked if gradient else "No picture asks for a change"
    is_memory = moved * facts["whole"] >= 0
    cause = f"{title} continues as before" if is_memory else "the L2 penalty pulls it to 0"
    stronger = f"what {title} remembers of earlier steps" if is_memory else "the L2 penalty"
    if not moved:
        yield "It does not move"
    elif not gradient:
        yield f"It moves although its gradient is 0: {cause}"
    elif moved * gradient < 0:
        yield "It moves against its gradient"
    else:
        yield f"It moves with its gradient: {stronger} is stronger"
    if moved * gradient >= 0 and moved:
        assert not is_memory or (rule in WITH_MOMENTUM and remembers(shown))
        assert is_memory or shown.settings.l2


def check_length(shown, facts, said):
    """Check what a sentence says of how far a weight moves."""
    rule = shown.settings.update
    parameters = UPDATE_RULES[rule].parameters
    rate = shown.settings.learning_rate
    length = abs(facts["moved"])
    if "no more" in said:
        # A float32 of 0.2 is exact to 1.5e-8, and a move is the difference of two.
        assert length == pytest.approx(rate * abs(facts["whole"]), rel=1e-3, abs=3e-8)
        assert not shown.settings.l2
    elif "of its previous step" in said:
        assert f"{parameters['momentum']:.0%}" in said
        assert rule in ("momentum", "nesterov_momentum")
        assert remembers(shown)
    elif "first step is about" in said:
        assert not remembers(shown)
        most = rate / np.sqrt(1 - parameters["rho"]) if rule == "rmsprop" else rate
        assert length <= 1.01 * most
        assert close(re.search("about ([^ ]+) for", said)[1], most)
        if abs(facts["whole"]) > 0.03:
            assert length == pytest.approx(most, rel=0.02)
    elif "usual size" in said:
        assert rule in ("rmsprop", "adam")
        shown_size = parse_number(re.search("gradient, (.*)[.]", said)[1])
        last = len(shown.figures.before) - 2
        place = 1 if rule == "adam" else 0
        state = shown.figures.state_after[last * (1 + place) + place]
        squares = float(state[facts["unit"], shown.figures.label])
        if rule == "adam":
            squares /= 1 - parameters["beta2"] ** float(shown.figures.state_after[-1])
        assert shown_size == pytest.approx(np.sqrt(squares), rel=0.06)
    else:
        assert "larger its gradients were" in said
        assert rule == "adagrad"


def check_memory(shown, said, has_record, knows_start):
    """Check what is said of the memory that a film did not begin with nothing."""
    rule = UPDATE_RULES[shown.settings.update]
    number = shown.figures.number
    assert number == END or not knows_start
    lengths = rule.accumulators.values()
    if has_record:
        assert said == f"What {rule.title} remembers is from the run of this network."
    elif not all(lengths):
        assert said == f"What {rule.title} remembered in its run is not stored."
        assert number == 0 or not knows_start
    else:
        convolves = any(layer.convolves for layer in shown.layers)
        filled = (CONVOLUTION_FILLING if convolves else FILLING) + max(number, 0)
        parts = [1 - rule.parameters[name] ** filled for name in lengths]
        assert said == f"Its memory is {min(parts):.0%} full."


OF_LENGTH = "no more|of its previous step|first step is about|usual size|larger its gradients were"


def check_weight(shown, weight, names, has_record, knows_start):
    rows = [row for row in weight_rows(shown, weight, lambda label: "3") if row != Rule()]
    facts = facts_of(shown, weight, names)
    check_lines(shown, weight, rows, facts)
    facts["unit"] = weight.unit
    sentences = [row.text for row in rows if isinstance(row, Sentence)]
    said = [one for text in sentences for one in re.split(r"(?<=[.])\s+(?=[A-Z])", text)]
    wanted = list(true_sentences(shown, facts))
    for pattern in wanted:
        assert sum(bool(re.match(pattern, one)) for one in said) == 1, (pattern, said)
    for one in said:
        if any(re.match(pattern, one) for pattern in wanted):
            continue
        if re.search(OF_LENGTH, one):
            check_length(shown, facts, one)
        elif "went too far" in one:
            assert shown.figures.losses_after.mean() > shown.figures.losses.mean()
        else:
            check_memory(shown, one, has_record, knows_start)
    goes_on = shown.figures.number == END or not knows_start
    is_said = any(re.search("Its memory|in its run|from the run", one) for one in said)
    assert is_said == (goes_on and shown.settings.update != "sgd")


def check_moved(shown, names, said):
    """Check what is said of all weights, layer by layer."""
    figures = shown.figures
    moved = along = without = silent = total = 0
    for number in range(1, len(figures.before) // 2 + 1):
        before = figures.before[2 * number - 2]
        change = figures.after[2 * number - 2] - before
        penalty = 2 * shown.settings.l2 * before.astype(np.float64)
        gradient = names[f"gW{number}"] - penalty
        gradient[np.abs(gradient) <= 1e-9] = 0
        total += change.size
        moved += np.count_nonzero(change)
        along += np.count_nonzero(change * gradient > 0)
        without += np.count_nonzero((change != 0) & (gradient == 0))
        silent += np.count_nonzero(gradient == 0)
    first, second = said
    counts = re.findall(r"\d[\d,]*\d|\d", first)[:2]
    count, whole = (int(words.replace(",", "")) for words in counts)
    assert (count, whole) == (moved, total)
    near = total // 2000
    assert close(re.search(r"[\d.]+%", first)[0], along / moved)
    if "earlier steps" in second:
        assert shown.settings.update in WITH_MOMENTUM
        assert remembers(shown)
    if "L2" in second:
        assert shown.settings.l2
    if "moved without" in second:
        assert close(re.search(r"[\d.]+%", second)[0], without / moved)
    elif second:
        assert abs(int(second.partition(" ")[0].replace(",", "")) - silent) <= near
        assert without <= near


WAYS = (False, True)
CASES = [
    *product(UPDATE_RULES, (0.0, 0.01), WAYS, (True,), (10, 26), (MLP,)),
    # What it began with is not known: it goes on from its end.
    *product(UPDATE_RULES, (0.01,), WAYS, (False,), (10,), (MLP,)),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in product(UPDATE_RULES, (0.0, 0.01), WAYS, (True,), (10, 26), (CONVOLUTIONS,))
    ),
]


@pytest.mark.parametrize(("rule", "l2", "has_record", "knows_start", "classes", "network"), CASES)
def test_every_row_of_a_step_is_true(
    rule, l2, has_record, knows_start, classes, network, qapp, compiled_once,
):  # fmt: skip
    name = network if classes == 10 else f"{network}#{classes}"
    settings = TrainingSettings(network=name, update=rule, l2=l2, batch_size=PICTURES)
    for shown in steps_of(settings, has_record, knows_start):
        assert len(shown.figures.p) == classes
        names = type_all(shown)
        said = check_update(shown)
        for place in range(4):
            check_weight(shown, shown.follow(place), names, has_record, knows_start)
        check_moved(shown, names, [text for text in said if text][-2:])


@pytest.mark.parametrize(
    "network",
    [
        "custom_mlp:0", "custom_mlp:2,8,0.2,0.5", "layers:12@tanh,8@sigmoid,8@leaky,8@elu",
        "layers:12@very_leaky,8@softplus,8@linear",
        "layers:conv4x5s2p2,pool3s2,/0.3,8@tanh", "layers:conv3x4s3p1@elu,conv3x3s2p1,pool2,pool2",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("mlp", "cnn", "deep_cnn")),
    ],
)  # fmt: skip
def test_the_formulas_are_those_of_every_kind_of_layer(network, qapp, compiled_once):
    settings = TrainingSettings(network=network, update="sgd", learning_rate=2e-5, l2=1e-5)
    settings = settings.replace(batch_size=PICTURES)
    for shown in steps_of(settings, False, True):
        check_weight(shown, shown.follow(0), type_all(shown), False, True)
