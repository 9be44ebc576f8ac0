"""A GPU: what may be recorded there, and that replays give the same numbers."""

import itertools

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mbmf.agents import AGENTS
from mbmf.method import dynamics
from mbmf.method.algorithm_1 import new_optimizer
from mbmf.method.dynamics import TrainingData, train
from mbmf.method.fast.cuda_graphs import Replayed
from mbmf.method.models.base import Dynamics, new_model
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings
from mbmf.method.planners.random_shooting import Planner
from mbmf.method.predicted_returns import (
    CHUNK_ROWS,
    GPU_CHUNK_ROWS,
    PredictedReturns,
    rollout_returns,
)


class OneDevice(TorchDispatchMode):
    """Refuses every operation that touches another device than "meta".

    Tensors there have no values, so that one which waits for a value fails by itself.
    """

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        given = operation(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, given)):
            if isinstance(leaf, torch.Tensor) and leaf.device.type != "meta":
                raise AssertionError(f"{operation} touches {leaf.device}")
        return given


def batch(agent, device, bodies=3, samples=50, horizon=6):
    """Starts around the agent's own, and sequences for each."""
    draws = torch.Generator().manual_seed(0)
    starts = 0.1 * torch.randn(bodies, agent.state_dim, generator=draws)
    actions = 2 * torch.rand(horizon, bodies * samples, agent.action_dim, generator=draws) - 1
    return starts.to(device), actions.to(device)


def model(agent):
    layers, draws = [40, 40], torch.Generator().manual_seed(1)
    return Model(agent.state_dim, agent.action_dim, layers, draws)


@pytest.fixture
def on_meta(monkeypatch):
    """Network of an agent as it is on a GPU, without its numbers."""
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)

    def network(agent):
        found = model(agent).for_planning(GPU_CHUNK_ROWS)
        found.weights = [weight.to("meta") for weight in found.weights]
        found.biases = [bias.to("meta") for bias in found.biases]
        return found

    return network


def task(agent):
    return agent.planner_reward, agent.terminated


@pytest.mark.parametrize("name", AGENTS)
def test_what_is_recorded_stays_on_its_device_and_never_waits_for_it(name, on_meta):
    agent = AGENTS[name]
    starts, actions = batch(agent, "meta")
    network = on_meta(agent)
    with torch.inference_mode(), OneDevice():
        returns = rollout_returns(network, *task(agent), starts, actions)
    assert returns.shape == (150,)


@pytest.mark.parametrize(
    "slip",
    [
        lambda s, a: s[:, 0] * torch.tensor(2.0),
        lambda s, a: s[:, 0] + torch.arange(len(s)),
        lambda s, a: s[:, 0] * s[0, 0].item(),
    ],
)
def test_a_reward_that_could_not_be_recorded_is_found_out(slip, on_meta):
    agent = AGENTS["swimmer"]
    starts, actions = batch(agent, "meta")
    network = on_meta(agent)
    with torch.inference_mode(), OneDevice(), pytest.raises((AssertionError, RuntimeError)):
        rollout_returns(network, slip, None, starts, actions)


@pytest.mark.gpu
@pytest.mark.parametrize("name", AGENTS)
def test_replays_give_the_processors_numbers(name):
    """Two batches of each of two shapes: a second replay has other numbers than the recording."""
    agent = AGENTS[name]
    on_gpu = model(agent).cuda().for_planning(GPU_CHUNK_ROWS)
    on_cpu = model(agent).for_planning(CHUNK_ROWS)
    replayed = Replayed(lambda *batch: (rollout_returns(on_gpu, *task(agent), *batch),))
    with torch.inference_mode():
        for bodies, factor in itertools.product((3, 2), (1, 0.5)):
            starts, actions = batch(agent, "cpu", bodies)
            starts, actions = factor * starts, factor * actions
            expected = rollout_returns(on_cpu, *task(agent), starts, actions)
            (found,) = replayed(starts.cuda(), actions.cuda())
            torch.testing.assert_close(found.cpu(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
def test_a_plan_is_the_best_of_its_samples():
    """In two chunks; the return is that of all sequences drawn, by the processor."""
    agent = AGENTS["half_cheetah"]
    dynamics = model(agent).cuda()
    settings = PlanningSettings(horizon=3, num_samples=GPU_CHUNK_ROWS + 2)
    reward, _ = task(agent)
    planner = Planner(PredictedReturns(dynamics, reward, None, agent.action_dim), settings)
    states = np.zeros((1, agent.state_dim))
    plan = planner.plan(states, torch.Generator("cuda").manual_seed(0))
    draws = torch.Generator("cuda").manual_seed(0)
    half = settings.num_samples // 2
    drawn = [
        torch.empty(3, half, agent.action_dim, device="cuda").uniform_(-1, 1, generator=draws)
        for _ in range(2)
    ]
    actions = torch.cat(drawn, dim=1).cpu()
    returns = rollout_returns(
        dynamics.cpu().for_planning(CHUNK_ROWS),
        reward,
        None,
        torch.zeros(1, agent.state_dim),
        actions,
    )
    np.testing.assert_array_equal(plan.actions[0], actions[0, returns.argmax()].numpy())
    np.testing.assert_allclose(plan.returns, returns.max().numpy(), rtol=1e-4, atol=1e-4)


TRAINED = {
    "mlp": {"hidden_layers": [40, 40]},
    "probabilistic_ensemble": {"hidden_layers": [40], "networks": 3},
}


def trained(kind, device):
    """Weights and losses after a few epochs on both kinds of data, in two calls."""
    settings = TypeAdapter(Dynamics).validate_python(
        {"model": kind, "learning_rate": 0.01, "batch_size": 32, "epochs": 3}
        | {"on_policy_fraction": 0.5, "noise": 0.0}
        | TRAINED[kind]
    )
    draws = torch.Generator().manual_seed(0)
    fitted = new_model(4, 2, settings, draws)
    sets = [torch.randn(count, 10, generator=draws).split([6, 4], dim=1) for count in (100, 70)]
    inputs, deltas = sets[0]
    fitted.fit_normalisation(*inputs.split([4, 2], dim=1), deltas)
    fitted.to(device)
    optimizer = new_optimizer(fitted, settings)
    data = [TrainingData(fitted, *both) for both in sets]
    losses = []
    for seed in (1, 2):
        generator = torch.Generator(device).manual_seed(seed)
        losses += train(fitted, optimizer, *data, settings, generator)
    return {name: value.cpu() for name, value in fitted.state_dict().items()}, losses


@pytest.mark.gpu
@pytest.mark.parametrize("kind", TRAINED)
def test_training_by_replays_is_training_step_by_step(kind, monkeypatch):
    replayed, losses = trained(kind, "cuda")
    monkeypatch.setattr(dynamics, "Replayed", lambda function: function)
    plain, expected = trained(kind, "cuda")
    assert losses == pytest.approx(expected, rel=1e-5)
    assert losses[-1] < losses[0]
    for name, value in plain.items():
        torch.testing.assert_close(replayed[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
def test_what_a_recorded_function_changes_it_changes_once_a_call():
    total = torch.zeros(3, device="cuda")

    def add(given):
        total.add_(given)
        return (total.clone(),)

    recorded = Replayed(add)
    given = torch.tensor([1.0, 2.0, 3.0], device="cuda")
    sums = [recorded(given * factor)[0].tolist() for factor in (1, 10, 100)]
    assert sums == [[1, 2, 3], [11, 22, 33], [111, 222, 333]]
