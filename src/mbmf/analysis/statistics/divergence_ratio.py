"""Whether some state elements are predicted well for longer than others (Fig. 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mbmf.analysis.intervals import Array, Estimate, UndecidableError, cautious, mean_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_rows
from mbmf.base.errors import InputError
from mbmf.base.settings import PositiveNumber


class Statistic(ClaimStatistic):
    """How many times as long the later half of the state elements stays close.

    An element is lost when it is further off than `bound` times its own spread. Which ones are
    lost later is read from the other seeds, so that chance alone gives a ratio of 1.
    """

    bound: PositiveNumber

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Geometric mean over seeds."""
        check_rows(table, ["seed", "element", "step"], ["true", "predicted"])
        true, predicted = (
            table.pivot(index=["seed", "element"], columns="step", values=v)
            for v in ("true", "predicted")
        )
        if true.isna().any(axis=None):
            raise InputError("lacks steps of some seed and element")
        spread = true.std(axis=1)
        off = (predicted - true).abs().gt(self.bound * spread, axis=0).to_numpy()
        # An element that is never lost counts as lost at the end.
        lost = np.where(off.any(axis=1), off.argmax(axis=1), off.shape[1])
        logs = pd.Series(np.log(np.maximum(lost, 1)), true.index).unstack("element")
        if logs.isna().any(axis=None):
            raise InputError("lacks elements of some seed")
        # What does not move, as sideways in a plane, has no spread to be measured in.
        moving = (spread.unstack("element") > 1e-6).all()
        logs = logs.loc[:, moving]
        if len(logs) < 2 or logs.shape[1] < 2:
            raise UndecidableError("one seed: which elements are lost later cannot be told")
        return later_over_earlier(logs.to_numpy())


def later_over_earlier(logs: Array) -> Estimate:
    """The later half of elements over the others, by what other seeds say.

    The interval is a cautious one, for each seed's halves come from the others' numbers.

    Args:
        logs: (seeds, elements), of the steps for which each stays close.
    """
    differences = []
    for seed in range(len(logs)):
        order = np.argsort(np.delete(logs, seed, axis=0).mean(axis=0), kind="stable")
        half = len(order) // 2
        differences.append(logs[seed, order[-half:]].mean() - logs[seed, order[:half]].mean())
    return cautious(mean_over_seeds(np.array(differences), log=True))
