"""Pictures of the agents, as gymnasium's wrappers and other libraries ask for them."""

import copy

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from mbmf.agents import AGENTS
from mbmf.agents.drawing import Painter
from mbmf.agents.environment import AgentEnv, DrawnBatchedAgentEnv

HEIGHT, WIDTH = 480, 640


def single(agent="hopper", **options):
    return gymnasium.make(AGENTS[agent].env_id, render_mode="rgb_array", **options)


def batch(agent="hopper", count=3, **options):
    return gymnasium.make_vec(
        AGENTS[agent].env_id, num_envs=count, render_mode="rgb_array", **options
    )


def steady_action(env):
    return np.full(env.action_space.shape, 0.5, np.float32)


@pytest.mark.parametrize("agent", AGENTS)
def test_metadata_tell_modes_and_frames_in_a_second(agent):
    """gymnasium's own tasks round 1 / dt; rates by hand from the durations of the steps."""
    rate = {"swimmer": 7, "half_cheetah": 100, "hopper": 50, "ant": 50}[agent]
    for env in (AgentEnv(agent), DrawnBatchedAgentEnv(agent)):
        assert env.metadata["render_modes"] == ["rgb_array"]
        assert env.metadata["render_fps"] == rate
        assert env.render_mode is None


@pytest.mark.drawing
@pytest.mark.parametrize("agent", AGENTS)
def test_a_picture_shows_the_body_as_it_is(agent):
    env = single(agent)
    env.reset(seed=0)
    before = env.render()
    assert (before.shape, before.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    np.testing.assert_array_equal(env.render(), before)
    for _ in range(5):
        env.step(steady_action(env))
    after = env.render()
    assert (after != before).any()
    # The same joint positions, drawn by themselves.
    bodies = env.unwrapped.bodies
    painter = Painter(AGENTS[agent], WIDTH, HEIGHT)
    qpos = bodies.get_sim_state()[0, 1 : 1 + bodies.model.nq]
    np.testing.assert_array_equal(painter.picture(qpos), after)
    painter.close()
    # The camera goes with the body, and keeps it in the middle: there is no floor's grey.
    middle = after[HEIGHT // 3 : -HEIGHT // 3, WIDTH // 3 : -WIDTH // 3].astype(int)
    assert (np.ptp(middle, axis=2) > 40).any()
    env.close()
    env.close()


@pytest.mark.drawing
@pytest.mark.parametrize("agent", AGENTS)
def test_a_batch_draws_what_gymnasiums_batch_draws(agent):
    env, reference = batch(agent), batch(agent, vectorization_mode="sync")
    for each in (env, reference):
        each.reset(seed=4)
        each.step(steady_action(each))
    found, expected = env.render(), reference.render()
    assert isinstance(found, tuple)
    assert len(found) == 3
    np.testing.assert_array_equal(found, expected)
    assert (found[0] != found[1]).any()
    env.close()
    reference.close()


@pytest.mark.drawing
def test_drawing_moves_no_body():
    drawn, blind = single(), gymnasium.make("mbmf/Hopper-v0")
    for env in (drawn, blind):
        env.reset(seed=0)
    for _ in range(5):
        drawn.render()
        found, expected = (env.step(steady_action(env)) for env in (drawn, blind))
        np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.drawing
def test_a_copy_draws_by_itself():
    env = single()
    env.reset(seed=0)
    picture = env.render()
    other = copy.deepcopy(env)
    env.close()
    np.testing.assert_array_equal(other.render(), picture)
    other.close()


@pytest.mark.drawing
def test_record_video_gets_a_picture_of_each_step(clips, tmp_path):
    env = gymnasium.wrappers.RecordVideo(single(max_episode_steps=4), str(tmp_path))
    expected = single()
    env.reset(seed=0)
    expected.reset(seed=0)
    pictures = [expected.render()]
    for _ in range(4):
        env.step(steady_action(env))
        expected.step(steady_action(env))
        pictures.append(expected.render())
    env.close()
    ((recorded, fps),) = clips
    assert fps == 50
    np.testing.assert_array_equal(recorded, pictures)


@pytest.mark.drawing
def test_record_video_of_a_batch(clips, tmp_path):
    env = gymnasium.wrappers.vector.RecordVideo(batch(max_episode_steps=4), str(tmp_path))
    env.reset(seed=0)
    pictures = [env.unwrapped.render()]
    for _ in range(4):
        env.step(steady_action(env))
        pictures.append(env.unwrapped.render())
    env.close()
    # gymnasium shows the bodies of a batch side by side.
    ((recorded, _),) = clips
    np.testing.assert_array_equal(recorded, [np.concatenate(each, axis=1) for each in pictures])


@pytest.mark.drawing
@pytest.mark.filterwarnings("error:.*render")
def test_gymnasiums_checks_of_drawing_pass():
    check_env(single().unwrapped)


@pytest.mark.drawing
def test_a_list_of_pictures_by_gymnasiums_wrapper():
    env = gymnasium.make("mbmf/Swimmer-v0", render_mode="rgb_array_list")
    env.reset(seed=0)
    env.step(steady_action(env))
    assert np.shape(env.render()) == (2, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("kind", [AgentEnv, DrawnBatchedAgentEnv])
def test_without_a_render_mode_there_is_a_warning_and_no_picture(kind):
    env = kind("hopper")
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode='rgb_array'"):
        assert env.render() is None


@pytest.mark.parametrize("kind", [AgentEnv, DrawnBatchedAgentEnv])
def test_another_render_mode_is_refused(kind):
    with pytest.raises(ValueError, match="should be rgb_array or None, is 'depth'"):
        kind("hopper", render_mode="depth")


@pytest.mark.parametrize("kind", [AgentEnv, DrawnBatchedAgentEnv])
def test_there_is_no_picture_before_the_reset(kind):
    with pytest.raises(gymnasium.error.ResetNeeded, match="render"):
        kind("hopper", render_mode="rgb_array").render()
