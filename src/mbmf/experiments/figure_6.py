"""Figure 6: design decisions, one parameter varied at a time around each agent's own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mbmf.analysis import statistics
from mbmf.analysis.claims import CLAIMS
from mbmf.base.errors import printable
from mbmf.base.settings import PositiveInteger, Settings
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
from mbmf.method.algorithm_1 import ModelBasedSettings

Number = int | float


def _one_error(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """One message instead of one for each type that a value may have."""
    try:
        return check(value)
    except ValidationError:
        raise PydanticCustomError(
            "value", "should be a number, or a list of widths of layers"
        ) from None


Value = Annotated[Number | list[PositiveInteger], WrapValidator(_one_error)]


class ValueSeeds(Settings):
    """Seeds of one value of a sweep."""

    value: Value
    agents: AgentNames | None = Field(default=None, description="whose runs; all, if not given")
    seeds: Seeds

    def of(self, agent: str, value: Value) -> bool:
        """Whether these are an agent's seeds of a value."""
        return value == self.value and (self.agents is None or agent in self.agents)


class Sweep(Settings):
    """One parameter varied around an agent's settings."""

    panel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    parameter: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    values: Annotated[
        list[Value], Field(min_length=1, max_length=1000), AfterValidator(no_duplicates)
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
    held: dict[str, dict[str, Any]] = Field(
        default={}, description="settings of all runs in place of the agents' own"
    )
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
        self._check_held()
        for index, sweep in enumerate(self.section.sweeps):
            place = ("sweeps", index)
            for agent in self.section.agents:
                self._check_sweep(agent, sweep, place)
            shown = _rising(
                [value for agent in self.section.agents for value in self.values(agent, sweep)]
            )
            for at, one in enumerate(sweep.value_seeds):
                if one.value not in shown:
                    raise SectionError(
                        (*place, "value_seeds", at, "value"),
                        f"should be one of the values shown, {', '.join(map(str, shown))} "
                        f"(found {printable(one.value)})",
                    )

    def _check_held(self) -> None:
        parts = ModelBasedSettings.model_fields
        for part in self.section.held:
            if part not in parts:
                raise SectionError(
                    ("held", part), f"unknown key; should be one of {', '.join(parts)}"
                )
        for agent in self.section.agents:
            try:
                self.held(agent)
            except ValidationError as error:
                first = error.errors()[0]
                raise SectionError(("held", *first["loc"]), first["msg"]) from None

    def _check_sweep(self, agent: str, sweep: Sweep, place: tuple[int | str, ...]) -> None:
        for value in sweep.values:
            try:
                self._settings(agent, sweep, value)
            except ValidationError as error:
                reason = error.errors()[0]["msg"]
                raise SectionError(
                    place, f"{printable(value)} is no value for {sweep.parameter}: {reason}"
                ) from None
            except KeyError as error:
                raise SectionError((*place, "parameter"), error.args[0]) from None

    def held(self, agent: str) -> ModelBasedSettings:
        """The agent's own settings with what the section holds in place of them."""
        content = self.agents[agent].model_based.model_dump()
        for part, values in self.section.held.items():
            content[part] |= values
        return ModelBasedSettings.model_validate(content)

    def own_value(self, agent: str, sweep: Sweep) -> Value:
        """The value that all other sweeps hold of the parameter that a sweep varies."""
        section, _, key = sweep.parameter.partition(".")
        own: Value = self.held(agent).model_dump()[section][key]
        return own

    def values(self, agent: str, sweep: Sweep) -> list[Value]:
        """Values of a sweep for one agent: the configured values and the agent's own."""
        return _rising([*sweep.values, self.own_value(agent, sweep)])

    def _shown(self, agent: str, sweep: Sweep, value: Value) -> Number | str:
        """A value of a sweep as the curves have it."""
        shown: Number | str = self._settings(agent, sweep, value).flat()[sweep.parameter]
        return shown

    def _settings(self, agent: str, sweep: Sweep, value: Value) -> ModelBasedSettings:
        return self.held(agent).replaced(sweep.parameter, value)

    def seeds_of(self, agent: str, sweep: Sweep, value: Value) -> list[int]:
        """An agent's seeds of one value of a sweep."""
        own = [one.seeds for one in sweep.value_seeds if one.of(agent, value)]
        return own[0] if own else sweep.seeds or self.seeds

    def curves(self) -> list[Run]:
        """All runs that the panels show, each once."""
        runs = [
            self.model_based(agent, seed, self._settings(agent, sweep, value))
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
                "values": [self._shown(agent, sweep, value) for value in self.values(agent, sweep)],
                "seeds": [
                    self.seeds_of(agent, sweep, value) for value in self.values(agent, sweep)
                ],
                "default": self._shown(agent, sweep, self.own_value(agent, sweep)),
            }
            for agent in self.section.agents
            for sweep in self.section.sweeps
        ]

    def drawing(self) -> Drawing:
        """Curves and last returns of each sweep of each agent."""
        return Drawing(
            {"table": f"tables/{self.name}.csv"},
            {self.name: "figure_6"},
            ["mbmf.figures.figure_6", *statistics.sources(CLAIMS)],
            Path("workflow/notebooks/figure_6.ipynb"),
            files={"claims": CLAIMS.as_posix()},
            parameters={
                "sweeps": self.panels(),
                "held": self.section.held,
                "name": self.name,
                "heading": self.heading,
            },
        )


def _rising(values: list[Value]) -> list[Value]:
    """Each value once; lists of widths by their length first."""
    once = [value for at, value in enumerate(values) if value not in values[:at]]
    return sorted(once, key=lambda one: (len(one), *one) if isinstance(one, list) else (one,))


EXPERIMENT = Figure6
