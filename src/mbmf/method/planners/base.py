"""What any planner is: it looks for the action sequence of the highest predicted return."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny
from torch import Tensor

from mbmf.agents.spec import AgentSpec
from mbmf.base.door_settings import chosen_by
from mbmf.base.errors import NonFiniteError
from mbmf.base.settings import PositiveInteger, Settings
from mbmf.method.doors import PLANNERS
from mbmf.method.models.base import DynamicsModel
from mbmf.method.predicted_returns import PredictedReturns


class PlanningSettings(Settings):
    """Which planner, and what all of them need. A planner's own settings are a subclass's."""

    planner: str = Field(
        default="random_shooting",
        description="a file of mbmf.method.planners, or the path of a Python file",
    )
    horizon: PositiveInteger = Field(description="H, time steps that a plan looks ahead")
    num_samples: PositiveInteger = Field(
        description="K, action sequences tried: in each plan, or in each round of one"
    )

    @property
    def sequences(self) -> int:
        """Action sequences that one plan scores in all, for estimates of time."""
        return self.num_samples


Planning = Annotated[
    SerializeAsAny[PlanningSettings], chosen_by(PLANNERS, "planner", PlanningSettings)
]
"""The section `planning`, as the settings of the planner that it names."""


@dataclass(frozen=True)
class Plan:
    """First actions of the best sequences.

    Attributes:
        actions: (B, A) in [−1, 1].
        returns: (B,) predicted return of the best sequence over the horizon.
    """

    actions: NDArray[np.float32]
    returns: NDArray[np.float32]


class BasePlanner(ABC):
    """Plans for a batch of bodies; a planner of your own is a subclass that is named `Planner`.

    Args:
        objective: scores action sequences.
        settings: of the class `Settings`.
    """

    Settings: ClassVar[type[PlanningSettings]] = PlanningSettings

    def __init__(self, objective: PredictedReturns, settings: PlanningSettings) -> None:
        self.objective = objective
        self.settings = settings

    @abstractmethod
    def best(self, starts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """First action (B, A) in [−1, 1] of each body's best sequence, and its return (B,).

        Args:
            starts: (B, S) float32, on the objective's device.
            generator: of all that is drawn, on the same device.
        """

    @torch.inference_mode()
    def plan(self, states: NDArray[np.floating[Any]], generator: torch.Generator) -> Plan:
        """Best first action for each state (Eqn. 4).

        Args:
            states: (B, S) true states in the simulator's units.
            generator: draws the action sequences, on the model's device.

        Raises:
            NonFiniteError: for some body no sequence has a finite prediction.
        """
        starts = torch.as_tensor(states).to(self.objective.device, torch.float32)
        actions, returns = self.best(starts, generator)
        if not returns.isfinite().all():
            body = int((~returns.isfinite()).nonzero()[0])
            raise NonFiniteError(
                f"planning for body {body}: none of the {self.settings.sequences} action "
                f"sequences has a finite prediction over {self.settings.horizon} steps"
            )
        return Plan(actions.cpu().numpy(), returns.cpu().numpy())


def new_planner(model: DynamicsModel, spec: AgentSpec, settings: PlanningSettings) -> BasePlanner:
    """The planner that the settings name, for an agent.

    Raises:
        InputError: there is no planner of that name.
        NonFiniteError: a weight of the model is NaN or infinite.
    """
    objective = PredictedReturns.of_agent(model, spec)
    planner: BasePlanner = PLANNERS.load(settings.planner)(objective, settings)
    return planner
