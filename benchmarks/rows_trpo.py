"""TRPO's whole iterations, sampling and update, at the paper's settings of Mf."""

import json
import subprocess
import sys
from contextlib import ExitStack

from peers import HERE, peer_python
from rows import Row, row, take_turns
from worker import Contender

STEPS, BODIES = 50_000, 50
AGENTS = ("swimmer", "half_cheetah", "hopper", "ant")
COUNTED = "environment steps sampled and learned from"
LIMIT_NAME = "`mujoco.rollout` alone, 50 bodies, no policy and no update"


def trpo_row(agent: str, threads: int = 1) -> str:
    """Name of an agent's row. The workflow's runs have one thread each."""
    number = "1 thread" if threads == 1 else f"{threads} threads"
    return f"TRPO, {agent}, iterations of 50,000 steps, {number}"


def trpo_rows() -> list[Row]:
    """Each agent: ours, sb3-contrib on the same environments, and the physics alone."""
    return [row for threads in (1, 2) for agent in AGENTS for row in _rows_of(agent, threads)]


def _rows_of(agent: str, threads: int) -> list[Row]:
    number = str(threads)
    command = [sys.executable, HERE / "trpo_ours.py", "split", number, agent]
    split = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    sb3 = (peer_python("sb3"), HERE / "trpo_sb3.py", "serve", number, agent)
    contenders = {
        "ours": (sys.executable, HERE / "trpo_ours.py", "serve", number, agent),
        "limit": (
            sys.executable, HERE / "env_steps.py", "rollout", agent, str(BODIES), number,
            str(STEPS // BODIES),
        ),
        "peer": sb3,
    }  # fmt: skip
    if agent == "swimmer":
        contenders["own"] = (*sb3, "gymnasium")
    with ExitStack() as stack:
        calls = {
            key: stack.enter_context(Contender(*arguments)).seconds
            for key, arguments in contenders.items()
        }
        times = take_turns(calls, 3)
    peers = {"": ("peer", "8 of the same environments")}
    if agent == "swimmer":
        environment = "8 of gymnasium's own swimmer, 15 frames a step,"
        peers[", against gymnasium's"] = ("own", environment)
        goal, met = "85 % of the limit", lambda made: made["share_of_limit"] >= 0.85
    else:
        goal, met = "5 x the peer", lambda made: made["times_faster"] >= 5
    return [
        row(
            f"{trpo_row(agent, threads)}{against}",
            "steps/s",
            {"ours": times["ours"], "peer": times[key], "limit": times["limit"]},
            lambda seconds: STEPS / seconds,
            goal=goal,
            met=met,
            counted=COUNTED,
            peer_name=f"sb3-contrib 2.9.2, {environments} in its DummyVecEnv",
            limit_name=LIMIT_NAME,
            percent=split,
        )
        for against, (key, environments) in peers.items()
    ]
