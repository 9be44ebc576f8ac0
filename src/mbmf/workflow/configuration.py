"""Configuration: read from YAML files, merged, and checked before anything is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, NamedTuple

from pydantic import Field, ValidationError

from mbmf.base.errors import InputError, printable
from mbmf.base.settings import Settings
from mbmf.dyna.settings import DynaSettings
from mbmf.experiments.agent_settings import AgentConfiguration, wrong_task
from mbmf.experiments.experiment import EXPERIMENTS, Experiment, SectionError, Seeds
from mbmf.storage.yaml_files import read_yaml

Keys = tuple[int | str, ...]
Layers = Sequence[tuple[str, dict[str, Any]]]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]

# The experiment whose section stands beside `figures`, not in it.
DYNA = "dyna"


class _Content(Settings):
    """What the files hold. Sections under `figures` are checked by their experiments."""

    scale: Name
    seeds: Seeds
    agents: dict[Name, AgentConfiguration]
    figures: dict[Name, dict[str, Any]]
    dyna: DynaSettings | None = None


@dataclass(frozen=True)
class Configuration:
    """All that the workflow is told.

    Attributes:
        scale: name of the folder of results.
        seeds: of all experiments that name none of their own.
        agents: settings of each agent, by its name.
        experiments: what is made, by the name of the section.
    """

    scale: str
    seeds: list[int]
    agents: Mapping[str, AgentConfiguration]
    experiments: Mapping[str, Experiment[Any]]


class _Problem(NamedTuple):
    """Something wrong: where, and what."""

    keys: Keys
    message: str


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """`overlay` laid over `base`: mappings merge key by key, everything else is replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def load_configuration(paths: Sequence[Path]) -> Configuration:
    """Read files, each laid over those before, and check the result.

    Raises:
        InputError: one line per problem, naming file, key, and what is allowed.
    """
    layers = [(str(path), read_yaml(path)) for path in paths]
    return check_configuration(layers)


def check_configuration(layers: Layers) -> Configuration:
    """As `load_configuration`, from (name, content) of each layer."""
    merged: dict[str, Any] = {}
    for _, content in layers:
        merged = merge(merged, content)
    tasks = _unknown_tasks(merged)
    problems = [*tasks, *_of_content(merged, tasks)]
    # Where the agents are wrong, whether a section names one of them cannot be told.
    known = None if any(problem.keys[:1] == ("agents",) for problem in problems) else merged
    _refuse(layers, [*_of_sections(merged, _mapping(known or {}, "agents")), *problems])
    checked = _Content.model_validate(_with_tasks(merged))
    sections: dict[str, dict[str, Any]] = dict(checked.figures)
    if checked.dyna is not None:
        sections[DYNA] = merged[DYNA]
    experiments = {}
    for name, found in sections.items():
        kind, rest = _split(name, found)
        section = kind.Section.model_validate(rest, context={"agents": checked.agents})
        experiments[name] = kind(name, section, checked.agents, checked.seeds)
    _refuse(layers, _of_experiments(experiments))
    return Configuration(checked.scale, checked.seeds, checked.agents, experiments)


def _refuse(layers: Layers, problems: Sequence[_Problem]) -> None:
    """Tell all problems, a line each, if there are any."""
    if problems:
        lines = [
            f"{_source(layers, keys)}: {_dotted(keys) or 'the whole file'}: {message}"
            for keys, message in problems
        ]
        raise InputError("\n".join(dict.fromkeys(lines)))


def _mapping(content: Mapping[str, Any], key: str) -> dict[Any, Any]:
    """What stands under a key, if it is a mapping; else nothing, and that is refused elsewhere."""
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _with_tasks(content: dict[str, Any]) -> dict[str, Any]:
    """Each agent with its task, which is called as the agent is where it is not given."""
    agents = content.get("agents")
    if not isinstance(agents, dict):
        return content
    filled = {
        name: {"task": name, **own} if isinstance(own, dict) else own
        for name, own in agents.items()
    }
    return {**content, "agents": filled}


def _unknown_tasks(content: dict[str, Any]) -> list[_Problem]:
    """Agents whose task there is not."""
    problems = []
    for name, own in _mapping(content, "agents").items():
        given = isinstance(own, dict) and "task" in own
        task = own["task"] if given else name
        if isinstance(task, str) and (wrong := wrong_task(task, name)):
            keys = (name, "task") if given else (name,)
            problems.append(_Problem(("agents", *keys), wrong))
    return problems


