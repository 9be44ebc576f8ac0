"""What every task must do: those that are shipped, and those of examples/."""

import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

from mbmf.agents import AGENTS, get_agent, title_of
from mbmf.agents.environment import AgentEnv
from mbmf.agents.mujoco_agent import MujocoAgent

EXAMPLES = Path(__file__).parents[3] / "examples"
OWN = [
    str(path)
    for path in sorted(EXAMPLES.glob("*.py"))
    if re.search(r"^TASK\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    # gymnasium's MuJoCo environments import it and do not install it; without it such a task says
    # so (tests/unit/agents/test_task_check.py).
    and (path.stem != "inverted_pendulum" or find_spec("imageio"))
]
KINDS = ("random", "policy", "mpc")
COUNT, STEPS = 3, 60


@pytest.fixture(scope="module", params=[*AGENTS, *OWN], ids=lambda task: Path(task).stem)
def spec(request):
    return get_agent(request.param)


def generators(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


def started(spec, *seeds, start="policy"):
    bodies = spec.make_bodies(len(seeds))
    bodies.reset(range(len(seeds)), generators(*seeds), start)
    return bodies


def random_actions(spec, *shape):
    return np.random.default_rng(7).uniform(-1, 1, (*shape, spec.action_dim))


def walked(bodies, actions):
    """(T, B, S) states after each step."""
    states = []
    for action in actions:
        bodies.step(action)
        states.append(bodies.states.copy())
    return np.stack(states)


def test_there_are_tasks_of_both_kinds():
    assert set(AGENTS) >= {"swimmer", "half_cheetah", "hopper", "ant"}
    assert OWN


def test_dimensions_are_those_of_the_names(spec):
    assert len(set(spec.state_names)) == spec.state_dim
    assert [spec.element(name) for name in spec.state_names] == list(range(spec.state_dim))
    bodies = started(spec, 0, 1)
    assert len(bodies) == 2
    assert bodies.states.shape == (2, spec.state_dim)
    assert bodies.states.dtype == np.float64
    bodies.step(np.zeros((2, spec.action_dim)))
    with pytest.raises(ValueError, match="actions have the shape"):
        bodies.step(np.zeros((2, spec.action_dim + 1)))
    with pytest.raises(ValueError, match="finite"):
        bodies.step(np.full((2, spec.action_dim), np.nan))
    assert spec.dt > 0
    assert spec.episode_steps > 0
    assert spec.frame_skip >= 1


@pytest.mark.parametrize(("count", "threads"), [(0, 1), (1, 0)])
def test_no_bodies_or_threads_are_refused(spec, count, threads):
    with pytest.raises(ValueError, match=f"are {count} and {threads}"):
        spec.make_bodies(count, threads)


@pytest.mark.parametrize("kind", ["reward", "planner_reward"])
def test_rewards_of_numpy_and_torch_agree(spec, kind):
    function = getattr(spec, kind)
    states = walked(started(spec, *range(COUNT)), random_actions(spec, 20, COUNT))
    actions = random_actions(spec, 20, COUNT)
    rewards = function(states, actions)
    assert rewards.shape == (20, COUNT)
    assert np.isfinite(rewards).all()
    assert len(np.unique(rewards)) > 1
    tensors = function(torch.as_tensor(states), torch.as_tensor(actions))
    np.testing.assert_allclose(tensors.numpy(), rewards, rtol=0, atol=1e-12)
    # The planner's numbers are float32, and one state at a time is the same.
    single = function(torch.as_tensor(states[3, 1]).float(), torch.as_tensor(actions[3, 1]).float())
    assert single.dtype == torch.float32
    assert float(single) == pytest.approx(rewards[3, 1], rel=1e-4, abs=1e-4)


def test_terminations_of_numpy_and_torch_agree(spec):
    if spec.terminated is None:
        return
    states = np.random.default_rng(0).uniform(-1.5, 1.5, (6, 50, spec.state_dim))
    over = spec.terminated(states)
    assert over.shape == (6, 50)
    assert over.dtype == np.bool_
    np.testing.assert_array_equal(spec.terminated(torch.as_tensor(states)).numpy(), over)


@pytest.mark.parametrize("kind", KINDS)
def test_starts_follow_from_their_generators_alone(spec, kind):
    three = started(spec, 4, 5, 6, start=kind)
    np.testing.assert_array_equal(three.states[1:2], started(spec, 5, start=kind).states)
    assert len(np.unique(three.states, axis=0)) == 3
    assert not three.over().any()
    assert (three.steps_taken() == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_starts_lie_within_their_spread(spec, kind):
    """A normal spread's sample of 400 joints or more has its deviation within a tenth."""
    if not isinstance(spec, MujocoAgent):
        return
    count = 200
    bodies = started(spec, *range(count), start=kind)
    nq = len(spec.positions)
    centre = np.array(spec.start) if spec.start else bodies.model.qpos0
    sim_states = bodies.get_sim_state()
    free = [i for i, name in enumerate(spec.positions) if not name.startswith("quaternion")]
    spread = getattr(spec.starts, kind)
    for law, values in (
        (spread.positions, (sim_states[:, 1 : 1 + nq] - centre)[:, free]),
        (spread.velocities, sim_states[:, 1 + nq :]),
    ):
        expected = law.size / np.sqrt(3) if law.kind == "uniform" else law.size
        assert values.std() == pytest.approx(expected, rel=0.1)
        if law.kind == "uniform":
            assert np.abs(values).max() <= law.size


def test_steps_are_the_same_with_others_beside_or_not(spec):
    actions = random_actions(spec, STEPS, COUNT) * 0.3
    together = walked(started(spec, *range(COUNT)), actions)
    np.testing.assert_array_equal(walked(started(spec, *range(COUNT)), actions), together)
    for body in range(COUNT):
        alone = walked(started(spec, body), actions[:, body : body + 1])
        np.testing.assert_array_equal(alone[:, 0], together[:, body])


def test_some_bodies_may_step_and_others_stand(spec):
    bodies = started(spec, 0, 1, 2)
    before = bodies.states.copy()
    bodies.step(random_actions(spec, 2), np.array([0, 2]))
    assert (bodies.states != before).any(axis=1).tolist() == [True, False, True]
    assert bodies.steps_taken().tolist() == [1, 0, 1]


def test_an_episode_knows_nothing_of_those_before(spec):
    actions = random_actions(spec, 20, 1) * 0.3
    bodies = started(spec, 0)
    walked(bodies, actions)
    bodies.reset([0], generators(1))
    np.testing.assert_array_equal(walked(bodies, actions), walked(started(spec, 1), actions))


def test_actions_are_clipped(spec):
    one, nine = started(spec, 0), started(spec, 0)
    one.step(np.ones((1, spec.action_dim)))
    nine.step(np.full((1, spec.action_dim), 9.0))
    np.testing.assert_array_equal(one.states, nine.states)


def test_sim_state_goes_on_with_the_same_bits(spec):
    """In other bodies and in the same ones, and more than once."""
    actions = random_actions(spec, 30, COUNT) * 0.3
    bodies = started(spec, *range(COUNT))
    walked(bodies, actions[:10])
    kept = bodies.get_sim_state()
    expected = walked(bodies, actions[10:])
    other = spec.make_bodies(COUNT)
    for again in (other, bodies, other):
        again.set_sim_state(kept)
        assert again.steps_taken().tolist() == [10] * COUNT
        np.testing.assert_array_equal(walked(again, actions[10:]), expected)
    with pytest.raises(ValueError, match="states"):
        spec.make_bodies(COUNT + 1).set_sim_state(kept)


def test_terminations_agree_with_the_ends_of_episodes(spec):
    """The planner's termination is the bodies' own, but for `MujocoAgent.largest`."""
    bodies = started(spec, *range(8))
    ended = 0
    # Where none is known to end, some steps must do; the ant walks long before it falls.
    for action in random_actions(spec, 600 if spec.terminated else STEPS, 8):
        bodies.step(action)
        over = bodies.over()
        known = np.zeros(8, bool) if spec.terminated is None else spec.terminated(bodies.states)
        np.testing.assert_array_equal(over, known)
        np.testing.assert_array_equal(bodies.over(np.array([5, 2])), over[[5, 2]])
        ended += int(over.sum())
        if ended:
            break
    assert (ended > 0) == (spec.terminated is not None)


def test_gymnasiums_checks_pass(spec):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A state has no bounds.
        warnings.filterwarnings("ignore", message=".*Box observation space.*infinity")
        # What `gymnasium.make` would have made.
        warnings.filterwarnings("ignore", message=".*not created with.*spec")
        warnings.filterwarnings("ignore", message=".*env.spec.*None")
        check_env(AgentEnv(spec), skip_render_check=True)


def test_a_title_and_a_view_are_there(spec):
    assert spec.title
    assert title_of(spec.name) == spec.title
    if isinstance(spec, MujocoAgent):
        assert spec.view.distance > 0
        assert spec.view.speed > 0


def test_a_spec_is_a_value(spec):
    """Equal specs are one key, and a configuration's name changes the name alone."""
    task = spec.source.removeprefix("mbmf.agents.tasks.")
    assert {spec: "found"}[get_agent(task)] == "found"
    renamed = get_agent(task, name="of_another_name")
    assert renamed != spec
    assert renamed.name == "of_another_name"
    assert renamed.source == spec.source
    assert renamed.state_names == spec.state_names
    np.testing.assert_array_equal(started(renamed, 0).states, started(spec, 0).states)
