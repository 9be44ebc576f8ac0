"""What a run's code is beside its step: the files of its own planner and model.

They are imported by the names that the configuration gives, so a step's imports do not lead to
them. Names are as `mbmf.storage.code_digest` takes them.
"""

from __future__ import annotations

from mbmf.method.models.base import MODELS
from mbmf.method.planners.base import PLANNERS


def planning_sources(planner: str, model: str) -> tuple[str, ...]:
    """Files of a planner and the model that it plans with.

    Raises:
        InputError: there is none of that name.
    """
    return PLANNERS.source(planner), MODELS.source(model)
