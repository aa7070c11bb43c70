"""The same training as train_tensorflow.py, in PyTorch."""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch

SIZE = 64
ROWS = 8192


def batches(device: Any, batch: int) -> Iterator[tuple[Any, Any]]:
    """Pictures that are bright in one of four corners, batch after batch, without end."""
    torch.manual_seed(0)
    pictures = torch.rand(ROWS, 3, SIZE, SIZE)
    labels = torch.randint(0, 4, (ROWS,))
    half = SIZE // 2
    for label in range(4):
        top, left = half * (label // 2), half * (label % 2)
        pictures[labels == label, :, top : top + half, left : left + half] += 0.1
    while True:
        for chosen in torch.randperm(ROWS).split(batch):
            yield pictures[chosen].to(device), labels[chosen].to(device)


def main(seconds: float) -> None:
    """Train, on a GPU in batches that keep it busy."""
    began = time.monotonic()
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    device = torch.device("cuda" if gpus else "cpu")
    batch, width = (256, 128) if gpus else (16, 16)
    layers: list[Any] = []
    channels = 3
    for filters in (width, 2 * width, 4 * width):
        layers += [torch.nn.Conv2d(channels, filters, 3, 2), torch.nn.ReLU()]
        channels = filters
    layers += [torch.nn.Flatten(), torch.nn.LazyLinear(4)]
    model = torch.nn.Sequential(*layers)
    model(torch.zeros(1, 3, SIZE, SIZE))  # the last layer takes its size from what comes
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss_of = torch.nn.CrossEntropyLoss()

    source = batches(device, batch)
    steps, waited, losses = 0, 0.0, []
    loops_from = time.monotonic()
    while time.monotonic() - began < seconds or not steps:
        asked = time.monotonic()
        pictures, labels = next(source)
        waited += time.monotonic() - asked
        optimizer.zero_grad()
        loss = loss_of(model(pictures), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        steps += 1
    print(json.dumps({
        "framework": f"PyTorch {torch.__version__}",
        "gpus": gpus,
        "steps": steps, "batch": batch,
        "loop_seconds": time.monotonic() - loops_from, "waited_seconds": waited,
        "first_loss": losses[0], "last_loss": sum(losses[-10:]) / len(losses[-10:]),
    }))  # fmt: skip


if __name__ == "__main__":
    main(float(sys.argv[1]))
