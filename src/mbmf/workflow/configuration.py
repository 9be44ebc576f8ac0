"""Configuration: read from YAML files, merged, and checked before anything is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, NonNegativeInt, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from mbmf.agents import AGENTS, get_agent
from mbmf.base.errors import InputError, printable
from mbmf.base.settings import PositiveInteger, Settings
from mbmf.dyna.settings import DynaSettings
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.imitation import ImitationSettings
from mbmf.method.policy import PolicySettings
from mbmf.method.trpo import TrpoSettings
from mbmf.storage.yaml_files import read_yaml


def _known_agent(name: str) -> str:
    if name not in AGENTS:
        raise PydanticCustomError(
            "agent", "unknown agent; should be one of {known}", {"known": ", ".join(AGENTS)}
        )
    return name


def _no_duplicates(values: list[Any]) -> list[Any]:
    twice = [value for index, value in enumerate(values) if value in values[:index]]
    if twice:
        raise PydanticCustomError(
            "duplicate", "{value} is listed twice; each may stand once", {"value": twice[0]}
        )
    return values


AgentName = Annotated[str, AfterValidator(_known_agent)]
Seeds = Annotated[
    list[Annotated[NonNegativeInt, Field(lt=2**32)]],
    Field(min_length=1, max_length=1000),
    AfterValidator(_no_duplicates),
]
Values = Annotated[
    list[int | float], Field(min_length=1, max_length=1000), AfterValidator(_no_duplicates)
]


class AgentConfiguration(Settings):
    """One agent's settings for each method."""

    model_based: ModelBasedSettings
    policy: PolicySettings
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


class Figure5Configuration(Settings):
    """Rollout divergence."""

    agent: AgentName
    steps: PositiveInteger = Field(description="length of the open-loop prediction")
    starts: PositiveInteger = Field(description="start states for the error curve, per rollout set")
    elements: list[str] = Field(min_length=6, description="state elements shown, a panel each")

    @model_validator(mode="after")
    def _known_elements(self) -> Figure5Configuration:
        known = get_agent(self.agent).state_names
        for element in self.elements:
            if element not in known:
                raise PydanticCustomError(
                    "element",
                    "elements: {agent} has no state element {element}; should be one of {known}",
                    {"agent": self.agent, "element": element, "known": ", ".join(known)},
                )
        return self


class Sweep(Settings):
    """One parameter varied around an agent's settings."""

    panel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    parameter: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    values: Values


class Figure6Configuration(Settings):
    """Design decisions."""

    agents: Annotated[list[AgentName], Field(min_length=1), AfterValidator(_no_duplicates)]
    sweeps: list[Sweep] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Figure6Configuration:
        _no_duplicates([sweep.panel for sweep in self.sweeps])
        _no_duplicates([sweep.parameter for sweep in self.sweeps])
        return self


class Figure7Configuration(Settings):
    """Model-based, model-free, and one initialised by the other."""

    agents: Annotated[list[AgentName], Field(min_length=1), AfterValidator(_no_duplicates)]
    seeds: Seeds


class FiguresConfiguration(Settings):
    """What each figure shows."""

    figure_5: Figure5Configuration
    figure_6: Figure6Configuration
    figure_7: Figure7Configuration


class Configuration(Settings):
    """All that the workflow is told."""

    scale: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    seeds: Seeds
    agents: dict[AgentName, AgentConfiguration]
    figures: FiguresConfiguration
    dyna: DynaSettings


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


def check_configuration(layers: Sequence[tuple[str, dict[str, Any]]]) -> Configuration:
    """As `load_configuration`, from (name, content) of each layer."""
    merged: dict[str, Any] = {}
    for _, content in layers:
        merged = merge(merged, content)
    try:
        configuration = Configuration.model_validate(merged)
    except ValidationError as error:
        unknown = [e["loc"][:2] for e in error.errors() if e["type"] == "agent"]
        problems = [
            _problem(layers, details)
            for details in error.errors()
            # What an agent that there is none of lacks is no help.
            if details["type"] == "agent" or details["loc"][:2] not in unknown
        ]
        raise InputError("\n".join(dict.fromkeys(problems))) from None
    _check_references(layers, configuration)
    return configuration


def _check_references(
    layers: Sequence[tuple[str, dict[str, Any]]], configuration: Configuration
) -> None:
    """Checks that need several sections: agents that figures name, parameters of sweeps."""
    figures = configuration.figures
    named = [(("figures", "figure_5", "agent"), figures.figure_5.agent)]
    named += [(("figures", "figure_6", "agents"), agent) for agent in figures.figure_6.agents]
    named += [(("figures", "figure_7", "agents"), agent) for agent in figures.figure_7.agents]
    for keys, agent in named:
        if agent not in configuration.agents:
            raise InputError(
                f"{_source(layers, keys)}: {'.'.join(keys)}: {agent} has no settings under "
                f"agents; these have: {', '.join(configuration.agents)}"
            )
    shown = configuration.agents[figures.figure_5.agent].model_based
    longest = min(shown.random_data.steps, shown.aggregation.steps)
    if figures.figure_5.steps > longest:
        keys = ("figures", "figure_5", "steps")
        raise InputError(
            f"{_source(layers, keys)}: {_dotted(keys)}: at most {longest}, the shorter of "
            f"{figures.figure_5.agent}'s random_data.steps and aggregation.steps "
            f"(found {figures.figure_5.steps})"
        )
    for index, sweep in enumerate(figures.figure_6.sweeps):
        for agent in figures.figure_6.agents:
            for value in sweep.values:
                where = ("figures", "figure_6", "sweeps", index)
                try:
                    configuration.agents[agent].model_based.replaced(sweep.parameter, value)
                except ValidationError as error:
                    raise InputError(
                        f"{_source(layers, where)}: {_dotted(where)}: {printable(value)} is "
                        f"no value for {sweep.parameter}: {error.errors()[0]['msg']}"
                    ) from None
                except KeyError as error:
                    raise InputError(
                        f"{_source(layers, where)}: {_dotted(where)}.parameter: {error.args[0]}"
                    ) from None


def _problem(layers: Sequence[tuple[str, dict[str, Any]]], details: ErrorDetails) -> str:
    """One line for one of pydantic's errors."""
    keys = tuple(key for key in details["loc"] if key != "[key]")
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] == "extra_forbidden":
        message = "unknown key" + _neighbours(keys)
    elif details["type"] == "missing":
        message = "missing; it must be set"
    elif not isinstance(details["input"], dict | list):
        found = details["input"]
        shown = printable(repr(found) if isinstance(found, str) else found)
        message += f" (found {shown})"
    return f"{_source(layers, keys)}: {_dotted(keys) or 'the whole file'}: {message}"


def _neighbours(keys: tuple[int | str, ...]) -> str:
    """The keys that are allowed where an unknown one was found."""
    model: Any = Configuration
    for key in keys[:-1]:
        # A key of a model is one of its fields, that of a list or dict leads to what it holds.
        fields = getattr(model, "model_fields", None)
        model = fields[key].annotation if fields else model.__args__[-1]
    return f"; allowed here: {', '.join(model.model_fields)}"


def _dotted(keys: Sequence[int | str]) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{printable(key)}" for key in keys)
    return text.removeprefix(".")


def _source(layers: Sequence[tuple[str, dict[str, Any]]], keys: Sequence[int | str]) -> str:
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
