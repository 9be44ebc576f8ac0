"""The book's experiments as tidy tables: Figures 8.2, 8.4 and 8.5."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mbmf.dyna.algorithms import Integers, Learner, Walk, dyna_q, prioritised_sweeping
from mbmf.dyna.mazes import MAZES, Maze
from mbmf.dyna.settings import DynaSettings

# Purposes beyond all of mbmf.streams, which is no part of this: a change of it would make
# these runs stale, and a number appended to it those of Algorithm 1.
ACTING, PLANNING = 1000, 1001

# Cumulative rewards are kept every so many steps.
EVERY = 10

# No limit: a number of episodes or steps that no run comes to.
_ENDLESS = 2**62


def stream(run: int, purpose: int) -> np.random.Generator:
    """Generator of one purpose in one run. It is the same for every learner."""
    return np.random.default_rng(np.random.SeedSequence(run, spawn_key=(purpose,)))


def walk(maze: Maze, episodes: int = _ENDLESS, steps: int = _ENDLESS) -> Walk:
    """A maze and how long it is walked, as the algorithms take it."""
    changes = np.array(maze.changes, dtype=np.int64)
    return Walk(maze.transitions, changes, maze.start, maze.goal, episodes, steps)


def steps_per_episode(settings: DynaSettings) -> pd.DataFrame:
    """Figure 8.2.

    Returns:
        Columns panel, method, step_size, planning_steps, run, episode (from 1), steps, and
        optimal_steps, what shortest paths walked epsilon-greedily take on average. Panel a is
        the book's; panel b sets prioritised sweeping beside Dyna-Q.
    """
    figure, sweeping = settings.figure_8_2, settings.figure_8_2.sweeping
    maze = MAZES["mbmf/DynaMaze-v0"]
    where = walk(maze, episodes=figure.episodes)

    def rows(panel: str, step_size: float, n: int, threshold: float | None = None) -> pd.DataFrame:
        """One curve; with a threshold, of prioritised sweeping."""
        learner = Learner(step_size, settings.discount, settings.exploration, n)
        reached = [
            dyna_q(where, learner, 0.0, stream(run, ACTING), stream(run, PLANNING))
            if threshold is None
            else prioritised_sweeping(where, learner, threshold, stream(run, ACTING))
            for run in range(settings.runs)
        ]
        table = _tidy("steps", np.diff(reached, prepend=0), episode=np.arange(figure.episodes) + 1)
        table.insert(0, "panel", panel)
        table.insert(1, "method", "Dyna-Q" if threshold is None else "prioritised sweeping")
        table.insert(2, "step_size", step_size)
        table.insert(3, "planning_steps", n)
        return table

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
        Columns figure (8.4, 8.5), method, run, step, cumulative_reward, and change, the step
        after which the walls move.
    """
    parts = []
    for name, maze, figure in [
        ("8.4", MAZES["mbmf/BlockingMaze-v0"], settings.figure_8_4),
        ("8.5", MAZES["mbmf/ShortcutMaze-v0"], settings.figure_8_5),
    ]:
        where = walk(replace(maze, changes=(figure.change,)), steps=figure.steps)
        learner = Learner(
            figure.step_size, settings.discount, settings.exploration, figure.planning_steps
        )
        steps = np.arange(0, figure.steps + 1, EVERY)
        for method, bonus in [("Dyna-Q", 0.0), ("Dyna-Q+", figure.bonus)]:
            reached = [
                dyna_q(where, learner, bonus, stream(run, ACTING), stream(run, PLANNING))
                for run in range(settings.runs)
            ]
            rewards = [np.searchsorted(times, steps, side="right") for times in reached]
            table = _tidy("cumulative_reward", np.array(rewards), step=steps)
            table.insert(0, "figure", name)
            table.insert(1, "method", method)
            parts.append(table.assign(change=figure.change))
    return pd.concat(parts, ignore_index=True)


def _tidy(name: str, values: Integers, **points: Integers) -> pd.DataFrame:
    """A row for each of `values` (runs, points), with its run and point."""
    ((point, numbers),) = points.items()
    runs = len(values)
    return pd.DataFrame(
        {
            "run": np.repeat(np.arange(runs), len(numbers)),
            point: np.tile(numbers, runs),
            name: values.ravel(),
        }
    )
