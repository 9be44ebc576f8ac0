"""Tabular Dyna-Q, Dyna-Q+ and prioritised sweeping, compiled.

Sutton and Barto, Reinforcement Learning, 2nd edition: Tabular Dyna-Q (page 164),
Dyna-Q+ (section 8.3), prioritised sweeping for a deterministic environment (section 8.4).
The letters (a) to (g) are those of the book's boxes.

Acting and planning draw from separate generators. So the walk does not depend on the number of
planning steps until planning changes a value.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Walk(NamedTuple):
    """A maze, and limits on the number of episodes and steps.

    Attributes:
        transitions: next states, (phases, states, actions).
        changes: number of steps after which each further phase begins.
        start: state in which an episode starts.
        goal: state in which an episode ends, with reward 1.
        episodes: maximum number of episodes.
        steps: maximum number of steps, over all episodes.
    """

    transitions: Integers
    changes: Integers
    start: int
    goal: int
    episodes: int
    steps: int


class Learner(NamedTuple):
    """Settings that the algorithms share: alpha, gamma, epsilon, and n planning steps."""

    step_size: float
    discount: float
    exploration: float
    planning_steps: int


@numba.njit()
def dyna_q(
    walk: Walk,
    learner: Learner,
    bonus: float,
    acting: np.random.Generator,
    planning: np.random.Generator,
) -> Integers:
    """Tabular Dyna-Q; with a bonus, Dyna-Q+.

    Args:
        walk: the maze.
        learner: settings.
        bonus: kappa. If it is positive, a planned step whose action was last tried tau steps ago
            gets an additional reward of kappa sqrt(tau). Planning then also takes actions that
            were never tried in a visited state. The model predicts for these that the state does
            not change, with reward 0.
        acting: random stream of the actions.
        planning: random stream of the planned states and actions.

    Returns:
        Steps, counted from 1, at which the goal was reached.
    """
    num_states, num_actions = walk.transitions.shape[1:]
    values = np.zeros((num_states, num_actions))
    model_state = np.empty((num_states, num_actions), dtype=np.int64)
    for s in range(num_states):
        model_state[s] = s
    model_reward = np.zeros((num_states, num_actions))
    last_tried = np.zeros((num_states, num_actions), dtype=np.int64)
    # Visited states, and the actions taken in each, in the order of their first occurrence.
    visited, num_visited = np.empty(num_states, dtype=np.int64), 0
    taken = np.empty((num_states, num_actions), dtype=np.int64)
    num_taken = np.zeros(num_states, dtype=np.int64)
    reached = np.empty(min(walk.episodes, walk.steps), dtype=np.int64)
    episode = step = 0
    state = walk.start
    while episode < walk.episodes and step < walk.steps:
        # (a) `state` is the current, nonterminal state.
        # (b) A <- epsilon-greedy(S, Q)
        action = epsilon_greedy(values, state, learner.exploration, acting)
        # (c) Take action A; observe R and S'.
        next_state = move(walk, step, state, action)
        reward = 1.0 if next_state == walk.goal else 0.0
        step += 1
        # (d) Q(S, A) <- Q(S, A) + alpha [R + gamma max Q(S', a) - Q(S, A)]
        target = reward + learner.discount * best(values, next_state)
        values[state, action] += learner.step_size * (target - values[state, action])
        # (e) Model(S, A) <- R, S'
        if num_taken[state] == 0:
            visited[num_visited] = state
            num_visited += 1
        if last_tried[state, action] == 0:
            taken[state, num_taken[state]] = action
            num_taken[state] += 1
        last_tried[state, action] = step
        model_state[state, action] = next_state
        model_reward[state, action] = reward
        # (f) Loop n times: a visited state, an action taken in it, the model's reward and state.
        for _ in range(learner.planning_steps):
            s = visited[below(planning, num_visited)]
            if bonus > 0:
                a = below(planning, num_actions)
            else:
                a = taken[s, below(planning, num_taken[s])]
            r = model_reward[s, a] + bonus * np.sqrt(step - last_tried[s, a])
            target = r + learner.discount * best(values, model_state[s, a])
            values[s, a] += learner.step_size * (target - values[s, a])
        state = next_state
        if state == walk.goal:
            reached[episode] = step
            episode += 1
            state = walk.start
    return reached[:episode]


@numba.njit()
def prioritised_sweeping(
    walk: Walk, learner: Learner, threshold: float, acting: np.random.Generator
) -> Integers:
    """Prioritised sweeping. The queue is a table of priorities; 0 means not in the queue.

    Args:
        walk: the maze.
        learner: settings.
        threshold: theta; only higher priorities enter the queue.
        acting: random stream of the actions.

    Returns:
        Steps, counted from 1, at which the goal was reached.
    """
    num_states, num_actions = walk.transitions.shape[1:]
    values = np.zeros((num_states, num_actions))
    model_state = np.full((num_states, num_actions), -1)
    model_reward = np.zeros((num_states, num_actions))
    queue = np.zeros(num_states * num_actions)
    reached = np.empty(min(walk.episodes, walk.steps), dtype=np.int64)
    episode = step = 0
    state = walk.start
    while episode < walk.episodes and step < walk.steps:
        # (a) `state` is the current, nonterminal state.
        # (b) A <- policy(S, Q)
        action = epsilon_greedy(values, state, learner.exploration, acting)
        # (c) Take action A; observe R and S'.
        next_state = move(walk, step, state, action)
        reward = 1.0 if next_state == walk.goal else 0.0
        step += 1
        # (d) Model(S, A) <- R, S'
        model_state[state, action] = next_state
        model_reward[state, action] = reward
        # (e) P <- |R + gamma max Q(S', a) - Q(S, A)|
        target = reward + learner.discount * best(values, next_state)
        priority = abs(target - values[state, action])
        # (f) If P > theta, insert S, A with priority P.
        pair = state * num_actions + action
        if priority > max(threshold, queue[pair]):
            queue[pair] = priority
        # (g) Loop n times, while the queue is not empty.
        for _ in range(learner.planning_steps):
            first = queue.argmax()
            if queue[first] == 0:
                break
            queue[first] = 0
            s, a = first // num_actions, first % num_actions
            target = model_reward[s, a] + learner.discount * best(values, model_state[s, a])
            values[s, a] += learner.step_size * (target - values[s, a])
            # Loop for all S, A predicted to lead to this state.
            target = learner.discount * best(values, s)
            for pair in range(num_states * num_actions):
                before, how = pair // num_actions, pair % num_actions
                if model_state[before, how] == s:
                    priority = abs(model_reward[before, how] + target - values[before, how])
                    if priority > max(threshold, queue[pair]):
                        queue[pair] = priority
        state = next_state
        if state == walk.goal:
            reached[episode] = step
            episode += 1
            state = walk.start
    return reached[:episode]


@numba.njit()
def epsilon_greedy(
    values: Floats, state: int, exploration: float, acting: np.random.Generator
) -> int:
    """A random action with probability `exploration`, else a best one; ties break at random."""
    num_actions = values.shape[1]
    if acting.random() < exploration:
        return below(acting, num_actions)
    highest, ties = best(values, state), 0
    for action in range(num_actions):
        ties += values[state, action] == highest
    chosen = below(acting, ties)
    for action in range(num_actions):
        if values[state, action] == highest:
            if chosen == 0:
                return action
            chosen -= 1
    return -1  # not reached: one of the actions is best


@numba.njit()
def best(values: Floats, state: int) -> float:
    """max over a of Q(state, a)."""
    highest: float = values[state, 0]
    for action in range(1, values.shape[1]):
        highest = max(highest, values[state, action])
    return highest


@numba.njit()
def below(stream: np.random.Generator, count: int) -> int:
    """A random integer from 0 to `count` - 1, from one draw."""
    return int(stream.random() * count)


@numba.njit()
def move(walk: Walk, step: int, state: int, action: int) -> int:
    """Next state, in the phase that is current after `step` steps."""
    phase = 0
    while phase < len(walk.changes) and step >= walk.changes[phase]:
        phase += 1
    next_state: int = walk.transitions[phase, state, action]
    return next_state
