"""mbmf: model-based deep RL with model-free fine-tuning, reproduced.

Nagabandi, Kahn, Fearing, Levine, "Neural Network Dynamics for Model-Based Deep
Reinforcement Learning with Model-Free Fine-Tuning" (arXiv 1708.02596).
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

# gymnasium does not load plug-ins, so `import mbmf` registers the environments.
import mbmf.agents.registration
import mbmf.dyna  # noqa: F401

try:
    __version__ = version("mbmf")
except PackageNotFoundError:  # the package is on the path, but not installed
    __version__ = "unknown"

# Public names for scripts, with their modules. A name is imported when it is first used, because
# torch and MuJoCo take seconds to load, and `mbmf --help` or a figure needs neither.
_PUBLIC = {
    "AGENTS": "mbmf.agents",
    "AgentSpec": "mbmf.agents",
    "get_agent": "mbmf.agents",
    "GymnasiumAgent": "mbmf.agents.gymnasium_agent",
    "BatchedAgentEnv": "mbmf.agents.batched_environment",
    "RandomDataSettings": "mbmf.method.random_data",
    "random_data": "mbmf.method",
    "DynamicsModel": "mbmf.method.models.base",
    "DynamicsSettings": "mbmf.method.models.base",
    "mlp": "mbmf.method.models",
    "TrainingData": "mbmf.method.dynamics",
    "dynamics": "mbmf.method",
    "PlanningSettings": "mbmf.method.planners.base",
    "new_planner": "mbmf.method.planners.base",
    "MpcController": "mbmf.method.mpc",
    "mpc_rollouts": "mbmf.method.mpc",
    "Rollouts": "mbmf.method.rollouts",
    "collect": "mbmf.method.rollouts",
    "ModelBasedSettings": "mbmf.method.algorithm_1",
    "algorithm_1": "mbmf.method",
    "imitation": "mbmf.method",
    "GaussianPolicy": "mbmf.method.policy",
    "MeanController": "mbmf.method.policy",
    "PolicySettings": "mbmf.method.policy",
    "TrpoSettings": "mbmf.method.trpo",
    "trpo": "mbmf.method",
    "TrainedAgent": "mbmf.steps.trained_agents",
    "load": "mbmf.steps.trained_agents",
}


def __getattr__(name: str) -> Any:
    """Import a public name: a function or class of a module, or a module of a package."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = import_module(_PUBLIC[name])
    if hasattr(place, name):
        return getattr(place, name)
    return import_module(f"{place.__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
