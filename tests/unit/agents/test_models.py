"""The compiled models against the paper's bodies, and the state layouts against the models."""

import mujoco
import numpy as np
import pytest

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import build_model
from mbmf.base.errors import InputError

NAMES = ["swimmer", "half_cheetah", "hopper", "ant"]
RK4, EULER = mujoco.mjtIntegrator.mjINT_RK4, mujoco.mjtIntegrator.mjINT_EULER
# Environment step, integrator, torque at action 1, state dimension, time limit.
PAPER = {
    "swimmer": (0.15, RK4, [50, 50], 16, 333),
    "half_cheetah": (0.01, EULER, [120, 90, 60, 120, 60, 30], 24, 1000),
    "hopper": (0.02, RK4, [200] * 3, 17, 1000),
    "ant": (0.02, RK4, [150] * 8, 41, 1000),
}
# Joints in the order of qpos, and the joint that each actuator drives.
JOINTS = {
    "swimmer": ["slider1", "slider2", "free_body_rot", "motor1_rot", "motor2_rot"],
    "half_cheetah": [
        "rootx",
        "rootz",
        "rooty",
        "bthigh",
        "bshin",
        "bfoot",
        "fthigh",
        "fshin",
        "ffoot",
    ],
    "hopper": ["rootx", "rootz", "rooty", "thigh_joint", "leg_joint", "foot_joint"],
    "ant": ["root", "hip_1", "ankle_1", "hip_2", "ankle_2", "hip_3", "ankle_3", "hip_4", "ankle_4"],
}
ACTUATED = {
    "swimmer": ["motor1_rot", "motor2_rot"],
    "half_cheetah": ["bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"],
    "hopper": ["thigh_joint", "leg_joint", "foot_joint"],
    "ant": ["hip_4", "ankle_4", "hip_1", "ankle_1", "hip_2", "ankle_2", "hip_3", "ankle_3"],
}
# What the spec calls those of the model's joints that it gives another name.
RENAMED = {
    "slider1": "x",
    "slider2": "y",
    "free_body_rot": "heading",
    "motor1_rot": "joint 1",
    "motor2_rot": "joint 2",
}


@pytest.fixture(scope="module", params=NAMES)
def spec(request):
    return get_agent(request.param)


@pytest.fixture(scope="module")
def model(spec):
    return build_model(spec)


def test_there_are_the_papers_four_agents():
    assert sorted(AGENTS) == sorted(NAMES)
    assert all(spec.name == name for name, spec in AGENTS.items())
    assert len({spec.env_id for spec in AGENTS.values()}) == 4


def test_spec_is_the_papers(spec):
    dt, _, gears, state_dim, episode_steps = PAPER[spec.name]
    assert spec.dt == dt
    assert list(spec.gears) == gears
    assert spec.state_dim == state_dim
    assert spec.action_dim == len(gears)
    assert spec.episode_steps == episode_steps


def test_model_is_the_papers(spec, model):
    dt, integrator, gears, _, _ = PAPER[spec.name]
    assert model.opt.timestep * spec.frame_skip == pytest.approx(dt, rel=1e-12)
    assert model.opt.integrator == integrator
    np.testing.assert_array_equal(model.actuator_gear[:, 0], gears)
    np.testing.assert_array_equal(model.actuator_gear[:, 1:], 0)
    np.testing.assert_array_equal(model.actuator_ctrlrange, [[-1, 1]] * len(gears))
    driven = [model.joint(joint).name for joint in model.actuator_trnid[:, 0]]
    assert driven == ACTUATED[spec.name]
    assert model.na == 0  # No actuator has a state of its own: action 1 is `gear` at once.


def test_action_one_gives_the_gears_torque(spec, model):
    data = mujoco.MjData(model)
    data.ctrl[:] = 1
    mujoco.mj_forward(model, data)
    torques = {
        model.joint(model.actuator_trnid[place, 0]).name: gear
        for place, gear in enumerate(PAPER[spec.name][2])
    }
    for joint in JOINTS[spec.name]:
        address = model.joint(joint).dofadr[0]
        assert data.qfrc_actuator[address] == pytest.approx(torques.get(joint, 0.0))


