"""TRPO's whole iterations, sampling and update, at the paper's settings of Mf."""

import json
import subprocess
import sys

from peers import HERE, peer_python
from rows import Row, row, take_turns
from worker import Contender

STEPS = 50_000
# The peers' row has the swimmer.
OTHERS = ("half_cheetah", "hopper", "ant")


def trpo_rows() -> list[Row]:
    """Ours, sb3-contrib on either environment, and the physics alone."""
    command = [sys.executable, HERE / "trpo_ours.py", "split", "2", "swimmer"]
    split = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    rollout = [HERE / "env_steps.py", "rollout", "swimmer", "50", "2", str(STEPS // 50)]
    with (
        Contender(sys.executable, HERE / "trpo_ours.py", "serve", "2", "swimmer") as ours,
        Contender(peer_python("sb3"), HERE / "trpo_sb3.py", "serve", "2") as peer,
        Contender(peer_python("sb3"), HERE / "trpo_sb3.py", "serve", "2", "gymnasium") as own,
        Contender(sys.executable, *rollout) as limit,
    ):
        calls = {
            "ours": ours.seconds,
            "peer": peer.seconds,
            "own": own.seconds,
            "limit": limit.seconds,
        }
        times = take_turns(calls, 2)
    peers = {
        "": ("peer", "8 of the same environments"),
        ", against gymnasium's": ("own", "8 of gymnasium's own swimmer, 15 frames a step,"),
    }
    rows = [
        row(
            f"TRPO, swimmer, iterations of 50,000 steps, 2 threads{against}",
            "steps/s",
            {"ours": times["ours"], "peer": times[peer_key], "limit": times["limit"]},
            lambda seconds: STEPS / seconds,
            goal="5 x the peer",
            met=lambda made: made["times_faster"] >= 5,
            counted="environment steps sampled and learned from",
            peer_name=f"sb3-contrib 2.9.2, {env} in its DummyVecEnv",
            limit_name="`mujoco.rollout` alone, no policy and no update",
            percent=split,
        )
        for against, (peer_key, env) in peers.items()
    ]
    return rows + [_against_physics(agent) for agent in OTHERS]


def _against_physics(agent: str) -> Row:
    """Whole iterations of an agent beside the physics alone."""
    command = [sys.executable, HERE / "trpo_ours.py", "split", "2", agent]
    split = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    rollout = [HERE / "env_steps.py", "rollout", agent, "50", "2", str(STEPS // 50)]
    with (
        Contender(sys.executable, HERE / "trpo_ours.py", "serve", "2", agent) as ours,
        Contender(sys.executable, *rollout) as limit,
    ):
        times = take_turns({"ours": ours.seconds, "limit": limit.seconds}, 2)
    return row(
        f"TRPO, {agent}, iterations of 50,000 steps, 2 threads",
        "steps/s",
        times,
        lambda seconds: STEPS / seconds,
        goal="80 % of the limit",
        met=lambda made: made["share_of_limit"] >= 0.8,
        counted="environment steps sampled and learned from",
        limit_name="`mujoco.rollout` alone, no policy and no update",
        percent=split,
    )
