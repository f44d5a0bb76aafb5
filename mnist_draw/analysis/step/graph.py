"""The graphs of a network's functions: as they are written, and as Theano compiles them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mnist_draw import theano_bridge
from mnist_draw.analysis.network.anatomy import Layer
from mnist_draw.analysis.step.one_step import OneStep
from mnist_draw.training.settings import TrainingSettings

#: Operations that multiply matrices, convolve or pool: nearly all of a function's time.
_PRODUCTS = ("Dot", "Gemm", "Gemv", "Ger", "Conv", "Pool", "Corr")
#: Operations that only look at numbers another way, or ask how many there are.
_VIEWS = (
    "Shape", "Subtensor", "MakeVector", "Reshape", "DimShuffle", "SpecifyShape", "Join", "Split",
    "Alloc", "ScalarFromTensor", "TensorFromScalar", "Rebroadcast", "ViewOp", "Unbroadcast",
    "Assert", "CheckAndRaise", "DeepCopy", "ARange", "Squeeze", "ExpandDims", "Flatten",
)  # fmt: skip
PHASES = ("forward", "loss", "gradient", "update")


@dataclass(frozen=True)
class Group:
    """A layer's part of a phase: what is folded into one box.

    Attributes
    ----------
    phase : str
        One of `PHASES`.
    layer : int
        Which layer with weights, from 0; -1 for the picture, before any weights.
    """

    phase: str
    layer: int


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes
    ----------
    number : int
        From 0, in an order in which they can be computed.
    name : str
        The operation in short; of several that became one loop the formula.
    text : str
        The operation as Theano writes it.
    kind : {"product", "elementwise", "view"}
    fused : bool
        Whether it is a loop that several operations became.
    broadcasts : bool
        Whether it only repeats an array along a dimension: not drawn as a box of its own.
    group : Group
    sources : tuple of int or str
        Its inputs: numbers of other nodes, or names of variables and constants.
    type : str
        Of its first output, as Theano writes it.
    """

    number: int
    name: str
    text: str
    kind: str
    fused: bool
    broadcasts: bool
    group: Group
    sources: tuple[int | str, ...]
    type: str


@dataclass(frozen=True)
class Graph:
    """The operations of one function."""

    nodes: tuple[Node, ...]

    def expression(self, node: Node) -> str:
        """Return an operation with its inputs by name."""
        return f"{node.name}({', '.join(self.name_of(source) for source in node.sources)})"

    def name_of(self, source: int | str) -> str:
        """Return what to call an input: a variable, or the operation that it is from."""
        if isinstance(source, str):
            return source
        node = self.nodes[source]
        if node.broadcasts and node.sources:
            return self.name_of(node.sources[0])
        return node.name if len(node.name) < 24 else "loop"

    def seen_through(self, source: int | str) -> int | str:
        """Return an input, or what it repeats where it only broadcasts."""
        while isinstance(source, int) and self.nodes[source].broadcasts:
            source = self.nodes[source].sources[0]
        return source


@dataclass(frozen=True)
class FunctionGraphs:
    """One of the three functions, both ways.

    Attributes
    ----------
    name : str
        ``"classify"``, ``"validate"`` or ``"learn"``.
    title : str
        For a menu, such as ``"classify: pictures → p"``.
    written, compiled : Graph
    layers : tuple of Layer
    settings : TrainingSettings
    """

    name: str
    title: str
    written: Graph
    compiled: Graph
    layers: tuple[Layer, ...] = field(repr=False)
    settings: TrainingSettings = field(repr=False)

    @property
    def fused(self) -> tuple[int, int]:
        """How many elementwise operations became loops, and how many loops those are."""
        loops = [node for node in self.compiled.nodes if node.fused]
        groups = {node.group for node in loops}
        before = sum(
            node.kind == "elementwise" and node.group in groups for node in self.written.nodes
        )
        return before, len(loops)


