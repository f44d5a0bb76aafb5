"""Tables of sentences follow a change of the language.

Modules translate their tables while they are imported. What they get then is a `Translated`, a
text that knows how it came about; `renew` puts the text of the new language in its place wherever
a module of this package can reach it: in its names, its classes, and in what they hold.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial, wraps
from types import FunctionType, MappingProxyType
from typing import Any, TypeVar

#: A flag of code: it belongs to a function, not to a module or a class.
_OF_FUNCTION = 1
_PACKAGE = __name__.partition(".")[0]

F = TypeVar("F", bound=Callable[..., str])
T = TypeVar("T")
#: Those of `cached_text`.
_CACHES: list[Any] = []


class Translated(str):
    """A text in the language of when a module was imported."""

    again: partial[str]

    def upper(self) -> str:
        return _translated(str.upper, (self,), {})


def _translated(make: Callable[..., str], values: tuple[Any, ...], named: dict[str, Any]) -> str:
    text = Translated(make(*values, **named))
    text.again = partial(make, *values, **named)
    return text


def follows_language(make: F) -> F:
    """Let what a function returns to a module or a class that is imported be a `Translated`."""

    @wraps(make)
    def made(*values: Any, **named: Any) -> str:
        if sys._getframe(1).f_code.co_flags & _OF_FUNCTION:
            return make(*values, **named)
        held = [list(value) if isinstance(value, Iterator) else value for value in values]
        return _translated(make, tuple(held), named)

    return made  # type: ignore[return-value]


def cached_text(make: Callable[..., T]) -> Callable[..., T]:
    """Remember what a function returns until the language changes."""
    cache = lru_cache(maxsize=8)(make)
    _CACHES.append(cache)
    return cache


def renew() -> None:
    """Translate all tables into the language of now."""
    for cache in _CACHES:
        cache.cache_clear()
    renewal = _Renewal()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _PACKAGE and module is not None:
            renewal.walk(vars(module))


class _Renewal:
    def __init__(self) -> None:
        #: What has been walked through, held so that no other object gets its id.
        self._known: dict[int, tuple[Any, Any]] = {}

    def walk(self, value: Any) -> Any:
        """Return a value in the new language; what can be changed is changed where it is."""
        if isinstance(value, Translated):
            return self._again(value)
        if id(value) not in self._known:
            self._known[id(value)] = value, value
            self._known[id(value)] = value, self._walk(value)
        return self._known[id(value)][1]

    def _again(self, text: Translated) -> str:
        make = text.again
        values = [self.walk(value) for value in make.args]
        named = {name: self.walk(value) for name, value in make.keywords.items()}
        return _translated(make.func, tuple(values), named)

    def _walk(self, value: Any) -> Any:
        match value:
            case dict():
                self._walk_dict(value)
            case list():
                value[:] = map(self.walk, value)
            case tuple() | frozenset():
                parts = [self.walk(part) for part in value]
                if any(new is not old for new, old in zip(parts, value, strict=True)):
                    return value._make(parts) if hasattr(value, "_make") else type(value)(parts)
            case MappingProxyType():
                self.walk(list(value.values()))
            case FunctionType() if _is_ours(value):
                value.__defaults__ = self.walk(value.__defaults__)
                self.walk(value.__kwdefaults__)
                for cell in value.__closure__ or ():
                    # Empty while a module is being imported.
                    with contextlib.suppress(ValueError):
                        self._set(partial(setattr, cell, "cell_contents"), cell.cell_contents)
            case type() if _is_ours(value):
                for name, part in list(vars(value).items()):
                    self._set(partial(setattr, value, name), part)
            case _ if _is_ours(type(value)) or type(value).__module__ == "dataclasses":
                self._walk_object(value)
        return value

    def _walk_dict(self, value: dict[Any, Any]) -> None:
        new = {self.walk(key): self.walk(part) for key, part in list(value.items())}
        if list(map(str, new)) != list(map(str, value)):
            value.clear()
        value.update(new)

    def _walk_object(self, value: Any) -> None:
        names = [*getattr(value, "__dict__", ()), *_slots(type(value))]
        for name in names:
            self._set(partial(object.__setattr__, value, name), getattr(value, name, None))

    def _set(self, change: Callable[[Any], None], part: Any) -> None:
        new = self.walk(part)
        if new is not part:
            change(new)


def _slots(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]


def _is_ours(value: Any) -> bool:
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] == _PACKAGE
