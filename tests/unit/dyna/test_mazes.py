"""Mazes by hand: walls, edges, shortest ways, and drawings that are none."""

from collections import deque

import numpy as np
import pytest

from mbmf.base.errors import InputError
from mbmf.dyna.mazes import MAZES, MOVES, Maze

UP, DOWN, LEFT, RIGHT = range(4)
SMALL = Maze(("S.#\n#.G",))
CORRIDOR = Maze(("S..G",))


def walked(maze, phase=0):
    """Fewest steps from start to goal, by search from the start over the plain drawing."""
    rows = maze.phases[phase].split()
    free = {(r, c) for r, row in enumerate(rows) for c, sign in enumerate(row) if sign != "#"}
    (start,) = [place for place in free if rows[place[0]][place[1]] == "S"]
    steps, queue = {start: 0}, deque([start])
    while queue:
        row, column = queue.popleft()
        if rows[row][column] == "G":
            return steps[row, column]
        for down, right in MOVES:
            to = row + down, column + right
            if to in free and to not in steps:
                steps[to] = steps[row, column] + 1
                queue.append(to)
    return None


@pytest.mark.parametrize(
    ("state", "action", "after"),
    [
        (0, UP, 0),  # edge
        (0, LEFT, 0),  # edge
        (0, DOWN, 0),  # wall
        (0, RIGHT, 1),
        (1, RIGHT, 1),  # wall
        (1, DOWN, 4),
        (1, LEFT, 0),
        (4, LEFT, 4),  # wall
        (4, DOWN, 4),  # edge
        (4, RIGHT, 5),  # goal
        (4, UP, 1),
        (2, LEFT, 1),  # off a wall that has grown here
    ],
)
def test_a_move(state, action, after):
    assert SMALL.shape == (2, 3)
    assert (SMALL.start, SMALL.goal) == (0, 5)
    assert SMALL.transitions[0, state, action] == after


@pytest.mark.parametrize(
    ("env_id", "steps"),
    [
        ("mbmf/DynaMaze-v0", [14]),
        ("mbmf/BlockingMaze-v0", [10, 16]),
        ("mbmf/ShortcutMaze-v0", [16, 10]),
    ],
)
def test_shortest_ways_of_the_books_mazes(env_id, steps):
    maze = MAZES[env_id]
    assert maze.shape == (6, 9)
    assert [walked(maze, phase) for phase in range(len(maze.phases))] == steps
    assert [maze.distances(phase)[maze.start] for phase in range(len(maze.phases))] == steps


def test_the_books_dyna_maze():
    """Section 8.2's figure, rows and columns counted from 1 at the top left."""
    maze = MAZES["mbmf/DynaMaze-v0"]
    rows = maze.phases[0].split()
    signs = {
        sign: {(r, c) for r, row in enumerate(rows, 1) for c, s in enumerate(row, 1) if s == sign}
        for sign in "SG#"
    }
    assert signs["S"] == {(3, 1)}
    assert signs["G"] == {(1, 9)}
    assert signs["#"] == {(2, 3), (3, 3), (4, 3), (5, 6), (1, 8), (2, 8), (3, 8)}


@pytest.mark.parametrize(
    ("env_id", "change", "walls"),
    [
        ("mbmf/BlockingMaze-v0", 1000, [range(1, 9), range(2, 10)]),
        ("mbmf/ShortcutMaze-v0", 3000, [range(2, 10), range(2, 9)]),
    ],
)
def test_the_books_changing_mazes(env_id, change, walls):
    maze = MAZES[env_id]
    assert maze.changes == (change,)
    for phase, columns in zip(maze.phases, walls, strict=True):
        rows = phase.split()
        assert rows[5][3] == "S"
        assert rows[0][8] == "G"
        assert {c for c, sign in enumerate(rows[3], 1) if sign == "#"} == set(columns)
        assert "#" not in "".join(rows[:3] + rows[4:])


@pytest.mark.parametrize("maze", [*MAZES.values(), SMALL])
def test_no_step_leads_into_a_wall_and_steps_lead_back(maze):
    for phase, after in enumerate(maze.transitions):
        signs = "".join(maze.phases[phase].split())
        free = np.array([sign != "#" for sign in signs])
        assert free[after[free]].all()
        for state in np.flatnonzero(free):
            for action, back in [(UP, DOWN), (DOWN, UP), (LEFT, RIGHT), (RIGHT, LEFT)]:
                if after[state, action] != state:
                    assert after[after[state, action], back] == state


def test_expected_steps_by_hand():
    assert CORRIDOR.optimal_steps(0.0) == pytest.approx(3)
    # With epsilon 1: e0 = 1 + 3/4 e0 + 1/4 e1, e1 = 1 + 1/2 e1 + 1/4 e0 + 1/4 e2,
    # e2 = 1 + 1/2 e2 + 1/4 e1: 24, 20, 12.
    assert CORRIDOR.optimal_steps(1.0) == pytest.approx(24)
    assert MAZES["mbmf/DynaMaze-v0"].optimal_steps(0.0) == pytest.approx(14)


@pytest.mark.parametrize(
    ("phases", "changes", "said"),
    [
        (("S#G",), (), "drawing 1: no way from S to G"),
        (("S.G", "S#G"), (5,), "drawing 2: no way from S to G"),
        (("S#G", "S.G"), (5,), "drawing 1: no way from S to G"),
        (("S..",), (), "drawing 1: must hold G once, found 0"),
        (("..G",), (), "drawing 1: must hold S once, found 0"),
        (("SSG",), (), "drawing 1: must hold S once, found 2"),
        (("S.\nG",), (), "drawing 1: rows must be there and equally long"),
        (("",), (), "drawing 1: rows must be there and equally long"),
        (("SxG",), (), "drawing 1: may hold S, G, # and . only, found x"),
        (("S.G", "G.S"), (5,), "drawing 2: size, S and G must be those of the first"),
        (("S.G\n...", "S.G"), (5,), "drawing 2: size, S and G must be those of the first"),
        (("S.G", "S..G"), (5,), "drawing 2: size, S and G must be those of the first"),
        (("S.G", "S.G"), (), "changes: should be 1, one less than drawings, found 0"),
        (("S.G",), (5,), "changes: should be 0, one less than drawings, found 1"),
        ((), (), "maze: has no drawing"),
        (("S.G", "S.G"), (0,), "changes must be positive and rise"),
        (("S.G", "S.G", "S.G"), (7, 7), "changes must be positive and rise"),
    ],
)
def test_what_is_no_maze(phases, changes, said):
    with pytest.raises(InputError, match=said) as caught:
        Maze(phases, changes)
    assert "\n" not in str(caught.value)
