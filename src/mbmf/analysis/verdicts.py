"""Verdicts on many estimates at once: families of claims, Holm's procedure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mbmf.analysis.intervals import Estimate

Verdict = Literal["reproduced", "not reproduced", "undecided"]
Region = tuple[float, float]

# Probability that any verdict of a family is wrong.
ERROR_RATE = 0.05


@dataclass(frozen=True)
class Asked:
    """An estimate, and the values of it that a claim allows.

    Attributes:
        estimate: what came out.
        region: lowest and highest value allowed.
        both_ends: the interval must be right at both ends at once, for more is read from it than
            on which side of one threshold it lies.
    """

    estimate: Estimate
    region: Region
    both_ends: bool = False


@dataclass(frozen=True)
class Judged:
    """A verdict and the interval, at confidence `level`, that it was read from."""

    verdict: Verdict
    low: float
    high: float
    level: float


def position(interval: tuple[float, float], region: Region) -> Verdict:
    """Where an interval lies: within the claimed region, beside it, or across its edge."""
    low, high = interval
    if region[0] <= low and high <= region[1]:
        return "reproduced"
    if high < region[0] or region[1] < low:
        return "not reproduced"
    return "undecided"


def verdict(asked: Asked, error: float) -> Judged:
    """A verdict that is wrong with a probability of at most `error`.

    Of the two verdicts on a claim with one threshold only one can be wrong, by one end of the
    interval: each end has the whole error (one-sided tests). A bounded region is entered past
    both of its edges, so that "reproduced" is two one-sided tests (Schuirmann 1987), each with
    the whole error; but it can be missed on either side, so that "not reproduced" has half of
    the error on each.
    """
    one_sided, two_sided = 1 - 2 * error, 1 - error
    bounded = not any(math.isinf(edge) for edge in asked.region)
    if not asked.both_ends:
        narrow = _judged(asked, one_sided)
        if not bounded or narrow.verdict == "reproduced":
            return narrow
    return _judged(asked, two_sided)


def _judged(asked: Asked, level: float) -> Judged:
    interval = asked.estimate.interval(level)
    return Judged(position(interval, asked.region), *interval, level)


def verdicts(family: Sequence[Asked], size: int | None = None) -> list[Judged]:
    """A verdict on each claim of a family, all of them right with probability 1 − ERROR_RATE.

    Holm's procedure: each of m claims has an error of ERROR_RATE / m; those that are decided
    with it leave their share to the others, until no more are decided. Errors of direction count
    (Shaffer 1980).

    Args:
        family: independent or dependent claims.
        size: m, if the family has claims for which there is no estimate; they are undecided.
    """
    missing = (len(family) if size is None else size) - len(family)
    judged: dict[int, Judged] = {}
    while len(judged) < len(family):
        rest = [index for index in range(len(family)) if index not in judged]
        error = ERROR_RATE / (len(rest) + missing)
        now = {index: verdict(family[index], error) for index in rest}
        final = {index: found for index, found in now.items() if found.verdict != "undecided"}
        judged |= final or now
    return [judged[index] for index in range(len(family))]
