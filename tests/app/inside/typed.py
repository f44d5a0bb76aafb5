"""The formulas and figures of the screen, typed into NumPy."""

import re

import numpy as np
from scipy.special import expit, softmax

from mnist_draw.i18n import parse_number


def _windows(array, side, stride=1):
    found = np.lib.stride_tricks.sliding_window_view(array, (side, side), axis=(2, 3))
    return found[:, :, ::stride, ::stride]


def _padded(array, edge):
    return np.pad(array, ((0, 0), (0, 0), (edge, edge), (edge, edge)))


def conv(array, filters, stride=1, pad=0):
    found = _windows(_padded(array, pad), filters.shape[-1], stride)
    return np.einsum("nchwij,fcij->nfhw", found, filters[:, :, ::-1, ::-1])


def conv_wrt_w(array, errors, side=0, stride=1, pad=0):
    high, wide = errors.shape[2:]
    side = side or array.shape[-1] - wide + 1
    found = _windows(_padded(array, pad), side, stride)[:, :, :high, :wide]
    return np.einsum("nchwij,nfhw->fcij", found, errors)[:, :, ::-1, ::-1]


def conv_wrt_x(errors, filters, side=0, stride=1, pad=0):
    """Return the gradient by maps of a side."""
    side = side or errors.shape[-1] + filters.shape[-1] - 1
    found = np.zeros((len(errors), filters.shape[1], side + 2 * pad, side + 2 * pad))
    turned = filters[:, :, ::-1, ::-1]
    rows, columns = (stride * (size - 1) + 1 for size in errors.shape[2:])
    for y, x in np.ndindex(filters.shape[2:]):
        part = np.einsum("nfhw,fc->nchw", errors, turned[:, :, y, x])
        found[:, :, y : y + rows : stride, x : x + columns : stride] += part
    return found[:, :, pad : pad + side, pad : pad + side]


def pool(array, side, stride=None):
    return _windows(array, side, stride or side).max(axis=(4, 5))


def unpool(errors, array, side, stride=None):
    """Give each error to the largest values of its square."""
    step = stride or side
    found = np.zeros(array.shape)
    high, wide = (step * (size - 1) + 1 for size in errors.shape[2:])
    largest = pool(array, side, stride)
    for y, x in np.ndindex(side, side):
        places = np.s_[:, :, y : y + high : step, x : x + wide : step]
        found[places] += errors * (array[places] == largest)
    return found


FUNCTIONS = {
    "dot": np.dot, "conv": conv, "conv_wrt_W": conv_wrt_w, "conv_wrt_x": conv_wrt_x, "pool": pool,
    "unpool": unpool, "softmax": lambda z: softmax(z, axis=1), "exp": np.exp, "log": np.log,
    "heaviside": np.heaviside,
    "sqrt": np.sqrt, "range": range, "rectify": lambda z: np.maximum(z, 0), "tanh": np.tanh,
    "sigmoid": expit, "slope_of_tanh": lambda z: 1 - np.tanh(z) ** 2,
    "slope_of_sigmoid": lambda z: expit(z) * (1 - expit(z)),
    "leaky": lambda z: np.where(z > 0, z, 0.01 * z),
    "slope_of_leaky": lambda z: np.heaviside(z, 0.5) * 0.99 + 0.01,
    "very_leaky": lambda z: np.where(z > 0, z, z / 3),
    "slope_of_very_leaky": lambda z: np.heaviside(z, 0.5) * 2 / 3 + 1 / 3,
    "softplus": lambda z: np.logaddexp(0, z), "slope_of_softplus": expit,
    "linear": lambda z: z, "slope_of_linear": np.ones_like,
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "slope_of_elu": lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0))),
}  # fmt: skip
SIGNS = {"·": "*", "×": "*", "−": "-", "²": "**2", "^": "**", "η'": "η_", "Σ W**2": "squares_of_W"}
POWER = re.compile(r"[\d.]+×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def evaluate(formula, names=FUNCTIONS):
    """Return what a formula of the page gives when it is typed."""
    formula = POWER.sub(lambda found: repr(parse_number(found[0])), formula)
    # Groups of digits are no tuples.
    formula = re.sub(r"(?<=\d),(?=\d{3}\b)", "", formula)
    for sign, typed in SIGNS.items():
        formula = formula.replace(sign, typed)
    formula = re.sub(r"√([\w.]+)", r"sqrt(\1)", formula).replace("√(", "sqrt(")
    formula = re.sub(r"(\w+)'\(", r"slope_of_\1(", formula)
    # Methods of arrays import.
    return eval(formula, {"__builtins__": {"__import__": __import__}}, {**FUNCTIONS, **names})


def close(words, value):
    """Return whether a figure is a value, rounded to the digits that it has."""
    sign = words.endswith("%")
    shown = parse_number(words.removesuffix("%").removeprefix("over ").removeprefix("under "))
    decimals = len(words.partition("×")[0].rstrip("%").partition(".")[2])
    unit = 10.0**-decimals
    if "×" in words:
        unit *= 10.0 ** np.floor(np.log10(abs(shown)))
    wanted = (100 if sign else 1) * value
    # What NumPy adds up in another order is another number in the last digits.
    return abs(shown - wanted) <= 1.01 * unit + 1e-3 * abs(wanted)
