"""How much work a run is, before it is done: counted operations, for estimates of time.

One unit is one multiplication and one addition of a network (Algorithm 1, imitation) or one
step of the simulator (random data, TRPO). Only ratios within a kind and agent mean anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from mbmf.agents import get_agent
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ImitationRunSettings
from mbmf.method.models.base import DynamicsSettings
from mbmf.method.planners.base import PlanningSettings
from mbmf.method.random_data import RandomDataSettings
from mbmf.method.trpo import TrpoRunSettings
from mbmf.workflow.dag import Job

# What a call of a network costs beside its operations, in these: measured at smoke scale,
# where nothing else counts (about 0.3 ms, in which a core of an AMD EPYC does 2e7 of them).
CALL = 2e7
# A gradient step: forwards, backwards and Adam, in calls.
GRADIENT_STEP = 6


def of_job(job: Job) -> float:
    """Units of work of a job, by its rule's settings; 1 for what is short."""
    settings = str(job.params.get("settings", ""))
    if job.rule == "random_data":
        return of_random_data(job.task, RandomDataSettings.model_validate_json(settings))
    if job.rule == "model_based":
        return of_model_based(job.task, ModelBasedSettings.model_validate_json(settings))
    if job.rule == "imitation":
        own = ImitationRunSettings.model_validate_json(settings)
        for source in job.after:  # none where Snakemake cannot plan it, for a damaged provenance
            planned_with = ModelBasedSettings.model_validate_json(source.params["settings"])
            return of_imitation(job.task, own, planned_with.dynamics)
    if job.rule == "trpo":
        return of_trpo(job.task, TrpoRunSettings.model_validate_json(settings))
    return 1.0


def of_provenance(kind: str, facts: Mapping[str, Any]) -> float | None:
    """Units of work of a finished run; None of a run that does not name all that it takes."""
    try:
        if kind == "model_based":
            settings = ModelBasedSettings.model_validate(facts["settings"])
            return of_model_based(facts["agent"], settings)
        if kind == "trpo":
            return of_trpo(facts["agent"], TrpoRunSettings.model_validate(facts["settings"]))
    except (LookupError, ValueError):
        return None  # of older code, or of a task that is called otherwise than its agent
    return None


def of_random_data(task: str, settings: RandomDataSettings) -> float:
    """Steps of the simulator."""
    rollouts = settings.rollouts + settings.validation_rollouts
    return rollouts * settings.steps * get_agent(task).frame_skip


def of_model_based(task: str, settings: ModelBasedSettings) -> float:
    """Training of the model and planning, all iterations."""
    dynamics, acting, data = settings.dynamics, settings.aggregation, settings.random_data
    network = _network(task, dynamics)
    total = 0.0
    points = data.rollouts * data.steps
    for _ in range(acting.iterations):
        minibatches = dynamics.epochs * points / dynamics.batch_size
        total += GRADIENT_STEP * minibatches * (CALL + dynamics.batch_size * network)
        total += _planning(network, settings.planning, acting.rollouts, acting.steps)
        points += acting.training_rollouts * acting.steps
    return total


def of_imitation(task: str, settings: ImitationRunSettings, dynamics: DynamicsSettings) -> float:
    """Planning of the expert, training of the policy, and planning for DAgger's labels.

    Args:
        task: of the agent.
        settings: of the run.
        dynamics: of the run of Algorithm 1 whose model plans.
    """
    expert, own = settings.expert, settings.imitation
    network = _network(task, dynamics)
    spec = get_agent(task)
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


def of_trpo(task: str, settings: TrpoRunSettings) -> float:
    """Steps of the simulator."""
    own = settings.trpo
    return own.iterations * own.batch_size * get_agent(task).frame_skip


def _planning(network: float, settings: PlanningSettings, rollouts: int, steps: int) -> float:
    """Plans at each step of rollouts that go side by side."""
    candidates = rollouts * settings.sequences
    return steps * settings.horizon * (CALL + candidates * network)


def _network(task: str, settings: DynamicsSettings) -> float:
    spec = get_agent(task)
    return settings.products(spec.state_dim, spec.action_dim)


def _affine(widths: list[int]) -> float:
    return float(sum(above * below for above, below in pairwise(widths)))
