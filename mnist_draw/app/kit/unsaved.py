"""Trained networks that no place took: only the memory has them until one is found."""

from __future__ import annotations

import threading

from mnist_draw.errors import UserError
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.network_places import save_fallback, save_with_opened, with_fallback_title


class UnsavedNetworks:
    """Holds them from the moment when saving failed to that when they are kept, or given up.

    From any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._networks: dict[str, ModelFile] = {}

    def __bool__(self) -> bool:
        return bool(self._networks)

    def put(self, key: str, model: ModelFile) -> None:
        """Hold a network; it takes the place of the one that had the key."""
        with self._lock:
            self._networks[key] = model

    def forget(self, key: str) -> None:
        """Hold a network no longer: it is kept, or nobody wants it."""
        with self._lock:
            self._networks.pop(key, None)

    def forget_all(self) -> None:
        """Give all of them up."""
        with self._lock:
            self._networks.clear()

    def items(self) -> list[tuple[str, ModelFile]]:
        """Return the keys and networks, the oldest first."""
        with self._lock:
            return list(self._networks.items())

    def save_at_home(self) -> None:
        """Save what can be saved among the program's own files: there may be room by now."""
        for key, model in self.items():
            try:
                save_with_opened(with_fallback_title(model))
            except UserError:
                continue
            self.forget(key)

    def save_anywhere(self) -> list[str]:
        """Save them where a network is rescued, for an end that leaves no time for questions."""
        told = []
        for key, model in self.items():
            path = save_fallback(with_fallback_title(model))
            if path is None:
                told.append(f"The network {model.describe()} could be saved nowhere and is lost.")
            else:
                told.append(f"The network {model.describe()} is kept in {path}.")
                self.forget(key)
        return told
