"""Figure 5: divergence of open-loop predictions from true rollouts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from mbmf.agents import get_agent
from mbmf.base.settings import PositiveInteger
from mbmf.experiments.experiment import (
    AgentName,
    Drawing,
    Experiment,
    FigureSection,
    Files,
    SectionError,
    Tables,
)
from mbmf.experiments.runs import OpenLoopRun


class Figure5Section(FigureSection):
    """Rollout divergence."""

    agent: AgentName
    steps: PositiveInteger = Field(description="length of the open-loop prediction")
    starts: PositiveInteger = Field(description="start states for the error curve, per rollout set")
    elements: Annotated[list[str], Field(min_length=6)] = Field(
        description="state elements shown, a panel each"
    )


class Figure5(Experiment[Figure5Section]):
    """One run with the agent's own settings for each seed."""

    Section = Figure5Section
    subject = "rollout divergence"

    def check(self) -> None:
        """Check that the agent has the state elements, and that its rollouts are long enough."""
        own, section = self.agents[self.section.agent], self.section
        known = get_agent(own.task).state_names
        for element in section.elements:
            if element not in known:
                raise SectionError(
                    [],  # either the agent or the elements can be wrong, so no key is named
                    f"elements: {section.agent} has no state element {element}; should be one of "
                    f"{', '.join(known)}",
                )
        longest = min(own.model_based.random_data.steps, own.model_based.aggregation.steps)
        if section.steps > longest:
            raise SectionError(
                ["steps"],
                f"at most {longest}, the shorter of {section.agent}'s random_data.steps and "
                f"aggregation.steps (found {section.steps})",
            )

    def predictions(self) -> list[OpenLoopRun]:
        """Open-loop predictions of the run of each seed."""
        section = self.section
        experiment = "" if self.name == "figure_5" else self.name
        return [
            OpenLoopRun(
                self.model_based(section.agent, seed), section.steps, section.starts, experiment
            )
            for seed in self.seeds
        ]

    def tables(self) -> list[Tables]:
        """Errors of many predictions, and one trajectory of each seed."""
        predictions = self.predictions()
        outputs = {
            "errors": f"tables/{self.name}_errors.parquet",
            "trajectories": f"tables/{self.name}_trajectories.parquet",
        }
        return [
            Tables(
                f"{self.name}_tables",
                outputs,
                {
                    "errors": Files(predictions, "errors"),
                    "trajectories": Files(predictions, "trajectory"),
                },
                "mbmf tabulate {input.errors:q} --output {output.errors:q} &&"
                " mbmf tabulate {input.trajectories:q} --output {output.trajectories:q}",
                ["mbmf.storage.tables"],
            )
        ]

    def drawing(self) -> Drawing:
        """One rollout, and the error against the number of steps."""
        (job,) = self.tables()
        return Drawing(
            job.outputs,
            {f"{self.name}_{part}": f"figure_5_{part}" for part in ("rollout", "error")},
            ["mbmf.figures.figure_5"],
            Path("workflow/notebooks/figure_5.ipynb"),
            parameters={
                "elements": self.section.elements,
                "name": self.name,
                "heading": self.heading,
            },
        )

    def shown_in(self) -> dict[str, str]:
        """One figure shows the errors, and the other shows the trajectories of one seed."""
        return {
            f"{self.name}_errors": f"{self.name}_error",
            f"{self.name}_trajectories": f"{self.name}_rollout",
        }


EXPERIMENT = Figure5
