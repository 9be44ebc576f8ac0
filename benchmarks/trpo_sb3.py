"""TRPO of sb3-contrib on the same agents, with its own defaults where the two can differ.

Same environment, batch, discount, network and its initial weights' distribution, trust region
and steps of conjugate gradient.
Arguments: `serve THREADS AGENT`, `serve THREADS swimmer gymnasium`, which takes gymnasium's own
swimmer of as many frames a step and as long episodes, or `learn SEED ITERATIONS LAMBDA xavier|own`
with the swimmer, the last for the initial weights of the policy.
"""

import json
import sys

import torch
from sb3_contrib import TRPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from worker import serve

from mbmf.agents import get_agent

BODIES, BATCH, KL = 8, 50_000, 0.05


class Returns(BaseCallback):
    """Returns of the episodes that ended in the current batch."""

    def _on_rollout_start(self) -> None:
        self.returns: list[float] = []

    def _on_step(self) -> bool:
        ended = (info["episode"]["r"] for info in self.locals["infos"] if "episode" in info)
        self.returns += map(float, ended)
        return True


class Learner:
    """One run."""

    def __init__(
        self,
        seed: int,
        threads: int,
        gae_lambda: float = 0.95,
        weights: str = "xavier",
        env_id: str = "mbmf/Swimmer-v0",
        **env_options: int,
    ) -> None:
        torch.set_num_threads(threads)
        env = make_vec_env(env_id, BODIES, seed=seed, env_kwargs=env_options)
        self.model = TRPO(
            "MlpPolicy",
            env,
            n_steps=BATCH // BODIES,
            gamma=0.995,
            # It averages the KL divergence of independent Gaussians over the action's dimensions,
            # where the divergence of the policies is their sum.
            target_kl=KL / env.action_space.shape[0],
            gae_lambda=gae_lambda,
            cg_max_steps=10,
            policy_kwargs={"net_arch": [64, 64]},
            seed=seed,
            device="cpu",
        )
        actor = self.model.policy
        for layer in (
            [] if weights == "own" else [*actor.mlp_extractor.policy_net, actor.action_net]
        ):
            if isinstance(layer, torch.nn.Linear):
                # Its bias is zero already.
                torch.nn.init.xavier_uniform_(layer.weight)
        self.callback = Returns()

    def iterate(self) -> dict[str, float]:
        """One iteration: the steps learned from before it and its return."""
        before = self.model.num_timesteps
        self.model.learn(BATCH, callback=self.callback, reset_num_timesteps=before == 0)
        returns = self.callback.returns
        return {"env_steps": before, "return": sum(returns) / len(returns)}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        if sys.argv[4:]:
            own = {"frame_skip": 15, "max_episode_steps": 333}
            learner = Learner(0, int(sys.argv[2]), env_id="Swimmer-v5", **own)
        else:
            learner = Learner(0, int(sys.argv[2]), env_id=get_agent(sys.argv[3]).env_id)
        serve(learner.iterate)
    else:
        learner = Learner(int(sys.argv[2]), 1, float(sys.argv[4]), sys.argv[5])
        for _ in range(int(sys.argv[3])):
            print(json.dumps(learner.iterate()), flush=True)
