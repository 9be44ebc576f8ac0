"""Agents: their interface, the paper's four agents, and a door to your own tasks.

Loading one agent does not import the others, so a run depends on its own agent alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mbmf.agents.spec import AgentSpec
from mbmf.base.doors import Door
from mbmf.base.errors import InputError, printable

__all__ = ["AGENTS", "AgentSpec", "get_agent", "task_source", "title_of"]

_DOOR = Door("task", "mbmf.agents.tasks", "TASK")


def get_agent(task: str, name: str | None = None) -> AgentSpec:
    """An agent by its task.

    Args:
        task: name of a shipped task, or the path of a Python file that binds `TASK`.
        name: name of the agent in the configuration; the task's own name by default.

    Raises:
        InputError: there is no such task, or `TASK` is not an `AgentSpec`. If the name is
            unknown, the message lists the shipped tasks.
    """
    spec = _DOOR.load(task)
    if not isinstance(spec, AgentSpec):
        raise InputError(
            f"{printable(task)}: TASK should be an AgentSpec, is {type(spec).__name__}"
        )
    return replace(spec.renamed(name or spec.name), source=task_source(task))


def task_source(task: str) -> str:
    """Argument that makes `mbmf.storage.code_digest` cover a task: a module's name or a path.

    Raises:
        InputError: there is no such task.
    """
    return _DOOR.source(task)


def title_of(name: str) -> str:
    """Title of an agent in figures; an agent that is not shipped gets its name as title."""
    title = AGENTS[name].title if name in AGENTS else ""
    return title or name.replace("_", " ").capitalize()


class _Shipped(Mapping[str, AgentSpec]):
    """Shipped agents by name. Each is imported when it is looked up."""

    def __getitem__(self, name: str) -> AgentSpec:
        if name not in _DOOR.names():
            raise KeyError(name)
        return get_agent(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_DOOR.names())

    def __len__(self) -> int:
        return len(_DOOR.names())


AGENTS: Mapping[str, AgentSpec] = _Shipped()
"""The agents that are shipped."""
