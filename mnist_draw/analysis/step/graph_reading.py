"""Reads the graphs of a network's functions off Theano: as written, and as compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_draw import theano_bridge
from mnist_draw.analysis.step.graph import FunctionGraphs, Graph, Group, Node
from mnist_draw.analysis.step.graph_groups import Groups, in_order
from mnist_draw.analysis.step.one_step import OneStep

#: Operations that multiply matrices, convolve or pool: nearly all of a function's time.
_PRODUCTS = ("Dot", "Gemm", "Gemv", "Ger", "Conv", "Pool", "Corr")
#: Operations that only look at numbers another way, or ask how many there are.
_VIEWS = (
    "Shape", "Subtensor", "MakeVector", "Reshape", "DimShuffle", "SpecifyShape", "Join", "Split",
    "Alloc", "ScalarFromTensor", "TensorFromScalar", "Rebroadcast", "ViewOp", "Unbroadcast",
    "Assert", "CheckAndRaise", "DeepCopy", "ARange", "Squeeze", "ExpandDims", "Flatten",
)  # fmt: skip


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
            in_order([*outputs, *updates.values()]), prediction.owner, outputs,
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
        groups = Groups(nodes, originals, self._layer_of, len(self._step.layers))
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
