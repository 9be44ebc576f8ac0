"""Context for errors: the iteration, agent and seed in which a learner failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import NonFiniteError, SimulationError


@contextmanager
def errors_say(where: str, spec: AgentSpec, seed: int) -> Iterator[None]:
    """Add the place, the agent and the seed to the message of errors within this block.

    Args:
        where: the place, such as "TRPO iteration 3".
        spec: the agent.
        seed: seed of the run.
    """
    try:
        yield
    except (NonFiniteError, SimulationError) as error:
        raise type(error)(f"{where} of {spec.name}, seed {seed}: {error}") from None
