# ruff: noqa: F822  # Most of __all__ is looked up.
"""``theano`` on PyTensor.

``config`` is PyTensor's with Theano's settings added; ``function`` uses the program's linker where
no mode is chosen (`mnist_draw.theano_bridge.modes`).
"""

from __future__ import annotations

import sys

from pytensor import config

if config.floatX == "float64" and config._config_var_dict["floatX"].is_default:
    # PyTensor was imported before the bridge could set its flags.
    config.floatX = "float32"

from theano import gof, compile, tensor, gradient, printing, scan_module  # isort: skip
from theano import ifelse, sandbox, scalar, updates  # isort: skip

from mnist_draw.theano_bridge.instance_checks import follow_theano
from mnist_draw.theano_bridge.interpreter import vectorise_interpreter
from mnist_draw.theano_bridge.loops import change_loops
from mnist_draw.theano_bridge.modes import use_fast_mode_by_default
from mnist_draw.theano_bridge.pytensor_hooks import remove_generated_source_at_exit
from mnist_draw.theano_bridge.settings import add_theanos_settings
from mnist_draw.theano_bridge.test_values import compute_test_values

add_theanos_settings()
follow_theano()
use_fast_mode_by_default()
compute_test_values()
vectorise_interpreter()
change_loops()
remove_generated_source_at_exit()

__version__ = "1.0.5"
"""The version of Theano whose names and numbers these modules carry."""

__all__ = [
    "Apply",
    "Constant",
    "In",
    "Lop",
    "Mode",
    "Op",
    "OpFromGraph",
    "OrderedUpdates",
    "Out",
    "Param",
    "Rop",
    "SharedVariable",
    "TensorType",
    "TensorVariable",
    "Type",
    "Variable",
    "as_op",
    "clone",
    "compile",
    "config",
    "dot",
    "foldl",
    "foldr",
    "function",
    "generic",
    "gof",
    "grad",
    "gradient",
    "ifelse",
    "map",
    "pp",
    "predefined_modes",
    "printing",
    "reduce",
    "sandbox",
    "scalar",
    "scan",
    "scan_module",
    "shared",
    "shared_constructor",
    "subgraph_grad",
    "tensor",
    "updates",
]

theano = sys.modules[__name__]
