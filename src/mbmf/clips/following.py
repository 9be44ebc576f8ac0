"""Clips of trajectory following: the body, its way-points and the lines between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mbmf.agents.bodies import build_model
from mbmf.agents.drawing import Painter
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.physics import mujoco
from mbmf.clips.gait import PANEL, grid, labelled, positions
from mbmf.method.following import Followed

Array = NDArray[np.float64]

FRAMES = 48  # of the longest rollout
_COLOUR = np.array([0.85, 0.25, 0.1, 0.8], dtype=np.float32)


class PathPainter(Painter):
    """Draws a body with a path below it; from above, unless the body moves in a vertical plane.

    Args:
        spec: the agent.
        corners: (M + 1, 2) way-points, m.
        horizontal: whether they are points of the floor. Otherwise only their x is drawn.
    """

    def __init__(self, spec: MujocoAgent, corners: Array, horizontal: bool) -> None:
        super().__init__(spec, *PANEL)
        floor = float(self._model.geom_pos[0, 2]) + 0.02
        places = [(x, y if horizontal else 0.0, floor) for x, y in corners]
        # A path that goes back and forth has the same way-points several times.
        self._places = [np.array(place) for place in dict.fromkeys(places)]
        self._lines = [(np.array(a), np.array(b)) for a, b in dict.fromkeys(pairwise(places))]
        if horizontal:
            self._camera.elevation = -75.0

    def _decorate(self, scene: Any) -> None:
        for place in self._places:
            if shape := _next(scene):
                size = np.array([0.06, 0.06, 0.06])
                kind = mujoco.mjtGeom.mjGEOM_SPHERE
                mujoco.mjv_initGeom(shape, kind, size, place, np.eye(3).ravel(), _COLOUR)
        for start, end in self._lines:
            if shape := _next(scene):
                kind = mujoco.mjtGeom.mjGEOM_CAPSULE
                mujoco.mjv_initGeom(
                    shape, kind, np.zeros(3), np.zeros(3), np.eye(3).ravel(), _COLOUR
                )
                mujoco.mjv_connector(shape, kind, 0.02, start, end)


def _next(scene: Any) -> Any:
    """A further shape of a scene; None if it is full."""
    if scene.ngeom >= scene.maxgeom:
        return None
    scene.ngeom += 1
    return scene.geoms[scene.ngeom - 1]


def clip(spec: MujocoAgent, followed: Sequence[Followed], horizontal: bool) -> list[Image.Image]:
    """Frames of the rollouts side by side, two in a row, each under its path's name and its time.

    A rollout that ends early keeps showing its last picture.

    Args:
        spec: the agent.
        followed: rollouts along its paths.
        horizontal: as for `PathPainter`.
    """
    longest = max(one.rollout.actions.shape[1] for one in followed)
    # Whole environment steps: there the recorded states are exact, whatever noise actions had.
    every = max(math.ceil(longest / FRAMES), 1)
    model = build_model(spec)
    panels = []
    for one in followed:
        painter = PathPainter(spec, one.corners.numpy(), horizontal)
        joints = positions(spec, model, one.rollout, every * spec.dt)
        panels.append(
            [
                labelled(painter.picture(qpos), f"{one.path}: {frame * every * spec.dt:.0f} s")
                for frame, qpos in enumerate(joints)
            ]
        )
        painter.close()
    return grid(panels)
