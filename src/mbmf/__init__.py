"""mbmf: model-based deep RL with model-free fine-tuning, reproduced.

Nagabandi, Kahn, Fearing, Levine, "Neural Network Dynamics for Model-Based Deep
Reinforcement Learning with Model-Free Fine-Tuning" (arXiv 1708.02596).
"""

# gymnasium finds no plug-ins by itself: `import mbmf` makes its environments known.
import mbmf.agents
import mbmf.dyna  # noqa: F401
