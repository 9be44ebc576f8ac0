"""Whether screening ever changes a plan, and what it saves.

`python benchmarks/screening.py plans LAYERS COUNT [AGENT ...]` plans COUNT times for each agent
that is screened, with and without screening in turn, from states that Algorithm 1 came to, with
its first model and its last, of LAYERS layers of 500. `paper ITERATIONS COUNT [AGENT ...]` does so
at paper scale, whose models are harder: with each iteration's own model, from states of that
iteration, for as many bodies at a time as it has rollouts. Both print what docs/performance.md has.
`runs LAYERS [AGENT ...]` runs Algorithm 1 at quick scale with and without, with K large enough to
be screened, and compares curves and models.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.spec import AgentSpec
from mbmf.method import algorithm_1, random_data
from mbmf.method.fast.processor import has_vnni
from mbmf.method.models.base import new_model
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import BasePlanner, PlanningSettings, new_planner
from mbmf.method.predicted_returns import SMALLEST_SCREENED, PredictedReturns
from mbmf.method.screening import FIRST, best_of_screened
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[1] / "config"
# (K, H), each as often as it stands here; the agents' own are among them.
SHAPES = [(1000, 5), (1000, 10), (1000, 20), (1000, 40)] * 2 + [(2500, 20), (5000, 20)]

SCREENED = [name for name, spec in AGENTS.items() if spec.terminated is None]

# A few minutes for all models.
SHORTER = {
    "dynamics.epochs": 10,
    "aggregation.iterations": 3,
    "aggregation.rollouts": 3,
    "aggregation.training_rollouts": 2,
    "aggregation.steps": 150,
}


@contextmanager
def without_screening() -> Iterator[None]:
    """Planners made here predict all sequences in float32."""
    original = Model.for_screening
    Model.for_screening = lambda _self: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Model.for_screening = original  # type: ignore[method-assign]


def settings_of(agent: str, layers_of_500: int) -> algorithm_1.ModelBasedSettings:
    """Quick scale, with that network and with K large enough."""
    layers = [CONFIG / f"{name}.yaml" for name in ("agents", "config", "quick")]
    settings = load_configuration(layers).agents[agent].model_based
    settings = settings.replaced("dynamics.hidden_layers", [500] * layers_of_500)
    return settings.replaced("planning.num_samples", SMALLEST_SCREENED)


def run(spec: AgentSpec, settings: algorithm_1.ModelBasedSettings) -> algorithm_1.Progress:
    """Algorithm 1 with seed 0."""
    data = random_data.generate(spec, settings.random_data, 0)
    progress = algorithm_1.start(spec, settings, data, 0)
    for _ in range(settings.aggregation.iterations):
        algorithm_1.iterate(progress, spec, settings, data, 0)
    return progress


class Rescored(Counter[int]):
    """Counts plans by how many sequences `score` predicted exactly.

    Attributes:
        margin: the least `margin` of the plans.
    """

    def __init__(self, objective: PredictedReturns) -> None:
        super().__init__()
        self.plan = 0
        self.margin = np.inf
        self._objective = objective
        self._planned: list[tuple[Tensor, Tensor]] = []
        self._score, best = objective.score, objective.best

        def score(starts: Tensor, actions: Tensor) -> Tensor:
            self.plan += actions.shape[1] * actions.shape[2]
            return self._score(starts, actions)

        def noted(starts: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
            self._planned.append((starts, actions))
            return best(starts, actions)

        objective.score = score  # type: ignore[method-assign]
        objective.best = noted  # type: ignore[method-assign]

    @torch.inference_mode()
    def finish_plan(self) -> None:
        """Count what has been predicted since the last plan."""
        self[self.plan] += 1
        for starts, actions in self._planned:
            screened, far = self._objective._screened(starts, actions)
            lowest = margin(screened, far, self._score(starts, actions))
            self.margin = min(self.margin, lowest)
        self.plan = 0
        self._planned.clear()


def margin(screened: Tensor, far: Tensor, exact: Tensor) -> float:
    """By which factor the errors of the screen would have to grow for another sequence to win.

    Errors of sequences that are predicted exactly stay as they are. All arguments are (B, N).
    """
    tried = torch.zeros_like(screened, dtype=torch.bool)

    def predicted(bodies: Tensor, sequences: Tensor) -> Tensor:
        tried[bodies, sequences] = True
        return exact[bodies, sequences]

    _, best = best_of_screened(screened, far, predicted)
    too_low = (exact - screened).clamp_min(1e-30)
    return float(((best[:, None] - screened) / too_low).masked_fill(tried, np.inf).min())


@dataclass
class Found:
    """What came out of some plans.

    Attributes:
        plans: of single bodies.
        other_actions: of single bodies that differ.
        other_returns: likewise.
        most_lost: the largest difference of predicted return.
        more: calls of the planner in which more than the first were predicted exactly.
        all: calls in which all sequences were.
        again: sequences that were, in all.
        margin: the least of all plans.
        seconds: of the calls, without screening and with it, in all.
        shares: the least seconds of a call, likewise, by (K, H).
    """

    plans: int = 0
    other_actions: int = 0
    other_returns: int = 0
    most_lost: float = 0.0
    more: int = 0
    all: int = 0
    again: int = 0
    margin: float = np.inf
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    shares: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)


def compare(
    planners: tuple[BasePlanner, BasePlanner],
    states: NDArray[np.float64],
    seeds: range,
    found: Found,
    bodies: int = 1,
) -> None:
    """Plan with both planners in turn, from so many states at a time."""
    screened = planners[1]
    counted = Rescored(screened.objective)
    samples, horizon = screened.settings.num_samples, screened.settings.horizon
    lowest = found.shares.get((samples, horizon), (np.inf, np.inf))
    for seed in seeds:
        state = states[np.random.default_rng(seed).integers(len(states), size=bodies)]
        plans, seconds = [], []
        for planner in planners:
            started = time.thread_time()
            plans.append(planner.plan(state, torch.Generator().manual_seed(seed)))
            seconds.append(time.thread_time() - started)
        counted.finish_plan()
        lowest = (min(lowest[0], seconds[0]), min(lowest[1], seconds[1]))
        found.plans += bodies
        found.seconds += seconds
        found.other_actions += (plans[0].actions != plans[1].actions).any(axis=1).sum()
        found.other_returns += (plans[0].returns != plans[1].returns).sum()
        lost = float((plans[0].returns - plans[1].returns).max())
        found.most_lost = max(found.most_lost, lost)
    found.more += sum(counted.values()) - counted[bodies * FIRST]
    found.again += sum(tried * number for tried, number in counted.items())
    found.margin = min(found.margin, counted.margin)
    found.all += sum(number for tried, number in counted.items() if tried >= bodies * samples)
    found.shares[samples, horizon] = lowest


def plans(name: str, layers: int, count: int) -> Found:
    """Plans for an agent, spread over shapes and the first and last models."""
    spec, settings = get_agent(name), settings_of(name, layers)
    for key, value in SHORTER.items():
        settings = settings.replaced(key, value)
    progress = run(spec, settings)
    rollouts = [*progress.on_policy, *progress.validation]
    states = np.concatenate([part.transitions()[0] for part in rollouts])
    found = Found()
    share = -(-count // (2 * len(SHAPES)))
    turns = islice(cycle(SHAPES), 2 * len(SHAPES))
    for turn, (samples, horizon) in enumerate(turns):
        model = new_model(spec.state_dim, spec.action_dim, settings.dynamics)
        model.load_state_dict(progress.models[-1 if turn >= len(SHAPES) else 0])
        planning = PlanningSettings(horizon=horizon, num_samples=samples)
        with without_screening():
            exact = new_planner(model, spec, planning)
        screened = new_planner(model, spec, planning)
        compare((exact, screened), states, range(turn * share, (turn + 1) * share), found)
    return found


def print_plans(layers: int, count: int, names: list[str]) -> None:
    """A row of the table for each agent."""
    print("| agent | plans | other action | other return | predicted more | all | margin | time |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        found = plans(name, layers, count)
        times = ", ".join(
            f"{samples} x {horizon}: {screened / exact:.2f}"
            for (samples, horizon), (exact, screened) in sorted(found.shares.items())
        )
        lost = f" (return lower by {found.most_lost:.2g})" if found.other_actions else ""
        print(
            f"| {name} | {found.plans} | {found.other_actions}{lost} | {found.other_returns} "
            f"| {found.more} | {found.all} | {found.margin:.1f} | {times} |",
            flush=True,
        )


def print_paper(iterations: int, count: int, names: list[str]) -> None:
    """A row for each iteration at paper scale."""
    print(
        "| agent | iteration | plans | other action | other return | predicted again | margin "
        "| time |"
    )
    print("|---|---|---|---|---|---|---|---|")
    layers = [CONFIG / f"{name}.yaml" for name in ("agents", "config")]
    for name in names:
        spec, settings = get_agent(name), load_configuration(layers).agents[name].model_based
        settings = settings.replaced("aggregation.iterations", iterations)
        progress = run(spec, settings)
        for iteration, rollouts in enumerate(progress.on_policy):
            model = new_model(spec.state_dim, spec.action_dim, settings.dynamics)
            model.load_state_dict(progress.models[iteration])
            with without_screening():
                exact = new_planner(model, spec, settings.planning)
            screened = new_planner(model, spec, settings.planning)
            found = Found()
            bodies = settings.aggregation.rollouts
            seeds = range(-(-count // bodies))
            compare((exact, screened), rollouts.transitions()[0], seeds, found, bodies)
            again = found.again / (found.plans * settings.planning.num_samples)
            without, screening = found.seconds
            print(
                f"| {name} | {iteration + 1} | {found.plans} | {found.other_actions} "
                f"| {found.other_returns} | {again:.0%} | {found.margin:.1f} "
                f"| {screening / without:.2f} |",
                flush=True,
            )


def print_runs(layers: int, names: list[str]) -> None:
    """Whether each agent's run of Algorithm 1 is the same with screening."""
    for name in names:
        spec, settings = get_agent(name), settings_of(name, layers)
        screened = run(spec, settings)
        with without_screening():
            exact = run(spec, settings)
        # As text, for a NaN is not equal to itself.
        same = repr(screened.curve) == repr(exact.curve) and all(
            torch.equal(weights[key], other[key])
            for weights, other in zip(screened.models, exact.models, strict=True)
            for key in weights
        )
        print(name, "the same curve and models" if same else "DIFFERENT", flush=True)


if __name__ == "__main__":
    if not has_vnni():
        sys.exit("nothing is screened here: the processor has no AVX512-VNNI")
    torch.set_num_threads(1)
    if sys.argv[1] == "plans":
        print_plans(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] or SCREENED)
    elif sys.argv[1] == "paper":
        print_paper(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] or SCREENED)
    else:
        print_runs(int(sys.argv[2]), sys.argv[3:] or SCREENED)
