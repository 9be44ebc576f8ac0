"""Interface of an experiment: the runs, tables and figures of one section of the configuration.

An experiment is one file that binds `EXPERIMENT`. A section under `figures` names it: by a module
of this package, or by the path of your own Python file. The workflow, DVC's stages and the report
get from it what they must make. It knows its own section, the agents' settings and the seeds, but
nothing else of the configuration.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pandas as pd
from matplotlib.figure import Figure
from pydantic import AfterValidator, Field, NonNegativeInt, ValidationInfo
from pydantic_core import PydanticCustomError

from mbmf.base.doors import Door
from mbmf.base.settings import Settings
from mbmf.experiments.agent_settings import AgentConfiguration
from mbmf.experiments.runs import (
    ImitationRun,
    ModelBasedRun,
    OpenLoopRun,
    Run,
    TrpoRun,
    defaults_left_out,
    identity,
)
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ExpertSettings, ImitationRunSettings
from mbmf.method.trpo import TrpoRunSettings

EXPERIMENTS = Door("experiment", "mbmf.experiments", "EXPERIMENT")


def no_duplicates(values: list[Any]) -> list[Any]:
    """`values` itself; raises an error if a value is listed twice."""
    twice = [value for index, value in enumerate(values) if value in values[:index]]
    if twice:
        raise PydanticCustomError(
            "duplicate", "{value} is listed twice; each may stand once", {"value": twice[0]}
        )
    return values


def _configured_agent(name: str, info: ValidationInfo) -> str:
    known = (info.context or {}).get("agents")
    if known and name not in known:
        raise PydanticCustomError(
            "unknown_agent",
            "unknown agent; should be one of {known}",
            {"known": ", ".join(map(str, known))},
        )
    return name


Seeds = Annotated[
    list[Annotated[NonNegativeInt, Field(lt=2**32)]],
    Field(min_length=1, max_length=1000),
    AfterValidator(no_duplicates),
]
AgentName = Annotated[str, AfterValidator(_configured_agent)]
AgentNames = Annotated[list[AgentName], Field(min_length=1), AfterValidator(no_duplicates)]


class FigureSection(Settings):
    """Keys that every experiment's section may hold."""

    seeds: Seeds | None = Field(
        default=None, description="of its runs; those of the whole configuration, if not given"
    )


S = TypeVar("S", bound=Settings)


class SectionError(ValueError):
    """A section that does not fit the agents' settings.

    Attributes:
        keys: path of the wrong key, below the section.
    """

    def __init__(self, keys: Sequence[int | str], message: str) -> None:
        super().__init__(message)
        self.keys = tuple(keys)


@dataclass(frozen=True)
class Files:
    """The same file of several runs. `file` is its name in the runs' rule, such as "curve"."""

    runs: Sequence[Run]
    file: str


@dataclass(frozen=True)
class Tables:
    """A job that makes tables. Paths are relative to the scale's results.

    Attributes:
        rule: name of the job.
        outputs: name and path of each file that the job makes.
        inputs: inputs by name: files of runs, or the path of another job's table.
        command: shell command, with {input.NAME}, {output.NAME} and {settings}.
        code: modules or Python files on which the outputs depend.
        settings: settings for the command, as JSON.
        group: of one of several jobs, as for each agent and seed: their outputs are all that
            the folders `<part>/<group>` hold, where part is the first of a path: runs, data, clips.
    """

    rule: str
    outputs: Mapping[str, str]
    inputs: Mapping[str, Files | str]
    command: str
    code: Sequence[str]
    settings: str = ""
    group: str = ""

    @property
    def place(self) -> str:
        """Path of the job's record, log and benchmark in their folders, without suffix."""
        return f"{self.group}/{self.rule}" if self.group else self.rule


