"""The batched simulation against plain MuJoCo, one body and one step at a time."""

import mujoco
import numpy as np
import pytest

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import Bodies, _cosines_and_sines
from mbmf.errors import SimulationError

PHYSICS = mujoco.mjtState.mjSTATE_FULLPHYSICS
STEPS = 30


@pytest.fixture(params=AGENTS)
def spec(request):
    return get_agent(request.param)


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
    mujoco.mj_setState(model, data, bodies.get_sim_state()[0, :-6], PHYSICS)
    com = centre_of_mass(spec, bodies.states[0])
    for action in random_actions(spec, STEPS):
        data.qacc_warmstart[:] = 0
        data.ctrl[:] = action
        for _ in range(spec.frame_skip):
            mujoco.mj_step(model, data)
        moved = np.concatenate([data.qpos[spec.hidden_positions :], data.qvel])
        # On a copy, so that the reference itself goes on untouched.
        after = mujoco.MjData(model)
        after.qpos[:] = data.qpos
        mujoco.mj_kinematics(model, after)
        mujoco.mj_comPos(model, after)
        new_com = after.subtree_com[0]

        bodies.step(action[None])
        expected = np.concatenate([moved, new_com, (new_com - com) / spec.dt])
        np.testing.assert_array_equal(bodies.states[0, : len(expected)], expected)
        com = new_com.copy()


def test_centre_of_mass_is_the_mean_of_the_new_states_masses(spec):
    bodies = started(spec, 1)
    model = bodies.model
    before = None
    for action in random_actions(spec, 5):
        bodies.step(action[None])
        data = mujoco.MjData(model)
        mujoco.mj_setState(model, data, bodies.get_sim_state()[0, :-6], PHYSICS)
        mujoco.mj_forward(model, data)
        expected = model.body_mass @ data.xipos / model.body_mass.sum()
        com = centre_of_mass(spec, bodies.states[0]).copy()
        np.testing.assert_allclose(com, expected, rtol=0, atol=1e-12)
        if before is not None:
            velocity = (com - before) / (spec.timestep * spec.frame_skip)
            np.testing.assert_allclose(com_velocity(spec, bodies.states[0]), velocity, atol=1e-9)
        before = com


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
    # Nine bodies: two threads take two at a time, and one is left over.
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


def test_resetting_some_leaves_the_others(spec):
    bodies = started(spec, 4)
    bodies.step(random_actions(spec, 4))
    states, sim_states = bodies.states.copy(), bodies.get_sim_state()
    bodies.reset([2, 1], [np.random.default_rng(7), np.random.default_rng(8)])
    np.testing.assert_array_equal(bodies.states[[0, 3]], states[[0, 3]])
    np.testing.assert_array_equal(bodies.get_sim_state()[[0, 3]], sim_states[[0, 3]])
    np.testing.assert_array_equal(bodies.states[2], started(spec, 1, seed=7).states[0])
    np.testing.assert_array_equal(bodies.states[1], started(spec, 1, seed=8).states[0])


def test_spread_of_the_start(spec):
    count = 4000
    generator = np.random.default_rng(0)
    bodies = Bodies(spec, count)
    bodies.reset(range(count), [generator] * count)
    nq, nv = bodies.model.nq, bodies.model.nv
    sim_states = bodies.get_sim_state()
    positions, velocities = sim_states[:, 1 : 1 + nq], sim_states[:, 1 + nq : 1 + nq + nv]
    free = np.arange(nq)
    if spec.orientation:
        # A unit quaternion: w is all but fixed by x, y and z.
        free = np.delete(free, 3)
        norms = np.linalg.norm(positions[:, 3:7], axis=1)
        np.testing.assert_allclose(norms, 1, rtol=0, atol=1e-12)
        assert np.ptp(positions[:, 3]) < 0.002
    # Means within 5 standard errors; the error of a standard deviation is 1.1 % of it.
    error = 5 / np.sqrt(count)
    np.testing.assert_allclose(positions[:, free].std(axis=0), 0.01, rtol=0.06)
    np.testing.assert_allclose(velocities.std(axis=0), 0.1, rtol=0.06)
    np.testing.assert_allclose(velocities.mean(axis=0), 0, atol=0.1 * error)
    correlations = np.corrcoef(np.hstack([positions[:, free], velocities]).T)
    np.testing.assert_allclose(correlations, np.eye(len(free) + nv), rtol=0, atol=1.2 * error)
    np.testing.assert_array_equal(com_velocity(spec, bodies.states), 0)
    np.testing.assert_array_equal(sim_states[:, 0], 0)


# The model file holds the ant's start as rllab has it: legs bent, within the joints' limits.
ANT_START = [0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("swimmer", [0] * 5),
        ("half_cheetah", [0] * 9),
        ("hopper", [0, 1.25, 0, 0, 0, 0]),
        ("ant", ANT_START),
    ],
)
def test_mean_of_the_start(agent, expected):
    count = 2000
    generator = np.random.default_rng(0)
    bodies = Bodies(get_agent(agent), count)
    bodies.reset(range(count), [generator] * count)
    positions = bodies.get_sim_state()[:, 1 : 1 + bodies.model.nq]
    atol = 5 * 0.01 / np.sqrt(count)
    np.testing.assert_allclose(positions.mean(axis=0), expected, rtol=0, atol=atol)


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


def test_orientation_by_hand():
    half, root = np.sqrt(0.5), np.sqrt(0.75)
    # No turn; a quarter about x; 60° about y (a quarter would leave roll and yaw open);
    # a quarter about z; no turn, the quaternion negative and not of unit length.
    quaternions = [
        [1, 0, 0, 0],
        [half, half, 0, 0],
        [root, 0, 0.5, 0],
        [half, 0, 0, half],
        [-2, 0, 0, 0],
    ]
    # Cosines, then sines, of roll, pitch and yaw.
    expected = [
        [1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [1, 0.5, 1, 0, root, 0],
        [1, 1, 0, 0, 0, 1],
        [1, 1, 1, 0, 0, 0],
    ]
    got = _cosines_and_sines(np.array(quaternions))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_orientation_undoes_mujocos_euler_angles():
    generator = np.random.default_rng(0)
    angles = generator.uniform([-np.pi, -1.5, -np.pi], [np.pi, 1.5, np.pi], (200, 3))
    quaternions = np.empty((200, 4))
    for quaternion, (roll, pitch, yaw) in zip(quaternions, angles, strict=True):
        mujoco.mju_euler2Quat(quaternion, np.array([yaw, pitch, roll]), "zyx")
    expected = np.hstack([np.cos(angles), np.sin(angles)])
    for scale in (1, -1, 3):
        got = _cosines_and_sines(scale * quaternions)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


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
