"""Reward for following a path, against distances and progress worked out by hand."""

import math

import numpy as np
import pytest
import torch
from torch import tensor

from mbmf.agents import get_agent
from mbmf.agents.paths.base import Heading, Limit, Path, Trajectories
from mbmf.method.doors import PLANNERS
from mbmf.method.models.base import DynamicsModel
from mbmf.method.path_reward import (
    ALONG,
    CARRIED,
    DISTANCE,
    GAIN,
    MOVED,
    SEGMENT,
    PathDynamics,
    PathReward,
    advance,
    beginning,
    nearest,
)
from mbmf.method.predicted_returns import PredictedReturns, rollout_returns

SWIMMER = get_agent("swimmer")
# An L: 2 m along x, then 2 m along y, in segments of 1 m.
CORNERS = tensor([[0, 0], [1, 0], [2, 0], [2, 1], [2, 2]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("point", "along", "distance"),
    [
        ((1, 0), 0.25, 0.0),  # on it
        ((2, 3), 0.5, 3.0),  # beside it
        ((2, -3), 0.5, 3.0),
        ((-3, 4), -0.75, 5.0),  # before its start: 3, 4, 5
        ((16, -5), 4.0, 13.0),  # behind its end: 12, 5, 13
    ],
)
def test_distance_to_a_segment_and_place_on_it(point, along, distance):
    """A segment of 4 m from (0, 0), as it is and moved and turned."""
    for angle, shift in [(0.0, (0.0, 0.0)), (2.3, (-7.0, 0.5))]:
        turn = tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        given, start, end = (
            (turn.double() @ tensor(one, dtype=torch.float64) + tensor(shift))[None]
            for one in (point, (0, 0), (4, 0))
        )
        found = nearest(given, start, end)
        torch.testing.assert_close(
            found[0], tensor([along], dtype=torch.float64), atol=1e-6, rtol=0
        )
        torch.testing.assert_close(
            found[1], tensor([distance], dtype=torch.float64), atol=1e-6, rtol=0
        )


def steps(*points):
    """What is carried after each of some steps of one body."""
    carried, found = beginning(1), []
    for point in points:
        carried = advance(tensor([point], dtype=torch.float64), carried, CORNERS)
        found.append(carried[0])
    return found


def test_progress_is_the_gain_along_the_segment():
    first, second, back = steps((0.2, 0.1), (0.7, -0.2), (0.4, 0.0))
    assert (first[SEGMENT], second[SEGMENT]) == (0, 0)
    assert [one[GAIN].item() for one in (first, second, back)] == pytest.approx([0.2, 0.5, -0.3])
    assert [one[DISTANCE].item() for one in (first, second)] == pytest.approx([0.1, 0.2])
    assert not second[MOVED]


def test_a_body_comes_to_the_next_segment_where_both_are_equally_near():
    (before,) = steps((0.99, 0.3))
    (at,) = steps((1.0, 0.3))
    assert (before[SEGMENT], at[SEGMENT]) == (0, 1)
    # At the corner of the L, the line of equal distances is its diagonal.
    *_, below = steps((1.5, 0), (1.7, 0.29))
    *_, above = steps((1.5, 0), (1.7, 0.31))
    assert (below[SEGMENT], above[SEGMENT]) == (1, 2)
    assert above[[ALONG, DISTANCE]].tolist() == pytest.approx([0.31, 0.3])


def test_after_coming_to_another_segment_the_place_on_it_is_paid_at_each_step():
    _, second, third = steps((0.9, 0), (1.2, 0), (1.3, 0))
    assert (second[MOVED], third[MOVED]) == (1, 1)
    assert [second[GAIN].item(), third[GAIN].item()] == pytest.approx([0.2, 0.3])


def test_one_segment_a_step_and_none_after_the_last():
    found = steps((2, 1.9), (2, 1.9), (2, 1.9), (2, 1.9), (2, 5))
    assert [int(one[SEGMENT]) for one in found] == [1, 2, 3, 3, 3]
    assert found[-1][ALONG].item() == pytest.approx(4)


def test_a_path_that_turns_back_on_itself_is_gone_back():
    line = tensor([[0, 0], [1, 0], [0, 0], [-1, 0]], dtype=torch.float64)
    carried = advance(tensor([[0.5, 0.1]], dtype=torch.float64), beginning(1), line)
    assert carried[0, [SEGMENT, ALONG]].tolist() == pytest.approx([1, 0.5])


HEADED = Trajectories(
    position=("com x [m]", "com y [m]"),
    paths={},
    limits=(Limit("joint 1 [rad]", 2.0, -1.0, 1.0), Limit("joint 2 [rad]", 5.0, high=0.5)),
    heading=Heading("heading [rad]", math.pi / 3, 20.0),
    far=1.0,
)
PATH = Path((), progress=100.0, distance=4.0, heading=2.0)


def reward(*, gain=0.0, distance=0.0, segment=0, heading=0.0, joints=(0.0, 0.0)):
    state = torch.zeros(1, SWIMMER.state_dim + CARRIED)
    state[0, 2:5] = tensor([heading, *joints])
    carried = state[0, -CARRIED:]
    carried[SEGMENT], carried[GAIN], carried[DISTANCE] = segment, gain, distance
    return PathReward(SWIMMER, HEADED, PATH, CORNERS)(state, None).item()


def test_reward_is_progress_less_each_cost():
    assert reward(gain=0.3) == pytest.approx(30)
    assert reward(distance=0.5) == pytest.approx(-2)
    assert reward(distance=1.5) == pytest.approx(-60)  # far: ten times
    assert reward(joints=(-1.1, 0.0)) == pytest.approx(-2)
    assert reward(joints=(0.9, -3.0)) == 0
    assert reward(joints=(1.1, 0.6)) == pytest.approx(-7)
    assert reward(gain=0.3, distance=0.5, joints=(1.1, 0.6)) == pytest.approx(30 - 2 - 7)


def test_heading_is_paid_by_the_shorter_way_round():
    assert reward(heading=-0.4) == pytest.approx(-0.8)
    assert reward(heading=1.1) == pytest.approx(-20)  # more than 60 degrees
    assert reward(heading=math.pi / 2 + 0.25, segment=2) == pytest.approx(-0.5, abs=1e-5)
    assert reward(heading=2 * math.pi - 0.25) == pytest.approx(-0.5, abs=1e-5)


class Slides(DynamicsModel):
    """A swimmer whose centre of mass moves by the action."""

    def __init__(self):
        super().__init__(SWIMMER.state_dim, SWIMMER.action_dim)

    def normalised_forward(self, inputs):
        change = torch.zeros(*inputs.shape[:-1], self.state_dim)
        change[..., 10:12] = inputs[..., -2:]
        return change


def started(point):
    """A body's state with what is carried, (1, S + CARRIED), at the start of the path."""
    states = torch.zeros(1, SWIMMER.state_dim + CARRIED)
    states[0, 10:12] = tensor(point)
    return states


def test_a_plan_earns_what_its_predicted_steps_earn_one_by_one():
    free = Trajectories(position=HEADED.position, paths={})
    dynamics = PathDynamics(Slides(), (10, 11), CORNERS)
    pay = PathReward(SWIMMER, free, PATH, CORNERS)
    actions = torch.from_numpy(np.random.default_rng(0).uniform(-0.2, 0.8, (6, 50, 2))).float()
    found = rollout_returns(dynamics.for_planning(50), pay, None, started((0.0, 0.0)), actions)
    expected = np.zeros(50)
    for sequence in range(50):
        carried, point = beginning(1), torch.zeros(1, 2, dtype=torch.float64)
        for action in actions[:, sequence].double():
            point = point + action
            carried = advance(point, carried, CORNERS)
            gain, distance = carried[0, GAIN].item(), carried[0, DISTANCE].item()
            expected[sequence] += 100 * gain - 4 * distance
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    assert len(set(np.round(expected, 3))) == 50


@pytest.mark.parametrize("name", PLANNERS.names())
def test_any_planner_follows_it_round_the_corner(name):
    """A body that slides at will: from 0.5 m before the corner, the next steps go up its side."""
    free = Trajectories(position=HEADED.position, paths={})
    objective = PredictedReturns(
        PathDynamics(Slides(), (10, 11), CORNERS),
        PathReward(SWIMMER, free, PATH, CORNERS),
        None,
        2,
    )
    kind = PLANNERS.load(name)
    own = {"mppi": {"reward_weighting": 1.0}}.get(name, {})
    planner = kind(objective, kind.Settings(planner=name, horizon=1, num_samples=500, **own))
    states = started((1.95, 0.6))
    states[0, -CARRIED + SEGMENT], states[0, -CARRIED + ALONG] = 2, 0.6
    action = planner.plan(states.numpy(), torch.Generator().manual_seed(0)).actions[0]
    assert action[1] > 0.5
    assert abs(action[0]) < 0.5
