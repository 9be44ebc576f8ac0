"""The paper's planner: random shooting (Eqn. 4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mbmf.method.planners.base import BasePlanner


class Planner(BasePlanner):
    """Samples K action sequences, uniform in the box; the best's first action is executed."""

    def best(self, starts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """As of any planner. Memory holds one chunk of samples, whatever K and B are."""
        total = self.settings.num_samples
        bodies, samples = self.objective.chunk(len(starts), total)
        actions = torch.empty(len(starts), self.objective.action_dim, device=starts.device)
        returns = torch.full((len(starts),), -math.inf, device=starts.device)
        for first in range(0, len(starts), bodies):
            group = slice(first, first + bodies)
            for done in range(0, total, samples):
                count = min(samples, total - done)
                self._try(starts[group], count, generator, actions[group], returns[group])
        return actions, returns

    def _try(
        self,
        starts: Tensor,
        samples: int,
        generator: torch.Generator,
        best_actions: Tensor,
        best_returns: Tensor,
    ) -> None:
        """Score `samples` sequences for each start; keep what beats the best so far."""
        bodies = len(starts)
        shape = (self.settings.horizon, bodies, samples, self.objective.action_dim)
        drawn = torch.empty(shape, device=starts.device).uniform_(-1, 1, generator=generator)
        highest, index = self.objective.score(starts, drawn).max(dim=1)
        chosen = drawn[0, torch.arange(bodies, device=starts.device), index]
        better = highest > best_returns
        best_actions.copy_(torch.where(better[:, None], chosen, best_actions))
        best_returns.copy_(torch.where(better, highest, best_returns))
