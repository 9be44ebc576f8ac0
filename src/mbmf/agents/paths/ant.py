"""What the ant follows: straight ahead, a left turn, a right turn and a U-turn."""

from mbmf.agents.paths.base import Limit, Path, Trajectories, straight

_LEFT = ((0, 0), (2, 0), (4, 0), (6, 0), (6, 2), *((6, place) for place in range(3, 8)))
_RIGHT = (*((0, place) for place in range(5)), *((place, 4) for place in (2, 3, 4, 6, 7)))
_U_TURN = ((0, 0), (2, 0), (4, 0), (4, 1), (4, 2), (2, 2), (1, 2), (0, 2))

TRAJECTORIES = Trajectories(
    position=("com x [m]", "com y [m]"),
    paths={
        "straight": Path(straight(0.7), progress=85.0, distance=3.5),
        "left turn": Path(_LEFT, progress=85.0, distance=4.0),
        "right turn": Path(_RIGHT, progress=50.0, distance=3.0),
        "U-turn": Path(_U_TURN, progress=50.0, distance=3.0),
    },
    limits=(Limit("com z [m]", 4000.0, low=0.3, high=0.67),),
    far=1.0,
)
