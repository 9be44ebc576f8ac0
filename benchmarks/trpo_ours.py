"""TRPO of ours on the swimmer. Arguments: `serve THREADS` or `learn SEED ITERATIONS`."""

import json
import sys
from pathlib import Path

import torch
from worker import serve

from mbmf import trpo
from mbmf.configuration import load_configuration
from mbmf.policies import observed_elements
from mbmf.steps.policies import new_policy
from mbmf.streams import Purpose, torch_stream
from mbmf.trpo import LinearBaseline, TrpoProgress

CONFIG = Path(__file__).parents[1] / "config"


class Learner:
    """One run at the paper-scale settings of Mf."""

    def __init__(self, seed: int, threads: int) -> None:
        torch.set_num_threads(threads)
        own = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).agents["swimmer"]
        self.settings, self.seed = own.model_free, seed
        self.elements = observed_elements("swimmer", own.policy)
        generator = torch_stream(seed, Purpose.POLICY)
        policy = new_policy("swimmer", own.policy, self.settings.initial_std, generator)
        self.progress = TrpoProgress(policy, LinearBaseline(), [])
        self.env = trpo.make_env("swimmer", self.settings, threads)

    def iterate(self) -> dict[str, float]:
        """One iteration: the steps learned from before it and its return."""
        trpo.iterate(self.progress, self.env, self.elements, self.settings, self.seed)
        row = self.progress.curve[-1]
        return {"env_steps": row["env_steps"], "return": row["return"]}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Learner(0, int(sys.argv[2])).iterate)
    else:
        learner = Learner(int(sys.argv[2]), 1)
        for _ in range(int(sys.argv[3])):
            print(json.dumps(learner.iterate()), flush=True)
