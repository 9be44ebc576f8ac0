"""A maze as a gymnasium environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from mbmf.dyna.mazes import MOVES, Maze
from mbmf.errors import InputError, printable


class MazeEnv(gymnasium.Env[np.int64, np.int64]):
    """Observations are states, counted row by row; actions go up, down, left, right.

    Reaching the goal earns 1 and ends the episode, any other step earns 0. The walls' clock
    counts the steps of all episodes; only a reset with a seed sets it back.

    Args:
        phases: drawings, as for `Maze`.
        changes: after how many steps each further drawing holds.

    Raises:
        InputError: a drawing is no maze, or has no way from start to goal.
    """

    def __init__(self, phases: Sequence[str], changes: Sequence[int] = ()) -> None:
        self.maze = Maze(tuple(phases), tuple(changes))
        self.metadata = {"render_modes": []}
        self.observation_space = Discrete(self.maze.transitions.shape[1])
        self.action_space = Discrete(len(MOVES))
        self._state = self.maze.start
        self._clock = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Go to the start; see `gymnasium.Env.reset`."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self._clock = 0
        self._state = self.maze.start
        return np.int64(self._state), {}

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """One step; see `gymnasium.Env.step`."""
        if not self.action_space.contains(action):
            raise InputError(f"action should be 0 to {len(MOVES) - 1}, is {printable(action)}")
        phase = sum(self._clock >= change for change in self.maze.changes)
        self._state = int(self.maze.transitions[phase, self._state, action])
        self._clock += 1
        reached = self._state == self.maze.goal
        return np.int64(self._state), float(reached), reached, False, {}
