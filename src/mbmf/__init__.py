"""mbmf: model-based deep RL with model-free fine-tuning, reproduced.

Nagabandi, Kahn, Fearing, Levine, "Neural Network Dynamics for Model-Based Deep
Reinforcement Learning with Model-Free Fine-Tuning" (arXiv 1708.02596).
"""
