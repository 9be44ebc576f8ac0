"""Rollout divergence (Fig. 5): the error of open-loop predictions against true rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from mbmf.base.errors import InputError
from mbmf.method.dynamics import open_loop, step_errors
from mbmf.method.models.base import DynamicsModel
from mbmf.method.rollouts import Rollouts


def error_table(
    models: Sequence[DynamicsModel], held_out: dict[str, Rollouts], steps: int, starts: int
) -> pd.DataFrame:
    """Normalised error of each model after 1 to `steps` steps, from many start states.

    All models are judged on the same start states, so that early and late iterations can be
    compared. The start states are evenly spread over each set of held-out rollouts.

    Args:
        models: the model of each aggregation iteration, all of one agent.
        held_out: rollouts that no model was trained on, by the name of their set.
        steps: length of the prediction.
        starts: number of start states in each set.

    Returns:
        Columns iteration, rollouts (the set's name), start, step, and error: the root of the
        squared error averaged over state elements, each in units of its own spread in D_RAND.

    Raises:
        InputError: no held-out rollout of a set is `steps` long.
    """
    tables = []
    for name, rollouts in held_out.items():
        states, actions = rollouts.windows(steps)
        if not len(states):
            raise InputError(
                f"figure 5 predicts {steps} steps, but the longest held-out rollout of the set "
                f"{name} has {int(rollouts.lengths.max())}; lower figures.figure_5.steps"
            )
        chosen = np.unique(np.linspace(0, len(states) - 1, starts).round().astype(int))
        window = _float32(states[chosen]), _float32(actions[chosen])
        for iteration, model in enumerate(models):
            errors = step_errors(model, *window).sqrt().numpy()
            start, step = np.indices(errors.shape)
            tables.append(
                pd.DataFrame(
                    {
                        "iteration": iteration,
                        "rollouts": name,
                        "start": start.ravel(),
                        "step": step.ravel() + 1,
                        "error": errors.ravel(),
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def trajectory_table(
    model: DynamicsModel, rollouts: Rollouts, state_names: Sequence[str], steps: int, dt: float
) -> pd.DataFrame:
    """One true rollout beside its open-loop prediction from the same controls.

    The shown part is the middle of the longest rollout, away from the fall at its start.

    Args:
        model: the dynamics model.
        rollouts: held-out rollouts.
        state_names: name of each state element, in order.
        steps: length of the prediction.
        dt: duration of a step, s.

    Returns:
        Columns element, step, time (s), true, predicted.

    Raises:
        InputError: no rollout is `steps` long.
    """
    longest = int(rollouts.lengths.argmax())
    length = int(rollouts.lengths[longest])
    if length < steps:
        raise InputError(
            f"figure 5 predicts {steps} steps, but the longest held-out rollout has {length}; "
            "lower figures.figure_5.steps"
        )
    first = (length - steps) // 2
    true = rollouts.states[longest, first : first + steps + 1]
    actions = rollouts.actions[longest, first : first + steps]
    predicted = open_loop(model, _float32(true[None, 0]), _float32(actions[None]))[0].numpy()
    step = np.arange(steps + 1)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "element": name,
                    "step": step,
                    "time": step * dt,
                    "true": true[:, index],
                    "predicted": predicted[:, index],
                }
            )
            for index, name in enumerate(state_names)
        ],
        ignore_index=True,
    )


def _float32(array: Any) -> torch.Tensor:
    return torch.as_tensor(array, dtype=torch.float32)
