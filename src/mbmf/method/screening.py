"""Screening: the best of many action sequences, most of which are never predicted exactly.

All are predicted in reduced precision, which takes half of the time. Those that could be the
best are then predicted again as the planner always did, and that alone decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from mbmf.agents.spec import RewardFunction

# Sequences of a body that are predicted exactly at first, FAR of them those that go farthest. So
# few rows take little longer than one.
FIRST = 48
FAR = 16

# How far a sequence goes is looked at every so many steps.
LOOKS = 4

# More are predicted, this many times as many, for as long as one that was left out could win.
GROWTH = 4

# A sequence that is left out could win if its error were this many times the largest seen.
SAFETY = 4.0

Screen = Callable[[Tensor, Tensor], Tensor]
"""Of a start (S,) and actions (H, N, A): the predicted states (H, N, S), in reduced precision."""


def screened_returns(
    screen: Screen, reward: RewardFunction, largest_state: float, start: Tensor, actions: Tensor
) -> tuple[Tensor, Tensor]:
    """Predicted returns in reduced precision, of sequences that begin in the same state.

    Only the network is reduced; states and returns add up in float32. No state may end an episode:
    one bit would decide whether a sequence ends, and with it most of its return.

    Args:
        screen: the model, as `DynamicsModel.for_screening` gives it.
        reward: of (next states, actions).
        largest_state: a state beyond it counts as not finite.
        start: (S,).
        actions: (H, N, A).

    Returns:
        (N,) returns, infinity where a prediction is not finite, so that such a sequence is
        always predicted exactly; (N,) how far it goes: the largest change of a state element, over
        that of the average sequence.
    """
    states = screen(start, actions)
    returns = torch.zeros(actions.shape[1], device=start.device)
    for reached, taken in zip(states, actions, strict=True):
        returns += reward(reached, taken)
    # States only ever accumulate, so one that was not finite at any step still is not. The
    # comparison is false for NaN.
    finite = (states[-1].abs().amax(dim=1) < largest_state) & returns.isfinite()
    looked_at = states[(len(states) - 1) % LOOKS :: LOOKS]
    # Step by step: a maximum over the steps took ten times as long.
    farthest = reduce(torch.maximum, ((reached - start).abs_() for reached in looked_at))
    # A sequence without a finite prediction is predicted exactly anyway.
    farthest = farthest.masked_fill(~finite[:, None], 0.0)
    # Not zero over zero, where an element never changes.
    far = (farthest / farthest.mean(dim=0).clamp_min(1e-30)).amax(dim=1)
    return returns.masked_fill(~finite, math.inf), far


def best_of_screened(
    screened: Tensor, far: Tensor, exact: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """The sequence of the highest exact return, for each body; the first of equal ones.

    The rule: the sequences of the highest screened returns are predicted exactly, and those that
    go farthest: where a model is unstable, one of them may be screened to one side and predicted
    to the other. Let e be the largest difference between the two returns among all these, those
    that are screened as infinite not counted, and infinite if all are. A sequence that was left out
    could win if its screened return is within SAFETY · e of the best exact one. Then GROWTH times
    as many are predicted, at last all.

    Args:
        screened: (B, N) returns in reduced precision, none of them NaN.
        far: (B, N) how far each goes.
        exact: exact returns (b, n) of some bodies (b,) and of their sequences (b, n); minus
            infinity where a prediction is not finite.

    Returns:
        (B,) which sequence, and (B,) its exact return.
    """
    bodies, samples = screened.shape
    best = torch.zeros(bodies, dtype=torch.long, device=screened.device)
    returns = torch.full((bodies,), -math.inf, device=screened.device)
    rows = torch.arange(bodies, device=screened.device)
    farthest = far.topk(min(FAR, samples)).indices
    urgent = screened.scatter(1, farthest, math.inf)
    count = FIRST
    while len(rows):
        # In their order, so that the first of equal returns wins, as among all of them.
        tried = urgent[rows].topk(min(count, samples)).indices.sort().values
        found = exact(rows, tried)
        highest, place = found.max(dim=1)
        returns[rows] = highest
        best[rows] = tried.gather(1, place[:, None])[:, 0]
        if count >= samples:
            break
        expected = screened[rows].gather(1, tried)
        errors = (expected - found).abs().masked_fill(expected.isinf(), -1.0)
        largest = errors.amax(dim=1)
        largest = largest.masked_fill(largest < 0, math.inf)
        left_out = urgent[rows].scatter(1, tried, -math.inf).amax(dim=1)
        # False for NaN and for infinite errors.
        safe = highest - left_out > SAFETY * largest
        rows = rows[~safe]
        count *= GROWTH
    return best, returns
