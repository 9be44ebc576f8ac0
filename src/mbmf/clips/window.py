"""A rollout in MuJoCo's window, on a machine with a screen."""

from __future__ import annotations

import time
from importlib import import_module

from mbmf.agents.bodies import build_model
from mbmf.agents.drawing import quiet_floor
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.physics import mujoco
from mbmf.clips.gait import positions
from mbmf.method.rollouts import Rollouts


def show(spec: MujocoAgent, rollout: Rollouts) -> None:
    """Play one rollout in real time, again and again, until the user closes the window.

    Args:
        spec: the agent.
        rollout: one rollout, as `mbmf.clips.gait.positions` takes it.
    """
    viewer = import_module("mujoco.viewer")  # it looks for a screen as soon as it is loaded
    model = build_model(spec)
    quiet_floor(model)
    data = mujoco.MjData(model)
    substeps = max(round(1 / 60 / spec.timestep), 1)
    interval = substeps * spec.timestep
    joints = positions(spec, model, rollout, interval)
    with viewer.launch_passive(model, data, show_left_ui=False, show_right_ui=False) as window:
        window.cam.azimuth, window.cam.elevation = 90.0, spec.view.elevation
        window.cam.distance = spec.view.distance
        while window.is_running():
            for qpos in joints:
                if not window.is_running():
                    return
                started = time.perf_counter()
                data.qpos[:] = qpos
                mujoco.mj_forward(model, data)
                window.cam.lookat[:] = [*data.subtree_com[0, :2], spec.view.height]
                window.sync()
                time.sleep(max(interval - (time.perf_counter() - started), 0.0))
