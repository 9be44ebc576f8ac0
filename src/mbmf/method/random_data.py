"""D_RAND: rollouts of uniformly random actions (line 1 of Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mbmf.agents.spec import AgentSpec
from mbmf.base.random_streams import Purpose, integer_seeds, numpy_stream
from mbmf.base.settings import PositiveInteger, Settings
from mbmf.method.rollouts import Rollouts, collect


class RandomDataSettings(Settings):
    """D_RAND, and random rollouts that are held out for the validation of the model."""

    rollouts: PositiveInteger = Field(description="rollouts of D_RAND")
    validation_rollouts: PositiveInteger = Field(description="further rollouts, held out")
    steps: PositiveInteger = Field(description="most steps of a rollout")


@dataclass(frozen=True)
class RandomData:
    """D_RAND (`training`), and the held-out random rollouts (`validation`)."""

    training: Rollouts
    validation: Rollouts

    @property
    def simulated_steps(self) -> int:
        """Steps that the simulator took for all rollouts."""
        return self.training.simulated_steps + self.validation.simulated_steps


def generate(spec: AgentSpec, settings: RandomDataSettings, seed: int) -> RandomData:
    """Random rollouts of an agent. Rollout n does not depend on the number of rollouts."""
    return RandomData(
        _random_rollouts(spec, settings.steps, settings.rollouts, seed, Purpose.RANDOM_ROLLOUTS),
        _random_rollouts(
            spec, settings.steps, settings.validation_rollouts, seed, Purpose.RANDOM_VALIDATION
        ),
    )


def _random_rollouts(
    spec: AgentSpec, steps: int, count: int, seed: int, purpose: Purpose
) -> Rollouts:
    shape = (steps, spec.action_dim)
    actions = np.stack(
        [numpy_stream(seed, purpose, body).uniform(-1, 1, shape) for body in range(count)]
    )

    def controller(
        _states: NDArray[Any], bodies: NDArray[Any], step: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        return actions[bodies, step], actions[bodies, step]

    starts = integer_seeds(seed, Purpose.RANDOM_RESET, int(purpose), count=count)
    return collect(spec, starts, steps, controller, "random")
