"""What an experiment is: the runs, tables and figures behind one section of the configuration.

An experiment is one file that binds `EXPERIMENT`, found by the name that a section under
`figures` gives it: a module of this room, or the path of a Python file of your own. The workflow,
DVC's stages and the report ask it what there is to make. It knows its own section, the agents'
settings and the seeds, and nothing else of the configuration.
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
from mbmf.method.imitation import ExpertSettings, ImitationRunSettings
from mbmf.method.trpo import TrpoRunSettings

EXPERIMENTS = Door("experiment", "mbmf.experiments", "EXPERIMENT")


def no_duplicates(values: list[Any]) -> list[Any]:
    """`values`, if each stands once."""
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
    """What every experiment's section may hold. An agent is one that has settings."""

    seeds: Seeds | None = Field(
        default=None, description="of its runs; those of the whole configuration, if not given"
    )


S = TypeVar("S", bound=Settings)


class SectionError(ValueError):
    """A section that does not go with the agents' settings.

    Attributes:
        keys: of what is wrong, from the section on.
    """

    def __init__(self, keys: Sequence[int | str], message: str) -> None:
        super().__init__(message)
        self.keys = tuple(keys)


@dataclass(frozen=True)
class Files:
    """One file of each of some runs: "curve", "errors", ..., as the run's rule names it."""

    runs: Sequence[Run]
    file: str


@dataclass(frozen=True)
class Tables:
    """A job that makes tables. Paths are relative to the scale's results.

    Attributes:
        rule: name of the job.
        outputs: name and path of each file that it makes.
        inputs: name of each input: files of runs, or the path of another job's table.
        command: what the shell is told, with {input.NAME}, {output.NAME} and {settings}.
        code: modules, or Python files, that decide what comes out.
        settings: handed to the command, as JSON.
    """

    rule: str
    outputs: Mapping[str, str]
    inputs: Mapping[str, Files | str]
    command: str
    code: Sequence[str]
    settings: str = ""


@dataclass(frozen=True)
class Drawing:
    """The job that draws an experiment's figures, by executing a notebook.

    Attributes:
        tables: name of the notebook's parameter and path of each table, below the results.
        figures: name of each figure, and of its caption in `workflow/report`.
        code: modules, or Python files, that draw.
        notebook: its path.
        files: further parameters that name files of the repository.
        parameters: further parameters of the notebook.
    """

    tables: Mapping[str, str]
    figures: Mapping[str, str]
    code: Sequence[str]
    notebook: Path
    files: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Experiment(Generic[S]):
    """One section of the configuration, and all that is made for it.

    Attributes:
        name: of the section; of its table, figure and notebook as well.
        section: as `Section` of the class has checked it.
        agents: settings of each agent.
        seeds: of its runs.
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
        """What its figures are called: "Figure 6"."""
        return self.name.replace("_", " ").capitalize()

    @property
    def title(self) -> str:
        """Heading and subject."""
        return f"{self.heading}: {self.subject}"

    def check(self) -> None:
        """Compare the section with the agents' settings.

        Raises:
            SectionError: they do not go together.
        """

    def curves(self) -> Sequence[Run]:
        """The runs whose curves stand in its table; of an experiment with tables of its own, none.

        Each run stands once.
        """
        return []

    def tables(self) -> list[Tables]:
        """The jobs that make its tables, each after those that it needs."""
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
        """The job that draws its figures: one, by `draw`, if it has no notebook of its own."""
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
        """The figure.

        Args:
            table: tidy curves of `curves`.
            heading: that the title begins with.
            scale: to be named in the title.
        """
        raise NotImplementedError

    def clips(self) -> dict[str, TrpoRun]:
        """Name of each clip of a gait, and the last of the runs that it shows."""
        return {}

    def shown_in(self) -> dict[str, str]:
        """The figure that shows each table, by the table's name; the first one, if not told."""
        first = next(iter(self.drawing().figures))
        return dict.fromkeys(self.table_files(), first)

    def table_files(self) -> dict[str, str]:
        """Path of each table below the results, by its name."""
        outputs = [path for job in self.tables() for path in job.outputs.values()]
        return {
            Path(path).stem: path for path in outputs if Path(path).suffix in (".csv", ".parquet")
        }

    def asked_for(self) -> list[Run]:
        """The runs whose files its tables and clips are made from."""
        inputs = [one for job in self.tables() for one in job.inputs.values()]
        files = [one for one in inputs if isinstance(one, Files)]
        return [*(run for one in files for run in one.runs), *self.clips().values()]

    def runs(self) -> list[ModelBasedRun | ImitationRun | TrpoRun]:
        """The runs that it shows, each once."""
        shown = [run.source if isinstance(run, OpenLoopRun) else run for run in self.asked_for()]
        return list({identity(run): run for run in shown}.values())

    def model_based(
        self, agent: str, seed: int, parameter: str | None = None, value: Any = None
    ) -> ModelBasedRun:
        """A run of Algorithm 1 with the agent's own settings, or one parameter changed."""
        settings = self.agents[agent].model_based
        if parameter is not None:
            settings = settings.replaced(parameter, value)
        return ModelBasedRun(agent, settings, seed, self._task(agent))

    def imitation(self, agent: str, seed: int) -> ImitationRun:
        """Imitation of the controller that the agent's own run of Algorithm 1 ends with."""
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
