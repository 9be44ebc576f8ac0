"""Trained agents: the controllers that the runs of Figure 7 end with, read from their files."""

from __future__ import annotations

from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mbmf.agents import get_agent
from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError, printable
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.method.imitation import ExpertSettings
from mbmf.method.mpc import MpcController
from mbmf.method.planners.base import new_planner
from mbmf.method.policy import MeanController, PolicySettings, observed_elements
from mbmf.method.rollouts import Controller, Rollouts, collect
from mbmf.steps.model_based import read_models
from mbmf.steps.policy_files import read_policy
from mbmf.storage.tensor_files import read_tensors

# The runs' folder below a scale's models, and the file. The settings are in the files themselves.
_FILES = {
    "Mb": ("imitation/agent~{}", "expert.safetensors"),
    "imitation": ("imitation/agent~{}", "policy.safetensors"),
    "Mf": ("trpo/agent~{}/start~random", "policy.safetensors"),
    "Mb-Mf": ("trpo/agent~{}/start~imitation", "policy.safetensors"),
}
METHODS = tuple(_FILES)


@dataclass(frozen=True)
class TrainedAgent:
    """An agent with the controller that a run ended with.

    Attributes:
        spec: the agent.
        method: Mb (MPC with the run's last model), imitation, Mf or Mb-Mf.
        seed: seed of the run.
        path: file that it was read from.
        controller: as `mbmf.collect` takes it. Policies act by their mean, without noise.
    """

    spec: AgentSpec
    method: str
    seed: int
    path: Path
    controller: Controller

    def act(self, states: NDArray[Any]) -> NDArray[np.float64]:
        """Actions in [-1, 1], (A,) for one state (S,), or (B, A) for (B, S).

        A state is what the agent's gymnasium environment observes.

        Raises:
            ValueError: the states have another shape.
        """
        given = np.asarray(states, dtype=np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != self.spec.state_dim:
            size = self.spec.state_dim
            raise ValueError(
                f"states have the shape {given.shape}, should be ({size},) or (B, {size})"
            )
        rows = np.atleast_2d(given)
        actions = self.controller(rows, np.arange(len(rows)), 0)[1]
        return np.asarray(actions, dtype=np.float64).reshape(*given.shape[:-1], -1)

    def rollout(self, steps: int, seed: int = 0) -> Rollouts:
        """One rollout of at most `steps` environment steps; `seed` draws its start."""
        starts = integer_seeds(seed, Purpose.EXPERT_RESET, 0, count=1)
        # Read anew: a planner draws on from its last plan, and may start from it.
        controller = _controller(self.path, self.spec, self.method, self.seed)
        return collect(self.spec, starts, steps, controller, "mpc")


def load(
    agent: str,
    method: str,
    seed: int = 0,
    *,
    scale: str = "paper",
    task: str = "",
    settings: str = "",
    folder: Path | str = ".",
) -> TrainedAgent:
    """Load a trained agent of Figure 7.

    Args:
        agent: name of the agent: swimmer, half_cheetah, hopper, ant, or one of your own.
        method: Mb, imitation, Mf or Mb-Mf.
        seed: seed of the run.
        scale: of the results.
        task: Python file of the agent's task, if it is not a shipped one.
        settings: digest in the file's path; needed only if runs with several settings are there.
        folder: the repository, or the folder in which the workflow ran.

    Raises:
        InputError: there is no such agent, method or run; there are several; or a file is damaged.
    """
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise InputError(f"{printable(method)}: unknown method; should be one of {known}")
    spec = get_agent(task or agent, agent)
    path = _file(Path(folder) / "results" / scale, agent, method, seed, settings)
    return TrainedAgent(spec, method, seed, path, _controller(path, spec, method, seed))


def _file(results: Path, agent: str, method: str, seed: int, settings: str) -> Path:
    """The file of a trained agent."""
    folder, name = _FILES[method]
    runs = results / "models" / folder.format(agent)
    found = sorted(runs.glob(f"settings~{escape(settings) or '*'}/seed~{seed}/{name}"))
    if not found:
        seeds = {int(path.parent.name[5:]) for path in runs.glob(f"settings~*/seed~*/{name}")}
        there = f"seeds {', '.join(map(str, sorted(seeds)))}" if seeds else "none"
        chosen = f" and settings {printable(settings)}" if settings else ""
        raise InputError(
            f"{runs}: no run of {method} with seed {seed}{chosen}; here: {there}. "
            "The workflow makes them"
        )
    if len(found) > 1:
        digests = ", ".join(path.parts[-3].removeprefix("settings~") for path in found)
        raise InputError(
            f"{runs}: runs of {method} with several settings; `settings` should be one of {digests}"
        )
    return found[0]


def _controller(path: Path, spec: AgentSpec, method: str, seed: int) -> Controller:
    """The controller in a file."""
    if method == "Mb":
        models, facts = read_models(path, spec)
        try:
            planning = ExpertSettings.model_validate(facts.get("expert")).planning
        except ValidationError as error:
            raise InputError(f"{path}: expert: {error.errors()[0]['msg']}") from None
        planner = new_planner(models[-1], spec, planning)
        return MpcController(planner, torch_stream(seed, Purpose.EXPERT_PLANNING, 0))
    facts = read_tensors(path)[1]
    try:
        settings = PolicySettings.model_validate(facts.get("policy"))
    except ValidationError as error:
        raise InputError(f"{path}: policy: {error.errors()[0]['msg']}") from None
    policy, _ = read_policy(path, spec, settings)
    return MeanController(policy, observed_elements(spec, settings))
