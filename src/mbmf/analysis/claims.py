"""The paper's claims and the verdicts on them: reproduced, not reproduced or undecided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import pandas as pd
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from mbmf.analysis.authors_plots import AuthorsPlots
from mbmf.analysis.intervals import Estimate, Region, UndecidableError, verdicts
from mbmf.analysis.statistics import STATISTICS, statistic_name
from mbmf.analysis.statistics.base import ClaimStatistic
from mbmf.base.errors import InputError, printable
from mbmf.base.settings import Settings

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
    """One claim of the paper, in a form that a table can answer."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    claim: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    table: TableName
    statistic: AnyStatistic
    comparison: Literal["above", "below", "within", "as_plotted"]
    threshold: Number | Annotated[list[Number], Field(min_length=2, max_length=2)]
    agents: Agents | None = None

    @model_validator(mode="after")
    def _possible(self) -> Claim[AnyStatistic]:
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
            lowest, highest = plots[agent].factor(self.statistic.plotted)
            return lowest / self.threshold, highest * self.threshold
        if self.comparison == "above":
            return self.threshold, math.inf
        return -math.inf, self.threshold


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


@dataclass(frozen=True)
class Question:
    """A claim about one agent; about none for a table without agents."""

    claim: AnyClaim
    agent: str | None

    @property
    def id(self) -> str:
        """Name of the verdict."""
        return f"{self.claim.id}.{self.agent}" if self.agent else self.claim.id


def questions(claims: Iterable[AnyClaim]) -> list[Question]:
    """Each claim, once for each of its agents."""
    asked = []
    for claim in claims:
        agents: Sequence[str | None] = claim.agents or [None]
        asked += [Question(claim, agent) for agent in agents]
    return asked


def judge(
    claims: Sequence[AnyClaim],
    table: Callable[[str], pd.DataFrame],
    plots: AuthorsPlots | None = None,
) -> list[dict[str, Any]]:
    """A verdict on each claim and agent.

    Args:
        claims: of the paper.
        table: gives a table by its name; raises InputError for one that cannot be read.
        plots: what the authors' plots show; needed if a claim is `as_plotted`.

    Returns:
        For each: id, source, claim, agent, verdict, statistic, low, high, seeds, level (of
        confidence, that the interval has), threshold (lowest and highest allowed, None for
        unbounded), why (there is no statistic) and refused (because the input is wrong).
    """
    asked = questions(claims)
    regions: dict[str, Region] = {}
    answers = []
    for question in asked:
        try:
            regions[question.id] = question.claim.region(question.agent, plots)
            answers.append(_answer(question, table))
        except InputError as error:
            regions[question.id] = -math.inf, math.inf
            answers.append(error)
    known = [
        (question, answer)
        for question, answer in zip(asked, answers, strict=True)
        if isinstance(answer, Estimate)
    ]
    judged = verdicts(
        [answer for _, answer in known], [regions[question.id] for question, _ in known]
    )
    found = {question.id: verdict for (question, _), verdict in zip(known, judged, strict=True)}
    records = []
    for question, answer in zip(asked, answers, strict=True):
        record: dict[str, Any] = {
            "id": question.id,
            "source": question.claim.source,
            "claim": question.claim.claim,
            "agent": question.agent,
            "verdict": "undecided",
            "statistic": None,
            "low": None,
            "high": None,
            "seeds": None,
            "level": None,
            "threshold": [_finite(edge) for edge in regions[question.id]],
            "why": None,
            "refused": isinstance(answer, InputError),
        }
        if isinstance(answer, Estimate):
            verdict = found[question.id]
            record |= {
                "verdict": verdict.verdict,
                "statistic": _finite(answer.value),
                "low": _finite(verdict.low),
                "high": _finite(verdict.high),
                "seeds": answer.seeds,
                "level": round(verdict.level, 6),
                "why": None if math.isfinite(answer.value) else "never reached in these runs",
            }
        else:
            record["why"] = str(answer)
        records.append(record)
    return records


def _answer(
    question: Question, table: Callable[[str], pd.DataFrame]
) -> Estimate | InputError | UndecidableError:
    name = question.claim.table
    try:
        rows = table(name)
    except InputError as error:
        return error
    try:
        if question.agent:
            if "agent" not in rows:
                raise InputError("lacks the columns agent")
            rows = rows[rows["agent"] == question.agent]
        elif "agent" in rows:
            raise InputError("has agents; the claim must name those that it is about (agents)")
        if rows.empty:
            raise UndecidableError(f"{question.agent or name} is not run at this scale")
        found: Estimate = question.claim.statistic.estimate(rows)
        return found
    except InputError as error:
        return InputError(f"{name}: {error}")
    except UndecidableError as error:
        return error


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def changes(stored: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each verdict that is not what was stored."""
    before = {record["id"]: record["verdict"] for record in stored}
    after = {record["id"]: record["verdict"] for record in now}
    return [
        f"{name}: was {before.get(name, 'not asked')}, is {after.get(name, 'not asked')}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def as_text(records: Sequence[dict[str, Any]]) -> str:
    """The verdicts as a table to read in a terminal."""
    lines = [("verdict", "claim", "statistic", "interval", "claimed", "seeds")]
    for record in records:
        if record["why"]:
            lines.append((record["verdict"], record["id"], f"- ({record['why']})", "", "", ""))
            continue
        lines.append(
            (
                record["verdict"],
                record["id"],
                number(record["statistic"], ">"),
                f"{number(record['low'], '<')} to {number(record['high'], '>')}",
                claimed(*record["threshold"]),
                str(record["seeds"]),
            )
        )
    full = [line for line in lines if line[-1]]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    widths[1] = max(len(line[1]) for line in lines)
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def number(value: float | None, unbounded: str) -> str:
    """A number to read; None is infinite, `unbounded` ("<" or ">") says which way."""
    return f"{value:.4g}" if value is not None else {"<": "-inf", ">": "inf"}[unbounded]


def claimed(low: float | None, high: float | None) -> str:
    """The values that a claim allows, to read."""
    if low is None:
        return f"< {high:g}"
    return f"> {low:g}" if high is None else f"{low:.4g} to {high:.4g}"
