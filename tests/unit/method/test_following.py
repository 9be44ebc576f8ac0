"""Rollouts along paths: where they end, what they show, and that a seed gives the bits."""

import pathlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from mbmf.agents import get_agent
from mbmf.agents.paths.base import PATHS, SEGMENTS, Path, get_trajectories, straight
from mbmf.base.errors import InputError
from mbmf.method.dynamics import step_errors, validation_error
from mbmf.method.following import (
    FollowingSettings,
    follow,
    learned_model,
    progress_table,
    table_of,
)
from mbmf.method.models.mlp import Model
from mbmf.method.random_data import generate
from mbmf.method.rollouts import Rollouts

SWIMMER = get_agent("swimmer")
PENDULUM = str(pathlib.Path(__file__).parents[3] / "examples/pendulum.py")
SETTINGS = FollowingSettings.model_validate(
    {
        "random_data": {"rollouts": 40, "validation_rollouts": 1, "steps": 30},
        "dynamics": {
            "hidden_layers": [16],
            "learning_rate": 0.003,
            "batch_size": 64,
            "epochs": 8,
            "on_policy_fraction": 0.0,
            "noise": 0.0,
        },
        "planning": {"horizon": 3, "num_samples": 20},
        "steps": 8,
        "action_noise": 0.01,
    }
)


def model():
    return Model(SWIMMER.state_dim, SWIMMER.action_dim, [8], torch.Generator().manual_seed(0))


def followed(seed=0, settings=SETTINGS):
    paths = get_trajectories("swimmer", SWIMMER)
    return table_of(follow(model(), SWIMMER, paths, settings, seed), SWIMMER, paths)


def test_each_path_starts_at_its_first_way_point_and_has_its_own_draws():
    table = followed()
    assert table["path"].unique().tolist() == ["straight", "left turn", "right turn"]
    starts = table[table["step"] == 0]
    np.testing.assert_array_equal(starts[["x", "y", "segment", "distance"]], 0)
    ends = table[table["step"] == SETTINGS.steps]
    assert ends["x"].nunique() == len(ends) == 3
    assert ends["time"].tolist() == pytest.approx([8 * SWIMMER.dt] * 3)


def test_the_seed_gives_the_rollouts():
    pd.testing.assert_frame_equal(followed(), followed())
    assert not followed(1)["x"].equals(followed()["x"])


def test_a_rollout_ends_with_its_path():
    """Way-points that the body passes in its first steps: what comes after is not kept."""
    near = Path(tuple((1e-6 * place, 0.0) for place in range(12)), progress=1.0)
    paths = replace(get_trajectories("swimmer", SWIMMER), paths={"near": near})
    (one,) = follow(model(), SWIMMER, paths, SETTINGS, 0)
    table = table_of([one], SWIMMER, paths)
    assert table["segment"].iloc[-1] == SEGMENTS
    steps = len(table) - 1
    assert steps < SETTINGS.steps
    assert one.rollout.lengths.tolist() == [steps]
    assert one.rollout.problem(1, steps, SWIMMER.state_dim, SWIMMER.action_dim) is None


def test_every_planner_that_is_named_is_used():
    planning = {"planner": "cem", "horizon": 3, "num_samples": 20}
    content = SETTINGS.model_dump() | {"planning": planning}
    assert not followed(settings=FollowingSettings.model_validate(content))["x"].equals(
        followed()["x"]
    )


def test_the_swimmers_random_rollouts_begin_with_any_heading_and_its_others_do_not():
    trajectories = get_trajectories("swimmer", SWIMMER)
    turned = generate(trajectories.learns_as(SWIMMER), SETTINGS.random_data, 0).training
    own = generate(SWIMMER, SETTINGS.random_data, 0).training
    starts, others = turned.states[:, 0], own.states[:, 0]
    assert np.abs(starts[:, 2]).max() < np.pi
    # Uniform: each quarter of the circle has some of 40.
    assert np.histogram(starts[:, 2], 4, (-np.pi, np.pi))[0].min() >= 3
    assert 0.3 < starts[:, 3:5].std() < 0.7
    np.testing.assert_array_equal(starts[:, 5:10], others[:, 5:10])  # joint velocities
    bodies = trajectories.learns_as(SWIMMER).make_bodies(1)
    bodies.reset([0], [np.random.default_rng(0)], "mpc")
    assert abs(bodies.states[0, 2]) <= 0.1


