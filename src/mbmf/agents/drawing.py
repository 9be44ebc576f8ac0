"""Pictures of a body, by a camera that follows it, with the settings of the agent's `View`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbmf.agents.bodies import build_model
from mbmf.agents.gl_backends import NEEDED, working_backend
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.physics import load_gl, mujoco
from mbmf.base.errors import DrawingError

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]


class Painter:
    """Draws bodies of one agent.

    Args:
        spec: the agent.
        width: width of a picture, pixels, at most 640.
        height: height of a picture, pixels, at most 480.

    Raises:
        DrawingError: MuJoCo cannot draw on this machine.
    """

    def __init__(self, spec: MujocoAgent, width: int, height: int) -> None:
        # A separate model, because its floor is changed.
        self._model = build_model(spec)
        quiet_floor(self._model)
        self._data = mujoco.MjData(self._model)
        self._view = spec.view
        self._camera = mujoco.MjvCamera()
        self._camera.azimuth, self._camera.elevation = 90.0, self._view.elevation
        self._camera.distance = self._view.distance
        self._renderer = _renderer(self._model, width, height)
        # Bodies walk out of the square that MuJoCo computes shadows for. Outside it the floor
        # would be black.
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False

    def picture(self, qpos: Array) -> Picture:
        """A picture (height, width, 3) of the body at joint positions (nq,)."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        # mj_camlight places the lights that follow the body.
        mujoco.mj_camlight(self._model, self._data)
        self._camera.lookat[:] = [*self._data.subtree_com[0, :2], self._view.height]
        self._renderer.update_scene(self._data, self._camera)
        self._decorate(self._renderer.scene)
        return np.asarray(self._renderer.render(), dtype=np.uint8)

    def _decorate(self, scene: Any) -> None:
        """Add shapes to a picture's scene."""

    def close(self) -> None:
        """Free the resources of the GL library."""
        self._renderer.close()


def quiet_floor(model: Any) -> None:
    """Make the floor's checkers pale and 1 m wide, without reflections.

    Gymnasium's checkers are black and white. They distract from the body, and a clip needs ten
    times the bytes.
    """
    floor = model.geom(0).matid.item()
    texture = model.mat(floor).texid[mujoco.mjtTextureRole.mjTEXROLE_RGB]
    start = int(model.tex_adr[texture])
    size = model.tex_width[texture] * model.tex_height[texture] * model.tex_nchannel[texture]
    colours = model.tex_data[start : start + size]
    colours[:] = 150 + colours.astype(int) // 8
    model.geom_rgba[0] = 1
    model.mat_reflectance[floor] = 0
    model.mat_texrepeat[floor] = model.geom_size[0, :2]


def _renderer(model: Any, width: int, height: int) -> Any:
    """MuJoCo's renderer, by the backend in MUJOCO_GL or, if it is unset, by one that works here."""
    try:
        if not os.environ.get("MUJOCO_GL"):
            if name := working_backend():
                os.environ["MUJOCO_GL"] = name
                load_gl()
        elif not hasattr(mujoco, "GLContext"):
            load_gl()
        return mujoco.Renderer(model, height, width)
    except Exception as error:  # each GL library raises its own types of errors
        asked = os.environ.get("MUJOCO_GL") or "unset"
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DrawingError(f"{NEEDED}. MUJOCO_GL is {asked}: {first}") from error
