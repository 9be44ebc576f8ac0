"""From the configuration to the table of runs.

One run = (kind, agent, parameters, seed). Figures name the runs that they show; a run
that several of them show stands in the table once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ExpertSettings, ImitationRunSettings
from mbmf.method.trpo import TrpoRunSettings
from mbmf.workflow.configuration import Configuration

# The parameters that the paper varies are spelled out in a run's path; a digest stands
# for all the others. Either way a changed value is a new path.
SPELLED_OUT = {
    "dynamics.epochs": "epochs",
    "dynamics.on_policy_fraction": "on_policy_fraction",
    "planning.horizon": "horizon",
    "planning.num_samples": "num_samples",
    "random_data.rollouts": "random_rollouts",
}

FIGURE_TITLES = {
    "figure_5": "Figure 5: rollout divergence",
    "figure_6": "Figure 6: design decisions",
    "figure_7": "Figure 7: Mb, Mf and Mb-Mf",
    "dyna": "Figures 8.2, 8.4 and 8.5: Dyna-Q",
}
"""Groups of figures, each drawn by one notebook. The report sorts its categories by name."""


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class ModelBasedRun:
    """One run of Algorithm 1."""

    agent: str
    settings: ModelBasedSettings
    seed: int

    @property
    def wildcards(self) -> dict[str, Any]:
        """The parts of the run's path, in order."""
        values = self.settings.flat()
        return {
            "agent": self.agent,
            **{label: values[key] for key, label in SPELLED_OUT.items()},
            "settings": _digest({k: v for k, v in values.items() if k not in SPELLED_OUT}),
            "seed": self.seed,
        }


@dataclass(frozen=True)
class ImitationRun:
    """Imitation of the final controller of a run of Algorithm 1."""

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
    def wildcards(self) -> dict[str, Any]:
        """The parts of the run's path, in order."""
        content = [self.source.settings.flat(), self.settings.model_dump()]
        return {"agent": self.agent, "settings": _digest(content), "seed": self.seed}


@dataclass(frozen=True)
class TrpoRun:
    """One run of TRPO, from a random policy (Mf) or from an imitation policy (Mb-Mf)."""

    agent: str
    settings: TrpoRunSettings
    seed: int
    start: ImitationRun | None

    @property
    def wildcards(self) -> dict[str, Any]:
        """The parts of the run's path, in order."""
        before = self.start.wildcards if self.start else None
        return {
            "agent": self.agent,
            "start": "imitation" if self.start else "random",
            "settings": _digest([self.settings.model_dump(), before]),
            "seed": self.seed,
        }


Run = ModelBasedRun | ImitationRun | TrpoRun


def sweep_values(configuration: Configuration, agent: str, index: int) -> list[int | float]:
    """Values of a sweep of Figure 6 for one agent: those configured and the agent's own."""
    sweep = configuration.figures.figure_6.sweeps[index]
    own = configuration.agents[agent].model_based.flat()[sweep.parameter]
    return sorted({*sweep.values, own})


def figure_5_runs(configuration: Configuration) -> list[ModelBasedRun]:
    """The agent's own settings, each seed."""
    agent = configuration.figures.figure_5.agent
    settings = configuration.agents[agent].model_based
    return [ModelBasedRun(agent, settings, seed) for seed in configuration.seeds]


def figure_6_runs(configuration: Configuration) -> list[ModelBasedRun]:
    """One parameter varied at a time around each agent's own settings, each seed."""
    return _unique(_figure_6_runs(configuration))


def _figure_6_runs(configuration: Configuration) -> Iterator[ModelBasedRun]:
    figure = configuration.figures.figure_6
    for agent in figure.agents:
        for index, sweep in enumerate(figure.sweeps):
            for value in sweep_values(configuration, agent, index):
                settings = configuration.agents[agent].model_based.replaced(sweep.parameter, value)
                for seed in configuration.seeds:
                    yield ModelBasedRun(agent, settings, seed)


def imitation_runs(configuration: Configuration) -> list[ImitationRun]:
    """The imitation of each agent of Figure 7, each seed."""
    runs = []
    for agent in configuration.figures.figure_7.agents:
        own = configuration.agents[agent]
        settings = ImitationRunSettings(
            expert=ExpertSettings(
                planning=own.model_based.planning, steps=own.model_based.aggregation.steps
            ),
            policy=own.policy,
            imitation=own.imitation,
        )
        for seed in configuration.figures.figure_7.seeds:
            runs.append(ImitationRun(ModelBasedRun(agent, own.model_based, seed), settings))
    return runs


def trpo_runs(configuration: Configuration) -> list[TrpoRun]:
    """Mf and Mb-Mf of each agent of Figure 7, each seed."""
    runs = []
    for source in imitation_runs(configuration):
        own = configuration.agents[source.agent]
        for settings, start in [(own.model_free, None), (own.fine_tuning, source)]:
            both = TrpoRunSettings(policy=own.policy, trpo=settings)
            runs.append(TrpoRun(source.agent, both, source.seed, start))
    return runs


def figure_7_runs(configuration: Configuration) -> list[ModelBasedRun]:
    """The agents' own settings of Algorithm 1, each seed of Figure 7."""
    return [run.source for run in imitation_runs(configuration)]


def model_based_runs(configuration: Configuration) -> list[ModelBasedRun]:
    """Every run of Algorithm 1 that some figure shows, once."""
    return _unique(
        [
            *figure_5_runs(configuration),
            *figure_6_runs(configuration),
            *figure_7_runs(configuration),
        ]
    )


def _unique(runs: Iterable[ModelBasedRun]) -> list[ModelBasedRun]:
    return list({json.dumps(run.wildcards): run for run in runs}.values())


def table_of_runs(runs: Sequence[Run]) -> pd.DataFrame:
    """Path parameters of each run, one row a run."""
    return pd.DataFrame([run.wildcards for run in runs])


def figure_6_sweeps(configuration: Configuration) -> list[dict[str, Any]]:
    """What Figure 6's panels show: panel, agent, parameter, its values and the agent's own."""
    return [
        {
            "panel": sweep.panel,
            "agent": agent,
            "parameter": sweep.parameter,
            "values": sweep_values(configuration, agent, index),
            "default": configuration.agents[agent].model_based.flat()[sweep.parameter],
        }
        for agent in configuration.figures.figure_6.agents
        for index, sweep in enumerate(configuration.figures.figure_6.sweeps)
    ]


def gait_runs(configuration: Configuration) -> list[TrpoRun]:
    """Mb-Mf of each agent of Figure 7, its first seed: a clip shows one run, not a mean."""
    first = configuration.figures.figure_7.seeds[0]
    return [run for run in trpo_runs(configuration) if run.start and run.seed == first]
