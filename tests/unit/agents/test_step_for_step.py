"""The batched bodies against plain `mj_step`, one body and one step at a time."""

import mujoco
import numpy as np
import pytest
from mujoco.batch import SimulationError as SimulatorsOwnError

from mbmf.agents import get_agent
from mbmf.agents.bodies import Bodies, build_model
from mbmf.base.errors import SimulationError

STEPS = 40


def started(spec, count, num_threads=1, seed=0):
    bodies = Bodies(spec, count, num_threads)
    bodies.reset(range(count), [np.random.default_rng([seed, i]) for i in range(count)])
    return bodies


def random_actions(spec, count, steps=STEPS, seed=9):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, count, spec.action_dim))


class PlainSimulator:
    """One persistent MjData and a loop over `mj_step`."""

    def __init__(self, spec, physics, warm):
        self.spec, self.warm, self.model = spec, warm, build_model(spec)
        self.data = mujoco.MjData(self.model)
        mujoco.mj_setState(self.model, self.data, physics, mujoco.mjtState.mjSTATE_FULLPHYSICS)

    def step(self, action):
        if not self.warm:
            self.data.qacc_warmstart[:] = 0
        self.data.ctrl[:] = action
        for _ in range(self.spec.frame_skip):
            mujoco.mj_step(self.model, self.data)


def test_warm_start_of_the_solver_hardly_matters(spec):
    """One step from the same state, the solver cold (ours) or warm (a persistent MjData)."""
    bodies = started(spec, 1)
    plain = PlainSimulator(spec, bodies.get_sim_state()[0], warm=True)
    for actions in random_actions(spec, 1):
        physics = np.concatenate([[plain.data.time], plain.data.qpos, plain.data.qvel])
        bodies.set_sim_state(physics[None])
        bodies.step(actions)
        plain.step(actions[0])
        velocities = bodies.states[0, spec.layout["joint_velocities"]]
        np.testing.assert_allclose(velocities, plain.data.qvel, rtol=0, atol=1e-10)


def test_an_error_of_the_simulator_moves_no_body(monkeypatch):
    """It stops one body; the others have been stepped by then."""
    bodies = started(get_agent("swimmer"), 3)
    before, states = bodies.get_sim_state(), bodies.states.copy()
    step = bodies._batch.step

    def fails(_ids, **kwargs):
        step(np.array([0, 2]), **kwargs)
        monkeypatch.setattr(bodies._batch, "status", np.array([0, 1, 0]))
        raise SimulatorsOwnError(np.array([1]), "stack overflow")

    monkeypatch.setattr(bodies._batch, "step", fails)
    with pytest.raises(SimulationError, match="swimmer diverged in body 1"):
        bodies.step(np.zeros((3, 2)))
    np.testing.assert_array_equal(bodies.get_sim_state(), before)
    np.testing.assert_array_equal(bodies.states, states)


def test_a_body_that_the_simulator_gave_up_is_no_result(monkeypatch):
    """After a warning of MuJoCo, such as of too many contacts, a state is finite but wrong."""
    bodies = started(get_agent("swimmer"), 2)
    before, step = bodies.get_sim_state(), bodies._batch.step

    def warns(*args, **kwargs):
        step(*args, **kwargs)
        bodies._batch.warning[1, int(mujoco.mjtWarning.mjWARN_CONTACTFULL)] = 1

    monkeypatch.setattr(bodies._batch, "step", warns)
    with pytest.raises(SimulationError, match="body 1"):
        bodies.step(np.zeros((2, 2)))
    np.testing.assert_array_equal(bodies.get_sim_state(), before)
