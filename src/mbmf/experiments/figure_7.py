"""Figure 7: Mb, Mf and Mb-Mf, their sample efficiency, and clips of each agent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from mbmf.base.settings import Settings
from mbmf.experiments.experiment import (
    AgentNames,
    Drawing,
    Experiment,
    FigureSection,
    Files,
    Seeds,
    Tables,
    no_duplicates,
)
from mbmf.experiments.runs import Run, TrpoRun

COLUMNS = ("kind", "agent", "seed", "iteration", "env_steps", "authors_steps", "return")


class AgentSeeds(Settings):
    """Seeds of some agents."""

    agents: AgentNames
    seeds: Seeds


def _each_agent_once(seeds: list[AgentSeeds]) -> list[AgentSeeds]:
    no_duplicates([agent for one in seeds for agent in one.agents])
    return seeds


class Figure7Section(FigureSection):
    """Model-based, model-free, and model-free with model-based initialisation."""

    agents: AgentNames
    agent_seeds: Annotated[list[AgentSeeds], AfterValidator(_each_agent_once)] = Field(
        default=[], description="of the runs of some agents, in place of the section's"
    )


class Figure7(Experiment[Figure7Section]):
    """All three methods for each agent and seed."""

    Section = Figure7Section
    subject = "Mb, Mf and Mb-Mf"

    def seeds_of(self, agent: str) -> list[int]:
        """An agent's seeds."""
        own = [one.seeds for one in self.section.agent_seeds if agent in one.agents]
        return own[0] if own else self.seeds

    def curves(self) -> Sequence[Run]:
        """For each agent and seed: Algorithm 1, imitation, and TRPO from both first policies."""
        pairs = [(agent, seed) for agent in self.section.agents for seed in self.seeds_of(agent)]
        imitated = [self.imitation(agent, seed) for agent, seed in pairs]
        trained = [
            run
            for agent, seed in pairs
            for run in (self.model_free(agent, seed), self.fine_tuning(agent, seed))
        ]
        return [*(run.source for run in imitated), *imitated, *trained]

    @property
    def speedups(self) -> str:
        """Path of the file of speed-ups."""
        return "speedups.json" if self.name == "figure_7" else f"tables/{self.name}_speedups.json"

    def tables(self) -> list[Tables]:
        """The curves of all runs, and the speed-ups."""
        table = f"tables/{self.name}.csv"
        columns = " ".join(f"--column {column}" for column in COLUMNS)
        return [
            Tables(
                f"{self.name}_table",
                {"table": table},
                {"curves": Files(self.curves(), "curve")},
                "mbmf tabulate {input.curves:q} --output {output.table:q} "
                f"{columns} --optional mean_return",
                ["mbmf.storage.tables"],
            ),
            Tables(
                "speedups" if self.name == "figure_7" else f"{self.name}_speedups",
                {"speedups": self.speedups},
                {"table": table},
                "mbmf speedups --table {input.table:q} --output {output.speedups:q}",
                ["mbmf.steps.speedups"],
            ),
        ]

    def drawing(self) -> Drawing:
        """A panel for each agent."""
        return Drawing(
            {"table": f"tables/{self.name}.csv", "speedups": self.speedups},
            {self.name: "figure_7"},
            ["mbmf.figures.figure_7"],
            Path("workflow/notebooks/figure_7.ipynb"),
            files={"plots": "config/authors_plots.yaml"},
            parameters={"name": self.name, "heading": self.heading},
        )

    def clips(self) -> dict[str, TrpoRun]:
        """The Mb-Mf run of each agent with its first seed, because a clip shows a single run."""
        folder = "" if self.name == "figure_7" else f"{self.name}/"
        return {
            f"{folder}{agent}": self.fine_tuning(agent, self.seeds_of(agent)[0])
            for agent in self.section.agents
        }


EXPERIMENT = Figure7
