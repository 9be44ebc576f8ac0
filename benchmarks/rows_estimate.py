"""How long the paper's scale takes from nothing on two cores, from the measured pieces."""

import json
from itertools import pairwise

from peers import HERE, ROOT
from rows import Row, single

from mbmf.agents import get_agent
from mbmf.configuration import load_configuration
from mbmf.experiments import imitation_runs, model_based_runs, trpo_runs
from mbmf.model_based import ModelBasedSettings

CORES = 2
PLANNING = "planning, 5000 x 20, 1 x 500, 1 thread"
TRAINING = "dynamics training, batch 512, 1 x 500, 1 thread"
TRPO = "TRPO, swimmer, iterations of 50,000 steps, 2 threads"


def plan_products(agent: str, settings: ModelBasedSettings, plans: int) -> float:
    """Multiplications in the networks of that many plans of one body."""
    spec = get_agent(agent)
    inputs = spec.state_dim + spec.action_dim
    sizes = [inputs, *settings.dynamics.hidden_layers, spec.state_dim]
    products = sum(i * o for i, o in pairwise(sizes))
    return plans * settings.planning.num_samples * settings.planning.horizon * products


def gradient_steps(settings: ModelBasedSettings) -> int:
    """Of all iterations of a run: epochs over D_RAND and the D_RL of the time."""
    random_points = settings.random_data.rollouts * settings.random_data.steps
    added = settings.aggregation.training_rollouts * settings.aggregation.steps
    return sum(
        settings.dynamics.epochs
        * ((random_points + iteration * added) // settings.dynamics.batch_size)
        for iteration in range(settings.aggregation.iterations)
    )


def core_hours(measured: dict[str, Row]) -> dict[str, float]:
    """Core hours of each kind of work, from the rates in the table."""
    configuration = load_configuration([ROOT / "config/agents.yaml", ROOT / "config/config.yaml"])
    products = steps = 0.0
    for run in model_based_runs(configuration):
        own = run.settings.aggregation
        plans = own.iterations * own.rollouts * own.steps
        products += plan_products(run.agent, run.settings, plans)
        steps += gradient_steps(run.settings)
    for imitation in imitation_runs(configuration):
        own_imitation = imitation.settings.imitation
        rollouts = own_imitation.expert_rollouts + own_imitation.iterations * own_imitation.rollouts
        products += plan_products(
            imitation.agent, imitation.source.settings, rollouts * imitation.settings.expert.steps
        )
    env_steps = sum(
        run.settings.trpo.iterations * run.settings.trpo.batch_size
        for run in trpo_runs(configuration)
    )
    rate = 5000 * 20 * (18 * 500 + 500 * 16) / (measured[PLANNING]["ours"] / 1e3)
    return {
        "planning": products / rate / 3600,
        "training": steps * measured[TRAINING]["ours"] / 1e3 / 3600,
        # Two threads make these steps; two runs of one thread each make no fewer.
        "TRPO": CORES * env_steps / measured[TRPO]["ours"] / 3600,
    }


def estimate_rows() -> list[Row]:
    """From rows of the table, measured now or before."""
    rows = json.loads((HERE / "results.json").read_text())
    measured = {found["name"]: found for found in rows}
    if missing := {PLANNING, TRAINING, TRPO} - measured.keys():
        raise SystemExit(f"the estimate needs rows that are not there yet: {', '.join(missing)}")
    hours = core_hours(measured)
    total = sum(hours.values()) / CORES
    return [
        single(
            "paper scale from nothing, 2 cores, estimated", "h", total, "at most 10 h", total <= 10,
            counted="plans, gradient steps and TRPO's steps of the table of runs at the rates "
            "measured above, episodes of full length; core hours: "
            + ", ".join(f"{part} {value:.2g}" for part, value in hours.items())
            + ". Physics under MPC, validation, start-up, Figure 5 and the tabular agents are "
            "not in it",
        )
    ]  # fmt: skip
