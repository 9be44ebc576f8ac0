"""The batched bodies against plain `mj_step`, one body and one step at a time."""

import mujoco
import numpy as np
import pytest

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import Bodies, SimulationError
from mbmf.agents.model import build_model

STEPS = 40


@pytest.fixture(params=AGENTS)
def spec(request):
    return get_agent(request.param)


def started(spec, count, num_threads=1, seed=0):
    bodies = Bodies(spec, count, num_threads)
    bodies.reset(range(count), [np.random.default_rng([seed, i]) for i in range(count)])
    return bodies


def random_actions(spec, count, steps=STEPS, seed=9):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, count, spec.action_dim))


def trajectory(bodies, actions):
    """(T + 1, B, S) states."""
    states = [bodies.states.copy()]
    for step in actions:
        bodies.step(step)
        states.append(bodies.states.copy())
    return np.stack(states)


def centre_of_mass(model, data):
    """From the bodies' own places, not from MuJoCo's sum over sub-trees."""
    fresh = mujoco.MjData(model)
    fresh.qpos[:] = data.qpos
    mujoco.mj_forward(model, fresh)
    return model.body_mass @ fresh.xipos / model.body_mass.sum()


def angles(quaternion):
    """Cosines and sines of roll, pitch and yaw, by way of the rotation matrix."""
    flat = np.empty(9)
    mujoco.mju_quat2Mat(flat, quaternion / np.linalg.norm(quaternion))
    matrix = flat.reshape(3, 3)
    turns = [
        np.arctan2(matrix[2, 1], matrix[2, 2]),
        -np.arcsin(np.clip(matrix[2, 0], -1, 1)),
        np.arctan2(matrix[1, 0], matrix[0, 0]),
    ]
    return np.concatenate([np.cos(turns), np.sin(turns)])


