"""The bridge from ``import theano`` to whichever engine is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_draw import theano_bridge

ROOT = Path(__file__).parents[2]
REAL = theano_bridge.installed_theano()
on_pytensor = pytest.mark.skipif(REAL, reason="about PyTensor")


def run_python(code: str, *flags: str, **environment: str) -> str:
    """Output of `code` in a fresh interpreter with the bridge on its path."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(
        [sys.executable, *flags, "-c", code],
        capture_output=True, text=True, env=surroundings, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert REAL or done.stderr == ""
    return done.stdout.strip()


@pytest.mark.process
def test_install_imports_no_engine_and_only_once() -> None:
    out = run_python(
        "import sys; from mnist_draw.theano_bridge import install, engine\n"
        "before = len(sys.meta_path); install(); install(); engine()\n"
        "print(len(sys.meta_path) - before, [n for n in sys.modules if n.split('.')[0]"
        " in ('theano', 'pytensor', 'numba', 'numpy', 'lasagne')])"
    )
    assert out == "0 []"


def test_engine_names_what_theano_is() -> None:
    name, version = theano_bridge.engine().split()
    if REAL:
        assert (name, version) == ("Theano", "1.0.5")
    else:
        import pytensor

        assert (name, version) == ("PyTensor", pytensor.__version__)


@on_pytensor  # Theano 1.0.5 itself warns under this Python.
@pytest.mark.process
def test_importing_theano_and_lasagne_is_silent_even_where_warnings_are_errors() -> None:
    out = run_python(
        "import mnist_draw, theano, lasagne, sys\n"
        "print(theano.config.floatX, theano.config.device, lasagne.__version__,"
        " 'pkg_resources' in sys.modules)",
        "-W", "error",
    )  # fmt: skip
    assert out == "float32 cpu 0.1 False"


@on_pytensor
@pytest.mark.process
def test_compiled_functions_are_kept_where_the_program_keeps_its_caches(
    tmp_path: Path,
) -> None:
    code = "import mnist_draw, theano; print(theano.config.compiledir)"
    ours = run_python(code, MNIST_DRAW_HOME=str(tmp_path), PYTENSOR_FLAGS="")
    assert Path(ours).is_relative_to(tmp_path / "cache")
    chosen = tmp_path / "chosen"
    theirs = run_python(
        code, MNIST_DRAW_HOME=str(tmp_path), PYTENSOR_FLAGS=f"base_compiledir={chosen}"
    )
    assert Path(theirs).is_relative_to(chosen)


@on_pytensor
@pytest.mark.process
def test_no_file_is_left_among_the_temporary_ones(tmp_path: Path) -> None:
    code = (
        "import mnist_draw, theano, theano.tensor as T, os, tempfile\n"
        "from pytensor.link.utils import compile_function_src\n"
        "compile_function_src('def twice(x): return 2 * x', 'twice')\n"
        "x = T.fscalar('x')\n"
        "theano.function([x], x + 1, mode='NUMBA')(1)\n"
        "import pytensor.link.numba.cache as cache\n"
        "cache.compile_numba_function_src('def f(): pass', 'f', write_to_disk=True)\n"
        "print(len(os.listdir(tempfile.gettempdir())))"
    )
    (tmp_path / "temporary").mkdir()
    place = str(tmp_path / "temporary")
    assert run_python(code, TMPDIR=place, TMP=place, TEMP=place) != "0"
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.process
def test_the_flags_of_the_user_are_left_alone() -> None:
    variable = "THEANO_FLAGS" if REAL else "PYTENSOR_FLAGS"
    code = f"import os, mnist_draw, theano\nprint(theano.config.floatX, os.environ['{variable}'])"
    assert run_python(code, **{variable: "floatX=float64"}) == "float64 floatX=float64"


LINKER = (
    "x = theano.tensor.matrix(); f = theano.function([x], (x * 2).sum(axis=0));"
    "print(type(f.maker.linker).__name__, f([[1, 2], [3, 4]]).tolist())"
)


@on_pytensor
@pytest.mark.process
def test_without_a_mode_functions_are_fast_ones() -> None:
    assert run_python(f"import mnist_draw, theano\n{LINKER}") == "NativeLinker [8.0, 12.0]"


@on_pytensor
@pytest.mark.parametrize(
    ("flags", "then"),
    [
        ("linker=py", ""),
        ("mode=FAST_COMPILE", ""),
        ("", "theano.config.mode = 'FAST_COMPILE'"),
        ("", "theano.config.linker = 'py'"),
    ],
)
@pytest.mark.process
def test_a_mode_that_the_user_has_chosen_counts(flags: str, then: str) -> None:
    out = run_python(f"import mnist_draw, theano\n{then}\n{LINKER}", PYTENSOR_FLAGS=flags)
    linker, _, result = out.partition(" ")
    assert linker in ("PerformLinker", "VMLinker")
    assert result == "[8.0, 12.0]"


