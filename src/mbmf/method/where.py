"""Where a learner was when it failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import NonFiniteError, SimulationError


@contextmanager
def errors_say(where: str, spec: AgentSpec, seed: int) -> Iterator[None]:
    """Errors of the method within this block say where it was, whose run and of which seed.

    Args:
        where: "TRPO iteration 3".
        spec: the agent.
        seed: of the run.
    """
    try:
        yield
    except (NonFiniteError, SimulationError) as error:
        raise type(error)(f"{where} of {spec.name}, seed {seed}: {error}") from None