def test_the_model_is_that_of_algorithm_1_after_its_first_training():
    """It predicts a step of held-out random rollouts better than no change does."""
    trajectories = get_trajectories("swimmer", SWIMMER)
    learned = learned_model(SWIMMER, trajectories, SETTINGS, 0)
    held_out = generate(trajectories.learns_as(SWIMMER), SETTINGS.random_data, 1).training
    states, actions = (torch.from_numpy(one).float() for one in held_out.windows(1))
    error = validation_error(step_errors(learned, states, actions), 1)
    still = ((states[:, 1] - states[:, 0]) / learned.state_std).square().mean().item()
    assert error < 0.5 * still


def sliding(xs, length=None):
    """A rollout of a swimmer at these places, of which `length` steps were kept."""
    states = np.zeros((1, len(xs), SWIMMER.state_dim))
    states[0, :, 10] = xs
    count = len(xs) - 1
    kept = np.array([count if length is None else length])
    return Rollouts(states, np.zeros((1, count, 2)), np.zeros((1, count)), kept, kept)


def test_the_table_ends_with_the_last_segment_or_the_episode():
    corners = torch.tensor(straight(0.5), dtype=torch.float64)
    there = progress_table(sliding(np.arange(0, 4, 0.25)), [10, 11], corners, 0.1)
    # Half a segment a step; each is left where the next is as near.
    assert there["segment"].max() == SEGMENTS
    assert there["x"].iloc[-1] == pytest.approx(SEGMENTS * 0.5)
    assert there["time"].iloc[-1] == pytest.approx(0.1 * 2 * SEGMENTS)
    fallen = progress_table(sliding(np.arange(0, 4, 0.25), 3), [10, 11], corners, 0.1)
    assert fallen["step"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", PATHS.names())
def test_shipped_paths_go_with_their_agents(name):
    found = get_trajectories(name, get_agent(name))
    assert found.problem(get_agent(name)) is None
    for path in found.paths.values():
        assert path.way_points[0] == (0, 0)


def test_the_authors_turns_have_their_corners():
    """What stands in the authors' trajectories.py, the swimmer's right turn turned by −90°."""
    swimmer, ant = (get_trajectories(name, get_agent(name)).paths for name in ("swimmer", "ant"))
    turned = [(0, 0), (0, 1), (0, 2), (2, 3), (3, 3), (4, 3), (5, 3), (6, 3), (7, 3), (8, 3)]
    assert list(swimmer["right turn"].way_points) == [(y, -x) for x, y in turned]
    assert ant["U-turn"].way_points[2:6] == ((4, 0), (4, 1), (4, 2), (2, 2))
    assert [path.progress for path in swimmer.values()] == [500, 200, 250]
    assert [path.distance for path in ant.values()] == [3.5, 4, 3, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": ("com x [m]", "depth [m]")}, "swimmer has no state element depth"),
        (
            {"paths": {"short": Path(((0, 0), (1, 0)), 1.0)}},
            "short has 2 way-points, should have 7",
        ),
        ({"paths": {"still": Path(((0, 0),) * 7, 1.0)}}, "still has the same way-point twice"),
        ({"paths": {}}, "there are no paths"),
    ],
)
def test_what_is_wrong_is_one_line(change, message):
    found = replace(get_trajectories("swimmer", SWIMMER), **change).problem(SWIMMER)
    assert message in found


def test_a_file_that_is_missing_or_holds_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match="unknown file of trajectories hopper; should be one of"):
        get_trajectories("hopper", get_agent("hopper"))
    wrong = tmp_path / "wrong.py"
    wrong.write_text("TRAJECTORIES = 5\n")
    with pytest.raises(InputError, match="TRAJECTORIES should be a Trajectories, is int"):
        get_trajectories(str(wrong), SWIMMER)
    with pytest.raises(InputError, match="has no state element com x"):
        get_trajectories("swimmer", get_agent(PENDULUM))
