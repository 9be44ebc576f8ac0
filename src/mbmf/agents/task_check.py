"""Check of a task of your own before anything is computed: what is missing or misshapen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mbmf.agents import get_agent
from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError, SimulationError, printable

BODIES = 3


def wrong_with(task: str, name: str) -> str | None:
    """What is wrong with a task, in one line; None if nothing is found.

    Some bodies are reset and stepped once, and the functions of the task are called as rollouts
    call them, with NumPy arrays, and as the planner does, with torch tensors.

    Args:
        task: path of a Python file that binds TASK.
        name: name of the agent.
    """
    try:
        spec = get_agent(task, name)
        states, actions = _step(spec)
    except (InputError, SimulationError) as error:
        return str(error)
    except Exception as error:
        return f"{printable(task)}: {_told(error)}"
    return next(
        (f"{printable(task)}: {problem}" for problem in _problems(spec, states, actions)), None
    )


def _step(spec: AgentSpec) -> tuple[Any, Any]:
    """States (B, S) of bodies after a step, and the actions (B, A) that led to them."""
    bodies = spec.make_bodies(BODIES)
    generators = [np.random.default_rng(seed) for seed in range(BODIES)]
    bodies.reset(range(BODIES), generators, "mpc")
    actions = np.stack([one.uniform(-1, 1, spec.action_dim) for one in generators])
    bodies.step(actions)
    states = bodies.states.copy()
    bodies.close()
    return states, actions


def _problems(spec: AgentSpec, states: Any, actions: Any) -> Iterator[str]:
    """What is wrong with each function, line by line."""
    # Imported here, because most callers have no task of their own.
    import torch

    as_tensors = [torch.as_tensor(one, dtype=torch.float32) for one in (states, actions)]
    given = {"NumPy arrays": (states, actions), "torch tensors": as_tensors}
    for kind, (some_states, some_actions) in given.items():
        for what in ("reward", "planner_reward"):
            yield from _problem(what, kind, getattr(spec, what), some_states, some_actions)
        if spec.terminated is not None:
            yield from _problem("terminated", kind, spec.terminated, some_states)
    planned = torch.as_tensor(spec.reward(*as_tensors), dtype=torch.float64)
    paid = torch.as_tensor(spec.reward(states, actions), dtype=torch.float64)
    if not torch.allclose(planned, paid, rtol=1e-3, atol=1e-3):
        yield "reward is another for torch tensors than for NumPy arrays"
    alone = torch.as_tensor(spec.reward(states[:1], actions[:1]), dtype=torch.float64)
    if not torch.allclose(alone, paid[:1], rtol=1e-3, atol=1e-3):
        yield "reward of a state depends on the other states that are given with it"


def _problem(what: str, kind: str, function: Callable[..., Any], *given: Any) -> Iterator[str]:
    """What is wrong with the values of a function, if anything is."""
    try:
        values = function(*given)
    except Exception as error:
        yield f"{what} of {kind}: {_told(error)}"
        return
    shape = tuple(getattr(values, "shape", ()))
    if shape != (BODIES,):
        yield (
            f"{what} of {kind} has the shape {shape} for {BODIES} states, should be ({BODIES},): "
            "one value for each state"
        )
    elif (what == "terminated") != (str(values.dtype).removeprefix("torch.") == "bool"):
        expected = "true or false" if what == "terminated" else "numbers"
        yield f"{what} of {kind} gives {values.dtype}, should be {expected}"
    elif not bool((abs(values * 1.0) < np.inf).all()):
        yield f"{what} of {kind} is not finite"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
