"""Made-up tables for the claims, and the verdict on one claim."""

from pathlib import Path

import numpy as np
import pandas as pd

from mbmf.analysis.authors_plots import read_authors_plots
from mbmf.analysis.claims import check_claims
from mbmf.analysis.judging import judge
from mbmf.storage.yaml_files import read_yaml

CONFIG = Path(__file__).parents[1] / "config"
CONTENT = read_yaml(CONFIG / "claims.yaml")
PLOTS = read_authors_plots(CONFIG / "authors_plots.yaml")
CLAIMS, _ = check_claims(CONTENT)
SWEEPS = {
    "dynamics.epochs": [5, 20, 30, 40],
    "dynamics.on_policy_fraction": [0.0, 0.5, 0.9],
    "planning.horizon": [5, 20, 40],
    "planning.num_samples": [100, 500, 1000],
    "random_data.rollouts": [5, 10, 25],
}
OWN = {
    "dynamics.epochs": 30,
    "dynamics.on_policy_fraction": 0.9,
    "planning.horizon": 20,
    "planning.num_samples": 500,
    "random_data.rollouts": 25,
}
FIGURE_6 = [claim for claim in CLAIMS if claim.table == "figure_6"]


def one(claim, **changes):
    """A claim of the file, changed."""
    (found,) = [entry for entry in CONTENT["claims"] if entry["id"] == claim]
    return found | changes


def figure_9(seeds=5, agents=("swimmer", "half_cheetah"), level=10.0):
    """Every method that a claim names returns the same, in the second of two iterations."""
    methods = [
        ("random_shooting", "mlp", 5000), ("cem", "mlp", 500), ("cem", "mlp", 100),
        ("icem", "mlp", 100), ("cem", "probabilistic_ensemble", 100),
    ]  # fmt: skip
    return pd.DataFrame(
        [
            {
                "agent": agent,
                "seed": seed,
                "iteration": iteration,
                "planning.planner": planner,
                "dynamics.model": model,
                "planning.num_samples": num_samples,
                "return": level * iteration,
            }
            for agent in agents
            for planner, model, num_samples in methods
            for seed in range(seeds)
            for iteration in (0, 1)
        ]
    )


def figure_6(seeds=3, agents=("swimmer", "half_cheetah"), level=10.0):
    """Every run of every sweep, two iterations, all of the same return."""
    settings = {tuple((OWN | {name: v}).items()) for name in OWN for v in SWEEPS[name]}
    return pd.DataFrame(
        [
            {"agent": agent, **dict(row), "seed": seed, "iteration": iteration, "return": level}
            for agent in agents
            for row in sorted(settings)
            for seed in range(seeds)
            for iteration in (0, 1)
        ]
    )


def noisy(table, rng, spread=1.0):
    """The table with a part of the return that runs of a seed share, and one of each run."""
    shared = rng.normal(0.0, spread, 100)[table["seed"]]
    return table.assign(**{"return": table["return"] + shared + rng.normal(0, spread, len(table))})


def figure_5(seeds=3, after_10=0.3, after_100=3.0, spread=0.05):
    rng = np.random.default_rng(0)
    steps = np.array([1, 10, 100])
    return pd.DataFrame(
        [
            {
                "agent": "half_cheetah", "seed": seed, "iteration": iteration, "rollouts": rollouts,
                "start": start, "step": step, "error": error * np.exp(rng.normal(0, spread)),
            }
            for seed in range(seeds)
            for iteration in (0, 1)
            for rollouts in ("random", "MPC")
            for start in range(5)
            for step, error in zip(steps, (0.1, after_10, after_100), strict=True)
        ]
    )  # fmt: skip


def trajectories(lost, seeds=5):
    """Elements that each seed loses after about `lost` of 200 steps, and one that stands still."""
    rng = np.random.default_rng(0)
    step = np.arange(200)
    parts = []
    for seed in range(seeds):
        for element, after in enumerate([*lost, None]):
            true = np.sin(step) if after else np.zeros(200)
            wrong = 10.0 * (step >= after * np.exp(rng.normal(0, 0.1))) if after else 1e-9
            parts.append(
                pd.DataFrame(
                    {
                        "agent": "half_cheetah", "seed": seed, "element": str(element),
                        "step": step, "true": true, "predicted": true + wrong,
                    }
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def figure_7(agents=("swimmer",), seeds=5, slow=30.0, faster=4.0, spread=0.02, top=70):
    """Mf reaches the 30 of Mb after `slow` times its steps; Mb-Mf rises `faster` as fast."""
    rng = np.random.default_rng(0)
    points = np.arange(300)
    parts = []
    for agent in agents:
        for seed in range(seeds):
            pace = np.exp(rng.normal(0, spread))
            mf = 1000.0 * points * pace * slow / 30
            for kind, env_steps, returns in [
                ("model_based", np.r_[500.0, np.arange(1000.0, 1050, 10)], [5, *[30] * 5]),
                ("model_free", mf, np.minimum(points, top)),
                ("imitation", np.array([1100.0, 1200.0]), [0, 0]),
                ("fine_tuning", 1300 + mf / faster * np.exp(rng.normal(0, spread)),
                 np.minimum(points, 70)),
            ]:  # fmt: skip
                parts.append(
                    pd.DataFrame(
                        {
                            "kind": kind, "agent": agent, "seed": seed,
                            "iteration": range(len(returns)), "env_steps": env_steps,
                            # Half of them before TRPO, and a batch more in it.
                            "authors_steps": env_steps / 2
                            if kind in ("model_based", "imitation") else env_steps + 1000,
                            "return": np.asarray(returns, float),
                        }
                    )
                )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def dyna_episodes(reached=(25, 5, 3), first=1700.0, runs=40):
    """Curves that are optimal (10 steps) from the episode `reached` on."""
    rng = np.random.default_rng(0)
    episodes = np.arange(1, 51)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "panel": "a", "planning_steps": n, "run": run, "episode": episodes,
                    "steps": np.where(episodes >= at, 10.0, 100.0) + first * (episodes == 1)
                    + rng.normal(0, 0.5, 50) * np.where(episodes == 1, 100, 1),
                    "optimal_steps": 10.0,
                }
            )
            for n, at in zip((0, 5, 50), reached, strict=True)
            for run in range(runs)
        ],
        ignore_index=True,
    )  # fmt: skip


def dyna_rewards(plus=(20, 30), runs=30):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"figure": figure, "method": method, "run": run, "step": step,
             "cumulative_reward": (step > 0) * (100 + more + rng.normal(0, 5))}
            for figure, gain in zip(("8.4", "8.5"), plus, strict=True)
            for method, more in (("Dyna-Q", 0), ("Dyna-Q+", gain))
            for run in range(runs)
            for step in (0, 10)
        ]
    )  # fmt: skip


TABLES = {
    "figure_5_errors": figure_5(),
    "figure_5_trajectories": trajectories([10, 12, 100, 120]),
    "figure_6": noisy(figure_6(), np.random.default_rng(0)),
    "figure_9": noisy(figure_9(), np.random.default_rng(0)),
    "figure_7": figure_7(("swimmer", "half_cheetah", "hopper", "ant")),
    "dyna_episodes": dyna_episodes(),
    "dyna_rewards": dyna_rewards(),
}


def verdict(claim, table, **changed):
    """The record of one claim of the file by itself, about its first agent."""
    claims, problems = check_claims({"claims": [one(claim, **changed)]})
    assert not problems
    return judge(claims, lambda name: table, PLOTS)[0]
