"""Grid mazes from drawings: the book's three, and any other that has a path to its goal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mbmf.base.errors import InputError, printable

# (rows, columns) of each action: up, down, left, right.
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


@dataclass(frozen=True)
class Maze:
    """A maze whose walls may move during a run.

    Attributes:
        phases: drawings, one line for each row: `S` start, `G` goal, `#` wall, `.` free. All have
            the same size, start and goal.
        changes: number of steps after which the second drawing is current, the third, and so on.
    """

    phases: tuple[str, ...]
    changes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.phases:
            raise InputError("maze: has no drawing")
        if len(self.changes) != len(self.phases) - 1:
            raise InputError(
                f"maze: changes: should be {len(self.phases) - 1}, one less than drawings, "
                f"found {len(self.changes)}"
            )
        if any(later <= earlier for earlier, later in pairwise((0, *self.changes))):
            raise InputError(f"maze: changes must be positive and rise, found {self.changes}")
        for number, drawing in enumerate(self.phases, start=1):
            if problem := self._problem(drawing):
                raise InputError(f"maze, drawing {number}: {problem}")
        for phase in range(len(self.phases)):
            if self.distances(phase)[self.start] < 0:
                raise InputError(f"maze, drawing {phase + 1}: no way from S to G")

    def _problem(self, drawing: str) -> str | None:
        """The first problem of a drawing, except for a missing path; None if there is none."""
        rows = drawing.split()
        if odd := "".join(sorted({*drawing} - {*"SG#.\n "})):
            return f"may hold S, G, # and . only, found {printable(odd)}"
        if len({len(row) for row in rows}) != 1:
            return "rows must be there and equally long"
        for sign in "SG":
            if drawing.count(sign) != 1:
                return f"must hold {sign} once, found {drawing.count(sign)}"
        if any(_place(drawing, sign) != _place(self.phases[0], sign) for sign in "SG"):
            return "size, S and G must be those of the first"
        return None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return _place(self.phases[0], "S")[:2]

    @property
    def start(self) -> int:
        """State of S; states are counted row by row."""
        return _place(self.phases[0], "S")[2]

    @property
    def goal(self) -> int:
        """State of G."""
        return _place(self.phases[0], "G")[2]

    @cached_property
    def walls(self) -> npt.NDArray[np.bool_]:
        """Where walls stand, (phases, rows, columns)."""
        signs = np.array([[list(row) for row in phase.split()] for phase in self.phases])
        walls: npt.NDArray[np.bool_] = signs == "#"
        return walls

    @cached_property
    def transitions(self) -> npt.NDArray[np.int64]:
        """Next states, (phases, states, actions).

        A move into a wall or over the edge leaves the state as it is. An agent on whose cell a
        wall appears can still leave the cell.
        """
        walls = self.walls
        rows, columns = self.shape
        after = np.empty((len(self.phases), rows * columns, len(MOVES)), dtype=np.int64)
        for phase, row, column in np.ndindex(walls.shape):
            state = row * columns + column
            for action, (down, right) in enumerate(MOVES):
                to = row + down, column + right
                inside = 0 <= to[0] < rows and 0 <= to[1] < columns
                free = inside and not walls[phase, *to]
                after[phase, state, action] = to[0] * columns + to[1] if free else state
        return after

    def distances(self, phase: int = 0) -> npt.NDArray[np.int64]:
        """Shortest distance from each state to the goal, steps; −1 if there is no path."""
        distances = np.full(self.transitions.shape[1], -1)
        distances[self.goal] = 0
        for steps in range(1, len(distances)):
            leads = (distances[self.transitions[phase]] == steps - 1).any(axis=1)
            distances[leads & (distances < 0)] = steps
        return distances

    def optimal_steps(self, exploration: float, phase: int = 0) -> float:
        """Expected steps from start to goal if shortest paths are followed epsilon-greedily.

        Args:
            exploration: epsilon, the probability of a random action.
            phase: index of the drawing.
        """
        distances, after = self.distances(phase), self.transitions[phase]
        shorter = distances[after] == distances[:, None] - 1
        inner = np.flatnonzero(distances > 0)
        greedy = shorter[inner] / shorter[inner].sum(axis=1, keepdims=True)
        policy = (1 - exploration) * greedy + exploration / len(MOVES)
        # E[steps of s] = 1 + sum over a of policy(a, s) E[steps of next state], 0 at the goal.
        chain = np.zeros((len(distances), len(distances)))
        np.add.at(chain, (inner[:, None], after[inner]), policy)
        steps = np.linalg.solve(
            np.eye(len(inner)) - chain[np.ix_(inner, inner)], np.ones(len(inner))
        )
        return float(steps[inner == self.start].item())


def _place(drawing: str, sign: str) -> tuple[int, int, int]:
    """Number of rows, number of columns, and index of the sign, counted row by row."""
    rows = drawing.split()
    return len(rows), len(rows[0]), "".join(rows).index(sign)


DYNA = """
.......#G
..#....#.
S.#....#.
..#......
.....#...
.........
"""

GAP_AT_THE_RIGHT = """
........G
.........
.........
########.
.........
...S.....
"""

GAP_AT_THE_LEFT = """
........G
.........
.........
.########
.........
...S.....
"""

GAPS_AT_BOTH_ENDS = """
........G
.........
.........
.#######.
.........
...S.....
"""

# Name of each maze in gymnasium's registry (Sutton and Barto, Examples 8.1 to 8.3).
MAZES = {
    "mbmf/DynaMaze-v0": Maze((DYNA,)),
    "mbmf/BlockingMaze-v0": Maze((GAP_AT_THE_RIGHT, GAP_AT_THE_LEFT), (1000,)),
    "mbmf/ShortcutMaze-v0": Maze((GAP_AT_THE_LEFT, GAPS_AT_BOTH_ENDS), (3000,)),
}
