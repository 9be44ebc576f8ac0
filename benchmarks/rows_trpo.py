"""TRPO's whole iterations, sampling and update, at the paper's settings of Mf."""

import json
import subprocess
import sys

from peers import HERE, peer_python
from rows import Row, row, take_turns
from worker import Contender

STEPS = 50_000


def trpo_rows() -> list[Row]:
    """Ours, sb3-contrib and the physics alone."""
    command = [sys.executable, HERE / "trpo_ours.py", "split", "2"]
    split = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    rollout = [HERE / "env_steps.py", "rollout", "swimmer", "50", "2", str(STEPS // 50)]
    with (
        Contender(sys.executable, HERE / "trpo_ours.py", "serve", "2") as ours,
        Contender(peer_python("sb3"), HERE / "trpo_sb3.py", "serve", "2") as peer,
        Contender(sys.executable, *rollout) as limit,
    ):
        calls = {"ours": ours.seconds, "peer": peer.seconds, "limit": limit.seconds}
        times = take_turns(calls, 2)
    return [
        row(
            "TRPO, swimmer, iterations of 50,000 steps, 2 threads",
            "steps/s",
            times,
            lambda seconds: STEPS / seconds,
            goal="5 x the peer",
            met=lambda made: made["times_faster"] >= 5,
            counted="environment steps sampled and learned from",
            peer_name="sb3-contrib 2.9.2, 8 of the same environments in its DummyVecEnv",
            limit_name="`mujoco.rollout` alone, no policy and no update",
            percent=split,
        )
    ]
