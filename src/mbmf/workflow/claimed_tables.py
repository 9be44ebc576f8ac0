"""Which tables the file of claims asks for, before the claims are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mbmf.experiments.experiment import Experiment


def tables_asked_for(
    content: Mapping[str, Any], experiments: Mapping[str, Experiment[Any]]
) -> list[str]:
    """Paths below the results of the tables that claims name, in the experiments' order.

    A claim that is wrong, or names a table that no experiment makes, is refused when claims are
    judged, not here.

    Args:
        content: of the file of claims.
        experiments: of the configuration, by name.
    """
    claims = content.get("claims")
    found = claims if isinstance(claims, list) else []
    asked = [claim.get("table") for claim in found if isinstance(claim, dict)]
    return [
        path
        for experiment in experiments.values()
        for name, path in experiment.table_files().items()
        if name in asked
    ]
