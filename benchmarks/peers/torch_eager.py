"""PyTorch as most people use it: modules, autograd, an optimiser's step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from peers.layouts import channels_first
from peers.peer import Peer
from peers.task import EPSILON, LEARNING_RATE, RHO, Arrays, Task


class TorchEager(Peer):
    """`torch.nn.Sequential` with `torch.optim.RMSprop`."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        torch.set_num_threads(task.threads)
        torch.manual_seed(1)
        self.model = network(task)
        with torch.no_grad():
            parameters = self.model.parameters()
            for parameter, value in zip(parameters, channels_first(weights), strict=True):
                parameter.copy_(torch.from_numpy(value))
        self.optimiser = torch.optim.RMSprop(
            self.model.parameters(),
            lr=LEARNING_RATE,
            alpha=RHO,
            eps=EPSILON,
        )

    def train_batch(self, pictures: NDArray[Any], labels: NDArray[np.int32]) -> float:
        """Learn one minibatch."""
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(self.pictures(pictures), torch.from_numpy(labels).long())
        loss.backward()
        self.step()
        return float(loss.detach())

    def loss(self, pictures: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean cross-entropy, with dropout."""
        return functional.cross_entropy(self.model(pictures), labels)

    def step(self) -> None:
        """Update the parameters."""
        self.optimiser.step()

    def evaluate_batch(
        self,
        pictures: NDArray[Any],
        labels: NDArray[np.int32],
    ) -> tuple[float, float]:
        """Return loss and share of right answers."""
        self.model.eval()
        with torch.inference_mode():
            targets = torch.from_numpy(labels).long()
            logits = self.logits(self.pictures(pictures))
            loss = functional.cross_entropy(logits, targets)
            accuracy = (logits.argmax(1) == targets).float().mean()
        return float(loss), float(accuracy)

    @staticmethod
    def pictures(pictures: NDArray[Any]) -> torch.Tensor:
        """Return pictures as the network takes them."""
        tensor = torch.from_numpy(pictures)
        return tensor.float() * (1 / 256) if tensor.dtype == torch.uint8 else tensor

    def logits(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return what the softmax would take."""
        result: torch.Tensor = self.model(pictures)
        return result


class TorchChannelsLast(TorchEager):
    """The same with the channels of a pixel side by side, as oneDNN likes them."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @staticmethod
    def pictures(pictures: NDArray[Any]) -> torch.Tensor:
        """Return pictures as the network takes them."""
        return TorchEager.pictures(pictures).contiguous(memory_format=torch.channels_last)


def network(task: Task) -> nn.Sequential:
    """Build the task's network up to the softmax's inputs."""
    layers: list[nn.Module] = []
    inputs = 784
    if task.kind == "cnn":
        for channels in (1, 32):
            layers += [nn.Conv2d(channels, 32, 5), nn.ReLU(), nn.MaxPool2d(2)]
        inputs = 512
    layers.append(nn.Flatten())
    if task.drop_input:
        layers.append(nn.Dropout(task.drop_input))
    for units in task.hidden:
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        if task.drop_hidden:
            layers.append(nn.Dropout(task.drop_hidden))
        inputs = units
    layers.append(nn.Linear(inputs, 10))
    return nn.Sequential(*layers)


def version() -> str:
    """Name the library."""
    return f"torch {torch.__version__}"
