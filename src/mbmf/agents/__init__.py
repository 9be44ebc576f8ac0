"""Agents: what one is, the paper's four, and a door to tasks of your own.

Asking for one imports no other, so that a run depends on its own agent alone.
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
        task: name of one that is shipped, or the path of a Python file that binds `TASK`.
        name: that the configuration gives the agent; the task's own by default.

    Raises:
        InputError: there is no such task, or it is none; lists those that are shipped.
    """
    spec = _DOOR.load(task)
    if not isinstance(spec, AgentSpec):
        raise InputError(
            f"{printable(task)}: TASK should be an AgentSpec, is {type(spec).__name__}"
        )
    return replace(spec.renamed(name or spec.name), source=task_source(task))


def task_source(task: str) -> str:
    """What `mbmf.storage.code_digest` covers a task by: a module's name, or a file's path.

    Raises:
        InputError: there is no such task.
    """
    return _DOOR.source(task)


def title_of(name: str) -> str:
    """How figures call an agent; one that is not shipped by its name."""
    title = AGENTS[name].title if name in AGENTS else ""
    return title or name.replace("_", " ").capitalize()


class _Shipped(Mapping[str, AgentSpec]):
    """Agents by name; each is imported when it is asked for."""

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