class PlainSimulator:
    """One persistent MjData and a loop over `mj_step`."""

    def __init__(self, spec, physics, warm):
        self.spec, self.warm, self.model = spec, warm, build_model(spec)
        self.data = mujoco.MjData(self.model)
        mujoco.mj_setState(self.model, self.data, physics, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        self.com, self.com_velocity = centre_of_mass(self.model, self.data), np.zeros(3)

    def step(self, action):
        if not self.warm:
            self.data.qacc_warmstart[:] = 0
        self.data.ctrl[:] = action
        for _ in range(self.spec.frame_skip):
            mujoco.mj_step(self.model, self.data)
        com = centre_of_mass(self.model, self.data)
        self.com_velocity = (com - self.com) / self.spec.dt
        self.com = com

    def parts(self):
        """The state's parts by name."""
        parts = {
            "joint_positions": self.data.qpos[self.spec.hidden_positions :],
            "joint_velocities": self.data.qvel,
            "com": self.com,
            "com_velocity": self.com_velocity,
        }
        if self.spec.orientation:
            parts["orientation"] = angles(self.data.qpos[3:7])
        return parts


def test_same_as_mj_step(spec):
    """Joints bit for bit; what the test derives in another way to within rounding."""
    bodies = started(spec, 3)
    plain = [PlainSimulator(spec, row[:-6], warm=False) for row in bodies.get_sim_state()]
    for actions in random_actions(spec, 3):
        bodies.step(actions)
        for body, simulator in enumerate(plain):
            simulator.step(actions[body])
            for part, expected in simulator.parts().items():
                found = bodies.states[body, spec.layout[part]]
                if part.startswith("joint"):
                    np.testing.assert_array_equal(found, expected)
                else:
                    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_warm_start_of_the_solver_hardly_matters(spec):
    """One step from the same state, the solver cold (ours) or warm (a persistent MjData)."""
    bodies = started(spec, 1)
    plain = PlainSimulator(spec, bodies.get_sim_state()[0, :-6], warm=True)
    for actions in random_actions(spec, 1):
        physics = np.concatenate([[plain.data.time], plain.data.qpos, plain.data.qvel])
        bodies.set_sim_state(np.concatenate([physics, plain.com, plain.com_velocity])[None])
        bodies.step(actions)
        plain.step(actions[0])
        velocities = bodies.states[0, spec.layout["joint_velocities"]]
        np.testing.assert_allclose(velocities, plain.data.qvel, rtol=0, atol=1e-10)


def test_com_belongs_to_the_state_after_the_step(spec):
    """Reading MuJoCo's own sub-tree sum after `mj_step` would give the one before."""
    bodies = started(spec, 1)
    bodies.step(random_actions(spec, 1, 1)[0])
    again = Bodies(spec, 1)
    again.set_sim_state(bodies.get_sim_state())
    data = mujoco.MjData(again.model)
    mujoco.mj_setState(
        again.model, data, bodies.get_sim_state()[0, :-6], mujoco.mjtState.mjSTATE_FULLPHYSICS
    )
    expected = centre_of_mass(again.model, data)
    np.testing.assert_allclose(bodies.states[0, spec.layout["com"]], expected, atol=1e-12)


def test_reset_spread(spec):
    count = 2000
    bodies = started(spec, count)
    nq, nv = bodies.model.nq, bodies.model.nv
    physics = bodies.get_sim_state()[:, 1 : 1 + nq + nv]
    start = np.array(spec.start) if spec.start else bodies.model.qpos0
    spread = np.full(nq, 0.01)
    if spec.orientation:
        np.testing.assert_allclose(np.linalg.norm(physics[:, 3:7], axis=1), 1)
        spread[3] = 0  # normalised: a small turn changes the scalar part to second order only
    error = 5 / np.sqrt(count)
    np.testing.assert_allclose(physics[:, :nq].mean(0), start, atol=error * 0.01)
    np.testing.assert_allclose(physics[:, :nq].std(0), spread, atol=error * 0.01)
    np.testing.assert_allclose(physics[:, nq:].mean(0), 0, atol=error * 0.1)
    np.testing.assert_allclose(physics[:, nq:].std(0), 0.1, atol=error * 0.1)
    assert not bodies.states[:, spec.layout["com_velocity"]].any()
    if spec.terminated is not None:
        assert not spec.terminated(bodies.states).any()


def test_a_body_does_not_depend_on_the_batch_or_the_threads(spec):
    actions = random_actions(spec, 5)
    many = trajectory(started(spec, 5), actions)
    np.testing.assert_array_equal(trajectory(started(spec, 5, num_threads=2), actions), many)
    np.testing.assert_array_equal(trajectory(started(spec, 1), actions[:, :1]), many[:, :1])


def test_some_bodies_alone_move_as_in_the_batch(spec):
    actions = random_actions(spec, 4)
    many = trajectory(started(spec, 4), actions)
    bodies, rows = started(spec, 4), np.array([1, 3])
    for step in actions:
        bodies.step(step[rows], rows)
    np.testing.assert_array_equal(bodies.states[rows], many[-1, rows])
    np.testing.assert_array_equal(bodies.states[[0, 2]], many[0, [0, 2]])


def test_sim_state_resumes_with_the_same_bits(spec):
    actions = random_actions(spec, 3)
    bodies = started(spec, 3)
    trajectory(bodies, actions[:10])
    saved = bodies.get_sim_state()
    resumed = Bodies(spec, 3)
    resumed.set_sim_state(saved)
    np.testing.assert_array_equal(resumed.states, bodies.states)
    np.testing.assert_array_equal(
        trajectory(resumed, actions[10:]), trajectory(bodies, actions[10:])
    )
    np.testing.assert_array_equal(resumed.get_sim_state(), bodies.get_sim_state())


def test_actions_are_clipped(spec):
    wild, tame = started(spec, 1), started(spec, 1)
    wild.step(np.full((1, spec.action_dim), 3.0))
    tame.step(np.ones((1, spec.action_dim)))
    np.testing.assert_array_equal(wild.states, tame.states)


@pytest.mark.parametrize("num_threads", [1, 2])
def test_divergence_names_the_body_and_leaves_no_file(
    spec, num_threads, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    bodies = started(spec, 3, num_threads)
    wild = bodies.get_sim_state()
    wild[1, 1 + bodies.model.nq : -6] = 1e9
    bodies.set_sim_state(wild)
    before = bodies.states.copy()
    with pytest.raises(SimulationError, match=f"{spec.name} diverged in body 1"):
        bodies.step(np.zeros((3, spec.action_dim)))
    np.testing.assert_array_equal(bodies.states, before)
    np.testing.assert_array_equal(bodies.get_sim_state(), wild)
    assert not list(tmp_path.iterdir())
    assert "WARNING" in capfd.readouterr().err


def test_a_body_that_the_simulator_gave_up_is_no_result(monkeypatch):
    """A warning ends a body's simulation early: its state is finite, but too old."""
    bodies = started(get_agent("hopper"), 2)
    rollout = bodies._rollout.rollout

    def gives_up(*args, state, **kwargs):
        rollout(*args, state=state, **kwargs)
        state[1, 6:] = state[1, 5]

    monkeypatch.setattr(bodies._rollout, "rollout", gives_up)
    with pytest.raises(SimulationError, match="body 1"):
        bodies.step(np.zeros((2, 3)))


def test_bad_input():
    spec = get_agent("swimmer")
    bodies = started(spec, 2)
    for wrong in (np.zeros((2, 3)), np.zeros(2), np.zeros((1, 2))):
        with pytest.raises(ValueError, match=r"should be \(2, 2\)"):
            bodies.step(wrong)
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            bodies.step(np.full((2, 2), value))
    with pytest.raises(ValueError, match="shape"):
        bodies.set_sim_state(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        bodies.set_sim_state(bodies.get_sim_state() * np.nan)
    for count, threads in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="1 at least"):
            Bodies(spec, count, threads)
