"""What the paper claims: the entries of `config/claims.yaml`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from mbmf.analysis.authors_plots import AuthorsPlots
from mbmf.analysis.statistics import STATISTICS, statistic_name
from mbmf.analysis.statistics.base import ClaimStatistic
from mbmf.analysis.verdicts import Region
from mbmf.base.errors import InputError, printable
from mbmf.base.settings import Settings

CLAIMS = Path("config/claims.yaml")

Number = Annotated[float, Field(allow_inf_nan=False)]
# An agent may be a file of the user's own.
AgentName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]+$")]
TableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
AnyStatistic = TypeVar("AnyStatistic", bound=ClaimStatistic)


def _no_duplicates(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise PydanticCustomError("duplicate", "each may stand once")
    return values


Agents = Annotated[list[AgentName], Field(min_length=1), AfterValidator(_no_duplicates)]


class Claim(Settings, Generic[AnyStatistic]):
    """One claim of the paper, in a form that a table can answer.

    Claims of a `family`, of one table if not given, are judged together: all of its verdicts are
    right with 95 % probability. `label` is what its number is, in a few words, for pictures; by
    default the words of its id. `parts` cut the statistic's values into ranges, and the verdict
    says within which of them it lies.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    claim: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    label: Annotated[str, Field(min_length=1)] | None = None
    family: Annotated[str, Field(min_length=1)] | None = None
    table: TableName
    statistic: AnyStatistic
    comparison: Literal["above", "below", "within", "as_plotted"]
    threshold: Number | Annotated[list[Number], Field(min_length=2, max_length=2)]
    parts: Annotated[list[Number], Field(min_length=2)] | None = None
    agents: Agents | None = None

    @model_validator(mode="after")
    def _possible(self) -> Claim[AnyStatistic]:
        if self.parts is not None and (
            self.comparison not in ("above", "below")
            or self.threshold not in self.parts
            or self.parts != sorted(set(self.parts))
        ):
            raise _problem("parts must rise and hold the threshold, which is above or below")
        if isinstance(self.threshold, list) != (self.comparison == "within"):
            raise _problem("threshold must be [lowest, highest] for within, else one number")
        if self.comparison == "as_plotted":
            if self.statistic.plotted is None:
                raise _problem(f"{self.statistic.name} was not read off the authors' plots")
            if self.agents is None:
                raise _problem("agents must be named, for the authors have a plot of each")
            if isinstance(self.threshold, list) or self.threshold <= 1:
                raise _problem("threshold: a factor either way, it must be above 1")
            return self
        low, high = self.region(None, None)
        if not low < high:
            raise _problem("threshold: the lowest value must be below the highest")
        if self.statistic.positive and not (high if math.isinf(low) else low) > 0:
            raise _problem(f"threshold: {self.statistic.name} is above 0, so must this be")
        return self

    def region(self, agent: str | None, plots: AuthorsPlots | None) -> Region:
        """Lowest and highest value of the statistic that the claim allows.

        Args:
            agent: that the claim is asked of.
            plots: what the authors' plots show; read by claims `as_plotted`, which need both.

        Raises:
            InputError: the authors have no plot of the agent.
        """
        if isinstance(self.threshold, list):
            return self.threshold[0], self.threshold[1]
        if self.comparison == "as_plotted":
            assert self.statistic.plotted is not None
            if plots is None or agent not in plots:
                raise InputError(f"there is no plot of the authors' of {agent}")
            factor = plots[agent].highest(self.statistic.plotted).factor
            return min(factor) / self.threshold, max(factor) * self.threshold
        if self.comparison == "above":
            return self.threshold, math.inf
        return -math.inf, self.threshold

    def asked_statistic(self, agent: str | None, plots: AuthorsPlots | None) -> ClaimStatistic:
        """The statistic, for claims `as_plotted` at the return at which the plot was read."""
        if self.comparison != "as_plotted":
            return self.statistic
        assert plots is not None
        assert agent is not None
        assert self.statistic.plotted is not None
        at = plots[agent].highest(self.statistic.plotted).at
        return self.statistic.model_copy(update={"at": at})


AnyClaim = Claim[Any]


def _problem(message: str) -> PydanticCustomError:
    return PydanticCustomError("claim", "{message}", {"message": message})


def check_claims(content: dict[str, Any]) -> tuple[list[AnyClaim], list[str]]:
    """The claims of a file that are well formed, and a line on each thing wrong with others.

    Args:
        content: {"claims": [...]}, as YAML reads it.

    Raises:
        InputError: the file holds something else than claims.
    """
    found = content.get("claims")
    unknown = [printable(key) for key in content if key != "claims"]
    if unknown:
        raise InputError(f"{unknown[0]}: unknown key; allowed here: claims")
    if not isinstance(found, list) or not found:
        raise InputError("claims: should be a list of claims")
    claims: list[AnyClaim] = []
    problems = []
    for index, entry in enumerate(found):
        where = f"claims[{index}]"
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            where += f" ({printable(entry['id'])})"
        try:
            claim = _kind_of(entry).model_validate(entry)
        except InputError as error:
            problems.append(f"{where}: statistic.name: {error}")
            continue
        except ValidationError as error:
            lines = [_line(entry, details) for details in error.errors()]
            # A value that is none of two kinds is wrong twice, by the same key: once is enough.
            said = {key: message for key, message in reversed(lines)}
            problems += [f"{where}: {key}{said[key]}" for key in dict(lines)]
            continue
        if claim.id in {other.id for other in claims}:
            problems.append(f"{where}: id: stands twice; each may stand once")
        else:
            claims.append(claim)
    return claims, problems


def _kind_of(entry: Any) -> type[AnyClaim]:
    """The class of claims with the statistic that an entry names.

    Raises:
        InputError: there is no such statistic.
    """
    name = statistic_name(entry)
    statistic = ClaimStatistic if name is None else STATISTICS.load(name)
    if not (isinstance(statistic, type) and issubclass(statistic, ClaimStatistic)):
        raise InputError(f"{printable(name)}: its Statistic is no {ClaimStatistic.__name__}")
    kind: type[AnyClaim] = Claim[statistic]  # type: ignore[valid-type]
    return kind


def _line(entry: Any, details: Any) -> tuple[str, str]:
    """The key, as it stands in the file, and the message of one of pydantic's errors."""
    keys, below = [], entry
    for key in details["loc"]:
        missing = details["type"] == "missing" and key == details["loc"][-1]
        present = key in below if isinstance(below, dict) else isinstance(key, int)
        if missing or present:  # else it names a branch of a union, not a key
            keys.append(printable(key))
            below = below[key] if present and isinstance(below, dict | list) else None
    message = {
        "extra_forbidden": "unknown key",
        "missing": "missing; it must be set",
    }.get(details["type"], details["msg"])
    found = details["input"]
    if details["type"] not in ("extra_forbidden", "missing") and not isinstance(found, dict | list):
        message += f" (found {printable(repr(found))})"
    return ".".join(keys) + ": " if keys else "", message
