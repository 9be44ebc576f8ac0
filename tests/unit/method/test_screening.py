"""The rule on made-up returns, and the screen beside the exact prediction."""

import math

import pytest
import torch

from mbmf.method.fast.integer_rollouts import IntegerRollouts
from mbmf.method.models.mlp import Model
from mbmf.method.predicted_returns import LARGEST_STATE, rollout_returns
from mbmf.method.screening import FIRST, best_of_screened, screened_returns


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


class Exact:
    """Exact returns (B, N), and how many of each body were asked for."""

    def __init__(self, returns):
        self.returns = returns
        self.asked = [0] * len(returns)

    def __call__(self, bodies, sequences):
        for body in bodies.tolist():
            self.asked[body] += 1
        return self.returns[bodies, sequences]


def chosen(screened, exact, far=None):
    """(index, return, sequences predicted exactly) of one body."""
    asked = Exact(exact[None])
    far = torch.zeros(len(exact)) if far is None else far
    index, value = best_of_screened(screened[None], far[None], asked)
    return index.item(), value.item(), asked.asked[0]


class TestRule:
    def test_a_clear_best_needs_the_first_alone(self):
        exact = torch.arange(5000.0)
        assert chosen(exact + 0.01, exact) == (4999, 4999.0, FIRST)

    def test_where_all_screened_returns_are_equal_all_are_predicted(self):
        exact = torch.rand(3000, generator=draws())
        index, _, asked = chosen(torch.full((3000,), 0.5), exact)
        assert index == exact.argmax()
        assert asked == 3000

    def test_equal_exact_returns_give_the_first_sequence(self):
        exact = torch.zeros(2000)
        exact[[1700, 40, 900]] = 1.0
        screened = exact.clone()
        screened[1700] = 1.1
        assert chosen(screened, exact)[0] == 40
        assert chosen(torch.zeros(2000), torch.zeros(2000))[0] == 0

    def test_one_huge_error_among_those_predicted_makes_all_be(self):
        """The best was screened far too low, among the worst."""
        exact = torch.arange(4000.0)
        screened = exact.clone()
        screened[3999] = -50.0
        screened[3998] = 1e6
        assert chosen(screened, exact) == (3999, 3999.0, 4000)

    def test_a_lone_error_of_a_sequence_that_goes_far_is_found(self):
        """Screened among the worst, it goes farther than most: so its error is seen."""
        exact = torch.arange(2000.0)
        screened = exact + 0.01
        exact[50] = 5000.0
        far = torch.ones(2000)
        far[40:55] = 2.0
        assert chosen(screened, exact, far=far) == (50, 5000.0, 2000)

    @pytest.mark.parametrize(("error", "asked"), [(7, 48), (9, 53), (30, 137), (80, 337)])
    def test_later_those_that_could_win_are_predicted_and_no_others(self, error, asked):
        """32 of the first 48 are the best. 4 times the error decides, and 2967 is the next one."""
        exact = torch.arange(3000.0)
        screened = exact.clone()
        screened[2999] += error
        far = torch.arange(3000.0).flip(0)
        assert chosen(screened, exact, far=far) == (2999, 2999.0, asked)

    def test_a_larger_error_that_is_seen_later_counts_for_all(self):
        """2960 could win and was screened 60 too low, so 4 times 60 decide in the end."""
        exact = torch.arange(3000.0)
        screened = exact.clone()
        screened[2999] += 10
        exact[2960] += 60
        far = torch.arange(3000.0).flip(0)
        assert chosen(screened, exact, far=far) == (2960, 3020.0, 48 + 2968 - 2780)

    @pytest.mark.parametrize(("share", "asked"), [(0.19, 48), (0.21, 3000)])
    def test_where_errors_are_a_large_share_of_the_spread_all_are_predicted(self, share, asked):
        """The best is far above the rest, so that 4 times the error would decide."""
        exact = torch.randn(3000, generator=draws())
        exact[7] = 50.0
        screened = exact.clone()
        low, high = exact.sort().values[[480, 2519]]
        screened[7] += share * (high - low) / 2
        assert chosen(screened, exact)[::2] == (7, asked)

    def test_one_far_return_does_not_hide_how_large_the_errors_are(self):
        """Errors are 0.3 times the spread. One return is so low that the deviation is 200 times."""
        exact = torch.randn(2000, generator=draws())
        screened = exact + 0.6 * torch.rand(2000, generator=draws(1)) - 0.3
        exact[5] = screened[5] = -1e4
        assert chosen(screened, exact)[2] == 2000

    @pytest.mark.parametrize("seed", range(20))
    def test_errors_of_one_size_never_hide_the_best(self, seed):
        """From far below the differences of returns to far above them."""
        generator = draws(seed)
        exact = torch.randn(2000, generator=generator)
        errors = 2 * torch.rand(2000, generator=generator) - 1
        for size in (1e-4, 1e-2, 1.0, 100.0):
            assert chosen(exact + size * errors, exact)[0] == exact.argmax()

    def test_screened_infinities_say_nothing_about_the_error(self):
        exact = torch.arange(3000.0)
        screened = exact + 0.01
        screened[:20] = math.inf
        far = torch.arange(3000.0)
        assert chosen(screened, exact, far) == (2999, 2999.0, FIRST + 20)
        # A return that is merely far too high is an error like any.
        screened[:20] = 5000.0
        assert chosen(screened, exact, far)[2] == 3000

    def test_screened_infinities_take_no_place_of_others(self):
        """100 are infinite. One that goes far is screened among the worst, and is the best."""
        exact = torch.arange(3000.0)
        screened = exact + 0.01
        screened[:100] = math.inf
        exact[200] = 9000.0
        far = torch.ones(3000)
        far[200] = 2.0
        assert chosen(screened, exact, far)[:2] == (200, 9000.0)

    def test_few_sequences_are_all_predicted(self):
        exact = torch.rand(30, generator=draws())
        assert chosen(exact.flip(0), exact) == (exact.argmax(), exact.max(), 30)

    def test_where_all_are_infinite_all_are_predicted(self):
        exact = torch.rand(1500, generator=draws())
        assert chosen(torch.full((1500,), math.inf), exact)[::2] == (exact.argmax(), 1500)

    def test_a_screened_infinity_is_always_predicted(self):
        exact = torch.arange(4000.0)
        screened = exact.clone()
        screened[:100] = math.inf
        exact[7] = 1e5
        index, value, asked = chosen(screened, exact)
        assert (index, value) == (7, 1e5)
        assert asked >= 100

    def test_an_exact_return_that_is_not_finite_is_never_chosen(self):
        exact = torch.arange(4000.0)
        screened = exact.clone()
        exact[-100:] = -math.inf
        assert chosen(screened, exact)[0] == 3899
        assert chosen(screened, torch.full((4000,), -math.inf))[1] == -math.inf

    def test_each_body_has_its_own_rule(self):
        exact = torch.stack([torch.arange(3000.0), torch.rand(3000, generator=draws())])
        screened = exact.clone()
        screened[1] = 0.0
        asked = Exact(exact)
        index, returns = best_of_screened(screened, torch.zeros(2, 3000), asked)
        assert asked.asked == [FIRST, 3000]
        assert index.tolist() == exact.argmax(1).tolist()
        assert returns.tolist() == exact.amax(1).tolist()


