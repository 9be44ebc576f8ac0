"""The batched simulation against plain MuJoCo, one body and one step at a time."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from mbmf.agents import get_agent
from mbmf.agents.bodies import Bodies
from mbmf.base.errors import SimulationError

PHYSICS = mujoco.mjtState.mjSTATE_FULLPHYSICS
STEPS = 30


def started(spec, count, num_threads=1, seed=0):
    """Bodies at their start; body i has seed `seed` + i."""
    bodies = Bodies(spec, count, num_threads)
    bodies.reset(range(count), [np.random.default_rng(seed + row) for row in range(count)])
    return bodies


def random_actions(spec, *shape, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (*shape, spec.action_dim))


def trajectory(bodies, actions):
    """(T, B, S) states after each of `actions` (T, B, A)."""
    states = []
    for action in actions:
        bodies.step(action)
        states.append(bodies.states.copy())
    return np.stack(states)


def elements(spec, suffix, names):
    """Indices of `names` in a state, each with `suffix`."""
    return [spec.state_names.index(f"{name}{suffix}") for name in names]


def centre_of_mass(spec, states):
    return states[..., elements(spec, " [m]", ["com x", "com y", "com z"])]


def com_velocity(spec, states):
    return states[..., elements(spec, " velocity [m/s]", ["com x", "com y", "com z"])]


def with_velocity(bodies, row, velocity):
    """The simulator states of `bodies`, all joint velocities of one body changed."""
    sim_states = bodies.get_sim_state()
    nq, nv = bodies.model.nq, bodies.model.nv
    sim_states[row, 1 + nq : 1 + nq + nv] = velocity
    return sim_states


@pytest.fixture
def diverging(spec, tmp_path, monkeypatch):
    """Three bodies, of which 1 will diverge, and no action."""
    # MuJoCo writes a log of its warnings to the working directory.
    monkeypatch.chdir(tmp_path)
    bodies = started(spec, 3)
    bodies.set_sim_state(with_velocity(bodies, 1, 1e9))
    return bodies, np.zeros((3, spec.action_dim))


def test_steps_are_those_of_plain_mujoco(spec):
    bodies = started(spec, 1)
    model = bodies.model
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, bodies.get_sim_state()[0], PHYSICS)
    for action in random_actions(spec, STEPS):
        data.qacc_warmstart[:] = 0
        data.ctrl[:] = action
        for _ in range(spec.frame_skip):
            mujoco.mj_step(model, data)
        bodies.step(action[None])
        np.testing.assert_array_equal(
            bodies.get_sim_state()[0, 1:], np.concatenate([data.qpos, data.qvel])
        )


def momentum_over_mass(model, qpos, qvel):
    """Centre of mass and its velocity, summed over bodies by hand.

    A body's velocity comes from two places of its centre of mass, a small step of `qvel` apart.
    """
    data = mujoco.MjData(model)
    places = []
    for step in (-1e-6, 1e-6):
        moved = qpos.copy()
        mujoco.mj_integratePos(model, moved, qvel, step)
        data.qpos[:] = moved
        mujoco.mj_kinematics(model, data)
        places.append(data.xipos.copy())
    mass = model.body_mass[:, None]
    before, after = places
    momentum = (mass * (after - before) / 2e-6).sum(axis=0)
    com = (mass * (after + before) / 2).sum(axis=0) / mass.sum()
    return com, momentum / mass.sum()


def test_com_and_its_velocity_are_momentum_over_mass(spec):
    """On random states of all joints, and right after a reset."""
    bodies = started(spec, 40)
    model, nq, nv = bodies.model, bodies.model.nq, bodies.model.nv
    generator = np.random.default_rng(3)
    sim_states = bodies.get_sim_state()
    sim_states[20:, 1 : 1 + nq] += generator.uniform(-1, 1, (20, nq))
    sim_states[20:, 1 + nq :] = generator.uniform(-5, 5, (20, nv))
    if spec.orientation:
        sim_states[:, 4:8] /= np.linalg.norm(sim_states[:, 4:8], axis=1, keepdims=True)
    bodies.set_sim_state(sim_states)
    for row, physics in enumerate(sim_states):
        com, velocity = momentum_over_mass(model, physics[1 : 1 + nq], physics[1 + nq :])
        state = bodies.states[row]
        np.testing.assert_allclose(centre_of_mass(spec, state), com, rtol=0, atol=1e-8)
        np.testing.assert_allclose(com_velocity(spec, state), velocity, rtol=0, atol=1e-7)
    after_reset = com_velocity(spec, bodies.states[:20])
    assert np.abs(after_reset[:, 0]).min() > 0


def test_state_is_a_function_of_positions_and_velocities(spec):
    """Whatever the body did before."""
    moved = started(spec, 3)
    trajectory(moved, random_actions(spec, 10, 3))
    fresh = Bodies(spec, 3)
    fresh.set_sim_state(moved.get_sim_state())
    np.testing.assert_array_equal(fresh.states, moved.states)


def test_hopper_shows_clipped_velocities_and_moves_with_the_true_ones():
    spec = get_agent("hopper")
    bodies = started(spec, 2)
    bodies.set_sim_state(with_velocity(bodies, 1, [2.0, 15.0, -30.0, 9.0, 0.0, 12.0]))
    shown = bodies.states[1, spec.layout["joint_velocities"]]
    np.testing.assert_array_equal(shown, [2, 10, -10, 9, 0, 10])
    # The simulator's own velocities stay as they are.
    np.testing.assert_array_equal(bodies.get_sim_state()[1, -6:], [2, 15, -30, 9, 0, 12])
    bodies.step(np.zeros((2, 3)))
    assert np.abs(bodies.get_sim_state()[1, -6:]).max() > 10


@pytest.mark.parametrize(
    ("index", "size", "expected"), [(3, 99.9, False), (3, -100.0, True), (11, 100.0, True)]
)
def test_hopper_is_over_where_a_joint_is_far_or_fast(index, size, expected):
    """[F]: any of qpos[3:] and qvel of size 100 ends an episode, though the state clips it."""
    bodies = started(get_agent("hopper"), 2)
    sim_states = bodies.get_sim_state()
    sim_states[1, 1 + index] = size
    bodies.set_sim_state(sim_states)
    np.testing.assert_array_equal(bodies.over(), [False, expected])
    np.testing.assert_array_equal(bodies.over(np.array([1])), [expected])


def test_named_elements_hold_the_joints(spec):
    bodies = started(spec, 2)
    bodies.step(random_actions(spec, 2))
    sim_states = bodies.get_sim_state()
    nq, nv = bodies.model.nq, bodies.model.nv
    joints = dict(zip(spec.positions, sim_states[:, 1 : 1 + nq].T, strict=True))
    joints |= dict(zip(spec.velocities, sim_states[:, 1 + nq : 1 + nq + nv].T, strict=True))
    shown = set(joints) & set(spec.state_names)
    assert len(shown) == nq + nv - spec.hidden_positions
    for name in shown:
        np.testing.assert_array_equal(
            bodies.states[:, spec.state_names.index(name)], joints[name], err_msg=name
        )


def test_step_lasts_dt(spec):
    bodies = started(spec, 1)
    for action in random_actions(spec, 3):
        bodies.step(action[None])
    assert bodies.get_sim_state()[0, 0] == pytest.approx(3 * spec.dt, rel=1e-9)


def test_a_body_does_the_same_alone_and_among_others(spec):
    actions = random_actions(spec, STEPS, 5)
    together = trajectory(started(spec, 5), actions)
    for row in range(5):
        alone = trajectory(started(spec, 1, seed=row), actions[:, row : row + 1])
        np.testing.assert_array_equal(together[:, row], alone[:, 0])
    assert len(np.unique(together[-1], axis=0)) == 5


def test_number_of_threads_changes_no_bit(spec):
    actions = random_actions(spec, STEPS, 9)
    one, two = (trajectory(started(spec, 9, threads), actions) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_stepping_some_leaves_the_others(spec):
    bodies, alone = started(spec, 5), started(spec, 5)
    rows, others = np.array([3, 0]), [1, 2, 4]
    states, sim_states = bodies.states.copy(), bodies.get_sim_state()
    actions = random_actions(spec, 5)
    bodies.step(actions[rows], rows)
    np.testing.assert_array_equal(bodies.states[others], states[others])
    np.testing.assert_array_equal(bodies.get_sim_state()[others], sim_states[others])
    alone.step(actions)
    np.testing.assert_array_equal(bodies.states[rows], alone.states[rows])
    np.testing.assert_array_equal(bodies.get_sim_state()[rows], alone.get_sim_state()[rows])


def test_stepping_none_changes_nothing(spec):
    bodies = started(spec, 2)
    states, sim_states = bodies.states.copy(), bodies.get_sim_state()
    bodies.step(np.zeros((0, spec.action_dim)), np.zeros(0, np.intp))
    np.testing.assert_array_equal(bodies.states, states)
    np.testing.assert_array_equal(bodies.get_sim_state(), sim_states)


def test_closed_bodies_can_be_read_alone(spec):
    bodies = started(spec, 2, num_threads=2)
    states, sim_states = bodies.states.copy(), bodies.get_sim_state()
    bodies.close()
    bodies.close()
    moves = [
        lambda: bodies.step(np.zeros((2, spec.action_dim))),
        lambda: bodies.reset([0], [np.random.default_rng(0)]),
        lambda: bodies.set_sim_state(sim_states),
    ]
    for move in moves:
        with pytest.raises(RuntimeError, match="the bodies are closed"):
            move()
    np.testing.assert_array_equal(bodies.states, states)
    np.testing.assert_array_equal(bodies.get_sim_state(), sim_states)


def test_closing_ends_the_threads(spec):
    def threads():
        return len(list(Path("/proc/self/task").iterdir()))

    before = threads()
    bodies = started(spec, 4, num_threads=3)
    assert threads() > before
    bodies.close()
    assert threads() == before


def test_resetting_some_leaves_the_others(spec):
    bodies = started(spec, 4)
    bodies.step(random_actions(spec, 4))
    states, sim_states = bodies.states.copy(), bodies.get_sim_state()
    bodies.reset([2, 1], [np.random.default_rng(7), np.random.default_rng(8)])
    np.testing.assert_array_equal(bodies.states[[0, 3]], states[[0, 3]])
    np.testing.assert_array_equal(bodies.get_sim_state()[[0, 3]], sim_states[[0, 3]])
    np.testing.assert_array_equal(bodies.states[2], started(spec, 1, seed=7).states[0])
    np.testing.assert_array_equal(bodies.states[1], started(spec, 1, seed=8).states[0])


def test_goes_on_from_a_recorded_state(spec):
    actions = random_actions(spec, STEPS, 3)
    bodies = started(spec, 3)
    trajectory(bodies, actions[:10])
    recorded, states = bodies.get_sim_state(), bodies.states.copy()
    expected = trajectory(bodies, actions[10:])

    other = started(spec, 3, seed=50)
    trajectory(other, actions[:4])
    other.set_sim_state(recorded)
    np.testing.assert_array_equal(other.states, states)
    np.testing.assert_array_equal(other.get_sim_state(), recorded)
    np.testing.assert_array_equal(trajectory(other, actions[10:]), expected)


def test_recorded_state_is_a_copy(spec):
    bodies = started(spec, 2)
    recorded = bodies.get_sim_state()
    kept = recorded.copy()
    bodies.step(random_actions(spec, 2))
    np.testing.assert_array_equal(recorded, kept)
    bodies.set_sim_state(recorded)
    recorded += 1
    np.testing.assert_array_equal(bodies.get_sim_state(), kept)


def test_actions_are_clipped_to_the_box(spec):
    inside, outside = started(spec, 2), started(spec, 2)
    signs = np.sign(random_actions(spec, 2))
    inside.step(signs)
    outside.step(7.5 * signs)
    np.testing.assert_array_equal(inside.states, outside.states)


@pytest.mark.parametrize("change", ["bodies", "actuators", "flat"])
def test_actions_of_another_shape_are_refused(spec, change):
    bodies = started(spec, 2)
    shape = {
        "bodies": (3, spec.action_dim),
        "actuators": (2, spec.action_dim + 1),
        "flat": (2 * spec.action_dim,),
    }[change]
    with pytest.raises(ValueError, match="shape"):
        bodies.step(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_actions_that_are_not_finite_are_refused(spec, value):
    bodies = started(spec, 2)
    before = bodies.get_sim_state()
    actions = np.zeros((2, spec.action_dim))
    actions[1, -1] = value
    with pytest.raises(ValueError, match="finite"):
        bodies.step(actions)
    np.testing.assert_array_equal(bodies.get_sim_state(), before)


def test_sim_states_of_another_shape_are_refused(spec):
    bodies = started(spec, 2)
    sim_states = bodies.get_sim_state()
    for wrong in (sim_states[:1], sim_states[:, :-1]):
        with pytest.raises(ValueError, match="shape"):
            bodies.set_sim_state(wrong)


def test_divergence_names_agent_and_body(spec, diverging):
    bodies, actions = diverging
    with pytest.raises(SimulationError, match=rf"\b{spec.name} diverged in body 1$"):
        bodies.step(actions)


def test_divergence_names_the_body_among_some(diverging):
    bodies, actions = diverging
    with pytest.raises(SimulationError, match=r"in body 1$"):
        bodies.step(actions[:2], np.array([1, 2]))


def test_others_go_on_after_a_divergence(spec, diverging):
    bodies, actions = diverging
    before = bodies.get_sim_state()
    with pytest.raises(SimulationError):
        bodies.step(actions)
    np.testing.assert_array_equal(bodies.get_sim_state(), before)
    rows = np.array([0, 2])
    bodies.step(actions[rows], rows)
    healthy = started(spec, 3)
    healthy.step(actions)
    np.testing.assert_array_equal(bodies.states[rows], healthy.states[rows])


def test_divergence_leaves_no_log_behind(diverging, tmp_path):
    bodies, actions = diverging
    with pytest.raises(SimulationError):
        bodies.step(actions)
    assert list(tmp_path.iterdir()) == []


def test_orientation_of_the_ant_in_motion():
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    spec = get_agent("ant")
    bodies = started(spec, 5)
    quaternion = elements(spec, "", [f"quaternion {part}" for part in "wxyz"])
    for action in random_actions(spec, STEPS, 5):
        bodies.step(action)
        turned = rotation.from_quat(bodies.states[:, quaternion], scalar_first=True)
        angles = turned.as_euler("ZYX")[:, ::-1]
        expected = np.hstack([np.cos(angles), np.sin(angles)])
        np.testing.assert_allclose(bodies.states[:, -6:], expected, rtol=0, atol=1e-9)
    assert np.abs(bodies.states[:, -3:]).max() > 0.05
    assert spec.state_names[-6:] == (
        "cos roll", "cos pitch", "cos yaw", "sin roll", "sin pitch", "sin yaw",
    )  # fmt: skip
