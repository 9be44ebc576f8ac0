"""The paper's four agents: specs, rewards, batched MuJoCo bodies, gymnasium environments."""

from importlib import import_module
from typing import Any

from gymnasium.envs.registration import register, registry

from mbmf.agents.spec import AGENTS, AgentSpec, get_agent

__all__ = ["AGENTS", "AgentSpec", "BatchedAgentEnv", "get_agent", "register_environments"]


def register_environments() -> None:
    """Make `gymnasium.make` and `gymnasium.make_vec` know the agents.

    Importing `mbmf.agents` calls it, for gymnasium has had no plug-ins since 1.0: a program
    imports `mbmf.agents` first, or asks for "mbmf.agents:mbmf/Swimmer-v0".

    The time limit is kept by gymnasium's TimeLimit around a single body, and by
    `BatchedAgentEnv` itself in a batch; both read it here.
    """
    for spec in AGENTS.values():
        # A second registration of the same name would warn.
        if spec.env_id not in registry:
            register(
                spec.env_id,
                entry_point="mbmf.agents.environment:AgentEnv",
                vector_entry_point="mbmf.agents.environment:BatchedAgentEnv",
                max_episode_steps=spec.episode_steps,
                kwargs={"agent": spec.name},
            )


def __getattr__(name: str) -> Any:
    """Import the environment when it is first asked for: MuJoCo takes long to load.

    By its name as text, so that it is no dependency of all that reads a spec: the digest of
    a run's code goes by import statements.
    """
    if name == "BatchedAgentEnv":
        return import_module("mbmf.agents.environment").BatchedAgentEnv
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


register_environments()
