"""How functions are compiled: modes for either engine, one thread at a time, fixed shapes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from mnist_draw.theano_bridge.finder import installed_theano

#: Each set of shapes costs some tenths of a second. A function that meets more of them, such as one
#: of sentences of any length, is better off interpreted.
_MAX_SHAPES = 24
#: Rewrites of PyTensor that take a fifth of its time and find nothing in networks of layers, with
#: any of the program's update rules, activations and kinds of layers.
_NEVER_NEEDED = (
    "useless_symmetric_transpose",
    "local_greedy_distributor",
    "local_add_of_sparse_write",
    "local_elemwise_alloc",
    "local_abs_merge",
    "extract_diag_lift_pass",
)


def fast_mode() -> Any:
    """Return the mode for functions that are called thousands of times."""
    if installed_theano():
        return None
    import theano

    from mnist_draw.theano_bridge.native.linker import NativeLinker

    return theano.Mode(linker=NativeLinker(), optimizer="fast_run").excluding(*_NEVER_NEEDED)


def linker_of_programs() -> Any:
    """Return the linker for functions of which nothing is known."""
    from mnist_draw.theano_bridge.native.linker import NativeLinker

    return NativeLinker(_MAX_SHAPES)


def use_fast_mode_by_default() -> None:
    """Let ``theano.function`` compile as `fast_mode` does where the user has chosen no mode."""
    from pytensor import config
    from pytensor.compile import mode as modes
    from theano.compile import COMPILED_LINKERS, Mode

    is_default = {name: setting.is_default for name, setting in config._config_var_dict.items()}
    compiled = is_default["linker"] or config.linker in COMPILED_LINKERS
    if compiled and (is_default["mode"] or config.mode in ("Mode", "FAST_RUN")):
        optimizer = "fast_run" if is_default["optimizer"] else config.optimizer
        mode = Mode(linker=linker_of_programs(), optimizer=optimizer)
        # PyTensor keeps the default mode under the linker's name: another linker is another mode.
        modes._CACHED_RUNTIME_MODES["MODE", config.linker] = mode
        modes.predefined_modes["FAST_RUN"] = mode


def quick_mode() -> Any:
    """Return the mode for functions that must be ready at once."""
    if not installed_theano():
        return fast_mode()
    import theano

    return theano.Mode(linker="py", optimizer="fast_compile")


_lock = threading.RLock()


def one_at_a_time(compile_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, in one thread after the other."""

    @wraps(compile_function)
    def locked(*arguments: Any, **named: Any) -> Any:
        with _lock:
            return compile_function(*arguments, **named)

    return locked


_FIXED: ContextVar[bool] = ContextVar("mnist_draw_fixed_shapes", default=False)


@contextmanager
def fixed_shapes() -> Iterator[None]:
    """Within this context, ``theano.shared(array)`` fixes the shape of its variable.

    ``set_value`` with an array of another shape then raises ``TypeError``. With the real
    Theano the context changes nothing.
    """
    token = _FIXED.set(True)
    try:
        yield
    finally:
        _FIXED.reset(token)


def shape_is_fixed() -> bool:
    """Whether the calling context has asked for fixed shapes."""
    return _FIXED.get()
