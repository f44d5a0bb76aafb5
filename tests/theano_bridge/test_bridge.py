"""The bridge from ``import theano`` to an engine, and Theano's spellings upon PyTensor."""

import importlib
import operator
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T

from mnist_draw import theano_bridge
from mnist_draw.theano_bridge import fixed_shapes, names

ROOT = Path(__file__).parents[2]
REAL = theano_bridge.installed_theano()
on_pytensor = pytest.mark.skipif(REAL, reason="about PyTensor")


def run_python(code, *flags, **environment):
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
def test_install_imports_no_engine_and_only_once():
    out = run_python(
        "import sys; from mnist_draw.theano_bridge import install, engine\n"
        "before = len(sys.meta_path); install(); install(); engine()\n"
        "print(len(sys.meta_path) - before, [n for n in sys.modules if n.split('.')[0]"
        " in ('theano', 'pytensor', 'numba', 'numpy', 'lasagne')])",
    )
    assert out == "0 []"


def test_engine_names_what_theano_is():
    expected = "Theano 1.0.5" if REAL else f"PyTensor {metadata.version('pytensor')}"
    assert theano_bridge.engine() == expected


@on_pytensor
@pytest.mark.process
def test_a_theano_that_does_not_run_on_this_numpy_is_not_used(tmp_path):
    (tmp_path / "theano").mkdir()
    (tmp_path / "theano/__init__.py").write_text("raise SystemExit('the real one')")
    out = run_python(
        f"import contextlib, io, sys; sys.path.insert(0, {str(tmp_path)!r}); import mnist_draw\n"
        "from mnist_draw.cli import main\n"
        "with contextlib.redirect_stderr(io.StringIO()) as said: import theano.tensor as T\n"
        "print(said.getvalue(), T.matrix().ndim); main(['doctor'])",
    )
    assert "NumPy 1.24" in out.partition("\n")[0]
    assert any("Theano" in line and "1.24" in line for line in out.splitlines()[2:])


@pytest.mark.slow
@on_pytensor  # Theano 1.0.5 itself warns under this Python.
@pytest.mark.process
def test_importing_theano_and_lasagne_is_silent_even_where_warnings_are_errors():
    out = run_python(
        "import mnist_draw, theano, lasagne, sys\n"
        "print(theano.config.floatX, theano.config.device, lasagne.__version__,"
        " 'pkg_resources' in sys.modules)",
        "-W", "error",
    )  # fmt: skip
    assert out == "float32 cpu 0.1 False"


@on_pytensor
@pytest.mark.process
@pytest.mark.parametrize(("flags", "place"), [("", "cache"), ("base_compiledir={}", "chosen")])
def test_compiled_functions_are_kept_in_the_programs_cache_unless_told_otherwise(
    flags,
    place,
    tmp_path,
):
    code = "import mnist_draw, theano; print(theano.config.compiledir)"
    flags = flags.format(tmp_path / place)
    found = run_python(code, MNIST_DRAW_HOME=str(tmp_path), PYTENSOR_FLAGS=flags)
    assert Path(found).is_relative_to(tmp_path / place)


@pytest.mark.slow
@on_pytensor
@pytest.mark.process
def test_no_file_is_left_among_the_temporary_ones(tmp_path):
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
def test_the_flags_of_the_user_are_left_alone():
    variable = "THEANO_FLAGS" if REAL else "PYTENSOR_FLAGS"
    code = f"import os, mnist_draw, theano\nprint(theano.config.floatX, os.environ['{variable}'])"
    assert run_python(code, **{variable: "floatX=float64"}) == "float64 floatX=float64"


LINKER = (
    "x = theano.tensor.matrix(); f = theano.function([x], (x * 2).sum(axis=0));"
    "print(type(f.maker.linker).__name__, f([[1, 2], [3, 4]]).tolist())"
)


