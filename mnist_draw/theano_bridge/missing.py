"""Words for the names of Theano that have no counterpart on PyTensor.

A name is asked for in two ways: imported (``import theano.sandbox.cuda``) or looked up
(``theano.tensor.nnet.conv3D``). Both end here, so that the answer names what was asked
for and what to use instead. The exceptions stay the ones that Python code probes for:
``ImportError`` for an import, ``AttributeError`` for a look-up.
"""

from __future__ import annotations

from typing import NoReturn

_GPU = "the bridge computes on the CPU only; leave the name out, or use device=cpu"

#: Dotted prefix of a name -> what to do instead. The longest prefix that fits counts.
INSTEAD: dict[str, str] = {
    "theano.sandbox.cuda": _GPU,
    "theano.sandbox.gpuarray": _GPU,
    "theano.gpuarray": _GPU,
    "theano.sandbox.dnn": _GPU,
    "theano.sandbox.mkl": "the default mode already uses the fastest GEMM there is",
    "theano.sandbox.linalg": "use theano.tensor.nlinalg or theano.tensor.slinalg",
    "theano.sandbox.fourier": "use numpy.fft outside of the graph",
    "theano.sandbox.neighbours": "use theano.tensor.nnet.conv2d or theano.tensor.reshape",
    "theano.sandbox.rng_mrg.MRG_RandomStreams.multinomial_wo_replacement": (
        "use MRG_RandomStreams.multinomial"
    ),
    "theano.misc": "theano.misc was never part of the public interface",
    "theano.tests": "use theano.gradient.verify_grad for numerical checks of gradients",
    "theano.tensor.nnet.conv3D": "use theano.tensor.nnet.conv2d over slices",
    "theano.tensor.nnet.conv3d": "use theano.tensor.nnet.conv2d over slices",
    "theano.tensor.nnet.Conv3D": "use theano.tensor.nnet.conv2d over slices",
    "theano.tensor.nnet.corr": "use theano.tensor.nnet.conv2d(filter_flip=False)",
    "theano.tensor.nnet.abstract_conv": "use theano.tensor.nnet.conv2d",
    "theano.tensor.nnet.neighbours": "use theano.tensor.nnet.conv2d",
    "theano.tensor.nnet.ctc": "there is no connectionist temporal classification",
    "theano.tensor.nnet.bn": "write the normalisation with mean, var and sqrt",
    "theano.tensor.nnet.blocksparse": "use theano.tensor.dot",
    "theano.gof.cc": "the bridge compiles with Numba, not with a C compiler",
    "theano.gof.cmodule": "the bridge compiles with Numba, not with a C compiler",
    "theano.gof.compiledir": "the folder of compiled functions is theano.config.compiledir",
    "theano.compile.nanguardmode": "use mode='NanGuardMode' in theano.function",
    "theano.compile.monitormode": "use theano.printing.Print",
    "theano.compile.profiling": "use theano.function(..., profile=True)",
    "theano.compile.sandbox": "the name was removed from Theano",
    "theano.d3viz": "use theano.printing.debugprint",
    "theano.typed_list": "use scan, or a tensor with one more dimension",
    "theano.tensor.fft": "use numpy.fft outside of the graph",
    "theano.Param": "use theano.In",
    "theano.ifelse": "use theano.tensor.switch",
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


def raise_import_error(name: str) -> NoReturn:
    """Refuse ``import name``."""
    # Without ``name=``: for ``from theano.sandbox import cuda`` Python would otherwise
    # replace the sentence by its own "cannot import name".
    raise ModuleNotFoundError(sentence(name))


def attribute_error(module: str, attribute: str) -> AttributeError:
    """The error to raise where `attribute` is looked up in `module`."""
    if attribute.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {attribute!r}")
    return AttributeError(sentence(f"{module}.{attribute}"))
