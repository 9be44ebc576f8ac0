"""The ensemble: its likelihood, its bootstraps, and how its predictions go on in planning."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from mbmf.base.errors import NonFiniteError
from mbmf.method.models.probabilistic_ensemble import NOISE_STEPS, EnsembleSettings, Model
from mbmf.method.planners.cem import Planner
from mbmf.method.predicted_returns import PredictedReturns, rollout_returns

S, A = 3, 2


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def data(count, seed=1):
    return torch.randn(count, S + A, generator=draws(seed))


def model(propagation="E", networks=3, hidden=(8,), seed=0, certain=False):
    """With a normalisation that changes every number; `certain` has next to no variance."""
    made = Model(S, A, hidden, networks, propagation, draws(seed))
    states, actions = data(200)[:, :S] * 3 + 1, data(200)[:, S:] * 0.5
    made.fit_normalisation(states, actions, data(200, 2)[:, :S] * 0.2 - 0.1)
    if certain:
        with torch.no_grad():
            made.max_log_variance.fill_(-60)
            made.min_log_variance.fill_(-80)
    return made


def plain_gaussian(made, network, row):
    """Mean and log variance of one network for one normalised input."""
    x = row.double().numpy()
    for layer in range(len(made.weights)):
        if layer:
            x = np.maximum(x, 0)
        weight = made.weights[layer][network].detach().double().numpy()
        x = x @ weight + made.biases[layer][network, 0].detach().double().numpy()
    highest, lowest = (
        bound.detach().double().numpy() for bound in (made.max_log_variance, made.min_log_variance)
    )
    log_variance = highest - np.log1p(np.exp(highest - x[S:]))
    return x[:S], lowest + np.log1p(np.exp(log_variance - lowest))


def plain_change(made, network, raw):
    """Raw change of state (S,) by one network for one raw input, and its standard deviation."""
    normalised = (raw - made.input_mean) / made.input_std
    mean, log_variance = plain_gaussian(made, network, normalised)
    scale, shift = made.delta_std.numpy(), made.delta_mean.numpy()
    return mean * scale + shift, np.exp(0.5 * log_variance) * scale


def test_the_loss_is_the_likelihood_of_each_networks_own_bootstrap():
    made, inputs, targets = model(), data(40), data(40, 3)[:, :S]
    counts = made.bootstrap(inputs).numpy()
    total = 0.01 * (S * 0.5 - S * -10.0)
    for network in range(3):
        for row in range(40):
            mean, log_variance = plain_gaussian(made, network, inputs[row])
            errors = (targets[row].numpy() - mean) ** 2 / np.exp(log_variance) + log_variance
            total += counts[network, row] * errors.mean() / 40
    assert made.loss(inputs, targets).item() == pytest.approx(total, rel=1e-4)


def test_a_prediction_is_the_mean_of_the_networks():
    made, inputs = model(), data(4)
    expected = [
        np.mean([plain_gaussian(made, network, row)[0] for network in range(3)], axis=0)
        for row in inputs
    ]
    with torch.no_grad():
        found = made.normalised_forward(inputs.view(2, 2, S + A)).view(4, S)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_log_variance_stays_within_its_bounds():
    made = model()
    with torch.no_grad():
        made.biases[-1][..., S:] = torch.tensor([-1e3, 0.0, 1e3])
        _, log_variance = made.gaussians(data(50))
    assert (log_variance >= -10).all()
    assert (log_variance <= 0.51).all()
    assert log_variance[..., 0].max() < -9.9
    assert log_variance[..., 2].min() > 0.49


def test_a_bootstrap_counts_as_draws_with_replacement_do():
    """Poisson of mean 1, independent from network to network."""
    counts = model(networks=4).bootstrap(data(20_000))
    for times in range(4):
        share = (counts == times).double().mean(dim=1)
        assert share.numpy() == pytest.approx(math.exp(-1) / math.factorial(times), abs=0.015)
    correlation = torch.corrcoef(counts)
    torch.testing.assert_close(correlation, torch.eye(4), rtol=0, atol=0.03)


def test_inputs_that_nearly_agree_are_drawn_apart():
    """As states that follow each other do, or random data of few digits."""
    steps = torch.arange(5000)[:, None] * torch.tensor([[2**-12, 0, 0, 0, 0]])
    counts = model().bootstrap(steps + torch.tensor([[1.0, 1, 0, 0, 0]]))
    assert counts.mean(dim=1).numpy() == pytest.approx(1, abs=0.06)
    following = torch.corrcoef(torch.stack([counts[0, 1:], counts[0, :-1]]))[0, 1]
    assert abs(following) < 0.06


def test_a_network_finds_a_transition_as_often_in_every_minibatch():
    made, inputs = model(), data(100)
    counts = made.bootstrap(inputs)
    order = torch.randperm(100, generator=draws(5))
    assert torch.equal(made.bootstrap(inputs[order][:40]), counts[:, order][:, :40])
    assert not torch.equal(model(seed=1).bootstrap(inputs), counts)
    # A model that is read from a file goes on with the same bootstraps and noise.
    read = Model(S, A, (8,), 3)
    read.load_state_dict(made.state_dict())
    assert torch.equal(read.bootstrap(inputs), counts)
    assert read.noise_seed == made.noise_seed


def test_training_finds_mean_and_spread():
    """Changes whose noise grows with one input, from 0.1 to 0.5 of their unit."""
    made = Model(S, A, (32,), 3, generator=draws())
    optimizer = torch.optim.Adam(made.parameters(), lr=5e-3)
    stream = draws(7)
    for _ in range(600):
        inputs = torch.rand(256, S + A, generator=stream) * 2 - 1
        noise = torch.randn(256, S, generator=stream) * (0.3 + 0.2 * inputs[:, :1])
        optimizer.zero_grad()
        made.loss(inputs, inputs[:, :S] + noise).backward()
        optimizer.step()
    probe = torch.zeros(2, S + A)
    probe[0, 0], probe[1, 0] = -0.8, 0.8
    with torch.no_grad():
        mean, log_variance = made.gaussians(probe)
    torch.testing.assert_close(mean, probe[None, :, :S].expand(3, 2, S), rtol=0, atol=0.1)
    spread = (0.5 * log_variance).exp().mean(dim=(0, 2))
    np.testing.assert_allclose(spread, [0.14, 0.46], rtol=0.15)


def test_in_tsinf_a_particle_keeps_its_network():
    made, raw = model("TSinf", certain=True), data(12)
    change = made.for_planning(12)
    for _ in range(3):
        found = change(raw)
        for row in range(12):
            expected, _ = plain_change(made, row % 3, raw[row])
            np.testing.assert_allclose(found[row], expected, rtol=1e-4, atol=1e-5)


def test_in_ts1_a_particle_meets_all_networks_and_three_particles_different_ones():
    made, raw = model("TS1", certain=True), data(1).repeat(30, 1)
    known = np.array([plain_change(made, network, raw[0])[0] for network in range(3)])
    change = made.for_planning(30)
    met = []
    for _ in range(30):
        distances = np.abs(change(raw).numpy()[:, None] - known).max(axis=2)
        assert distances.min(axis=1).max() < 1e-4
        network = distances.argmin(axis=1)
        assert (np.sort(network.reshape(10, 3)) == [0, 1, 2]).all()
        met.append(network)
    shares = np.stack([(np.array(met) == network).mean(axis=0) for network in range(3)])
    assert shares.min() > 0
    assert shares.mean(axis=1) == pytest.approx(1 / 3)


@pytest.mark.parametrize("propagation", ["TS1", "TSinf"])
def test_particles_are_drawn_from_their_gaussians(propagation):
    made = model(propagation, networks=1, hidden=(4,))
    raw = data(1).repeat(2000, 1)
    mean, spread = plain_change(made, 0, raw[0])
    change = made.for_planning(2000)
    found = torch.stack([change(raw) for _ in range(20)]).flatten(0, 1).numpy()
    np.testing.assert_allclose(found.mean(axis=0), mean, atol=4 * spread.max() / math.sqrt(40_000))
    np.testing.assert_allclose(found.std(axis=0), spread, rtol=0.02)


def test_noise_is_new_at_each_step_and_comes_from_the_run():
    made, raw = model("TSinf"), data(6)
    change, again = made.for_planning(6), made.for_planning(6)
    steps = [change(raw) for _ in range(NOISE_STEPS)]
    for one, other in pairwise(steps):
        assert not torch.equal(one, other)
    assert torch.equal(again(raw), steps[0])
    with torch.no_grad():
        made.noise_seed += 1
    assert not torch.equal(made.for_planning(6)(raw), steps[0])


@pytest.mark.parametrize("propagation", ["E", "TS1", "TSinf"])
@pytest.mark.parametrize("rows", [1, 4, 7, 20])
def test_any_number_of_rows_may_be_asked_for(propagation, rows):
    made = model(propagation, certain=True)
    found = made.for_planning(7)(data(rows))
    assert found.shape == (rows, S)
    candidates = [
        np.array([plain_change(made, network, row)[0] for network in range(3)])
        for row in data(rows)
    ]
    for one, own in zip(found.numpy(), candidates, strict=True):
        expected = own.mean(axis=0) if propagation == "E" else own
        assert np.abs(one - expected).max(axis=-1).min() < 1e-4


@pytest.mark.parametrize("part", ["weights.0", "biases.1", "min_log_variance"])
def test_a_model_whose_weights_are_not_finite_plans_nothing(part):
    made = model()
    with torch.no_grad():
        dict(made.named_parameters())[part].view(-1)[0] = math.nan
    with pytest.raises(NonFiniteError, match="weights that are not finite"):
        made.for_planning(10)


@pytest.mark.parametrize("rows", [2500, 16, 8, 4])
def test_a_planners_particles_are_the_mean_over_networks(rows, monkeypatch):
    """TSinf without variance: the return of a sequence is the mean of the networks' returns.

    Also where a pass takes fewer rows than there are, or a number that 3 does not divide.
    """
    monkeypatch.setattr("mbmf.method.predicted_returns.CHUNK_ROWS", rows)
    made = model("TSinf", certain=True)

    def reward(states, actions):
        return states[:, 0] - actions.square().sum(-1)

    settings = Planner.Settings(planner="cem", horizon=4, num_samples=5, particles=3)
    planner = Planner(PredictedReturns(made, reward, None, A), settings)
    starts = torch.randn(2, S, generator=draws(4))
    actions = torch.rand(4, 2, 5, A, generator=draws(6)) * 2 - 1
    with torch.inference_mode():
        found = planner.score(starts, actions)
    for body in range(2):
        for sequence in range(5):
            given = actions[:, body, sequence : sequence + 1]
            alone = []
            for network in range(3):

                def change(inputs, network=network):
                    return torch.from_numpy(plain_change(made, network, inputs[0])[0])[None]

                start = starts[body : body + 1]
                alone.append(rollout_returns(change, reward, None, start, given).item())
            assert found[body, sequence].item() == pytest.approx(np.mean(alone), rel=1e-3)


def test_products_count_what_a_prediction_multiplies():
    training = {"learning_rate": 1e-3, "batch_size": 8, "epochs": 1}
    training |= {"on_policy_fraction": 0.5, "noise": 0.0}
    for propagation, networks in [("E", 5), ("TS1", 1), ("TSinf", 1)]:
        settings = EnsembleSettings(
            model="probabilistic_ensemble", hidden_layers=[7], propagation=propagation, **training
        )
        assert settings.products(S, A) == networks * (5 * 7 + 7 * 6)
