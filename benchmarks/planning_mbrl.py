"""`ModelEnv.evaluate_action_sequences` of mbrl-lib, for the swimmer.

Arguments: hidden layers as JSON, threads. A task is named "swimmer K H 1". The action
sequences are drawn beforehand, which ours does within the timed call.
"""

import json
import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import torch
from mbrl.models import GaussianMLP, ModelEnv, OneDTransitionRewardModel
from worker import serve

STATE_DIM, ACTION_DIM, FORWARD_VELOCITY = 16, 2, 13

layers, threads = (json.loads(argument) for argument in sys.argv[1:])
torch.set_num_threads(threads)
network = GaussianMLP(
    STATE_DIM + ACTION_DIM,
    STATE_DIM,
    "cpu",
    num_layers=len(layers),
    hid_size=layers[0],
    deterministic=True,
    activation_fn_cfg={"_target_": "torch.nn.ReLU"},
)
model = OneDTransitionRewardModel(network, normalize=True, learned_rewards=False)
model.update_normalizer(
    SimpleNamespace(
        obs=np.random.default_rng(0).normal(size=(100, STATE_DIM)),
        act=np.random.default_rng(1).normal(size=(100, ACTION_DIM)),
    )
)
env = SimpleNamespace(observation_space=None, action_space=None)
planner = ModelEnv(
    env,
    model,
    termination_fn=lambda _action, state: torch.zeros(len(state), 1, dtype=torch.bool),
    reward_fn=lambda action, state: (
        state[:, FORWARD_VELOCITY] - 0.5 * action.square().sum(dim=1)
    ).unsqueeze(1),
    generator=torch.Generator().manual_seed(0),
)


class Evaluations(dict[str, Callable[[], object]]):
    """Tasks by name, made when first asked for."""

    def __missing__(self, name: str) -> Callable[[], object]:
        samples, horizon = map(int, name.split()[1:3])
        sequences = torch.rand(samples, horizon, ACTION_DIM) * 2 - 1
        self[name] = lambda: planner.evaluate_action_sequences(
            sequences, np.zeros(STATE_DIM), num_particles=1
        )
        return self[name]


serve(Evaluations())
