"""Planning calls of ours. Arguments: hidden layers as JSON, threads, device.

A task is named "AGENT K H BODIES", with a fifth word "alone" to plan for one body at a time, or
"float32" to screen nothing.
"""

import json
import sys
from collections.abc import Callable

import numpy as np
import torch
from worker import serve

from mbmf.agents import get_agent
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings, new_planner


class ExactModel(Model):
    """All sequences are predicted in float32."""

    def for_screening(self) -> None:
        """Not in reduced precision."""


class Plans(dict[str, Callable[[], object]]):
    """Tasks by name, made when first asked for."""

    def __init__(self, layers: list[int], device: str) -> None:
        self.layers = layers
        self.device = device

    def __missing__(self, name: str) -> Callable[[], object]:
        agent_name, samples, horizon, bodies, *how = name.split()
        agent = get_agent(agent_name)
        weights = torch.Generator().manual_seed(0)
        kind = ExactModel if "float32" in how else Model
        model = kind(agent.state_dim, agent.action_dim, self.layers, weights)
        draws = torch.Generator(self.device).manual_seed(0)
        planner = new_planner(
            model.to(self.device),
            agent,
            PlanningSettings(horizon=int(horizon), num_samples=int(samples)),
        )
        states = np.zeros((int(bodies), agent.state_dim))
        groups = np.split(states, len(states)) if "alone" in how else [states]
        self[name] = lambda: [planner.plan(group, draws) for group in groups]
        return self[name]


layers, threads = (json.loads(argument) for argument in sys.argv[1:3])
torch.set_num_threads(threads)
serve(Plans(layers, sys.argv[3] if len(sys.argv) > 3 else "cpu"))
