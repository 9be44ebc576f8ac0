"""MuJoCo models of the agents: gymnasium's, with the paper's actuators."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import gymnasium
import mujoco

from mbmf.agents.specs import AgentSpec


def build_model(spec: AgentSpec) -> Any:
    """MuJoCo model of an agent (mujoco.MjModel).

    Raises:
        ValueError: gymnasium's model is not the one that the spec was written for.
    """
    assets = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets"
    with warnings.catch_warnings():
        # gymnasium's half-cheetah sets an attribute that newer MuJoCo wants elsewhere.
        warnings.filterwarnings("ignore", message=".*settotalmass.*")
        body = mujoco.MjSpec.from_file(str(assets / spec.model_file))
        # Another number of actuators is told below.
        for actuator, gear in zip(body.actuators, spec.gears, strict=False):
            actuator.gear = [gear, 0, 0, 0, 0, 0]
        model = body.compile()
    found = (model.nq, model.nv, model.nu, model.opt.timestep)
    expected = (len(spec.positions), len(spec.velocities), spec.action_dim, spec.timestep)
    if found != expected:
        raise ValueError(
            f"{spec.model_file} of gymnasium {gymnasium.__version__} has (positions, velocities, "
            f"actuators, time step) {found}, should be {expected}"
        )
    # Left on, a diverging body would be put back to its start without a word.
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    return model
