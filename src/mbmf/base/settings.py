"""The base of all settings: frozen, typed, closed to unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
# The bound is no limit of the method: it keeps a slip of the finger from filling the memory.
PositiveInteger = Annotated[int, Field(gt=0, lt=2**31)]
PositiveNumber = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeNumber = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """A component's settings. Building one with a bad value raises pydantic's error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
