"""The names of Theano: modules that are others under Theano's name, and words for what is missing.

What is missing raises what Python code probes for: ``ImportError`` where it is imported,
``AttributeError`` where it is looked up.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from functools import cache, partial
from importlib.abc import Loader
from types import ModuleType
from typing import Any

_BRIDGE = "mnist_draw.theano_bridge"

#: Modules of Theano that differ from their counterparts, each a file in ``pytensor_names`` -> where
#: the names are that it does not define.
FILES: dict[str, tuple[str, ...]] = {
    "theano": (
        "theano.scan_module",
        "theano.gof",
        "theano.compile",
        "theano.gradient",
        "theano.printing",
    ),
    "theano.compile": ("pytensor.compile",),
    "theano.gof": ("pytensor.graph", "pytensor.graph.utils"),
    "theano.gradient": ("pytensor.gradient",),
    "theano.scan_module": (),
    "theano.tensor": (
        "pytensor.tensor",
        *(
            f"pytensor.tensor.{name}"
            for name in (
                "elemwise",
                "math",
                "shape",
                "sharedvar",
                "subtensor",
                "type",
                "basic",
            )
        ),
    ),
    "theano.tensor.nnet": (),
    "theano.tensor.signal.downsample": (),
}

_GPU_MODULES = (
    "misc.pycuda_init",
    *(
        f"{card}{part}"
        for card in ("gpuarray", "sandbox.cuda", "sandbox.gpuarray")
        for part in (
            "",
            ".basic_ops",
            ".blas",
            ".cuda_ndarray",
            ".cuda_ndarray.cuda_ndarray",
            ".dnn",
            ".rng_curand",
            ".subtensor",
            ".type",
        )
    ),
)

_SAME = (
    "configparser",
    "printing",
    "scalar",
    "scalar.basic",
    "tensor.blas",
    "tensor.elemwise",
    "tensor.extra_ops",
    "tensor.fft",
    "tensor.sharedvar",
    "tensor.sort",
    "tensor.subtensor",
    "tensor.type",
    "tensor.utils",
    "typed_list",
)

_CONVOLUTION = (
    "theano.sandbox.neighbours",
    "theano.tensor.nnet.abstract_conv",
    "theano.tensor.nnet.conv",
    "theano.tensor.nnet.neighbours",
)
_LINALG = ("sandbox.linalg", "sandbox.linalg.ops", "tensor.nlinalg", "tensor.slinalg")
_SPARSE = ("theano.sparse", "theano.sparse.basic")

#: Module of Theano -> the modules whose names it has; the first that has a name answers.
HOMES: dict[str, tuple[str, ...]] = {
    **{f"theano.{name}": (f"{_BRIDGE}.gpu_names",) for name in _GPU_MODULES},
    **{f"theano.{name}": (f"pytensor.{name}",) for name in _SAME},
    **dict.fromkeys(_SPARSE, ("pytensor.sparse", "pytensor.sparse.variable")),
    **{
        f"theano.compile.{name}": ("theano.compile", f"pytensor.compile.{name}")
        for name in ("builders", "io", "mode", "ops", "sharedvalue")
    },
    **{
        f"theano.compile.{name}": (f"pytensor.compile.debug.{name}",)
        for name in ("debugmode", "nanguardmode", "profiling")
    },
    "theano.compile.monitormode": ("theano.compile", "pytensor.compile.debug.monitormode"),
    **dict.fromkeys(("theano.compat", "theano.compat.python2x"), ("collections",)),
    "theano.compile.function_module": ("theano.compile", "pytensor.compile.io"),
    "theano.compile.pfunc": ("theano.compile", "pytensor.compile.rebuild"),
    "theano.gof.fg": ("theano.gof", "pytensor.graph.fg", "pytensor.graph.utils"),
    "theano.gof.graph": ("theano.gof", "pytensor.graph.traversal", "pytensor.graph.basic"),
    "theano.gof.link": ("pytensor.link.basic", "pytensor.link.utils"),
    "theano.gof.op": (f"{_BRIDGE}.test_values", "theano.gof", "pytensor.graph.op"),
    "theano.gof.opt": ("theano.gof", "pytensor.graph.rewriting.basic"),
    "theano.gof.toolbox": ("pytensor.graph.features",),
    "theano.gof.type": ("pytensor.graph.type", "pytensor.link.c.type"),
    "theano.gof.utils": ("pytensor.graph.utils",),
    "theano.ifelse": (f"{_BRIDGE}.interpreter",),
    **dict.fromkeys(("theano.misc", "theano.sandbox"), ()),
    "theano.sandbox.rng_mrg": (f"{_BRIDGE}.random_streams",),
    "theano.scan_module.scan_op": ("pytensor.scan.op",),
    "theano.scan_module.scan_utils": ("theano.scan_module", "pytensor.scan.utils"),
    "theano.tensor.basic": ("theano.tensor",),
    "theano.tensor.gradient": ("theano.gradient",),
    **{f"theano.{name}": ("pytensor.tensor.linalg",) for name in _LINALG},
    **dict.fromkeys(_CONVOLUTION, (f"{_BRIDGE}.abstract_conv",)),
    **{f"theano.tensor.nnet.{name}": ("theano.tensor.nnet",) for name in ("bn", "nnet", "sigm")},
    "theano.tensor.opt": ("pytensor.tensor.rewriting.basic",),
    "theano.tensor.raw_random": ("pytensor.tensor.random.basic",),
    "theano.tensor.shared_randomstreams": (f"{_BRIDGE}.random_streams",),
    "theano.tensor.signal": (),
    "theano.tensor.signal.conv": (),
    "theano.tensor.signal.pool": (f"{_BRIDGE}.pooling",),
    "theano.tensor.var": (f"{_BRIDGE}.instance_checks", "pytensor.tensor.variable"),
    "theano.updates": ("theano.scan_module",),
    "theano.version": (),
}

#: Name of Theano -> where it is, as ``module:name``, where no rule above gives it.
ALIASES = {
    "theano._asarray": "numpy:asarray",
    "theano.compat.PY3": "builtins:True",
    "theano.compat.imap": "builtins:map",
    "theano.compat.izip": "builtins:zip",
    "theano.compile.pfunc": "theano.compile:function",
    "theano.TensorType": "theano.tensor:TensorType",
    "theano.TensorVariable": "theano.tensor:TensorVariable",
    "theano.change_flags": f"{_BRIDGE}.settings:change_flags",
    "theano.configparser.change_flags": f"{_BRIDGE}.settings:change_flags",
    "theano.dot": "theano.tensor:dot",
    "theano.get_scalar_constant_value": "theano.tensor:get_scalar_constant_value",
    "theano.gof.EquilibriumOptimizer": "pytensor.graph.rewriting.basic:EquilibriumGraphRewriter",
    "theano.gof.LocalOptimizer": "pytensor.graph.rewriting.basic:NodeRewriter",
    "theano.gof.Optimizer": "pytensor.graph.rewriting.basic:GraphRewriter",
    "theano.gof.PatternSub": "pytensor.graph.rewriting.basic:PatternNodeRewriter",
    "theano.gof.Query": "pytensor.graph.rewriting.db:RewriteDatabaseQuery",
    "theano.gof.OpSub": "pytensor.graph.rewriting.basic:SubstitutionNodeRewriter",
    "theano.gof.TopoOptimizer": "pytensor.graph.rewriting.basic:WalkingGraphRewriter",
    "theano.gradient.format_as": "pytensor.gradient:as_list_or_tuple",
    "theano.tensor.signal.pool.Pool": f"{_BRIDGE}.pooling:Pool2D",
    "theano.sparse.SparseType": "pytensor.sparse:SparseTensorType",
    "theano.tensor.hashtype": "theano.gof:hashtype",
    "theano.tensor.Tensor": "pytensor.tensor.type:TensorType",
    **dict.fromkeys(("theano.tensor.shared", "theano.tensor._shared"), "theano.compile:shared"),
    "theano.tensor.scal": "pytensor:scalar",
    "theano.tensor.extra_ops.to_one_hot": "theano.tensor:to_one_hot",
    **{
        f"theano.tensor.{name}": f"theano.gradient:{name}"
        for name in (
            "Lop",
            "Rop",
            "consider_constant",
            "grad_not_implemented",
            "verify_grad",
        )
    },
    "theano.tensor.nlinalg.diag": "theano.tensor:diag",
    "theano.tensor.nlinalg.extract_diag": "theano.tensor:diagonal",
    "theano.tensor.nlinalg.MatrixPinv": "theano.tensor:MatrixPinv",
    "theano.tensor.opt.Canonizer": "pytensor.tensor.rewriting.math:AlgebraicCanonizer",
    "theano.tensor.matrix_dot": "pytensor.tensor.linalg:matrix_dot",
    **{
        f"theano.tensor.nnet.{name}": f"{_BRIDGE}.abstract_conv:{name}"
        for name in ("conv2d_transpose", "separable_conv2d")
    },
    "theano.tensor.nnet.abstract_conv2d": f"{_BRIDGE}.abstract_conv:conv2d",
    "theano.tensor.nnet.softmax_graph": "theano.tensor.nnet:softmax",
    "theano.tensor.nnet.Softmax": "pytensor.tensor.special:Softmax",
    "theano.tensor.signal.conv.conv2d": f"{_BRIDGE}.abstract_conv:signal_conv2d",
    **{f"theano.version.{kind}version": "theano:__version__" for kind in ("", "full_", "short_")},
}


@cache
def tell_once(notice: str) -> None:
    """Print a sentence on the terminal, the first time that it is told."""
    print(notice, file=sys.stderr, flush=True)


class AliasLoader(Loader):
    """Makes a module that looks up all its names in others."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its look-up."""
        homes = map(importlib.import_module, HOMES[module.__name__])
        names = {name for home in homes for name in vars(home) if not name.startswith("_")}
        vars(module).update(__all__=sorted(names), __getattr__=partial(look_up, module.__name__))


