"""Verdicts beside the claims that they are on, for a figure that shows its own claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mbmf.analysis.authors_plots import AuthorsPlots
from mbmf.analysis.claims import AnyClaim
from mbmf.analysis.judging import judge, questions
from mbmf.base.errors import InputError


@dataclass(frozen=True)
class Reading:
    """A claim about one agent, and its verdict.

    Attributes:
        claim: of the paper.
        record: verdict, as `mbmf.analysis.judging.judge` gives it.
    """

    claim: AnyClaim
    record: Mapping[str, Any]


def readings(
    claims: Sequence[AnyClaim],
    tables: Mapping[str, pd.DataFrame],
    plots: AuthorsPlots | None = None,
) -> list[Reading]:
    """The verdicts that some tables are enough for; the same ones that all tables together give.

    Claims of a family share an error, so a family is left out if one of its claims is about a table
    that is not given.

    Args:
        claims: all claims of the file.
        tables: by name.
        plots: what the authors' plots show; needed if a claim is `as_plotted`.
    """
    others = {one.family for one in questions(claims) if one.claim.table not in tables}
    asked = [one for one in questions(claims) if one.family not in others]
    own = list({one.claim.id: one.claim for one in asked}.values())

    def table(name: str) -> pd.DataFrame:
        if name not in tables:
            raise InputError(f"there is no table {name}")
        return tables[name]

    records = judge(own, table, plots)
    return [Reading(one.claim, record) for one, record in zip(asked, records, strict=True)]
