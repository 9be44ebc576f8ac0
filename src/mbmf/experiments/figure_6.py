"""Figure 6: design decisions, one parameter varied at a time around each agent's own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from mbmf.analysis import statistics
from mbmf.analysis.claims import CLAIMS
from mbmf.base.errors import printable
from mbmf.base.settings import Settings
from mbmf.experiments.experiment import (
    AgentNames,
    Drawing,
    Experiment,
    FigureSection,
    SectionError,
    Seeds,
    no_duplicates,
)
from mbmf.experiments.runs import Run, with_sources

Number = int | float


class ValueSeeds(Settings):
    """Seeds of one value of a sweep."""

    value: Number
    agents: AgentNames | None = Field(default=None, description="whose runs; all, if not given")
    seeds: Seeds

    def of(self, agent: str, value: Number) -> bool:
        """Whether these are an agent's seeds of a value."""
        return value == self.value and (self.agents is None or agent in self.agents)


class Sweep(Settings):
    """One parameter varied around an agent's settings."""

    panel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    parameter: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    values: Annotated[
        list[Number], Field(min_length=1, max_length=1000), AfterValidator(no_duplicates)
    ]
    seeds: Seeds | None = Field(default=None, description="of its runs, in place of the section's")
    value_seeds: list[ValueSeeds] = Field(
        default=[], description="of the runs of single values, in place of the sweep's"
    )

    @model_validator(mode="after")
    def _each_value_once(self) -> Sweep:
        no_duplicates([one.value for one in self.value_seeds])
        return self


class Figure6Section(FigureSection):
    """Design decisions."""

    agents: AgentNames
    sweeps: list[Sweep] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Figure6Section:
        no_duplicates([sweep.panel for sweep in self.sweeps])
        no_duplicates([sweep.parameter for sweep in self.sweeps])
        return self


class Figure6(Experiment[Figure6Section]):
    """Each value of each sweep, and the agent's own value, which every panel shows."""

    Section = Figure6Section
    subject = "design decisions"

    def check(self) -> None:
        """Check that each agent has the parameters, and that the values are valid for it."""
        for index, sweep in enumerate(self.section.sweeps):
            for agent in self.section.agents:
                self._check_sweep(index, sweep, agent)
            shown = {value for agent in self.section.agents for value in self.values(agent, sweep)}
            for at, one in enumerate(sweep.value_seeds):
                if one.value not in shown:
                    raise SectionError(
                        ["sweeps", index, "value_seeds", at, "value"],
                        f"should be one of the values shown, {', '.join(map(str, sorted(shown)))} "
                        f"(found {printable(one.value)})",
                    )

    def _check_sweep(self, index: int, sweep: Sweep, agent: str) -> None:
        for value in sweep.values:
            try:
                self.agents[agent].model_based.replaced(sweep.parameter, value)
            except ValidationError as error:
                raise SectionError(
                    ["sweeps", index],
                    f"{printable(value)} is no value for {sweep.parameter}: "
                    f"{error.errors()[0]['msg']}",
                ) from None
            except KeyError as error:
                raise SectionError(["sweeps", index, "parameter"], error.args[0]) from None

    def own_value(self, agent: str, sweep: Sweep) -> Any:
        """The agent's own value of the parameter that a sweep varies."""
        return self.agents[agent].model_based.flat()[sweep.parameter]

    def values(self, agent: str, sweep: Sweep) -> list[Number]:
        """Values of a sweep for one agent: the configured values and the agent's own."""
        return sorted({*sweep.values, self.own_value(agent, sweep)})

    def seeds_of(self, agent: str, sweep: Sweep, value: Number) -> list[int]:
        """An agent's seeds of one value of a sweep."""
        own = [one.seeds for one in sweep.value_seeds if one.of(agent, value)]
        return own[0] if own else sweep.seeds or self.seeds

    def curves(self) -> list[Run]:
        """All runs that the panels show, each once."""
        runs = [
            self.model_based(agent, seed, sweep.parameter, value)
            for agent in self.section.agents
            for sweep in self.section.sweeps
            for value in self.values(agent, sweep)
            for seed in self.seeds_of(agent, sweep, value)
        ]
        return with_sources(runs)

    def panels(self) -> list[dict[str, Any]]:
        """Contents of each panel for each agent: parameter, values, their seeds, the own value."""
        return [
            {
                "panel": sweep.panel,
                "agent": agent,
                "parameter": sweep.parameter,
                "values": self.values(agent, sweep),
                "seeds": [
                    self.seeds_of(agent, sweep, value) for value in self.values(agent, sweep)
                ],
                "default": self.own_value(agent, sweep),
            }
            for agent in self.section.agents
            for sweep in self.section.sweeps
        ]

    def drawing(self) -> Drawing:
        """A row for each agent, a column for each sweep."""
        return Drawing(
            {"table": f"tables/{self.name}.csv"},
            {self.name: "figure_6"},
            ["mbmf.figures.figure_6", *statistics.sources(CLAIMS)],
            Path("workflow/notebooks/figure_6.ipynb"),
            files={"claims": CLAIMS.as_posix()},
            parameters={"sweeps": self.panels(), "name": self.name, "heading": self.heading},
        )


EXPERIMENT = Figure6
