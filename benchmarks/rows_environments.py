"""Environment steps a second of each agent."""

import statistics
import sys
from contextlib import ExitStack

from peers import HERE, peer_python
from rows import Row, rounded, row, take_turns
from worker import Contender

# agent: steps of all bodies together in a call
STEPS = {"swimmer": 5000, "half_cheetah": 20000, "hopper": 20000, "ant": 5000}
# As many bodies as TRPO has side by side.
BODIES, THREADS = 50, 2
# contender: kind, bodies, environment of a peer
KINDS = {
    "ours": ("ours", BODIES, None),
    "limit": ("rollout", BODIES, None),
    # gymnasium's own tasks want a package that ours do without.
    "async": ("async", THREADS, "sb3"),
    "sync": ("sync", THREADS, "sb3"),
    "envpool": ("envpool", BODIES, "envpool"),
}


def environment_rows() -> list[Row]:
    """50 bodies of ours and of `mujoco.rollout`; gymnasium's with 2 environments, in turn."""
    found = []
    for agent, steps in STEPS.items():
        with ExitStack() as stack:
            calls = {}
            for key, (kind, bodies, peer) in KINDS.items():
                python = peer_python(peer) if peer else sys.executable
                arguments = [kind, agent, *map(str, (bodies, THREADS, steps // bodies))]
                calls[key] = stack.enter_context(
                    Contender(python, HERE / "env_steps.py", *arguments)
                ).seconds
            times = take_turns(calls, 5)
        times["peer"] = times.pop("async")
        others = {
            key: rounded(steps / statistics.median(times.pop(key))) for key in ("sync", "envpool")
        }
        found.append(
            row(
                f"environment steps, {agent}, 2 threads",
                "steps/s",
                times,
                lambda seconds, steps=steps: steps / seconds,
                goal="3 x the peer and 80 % of the limit"
                if agent == "swimmer"
                else "80 % of the limit",
                met=lambda made, agent=agent: (
                    (agent != "swimmer" or made["times_faster"] >= 3)
                    and made["share_of_limit"] >= 0.8
                ),
                counted=f"steps of {BODIES} bodies together, observations and rewards included",
                peer_name="gymnasium's AsyncVectorEnv of its own task with steps as long, "
                f"2 workers; its SyncVectorEnv made {others['sync']:g} steps/s, envpool 1.2.5 with "
                f"{BODIES} bodies of its own such task, which keeps no centre of mass, "
                f"{others['envpool']:g}",
                limit_name=f"`mujoco.rollout` alone, {BODIES} bodies, no observation and no reward",
            )
        )
    return found
