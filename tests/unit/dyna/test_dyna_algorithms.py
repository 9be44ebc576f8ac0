"""The compiled algorithms against the book's boxes in plain Python, draw for draw.

The plain versions walk the gymnasium environments, keep their model in dictionaries, and
share no code with the compiled ones.
"""

import gymnasium
import numpy as np
import pytest

import mbmf  # noqa: F401
from mbmf.dyna.algorithms import Learner, dyna_q, prioritised_sweeping
from mbmf.dyna.curves import ACTING, PLANNING, stream, walk
from mbmf.dyna.mazes import MAZES, Maze

DYNA, BLOCKING, SHORTCUT = MAZES
ACTIONS = range(4)


def one_of(generator, options):
    return options[int(generator.random() * len(options))]


def epsilon_greedy(q, state, epsilon, generator):
    if generator.random() < epsilon:
        return one_of(generator, list(ACTIONS))
    highest = max(q[state, action] for action in ACTIONS)
    return one_of(generator, [a for a in ACTIONS if q[state, a] == highest])


def first_values(env):
    return {(s, a): 0.0 for s in range(env.observation_space.n) for a in ACTIONS}


def slow_dyna_q(env, learner, kappa, acting, planning, episodes, steps):
    """Tabular Dyna-Q, page 164; Dyna-Q+ of section 8.3 where kappa is positive."""
    alpha, gamma, epsilon, n = learner
    q, model, last_tried, observed, reached = first_values(env), {}, {}, {}, []

    def update(s, a, r, after):
        target = r + gamma * max(q[after, b] for b in ACTIONS)
        q[s, a] += alpha * (target - q[s, a])

    state = int(env.reset(seed=0)[0])
    now = 0
    while len(reached) < episodes and now < steps:
        action = epsilon_greedy(q, state, epsilon, acting)
        after, reward, terminated, _, _ = env.step(action)
        after = int(after)
        now += 1
        update(state, action, reward, after)
        model[state, action] = reward, after
        last_tried[state, action] = now
        observed.setdefault(state, [])
        if action not in observed[state]:
            observed[state].append(action)
        for _ in range(n):
            s = one_of(planning, list(observed))
            a = one_of(planning, list(ACTIONS) if kappa else observed[s])
            r, s_after = model.get((s, a), (0.0, s))
            update(s, a, r + kappa * np.sqrt(now - last_tried.get((s, a), 0)), s_after)
        state = after
        if terminated:
            reached.append(now)
            state = int(env.reset()[0])
    return reached


def slow_prioritised_sweeping(env, learner, theta, acting, episodes, steps):
    """Prioritised sweeping for a deterministic environment, section 8.4."""
    alpha, gamma, epsilon, n = learner
    q, model, queue, reached = first_values(env), {}, {}, []

    def error(s, a):
        r, after = model[s, a]
        return r + gamma * max(q[after, b] for b in ACTIONS) - q[s, a]

    def insert(s, a):
        if abs(error(s, a)) > theta:
            queue[s, a] = max(abs(error(s, a)), queue.get((s, a), 0.0))

    state = int(env.reset(seed=0)[0])
    now = 0
    while len(reached) < episodes and now < steps:
        action = epsilon_greedy(q, state, epsilon, acting)
        after, reward, terminated, _, _ = env.step(action)
        now += 1
        model[state, action] = reward, int(after)
        insert(state, action)
        for _ in range(n):
            if not queue:
                break
            s, a = min(queue, key=lambda pair: (-queue[pair], pair))
            del queue[s, a]
            q[s, a] += alpha * error(s, a)
            for pair, (_, leads_to) in model.items():
                if leads_to == s:
                    insert(*pair)
        state = int(after)
        if terminated:
            reached.append(now)
            state = int(env.reset()[0])
    return reached


@pytest.mark.parametrize("run", [0, 1])
@pytest.mark.parametrize("n", [0, 5, 20])
@pytest.mark.parametrize(("step_size", "epsilon"), [(0.1, 0.1), (1.0, 0.3)])
def test_dyna_q(run, n, step_size, epsilon):
    learner = Learner(step_size, 0.95, epsilon, n)
    streams = [[stream(run, purpose) for purpose in (ACTING, PLANNING)] for _ in range(2)]
    fast = dyna_q(walk(MAZES[DYNA], episodes=12), learner, 0.0, *streams[0])
    slow = slow_dyna_q(gymnasium.make(DYNA), learner, 0.0, *streams[1], 12, np.inf)
    assert len(fast) == 12
    assert fast.tolist() == slow
    # Not one draw more or less.
    for one, other in zip(*streams, strict=True):
        assert one.random() == other.random()


@pytest.mark.parametrize("env_id", [BLOCKING, SHORTCUT])
@pytest.mark.parametrize("kappa", [0.0, 1e-3, 3e-2])
def test_dyna_q_plus_while_walls_move(env_id, kappa):
    learner = Learner(0.5, 0.95, 0.1, 10)
    maze = Maze(MAZES[env_id].phases, (600,))
    env = gymnasium.make(env_id, changes=(600,))
    streams = [[stream(3, purpose) for purpose in (ACTING, PLANNING)] for _ in range(2)]
    fast = dyna_q(walk(maze, steps=1500), learner, kappa, *streams[0])
    slow = slow_dyna_q(env, learner, kappa, *streams[1], np.inf, 1500)
    assert len(fast) > 1
    assert fast.tolist() == slow
    for one, other in zip(*streams, strict=True):
        assert one.random() == other.random()


@pytest.mark.parametrize("run", [0, 1])
@pytest.mark.parametrize(("step_size", "theta"), [(1.0, 1e-4), (0.3, 1e-2)])
def test_prioritised_sweeping(run, step_size, theta):
    learner = Learner(step_size, 0.95, 0.1, 5)
    streams = stream(run, ACTING), stream(run, ACTING)
    fast = prioritised_sweeping(walk(MAZES[DYNA], episodes=12), learner, theta, streams[0])
    slow = slow_prioritised_sweeping(gymnasium.make(DYNA), learner, theta, streams[1], 12, np.inf)
    assert fast.tolist() == slow
    assert streams[0].random() == streams[1].random()


def test_the_limits_of_a_walk():
    learner = Learner(0.1, 0.95, 0.1, 0)
    few = dyna_q(
        walk(MAZES[DYNA], episodes=3), learner, 0.0, stream(0, ACTING), stream(0, PLANNING)
    )
    assert len(few) == 3
    steps = int(few[1])
    short = dyna_q(
        walk(MAZES[DYNA], steps=steps), learner, 0.0, stream(0, ACTING), stream(0, PLANNING)
    )
    assert short.tolist() == few[:2].tolist()


def test_ties_are_broken_at_random():
    """The first step of many runs, all values zero: a corridor, one way in four."""
    corridor = walk(Maze(("SG",)), steps=1)
    learner = Learner(0.1, 0.95, 0.0, 0)
    hits = sum(
        len(dyna_q(corridor, learner, 0.0, stream(run, ACTING), stream(run, PLANNING)))
        for run in range(2000)
    )
    # Binomial: mean 500, standard deviation 19.4.
    assert abs(hits - 500) < 80
