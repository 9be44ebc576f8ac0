"""The paper's four agents: specs, rewards, batched MuJoCo bodies, gymnasium environments."""

from typing import TYPE_CHECKING, Any

from mbmf.agents.registration import register_environments
from mbmf.agents.specs import AGENTS, AgentSpec, get_agent

if TYPE_CHECKING:
    from mbmf.agents.environment import BatchedAgentEnv

__all__ = ["AGENTS", "AgentSpec", "BatchedAgentEnv", "get_agent", "register_environments"]

register_environments()


def __getattr__(name: str) -> Any:
    """Import the environment when it is first asked for: MuJoCo takes long to load."""
    if name == "BatchedAgentEnv":
        from mbmf.agents.environment import BatchedAgentEnv

        return BatchedAgentEnv
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
