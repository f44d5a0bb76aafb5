"""Recognise ink with a trained network: one digit, a number, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mnist_draw.arrays import Array, Bytes, Labels
from mnist_draw.dataset.mnist import scale
from mnist_draw.dataset.normalise import SIDE, has_ink, normalise_ink
from mnist_draw.dataset.pictures.coarse import InkPixels
from mnist_draw.library.network_data import class_names, reads_digits
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import Floats, Shape, forward
from mnist_draw.recognition import number_reader
from mnist_draw.recognition.answer import Answer, Scores, apply_temperature, fit_temperature
from mnist_draw.recognition.certainty import UNLIKE_A_DIGIT
from mnist_draw.recognition.glyphs import (
    ALONE,
    NEUTRAL,
    Line,
    digit_odds,
    letter_like,
    shipped_glyphs,
)
from mnist_draw.recognition.lines import SEVERAL_LINES, lines_of, without_underlines
from mnist_draw.recognition.pieces import Row
from mnist_draw.recognition.rejection import (
    COARSE_LENIENCE,
    RejectionRule,
    is_leaning_line,
    object_to_ink,
    shipped_rule,
)
from mnist_draw.recognition.stroke_reader import (
    PenStroke,
    are_dots,
    curved,
    draw_strokes,
)
from mnist_draw.storage import ModelFile, ModelFileError, cache

#: Batches are padded to one of these sizes.
BATCHES = (1, 2, 4, 8, 16, 32, 64)
#: Pictures of one batch: enough to be fast, few enough to need little memory.
_SLICE = 500
#: The rule reads about so many validation pictures: enough to tell whether it refuses one in a
#: hundred, as of digits, or most, as of clothes; all of them take seconds.
_VALIDATED = 1000
#: What the strokes say counts so much beside what the picture says, and for digits, as log odds:
#: half of the writers that `tools/fit_glyphs.py` is fitted on were used to choose them.
_STROKES_SAY = 0.5
_STROKES_LIFT = 0.5
#: Digits with a line below them that may be their foot, and what they look like without it.
_FOOTED = (1, 2)
_WITHOUT_FOOT = (1, 7, None)
#: Version of the cached log odds of validation pictures.
_CACHE_VERSION = 1


@dataclass(frozen=True, eq=False)
class PreparedInk:
    """Ink, (H, W), as a network reads it.

    `given` is the ink of the board or the picture; `ink` is smoothed, or drawn from `strokes`;
    `is_coarse` says that the picture has few pixels.
    """

    given: Array
    ink: Array
    network_input: Floats
    is_coarse: bool
    strokes: Sequence[PenStroke]
    drawn: Row | None


class BuiltNetwork:
    """The Lasagne layers of one network with the parameters of a model."""

    def __init__(self, model: ModelFile) -> None:
        specification = parse_network(model.network)
        self._shapes = specification.parameter_shapes()
        model.require_shapes(self._shapes)
        # Slow to import, and not needed before the first picture.
        import lasagne

        self.text = specification.text
        self.output = specification.build()
        self._variables: list[Any] = lasagne.layers.get_all_params(self.output)
        self.use(model)

    def use(self, model: ModelFile) -> None:
        """Use another model of the same network without compiling again."""
        _require_network(model, self.text, self._shapes)
        for variable, value in zip(self._variables, model.parameters, strict=True):
            variable.set_value(np.asarray(value, np.float32))


class CompiledNetwork(BuiltNetwork):
    """A network with its compiled prediction function, for one thread at a time."""

    def __init__(self, model: ModelFile) -> None:
        super().__init__(model)
        from mnist_draw.training.functions import compile_predict

        self._predict = compile_predict(self.output)

    def predict(self, pictures: Floats) -> Floats:
        """Return probabilities, float32 (N, classes), of pictures, float32 (N, 1, 28, 28)."""
        # A new batch size is planned anew, which takes longer than a few more pictures.
        count = len(pictures)
        size = next((size for size in BATCHES if size >= count), count)
        padding = np.zeros((size - count, *pictures.shape[1:]), np.float32)
        return self._predict(np.concatenate([pictures, padding]))[:count]

    def prepare(self) -> None:
        """Warm up all batch sizes, so that no answer has to wait for it."""
        for size in BATCHES:
            self._predict(np.zeros((size, 1, SIDE, SIDE), np.float32))


class Recogniser:
    """Recognises one picture at a time, within milliseconds; use it in one thread.

    Without a compiled function NumPy computes the same probabilities, to five digits, hardly slower
    for a single picture, and needs neither Theano nor Lasagne.
    """

    def __init__(self, model: ModelFile, compiled: bool = True) -> None:
        specification = parse_network(model.network)
        self.network = specification.text
        self._operations = specification.operations
        self._shapes = specification.parameter_shapes()
        self._compiled: CompiledNetwork | None = None
        self._rule = shipped_rule()
        self.use(model)
        if compiled:
            self.adopt(CompiledNetwork(model))

    def use(self, model: ModelFile) -> None:
        """Use another model of the same network: its parameters and its temperature."""
        _require_network(model, self.network, self._shapes)
        if self._compiled is not None:
            self._compiled.use(model)
        self._model = model
        self.temperature = model.info.temperature
        self.names = class_names(model)
        self.reads_digits = reads_digits(model)
        self._lenience = model.info.lenience
        self._side = model.info.side

    def adopt(self, compiled: CompiledNetwork) -> None:
        # The network may have been fine-tuned meanwhile.
        compiled.use(self._model)
        self._compiled = compiled

    def predict(self, inputs: Floats) -> Floats:
        """Return calibrated probabilities, float32 (N, classes), of normalised pictures.

        They are (N, 1, 28, 28), from 0 to 255/256. Raises `ModelFileError` if the parameters, each
        of them finite, are so large that the result is not.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        if inputs.ndim != 4 or inputs.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"expected the shape (N, 1, 28, 28), got {inputs.shape}")
        probabilities = self._predict(inputs)
        require_finite(self.network, probabilities)
        return apply_temperature(probabilities, self.temperature)

    def _predict(self, inputs: Floats) -> Floats:
        if self._compiled is not None:
            return self._compiled.predict(inputs)
        # Non-finite results raise `ModelFileError`, not a NumPy warning.
        with np.errstate(over="ignore", invalid="ignore"):
            return forward(self._operations, self._model.parameters, inputs)

    def predict_images(self, images: Bytes) -> Floats:
        """Return calibrated probabilities, float32 (N, classes), of uint8 (N, 1, 28, 28)."""
        slices = (images[start : start + _SLICE] for start in range(0, len(images), _SLICE))
        return np.concatenate([self.predict(scale(part)) for part in slices])

    def read(self, inputs: Floats, min_log_odds: float = -np.inf) -> Scores:
        """Compute probabilities and log odds of many pictures, as :meth:`predict` takes them.

        The network does not read pictures with lower log odds of being a digit than `min_log_odds`:
        their probabilities are uniform.
        """
        unknown = np.zeros((len(inputs), 0), np.float32)
        if self._rule is None or not self.reads_digits:
            infinite = np.full(len(inputs), np.inf, np.float32)
            return Scores(self.predict(inputs), infinite, -infinite, unknown)
        log_odds, several = self._rule.log_odds(inputs)
        asked = log_odds >= min_log_odds
        probabilities = np.full((len(inputs), 10), 0.1, np.float32)
        if asked.any():
            probabilities[asked] = self.predict(inputs[asked])
        return Scores(probabilities, log_odds, several, unknown)

    def read_glyphs(self, groups: Sequence[Sequence[PenStroke]], line: Line = ALONE) -> Floats:
        """Say what groups of strokes are, as `Scores.glyphs`, on one line, or alone."""
        network = shipped_glyphs()
        return np.tile(NEUTRAL, (len(groups), 1)) if network is None else network.read(groups, line)

    def refuses(self, scores: Scores) -> bool:
        return bool(self.margins(scores)[0] < 0)

    def margins(self, scores: Scores) -> Floats:
        """Return how far log odds are above the threshold below which ink is refused."""
        threshold = -np.inf if self._rule is None else self._rule.threshold
        margins = scores.log_odds + np.float32(self._lenience - threshold)
        if scores.glyphs.shape[1]:
            margins += _STROKES_SAY * digit_odds(scores.glyphs) + np.float32(_STROKES_LIFT)
        return margins

    def recognise_ink(
        self,
        ink: Array,
        strokes: Sequence[PenStroke] | None = None,
        is_one_line: bool = False,
    ) -> Answer:
        """Recognise one digit in ink as `normalise_ink` takes it.

        Known pen strokes are redrawn with a pen that suits their size. Without ink, no network
        runs. Ink that `is_one_line` is not divided into lines.
        """
        if not has_ink(ink):
            classes = len(self.names)
            return Answer(np.full(classes, 1 / classes, np.float32), names=self.names)
        strokes = strokes or ()
        whole = self._recognise(ink, strokes, is_one_line)
        rest = without_underlines(ink, strokes)
        if not (rest.lines and self.reads_digits):
            return whole
        above = self._recognise(rest.ink, rest.strokes, is_one_line)
        has_foot = rest.lines == 1 and whole.digit in _FOOTED and above.digit in _WITHOUT_FOOT
        return whole if has_foot else replace(above, rest=rest)

    def _recognise(self, ink: Array, strokes: Sequence[PenStroke], is_one_line: bool) -> Answer:
        prepared = self.prepare(ink, strokes)
        scores = self.read(prepared.network_input[None, None])
        if prepared.strokes:
            scores = scores._replace(glyphs=self.read_glyphs([prepared.strokes]))
        return self.decide(prepared, scores, is_one_line)

    def prepare(self, ink: Array, strokes: Sequence[PenStroke]) -> PreparedInk:
        """Draw strokes again, or smooth a picture of few pixels, and normalise the ink."""
        coarse = False
        strokes = curved(strokes)
        drawn = draw_strokes(strokes) if strokes else None
        read = ink
        if drawn is not None:
            read = drawn.all_ink()
        elif self.reads_digits:
            pixels = InkPixels(ink)
            coarse = pixels.are_few()
            read = pixels.smoothed()
        network_input = normalise_ink(read, self._side)
        return PreparedInk(ink, read, network_input, coarse, strokes, drawn)

    def decide(self, prepared: PreparedInk, scores: Scores, is_one_line: bool = False) -> Answer:
        """Return the answer: the best class, or why the ink is no digit."""
        # A network of other classes may well read filled or wide shapes.
        lines = 1
        objection = ""
        if self.reads_digits and not is_one_line:
            divided = lines_of(prepared.given, prepared.strokes)
            lines = len(divided.members)
            objection = divided.objection or (SEVERAL_LINES if divided.are_several else "")
        if self.reads_digits and not objection:
            objection = self._objection(prepared, scores)
        return Answer(
            scores.probabilities[0],
            prepared.network_input,
            objection,
            self.names,
            float(scores.log_odds[0]),
            float(scores.several[0]),
            prepared.drawn,
            lines,
            letter_like(int(scores.probabilities[0].argmax()), scores.glyphs),
        )

    def _objection(self, prepared: PreparedInk, scores: Scores) -> str:
        """Return why ink is no digit; empty if it is one."""
        shape = object_to_ink(prepared.ink, prepared.is_coarse)
        if shape:
            return shape
        digit = int(scores.probabilities[0].argmax())
        strokes = prepared.strokes
        is_other = are_dots(strokes) if strokes else is_leaning_line(prepared.network_input)
        lenience = COARSE_LENIENCE if prepared.is_coarse else 0.0
        if float(self.margins(scores)[0]) + lenience >= 0 and not (digit == 1 and is_other):
            return ""
        # A tap that slips a little is a dot with its own pen, and a line with a finer one.
        return object_to_ink(prepared.given) or UNLIKE_A_DIGIT

    read_number = number_reader.read_number


