"""The base of all settings: they are frozen and typed, and they reject unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
# The upper bound is not a limit of the method. It keeps a mistyped number from filling the memory.
PositiveInteger = Annotated[int, Field(gt=0, lt=2**31)]
PositiveNumber = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeNumber = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """Settings of a component; a bad value raises pydantic's ValidationError."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
