"""mbrl-lib's CEM and PETS in Algorithm 1, on our swimmer.

Arguments: settings of the run as JSON, seed. The environment, D_RAND, the starts, the number of
gradient steps and the planner's settings are ours; model, training and planner are mbrl-lib's.
Prints
a row of JSON for each iteration.
"""

import json
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import omegaconf
import torch
from mbrl.models import GaussianMLP, ModelEnv, ModelTrainer, OneDTransitionRewardModel
from mbrl.planning import TrajectoryOptimizerAgent
from mbrl.types import TransitionBatch
from mbrl.util.replay_buffer import BootstrapIterator, TransitionIterator

from mbmf.agents import get_agent
from mbmf.base.random_streams import Purpose, integer_seeds
from mbmf.method.dynamics import minibatch_shares
from mbmf.method.random_data import RandomDataSettings, generate
from mbmf.method.rollouts import Rollouts, collect

ENSEMBLE = 5


def transitions(data: Rollouts) -> TransitionBatch:
    """All steps of rollouts."""
    states, actions, next_states = (part.astype(np.float32) for part in data.transitions())
    none = np.zeros(len(states), bool)
    return TransitionBatch(states, actions, next_states, none.astype(np.float32), none, none)


def controller(agents: list[Any], seconds: list[float]) -> Callable[..., Any]:
    """One planner for each body, timed."""

    def act(states: Any, bodies: Any, _step: int) -> tuple[Any, Any]:
        started = time.perf_counter()
        pairs = zip(bodies, states, strict=True)
        actions = np.stack([agents[body].act(state.astype(np.float32)) for body, state in pairs])
        seconds.append(time.perf_counter() - started)
        return actions, actions

    return act


def planner(model_env: ModelEnv, planning: dict[str, Any], action_dim: int) -> Any:
    """CEM with our settings."""
    cem = {
        "_target_": "mbrl.planning.CEMOptimizer",
        "num_iterations": planning["rounds"],
        "elite_ratio": planning["elite_fraction"],
        "population_size": planning["num_samples"],
        "alpha": planning["momentum"],
        "device": "cpu",
        "return_mean_elites": True,
        "lower_bound": "???",
        "upper_bound": "???",
    }
    agent = TrajectoryOptimizerAgent(
        omegaconf.OmegaConf.create(cem), [-1.0] * action_dim, [1.0] * action_dim,
        planning_horizon=planning["horizon"],
    )  # fmt: skip
    agent.set_trajectory_eval_fn(
        lambda state, sequences: model_env.evaluate_action_sequences(
            sequences, initial_state=state, num_particles=planning["particles"]
        )
    )
    return agent


def main() -> None:
    """One run."""
    torch.set_num_threads(1)
    settings, seed = json.loads(sys.argv[1]), int(sys.argv[2])
    torch.manual_seed(seed)
    dynamics, acting = settings["dynamics"], settings["aggregation"]
    spec = get_agent("swimmer")
    ensemble = dynamics["model"] != "mlp"
    network = GaussianMLP(
        spec.state_dim + spec.action_dim,
        spec.state_dim,
        "cpu",
        num_layers=len(dynamics["hidden_layers"]),
        hid_size=dynamics["hidden_layers"][0],
        ensemble_size=ENSEMBLE if ensemble else 1,
        deterministic=not ensemble,
        propagation_method="fixed_model" if ensemble else None,
        learn_logvar_bounds=ensemble,
        activation_fn_cfg={"_target_": "torch.nn.ReLU"},
    )
    model = OneDTransitionRewardModel(network, normalize=True, learned_rewards=False)
    model_env = ModelEnv(
        SimpleNamespace(observation_space=None, action_space=None),
        model,
        termination_fn=lambda _action, state: torch.zeros(len(state), 1, dtype=torch.bool),
        reward_fn=lambda action, state: spec.planner_reward(state, action).unsqueeze(1),
        generator=torch.Generator().manual_seed(seed),
    )
    trainer = ModelTrainer(model, optim_lr=dynamics["learning_rate"])
    sizes = RandomDataSettings(**settings["random_data"])
    random_data = generate(spec, sizes, seed).training
    found: list[Rollouts] = []
    env_steps = (sizes.rollouts + sizes.validation_rollouts) * sizes.steps
    rng = np.random.default_rng(seed)
    for iteration in range(acting["iterations"]):
        on_policy = sum(one.points for one in found)
        share = minibatch_shares(dynamics["batch_size"], dynamics["on_policy_fraction"], on_policy)[
            0
        ]
        steps = dynamics["epochs"] * max(random_data.points // share, 1)
        parts = [transitions(one) for one in (random_data, *found)]
        columns = zip(*[[getattr(p, n) for n in NAMES] for p in parts], strict=True)
        batch = TransitionBatch(*map(np.concatenate, columns))
        model.update_normalizer(batch)
        common = {"shuffle_each_epoch": True, "rng": rng}
        data = (
            BootstrapIterator(
                batch, dynamics["batch_size"], ENSEMBLE, permute_indices=False, **common
            )
            if ensemble
            else TransitionIterator(batch, dynamics["batch_size"], **common)
        )
        epochs = max(round(steps / (len(batch.obs) / dynamics["batch_size"])), 1)
        trainer.train(data, num_epochs=epochs, evaluate=False, silent=True)
        agents = [
            planner(model_env, settings["planning"], spec.action_dim)
            for _ in range(acting["rollouts"])
        ]
        seconds: list[float] = []
        starts = integer_seeds(seed, Purpose.MPC_RESET, iteration, count=acting["rollouts"])
        made = collect(spec, starts, acting["steps"], controller(agents, seconds), "mpc")
        row = {
            "iteration": iteration,
            "env_steps": env_steps,
            "return": made.returns.mean(),
            "seconds": sum(seconds) / made.simulated_steps,
        }
        print(json.dumps(row), flush=True)
        env_steps += made.simulated_steps
        found.append(made[: acting["training_rollouts"]])


NAMES = ("obs", "act", "next_obs", "rewards", "terminateds", "truncateds")

if __name__ == "__main__":
    main()
