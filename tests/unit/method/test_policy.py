"""Policies: densities and divergences against torch.distributions, observations by name."""

import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from mbmf.agents import AGENTS, get_agent
from mbmf.method import policy
from mbmf.method.policy import GaussianPolicy, MeanController, PolicySettings, observed_elements


@pytest.fixture
def gaussians():
    generator = torch.Generator().manual_seed(0)
    means = torch.randn(2, 7, 3, generator=generator)
    log_std = torch.randn(2, 3, generator=generator)
    return means, log_std, [
        Independent(Normal(mean, deviation.exp()), 1)
        for mean, deviation in zip(means, log_std, strict=True)
    ]  # fmt: skip


def test_log_probability_up_to_a_constant(gaussians):
    means, log_std, (first, _) = gaussians
    actions = first.sample()
    expected = first.log_prob(actions) + 1.5 * np.log(2 * np.pi)
    torch.testing.assert_close(policy.log_probability(actions, means[0], log_std[0]), expected)


def test_kl_divergence(gaussians):
    means, log_std, (first, second) = gaussians
    found = policy.kl_divergence(means[0], log_std[0], means[1], log_std[1])
    torch.testing.assert_close(found, kl_divergence(first, second))


@pytest.mark.parametrize("agent", AGENTS)
def test_observation_without_position_is_the_state_without_how_far_the_body_came(agent):
    names = np.array(get_agent(agent).state_names)
    settings = PolicySettings(hidden_layers=[4], absolute_position=False)
    left_out = set(names) - set(names[observed_elements(get_agent(agent), settings)])
    expected = {
        "swimmer": {"x [m]", "y [m]", "com x [m]", "com y [m]"},
        "half_cheetah": {"rootx [m]", "com x [m]", "com y [m]"},
        "hopper": {"com x [m]", "com y [m]"},
        "ant": {"x [m]", "y [m]", "com x [m]", "com y [m]"},
    }
    assert left_out == expected[agent]
    whole = PolicySettings(hidden_layers=[4], absolute_position=True)
    assert len(observed_elements(get_agent(agent), whole)) == len(names)


def test_mean_controller_acts_without_noise_inside_the_box():
    policy = GaussianPolicy(2, 3, [8], generator=torch.Generator().manual_seed(0))
    states = 50 * np.random.default_rng(0).normal(size=(40, 5))
    controller = MeanController(policy, np.array([1, 3]))
    planned, executed = controller(states, np.arange(40), 0)
    with torch.no_grad():
        mean = policy(torch.from_numpy(states[:, [1, 3]]).float()).numpy()
    np.testing.assert_array_equal(planned, executed)
    np.testing.assert_allclose(planned, np.clip(mean, -1, 1), rtol=1e-6)
    assert (np.abs(planned) == 1).any()


def test_setting_the_standard_deviation_leaves_the_mean():
    policy = GaussianPolicy(2, 3, [8], generator=torch.Generator().manual_seed(0))
    before = policy(torch.ones(1, 2))
    policy.set_std(0.5)
    torch.testing.assert_close(policy.log_std.exp(), torch.full((3,), 0.5))
    torch.testing.assert_close(policy(torch.ones(1, 2)), before)
