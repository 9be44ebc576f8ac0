"""How much work a run is, before it is done: counted operations, for estimates of time.

One unit is one multiplication and one addition of a network (Algorithm 1, imitation) or one
step of the simulator (random data, TRPO). Only ratios within a kind and agent mean anything.
"""

from __future__ import annotations

from itertools import pairwise

from mbmf.agents import get_agent
from mbmf.experiments.runs import ImitationRun, ModelBasedRun, OpenLoopRun, Run
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ImitationRunSettings
from mbmf.method.models.base import DynamicsSettings
from mbmf.method.planners.base import PlanningSettings
from mbmf.method.random_data import RandomDataSettings
from mbmf.method.trpo import TrpoRunSettings

# What a call of a network costs beside its operations, in these: measured at smoke scale,
# where nothing else counts (about 0.3 ms, in which a core of an AMD EPYC does 2e7 of them).
CALL = 2e7
# A gradient step: forwards, backwards and Adam, in calls.
GRADIENT_STEP = 6


def of_run(run: Run) -> float:
    """Units of work of one run."""
    if isinstance(run, OpenLoopRun):
        return 1.0  # predictions are short
    task = run.task or run.agent
    if isinstance(run, ModelBasedRun):
        return _model_based(task, run.settings)
    if isinstance(run, ImitationRun):
        return _imitation(task, run.settings, run.source.settings.dynamics)
    return _trpo(task, run.settings)


def of_random_data(agent: str, settings: RandomDataSettings) -> float:
    """Steps of the simulator."""
    rollouts = settings.rollouts + settings.validation_rollouts
    return rollouts * settings.steps * get_agent(agent).frame_skip


def _model_based(agent: str, settings: ModelBasedSettings) -> float:
    dynamics, acting, data = settings.dynamics, settings.aggregation, settings.random_data
    network = _network(agent, dynamics)
    total = 0.0
    points = data.rollouts * data.steps
    for _ in range(acting.iterations):
        minibatches = dynamics.epochs * points / dynamics.batch_size
        total += GRADIENT_STEP * minibatches * (CALL + dynamics.batch_size * network)
        total += _planning(network, settings.planning, acting.rollouts, acting.steps)
        points += acting.training_rollouts * acting.steps
    return total


def _imitation(agent: str, settings: ImitationRunSettings, dynamics: DynamicsSettings) -> float:
    expert, own = settings.expert, settings.imitation
    network = _network(agent, dynamics)
    spec = get_agent(agent)
    policy = _affine([spec.state_dim, *settings.policy.hidden_layers, spec.action_dim])
    total = _planning(network, expert.planning, own.expert_rollouts, expert.steps)
    points = own.expert_rollouts * expert.steps
    for iteration in range(own.iterations + 1):
        minibatches = own.epochs * points / own.batch_size
        total += GRADIENT_STEP * minibatches * (CALL + own.batch_size * policy)
        if iteration < own.iterations:
            total += _planning(network, expert.planning, own.rollouts, expert.steps)
            points += own.rollouts * expert.steps
    return total


def _trpo(agent: str, settings: TrpoRunSettings) -> float:
    own = settings.trpo
    return own.iterations * own.batch_size * get_agent(agent).frame_skip


def _planning(network: float, settings: PlanningSettings, rollouts: int, steps: int) -> float:
    """Plans at each step of rollouts that go side by side."""
    candidates = rollouts * settings.sequences
    return steps * settings.horizon * (CALL + candidates * network)


def _network(agent: str, settings: DynamicsSettings) -> float:
    spec = get_agent(agent)
    return settings.products(spec.state_dim, spec.action_dim)


def _affine(widths: list[int]) -> float:
    return float(sum(above * below for above, below in pairwise(widths)))
