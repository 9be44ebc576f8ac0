"""`make bench`: times ours against peers and limits, in turn, in one run.

Writes results.json and results.md beside this file. Each row is the median of the turns;
the spread is the lowest and the highest.
"""

import itertools
import json
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime

import matrix_product
import torch
from peers import HERE, peer_python
from worker import Contender

from mbmf.steps.provenance import provenance

# name: K, H, hidden layers, threads, goal in ms
PLANS = {
    "planning, 5000 x 20, 1 x 500, 2 threads": (5000, 20, [500], 2, 40.0),
}
STEPS = 50_000


def take_turns(contenders: dict[str, Contender], turns: int) -> dict[str, list[float]]:
    """Seconds of each contender, called in turn."""
    times: dict[str, list[float]] = {key: [] for key in contenders}
    for _ in range(turns):
        for key, contender in contenders.items():
            times[key].append(contender.seconds())
    for contender in contenders.values():
        contender.close()
    return times


def summary(values: dict[str, list[float]], digits: int) -> dict[str, object]:
    """Medians of "ours", "peer" and "limit", and the lowest and highest of each."""
    spread = {key: [round(min(v), digits), round(max(v), digits)] for key, v in values.items()}
    medians = {key: round(statistics.median(v), digits) for key, v in values.items()}
    return {**medians, "spread": spread}


def times_faster(times: dict[str, list[float]]) -> float:
    """Median over the turns of the peer's time over ours."""
    ratios = [peer / ours for ours, peer in zip(times["ours"], times["peer"], strict=True)]
    return round(statistics.median(ratios), 1)


def planning_flops(samples: int, horizon: int, layers: list[int]) -> int:
    """Floating-point operations of the matrix products of one plan for the swimmer."""
    sizes = [18, *layers, 16]
    products = sum(2 * i * o for i, o in itertools.pairwise(sizes))
    return samples * horizon * products


def planning_row(name: str) -> dict[str, object]:
    """Ours, mbrl-lib and the matrix-product limit, in turn."""
    samples, horizon, layers, threads, goal = PLANS[name]
    arguments = [json.dumps(value) for value in (samples, horizon, layers, threads)]
    times = take_turns(
        {
            "ours": Contender(sys.executable, HERE / "planning_ours.py", *arguments),
            "peer": Contender(peer_python("mbrl"), HERE / "planning_mbrl.py", *arguments),
            "limit": Contender(sys.executable, HERE / "matrix_product.py", str(threads)),
        },
        turns=15,
    )
    scale = planning_flops(samples, horizon, layers) / (2 * matrix_product.SIZE**3)
    times["limit"] = [scale * value for value in times["limit"]]
    found = summary({key: [1e3 * v for v in values] for key, values in times.items()}, 1)
    return {
        "name": name,
        "unit": "ms",
        **found,
        "goal": f"at most {goal:g} ms",
        "met": found["ours"] <= goal,
        "times_faster": times_faster(times),
        "peer_name": "mbrl-lib 0.2.0, ModelEnv.evaluate_action_sequences",
        "limit_name": "its matrix products at the rate of a 2048 x 2048 float32 product",
    }


def rate_row(
    name: str, contenders: dict[str, Contender], goal: float, turns: int, steps: int, **names: str
) -> dict[str, object]:
    """Environment steps a second; `goal` is how many times the peer's ours should be."""
    times = take_turns(contenders, turns)
    found = summary({key: [steps / v for v in values] for key, values in times.items()}, 0)
    faster = times_faster(times)
    return {
        "name": name,
        "unit": "steps/s",
        **found,
        "goal": f"{goal:g} x the peer",
        "met": faster >= goal,
        "times_faster": faster,
        **names,
    }


def env_row() -> dict[str, object]:
    """The swimmer's steps alone: 16 bodies of ours, 2 worker processes of gymnasium."""
    steps = 300
    arguments = {"ours": ["ours", 16], "limit": ["rollout", 16], "peer": ["async", 2]}
    contenders = {
        # As many steps of all bodies together for each.
        key: Contender(
            # gymnasium's own task wants a package that ours do without.
            peer_python("sb3") if key == "peer" else sys.executable,
            HERE / "env_steps.py",
            *map(str, [kind, bodies, 2, steps * 16 // bodies]),
        )
        for key, (kind, bodies) in arguments.items()
    }
    return rate_row(
        "environment steps, swimmer, 2 threads",
        contenders,
        goal=3,
        turns=9,
        steps=16 * steps,
        peer_name="gymnasium's AsyncVectorEnv of its Swimmer-v5 with 15 frames a step, 2 workers",
        limit_name="`mujoco.rollout` alone, 16 bodies, no observation and no reward",
    )


def trpo_row() -> dict[str, object]:
    """Whole TRPO iterations, sampling and update, at the paper's settings of Mf."""
    contenders = {
        "ours": Contender(sys.executable, HERE / "trpo_ours.py", "serve", "2"),
        "peer": Contender(peer_python("sb3"), HERE / "trpo_sb3.py", "serve", "2"),
        "limit": Contender(sys.executable, HERE / "env_steps.py", "rollout", "50", "2", "1000"),
    }
    command = [sys.executable, HERE / "trpo_ours.py", "split", "2"]
    split = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    row = rate_row(
        "TRPO, swimmer, iterations of 50,000 steps, 2 threads",
        contenders,
        goal=5,
        turns=3,
        steps=STEPS,
        peer_name="sb3-contrib 2.9.2, 8 of the same environments in its DummyVecEnv",
        limit_name="`mujoco.rollout` alone, no policy and no update",
    )
    return row | {"percent": split}


def markdown(machine: dict[str, str], rows: list[dict[str, object]]) -> str:
    """The table as a page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. " + ", ".join(f"{k}: {v}" for k, v in machine.items()) + ".",
        "Medians of several turns, contenders taking turns in one run; lowest and highest in "
        "brackets.",
        "",
        "| what | unit | ours | peer | times faster | limit | goal | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        spread = row["spread"]
        cells = {
            key: f"{row[key]} [{spread[key][0]}, {spread[key][1]}]"
            for key in ("ours", "peer", "limit")
        }
        lines.append(
            f"| {row['name']} | {row['unit']} | {cells['ours']} | {cells['peer']} | "
            f"{row['times_faster']} | {cells['limit']} | {row['goal']} | "
            f"{'yes' if row['met'] else 'no'} |"
        )
    lines += [""]
    for row in rows:
        parts = row.get("percent", {})
        split = ", ".join(f"{part} {percent} %" for part, percent in parts.items())
        lines.append(
            f"- {row['name']}. Peer: {row['peer_name']}. Limit: {row['limit_name']}."
            + (f" Ours spends: {split}." if split else "")
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every row and write both files."""
    rows = [*(planning_row(name) for name in PLANS), env_row(), trpo_row()]
    machine = {
        "processor": provenance("cpu", [], resumed=False)["device"],
        "system": platform.system(),
        "torch": torch.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }
    (HERE / "results.json").write_text(json.dumps(rows, indent=2) + "\n")
    (HERE / "results.md").write_text(markdown(machine, rows))
    print(markdown(machine, rows))


if __name__ == "__main__":
    main()
