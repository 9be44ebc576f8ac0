"""From the configuration to the table of runs.

One run = (kind, agent, parameters, seed). Figures name the runs that they show; a run
that several of them show stands in the table once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mbmf.configuration import Configuration
from mbmf.model_based import ModelBasedSettings

# The parameters that the paper varies are spelled out in a run's path; a digest stands
# for all the others. Either way a changed value is a new path.
SPELLED_OUT = {
    "dynamics.epochs": "epochs",
    "dynamics.on_policy_fraction": "on_policy_fraction",
    "planning.horizon": "horizon",
    "planning.num_samples": "num_samples",
    "random_data.rollouts": "random_rollouts",
}


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
        others = {key: value for key, value in values.items() if key not in SPELLED_OUT}
        digest = hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()[:8]
        return {
            "agent": self.agent,
            **{label: values[key] for key, label in SPELLED_OUT.items()},
            "settings": digest,
            "seed": self.seed,
        }


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


def model_based_runs(configuration: Configuration) -> list[ModelBasedRun]:
    """Every run of Algorithm 1 that some figure shows, once."""
    return _unique([*figure_5_runs(configuration), *figure_6_runs(configuration)])


def _unique(runs: Any) -> list[ModelBasedRun]:
    return list({json.dumps(run.wildcards): run for run in runs}.values())


def table_of_runs(runs: list[ModelBasedRun]) -> pd.DataFrame:
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
