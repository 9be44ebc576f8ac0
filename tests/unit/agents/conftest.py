"""The paper's agents, each in turn."""

import pytest

from mbmf.agents import AGENTS, get_agent


@pytest.fixture(params=AGENTS)
def spec(request):
    return get_agent(request.param)
