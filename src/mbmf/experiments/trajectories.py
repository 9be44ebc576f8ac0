"""Trajectory following: one model of random data alone, and a path as the planner's reward."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from mbmf.agents import get_agent, task_source
from mbmf.agents.paths.base import PATHS, Trajectories, get_trajectories
from mbmf.base.errors import InputError
from mbmf.base.settings import NonNegativeNumber, PositiveInteger, Settings
from mbmf.experiments.experiment import (
    AgentNames,
    Drawing,
    Experiment,
    FigureSection,
    SectionError,
    Tables,
)
from mbmf.method.doors import planning_sources
from mbmf.method.following import FollowingSettings

PARTS = ("random_data", "dynamics", "planning")


class Following(Settings):
    """How one agent learns its model and follows paths; what is left out is the agent's own."""

    paths: str = Field(
        default="",
        description="a file of mbmf.agents.paths or the path of a Python file; if not given, the "
        "file with the agent's name",
    )
    random_data: dict[str, Any] = Field(default={}, description="in place of the agent's own")
    dynamics: dict[str, Any] = Field(default={}, description="in place of the agent's own")
    planning: dict[str, Any] = Field(default={}, description="in place of the agent's own")
    action_noise: NonNegativeNumber = Field(
        default=0.0, description="standard deviation of the noise on executed actions"
    )


class TrajectoriesSection(FigureSection):
    """Trajectory following."""

    agents: AgentNames
    steps: PositiveInteger = Field(description="most steps of a rollout along a path")
    settings: dict[str, Following] = Field(default={}, description="by agent")


class TrajectoryFollowing(Experiment[TrajectoriesSection]):
    """For each agent and seed one model, which follows all paths of the agent."""

    Section = TrajectoriesSection
    subject = "following with one model"

    def check(self) -> None:
        """Check the settings of each agent, and that its paths go with it."""
        for agent in self.section.settings:
            if agent not in self.agents:
                known = ", ".join(self.agents)
                raise SectionError(["settings", agent], f"unknown agent; should be one of {known}")
        for agent in self.section.agents:
            try:
                self._following(agent)
            except ValidationError as error:
                first = error.errors()[0]
                key = [str(part) for part in first["loc"]]
                raise SectionError(["settings", agent, *key], first["msg"]) from None
            try:
                self._trajectories(agent)
            except InputError as error:
                given = self._own(agent).paths
                keys = ["settings", agent, "paths"] if given else ["agents"]
                more = "" if given else f", at settings.{agent}.paths"
                raise SectionError(keys, f"{error}{more}") from None

    def _own(self, agent: str) -> Following:
        return self.section.settings.get(agent, Following())

    def _paths(self, agent: str) -> str:
        return self._own(agent).paths or agent

    def _trajectories(self, agent: str) -> Trajectories:
        spec = get_agent(self.agents[agent].task, agent)
        return get_trajectories(self._paths(agent), spec)

    def _following(self, agent: str) -> FollowingSettings:
        """Settings of an agent's jobs."""
        base, own = self.agents[agent].model_based.model_dump(), self._own(agent)
        return FollowingSettings.model_validate(
            {part: base[part] | getattr(own, part) for part in PARTS}
            | {"steps": self.section.steps, "action_noise": own.action_noise}
        )

    def _job(self, agent: str, seed: int) -> Tables:
        """The job of an agent and a seed: its model, and all of its paths."""
        following, paths, task = self._following(agent), self._paths(agent), self._task(agent)
        folder = f"runs/{self.name}/agent~{agent}/seed~{seed}"
        return Tables(
            f"{self.name}_{agent}_{seed}",
            # A name that ends like the second is not compared between runs.
            {
                "table": f"{folder}/{self.name}_{agent}_{seed}.parquet",
                "rollouts": self._rollouts(agent, seed),
                "provenance": f"{folder}/following_provenance.json",
            },
            {},
            f"mbmf follow {self._told(agent)} --settings {{settings:q}} --seed {seed}"
            " --output {output.table:q} --rollouts {output.rollouts:q}"
            " --provenance {output.provenance:q}",
            [
                "mbmf.steps.following",
                task_source(task or agent),
                PATHS.source(paths),
                *planning_sources(following.planning.planner, following.dynamics.model),
            ],
            following.model_dump_json(exclude_defaults=True),
            self.name,
        )

    def _told(self, agent: str) -> str:
        """Options of the commands that say which agent and paths they are about."""
        task = self._task(agent)
        return (
            f"--agent {agent}"
            + (f" --task {shlex.quote(task)}" if task else "")
            + f" --paths {shlex.quote(self._paths(agent))}"
        )

    def _rollouts(self, agent: str, seed: int) -> str:
        """Path of the rollouts of an agent and a seed."""
        return f"data/{self.name}/agent~{agent}/seed~{seed}.safetensors"

    def _clip(self, agent: str) -> Tables:
        """The job that draws an agent's rollouts of the first seed."""
        return Tables(
            f"{self.name}_{agent}_clip",
            {"clip": f"clips/{self.name}/{agent}.webp"},
            {"rollouts": self._rollouts(agent, self.seeds[0])},
            f"mbmf path-clip {self._told(agent)} --rollouts {{input.rollouts:q}}"
            " --output {output.clip:q}",
            [
                "mbmf.steps.draw_following",
                task_source(self._task(agent) or agent),
                PATHS.source(self._paths(agent)),
            ],
            group=self.name,
        )

    def tables(self) -> list[Tables]:
        """A table for each agent and seed, a table of all of them, and a clip for each agent."""
        jobs = [self._job(agent, seed) for agent in self.section.agents for seed in self.seeds]
        inputs = {job.rule: job.outputs["table"] for job in jobs}
        whole = Tables(
            f"{self.name}_table",
            {"table": f"tables/{self.name}.parquet"},
            dict(inputs),
            f"mbmf tabulate {' '.join(f'{{input.{name}:q}}' for name in inputs)}"
            " --output {output.table:q}",
            ["mbmf.storage.tables"],
        )
        return [*jobs, whole, *map(self._clip, self.section.agents)]

    def drawing(self) -> Drawing:
        """A panel for each agent and path."""
        paths = {
            agent: {
                name: [list(point) for point in path.way_points]
                for name, path in self._trajectories(agent).paths.items()
            }
            for agent in self.section.agents
        }
        axes = {agent: list(self._trajectories(agent).position) for agent in self.section.agents}
        return Drawing(
            {"table": f"tables/{self.name}.parquet"},
            {self.name: "trajectories"},
            ["mbmf.figures.trajectories"],
            Path("workflow/notebooks/trajectories.ipynb"),
            parameters={"paths": paths, "axes": axes, "name": self.name, "heading": self.heading},
        )


EXPERIMENT = TrajectoryFollowing
