"""One epoch of mbrl-lib's trainer on as many transitions. Arguments: transitions, threads.

Same network and batch size, and no evaluation after the epoch.
"""

import sys

import numpy as np
import torch
from mbrl.models import GaussianMLP, ModelTrainer, OneDTransitionRewardModel
from mbrl.types import TransitionBatch
from mbrl.util.replay_buffer import TransitionIterator
from worker import serve

STATE_DIM, ACTION_DIM, BATCH_SIZE = 16, 2, 512

transitions, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
network = GaussianMLP(
    STATE_DIM + ACTION_DIM,
    STATE_DIM,
    "cpu",
    num_layers=1,
    hid_size=500,
    deterministic=True,
    activation_fn_cfg={"_target_": "torch.nn.ReLU"},
)
model = OneDTransitionRewardModel(network, normalize=True, learned_rewards=False)
rng = np.random.default_rng(0)
batch = TransitionBatch(
    rng.normal(size=(transitions, STATE_DIM)).astype(np.float32),
    rng.normal(size=(transitions, ACTION_DIM)).astype(np.float32),
    rng.normal(size=(transitions, STATE_DIM)).astype(np.float32),
    np.zeros(transitions, np.float32),
    np.zeros(transitions, bool),
    np.zeros(transitions, bool),
)
model.update_normalizer(batch)
data = TransitionIterator(batch, BATCH_SIZE, shuffle_each_epoch=True, rng=rng)
trainer = ModelTrainer(model, optim_lr=1e-3)
serve(lambda: trainer.train(data, num_epochs=1, evaluate=False, silent=True))
