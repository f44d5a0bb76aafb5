"""Recognise ink off the GUI thread, and explain the answer in another; the newest ink alone.

A network answers at once: NumPy computes its outputs until a function has been compiled, which
happens in another thread when nothing was drawn for a moment. From then on the compiled function
belongs to the thread that answers. Ink, networks and compiled functions are left in mailboxes
that hold only the newest, so a fast pen never builds up a queue.

Explanations leave the answers time: their thread takes only the newest question, which follows an
answer, rests between two, compiles after a moment without questions, and works only while it is
visible. While a network learns, which wants all cores, it also waits until the pen has been still.
It has the window's own priority. At a lower one it would hold the interpreter's lock for longer,
and the window would wait for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import QObject, Signal

from mnist_draw.app.kit.app_state import NO_DIGIT
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import LatestValue, NewestOnly, SerialWorker, connect_direct
from mnist_draw.errors import UserError
from mnist_draw.i18n import _
from mnist_draw.recognition.certainty import Certainty, certainty_of_number
from mnist_draw.storage.models import ModelFile
from mnist_draw.thread_priority import claim_core

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.drawing import InkReader
    from mnist_draw.app.kit.active_network import ActiveNetwork
    from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
    from mnist_draw.recognition.explanation import Explainer, Explanation
    from mnist_draw.recognition.recogniser import CompiledNetwork, Recogniser

logger = logging.getLogger("mnist_draw.app")

#: Seconds without an answer after which compiling begins: an answer does not wait for the
#: interpreter, which compiling needs too. An explainer is compiled after as long.
_QUIET = 0.25


def _recogniser(model: ModelFile) -> Recogniser:
    from mnist_draw.recognition.recogniser import Recogniser

    return Recogniser(model, compiled=False)


def compile_network(model: ModelFile) -> CompiledNetwork:
    """Compile the function that predicts, for all numbers of pictures that are asked about."""
    from mnist_draw.recognition.recogniser import CompiledNetwork

    # What the first strokes and the first number need is loaded now: not while one draws.
    recogniser = _recogniser(model)
    ink, strokes = _sample()
    answer = recogniser.recognise_ink(ink, strokes)
    recogniser.read_number(ink, answer, strokes=strokes)
    compiled = CompiledNetwork(model)
    compiled.prepare()
    return compiled


def _sample() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the ink of an 11, and its strokes."""
    import numpy as np

    ink = np.zeros((300, 300), np.uint8)
    ink[60:240, 100:120] = 255
    ink[60:240, 180:200] = 255
    return ink, [np.array([[x, 70.0, 20.0], [x, 230.0, 20.0]]) for x in (110.0, 190.0)]


class InkPlace(NamedTuple):
    """Where ink is, as left, top, width and height in pixels, and what its file is known by."""

    box: tuple[int, int, int, int]
    token: str


def places_of(ink: np.ndarray, number: NumberAnswer | None) -> tuple[InkPlace, ...]:
    """Return the place of all ink, then of each digit of the number."""
    from mnist_draw.dataset.normalise import has_ink, ink_box
    from mnist_draw.storage.my_digits import ink_token

    if not has_ink(ink):
        return ()
    top, left, bottom, right = ink_box(ink)
    boxes = [(left, top, right - left, bottom - top)]
    if number is not None:
        boxes += [part.box for part in number.digits]
    return tuple(
        InkPlace(box, ink_token(ink[box[1] : box[1] + box[3], box[0] : box[0] + box[2]]))
        for box in boxes
    )


def connect_network(
    network: ActiveNetwork,
    recognition: Recognition,
    explanations: Explanations,
) -> None:
    """Let a requested network answer, and explain its answers."""
    connect_direct(network.requested, lambda request: recognition.post_model(request.source))
    network.state.follow(["model"], lambda: explanations.post_model(network.state.model))


@dataclass(frozen=True, eq=False)
class BoardReading:
    """The answer to the board: one digit, and a number if there are several."""

    answer: Answer
    number: NumberAnswer | None
    certainty: Certainty
    ticket: int
    #: As `places_of` has them.
    places: tuple[InkPlace, ...] = ()
    #: The lines of a page of numbers, each read as a number.
    lines: tuple[BoardReading, ...] = ()


def settle(read: BoardReading, said: Mapping[str, str]) -> BoardReading:
    """Return a reading in which the user's word counts, by the tokens of the ink."""
    if not said:
        return read
    lines = tuple(settle(line, said) for line in read.lines)
    words = [said.get(place.token) for place in read.places]
    if not any(word is not None for word in words):
        return replace(read, lines=lines)
    if words[0] is None:
        return _settle_parts(read, words[1:])
    answer = replace(read.answer, letter="")
    certainty = replace(answer.as_digit, word=_("You said {digit}", digit=words[0]))
    if words[0] == NO_DIGIT:
        answer = replace(answer, objection=_("You said it is not a digit."))
        certainty = answer.certainty
    return replace(read, answer=answer, number=None, certainty=certainty)


