"""A planner of your own: the best of K actions, each held over the whole horizon.

agents: {swimmer: {model_based: {planning: {planner: examples/planner.py}}}}
"""

import torch
from torch import Tensor

from mbmf.method.planners.base import BasePlanner


class Planner(BasePlanner):
    """Samples K actions, uniform in the box."""

    def best(self, starts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """First action of each body's best sequence, and its predicted return."""
        shape = (len(starts), self.settings.num_samples, self.objective.action_dim)
        held = torch.empty(shape, device=starts.device).uniform_(-1, 1, generator=generator)
        sequences = held.expand(self.settings.horizon, *shape)
        index, highest = self.objective.best(starts, sequences)
        return held[torch.arange(len(starts), device=starts.device), index], highest
