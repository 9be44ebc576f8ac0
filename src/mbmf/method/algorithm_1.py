"""Algorithm 1: model-based RL with random shooting and data aggregation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from mbmf.agents.spec import AgentSpec
from mbmf.base.random_streams import Purpose, integer_seeds, numpy_stream, torch_stream
from mbmf.base.settings import NonNegativeNumber, PositiveInteger, Settings
from mbmf.method.dynamics import TrainingData, add_noise, step_errors, train, validation_error
from mbmf.method.models.base import Dynamics, DynamicsModel, DynamicsSettings, new_model
from mbmf.method.mpc import MpcController, mpc_rollouts
from mbmf.method.planners.base import Planning, new_planner
from mbmf.method.random_data import RandomData, RandomDataSettings
from mbmf.method.rollouts import Rollouts
from mbmf.method.where import errors_say
from mbmf.storage.tensor_files import load_optimizer, optimizer_tensors, with_prefix, without_prefix

VALIDATION_HORIZONS = (1, 5, 10, 50, 100)
"""Steps at which Eqn. 3 is reported, as in the authors' code."""


class AggregationSettings(Settings):
    """Algorithm 1's outer loop."""

    iterations: PositiveInteger = Field(description="times that the model is trained and used")
    rollouts: PositiveInteger = Field(description="MPC rollouts in each iteration")
    training_rollouts: PositiveInteger = Field(
        description="how many of them join D_RL; the rest is held out for validation"
    )
    steps: PositiveInteger = Field(description="most steps of an MPC rollout")
    action_noise: NonNegativeNumber = Field(
        description="standard deviation of the noise on executed actions"
    )

    @model_validator(mode="after")
    def _training_is_part(self) -> AggregationSettings:
        if self.training_rollouts >= self.rollouts:
            raise ValueError(
                f"training_rollouts ({self.training_rollouts}) must be less than rollouts "
                f"({self.rollouts}): the others validate the model"
            )
        return self


class ModelBasedSettings(Settings):
    """All settings of a run of Algorithm 1, except agent and seed."""

    random_data: RandomDataSettings
    dynamics: Dynamics
    planning: Planning
    aggregation: AggregationSettings

    def flat(self, *, defaults: bool = True) -> dict[str, Any]:
        """Settings as {"section.key": value}; a list of layer widths as "500x500".

        Args:
            defaults: whether to include settings that have their default value. Paths and curves
                leave them out. So a new setting does not change them, because its default
                means what the code did before.
        """
        return {
            f"{section}.{key}": "x".join(map(str, value)) if isinstance(value, list) else value
            for section, content in self.model_dump(exclude_defaults=not defaults).items()
            # In a curve, a model's own settings come before those of its training.
            for key, value in sorted(
                content.items(), key=lambda item: item[0] in DynamicsSettings.model_fields
            )
        }

    def replaced(self, parameter: str, value: Any) -> ModelBasedSettings:
        """These settings with one value changed.

        Args:
            parameter: "section.key".
            value: its new value.

        Raises:
            KeyError: there is no such parameter.
            pydantic.ValidationError: the value is not valid for this parameter.
        """
        content = self.model_dump()
        section, _, key = parameter.partition(".")
        if key not in content.get(section, {}):
            raise KeyError(f"no parameter {parameter}; should be one of {', '.join(self.flat())}")
        content[section][key] = value
        return ModelBasedSettings.model_validate(content)


@dataclass
class Progress:
    """State of a run of Algorithm 1, with everything that it needs to continue.

    Attributes:
        model: the dynamics model after the last finished iteration.
        optimizer: Adam with its moments; never reset between iterations.
        iteration: number of finished iterations.
        on_policy: D_RL before noise is added, one entry for each finished iteration.
        validation: held-out MPC rollouts of each finished iteration.
        models: weights after each finished iteration, by name.
        curve: learning curve, one row for each finished iteration.
        seconds: wall-clock time of each finished iteration, by part.
    """

    model: DynamicsModel
    optimizer: torch.optim.Adam
    iteration: int = 0
    on_policy: list[Rollouts] = field(default_factory=list)
    validation: list[Rollouts] = field(default_factory=list)
    models: list[dict[str, Tensor]] = field(default_factory=list)
    curve: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[dict[str, float]] = field(default_factory=list)

    def env_steps(self, data: RandomData) -> int:
        """Steps of the real simulator so far, in all random and MPC rollouts."""
        rollouts = [*self.on_policy, *self.validation]
        return data.simulated_steps + sum(part.simulated_steps for part in rollouts)

    def training_points(self, data: RandomData) -> int:
        """Number of transitions in D_RAND and in the D_RL of all finished iterations."""
        return data.training.points + sum(rollouts.points for rollouts in self.on_policy)


