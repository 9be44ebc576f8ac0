"""The agents' names in gymnasium's registry."""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

from mbmf.agents import AGENTS


def register_environments() -> None:
    """Make `gymnasium.make` and `gymnasium.make_vec` know the agents that are shipped.

    `import mbmf` calls it, for gymnasium has had no plug-ins since 1.0: a program imports `mbmf`
    first, or asks for "mbmf:mbmf/Swimmer-v0". No step imports this module, which loads every
    agent: a run depends on its own alone.

    The time limit is kept by gymnasium's TimeLimit around a single body, and by
    `BatchedAgentEnv` itself in a batch; both read it here.
    """
    for spec in AGENTS.values():
        # A second registration of the same name would warn.
        if spec.env_id not in registry:
            register(
                spec.env_id,
                entry_point="mbmf.agents.environment:AgentEnv",
                vector_entry_point="mbmf.agents.environment:DrawnBatchedAgentEnv",
                max_episode_steps=spec.episode_steps,
                kwargs={"agent": spec.name},
            )


register_environments()
