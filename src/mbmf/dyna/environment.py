"""A maze as a gymnasium environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from mbmf.base.errors import InputError, printable
from mbmf.base.render_modes import RENDER_MODES, checked_render_mode, warn_of_no_mode
from mbmf.dyna.mazes import MOVES, Maze

CELL, _LINE, _BODY = 32, 1, 6  # pixels: a cell's side, the line around it, and around the agent
# Red, green, blue.
FREE, WALL, GOAL, AGENT = (255, 255, 255), (60, 60, 60), (60, 170, 90), (40, 90, 200)
LINES = (200, 200, 200)


class MazeEnv(gymnasium.Env[np.int64, np.int64]):
    """Observations are states, counted row by row; actions go up, down, left, right.

    The step that reaches the goal has reward 1 and ends the episode. Every other step has reward 0.
    The clock that moves the walls counts the steps of all episodes. Only a reset with a seed sets
    it to 0.

    Args:
        phases: drawings, as for `Maze`.
        changes: number of steps after which each further drawing is current.
        render_mode: "rgb_array" for pictures, or None.

    Raises:
        InputError: a drawing is not a maze, or has no path from start to goal, or the render mode
            is unknown.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        phases: Sequence[str],
        changes: Sequence[int] = (),
        *,
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = checked_render_mode(render_mode)
        self.maze = Maze(tuple(phases), tuple(changes))
        self.observation_space = Discrete(self.maze.transitions.shape[1])
        self.action_space = Discrete(len(MOVES))
        self._state = self.maze.start
        self._clock = 0
        self._started = False

    @property
    def _phase(self) -> int:
        """Index of the drawing that is current for the next step."""
        return sum(self._clock >= change for change in self.maze.changes)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Go to the start; see `gymnasium.Env.reset`."""
        super().reset(seed=seed, options=options)
        if seed is not None:
            self._clock = 0
        self._state = self.maze.start
        self._started = True
        return np.int64(self._state), {}

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """One step; see `gymnasium.Env.step`.

        Raises:
            ResetNeeded: no episode has been started.
            InputError: there is no such action.
        """
        if not self._started:
            raise ResetNeeded("step() before reset()")
        if not self.action_space.contains(action):
            raise InputError(f"action should be 0 to {len(MOVES) - 1}, is {printable(action)}")
        self._state = int(self.maze.transitions[self._phase, self._state, action])
        self._clock += 1
        reached = self._state == self.maze.goal
        return np.int64(self._state), float(reached), reached, False, {}

    def render(self) -> Any:
        """Picture (32 rows, 32 columns, 3), uint8, with the walls of the next step.

        It is None without a render mode.

        Raises:
            ResetNeeded: no episode has been started.
        """
        if self.render_mode is None:
            warn_of_no_mode()
            return None
        if not self._started:
            raise ResetNeeded("render() before reset()")
        return picture(self.maze, self._phase, self._state)


def picture(maze: Maze, phase: int, state: int) -> NDArray[np.uint8]:
    """Picture (32 rows, 32 columns, 3) of a maze with its goal and the agent, a square in its cell.

    Args:
        maze: the maze.
        phase: index of the current drawing.
        state: the agent's state.
    """
    rows, columns = maze.shape
    cells = np.where(maze.walls[phase].reshape(-1, 1), WALL, FREE).astype(np.uint8)
    cells[maze.goal] = GOAL
    pixels = np.broadcast_to(cells[:, None, None], (len(cells), CELL, CELL, 3)).copy()
    pixels[:, :_LINE] = pixels[:, :, :_LINE] = LINES
    pixels[state, _BODY:-_BODY, _BODY:-_BODY] = AGENT
    grid = pixels.reshape(rows, columns, CELL, CELL, 3).swapaxes(1, 2)
    return grid.reshape(rows * CELL, columns * CELL, 3)