def start(
    spec: AgentSpec, settings: ModelBasedSettings, data: RandomData, seed: int, device: str = "cpu"
) -> Progress:
    """Lines 1 and 2 of Algorithm 1: an empty D_RL, a random f_θ, normalisation from D_RAND."""
    drawing = torch_stream(seed, Purpose.NETWORK)
    model = new_model(spec.state_dim, spec.action_dim, settings.dynamics, drawing)
    states, actions, next_states = (torch.from_numpy(x) for x in data.training.transitions())
    model.fit_normalisation(states, actions, next_states - states)
    model.to(device)
    return Progress(model, new_optimizer(model, settings.dynamics))


def new_optimizer(model: DynamicsModel, settings: DynamicsSettings) -> torch.optim.Adam:
    """Adam on the model's weights; fused, so that a step needs one kernel instead of a dozen.

    On a GPU it is one that a CUDA graph can hold.
    """
    on_gpu = model.device.type == "cuda"
    return torch.optim.Adam(
        model.parameters(), lr=settings.learning_rate, fused=True, capturable=on_gpu
    )


def iterate(
    progress: Progress,
    spec: AgentSpec,
    settings: ModelBasedSettings,
    data: RandomData,
    seed: int,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """One iteration of Algorithm 1 (lines 4 to 13), which updates `progress`.

    Args:
        progress: state of the run, changed in place.
        spec: the agent.
        settings: settings of the run.
        data: D_RAND and its held-out rollouts.
        seed: seed of the run.
        report: called with the new row of the learning curve, if given.

    Raises:
        NonFiniteError: training or planning became non-finite. The message names the iteration.
        SimulationError: the simulator diverged. The message names the iteration.
    """
    iteration = progress.iteration
    started = time.perf_counter()
    with errors_say(f"iteration {iteration}", spec, seed):
        losses = _train(progress, settings, data, seed)
        trained = time.perf_counter()
        rollouts = _mpc_rollouts(progress.model, spec, settings, seed, iteration)
    held_out = settings.aggregation.training_rollouts
    validation = rollouts[held_out:]
    row = {
        "iteration": iteration,
        # The controller with this return has learned from these steps. Its own rollouts are not
        # among them.
        "env_steps": progress.env_steps(data),
        "training_points": progress.training_points(data),
        # The authors' plots count training points alone, without held-out rollouts.
        "authors_steps": progress.training_points(data),
        "return": float(rollouts.returns.mean()),
        "return_std": float(rollouts.returns.std()),
        "rollouts": len(rollouts),
        "rollout_steps": float(rollouts.lengths.mean()),
        "training_loss": losses[-1],
        **_validation(progress.model, "random", data.validation),
        **_validation(progress.model, "on_policy", validation),
    }
    # The learning curve holds no times, so that the same seed gives the same bytes.
    progress.seconds.append(
        {"training": trained - started, "rollouts": time.perf_counter() - trained}
    )
    progress.on_policy.append(rollouts[:held_out])
    progress.validation.append(validation)
    progress.models.append(
        {name: value.detach().cpu().clone() for name, value in progress.model.state_dict().items()}
    )
    progress.curve.append(row)
    progress.iteration += 1
    if report is not None:
        report(row)


def _train(
    progress: Progress, settings: ModelBasedSettings, data: RandomData, seed: int
) -> list[float]:
    """Line 5 of Algorithm 1: the model trains on, from its weights of the last iteration."""
    device = progress.model.device
    # A rollout gets the same noise in every later iteration. The authors' code does the same: it
    # adds noise once, when data enter the set.
    noise = settings.dynamics.noise
    random_data = _noisy(data.training.transitions(), noise, seed, 0)
    parts = [tuple(tensor[:0] for tensor in random_data)]
    for index, rollouts in enumerate(progress.on_policy, start=1):
        for row in range(len(rollouts)):
            transitions = rollouts[row : row + 1].transitions()
            parts.append(_noisy(transitions, noise, seed, index, row))
    inputs, deltas = (torch.cat(part) for part in zip(*parts, strict=True))
    return train(
        progress.model,
        progress.optimizer,
        TrainingData(progress.model, *random_data),
        TrainingData(progress.model, inputs, deltas),
        settings.dynamics,
        torch_stream(seed, Purpose.TRAINING, progress.iteration, device=device),
    )


def _noisy(
    transitions: tuple[NDArray[Any], ...], noise: float, seed: int, *indices: int
) -> tuple[Tensor, Tensor]:
    """Noisy inputs (M, S + A) and noisy changes of state (M, S). The actions get no noise."""
    states, actions, next_states = (torch.from_numpy(x) for x in transitions)
    if not len(states):
        return torch.cat([states, actions], dim=1), states
    generator = torch_stream(seed, Purpose.DATA_NOISE, *indices)
    inputs = torch.cat([add_noise(states, noise, generator), actions], dim=1)
    return inputs, add_noise(next_states - states, noise, generator)


def _mpc_rollouts(
    model: DynamicsModel, spec: AgentSpec, settings: ModelBasedSettings, seed: int, iteration: int
) -> Rollouts:
    """Lines 6 to 12 of Algorithm 1: MPC rollouts, with one planning call for all bodies."""
    controller = MpcController(
        new_planner(model, spec, settings.planning),
        torch_stream(seed, Purpose.PLANNING, iteration, device=model.device),
        settings.aggregation.action_noise,
        numpy_stream(seed, Purpose.ACTION_NOISE, iteration),
    )
    starts = integer_seeds(seed, Purpose.MPC_RESET, iteration, count=settings.aggregation.rollouts)
    return mpc_rollouts(spec, controller, starts, settings.aggregation.steps)


def _validation(model: DynamicsModel, source: str, rollouts: Rollouts) -> dict[str, float]:
    """Eqn. 3 on held-out rollouts; NaN for a horizon longer than all rollouts."""
    errors = {}
    for horizon in VALIDATION_HORIZONS:
        states, actions = rollouts.windows(horizon)
        device = model.device
        value = (
            validation_error(
                step_errors(
                    model,
                    torch.as_tensor(states, dtype=torch.float32, device=device),
                    torch.as_tensor(actions, dtype=torch.float32, device=device),
                ),
                horizon,
            )
            if len(states)
            else float("nan")
        )
        errors[f"{source}_error_{horizon}"] = value
    return errors


def progress_to_tensors(progress: Progress) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """`progress` as named tensors and plain facts, for one file."""
    tensors = with_prefix("model", progress.model.state_dict())
    tensors |= with_prefix("optimizer", optimizer_tensors(progress.optimizer))
    for iteration, weights in enumerate(progress.models):
        tensors |= with_prefix(f"models.{iteration}", weights)
        for kind in ("on_policy", "validation"):
            arrays = getattr(progress, kind)[iteration].to_arrays(f"{kind}.{iteration}")
            tensors |= {name: torch.from_numpy(array) for name, array in arrays.items()}
    return tensors, {
        "iteration": progress.iteration,
        "curve": progress.curve,
        "seconds": progress.seconds,
    }


def progress_from_tensors(
    fresh: Progress, tensors: dict[str, Tensor], facts: dict[str, Any]
) -> Progress:
    """Inverse of `progress_to_tensors`: fills a `fresh` progress of the same settings.

    Raises:
        KeyError, RuntimeError, ValueError: the tensors belong to another kind of run.
    """
    fresh.iteration = facts["iteration"]
    fresh.curve = facts["curve"]
    fresh.seconds = facts["seconds"]
    fresh.model.load_state_dict(without_prefix("model", tensors))
    load_optimizer(fresh.optimizer, without_prefix("optimizer", tensors))
    arrays = {name: value.numpy() for name, value in tensors.items() if "optimizer" not in name}
    for iteration in range(fresh.iteration):
        fresh.models.append(without_prefix(f"models.{iteration}", tensors))
        fresh.on_policy.append(Rollouts.from_arrays(arrays, f"on_policy.{iteration}"))
        fresh.validation.append(Rollouts.from_arrays(arrays, f"validation.{iteration}"))
    return fresh
