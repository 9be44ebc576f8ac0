"""mbmf: model-based deep RL with model-free fine-tuning, reproduced.

Nagabandi, Kahn, Fearing, Levine, "Neural Network Dynamics for Model-Based Deep
Reinforcement Learning with Model-Free Fine-Tuning" (arXiv 1708.02596).
"""

from importlib.metadata import PackageNotFoundError, version

# gymnasium finds no plug-ins by itself: `import mbmf` makes its environments known.
import mbmf.agents.registration
import mbmf.dyna  # noqa: F401

try:
    __version__ = version("mbmf")
except PackageNotFoundError:  # its folder was put on the path, and nothing installed
    __version__ = "unknown"