def calibrated(
    model: ModelFile,
    validation_images: Bytes,
    validation_labels: Labels,
) -> ModelFile:
    """Return a network with its temperature and its rate of refused validation pictures."""
    probabilities = Recogniser(model).predict_images(validation_images)
    temperature = fit_temperature(probabilities, validation_labels)
    model = model.with_info(temperature=round(temperature, 4))
    rule = shipped_rule()
    if rule is None or model.info.classes:
        return model
    some = validation_images[:: max(1, len(validation_images) // _VALIDATED)]
    return model.with_info(refused=round(_refused(rule, some), 4))


def _refused(rule: RejectionRule, pictures: Bytes) -> float:
    """Return the share of pictures that the rule refuses, cached: it is that of all networks."""
    layers = [cache.digest_of(layer) for layer in rule.layers]
    key = " ".join([cache.digest_of(pictures), *layers])
    shape = (len(pictures),)
    log_odds = cache.read_array("refused", _CACHE_VERSION, key, "likeness", np.float32, shape)
    if log_odds is None:
        log_odds, _ = rule.log_odds(scale(pictures))
        cache.save("refused", _CACHE_VERSION, key, {"likeness": log_odds})
    return float(np.mean(log_odds < rule.threshold))


def _require_network(model: ModelFile, used: str, shapes: Sequence[Shape]) -> None:
    if parse_network(model.network).text != used:
        raise ModelFileError(
            "The model is a network {network!r}; this one is {used!r}.",
            network=model.network,
            used=used,
        )
    model.require_shapes(shapes)


def require_finite(network: str, *figures: Array) -> None:
    """Raise `ModelFileError` if a result of a network is not finite."""
    if not all(np.isfinite(values).all() for values in figures):
        raise ModelFileError(
            "The network {network!r} computes numbers that are not finite: its parameters "
            "are far too large. Choose another model.",
            network=network,
        )
