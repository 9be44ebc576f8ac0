"""How long the paper's scale takes from nothing, from the measured pieces: core hours a seed.

`mbmf status` estimates by finished jobs; this goes by the table's rates alone.
"""

import json
from collections.abc import Iterable

from peers import HERE, ROOT
from rows import Row, single
from rows_algorithm import AGENTS, first_iteration
from rows_trpo import trpo_row

from mbmf.experiments.runs import ImitationRun, ModelBasedRun, Run, TrpoRun, with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import Configuration, check_configuration
from mbmf.workflow.run_cost import of_imitation, of_model_based

CORES = 2
SEED = 0
# Core hours of one seed.
GOALS = {"swimmer": 1.3, "half_cheetah": 3.0, "hopper": 3.0, "ant": 6.0}
FIGURE_6 = 2.5


def configuration(agents: Iterable[str]) -> Configuration:
    """The shipped configuration at paper scale, with these agents in Figure 7."""
    paths = [ROOT / "config/agents.yaml", ROOT / "config/config.yaml"]
    layers = [(str(path), read_yaml(path)) for path in paths]
    return check_configuration([*layers, ("all", {"figures": {"figure_7": {"agents": [*agents]}}})])


class Rates:
    """Seconds on one core, from the rows of the table."""

    def __init__(self, measured: dict[str, Row], shipped: Configuration) -> None:
        self.paces, self.steps = {}, {}
        for agent in AGENTS:
            row = measured[first_iteration(agent)]
            own = shipped.agents[agent].model_based.replaced("aggregation.iterations", 1)
            learned = row["ours"] * (1 - row["percent"]["random data"] / 100)
            self.paces[agent] = learned / of_model_based(agent, own)
            self.steps[agent] = measured[trpo_row(agent)]["ours"]

    def seconds(self, run: Run) -> float:
        """Of one run; 0 for what takes minutes in all."""
        if isinstance(run, ModelBasedRun):
            return self.paces[run.agent] * of_model_based(run.agent, run.settings)
        if isinstance(run, ImitationRun):
            dynamics = run.source.settings.dynamics
            return self.paces[run.agent] * of_imitation(run.agent, run.settings, dynamics)
        if isinstance(run, TrpoRun):
            own = run.settings.trpo
            return own.iterations * own.batch_size / self.steps[run.agent]
        return 0.0

    def hours(self, runs: Iterable[Run]) -> float:
        """Core hours of runs."""
        return sum(map(self.seconds, runs)) / 3600


def estimate_rows() -> list[Row]:
    """From rows of the table, measured now or before."""
    measured = {found["name"]: found for found in json.loads((HERE / "results.json").read_text())}
    needed = {name(agent) for agent in AGENTS for name in (first_iteration, trpo_row)}
    if missing := needed - measured.keys():
        raise SystemExit(f"the estimate needs rows that are not there yet: {', '.join(missing)}")
    every = configuration(AGENTS)
    rates = Rates(measured, every)
    counted = (
        "the runs' work (`mbmf.workflow.run_cost`) at the rates above, episodes of full length"
    )
    seed = [run for run in every.experiments["figure_6"].asked_for() if run.seed == SEED]
    hours = rates.hours(with_sources(seed))
    rows = [
        single(
            "paper scale, Figure 6, a seed of both agents, estimated", "core h", hours,
            f"at most {FIGURE_6} core h", hours <= FIGURE_6, counted=counted,
        )
    ]  # fmt: skip
    for agent, goal in GOALS.items():
        runs = every.experiments["figure_7"].asked_for()
        own = with_sources(run for run in runs if run.agent == agent and run.seed == SEED)
        kinds = {
            kind: rates.hours(run for run in own if run.kind == kind)
            for kind in ("model_based", "imitation", "trpo")
        }
        hours = sum(kinds.values())
        parts = ", ".join(f"{kind.replace('_', '-')} {value:.2g}" for kind, value in kinds.items())
        rows.append(
            single(
                f"paper scale, Figure 7, a seed of {agent}, estimated", "core h", hours,
                f"at most {goal:g} core h", hours <= goal, counted=f"{counted}; {parts} core h",
            )
        )  # fmt: skip
    return [*rows, _whole(rates)]


def _whole(rates: Rates) -> Row:
    """All runs of the shipped configuration."""
    shipped = configuration(["swimmer"])
    figures = {
        name: rates.hours(with_sources(experiment.asked_for()))
        for name, experiment in shipped.experiments.items()
    }
    asked = [run for experiment in shipped.experiments.values() for run in experiment.asked_for()]
    hours = rates.hours(with_sources(asked)) / CORES
    parts = ", ".join(f"{name} {value:.2g}" for name, value in figures.items() if value)
    return single(
        "paper scale as shipped, from nothing, 2 cores, estimated", "h", hours, "", True,
        counted=f"all runs, those that figures share once; core hours of each figure: {parts}."
        " Trajectory following, the tabular agents and the pages are not in it",
    )  # fmt: skip
