"""Figure 9: planners and models that came after the paper, under the paper's Algorithm 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from mbmf.base.settings import PositiveInteger, Settings
from mbmf.experiments.experiment import (
    AgentNames,
    Drawing,
    Experiment,
    FigureSection,
    Files,
    SectionError,
    Tables,
    no_duplicates,
)
from mbmf.experiments.runs import ModelBasedRun
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.models.base import DynamicsSettings
from mbmf.method.planners.base import PlanningSettings

COLUMNS = ("kind", "agent", "seed", "iteration", "env_steps", "return")
# Settings that tell the methods apart, whatever else a method sets. A curve leaves out a default.
TELLING = ("planning.planner", "planning.num_samples", "dynamics.model", "dynamics.hidden_layers")
DEFAULTS = {
    "planning.planner": PlanningSettings.model_fields["planner"].default,
    "dynamics.model": DynamicsSettings.model_fields["model"].default,
}


class Method(Settings):
    """A planner and a model, with one or more numbers of sequences K."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 +,×.-]*$")]
    agents: AgentNames | None = Field(default=None, description="who has it; all, if not given")
    planning: dict[str, Any] = Field(default={}, description="in place of the agent's own settings")
    dynamics: dict[str, Any] = Field(default={}, description="in place of the agent's own settings")
    num_samples: Annotated[
        list[PositiveInteger],
        Field(min_length=1, max_length=100),
        AfterValidator(no_duplicates),
    ]
    drawn: PositiveInteger | None = Field(
        default=None, description="the K whose curve is drawn; the last, if not given"
    )

    @model_validator(mode="after")
    def _drawn_is_run(self) -> Method:
        if self.drawn is not None and self.drawn not in self.num_samples:
            raise ValueError(f"drawn ({self.drawn}) must be one of num_samples")
        return self


class Figure9Section(FigureSection):
    """What came after the paper."""

    agents: AgentNames
    methods: list[Method] = Field(min_length=1, max_length=100)


class Figure9(Experiment[Figure9Section]):
    """Each method with each of its numbers of sequences, for each agent and seed."""

    Section = Figure9Section
    subject = "what came after"

    def check(self) -> None:
        """Check that no method of an agent stands twice, and that its settings are valid."""
        for agent in self.section.agents:
            names = [method.name for method in self._methods(agent)]
            if len(set(names)) < len(names):
                raise SectionError(["methods"], f"{agent} has two methods of one name")
            for index, method in enumerate(self.section.methods):
                if method not in self._methods(agent):
                    continue
                for num_samples in method.num_samples:
                    try:
                        self._settings(agent, method, num_samples)
                    except ValidationError as error:
                        first = error.errors()[0]
                        key = ".".join(map(str, first["loc"]))
                        message = f"with the settings of {agent}: {key}: {first['msg']}"
                        raise SectionError(["methods", index], message) from None

    def _methods(self, agent: str) -> list[Method]:
        return [one for one in self.section.methods if one.agents is None or agent in one.agents]

    def _settings(self, agent: str, method: Method, num_samples: int) -> ModelBasedSettings:
        """Settings of an agent's runs with a method."""
        content = self.agents[agent].model_based.model_dump()
        content["planning"] |= method.planning | {"num_samples": num_samples}
        content["dynamics"] |= method.dynamics
        return ModelBasedSettings.model_validate(content)

    def cells(self) -> list[dict[str, Any]]:
        """What the figure shows of each agent, method and K, and how its rows are told apart."""
        return [
            {
                "agent": agent,
                "method": method.name,
                "num_samples": num_samples,
                "sequences": settings.planning.sequences,
                "drawn": num_samples == (method.drawn or method.num_samples[-1]),
                "settings": {
                    name: settings.flat(defaults=False).get(name, DEFAULTS.get(name))
                    for name in self._telling()
                },
            }
            for agent in self.section.agents
            for method in self._methods(agent)
            for num_samples in method.num_samples
            for settings in [self._settings(agent, method, num_samples)]
        ]

    def _telling(self) -> list[str]:
        """Names of the settings in which methods differ."""
        own = [
            f"{section}.{key}"
            for method in self.section.methods
            for section, content in (("planning", method.planning), ("dynamics", method.dynamics))
            for key in content
        ]
        return list(dict.fromkeys([*TELLING, *own]))

    def curves(self) -> list[ModelBasedRun]:
        """All runs of all methods, each once."""
        return [
            self.model_based(agent, seed, self._settings(agent, method, num_samples))
            for agent in self.section.agents
            for method in self._methods(agent)
            for num_samples in method.num_samples
            for seed in self.seeds
        ]

    @property
    def _times(self) -> str:
        """Path of the measured times. A name that ends like this is not compared between runs."""
        return f"runs/{self.name}/planning_provenance.json"

    def tables(self) -> list[Tables]:
        """The curves of all runs, and apart from them the time of a plan, which is measured."""
        runs = self.curves()
        further = [name for name in self._telling() if name not in TELLING]
        columns = [f"--column {name}" for name in (*COLUMNS, *TELLING)]
        columns += [f"--optional {name}" for name in further]
        return [
            Tables(
                f"{self.name}_table",
                {"table": f"tables/{self.name}.csv"},
                {"curves": Files(runs, "curve")},
                "mbmf tabulate {input.curves:q} --output {output.table:q} --defaults {settings:q} "
                + " ".join(columns),
                ["mbmf.storage.tables"],
                json.dumps(DEFAULTS),
            ),
            Tables(
                f"{self.name}_times",
                {"times": self._times},
                {"curves": Files(runs, "curve"), "provenance": Files(runs, "provenance")},
                "mbmf planning-times {input.provenance:q} --output {output.times:q}"
                " --defaults {settings:q}",
                ["mbmf.steps.planning_times"],
                json.dumps(DEFAULTS),
            ),
        ]

    def drawing(self) -> Drawing:
        """A row for each agent: return against steps, and against sequences.

        The notebook also shows the return against the measured time of a plan. That is no figure of
        its own, because a figure has the same bytes whenever it is drawn.
        """
        return Drawing(
            {"table": f"tables/{self.name}.csv", "times": self._times},
            {self.name: "figure_9"},
            ["mbmf.figures.figure_9"],
            Path("workflow/notebooks/figure_9.ipynb"),
            parameters={"cells": self.cells(), "name": self.name, "heading": self.heading},
        )


EXPERIMENT = Figure9
