"""Processor time of Figure 8.2: 30 runs of three n in a fresh process, compiled anew.

Run it by itself: `python benchmarks/dyna_figure_8_2.py`.
"""

import time

from mbmf.dyna.algorithms import Learner, dyna_q
from mbmf.dyna.curves import ACTING, PLANNING, stream, walk
from mbmf.dyna.mazes import MAZES


def main() -> None:
    """Print seconds of imports, compilation and runs."""
    maze = walk(MAZES["mbmf/DynaMaze-v0"], episodes=50)
    for n in (0, 5, 50):
        learner = Learner(0.1, 0.95, 0.1, n)
        for run in range(30):
            dyna_q(maze, learner, 0.0, stream(run, ACTING), stream(run, PLANNING))
    print(f"{time.process_time():.1f} s")


if __name__ == "__main__":
    main()