@pytest.mark.slow
@on_pytensor
@pytest.mark.parametrize(
    ("flags", "then", "linkers"),
    [
        ("", "", ["NativeLinker"]),
        ("linker=py", "", ["PerformLinker", "VMLinker"]),
        ("mode=FAST_COMPILE", "", ["PerformLinker", "VMLinker"]),
        ("", "theano.config.linker = 'py'", ["PerformLinker", "VMLinker"]),
    ],
)
@pytest.mark.process
def test_functions_are_fast_ones_unless_the_user_has_chosen_a_mode(flags, then, linkers):
    out = run_python(f"import mnist_draw, theano\n{then}\n{LINKER}", PYTENSOR_FLAGS=flags)
    linker, _, result = out.partition(" ")
    assert linker in linkers
    assert result == "[8.0, 12.0]"


@pytest.mark.slow
@on_pytensor
@pytest.mark.parametrize(
    ("flags", "shown", "linker", "told"),
    [
        ("floatX=float64", "float64 o4 off", "NativeLinker", ""),
        ("mode=FAST_RUN,device=cuda0", "float32 o4 off", "NativeLinker", "cuda0"),
        ("compute_test_value=ignore", "float32 o4 ignore", "NativeLinker", ""),
        ("optimizer=fast_compile", "float32 fast_compile off", "NativeLinker", ""),
        ("linker=py,lib.cnmem=0.8", "float32 o4 off", "PerformLinker", "lib.cnmem=0.8"),
        ("optimizer=none", "float32 o4 off", "NativeLinker", "optimizer=none"),
    ],
)
@pytest.mark.process
def test_flags_of_theano_are_taken_and_those_without_effect_are_told(flags, shown, linker, told):
    code = (
        "import sys, mnist_draw; sys.stderr = sys.stdout; import theano; c = theano.config\n"
        f"print(c.floatX, c.optimizer, c.compute_test_value)\n{LINKER}"
    )
    *notices, settings, result = run_python(code, THEANO_FLAGS=flags).splitlines()
    assert (settings, result.partition(" ")[0]) == (shown, linker)
    assert [told in notice for notice in notices] == [True] * bool(told)


@pytest.mark.slow
@on_pytensor
@pytest.mark.process
def test_floatX_is_as_the_user_has_set_it():
    kind = "print(theano.function([], theano.tensor.zeros((2,)))().dtype)"
    code = f"import mnist_draw, theano\n{kind}\ntheano.config.floatX = 'float64'\n{kind}"
    assert run_python(code).split() == ["float32", "float64"]


def test_a_function_of_many_shapes_stays_right():
    x = T.matrix("x")
    total = theano.function([x], x.sum(axis=0))
    # More than there are plans, and the first one again.
    for rows in (*range(1, 12), 1):
        np.testing.assert_allclose(total(np.ones((rows, 3), "float32")), [rows] * 3)