def falling(start, actions):
    """States (height, speed) of a body that the action accelerates; not reduced at all."""
    states = [start.expand(actions.shape[1], 2)]
    for some in actions:
        states.append(states[-1] + torch.stack([states[-1][:, 1], some[:, 0]], dim=1))
    return torch.stack(states[1:])


def falling_exactly(inputs):
    return torch.stack([inputs[:, 1], inputs[:, 2]], dim=1)


def survival(states, _actions):
    return torch.ones_like(states[..., 0])


def fourth(states, _actions):
    return states[..., 3]


class TestScreen:
    def test_is_the_exact_return_where_nothing_is_reduced(self):
        start = torch.tensor([3.0, -1.0])
        actions = torch.rand(6, 200, 1, generator=draws()) * 2 - 1

        def reward(states, actions):
            return states[..., 0] - actions[..., 0]

        returns, _ = screened_returns(falling, reward, LARGEST_STATE, start, actions)
        exact = rollout_returns(falling_exactly, reward, None, start[None], actions)
        torch.testing.assert_close(returns, exact)

    def test_how_far_is_told_in_changes_of_the_average_sequence(self):
        """Two of four sequences move, as fast as each other; one of them stops in the end."""
        actions = torch.zeros(6, 4, 1)
        actions[0, 0] = 1.0
        actions[0, 1], actions[5, 1] = -1.0, 1.0
        _, far = screened_returns(falling, survival, LARGEST_STATE, torch.zeros(2), actions)
        assert far.tolist() == [2.0, 2.0, 0.0, 0.0]

    @pytest.mark.parametrize("value", [math.nan, math.inf, 1e16])
    def test_a_prediction_that_is_not_finite_is_infinite(self, value):
        def screen(_start, actions):
            states = actions.expand(-1, -1, 2).cumsum(dim=0)
            states[1:, 7, 1] = value
            return states

        def reward(_states, actions):
            return actions[..., 0]

        actions = torch.full((3, 100, 1), 0.5)
        returns, far = screened_returns(screen, reward, LARGEST_STATE, torch.zeros(2), actions)
        assert returns[7] == math.inf
        # It is predicted exactly anyway, and says nothing about the others.
        assert far[7] == 0.0
        assert far.isfinite().all()
        returns[7] = 1.5
        assert (returns == 1.5).all()

    @pytest.mark.parametrize("hidden", [(200,), (150, 150)])
    def test_a_far_position_does_not_coarsen_the_rest(self, hidden):
        """The model was trained around x = 500 m, where 16,383 steps would be of 3 cm each."""
        errors = []
        for x in (0.0, 500.0):
            model = Model(6, 2, hidden, draws())
            model.input_mean[0] = x
            start = torch.randn(6, generator=draws(1))
            start[0] += x
            actions = torch.rand(10, 500, 2, generator=draws(2)) * 2 - 1
            screen = IntegerRollouts(*model._folded())
            network = model.for_planning(500)
            returns, _ = screened_returns(screen, fourth, LARGEST_STATE, start, actions)
            exact = rollout_returns(network, fourth, None, start[None], actions)
            predicted = returns.isfinite()
            assert predicted.float().mean() > 0.98
            errors.append((returns - exact)[predicted].abs().max().item())
            assert errors[-1] < 0.05 * exact.std().item()
        assert errors[1] < 2 * errors[0]
