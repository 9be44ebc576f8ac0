"""Settings of the Dyna-Q experiments."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from mbmf.base.settings import Fraction, PositiveInteger, PositiveNumber, Settings


def _each_once(values: list[int]) -> list[int]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"{value} is listed twice; each may stand once")
    return values


StepSize = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
PlanningSteps = Annotated[int, Field(ge=0, lt=2**31)]


class SweepingSettings(Settings):
    """Comparison of prioritised sweeping with Dyna-Q."""

    step_size: StepSize = Field(description="alpha, of both")
    planning_steps: PositiveInteger = Field(description="n, of both")
    threshold: PositiveNumber = Field(description="theta, the least priority that is queued")


class DynaMazeSettings(Settings):
    """Figure 8.2."""

    episodes: Annotated[int, Field(gt=1, lt=2**31)]
    step_size: StepSize = Field(description="alpha")
    planning_steps: Annotated[
        list[PlanningSteps], Field(min_length=1), AfterValidator(_each_once)
    ] = Field(description="n, a curve each")
    sweeping: SweepingSettings


class ChangingMazeSettings(Settings):
    """Figure 8.4 or 8.5."""

    steps: PositiveInteger
    change: PositiveInteger = Field(description="step after which the walls move")
    step_size: StepSize = Field(description="alpha")
    planning_steps: PositiveInteger = Field(description="n")
    bonus: PositiveNumber = Field(description="kappa of Dyna-Q+")

    @model_validator(mode="after")
    def _change_within(self) -> ChangingMazeSettings:
        if self.change >= self.steps:
            raise ValueError(f"change ({self.change}) must be less than steps ({self.steps})")
        return self


class DynaSettings(Settings):
    """Settings of all Dyna-Q experiments."""

    runs: Annotated[int, Field(gt=0, le=10_000)] = Field(description="independent runs")
    discount: Fraction = Field(description="gamma")
    exploration: Fraction = Field(description="epsilon")
    figure_8_2: DynaMazeSettings
    figure_8_4: ChangingMazeSettings
    figure_8_5: ChangingMazeSettings
