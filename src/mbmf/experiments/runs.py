"""Runs: one kind of learning, an agent, its parameters and a seed.

Experiments name the runs that they show. If several experiments show the same run, it is computed
once and has one path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pandas as pd

from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ImitationRunSettings
from mbmf.method.trpo import TrpoRunSettings

Kind = Literal["model_based", "imitation", "trpo", "divergence"]

# A run's path spells out the parameters that the paper varies. A digest stands for all other
# parameters that differ from their defaults. So a changed value always gives a new path.
SPELLED_OUT = {
    "dynamics.epochs": "epochs",
    "dynamics.on_policy_fraction": "on_policy_fraction",
    "planning.horizon": "horizon",
    "planning.num_samples": "num_samples",
    "random_data.rollouts": "random_rollouts",
}


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class ModelBasedRun:
    """One run of Algorithm 1.

    Attributes:
        agent: name of the agent in the configuration.
        settings: all settings of the run.
        seed: seed of all random streams.
        task: task of the agent; empty if it has the agent's name.
    """

    kind: ClassVar[Kind] = "model_based"
    agent: str
    settings: ModelBasedSettings
    seed: int
    task: str = ""

    @property
    def wildcards(self) -> dict[str, Any]:
        """The parts of the run's path, in order."""
        values = self.settings.flat(defaults=False)
        return {
            "agent": self.agent,
            **{label: values[key] for key, label in SPELLED_OUT.items()},
            "settings": _digest(
                {k: v for k, v in values.items() if k not in SPELLED_OUT} | _named(self.task)
            ),
            "seed": self.seed,
        }


@dataclass(frozen=True)
class ImitationRun:
    """Imitation of the final controller of a run of Algorithm 1."""

    kind: ClassVar[Kind] = "imitation"
    source: ModelBasedRun
    settings: ImitationRunSettings

    @property
    def agent(self) -> str:
        """Name of the agent."""
        return self.source.agent

    @property
    def seed(self) -> int:
        """That of the source."""
        return self.source.seed

    @property
    def task(self) -> str:
        """That of the source."""
        return self.source.task

    @property
    def wildcards(self) -> dict[str, Any]:
        """The parts of the run's path, in order."""
        source = self.source.settings.flat(defaults=False) | _named(self.task)
        content = [source, self.settings.model_dump(exclude_defaults=True)]
        return {"agent": self.agent, "settings": _digest(content), "seed": self.seed}


@dataclass(frozen=True)
class TrpoRun:
    """One run of TRPO, from a random policy (Mf) or from an imitation policy (Mb-Mf)."""

    kind: ClassVar[Kind] = "trpo"
    agent: str
    settings: TrpoRunSettings
    seed: int
    start: ImitationRun | None
    task: str = ""

    @property
    def wildcards(self) -> dict[str, Any]:
        """The parts of the run's path, in order."""
        before = self.start.wildcards if self.start else None
        return {
            "agent": self.agent,
            "start": "imitation" if self.start else "random",
            "settings": _digest(
                [self.settings.model_dump(exclude_defaults=True) | _named(self.task), before]
            ),
            "seed": self.seed,
        }


@dataclass(frozen=True)
class OpenLoopRun:
    """Open-loop predictions of a finished run of Algorithm 1, with the true rollouts.

    Attributes:
        source: run whose models predict.
        steps: length of a prediction.
        starts: number of start states in each set of held-out rollouts.
        experiment: name of the experiment; empty for Figure 5.
    """

    kind: ClassVar[Kind] = "divergence"
    source: ModelBasedRun
    steps: int
    starts: int
    experiment: str = ""

    @property
    def agent(self) -> str:
        """Name of the agent."""
        return self.source.agent

    @property
    def seed(self) -> int:
        """That of the source."""
        return self.source.seed

    @property
    def wildcards(self) -> dict[str, Any]:
        """The parts of the path, in order."""
        own = {"experiment": self.experiment} if self.experiment else {}
        return own | self.source.wildcards


Run = ModelBasedRun | ImitationRun | TrpoRun | OpenLoopRun


def _named(task: str) -> dict[str, str]:
    """The task's part of a run's identity; empty if the task has the agent's name."""
    return {"task": task} if task else {}


def identity(run: Run) -> str:
    """Text that identifies a run: it is the same for equal runs, and differs for others."""
    return run.kind + json.dumps(run.wildcards)


def with_sources(runs: Iterable[Run]) -> list[Run]:
    """The runs and all runs that they depend on, each once, in the order of dependence."""
    found: dict[str, Run] = {}

    def visit(run: Run) -> None:
        before = run.start if isinstance(run, TrpoRun) else getattr(run, "source", None)
        if before is not None:
            visit(before)
        found.setdefault(identity(run), run)

    for run in runs:
        visit(run)
    return list(found.values())


def defaults_left_out(runs: Iterable[Run]) -> dict[str, Any]:
    """Settings that the curves of some runs of Algorithm 1 show, and those of others leave out.

    Returns:
        Value of each setting in the curves that leave it out, which is its default, by name.
    """
    settings = [run.settings for run in runs if isinstance(run, ModelBasedRun)]
    shown = [one.flat(defaults=False) for one in settings]
    anywhere = {name for names in shown for name in names}
    return {
        name: value
        for one, names in zip(settings, shown, strict=True)
        for name, value in one.flat().items()
        if name in anywhere and name not in names
    }


def table_of_runs(runs: Sequence[Run]) -> pd.DataFrame:
    """Path parameters of the runs, one row for each run."""
    return pd.DataFrame([run.wildcards for run in runs])
