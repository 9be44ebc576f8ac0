"""One planning call of ours: K x H for the swimmer. Arguments: K, H, layers as JSON, threads."""

import json
import sys

import numpy as np
import torch
from worker import serve

from mbmf.agents import get_agent
from mbmf.dynamics import DynamicsModel
from mbmf.planning import PlanningSettings, RandomShooting

samples, horizon, layers, threads = (json.loads(argument) for argument in sys.argv[1:])
torch.set_num_threads(threads)
generator = torch.Generator().manual_seed(0)
agent = get_agent("swimmer")
planner = RandomShooting(
    DynamicsModel(agent.state_dim, agent.action_dim, layers, generator),
    agent.reward,
    agent.terminated,
    agent.action_dim,
    PlanningSettings(horizon=horizon, num_samples=samples),
)
serve(lambda: planner.plan(np.zeros((1, agent.state_dim)), generator))
