"""Tabular Dyna-Q: mazes as gymnasium environments, the algorithms, the book's experiments."""

from gymnasium.envs.registration import register, registry

from mbmf.dyna.mazes import MAZES

__all__ = ["MAZES", "register_environments"]


def register_environments() -> None:
    """Register the mazes for `gymnasium.make`; `mbmf.agents.registration` registers the agents."""
    for env_id, maze in MAZES.items():
        # A second registration of the same name would warn.
        if env_id not in registry:
            register(
                env_id,
                entry_point="mbmf.dyna.environment:MazeEnv",
                kwargs={"phases": maze.phases, "changes": maze.changes},
            )


register_environments()
