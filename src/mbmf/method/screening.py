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

# How far a sequence goes is looked at every so many steps.
LOOKS = 4

# Sequences of a body that are predicted exactly before anything is decided, and how many of them
# are those that go farthest. 48 rows take little longer than one.
FIRST = 48
FARTHEST = 16

# A sequence that is left out could win if its error were this many times the largest seen.
SAFETY = 4.0

# Where the largest error seen is a larger share of the spread of the screened returns, all are
# predicted: such a model is unstable, and a lone sequence may have a far larger error. With 8-bit
# integers that share was 0.4 in the one plan that was known to differ.
TRUSTED = 0.2

Screen = Callable[[Tensor, Tensor], Tensor]
"""Of a start (S,) and actions (H, N, A): the predicted states (H, N, S), in reduced precision."""

Exact = Callable[[Tensor, Tensor], Tensor]
"""Of bodies (P,) and a sequence of each (P,): exact returns (P,), minus infinity where a prediction
is not finite."""


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


def best_of_screened(screened: Tensor, far: Tensor, exact: Exact) -> tuple[Tensor, Tensor]:
    """The sequence of the highest exact return, for each body; the first of equal ones.

    The rule: the sequences of the highest screened returns are predicted exactly, and those that
    go farthest, for their errors are often the largest. Let e be the largest difference between
    a sequence's two returns among all these. Those that are screened as infinite do not count. If
    all of them are, e is infinite. A sequence that was left out could win if its screened return
    is within SAFETY · e of the best exact one. Those are predicted too. Then e is taken again from
    all that have been predicted, and so on until no other could win. If e is more than TRUSTED
    times the spread of the screened returns, every sequence could win.

    Args:
        screened: (B, N) returns in reduced precision, none of them NaN.
        far: (B, N) how far each goes.
        exact: exact returns of some sequences.

    Returns:
        (B,) which sequence, and (B,) its exact return.
    """
    found = torch.full_like(screened, -math.inf)
    tried = torch.zeros_like(screened, dtype=torch.bool)
    new = _first(screened, far)
    while new.any():
        new = _predict(new, screened, exact, tried, found)
    returns, best = found.max(dim=1)
    return best, returns


def _first(screened: Tensor, far: Tensor) -> Tensor:
    """(B, N) whether a sequence is one of the FIRST, or is screened as infinite."""
    samples = screened.shape[1]
    infinite = screened.isinf()
    farthest = far.topk(min(FARTHEST, samples)).indices
    urgent = screened.masked_fill(infinite, -math.inf).scatter(1, farthest, math.inf)
    which = urgent.topk(min(FIRST, samples)).indices
    return torch.zeros_like(infinite).scatter(1, which, True) | infinite


def _predict(new: Tensor, screened: Tensor, exact: Exact, tried: Tensor, found: Tensor) -> Tensor:
    """Predict the new ones exactly, and note it in `tried` and `found` (B, N).

    Returns:
        (B, N) which of the others could win.
    """
    bodies, sequences = new.nonzero(as_tuple=True)
    found[bodies, sequences] = exact(bodies, sequences)
    tried |= new
    counted = tried & ~screened.isinf()
    largest = (screened - found).abs().masked_fill(~counted, -1.0).amax(dim=1, keepdim=True)
    largest = largest.masked_fill(largest < 0, math.inf)
    # `trusted` is false if the error is infinite or no screened return is finite. `lost` is false
    # if the error is infinite or no exact return is finite.
    trusted = largest <= TRUSTED * _spread(screened)
    lost = screened + SAFETY * largest < found.amax(dim=1, keepdim=True)
    return ~(tried | (lost & trusted))


def _spread(screened: Tensor) -> Tensor:
    """(B, 1) half the distance between the 16 % and 84 % quantiles of the finite returns (B, N).

    It is the standard deviation of normally distributed ones. A few far values do not change it.
    NaN if none is finite.
    """
    finite = screened.masked_fill(screened.isinf(), math.nan)
    low, high = finite.nanquantile(finite.new_tensor([0.16, 0.84]), dim=1, keepdim=True)
    spread: Tensor = (high - low) / 2
    return spread
