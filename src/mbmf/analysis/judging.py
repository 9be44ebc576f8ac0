"""Verdicts on the paper's claims: reproduced, not reproduced or undecided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mbmf.analysis.authors_plots import AuthorsPlots
from mbmf.analysis.claims import AnyClaim
from mbmf.analysis.intervals import Estimate, NotRunError, UndecidableError
from mbmf.analysis.verdicts import Asked, Judged, Region, verdicts
from mbmf.base.errors import InputError

Answer = Estimate | InputError | UndecidableError


@dataclass(frozen=True)
class Question:
    """A claim about one agent; about none for a table without agents."""

    claim: AnyClaim
    agent: str | None

    @property
    def id(self) -> str:
        """Name of the verdict."""
        return f"{self.claim.id}.{self.agent}" if self.agent else self.claim.id

    @property
    def family(self) -> str:
        """Name of the claims that it is judged with."""
        return self.claim.family or str(self.claim.table)


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
        For each: id, source, claim, agent, verdict, statistic, bound ("at least" or "at most", if
        the statistic is only known to be so), low, high, seeds, level (of confidence, that the
        interval has), threshold (lowest and highest allowed, None for unbounded), part (lowest and
        highest of the claim's parts that the interval reaches into; None if it has no parts),
        family, family_size (claims in it that the scale runs), why (there is no statistic) and
        refused (because the input is wrong).
    """
    asked = questions(claims)
    regions: dict[str, Region] = {}
    answers: dict[str, Answer] = {}
    for question in asked:
        regions[question.id] = -math.inf, math.inf
        try:
            regions[question.id] = question.claim.region(question.agent, plots)
            answers[question.id] = _answer(question, table, plots)
        except InputError as error:
            answers[question.id] = error
    sizes: dict[str, int] = {}
    found: dict[str, Judged] = {}
    for family in dict.fromkeys(question.family for question in asked):
        members = [question for question in asked if question.family == family]
        # What a scale does not run is no matter of chance; all that it runs shares the error.
        run = [q for q in members if not isinstance(answers[q.id], NotRunError)]
        sizes[family] = len(run)
        known = {
            question.id: Asked(answer, regions[question.id], question.claim.parts is not None)
            for question in run
            if isinstance(answer := answers[question.id], Estimate)
        }
        found |= dict(zip(known, verdicts(list(known.values()), len(run)), strict=True))
    return [
        _record(question, regions[question.id], sizes[question.family])
        | _outcome(question.claim, answers[question.id], found.get(question.id))
        for question in asked
    ]


def _record(question: Question, region: Region, size: int) -> dict[str, Any]:
    """What is known of a question before it is answered."""
    return {
        "id": question.id,
        "source": question.claim.source,
        "claim": question.claim.claim,
        "agent": question.agent,
        "verdict": "undecided",
        "statistic": None,
        "bound": None,
        "low": None,
        "high": None,
        "seeds": None,
        "level": None,
        "threshold": [_finite(edge) for edge in region],
        "part": None,
        "family": question.family,
        "family_size": size,
        "why": None,
        "refused": False,
    }


def _outcome(claim: AnyClaim, answer: Answer, judged: Judged | None) -> dict[str, Any]:
    """What a question's record says once it is answered."""
    if not isinstance(answer, Estimate):
        return {"why": str(answer), "refused": isinstance(answer, InputError)}
    assert judged is not None
    return {
        "verdict": judged.verdict,
        "statistic": _finite(answer.value),
        "bound": answer.bound,
        "low": _finite(judged.low),
        "high": _finite(judged.high),
        "seeds": answer.seeds,
        "level": round(judged.level, 6),
        "part": _part(claim.parts, judged.low, judged.high) if claim.parts else None,
        "why": None if math.isfinite(answer.value) else "never reached in these runs",
    }


def _part(edges: Sequence[float], low: float, high: float) -> list[float | None]:
    """The parts that an interval reaches into: from which edge to which, None for none."""
    below = [edge for edge in edges if edge <= low]
    above = [edge for edge in edges if edge >= high]
    return [below[-1] if below else None, above[0] if above else None]


def _answer(
    question: Question,
    table: Callable[[str], pd.DataFrame],
    plots: AuthorsPlots | None,
) -> Answer:
    name = question.claim.table
    rows = table(name)
    try:
        if question.agent:
            if "agent" not in rows:
                raise InputError("lacks the columns agent")
            rows = rows[rows["agent"] == question.agent]
        elif "agent" in rows:
            raise InputError("has agents; the claim must name those that it is about (agents)")
        if rows.empty:
            raise NotRunError(f"{question.agent or name} is not run at this scale")
        return question.claim.asked_statistic(question.agent, plots).estimate(rows)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except UndecidableError as error:
        return error


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
