"""Doors to planners and models, and the files that these add to the digest of a run's code.

A run imports its planner and model by the names in the configuration. So they are not among a
step's own imports.
"""

from __future__ import annotations

from mbmf.base.doors import Door

MODELS = Door("model", "mbmf.method.models", "Model")
PLANNERS = Door("planner", "mbmf.method.planners", "Planner")


def planning_sources(planner: str, model: str) -> tuple[str, ...]:
    """Files of a planner and of its model, as `mbmf.storage.code_digest` takes them.

    Raises:
        InputError: there is no planner or model of that name.
    """
    return PLANNERS.source(planner), MODELS.source(model)
