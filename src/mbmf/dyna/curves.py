"""The book's experiments as tidy tables: Figures 8.2, 8.4 and 8.5."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mbmf.dyna.algorithms import Integers, Learner, Walk, dyna_q, prioritised_sweeping
from mbmf.dyna.mazes import MAZES, Maze
from mbmf.dyna.settings import ChangingMazeSettings, DynaSettings

# These numbers lie beyond all of mbmf.base.random_streams. This module does not import that one, so
# a change there does not make the Dyna-Q runs stale, and a new purpose here does not make the runs
# of Algorithm 1 stale.
ACTING, PLANNING = 1000, 1001

# Cumulative rewards are stored at multiples of this number of steps.
EVERY = 10

# Means no limit: no run reaches this number of episodes or steps.
_ENDLESS = 2**62


def stream(run: int, purpose: int) -> np.random.Generator:
    """Generator of one purpose in one run. It is the same for every learner."""
    return np.random.default_rng(np.random.SeedSequence(run, spawn_key=(purpose,)))


def walk(maze: Maze, episodes: int = _ENDLESS, steps: int = _ENDLESS) -> Walk:
    """The `Walk` in a maze, with limits on the number of episodes and steps."""
    changes = np.array(maze.changes, dtype=np.int64)
    return Walk(maze.transitions, changes, maze.start, maze.goal, episodes, steps)


def steps_per_episode(settings: DynaSettings) -> pd.DataFrame:
    """Figure 8.2.

    Returns:
        Columns panel, method, step_size, planning_steps, run, episode (from 1), steps, and
        optimal_steps: the mean number of steps if shortest paths are followed
        epsilon-greedily. Panel a is the book's figure. Panel b compares prioritised sweeping
        with Dyna-Q.
    """
    figure, sweeping = settings.figure_8_2, settings.figure_8_2.sweeping
    maze = MAZES["mbmf/DynaMaze-v0"]
    where = walk(maze, episodes=figure.episodes)

    def rows(panel: str, step_size: float, n: int, threshold: float | None = None) -> pd.DataFrame:
        """One curve of Dyna-Q or, with a threshold, of prioritised sweeping."""
        learner = Learner(step_size, settings.discount, settings.exploration, n)
        reached = [
            dyna_q(where, learner, 0.0, stream(run, ACTING), stream(run, PLANNING))
            if threshold is None
            else prioritised_sweeping(where, learner, threshold, stream(run, ACTING))
            for run in range(settings.runs)
        ]
        keys = {
            "panel": panel,
            "method": "Dyna-Q" if threshold is None else "prioritised sweeping",
            "step_size": step_size,
            "planning_steps": n,
        }
        episodes = np.arange(1, figure.episodes + 1)
        return _tidy(keys, "episode", episodes, "steps", np.diff(reached, prepend=0))

    parts = [rows("a", figure.step_size, n) for n in figure.planning_steps]
    parts += [
        rows("b", sweeping.step_size, sweeping.planning_steps, threshold)
        for threshold in (None, sweeping.threshold)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(optimal_steps=maze.optimal_steps(settings.exploration))


def cumulative_rewards(settings: DynaSettings) -> pd.DataFrame:
    """Figures 8.4 and 8.5.

    Returns:
        Columns figure (8.4, 8.5), method, step_size, planning_steps, bonus, change (the step
        after which the walls move), run, step, cumulative_reward.
    """
    return pd.concat(
        [
            _changing_maze(name, MAZES[env_id], figure, method, bonus, settings)
            for name, env_id, figure in [
                ("8.4", "mbmf/BlockingMaze-v0", settings.figure_8_4),
                ("8.5", "mbmf/ShortcutMaze-v0", settings.figure_8_5),
            ]
            for method, bonus in [("Dyna-Q", 0.0), ("Dyna-Q+", figure.bonus)]
        ],
        ignore_index=True,
    )


def _changing_maze(
    name: str,
    maze: Maze,
    figure: ChangingMazeSettings,
    method: str,
    bonus: float,
    settings: DynaSettings,
) -> pd.DataFrame:
    """One curve of Figure 8.4 or 8.5."""
    where = walk(replace(maze, changes=(figure.change,)), steps=figure.steps)
    n = figure.planning_steps
    learner = Learner(figure.step_size, settings.discount, settings.exploration, n)
    reached = [
        dyna_q(where, learner, bonus, stream(run, ACTING), stream(run, PLANNING))
        for run in range(settings.runs)
    ]
    keys = {
        "figure": name,
        "method": method,
        "step_size": figure.step_size,
        "planning_steps": n,
        "bonus": bonus,
        "change": figure.change,
    }
    steps = np.union1d(np.arange(0, figure.steps, EVERY), [figure.change, figure.steps])
    rewards = np.array([np.searchsorted(times, steps, side="right") for times in reached])
    return _tidy(keys, "step", steps, "cumulative_reward", rewards)


def _tidy(
    keys: dict[str, Any], point: str, points: Integers, value: str, values: Integers
) -> pd.DataFrame:
    """Table with a row for each of `values` (runs, points); its first columns are `keys`."""
    runs = len(values)
    return pd.DataFrame(
        {
            **keys,
            "run": np.repeat(np.arange(runs), len(points)),
            point: np.tile(points, runs),
            value: values.ravel(),
        }
    )
