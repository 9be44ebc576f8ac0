"""How long the paper's scale takes from nothing, from the measured pieces: core hours a seed.

`mbmf status` estimates by finished jobs; this goes by the table's rates alone.
"""

import json
from collections.abc import Iterable

from peers import HERE, ROOT
from rows import Row, rounded, single
from rows_algorithm import AGENTS, first_iteration
from rows_planning import SCREENED_SHAPE, planning_row
from rows_trpo import trpo_row

from mbmf.agents import get_agent
from mbmf.experiments.runs import ImitationRun, ModelBasedRun, Run, TrpoRun, with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import Configuration, check_configuration
from mbmf.workflow.run_cost import of_imitation, of_model_based

CORES = 2
SEED = 0
# Core hours of one seed of Figure 7. The swimmer's goal is a share of its limit instead, the same
# as that of TRPO's row.
HOURS = {"half_cheetah": 3.0, "hopper": 3.0, "ant": 6.0}
SHARES = {"swimmer": 0.85}
FIGURE_6_SHARE = 1.0
# Hidden layers of a network: the row by which its products are timed.
PRODUCTS = {layers: planning_row(*SCREENED_SHAPE, layers) for layers in (1, 2)}
LIMIT_NAME = (
    "all plans' matrix products in float32, by the limit of the swimmer's 5000 x 20, and the "
    "physics of TRPO's steps, by the limit of its row; screening can be faster"
)


def configuration(agents: Iterable[str]) -> Configuration:
    """The shipped configuration at paper scale, with these agents in Figure 7."""
    paths = [ROOT / "config/agents.yaml", ROOT / "config/config.yaml"]
    layers = [(str(path), read_yaml(path)) for path in paths]
    return check_configuration([*layers, ("all", {"figures": {"figure_7": {"agents": [*agents]}}})])


class Rates:
    """Seconds on one core, from the rows of the table."""

    def __init__(self, measured: dict[str, Row], shipped: Configuration) -> None:
        self.paces, self.steps, self.physics = {}, {}, {}
        for agent in AGENTS:
            row = measured[first_iteration(agent)]
            own = shipped.agents[agent].model_based.replaced("aggregation.iterations", 1)
            learned = row["ours"] * (1 - row["percent"]["random data"] / 100)
            self.paces[agent] = learned / of_model_based(agent, own)
            self.steps[agent] = measured[trpo_row(agent)]["ours"]
            self.physics[agent] = measured[trpo_row(agent)]["limit"]
        # Seconds of a multiplication, by the number of hidden layers.
        self.product = {
            layers: measured[name]["limit"] / 1e3 / multiplications(shipped, layers)
            for layers, name in PRODUCTS.items()
        }

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

    def least(self, run: Run) -> float:
        """Seconds of a run's plans and of TRPO's physics at their limits."""
        if isinstance(run, TrpoRun):
            own = run.settings.trpo
            return own.iterations * own.batch_size / self.physics[run.agent]
        if isinstance(run, ModelBasedRun):
            acting, planning = run.settings.aggregation, run.settings.planning
            plans = acting.iterations * acting.rollouts * acting.steps
            dynamics = run.settings.dynamics
        elif isinstance(run, ImitationRun):
            expert, own = run.settings.expert, run.settings.imitation
            planning = expert.planning
            plans = (own.expert_rollouts + own.iterations * own.rollouts) * expert.steps
            dynamics = run.source.settings.dynamics
        else:
            return 0.0
        spec = get_agent(run.agent)
        network = dynamics.products(spec.state_dim, spec.action_dim)
        predictions = plans * planning.sequences * planning.horizon
        return predictions * network * self.product[len(dynamics.hidden_layers)]

    def hours(self, runs: Iterable[Run]) -> float:
        """Core hours of runs."""
        return sum(map(self.seconds, runs)) / 3600

    def least_hours(self, runs: Iterable[Run]) -> float:
        """Core hours of runs at their limits."""
        return sum(map(self.least, runs)) / 3600


def multiplications(shipped: Configuration, layers: int) -> float:
    """In one plan of the row for such a network, the swimmer's."""
    spec, own = get_agent("swimmer"), shipped.agents["swimmer"].model_based
    network = own.replaced("dynamics.hidden_layers", [500] * layers).dynamics
    samples, horizon = SCREENED_SHAPE
    return samples * horizon * network.products(spec.state_dim, spec.action_dim)


def estimate_rows() -> list[Row]:
    """From rows of the table, measured now or before."""
    measured = {found["name"]: found for found in json.loads((HERE / "results.json").read_text())}
    needed = {name(agent) for agent in AGENTS for name in (first_iteration, trpo_row)}
    needed |= {*PRODUCTS.values()}
    if missing := needed - measured.keys():
        raise SystemExit(f"the estimate needs rows that are not there yet: {', '.join(missing)}")
    every = configuration(AGENTS)
    rates = Rates(measured, every)
    counted = (
        "the runs' work (`mbmf.workflow.run_cost`) at the rates above, episodes of full length"
    )
    asked = every.experiments["figure_6"].asked_for()
    seed = [*with_sources(run for run in asked if run.seed == SEED)]
    hours, least = rates.hours(seed), rates.least_hours(seed)
    rows = [_by_share("Figure 6, a seed of both agents", hours, least, FIGURE_6_SHARE, counted)]
    for agent in AGENTS:
        runs = every.experiments["figure_7"].asked_for()
        own = [*with_sources(run for run in runs if run.agent == agent and run.seed == SEED)]
        kinds = {
            kind: rates.hours(run for run in own if run.kind == kind)
            for kind in ("model_based", "imitation", "trpo")
        }
        parts = ", ".join(f"{kind.replace('_', '-')} {value:.2g}" for kind, value in kinds.items())
        what, told = f"Figure 7, a seed of {agent}", f"{counted}; {parts} core h"
        hours, least = sum(kinds.values()), rates.least_hours(own)
        if agent in SHARES:
            rows.append(_by_share(what, hours, least, SHARES[agent], told))
        else:
            goal = HOURS[agent]
            rows.append(_row(what, hours, least, f"at most {goal:g} core h", hours <= goal, told))
    return [*rows, _whole(rates)]


def _by_share(what: str, hours: float, least: float, share: float, counted: str) -> Row:
    """A row whose goal is a share of its limit."""
    met = least / hours >= share
    return _row(what, hours, least, f"{100 * share:g} % of the limit", met, counted)


def _row(what: str, hours: float, least: float, goal: str, met: bool, counted: str) -> Row:
    """Core hours of one figure."""
    return single(
        f"paper scale, {what}, estimated", "core h", hours, goal, met,
        limit=rounded(least), share_of_limit=rounded(least / hours), limit_name=LIMIT_NAME,
        counted=counted,
    )  # fmt: skip


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