def _of_content(content: dict[str, Any], tasks: Sequence[_Problem]) -> list[_Problem]:
    """Problems of all but the sections under `figures`."""
    try:
        _Content.model_validate(_with_tasks(content))
    except ValidationError as error:
        # What an agent that there is none of lacks is no help.
        unknown = [problem.keys[:2] for problem in tasks if len(problem.keys) == 2]
        return [
            _problem(details, _Content, ())
            for details in error.errors()
            if details["loc"][:2] not in unknown
        ]
    return []


def _of_sections(content: dict[str, Any], agents: Mapping[str, Any]) -> list[_Problem]:
    """Problems of the sections under `figures`, by themselves.

    Args:
        content: of the files.
        agents: that a section may name; any, if it is empty.
    """
    problems = []
    for name, found in _mapping(content, "figures").items():
        if not isinstance(name, str) or not isinstance(found, dict):
            continue  # refused already
        where: Keys = ("figures", name)
        if name == DYNA:
            problems.append(_Problem(where, f"{DYNA} stands beside figures, not in it"))
            continue
        try:
            kind, section = _split(name, found)
        except InputError as error:
            keys = (*where, "experiment") if "experiment" in found else where
            problems.append(_Problem(keys, str(error)))
            continue
        try:
            kind.Section.model_validate(section, context={"agents": agents})
        except ValidationError as error:
            problems += [_problem(details, kind.Section, where) for details in error.errors()]
    return problems


def _of_experiments(experiments: Mapping[str, Experiment[Any]]) -> list[_Problem]:
    """Sections that do not go with the agents' settings."""
    problems = []
    for name, experiment in experiments.items():
        try:
            experiment.check()
        except SectionError as error:
            where: Keys = (DYNA,) if name == DYNA else ("figures", name)
            problems.append(_Problem((*where, *error.keys), str(error)))
    return problems


def _split(name: str, section: dict[str, Any]) -> tuple[type[Experiment[Any]], dict[str, Any]]:
    """The experiment that a section names, or is called as, and the rest of the section.

    Raises:
        InputError: there is no such experiment.
    """
    rest = {key: value for key, value in section.items() if key != "experiment"}
    named = section.get("experiment", name)
    if not isinstance(named, str):
        raise InputError(f"should be the name of an experiment (found {printable(repr(named))})")
    kind: type[Experiment[Any]] = EXPERIMENTS.load(named)
    return kind, rest


def _problem(details: Any, model: type[Settings], where: Keys) -> _Problem:
    """One of pydantic's errors.

    Args:
        details: pydantic's.
        model: that found it.
        where: keys above the model's own.
    """
    keys = tuple(key for key in details["loc"] if key != "[key]")
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] == "extra_forbidden":
        allowed = _fields(model, keys[:-1])
        if where and len(keys) == 1:
            allowed.append("experiment")
        message = f"unknown key; allowed here: {', '.join(allowed)}"
    elif details["type"] == "missing":
        message = "missing; it must be set"
    elif not isinstance(details["input"], dict | list):
        found = details["input"]
        shown = printable(repr(found) if isinstance(found, str) else found)
        message += f" (found {shown})"
    return _Problem((*where, *keys), message)


def _fields(model: Any, keys: Keys) -> list[str]:
    """The keys that are allowed below `keys` of a model."""
    for key in keys:
        # A key of a model is one of its fields, that of a list or dict leads to what it holds.
        fields = getattr(model, "model_fields", None)
        model = fields[key].annotation if fields else model.__args__[-1]
        if isinstance(model, UnionType):  # a section that may be left out
            model = model.__args__[0]
    return list(model.model_fields)


def _dotted(keys: Sequence[int | str]) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{printable(key)}" for key in keys)
    return text.removeprefix(".")


def _source(layers: Layers, keys: Sequence[int | str]) -> str:
    """Name of the layer that set the deepest part of `keys`, the last one if several did."""

    def depth(layer: tuple[str, Any]) -> int:
        content = layer[1]
        for level, key in enumerate(keys):
            if not isinstance(content, dict):
                break  # replaces all that lay here before, what is missing in it too
            if key not in content:
                return level
            content = content[key]
        return len(keys)

    name: str = max(reversed(layers), key=depth)[0]
    return name
