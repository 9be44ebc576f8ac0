"""Recorded rollouts: how they are collected, stored in memory, and converted for files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbmf.agents.spec import AgentSpec, StartKind

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rollouts:
    """N rollouts of at most T steps; a shorter one is padded with its last state and zeros.

    Attributes:
        states: (N, T + 1, S) true states, in the simulator's units.
        actions: (N, T, A) planned actions in [−1, 1], without the noise of execution.
        rewards: (N, T) rewards of the steps as executed.
        lengths: (N,) number of steps kept of each rollout.
        simulated: (N,) number of steps that the simulator took. It is one more than `lengths` if
            the step that ended the episode is not kept.
    """

    states: Array
    actions: Array
    rewards: Array
    lengths: NDArray[np.int64]
    simulated: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> Rollouts:
        return Rollouts(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def simulated_steps(self) -> int:
        """Steps of the simulator that these rollouts took."""
        return int(self.simulated.sum())

    @property
    def points(self) -> int:
        """Number of transitions in these rollouts."""
        return int(self.lengths.sum())

    @property
    def returns(self) -> Array:
        """(N,) summed rewards."""
        returns: Array = self.rewards.sum(axis=1)
        return returns

    def transitions(self) -> tuple[Array, Array, Array]:
        """States (M, S), actions (M, A) and next states (M, S) of all steps taken."""
        taken = np.arange(self.actions.shape[1]) < self.lengths[:, None]
        return self.states[:, :-1][taken], self.actions[taken], self.states[:, 1:][taken]

    def windows(self, horizon: int) -> tuple[Array, Array]:
        """All windows of `horizon` consecutive steps: states (M, H + 1, S), actions (M, H, A).

        M is 0 if no rollout is that long.
        """
        starts = [
            (rollout, first)
            for rollout, length in enumerate(self.lengths)
            for first in range(int(length) - horizon + 1)
        ]
        rows, firsts = np.array(starts, dtype=np.intp).reshape(-1, 2).T
        steps = firsts[:, None] + np.arange(horizon + 1)
        return self.states[rows[:, None], steps], self.actions[rows[:, None], steps[:, :-1]]

    def problem(self, count: int, steps: int, state_dim: int, action_dim: int) -> str | None:
        """The first problem of the arrays, for `count` rollouts of `steps` steps; None if valid."""
        shapes = {
            "states": (count, steps + 1, state_dim),
            "actions": (count, steps, action_dim),
            "rewards": (count, steps),
            "lengths": (count,),
            "simulated": (count,),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape:
                return f"{name} has the shape {array.shape}, should be {shape}"
            if not np.isfinite(array).all():
                return f"{name} holds values that are not finite"
        if not ((self.lengths >= 0) & (self.lengths <= steps)).all():
            return f"lengths should lie between 0 and {steps}"
        if not np.isin(self.simulated - self.lengths, (0, 1)).all():
            return "simulated should be lengths, or one more"
        return None

    def to_arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Arrays by name, for a file."""
        return {f"{prefix}.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str) -> Rollouts:
        """Inverse of `to_arrays`; raises KeyError if an array is missing."""
        return cls(*(arrays[f"{prefix}.{field.name}"] for field in fields(cls)))

    @classmethod
    def concatenate(cls, parts: Sequence[Rollouts]) -> Rollouts:
        """All rollouts of `parts`, which must have the same T."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


# (states (N, S), bodies (N,), step) -> planned (N, A), executed (N, A), both in [-1, 1]
Controller = Callable[[Array, NDArray[np.intp], int], tuple[NDArray[Any], NDArray[Any]]]


def collect(
    spec: AgentSpec,
    seeds: Sequence[int],
    steps: int,
    controller: Controller,
    start: StartKind = "policy",
) -> Rollouts:
    """Roll out one body per seed, side by side, until its episode ends or it has taken `steps`.

    As in the authors' code, rollouts of random actions and of the planner leave out the step that
    ends an episode. Rollouts of a policy keep it.

    Args:
        spec: the agent.
        seeds: seed of each body's start.
        steps: T, maximum number of steps of a rollout.
        controller: called with the states (B, S) of the bodies whose rollout continues, their
            indices (B,) and the step. It returns the actions to record and the actions to execute,
            (B, A) each.
        start: the kind of rollout.
    """
    bodies = spec.make_bodies(len(seeds))
    bodies.reset(range(len(seeds)), [np.random.default_rng(seed) for seed in seeds], start)
    states = np.empty((len(seeds), steps + 1, spec.state_dim))
    actions = np.zeros((len(seeds), steps, spec.action_dim))
    rewards = np.zeros((len(seeds), steps))
    lengths, simulated = np.zeros((2, len(seeds)), dtype=np.int64)
    states[:, 0] = bodies.states
    going = np.arange(len(seeds))
    for step in range(steps):
        states[:, step + 1] = states[:, step]
        if not len(going):
            continue
        planned, executed = controller(states[going, step], going, step)
        bodies.step(executed, going)
        simulated[going] += 1
        over = bodies.over(going)
        if start == "random" and not spec.random_rollouts_end:
            over[:] = False
        chosen = np.ones_like(over) if start == "policy" else ~over
        kept = going[chosen]
        states[kept, step + 1] = bodies.states[kept]
        actions[kept, step] = planned[chosen]
        rewards[kept, step] = spec.reward(bodies.states[kept], executed[chosen])
        lengths[kept] += 1
        going = going[~over]
    bodies.close()
    return Rollouts(states, actions, rewards, lengths, simulated)