def _settle_parts(read: BoardReading, words: list[str | None]) -> BoardReading:
    """Return a number with its parts as they are settled."""
    assert read.number is not None
    pairs = zip(read.number.digits, words, strict=True)
    parts = [part if word is None else _settle_part(part, word) for part, word in pairs]
    text = "".join(part.text for part in parts)
    number = replace(read.number, text=text, digits=tuple(parts))
    return replace(read, number=number, certainty=certainty_of_number(number))


def _settle_part(part: DigitAnswer, word: str) -> DigitAnswer:
    """Return a part of a number that is no digit, or the digit as which it is read."""
    if word == NO_DIGIT:
        return replace(part, digit=None, confidence=0.0, letter="")
    return replace(part, letter="")


class PostedInk(NamedTuple):
    """Ink that waits for its answer, painted in the thread, with its strokes if they are known."""

    read: InkReader
    ticket: int
    #: Whether only one digit is meant.
    beginning: bool = False
    decimals: bool = False
    is_one_line: bool = False
    #: Whether no letters are drawn.
    only_digits: bool = False


def _read(recogniser: Recogniser, posted: PostedInk) -> BoardReading:
    """Read the board; a page of numbers line by line. All sentences are written here."""
    from mnist_draw.recognition.lines import split

    ink, strokes = posted.read()
    answer = recogniser.recognise_ink(ink, strokes, posted.is_one_line)
    if posted.only_digits:
        answer = replace(answer, letter="")
    number = _read_number(recogniser, posted, ink, strokes, answer, posted.beginning)
    several = number if number.is_number else None
    certainty = answer.certainty if several is None else certainty_of_number(several)
    lines = split(ink, strokes) if answer.lines > 1 else []
    of_lines = tuple(_read_line(recogniser, posted, *line) for line in lines)
    places = places_of(ink, several)
    return BoardReading(answer, several, certainty, posted.ticket, places, of_lines)


def _read_line(
    recogniser: Recogniser,
    posted: PostedInk,
    ink: np.ndarray,
    strokes: list[np.ndarray],
) -> BoardReading:
    answer = recogniser.recognise_ink(ink, strokes)
    number = _read_number(recogniser, posted, ink, strokes, answer)
    certainty = certainty_of_number(number)
    return BoardReading(answer, number, certainty, posted.ticket, places_of(ink, number))


def _read_number(
    recogniser: Recogniser,
    posted: PostedInk,
    ink: np.ndarray,
    strokes: Sequence[np.ndarray] | None,
    answer: Answer,
    beginning: bool = False,
) -> NumberAnswer:
    number = recogniser.read_number(ink, answer, beginning, strokes, posted.decimals)
    if not posted.only_digits:
        return number
    digits = tuple(replace(part, letter="") for part in number.digits)
    return replace(number, digits=digits)