def graphs_of(step: OneStep) -> dict[str, FunctionGraphs]:
    """Return the graphs of a network's three functions by name; takes some seconds.

    In that of the step, what dropout leaves out comes from outside.
    """
    import lasagne
    import theano.tensor as T

    given = step.expressions
    pictures, targets = given.pictures, given.targets
    p = lasagne.layers.get_output(step.network, pictures, deterministic=True)
    loss = lasagne.objectives.categorical_crossentropy(p, targets).mean()
    right = T.mean(T.eq(T.argmax(p, axis=1), targets), dtype="float32")
    make = _Maker(step)
    return {
        "classify": make("classify", "classify: pictures → p", [pictures], [p], p, {}),
        "validate": make(
            "validate", "validate: pictures, labels → loss", [pictures, targets], [loss, right], p,
            {},
        ),
        "learn": make(
            "learn", "learn: pictures, labels → new weights",
            [pictures, targets, *given.masks], [given.loss], given.prediction, given.updates,
        ),
    }  # fmt: skip


class _Maker:
    """Makes both graphs of a function."""

    def __init__(self, step: OneStep) -> None:
        self._step = step
        given = step.expressions
        self._names = {given.learning_rate: "learning rate"}
        self._layer_of: dict[Any, int] = {}
        for number, param in enumerate(given.params):
            self._names[param] = f"{'Wb'[number % 2]}{number // 2 + 1}"
            self._layer_of[param] = number // 2
        each = max(1, len(given.accumulators) // len(given.params))
        for number, variable in enumerate(given.accumulators):
            param = given.params[min(number // each, len(given.params) - 1)]
            self._names[variable] = f"accumulator of {self._names[param]}"

    def __call__(
        self,
        name: str,
        title: str,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        prediction: Any,
        updates: Mapping[Any, Any],
    ) -> FunctionGraphs:
        import theano

        function = theano.function(
            inputs, outputs, updates=list(updates.items()), mode=theano_bridge.fast_mode()
        )
        targets = list(updates)
        written = self._graph(
            _sorted([*outputs, *updates.values()]), prediction.owner, outputs,
            list(zip(targets, updates.values(), strict=True)), {},
        )  # fmt: skip
        maker = function.maker
        inner = maker.fgraph
        nodes = inner.toposort()
        originals = {
            clone: given.variable for clone, given in zip(inner.inputs, maker.inputs, strict=True)
        }
        changed = [given.variable for given in maker.inputs if given.update is not None]
        news = inner.outputs[len(outputs) :]
        # PyTensor 3.3 takes a softmax apart while it compiles: what divides stands for it then.
        softmax = next(
            (node for node in nodes if "oftmax" in type(node.op).__name__),
            inner.outputs[0].owner,
        )
        compiled = self._graph(
            nodes, softmax, inner.outputs[: len(outputs)],
            list(zip(changed, news, strict=False)), originals,
        )  # fmt: skip
        step = self._step
        return FunctionGraphs(name, title, written, compiled, step.layers, step.settings)

    def _graph(
        self,
        nodes: Sequence[Any],
        prediction: Any,
        outputs: Sequence[Any],
        updates: Sequence[tuple[Any, Any]],
        originals: Mapping[Any, Any],
    ) -> Graph:
        groups = _Groups(nodes, originals, self._layer_of, len(self._step.layers))
        group_of = groups.find(prediction, outputs, updates, self._remembered())
        numbers = {node: number for number, node in enumerate(nodes)}
        return Graph(
            tuple(
                self._node(number, node, group_of[node], numbers, originals)
                for number, node in enumerate(nodes)
            )
        )

    def _remembered(self) -> set[Any]:
        given = self._step.expressions
        return {given.learning_rate, *given.accumulators}

    def _node(
        self,
        number: int,
        node: Any,
        group: Group,
        numbers: Mapping[Any, int],
        originals: Mapping[Any, Any],
    ) -> Node:
        kind = type(node.op).__name__
        text = str(node.op)
        fused = "Composite{" in text
        return Node(
            number=number,
            name=_name_of(node.op),
            text=text,
            kind=_kind_of(kind),
            fused=fused,
            broadcasts=kind in ("DimShuffle", "ExpandDims", "Rebroadcast"),
            group=group,
            sources=tuple(
                numbers[source.owner] if source.owner in numbers
                else self._leaf(originals.get(source, source))
                for source in node.inputs
            ),
            type=str(node.outputs[0].type),
        )  # fmt: skip

    def _leaf(self, variable: Any) -> str:
        if variable in self._names:
            return self._names[variable]
        if variable.name:
            return str(variable.name)
        data: Any = getattr(variable, "data", None)
        if data is not None and getattr(data, "size", 2) == 1:
            return f"{float(data.reshape(-1)[0]):g}"
        return "constant" if data is not None else "input"


class _Groups:
    """Finds out which layer and phase an operation belongs to.

    Forwards a node belongs to the last layer whose parameters it depends on, backwards to the last
    layer whose update depends on it: its parameters are those that it lies between.
    """

    def __init__(
        self,
        nodes: Sequence[Any],
        originals: Mapping[Any, Any],
        layer_of: Mapping[Any, int],
        layers: int,
    ) -> None:
        self._nodes, self._originals, self._layer_of = nodes, originals, layer_of
        self._last = layers - 1

    def find(
        self,
        prediction: Any,
        outputs: Sequence[Any],
        updates: Sequence[tuple[Any, Any]],
        remembered: set[Any],
    ) -> dict[Any, Group]:
        """Return each node's group."""
        forward = _ancestors([prediction])
        told = _ancestors(output.owner for output in outputs)
        after, uses = self._downwards(remembered)
        reached: dict[Any, int] = {}
        params = {target: self._layer_of[target] for target, _ in updates
                  if target in self._layer_of}  # fmt: skip
        for target, new in updates:
            if target in params:
                for node in _ancestors([new.owner]):
                    reached[node] = max(reached.get(node, -1), params[target])
        found = {}
        for node in self._nodes:
            if node in forward:
                found[node] = Group("forward", after[node])
            elif node in told:
                found[node] = Group("loss", self._last)
            elif uses[node] or not reached.get(node, -1) >= 0:
                layer = reached.get(node, after[node])
                found[node] = Group("update", max(layer, 0))
            else:
                found[node] = Group("gradient", reached[node])
        return found

    def _downwards(self, remembered: set[Any]) -> tuple[dict[Any, int], dict[Any, bool]]:
        """Return the last layer each node depends on, and whether it uses what is remembered."""
        after: dict[Any, int] = {}
        uses: dict[Any, bool] = {}
        for node in self._nodes:
            layer, used = -1, False
            for source in node.inputs:
                if source.owner is not None and source.owner in after:
                    layer = max(layer, after[source.owner])
                    used = used or uses[source.owner]
                else:
                    original = self._originals.get(source, source)
                    layer = max(layer, self._layer_of.get(original, -1))
                    used = used or original in remembered
            after[node], uses[node] = layer, used
        return after, uses


def _sorted(outputs: Sequence[Any]) -> list[Any]:
    """Return the nodes that outputs depend on, in an order in which they can be computed."""
    found: dict[Any, None] = {}
    waiting = [output.owner for output in reversed(outputs) if output.owner is not None]
    while waiting:
        node = waiting[-1]
        missing = [source.owner for source in node.inputs
                   if source.owner is not None and source.owner not in found]  # fmt: skip
        if missing:
            waiting += missing
        else:
            found.setdefault(waiting.pop())
    return list(found)


def _ancestors(nodes: Iterable[Any]) -> set[Any]:
    """Return nodes with all that they depend on."""
    found: set[Any] = set()
    waiting = [node for node in nodes if node is not None]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [source.owner for source in node.inputs if source.owner is not None]
    return found


def _kind_of(name: str) -> str:
    if name.startswith(_PRODUCTS):
        return "product"
    return "view" if name.startswith(_VIEWS) else "elementwise"


def _name_of(op: Any) -> str:
    scalar = getattr(op, "scalar_op", None)
    text = str(op)
    if "Composite{" in text:
        inner = text[text.index("Composite{") + len("Composite{") :]
        return _formula(inner[: inner.rindex("}")].split("}}")[0])
    if scalar is not None and type(op).__name__ == "Elemwise":
        return type(scalar).__name__
    name = type(op).__name__
    return {"CAReduce": "Sum", "Dot22": "Dot"}.get(name, name)


def _formula(text: str) -> str:
    """Return the formula of a loop without the parentheses around all of it."""
    text = text.strip()
    if text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1]
    text = re.sub(r"[Aa]bs\(\(([^()]*)\)\)", r"|\1|", text.replace(" * ", "·"))
    return re.sub(r"[Aa]bs\(([^()]*)\)", r"|\1|", text)


def _closes(text: str) -> int:
    """Return where the parenthesis that a text begins with is closed."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place
    return len(text)
