"""Compare the losses of two engines, step by step.

The same network with the same first weights learns the same minibatches of MNIST, dropout
off, on the engine of this interpreter and on that of another one::

    python benchmarks/engine_parity.py --theano-python PATH [--networks mlp cnn]
                                       [--steps 200] [--json]

PATH is the interpreter of an environment with the real Theano 1.0.5
(``benchmarks/requirements-theano.txt``). Printed are, for each network and each precision, the
largest relative difference of a loss and the seconds for a step on both engines.

The verdict is that of float64: the exit status is 1 where a difference exceeds 1e-4 there, 2
when one side could not be run. In float32 training is chaotic. Two values of a pooling region
that differ in the last bit on one engine are equal on the other, both then get the gradient (as
Theano has it), and rmsprop magnifies what follows. How far float32 strays from float64 on one
and the same engine is printed beside it, as the measure of what can be asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
BATCH_SIZES = {"mlp": 500, "cnn": 100}
LEARNING_RATE = 0.001
TOLERANCE = 1e-4


def losses_of(network: str, steps: int) -> dict[str, Any]:
    """Train `network` for `steps` minibatches of MNIST on this interpreter's engine.

    Reports ``engine``, the loss before each update, ``seconds_per_step`` without the first five.
    """
    from mnist_draw import load_data, networks, theano_bridge

    theano_bridge.install()
    import lasagne
    import theano
    import theano.tensor as T

    # NumPy promises that RandomState's numbers never change: the same first weights.
    lasagne.random.set_rng(np.random.RandomState(7))
    dtype = theano.config.floatX
    inputs, targets = T.tensor4("inputs"), T.ivector("targets")
    layer = networks.parse_network(network).build(inputs)
    prediction = lasagne.layers.get_output(layer, deterministic=True)
    loss = lasagne.objectives.categorical_crossentropy(prediction, targets).mean()
    parameters = lasagne.layers.get_all_params(layer, trainable=True)
    updates = lasagne.updates.rmsprop(loss, parameters, learning_rate=LEARNING_RATE)
    step = theano.function([inputs, targets], loss, updates=updates, mode=theano_bridge.fast_mode())
    pictures, labels = load_data()[:2]
    size = BATCH_SIZES[network]
    losses, times = [], []
    for number in range(steps):
        where = (np.arange(size) + number * size) % len(pictures)
        batch, classes = pictures[where].astype(dtype), labels[where].astype("int32")
        start = time.perf_counter()
        losses.append(float(step(batch, classes)))
        times.append(time.perf_counter() - start)
    return {
        "engine": theano_bridge.engine(),
        "losses": losses,
        "seconds_per_step": float(np.median(times[5:])),
    }


def run_elsewhere(python: str, network: str, steps: int, dtype: str) -> dict[str, Any]:
    """:func:`losses_of` in another interpreter, all numbers of the type `dtype`."""
    command = [python, __file__, "--measure", network, "--steps", str(steps)]
    flags = f"floatX={dtype}"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTENSOR_FLAGS": flags,
        "THEANO_FLAGS": f"{flags},{os.environ.get('THEANO_FLAGS', '')}".rstrip(","),
    }  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{python} failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def difference(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[float, int]:
    """Largest relative difference between two runs' losses, and the step (from 1) it is at."""
    one, other = np.asarray(ours["losses"]), np.asarray(theirs["losses"])
    relative = np.abs(one - other) / np.abs(other)
    return float(relative.max()), int(relative.argmax()) + 1


def compare(
    network: str,
    pythons: Sequence[str],
    steps: int,
    dtypes: Sequence[str],
) -> list[dict[str, Any]]:
    """Run a network on both engines; one record for each precision."""
    runs = {
        (side, dtype): run_elsewhere(python, network, steps, dtype)
        for dtype in dtypes
        for side, python in enumerate(pythons)
    }
    records = []
    for dtype in dtypes:
        ours, theirs = runs[0, dtype], runs[1, dtype]
        largest, step = difference(ours, theirs)
        records.append(
            {
                "network": network,
                "dtype": dtype,
                "engines": [ours["engine"], theirs["engine"]],
                "steps": steps,
                "largest_relative_difference": largest,
                "at_step": step,
                "strays_from_float64": [
                    difference(runs[side, dtype], runs[side, "float64"])[0] for side in (0, 1)
                ],
                "last_losses": [ours["losses"][-1], theirs["losses"][-1]],
                "seconds_per_step": [ours["seconds_per_step"], theirs["seconds_per_step"]],
            },
        )
    return records


SENTENCE = (
    "{network}, {dtype}: {engines[0]} and {engines[1]} differ by at most"
    " {largest_relative_difference:.1e} (step {at_step} of {steps});"
    " {seconds_per_step[0]:.4f} and {seconds_per_step[1]:.4f} s a step;"
    " each from its own float64 by {strays_from_float64[0]:.1e} and"
    " {strays_from_float64[1]:.1e}"
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--theano-python", metavar="PATH")
    parser.add_argument("--networks", nargs="+", choices=BATCH_SIZES, default=["mlp", "cnn"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="two steps of the MLP in float64")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--measure", choices=BATCH_SIZES, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.measure:
        sys.path.insert(0, str(ROOT))
        print(json.dumps(losses_of(chosen.measure, chosen.steps)))
        return 0
    if not chosen.theano_python:
        parser.error("--theano-python PATH is needed: the interpreter of the other side")
    if chosen.quick:
        chosen.networks = ["mlp"]
        chosen.steps = 2
    dtypes = ("float64",) if chosen.quick else ("float64", "float32")
    worst = 0.0
    for network in chosen.networks:
        try:
            records = compare(
                network,
                (sys.executable, chosen.theano_python),
                chosen.steps,
                dtypes,
            )
        except (OSError, RuntimeError) as error:
            print(f"{network}: {error}", file=sys.stderr)
            return 2
        for record in records:
            print(json.dumps(record) if chosen.json else SENTENCE.format(**record), flush=True)
            if record["dtype"] == "float64":
                worst = max(worst, record["largest_relative_difference"])
    return int(not worst <= TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
