"""iCEM against a plain version, a body and a sample at a time; its coloured noise."""

import numpy as np
import pytest
import torch

from mbmf.method.planners.icem import IcemSettings, coloured

H, K, ELITES, ALPHA, REUSED = 5, 40, 10, 0.1, 3
ROUNDS = [40, 32, 25]


def plain_noise(white, exponent):
    """(H,) from (2, H // 2 + 1) normal numbers: a sum of waves, scaled to unit variance."""
    waves = range(H // 2 + 1)
    power = [max(k, 1) ** -exponent for k in waves]
    total = np.zeros(H)
    for step in range(H):
        total[step] = np.sqrt(2 * power[0]) * white[0, 0]
        for k in waves[1:]:
            angle = 2 * np.pi * k * step / H
            wave = white[0, k] * np.cos(angle) - white[1, k] * np.sin(angle)
            total[step] += 2 * np.sqrt(power[k]) * wave
    # H is odd: each frequency but 0 counts twice.
    return total / H / (2 * np.sqrt(sum(power[1:])) / H)


def clipped(mean, std, white, exponent):
    sequence = np.zeros((H, 2))
    for element in range(2):
        noise = plain_noise(white[:, :, element], exponent)
        sequence[:, element] = mean[:, element] + std[:, element] * noise
    return np.clip(sequence, -1, 1)


class PlainPlanner:
    """The authors' `get_action` for one body."""

    def __init__(self, exponent, plain_return):
        self.exponent, self.plain_return = exponent, plain_return
        self.mean, self.elites = np.zeros((H, 2)), []

    def plan(self, start, drawn):
        """First action, and the return, of the best; `drawn` has the numbers of each sample."""
        std = np.full((H, 2), 0.5)
        for turn, whites in enumerate(drawn["rounds"]):
            samples = [clipped(self.mean, std, white, self.exponent) for white in whites]
            if turn == len(drawn["rounds"]) - 1:
                samples[0] = self.mean
            if turn == 0 and self.elites:
                for elite, white in zip(self.elites[:REUSED], drawn["ends"], strict=True):
                    end = clipped(self.mean, std, white, self.exponent)[-1:]
                    samples.append(np.concatenate([elite[1:], end]))
            if turn > 0:
                samples += self.elites[:REUSED]
            samples.sort(key=lambda sequence: -self.plain_return(start, sequence))
            self.elites = samples[:ELITES]
            fitted = np.array(self.elites)
            self.mean = ALPHA * self.mean + (1 - ALPHA) * fitted.mean(axis=0)
            std = ALPHA * std + (1 - ALPHA) * fitted.std(axis=0)
        best = samples[0]
        self.mean = np.concatenate([self.mean[1:], self.mean[-1:]])
        return best[0], self.plain_return(start, best)


def normals(stream, count):
    """(count, 2, H // 2 + 1, A) of each body, drawn as the planner draws them for two bodies."""
    drawn = torch.empty(2, H // 2 + 1, 2, count, 2).normal_(generator=stream).numpy()
    return [drawn[:, :, body].transpose(2, 0, 1, 3) for body in range(2)]


@pytest.mark.parametrize("exponent", [0.0, 0.25, 2.0])
def test_it_plans_as_the_plain_version(task, exponent):
    """Three steps of a rollout of two bodies, each plan from the one before."""
    planner = task.planner("icem", horizon=H, num_samples=K, noise_exponent=exponent)
    stream, same = task.draws(), task.draws()
    plain = [PlainPlanner(exponent, task.plain_return) for _ in range(2)]
    states = task.states.copy()
    for step in range(3):
        plan = planner.plan(states, stream)
        rounds, ends = [], [[], []]
        for turn, count in enumerate(ROUNDS):
            rounds.append(normals(same, count))
            if turn == 0 and step > 0:
                ends = normals(same, REUSED)
        for body in range(2):
            drawn = {"rounds": [one[body] for one in rounds], "ends": ends[body]}
            action, worth = plain[body].plan(states[body], drawn)
            np.testing.assert_allclose(plan.actions[body], action, atol=1e-5)
            np.testing.assert_allclose(plan.returns[body], worth, rtol=1e-5)
        states = states + plan.actions


@pytest.mark.parametrize("steps", [2, 3, 8, 15, 30])
@pytest.mark.parametrize("exponent", [0.0, 0.25, 2.0, 3.5])
def test_coloured_noise_has_its_spectrum(steps, exponent, task):
    white = torch.empty(2, steps // 2 + 1, 20_000).normal_(generator=task.draws())
    noise = coloured(white, steps, exponent)
    assert noise.shape == (steps, 20_000)
    power = torch.fft.rfft(noise, dim=0).abs().square().mean(dim=1)
    expected = torch.arange(steps // 2 + 1).clamp_min(1).pow(-exponent)
    torch.testing.assert_close(power / power[1], expected / expected[1], rtol=0.06, atol=0)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)


def test_noise_without_colour_is_white(task):
    white = torch.empty(2, 11, 50_000).normal_(generator=task.draws())
    noise = coloured(white, 20, 0.0)
    correlation = torch.corrcoef(noise)
    torch.testing.assert_close(correlation, torch.eye(20), rtol=0, atol=0.1)
    # Nine frequencies of power 4, and two without phase of power 2; scaled, as in the package that
    # the authors use, by nine frequencies and a quarter of the last.
    assert noise.var().item() == pytest.approx((4 * 9 + 2 + 2) / (4 * 9.25), rel=0.01)


def test_one_step_has_no_colour(task):
    white = torch.empty(2, 1, 50_000).normal_(generator=task.draws())
    assert coloured(white, 1, 2.0).var().item() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize(
    ("given", "rounds", "elites"),
    [
        ({"num_samples": 100}, [100, 80, 64], 10),
        ({"num_samples": 30, "rounds": 4}, [30, 24, 20, 20], 10),
        ({"num_samples": 6}, [6, 6, 6], 3),
        ({"num_samples": 1}, [1, 2, 2], 1),
    ],
)
def test_the_population_decays(given, rounds, elites):
    """By gamma each round, but never below two of each elite."""
    settings = IcemSettings(planner="icem", horizon=5, **given)
    assert settings.samples == rounds
    assert settings.elite_count == elites
    assert settings.sequences == sum(rounds)


def test_it_finds_the_optimum_of_several_steps(task):
    """Without a cost of actions, the first step ends where the others stay: at the origin."""
    settings = {"horizon": 4, "num_samples": 400, "rounds": 12}
    planner = task.planner("icem", lambda s, _: -s.square().sum(-1), **settings)
    plan = planner.plan(task.states[1:], task.draws())
    np.testing.assert_allclose(plan.actions, -task.states[1:], atol=0.05)
    np.testing.assert_allclose(plan.returns, 0, atol=0.02)
