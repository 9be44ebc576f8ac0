"""The agents' names in gymnasium's registry."""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

from mbmf.agents import AGENTS


def register_environments() -> None:
    """Register the shipped agents for `gymnasium.make` and `gymnasium.make_vec`.

    `import mbmf` calls this function, because gymnasium has had no plug-ins since 1.0. A program
    imports `mbmf` first, or makes "mbmf:mbmf/Swimmer-v0". This module loads every agent. No step
    imports it, so that a run depends on its own agent alone.

    Both time limits come from here. Gymnasium's TimeLimit applies it to a single body, and
    `BatchedAgentEnv` applies it to a batch.
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
