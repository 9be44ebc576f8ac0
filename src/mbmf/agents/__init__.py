"""The paper's four agents: specs, rewards, batched MuJoCo bodies, gymnasium environments."""

from mbmf.agents.specs import AGENTS, AgentSpec, get_agent

__all__ = ["AGENTS", "AgentSpec", "get_agent", "register_environments"]


def register_environments() -> None:
    """Make `gymnasium.make` and `gymnasium.make_vec` know the agents; gymnasium calls it."""
    from gymnasium.envs.registration import register

    for spec in AGENTS.values():
        register(
            spec.env_id,
            entry_point="mbmf.agents.environment:AgentEnv",
            vector_entry_point="mbmf.agents.environment:BatchedAgentEnv",
            max_episode_steps=spec.episode_steps,
            kwargs={"agent": spec.name},
        )
