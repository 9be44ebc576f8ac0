"""How long the paper's scale takes from nothing on two cores, from the measured pieces.

`mbmf status` estimates by finished jobs; this goes by the table's rates alone.
"""

import json

from peers import HERE, ROOT
from rows import Row, single

from mbmf.experiments.runs import ModelBasedRun, with_sources
from mbmf.workflow.configuration import load_configuration
from mbmf.workflow.run_cost import of_run

CORES = 2
ALGORITHM_1 = "Algorithm 1, swimmer, the first iteration at paper scale, 1 thread"
TRPO = "TRPO, swimmer, iterations of 50,000 steps, 2 threads"


def core_hours(measured: dict[str, Row]) -> dict[str, float]:
    """Core hours of each kind of run, from the rates in the table."""
    configuration = load_configuration([ROOT / "config/agents.yaml", ROOT / "config/config.yaml"])
    own = configuration.agents["swimmer"].model_based.replaced("aggregation.iterations", 1)
    seconds_a_unit = measured[ALGORITHM_1]["ours"] / of_run(ModelBasedRun("swimmer", own, 0))
    experiments = configuration.experiments.values()
    runs = with_sources(run for experiment in experiments for run in experiment.asked_for())
    env_steps = sum(
        run.settings.trpo.iterations * run.settings.trpo.batch_size
        for run in runs
        if run.kind == "trpo"
    )
    work = {
        kind: sum(of_run(run) for run in runs if run.kind == kind)
        for kind in ("model_based", "imitation")
    }
    seconds = {
        "Algorithm 1": seconds_a_unit * work["model_based"],
        "imitation": seconds_a_unit * work["imitation"],
        # Two threads make these steps a second; two runs of one thread each make no fewer.
        "TRPO": CORES * env_steps / measured[TRPO]["ours"],
    }
    return {kind: value / 3600 for kind, value in seconds.items()}


def estimate_rows() -> list[Row]:
    """From rows of the table, measured now or before."""
    measured = {found["name"]: found for found in json.loads((HERE / "results.json").read_text())}
    if missing := {ALGORITHM_1, TRPO} - measured.keys():
        raise SystemExit(f"the estimate needs rows that are not there yet: {', '.join(missing)}")
    hours = core_hours(measured)
    total = sum(hours.values()) / CORES
    parts = ", ".join(f"{kind} {value:.2g}" for kind, value in hours.items())
    return [
        single(
            "paper scale from nothing, 2 cores, estimated",
            "h",
            total,
            "at most 10 h",
            total <= 10,
            counted="the work of the table of runs (`mbmf.workflow.run_cost`) at the rates "
            f"measured above, episodes of full length; core hours: {parts}. Figure 5, the tabular "
            "agents and the pages, minutes together, are not in it",
        )
    ]