def test_diverging_bodies_are_not_reset_silently(model):
    assert model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_AUTORESET


def test_layout_is_the_models(spec, model):
    assert (model.nq, model.nv, model.nu) == (
        len(spec.positions),
        len(spec.velocities),
        spec.action_dim,
    )
    assert model.opt.timestep == spec.timestep
    assert [model.joint(joint).name for joint in range(model.njnt)] == JOINTS[spec.name]


def test_names_of_positions_and_velocities_follow_the_joints(spec, model):
    units = {mujoco.mjtJoint.mjJNT_SLIDE: "m", mujoco.mjtJoint.mjJNT_HINGE: "rad"}
    for joint in map(model.joint, range(model.njnt)):
        position, velocity = joint.qposadr[0], joint.dofadr[0]
        if joint.type[0] == mujoco.mjtJoint.mjJNT_FREE:
            assert spec.positions[position : position + 7] == (
                "x [m]", "y [m]", "z [m]",
                "quaternion w", "quaternion x", "quaternion y", "quaternion z",
            )  # fmt: skip
            assert spec.velocities[velocity : velocity + 6] == (
                "x velocity [m/s]", "y velocity [m/s]", "z velocity [m/s]",
                "roll velocity [rad/s]", "pitch velocity [rad/s]", "yaw velocity [rad/s]",
            )  # fmt: skip
            continue
        name = RENAMED.get(joint.name, joint.name.removesuffix("_joint").replace("_", " "))
        unit = units[mujoco.mjtJoint(joint.type[0])]
        assert spec.positions[position] == f"{name} [{unit}]"
        assert spec.velocities[velocity] == f"{name} velocity [{unit}/s]"


def test_state_names_are_unique(spec):
    assert len(set(spec.state_names)) == spec.state_dim


# Simulator step [s], steps in an environment step, largest armature of a joint [kg m²].
FORK = {
    "swimmer": (0.01, 15, 0.0),
    "half_cheetah": (0.01, 1, 0.1),
    "hopper": (0.02, 1, 1.0),
    "ant": (0.02, 1, 1.0),
}


def test_model_is_that_of_the_authors_fork(spec, model):
    timestep, frames, armature = FORK[spec.name]
    assert (model.opt.timestep, spec.frame_skip) == (timestep, frames)
    assert model.dof_armature.max() == armature
    if spec.name == "swimmer":
        assert (model.dof_armature == 0).all()
    if spec.name in ("hopper", "ant"):
        np.testing.assert_array_equal(model.geom_solimp[:, :3], [[0.8, 0.8, 0.01]] * model.ngeom)
    if spec.name == "half_cheetah":
        assert model.body_mass.sum() == pytest.approx(14, rel=1e-12)


def test_another_model_is_refused(spec):
    class Other:
        def __getattr__(self, name):
            return (*spec.positions, "one more") if name == "positions" else getattr(spec, name)

    with pytest.raises(ValueError, match=spec.model_file):
        build_model(Other())


def test_unknown_agent_lists_the_known_ones():
    with pytest.raises(InputError, match="no such agent; should be one of ant, half_cheetah, hop"):
        get_agent("no such agent")


def test_contacts_are_left_out_where_none_can_be(spec, model):
    """With the search for them the swimmer moves alike; the others touch the floor."""
    disabled = mujoco.mjtDisableBit.mjDSBL_CONTACT
    searching = build_model(spec)
    searching.opt.disableflags &= ~int(disabled)
    data = mujoco.MjData(searching)
    actions = np.random.default_rng(0).uniform(-1, 1, (500, spec.action_dim))
    touched = False
    for action in actions:
        data.ctrl[:] = action
        mujoco.mj_step(searching, data)
        touched |= data.ncon > 0
    assert touched == (spec.name != "swimmer")
    assert bool(model.opt.disableflags & int(disabled)) == (not touched)