@on_pytensor
@pytest.mark.process
def test_floatX_is_as_the_user_has_set_it() -> None:
    code = "import mnist_draw, theano\ntheano.config.floatX = 'float64'\n"
    kind = "print(theano.function([], theano.tensor.zeros((2,)))().dtype)"
    assert run_python(code + kind) == "float64"
    assert run_python(f"import mnist_draw, theano\n{kind}") == "float32"


def test_a_function_of_many_shapes_stays_right() -> None:
    import theano
    import theano.tensor as T

    x = T.matrix("x")
    total = theano.function([x], x.sum(axis=0))
    for rows in range(1, 40):
        np.testing.assert_allclose(total(np.ones((rows, 3), "float32")), [rows] * 3)


def test_downsample_is_there_on_both_engines() -> None:
    from theano.tensor.signal.downsample import max_pool_2d

    assert callable(max_pool_2d)


def test_a_training_step_of_lasagne_lowers_the_loss() -> None:
    import lasagne
    import theano
    import theano.tensor as T

    rng = np.random.default_rng(3)
    x, y = T.matrix("x"), T.ivector("y")
    layer = lasagne.layers.InputLayer((None, 6), x)
    layer = lasagne.layers.DropoutLayer(layer, 0.1)
    layer = lasagne.layers.DenseLayer(layer, 3, nonlinearity=lasagne.nonlinearities.softmax)
    out = lasagne.layers.get_output(layer)
    loss = lasagne.objectives.categorical_crossentropy(out, y).mean()
    parameters = lasagne.layers.get_all_params(layer)
    step = theano.function([x, y], loss, updates=lasagne.updates.rmsprop(loss, parameters, 0.05))
    inputs = rng.normal(size=(30, 6)).astype("float32")
    classes = inputs[:, :3].argmax(axis=1).astype("int32")
    losses = [float(step(inputs, classes)) for _ in range(40)]
    assert losses[-1] < 0.6 * losses[0]


TRAIN = """
import sys
import numpy as np
import mnist_draw
import lasagne
from mnist_draw.training import functions
from mnist_draw.training.settings import TrainingSettings
network = mnist_draw.build_mlp()
train = functions.compile_train(network, TrainingSettings()).train
train(np.zeros((5, 1, 28, 28), np.uint8), np.zeros(5, np.int32))
assert "numba" not in sys.modules
"""

BY_NUMBA = """
import numpy as np
import mnist_draw
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.signal.pool import pool_2d
pictures, filters = T.tensor4("pictures"), T.tensor4("filters")
pooled = pool_2d(T.nnet.conv2d(pictures, filters), (2, 2), ignore_border=True)
slope = T.grad((pooled**2).sum(), pictures)
outputs = [pooled, slope, T.grad((slope**2).sum(), filters)]
random = np.random.default_rng(3)
given = [random.random(shape, "float32") for shape in ((2, 1, 6, 6), (3, 1, 3, 3))]
found, expected = (
    theano.function([pictures, filters], outputs, mode=theano.Mode(linker=linker))(*given)
    for linker in ("numba", "py")
)
for one, other in zip(found, expected, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4)
numbers = theano.function([], MRG_RandomStreams(5).uniform((2, 3)), mode="NUMBA")()
assert ((0 <= numbers) & (numbers < 1)).all(), numbers
"""


@on_pytensor
@pytest.mark.slow
@pytest.mark.parametrize("code", [TRAIN, BY_NUMBA], ids=["not imported", "told when imported"])
@pytest.mark.process
def test_numba_is_imported_on_demand_and_then_knows_our_operations(code: str) -> None:
    run_python(code, "-W", "error")


@pytest.mark.process
def test_a_folder_named_theano_beside_a_script_is_no_theano(tmp_path: Path) -> None:
    (tmp_path / "theano").mkdir()
    code = "import mnist_draw, theano, lasagne\nprint(callable(theano.function))"
    assert run_python(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") == "True"


@on_pytensor
@pytest.mark.process
def test_threads_that_compile_at_once_leave_the_settings_alone() -> None:
    code = (
        "import sys, threading, mnist_draw, theano, theano.tensor as T\n"
        "sys.setswitchinterval(1e-5)\n"
        "before = theano.config.mode, theano.config.traceback__limit\n"
        "def compile_some(first):\n"
        "    for number in range(first, first + 12):\n"
        "        x = T.vector()\n"
        "        theano.function([x], T.exp(x * number).sum())\n"
        "threads = [threading.Thread(target=compile_some, args=(20 * n,)) for n in range(4)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "assert (theano.config.mode, theano.config.traceback__limit) == before\n"
    )
    run_python(code)
