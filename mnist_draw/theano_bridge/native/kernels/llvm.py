"""From LLVM's assembly to machine code in memory."""

from __future__ import annotations

import ctypes
import re
import sys
import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from mnist_draw.theano_bridge.native.kernels.emitter import Function

_lock = threading.Lock()
#: Engines own the machine code; they live as long as the program.
_engines: list[Any] = []
_addresses: dict[str, int] = {}


def addresses_of(functions: Iterable[Function]) -> dict[str, int]:
    """Compile functions that are not compiled yet, in one go.

    Returns
    -------
    dict of str to int
        The address of each, by name.
    """
    wanted = {function.name: function for function in functions}
    with _lock:
        missing = [function for name, function in wanted.items() if name not in _addresses]
        if missing:
            declarations = sorted({line for function in missing for line in function.declarations})
            texts = _renumbered([function.text for function in missing])
            _compile("\n".join([*declarations, *texts]), [function.name for function in missing])
        return {name: _addresses[name] for name in wanted}


def _renumbered(texts: list[str]) -> list[str]:
    """Give the metadata of each function (``!#0``, ``!#1``, …) numbers of their own."""
    offset, result = 0, []
    for text in texts:
        numbers = [int(number) for number in re.findall(r"^!#(\d+) =", text, re.MULTILINE)]
        for number in sorted(numbers, reverse=True):
            text = re.sub(rf"!#{number}\b", f"!{number + offset}", text)
        result.append(text)
        offset += len(numbers)
    return result


def _compile(assembly: str, names: list[str]) -> None:
    machine = _machine()
    module = llvm.parse_assembly(assembly)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = True
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    _engines.append(engine)
    for name in names:
        _addresses[name] = engine.get_function_address(name)


@cache
def _machine() -> Any:
    """Describe this processor, once."""
    if hasattr(llvm, "initialize_native_target"):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    _provide_mathematics()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def _provide_mathematics() -> None:
    """Name the C library's functions that compiled code may call, wherever they live."""
    if sys.platform == "win32":
        library = ctypes.CDLL("ucrtbase")
    else:
        library = ctypes.CDLL(None)
    for name in ("pow", "exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "fmod", "erf"):
        for suffix in ("", "f"):
            function = getattr(library, name + suffix, None)
            if function is not None:
                address = ctypes.cast(function, ctypes.c_void_p).value
                llvm.add_symbol(name + suffix, address)
