"""Doors to planners and models, and what they add to the digest of a run's code.

A run's planner and model are imported by the names that the configuration gives, so a step's
imports do not lead to them.
"""

from __future__ import annotations

from mbmf.base.doors import Door

MODELS = Door("model", "mbmf.method.models", "Model")
PLANNERS = Door("planner", "mbmf.method.planners", "Planner")


def planning_sources(planner: str, model: str) -> tuple[str, ...]:
    """Files of a planner and of its model, as `mbmf.storage.code_digest` takes them.

    Raises:
        InputError: there is none of that name.
    """
    return PLANNERS.source(planner), MODELS.source(model)
