"""Largest resident set (MB) of a process that plans once. Arguments: K, H, hidden layers."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from mbmf.agents import get_agent
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings, new_planner

samples, horizon, layers = (json.loads(argument) for argument in sys.argv[1:])
torch.set_num_threads(1)
agent = get_agent("swimmer")
draws = torch.Generator().manual_seed(0)
planner = new_planner(
    Model(agent.state_dim, agent.action_dim, layers, draws),
    agent,
    PlanningSettings(horizon=horizon, num_samples=samples),
)
planner.plan(np.zeros((1, agent.state_dim)), draws)
# getrusage's would be that of the parent, where it is larger.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) * 1024 / 1e6)