TRAIN = """
import sys
import numpy as np
import mnist_draw
from mnist_draw.training import functions
from mnist_draw.training.settings import TrainingSettings
network = mnist_draw.build_mlp()
train = functions.compile_train(network, TrainingSettings()).train
train(np.zeros((5, 1, 28, 28), np.uint8), np.zeros(5, np.int32), np.arange(5))
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
def test_numba_is_imported_on_demand_and_then_knows_our_operations(code):
    run_python(code, "-W", "error", "-W", "ignore:Numba will use object mode")


@pytest.mark.slow
@pytest.mark.process
def test_a_folder_named_theano_beside_a_script_is_no_theano(tmp_path):
    (tmp_path / "theano").mkdir()
    code = "import mnist_draw, theano, lasagne\nprint(callable(theano.function))"
    assert run_python(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") == "True"


@pytest.mark.slow
@on_pytensor
@pytest.mark.process
def test_threads_that_compile_at_once_leave_the_settings_alone():
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


def value(expression):
    return theano.function([], expression, mode=theano.Mode(linker="py", optimizer=None))()


@on_pytensor
def test_arrays_of_double_precision_are_rounded_to_floatX_and_to_nothing_else():
    x, n, shared = T.vector(), T.ivector(), theano.shared(np.zeros(2, theano.config.floatX))
    total, whole = theano.function([x], x.sum()), theano.function([n], n)
    for given in (np.array([0.1, 0.2]), [0.1, 0.2]):
        np.testing.assert_allclose(total(given), 0.3, rtol=1e-6)
        shared.set_value(given)
    assert shared.get_value().dtype == theano.config.floatX
    with pytest.raises(TypeError):
        whole(np.array([0.1]))


@on_pytensor
def test_a_new_axis_takes_the_place_of_known_ones_after_the_last_index():
    ones, matrix = T.alloc(1.0, T.iscalar(), 1), T.matrix()
    assert ones[:, None].ndim == 2
    assert ones[..., None].ndim == matrix[:, None].ndim == ones[:, :, None].ndim == 3


@on_pytensor
def test_old_spellings_mean_what_they_meant():
    a, b = T.constant(np.arange(6.0).reshape(2, 3)), T.constant(np.ones((2, 3)))
    assert value(T.stack(a, b)).shape == value(T.stack([a, b], axis=0)).shape == (2, 2, 3)
    assert value(T.stack([a, b], axis=2)).shape == (2, 3, 2)
    assert value(T.flatten(T.stack(a, b), outdim=2)).shape == (2, 6)
    assert T.tensor("float32", (False, True)).type.broadcastable == (False, True)
    assert T.patternbroadcast(T.matrix(), (True, False)).broadcastable == (True, False)
    assert value(T.inv(T.constant(4.0))) == 0.25
    assert value(T.abs_(T.constant(-4.0))) == 4.0
    rng = np.random.default_rng(2)
    left, right = rng.random((4, 2, 3)), rng.random((4, 3, 5))
    np.testing.assert_allclose(value(T.batched_dot(left, right)), left @ right, rtol=1e-6)
    product = value(T.batched_tensordot(left, right, [[2], [1]]))
    np.testing.assert_allclose(product, left @ right, rtol=1e-6)
    product = value(T.batched_tensordot(left, rng.random((4, 2, 3))))
    assert product.shape == (4,)
    one_hot = value(T.extra_ops.to_one_hot(T.constant([2, 0]), 3))
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot.dtype == theano.config.floatX


@on_pytensor
def test_activations_and_losses_follow_theanos_formulas():
    x = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    c = T.constant(x)
    nn = T.nnet
    np.testing.assert_allclose(value(nn.relu(c)), np.maximum(x, 0))
    np.testing.assert_allclose(value(nn.relu(c, 0.1)), np.where(x > 0, x, 0.1 * x), rtol=1e-6)
    np.testing.assert_allclose(value(nn.elu(c)), np.where(x > 0, x, np.expm1(x)))
    np.testing.assert_allclose(value(nn.softsign(c)), x / (1 + abs(x)))
    sigmoid = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(value(nn.ultra_fast_sigmoid(c)), sigmoid, atol=0.03)
    np.testing.assert_allclose(value(nn.hard_sigmoid(c)), np.clip(0.2 * x + 0.5, 0, 1), rtol=1e-6)
    softmax = value(nn.softmax(c))
    assert softmax.shape == (1, 5)
    np.testing.assert_allclose(value(nn.logsoftmax(c)), np.log(softmax))
    p = np.array([[0.1, 0.9], [0.6, 0.4]])
    by_class = value(nn.categorical_crossentropy(T.constant(p), T.constant([1, 0])))
    by_share = value(nn.categorical_crossentropy(T.constant(p), T.constant([[0.0, 1], [1, 0]])))
    np.testing.assert_allclose(by_class, -np.log([0.9, 0.6]))
    np.testing.assert_allclose(by_share, by_class)
    with pytest.raises(TypeError, match="integers"):
        nn.categorical_crossentropy(T.matrix(), T.vector())


def test_parameters_are_no_expressions_and_may_change_their_shape_unless_it_is_fixed():
    free = theano.shared(np.ones((2, 3)))
    assert isinstance(T.vector(), T.TensorVariable)
    assert not isinstance(free, T.TensorVariable)
    assert not isinstance(T.constant(1.0), T.TensorVariable)
    assert isinstance(free, theano.Variable)
    assert isinstance(free, theano.compile.SharedVariable)
    free.set_value(np.ones((4, 5)))
    assert free.get_value().shape == (4, 5)
    with fixed_shapes():
        fixed = theano.shared(np.ones((2, 1, 3)))
    if not REAL:
        assert fixed.type.shape == (2, None, 3)
        with pytest.raises(TypeError):
            fixed.set_value(np.ones((4, 1, 3)))


def test_scans_jacobians_and_graphs_are_as_in_theano():
    py = theano.Mode(linker="py")
    n = T.iscalar()
    outputs, updates = theano.scan(
        lambda before: before * 2,
        outputs_info=[T.constant(np.float64(1))],
        n_steps=n,
    )
    assert isinstance(updates, dict)
    assert theano.function([n], outputs, updates=updates, mode=py)(4).tolist() == [2, 4, 8, 16]
    x, v = T.dvector(), T.dvector()
    products = [theano.gradient.Lop(x**2, x, v), theano.gradient.Rop(x**2, x, v)]
    for product in theano.function([x, v], products, mode=py)(np.arange(3.0), np.ones(3)):
        np.testing.assert_allclose(product, 2 * np.arange(3.0))


@on_pytensor
def test_every_compiled_linker_of_theano_is_the_native_one():
    for linker in ("cvm", "c|py", "c", "vm", None, "numba"):
        mode = theano.Mode(linker=linker, optimizer="fast_run")
        kind = "NumbaLinker" if linker == "numba" else "NativeLinker"
        assert type(mode.linker).__name__ == kind
        assert isinstance(mode.including("fusion"), type(mode))


@on_pytensor
@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("theano.d3viz", "debugprint"),
        ("theano.d3viz.d3viz", "debugprint"),
        ("theano.tensor.nnet.corr", "filter_flip"),
        ("theano.nonsense", "Theano 1.0.5"),
    ],
)
def test_importing_what_is_not_carried_says_so(name, instead):
    with pytest.raises(ImportError, match=instead) as refusal:
        importlib.import_module(name)
    assert name.removesuffix(".d3viz") in str(refusal.value)


@on_pytensor
def test_from_imports_of_what_is_not_carried_keep_the_sentence():
    assert not hasattr(theano, "d3viz")
    with pytest.raises(ImportError, match=r"theano\.d3viz is not carried.*debugprint"):
        from theano import d3viz  # noqa: F401
    with pytest.raises(ImportError, match=r"ctc is not carried.*connectionist"):
        from theano.tensor.nnet import ctc  # noqa: F401


@on_pytensor
@pytest.mark.parametrize(
    "path",
    ["d3viz", "compile.x", "gof.x", "gradient.x", "printing.x", "sandbox.mkl", "tensor.x",
     "scan_module.scan_utils.x", "tensor.nnet.ctc", "tensor.signal.x", "tensor.elemwise.x"],
)  # fmt: skip
def test_looking_up_what_is_not_carried_says_so(path):
    with pytest.raises(AttributeError, match=r"theano[\w.]* is not carried by mnist_draw"):
        operator.attrgetter(path)(theano)


@on_pytensor
@pytest.mark.parametrize("name", names.HOMES)
def test_a_module_under_another_name_has_its_names_and_no_others(name):
    module, elsewhere = importlib.import_module(name), {**names.HOMES, **names.ALIASES}
    for home in map(importlib.import_module, names.HOMES[name][:1]):
        for each in vars(home):
            if not each.startswith("_") and f"{name}.{each}" not in elsewhere:
                assert getattr(module, each) is getattr(home, each)
    with pytest.raises(AttributeError, match=f"{name}.nonsense is not carried"):
        _ = module.nonsense