class FileLoader(importlib.machinery.SourceFileLoader):
    """Executes a file of ``pytensor_names``, which looks up what it does not define."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its look-up, and execute it."""
        vars(module).update(__getattr__=partial(look_up, module.__name__))
        super().exec_module(module)


def look_up(module: str, name: str) -> Any:
    """Return a submodule of the tables, or what the first home with that name has."""
    full = f"{module}.{name}"
    if not name.startswith("__"):
        if full in ALIASES:
            place, _, attribute = ALIASES[full].partition(":")
            return getattr(importlib.import_module(place), attribute)
        if full in HOMES or full in FILES:
            return importlib.import_module(full)
        for home in map(importlib.import_module, (HOMES | FILES)[module]):
            if hasattr(home, name):
                return getattr(home, name)
    raise AttributeError(sentence(full))


#: Dotted prefix of a name -> what to do instead. The longest prefix that fits counts.
INSTEAD: dict[str, str] = {
    "theano.tensor.nnet.Conv3D": "use theano.tensor.nnet.conv3d",
    "theano.tensor.nnet.corr": "use theano.tensor.nnet.conv2d(filter_flip=False)",
    "theano.tensor.nnet.ctc": "there is no connectionist temporal classification",
    "theano.tensor.nnet.blocksparse": "use theano.tensor.dot",
    "theano.gof.compiledir": "the folder of compiled functions is theano.config.compiledir",
    "theano.d3viz": "use theano.printing.debugprint",
}


def sentence(name: str) -> str:
    """What is missing and what to do instead, for the dotted `name`."""
    prefix = name
    while prefix:
        if prefix in INSTEAD:
            return f"{name} is not carried by mnist_draw's Theano bridge: {INSTEAD[prefix]}."
        prefix = prefix.rpartition(".")[0]
    return (
        f"{name} is not carried by mnist_draw's Theano bridge to PyTensor. Install"
        " Theano 1.0.5 to use it (see benchmarks/requirements-theano.txt)."
    )
