"""What the sample plots of the authors' code show of Figure 7, as `config` has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from mbmf.base.errors import InputError, printable
from mbmf.base.settings import PositiveNumber, Settings
from mbmf.storage.yaml_files import read_yaml

AUTHORS_PLOTS = Path("config/authors_plots.yaml")

Number = Annotated[float, Field(allow_inf_nan=False)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Factor = Literal["sample_efficiency", "time_to_max"]


class Reading(Settings):
    """A ratio of steps, read at one return."""

    at: Number = Field(description="return of an episode at which the curves were compared")
    factor: Annotated[list[PositiveNumber], Field(min_length=1)] = Field(
        description="the ratio; several readings, if they differ"
    )


class AgentPlot(Settings):
    """The sample plot of one agent; steps as the authors count them."""

    sample_efficiency: Annotated[list[Reading], Field(min_length=1)] = Field(
        description="Mf's steps over Mb's"
    )
    time_to_max: Annotated[list[Reading], Field(min_length=1)] = Field(
        description="Mf's steps over Mb-Mf's"
    )
    curves: dict[Literal["Mb", "Mf", "Mb-Mf"], Annotated[list[Point], Field(min_length=1)]] = Field(
        description="points of each curve: environment steps, return of an episode"
    )

    def highest(self, name: Factor) -> Reading:
        """The reading of one of the two factors at the highest return."""
        readings: list[Reading] = getattr(self, name)
        return max(readings, key=lambda reading: reading.at)

    def factor(self, name: Factor) -> tuple[float, float]:
        """Lowest and highest reading of one of the two factors, at any return."""
        readings: list[Reading] = getattr(self, name)
        factors = [factor for reading in readings for factor in reading.factor]
        return min(factors), max(factors)


AuthorsPlots = dict[str, AgentPlot]
"""The sample plot of each agent, by its name."""


def read_authors_plots(path: Path) -> AuthorsPlots:
    """The file of what was read off.

    Raises:
        InputError: not there, not YAML, or it holds something else; one line that names the key.
    """
    content = read_yaml(path)
    try:
        return TypeAdapter(AuthorsPlots).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(printable(str(part)) for part in first["loc"])
        raise InputError(f"{path}: {key}: {first['msg']}") from None
