"""What the half-cheetah follows: forward, backward, and forward and then backward."""

from mbmf.agents.paths.base import Limit, Path, Trajectories, straight

_BACK = tuple((-x, y) for x, y in straight(0.5))
_FORTH_AND_BACK = tuple((x, 0) for x in (0, 1, 2, 3, 2, 1, 0, -1, -2))

TRAJECTORIES = Trajectories(
    position=("com x [m]", "com z [m]"),
    paths={
        "forward": Path(straight(0.7), progress=40.0),
        "backward": Path(_BACK, progress=20.0),
        "forward, backward": Path(_FORTH_AND_BACK, progress=20.0),
    },
    # The front leg must not go so far back that the body tilts forward.
    limits=(
        Limit("fthigh [rad]", 10.0, high=0.2),
        Limit("fshin [rad]", 10.0, high=0.0),
        Limit("ffoot [rad]", 10.0, high=0.0),
    ),
)