class Recognition(QObject):
    """Owns the recogniser; `answered` carries a `BoardReading`."""

    answered = Signal(BoardReading)
    ready = Signal(ModelFile)
    failed = Signal(str)

    def __init__(
        self,
        first_model: Callable[[], ModelFile],
        parent: QObject | None = None,
        make_recogniser: Callable[[ModelFile], Recogniser] = _recogniser,
        compile_function: Callable[[ModelFile], CompiledNetwork] | None = None,
        worker: SerialWorker | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker = worker or SerialWorker("recognition", gives_up=True)
        self.destroyed.connect(self._worker.ask_to_end)
        self._started = False
        self._make_recogniser = make_recogniser
        self._recogniser: Recogniser | None = None
        self._network = ""
        self._ink: LatestValue[PostedInk] = LatestValue()
        self._model: LatestValue[ModelFile | Callable[[], ModelFile]] = LatestValue()
        self._compiled: LatestValue[tuple[str, CompiledNetwork]] = LatestValue()
        self._last: PostedInk | None = None
        self._model.put(first_model)
        self._uncompiled: ModelFile | None = None
        self._compiler: NewestOnly | None = None
        if compile_function is not None:
            self._compiler = NewestOnly(
                partial(self._compile, compile_function),
                self,
                name="compiling",
                quiet=_QUIET,
                low_priority=False,
            )
            self._compiler.answered.connect(self.post_compiled)
            self._compiler.failed.connect(Notifier().problem)

    def start(self) -> None:
        self._started = True
        self._wake()

    # -- from any thread

    def post_ink(self, ink: PostedInk) -> None:
        self._ink.put(ink)
        self._wake()

    def post_model(self, model: ModelFile | Callable[[], ModelFile]) -> None:
        self._model.put(model)
        self._wake()

    def post_compiled(self, compiled: tuple[str, CompiledNetwork]) -> None:
        """Predict with a function while a model of its network is in use."""
        self._compiled.put(compiled)
        self._wake()

    def _wake(self) -> None:
        if self._started:
            self._worker.put_once(self._process)

    # -- in the thread

    def _process(self) -> None:
        try:
            self._process_newest()
        except Exception as error:  # reported to the user
            sentence = reporter.sentence(error)
            self._worker.deliver(self, lambda: self.failed.emit(sentence))

    def _process_newest(self) -> None:
        """Take the newest network and function, then answer the newest ink."""
        model = self._model.take()
        if model is not None:
            self._use(model() if callable(model) else model)
        self._adopt(self._compiled.take())
        ink = self._ink.take()
        self._last = ink or self._last
        self._answer(ink if model is None else self._last)

    def _use(self, model: ModelFile) -> None:
        if self._recogniser is not None and model.network == self._network:
            self._recogniser.use(model)
        else:
            self._recogniser = self._make_recogniser(model)
            self._network = model.network
            self._uncompiled = model
            self._compile_when_quiet()
        self._worker.deliver(self, lambda: self.ready.emit(model))

    def _adopt(self, compiled: tuple[str, CompiledNetwork] | None) -> None:
        # Meanwhile another network may have been chosen.
        if compiled is not None and self._recogniser is not None and compiled[0] == self._network:
            self._recogniser.adopt(compiled[1])

    def _answer(self, posted: PostedInk | None) -> None:
        if posted is not None and self._recogniser is not None:
            claim_core()
            reading = _read(self._recogniser, posted)
            self._worker.deliver(self, lambda: self.answered.emit(reading))
            self._compile_when_quiet()

    def _compile_when_quiet(self) -> None:
        if self._compiler is not None and self._uncompiled is not None:
            self._compiler.ask(self._uncompiled)

    def _compile(
        self,
        compile_function: Callable[[ModelFile], CompiledNetwork],
        model: ModelFile,
    ) -> tuple[str, CompiledNetwork]:
        """Compile in the compiler's thread."""
        self._uncompiled = None
        return model.network, compile_function(model)


#: Seconds from the beginning of one explanation to that of the next: 25 a second look continuous.
_REST = 0.04
#: A busy computer or a large network gets longer rests: this many times what the last explanation
#: took, up to this many times the shortest rest.
_REST_TIMES = 10
_MAX_REST_TIMES = 12
#: While a network learns, seconds without a question before explaining begins: between two
#: answers there is no core to spare, and the next answer would wait for the explanation's.
_STILL = 0.1

#: Picture (28, 28), digit, and a ticket that the explanation returns.
ExplanationRequest = tuple["np.ndarray", int, int]


def _explainer(model: ModelFile) -> Explainer:
    import numpy as np

    from mnist_draw.recognition.explanation import Explainer

    explainer = Explainer(model)
    # Kernels are made for the first picture: not while one draws.
    explainer.explain(np.zeros((28, 28), np.float32), 0)
    return explainer


class Explanations(QObject):
    """Owns the explainer; `answered` carries an explanation with its ticket, or None."""

    answered = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        is_busy: Callable[[], bool] = lambda: False,
        parent: QObject | None = None,
        make_explainer: Callable[[ModelFile], Explainer] = _explainer,
        rest: float = _REST,
        quiet: float = _QUIET,
        still: float = _STILL,
        worker: SerialWorker | None = None,
    ) -> None:
        super().__init__(parent)
        self._job = NewestOnly(
            self._explain,
            self,
            name="explanation",
            rest=rest,
            deliver_stale=True,
            watched=False,
            low_priority=False,
            worker=worker,
        )
        self._job.answered.connect(self.answered)
        self._job.failed.connect(self.failed)
        self.watch = self._job.watch
        self._make_explainer = make_explainer
        self._is_busy = is_busy
        self._shortest_rest = rest
        self._before_compiling = quiet
        self._still = still
        self._explainer: Explainer | None = None
        #: What the explainer was made of, if that did not fail; the newest network and question.
        self._used: ModelFile | None = None
        self._model: ModelFile | None = None
        self._request: ExplanationRequest | None = None

    # -- from any thread

    def post_model(self, model: ModelFile | None) -> None:
        """Use another network; the last question is answered again."""
        self._model = model
        self._ask()

    def post(self, picture: np.ndarray, digit: int, ticket: int) -> None:
        self._request = picture, digit, ticket
        self._ask()

    def _ask(self) -> None:
        model = self._model
        used = self._used
        if model is not None:
            is_ready = used is not None and used.network == model.network
            still = self._still if self._is_busy() else 0.0
            self._job.quiet = still if is_ready else max(still, self._before_compiling)
            self._job.ask((model, self._request))

    # -- in the thread

    def _explain(
        self,
        question: tuple[ModelFile, ExplanationRequest | None],
    ) -> tuple[Explanation, int] | None:
        model, request = question
        if model is not self._used:
            self._use(model)
        # A question about a class that only the network before had is of no use any more.
        if self._explainer is None or request is None or request[1] >= self._explainer.classes:
            return None
        picture, digit, ticket = request
        began = time.monotonic()
        explanation = self._explainer.explain(picture, digit)
        long = _REST_TIMES * (time.monotonic() - began)
        shortest = self._shortest_rest
        self._job.rest = max(shortest, min(long, _MAX_REST_TIMES * shortest))
        return explanation, ticket

    def _use(self, model: ModelFile) -> None:
        before, self._used = self._used, model
        if self._explainer is not None and before is not None and model.network == before.network:
            self._explainer.use(model)
            return
        self._explainer = None
        try:
            self._explainer = self._make_explainer(model)
        except UserError as error:
            # The thread that answers tells what is wrong with a model.
            logger.info("no explanations: %s", error)