@dataclass(frozen=True)
class Drawing:
    """The job that draws an experiment's figures by executing a notebook.

    Attributes:
        tables: for each table, the notebook's parameter and the path below the results.
        figures: for each figure, its name and the name of its caption in `workflow/report`.
        code: modules or Python files that draw.
        notebook: path of the notebook.
        files: further parameters of the notebook that name files of the repository.
        parameters: other parameters of the notebook.
    """

    tables: Mapping[str, str]
    figures: Mapping[str, str]
    code: Sequence[str]
    notebook: Path
    files: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Experiment(Generic[S]):
    """One section of the configuration, with its runs, tables, figures and clips.

    Attributes:
        name: name of the section, and of its table, figure and notebook.
        section: the section, an instance of the class's `Section`.
        agents: settings of each agent.
        seeds: seeds of the runs.
    """

    Section: ClassVar[type[Settings]] = FigureSection
    subject: ClassVar[str]

    def __init__(
        self,
        name: str,
        section: S,
        agents: Mapping[str, AgentConfiguration],
        seeds: Sequence[int],
    ) -> None:
        self.name, self.section, self.agents = name, section, agents
        self.seeds: list[int] = list(getattr(section, "seeds", None) or seeds)

    @property
    def heading(self) -> str:
        """Name of the figures in titles, such as "Figure 6"."""
        return self.name.replace("_", " ").capitalize()

    @property
    def title(self) -> str:
        """Heading and subject."""
        return f"{self.heading}: {self.subject}"

    def check(self) -> None:
        """Check the section against the agents' settings.

        Raises:
            SectionError: the section does not fit them.
        """

    def curves(self) -> Sequence[Run]:
        """The runs whose learning curves form the table, each once.

        An experiment that overrides `tables` may have none.
        """
        return []

    def tables(self) -> list[Tables]:
        """The jobs that make the tables; a job comes after those whose tables it reads."""
        runs = self.curves()
        defaults = defaults_left_out(runs)
        return [
            Tables(
                f"{self.name}_table",
                {"table": f"tables/{self.name}.csv"},
                {"curves": Files(runs, "curve")},
                "mbmf tabulate {input.curves:q} --output {output.table:q}"
                + (" --defaults {settings:q}" if defaults else ""),
                ["mbmf.storage.tables"],
                json.dumps(defaults) if defaults else "",
            )
        ]

    def drawing(self) -> Drawing:
        """The job that draws the figures; by default one figure, which `draw` draws."""
        file = os.path.relpath(inspect.getfile(type(self)))
        return Drawing(
            {"table": f"tables/{self.name}.csv"},
            {self.name: "figure"},
            [file],
            Path("workflow/notebooks/experiment.ipynb"),
            parameters={"experiment": file, "name": self.name, "heading": self.heading},
        )

    @staticmethod
    def draw(table: pd.DataFrame, heading: str, scale: str) -> Figure:
        """Draw the figure.

        Args:
            table: tidy learning curves of the runs in `curves`.
            heading: first words of the title.
            scale: name of the scale, for the title.
        """
        raise NotImplementedError

    def clips(self) -> dict[str, TrpoRun]:
        """Name of each clip, and the last of the runs that the clip shows."""
        return {}

    def shown_in(self) -> dict[str, str]:
        """The figure that shows each table, by the table's name; by default the first figure."""
        first = next(iter(self.drawing().figures))
        return dict.fromkeys(self.table_files(), first)

    def table_files(self) -> dict[str, str]:
        """Path of each table below the results, by its name."""
        outputs = [path for job in self.tables() for path in job.outputs.values()]
        return {
            Path(path).stem: path for path in outputs if Path(path).suffix in (".csv", ".parquet")
        }

    def asked_for(self) -> list[Run]:
        """The runs from whose files the tables and clips are made."""
        inputs = [one for job in self.tables() for one in job.inputs.values()]
        files = [one for one in inputs if isinstance(one, Files)]
        return [*(run for one in files for run in one.runs), *self.clips().values()]

    def runs(self) -> list[ModelBasedRun | ImitationRun | TrpoRun]:
        """The runs that the experiment shows, each once."""
        shown = [run.source if isinstance(run, OpenLoopRun) else run for run in self.asked_for()]
        return list({identity(run): run for run in shown}.values())

    def model_based(
        self, agent: str, seed: int, settings: ModelBasedSettings | None = None
    ) -> ModelBasedRun:
        """A run of Algorithm 1, with the agent's own settings if none are given."""
        own = self.agents[agent].model_based
        return ModelBasedRun(agent, settings or own, seed, self._task(agent))

    def imitation(self, agent: str, seed: int) -> ImitationRun:
        """Imitation of the final controller of the agent's own run of Algorithm 1."""
        own = self.agents[agent]
        settings = ImitationRunSettings(
            expert=ExpertSettings(
                planning=own.model_based.planning, steps=own.model_based.aggregation.steps
            ),
            policy=own.policy,
            imitation=own.imitation,
        )
        return ImitationRun(self.model_based(agent, seed), settings)

    def model_free(self, agent: str, seed: int) -> TrpoRun:
        """TRPO from a random policy (Mf)."""
        own = self.agents[agent]
        settings = TrpoRunSettings(policy=own.policy, trpo=own.model_free)
        return TrpoRun(agent, settings, seed, None, self._task(agent))

    def fine_tuning(self, agent: str, seed: int) -> TrpoRun:
        """TRPO from the imitation policy (Mb-Mf)."""
        own = self.agents[agent]
        settings = TrpoRunSettings(policy=own.policy, trpo=own.fine_tuning)
        return TrpoRun(agent, settings, seed, self.imitation(agent, seed), self._task(agent))

    def _task(self, agent: str) -> str:
        task = self.agents[agent].task
        return "" if task == agent else task


def shown_tables(experiments: Mapping[str, Experiment[Any]]) -> dict[str, tuple[str, str]]:
    """Experiment and figure that show each table, by the table's name."""
    return {
        table: (name, figure)
        for name, experiment in experiments.items()
        for table, figure in experiment.shown_in().items()
    }


def shown_clips(experiments: Mapping[str, Experiment[Any]]) -> dict[str, dict[str, str]]:
    """Of each experiment with clips, the name of the clip that shows each agent."""
    return {
        name: {run.agent: clip for clip, run in experiment.clips().items()}
        for name, experiment in experiments.items()
        if experiment.clips()
    }
