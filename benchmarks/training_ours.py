"""One epoch of the swimmer's dynamics model, at the paper's settings but for the share of D_RL.

Arguments: transitions, threads.
"""

import sys
from pathlib import Path

import torch
from worker import serve

from mbmf.agents import get_agent
from mbmf.method.algorithm_1 import new_optimizer
from mbmf.method.dynamics import TrainingData, train
from mbmf.method.fast.malloc import keep_freed_memory
from mbmf.method.models.base import new_model
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[1] / "config"

transitions, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
keep_freed_memory()  # as in a run, whose planner does it
agent = get_agent("swimmer")
own = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).agents["swimmer"]
# Half of each batch is D_RL's, so that an epoch has as many steps as one of all transitions.
settings = own.model_based.dynamics.model_copy(update={"epochs": 1, "on_policy_fraction": 0.5})
draws = torch.Generator().manual_seed(0)
model = new_model(agent.state_dim, agent.action_dim, settings, draws)
optimizer = new_optimizer(model, settings)
random_data, on_policy = (
    TrainingData(
        model,
        torch.randn(transitions // 2, agent.state_dim + agent.action_dim),
        torch.randn(transitions // 2, agent.state_dim),
    )
    for _ in range(2)
)
serve(lambda: train(model, optimizer, random_data, on_policy, settings, draws))
