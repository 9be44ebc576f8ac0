"""The code that a run depends on: its step, and its own task, planner and model.

The functions return arguments for `mbmf.storage.code_digest`. The steps write the digest of the
same code to the provenance.
"""

from __future__ import annotations

from mbmf.agents import task_source
from mbmf.experiments.runs import ImitationRun, ModelBasedRun, Run, TrpoRun
from mbmf.method.doors import MODELS, planning_sources


def code_of(run: Run) -> tuple[str, ...]:
    """All code that a run depends on: its own, and for Mb-Mf also that of its first policy.

    Raises:
        InputError: there is no such task, planner or model.
    """
    before = code_of(run.start) if isinstance(run, TrpoRun) and run.start else ()
    return (*own_code_of(run), *before)


def own_code_of(run: Run) -> tuple[str, ...]:
    """Step of a run, and those of its task, planner and model that the step uses.

    Raises:
        InputError: there is no such task, planner or model.
    """
    if isinstance(run, TrpoRun):
        return ("mbmf.steps.trpo", _task_of(run))
    if isinstance(run, ImitationRun):
        model = run.source.settings.dynamics.model
        sources = planning_sources(run.settings.expert.planning.planner, model)
        return ("mbmf.steps.imitation", _task_of(run), *sources)
    if isinstance(run, ModelBasedRun):
        settings = run.settings
        sources = planning_sources(settings.planning.planner, settings.dynamics.model)
        return ("mbmf.steps.model_based", _task_of(run), *sources)
    model = run.source.settings.dynamics.model
    return ("mbmf.steps.divergence", _task_of(run.source), MODELS.source(model))


def code_of_random_data(task: str) -> tuple[str, ...]:
    """Step and source of D_RAND."""
    return ("mbmf.steps.random_data", task_source(task))


def code_of_clip(run: TrpoRun) -> tuple[str, ...]:
    """Step and sources of the clip whose last run is a run of Mb-Mf."""
    assert run.start is not None
    return ("mbmf.steps.draw_clip", *code_of(run.start)[1:])


def _task_of(run: ModelBasedRun | ImitationRun | TrpoRun) -> str:
    return task_source(run.task or run.agent)
