"""Settings of ``theano.config`` that PyTensor lacks, kept as they are set, and Theano's flags.

Theano groups settings by points (``config.dnn.enabled``), PyTensor by two underlines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytensor import config
from pytensor.configparser import ConfigParam

from mnist_draw.theano_bridge.environment import theanos_flags
from mnist_draw.theano_bridge.names import tell_once

#: Setting -> what it is before it is set. Those of PyTensor are not among them.
KEPT: dict[str, Any] = {
    "compute_test_value": "off",
    "force_device": False,
    "int_division": "int",
    "print_active_device": True,
    "reoptimize_unpickled_function": False,
    "dnn.enabled": "False",
    "dnn.conv.algo_bwd": "none",
    "dnn.conv.algo_bwd_filter": "none",
    "dnn.conv.algo_fwd": "small",
    "gpuarray.preallocate": 0,
    "lib.cnmem": 0.0,
    "nvcc.fastmath": False,
    "scan.debug": False,
    "warn.ignore_bug_before": "0.9",
}


class Section:
    """Settings after a point: PyTensor's where it has one of the name, else kept here."""

    def __init__(self, name: str) -> None:
        vars(self)["_name"] = name

    def __getattr__(self, name: str) -> Any:
        full = f"{self._name}__{name}"
        if full not in config._config_var_dict:
            raise AttributeError(f"theano.config.{self._name}.{name} is not known here.")
        return getattr(config, full)

    def __setattr__(self, name: str, value: Any) -> None:
        full = f"{self._name}__{name}"
        if full in config._config_var_dict and config._config_var_dict[full].mutable:
            setattr(config, full, value)
        else:
            vars(self)[name] = value


@contextmanager
def change_flags(**flags: Any) -> Iterator[None]:
    """Set settings within a context, or while a function runs."""
    before = {name: getattr(config, name) for name in flags}
    try:
        for name, value in flags.items():
            setattr(config, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)


def _only_the_cpu(device: str) -> str:
    if not device.startswith("cpu"):
        tell_once(f"The device {device} is asked for: the CPU computes instead.")
    return "cpu"


def add_theanos_settings() -> None:
    """Give ``config`` what Theano's has besides."""
    if not hasattr(config, "device"):
        device = ConfigParam("cpu", apply=_only_the_cpu)
        config.add("device", "The device that computes.", device, in_c_key=False)
    for name in ("DebugMode", "blas", "cmodule", "compile", "gcc", "profiling", "tensor", "vm"):
        setattr(config, name, Section(name))
    for setting, value in KEPT.items():
        _keep(setting, value)
    for setting, text in theanos_flags().items():
        _take(setting, text)


def _keep(setting: str, value: Any, anew: bool = False) -> None:
    *sections, name = setting.split(".")
    owner: Any = config
    for depth, section in enumerate(sections, 1):
        if section not in vars(owner):
            setattr(owner, section, Section("__".join(sections[:depth])))
        owner = vars(owner)[section]
    if anew or not hasattr(owner, name):
        setattr(owner, name, value)


def _take(setting: str, text: str) -> None:
    """Set what a flag of Theano says, unless PyTensor is told otherwise or cannot change it."""
    known = config._config_var_dict.get(setting.replace(".", "__"))
    if known is None:
        _keep(setting, text, anew=True)
        if setting not in ("compute_test_value", "force_device"):
            tell_once(f"Theano's flag {setting}={text} has no effect here.")
    elif setting == "floatX" or (known.is_default and (known.mutable or setting == "optimizer")):
        try:
            known.val = known.apply(text)
            known.is_default = False
        except ValueError as error:
            tell_once(f"Theano's flag {setting}={text} has no effect here. {error}")
