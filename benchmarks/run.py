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
from pathlib import Path

import matrix_product
import torch
from worker import Contender

from mbmf.steps.provenance import provenance

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-peers"
TURNS = 15

# name: K, H, hidden layers, threads, goal in ms
PLANS = {
    "planning, 5000 x 20, 1 x 500, 2 threads": (5000, 20, [500], 2, 40.0),
}


def peers_python() -> Path:
    """Python of the peers' own environment, made at the first call."""
    python = PEERS / "bin" / "python"
    ready = PEERS / ".ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "-r", HERE / "peers.txt"], check=True)
        subprocess.run([*install, "-r", HERE / "peers-overrides.txt"], check=True)
        ready.touch()
    return python


def planning_flops(samples: int, horizon: int, layers: list[int]) -> int:
    """Floating-point operations of the matrix products of one plan for the swimmer."""
    sizes = [18, *layers, 16]
    products = sum(2 * i * o for i, o in itertools.pairwise(sizes))
    return samples * horizon * products


def planning_row(name: str) -> dict[str, object]:
    """Ours, mbrl-lib and the matrix-product limit, in turn."""
    samples, horizon, layers, threads, goal = PLANS[name]
    arguments = [json.dumps(value) for value in (samples, horizon, layers, threads)]
    contenders = {
        "ours": Contender(sys.executable, HERE / "planning_ours.py", *arguments),
        "peer": Contender(peers_python(), HERE / "planning_mbrl.py", *arguments),
        "limit": Contender(sys.executable, HERE / "matrix_product.py", str(threads)),
    }
    times = {key: [] for key in contenders}
    for _ in range(TURNS):
        for key, contender in contenders.items():
            times[key].append(1e3 * contender.seconds())
    for contender in contenders.values():
        contender.close()
    product = 2 * matrix_product.SIZE**3
    scale = planning_flops(samples, horizon, layers) / product
    times["limit"] = [scale * value for value in times["limit"]]
    ratios = [peer / ours for ours, peer in zip(times["ours"], times["peer"], strict=True)]
    medians = {key: round(statistics.median(values), 1) for key, values in times.items()}
    return {
        "name": name,
        "unit": "ms",
        **medians,
        "goal": goal,
        "met": medians["ours"] <= goal,
        "spread": {key: [round(min(v), 1), round(max(v), 1)] for key, v in times.items()},
        "times_faster": round(statistics.median(ratios), 1),
        "peer_name": "mbrl-lib 0.2.0, ModelEnv.evaluate_action_sequences",
        "limit_name": "its matrix products at the rate of a 2048 x 2048 float32 product",
    }


def markdown(machine: dict[str, str], rows: list[dict[str, object]]) -> str:
    """The table as a page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. " + ", ".join(f"{k}: {v}" for k, v in machine.items()) + ".",
        f"Medians of {TURNS} turns, contenders taking turns in one run; lowest and highest in "
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
    lines += ["", *sorted({f"- Peer: {row['peer_name']}." for row in rows})]
    lines += sorted({f"- Limit: {row['limit_name']}." for row in rows})
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every row and write both files."""
    rows = [planning_row(name) for name in PLANS]
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
