"""The paper's planner: random shooting (Eqn. 4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mbmf.method.planners.base import BasePlanner

# Action sequences that are kept in memory together: 10 MB of them for the hopper, H 40.
HELD = 20_000


class Planner(BasePlanner):
    """Samples K action sequences, uniform in the box; the best's first action is executed."""

    def best(self, starts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """As of any planner. Memory holds some passes' samples, whatever K and B are."""
        total = self.settings.num_samples
        bodies, samples = self.objective.chunk(len(starts), total)
        # Whole passes, all samples of several bodies or some of a few bodies.
        held_bodies = max(HELD // (bodies * total), 1) * bodies
        held_samples = max(HELD // (bodies * samples), 1) * samples
        actions = torch.empty(len(starts), self.objective.action_dim, device=starts.device)
        returns = torch.full((len(starts),), -math.inf, device=starts.device)
        for first in range(0, len(starts), held_bodies):
            some = slice(first, first + held_bodies)
            for done in range(0, total, held_samples):
                count = min(held_samples, total - done)
                shape = (self.settings.horizon, len(starts[some]), count, actions.shape[1])
                drawn = _draw(shape, bodies, samples, generator)
                self._try(starts[some], drawn, actions[some], returns[some])
        return actions, returns

    def _try(
        self, starts: Tensor, drawn: Tensor, best_actions: Tensor, best_returns: Tensor
    ) -> None:
        """Keep what beats the best so far."""
        index, highest = self.objective.best(starts, drawn)
        chosen = drawn[0, torch.arange(len(starts), device=starts.device), index]
        better = highest > best_returns
        best_actions.copy_(torch.where(better[:, None], chosen, best_actions))
        best_returns.copy_(torch.where(better, highest, best_returns))


def _draw(
    shape: tuple[int, int, int, int], bodies: int, samples: int, generator: torch.Generator
) -> Tensor:
    """Action sequences (H, B, N, A), uniform in the box.

    Args:
        shape: H, B, N and A.
        bodies: of a pass: numbers are drawn a pass at a time, so results depend on its size.
        samples: of a pass.
        generator: of the numbers, on the device that they are for.
    """
    drawn = torch.empty(shape, device=generator.device)
    for body in range(0, shape[1], bodies):
        for sample in range(0, shape[2], samples):
            part = drawn[:, body : body + bodies, sample : sample + samples]
            numbers = torch.empty(part.shape, device=generator.device)
            part.copy_(numbers.uniform_(-1, 1, generator=generator))
    return drawn
