"""What the swimmer follows: straight ahead, a left turn and a right turn.

In the authors' code the right turn starts along y, with the swimmer turned by a right angle. Here
the turn itself is turned, so that each path starts along x. The plane has no direction of its own.
Random rollouts begin with any heading, as in the authors' code where it follows trajectories.
"""

import math

from mbmf.agents.paths.base import Heading, Limit, Path, Trajectories, straight

_LEFT = ((0, 0), (1, 0), (2, 0), (3, 0), (4, 1), (4, 2), (4, 3), (4, 4))
_RIGHT = ((0, 0), (1, 0), (2, 0), (3, -2), *((3, -place) for place in range(3, 9)))

TRAJECTORIES = Trajectories(
    position=("com x [m]", "com y [m]"),
    paths={
        "straight": Path(straight(0.7), progress=500.0, distance=4.0, heading=2.0),
        "left turn": Path(_LEFT, progress=200.0, distance=0.7, heading=0.9),
        "right turn": Path(_RIGHT, progress=250.0, distance=0.1, heading=0.9),
    },
    limits=tuple(Limit(f"joint {joint} [rad]", 2.0, -math.pi / 3, math.pi / 3) for joint in (1, 2)),
    heading=Heading("heading [rad]", math.pi / 3, 20.0),
    any_heading=True,
)
