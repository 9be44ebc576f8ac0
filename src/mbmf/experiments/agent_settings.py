"""An agent's settings for each method, from the section `agents` of the configuration."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mbmf.agents import task_source
from mbmf.base.errors import InputError
from mbmf.base.settings import Settings
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ImitationSettings
from mbmf.method.policy import PolicySettings
from mbmf.method.trpo import TrpoSettings


class AgentConfiguration(Settings):
    """One agent's settings for each method."""

    task: str = Field(description="what it learns to do; the agent's name, if not given")
    model_based: ModelBasedSettings
    policy: PolicySettings = PolicySettings()
    imitation: ImitationSettings
    fine_tuning: TrpoSettings = Field(description="TRPO from the imitation policy (Mb-Mf)")
    model_free: TrpoSettings = Field(description="TRPO from a random policy (Mf)")

    @model_validator(mode="after")
    def _same_episodes(self) -> AgentConfiguration:
        steps = self.model_based.aggregation.steps
        for name in ("fine_tuning", "model_free"):
            found = getattr(self, name).episode_steps
            if found != steps:
                raise PydanticCustomError(
                    "episode",
                    "{name}.episode_steps ({found}) must be model_based.aggregation.steps "
                    "({steps}): returns of episodes of another length do not compare",
                    {"name": name, "found": found, "steps": steps},
                )
        return self


def wrong_task(task: str, name: object) -> str | None:
    """What is wrong with a task, in one line: there is none, or one of your own does not fit.

    Args:
        task: its name, or the path of a Python file.
        name: name of the agent.
    """
    try:
        task_source(task)
    except InputError as error:
        return str(error)
    if not task.endswith(".py"):
        return None
    # Imported here, because shipped tasks need no check.
    from mbmf.agents.task_check import wrong_with

    return wrong_with(task, str(name))
