"""Functions are compiled in one thread at a time.

While it compiles, PyTensor changes settings of the whole process, such as the default mode, and
puts them back afterwards: two threads at once would put back what the other had changed. Theano
1.0.5 caches what it rewrites without a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

_lock = threading.RLock()


def one_at_a_time(compile_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, in one thread after the other."""

    @wraps(compile_function)
    def locked(*arguments: Any, **named: Any) -> Any:
        with _lock:
            return compile_function(*arguments, **named)

    return locked
