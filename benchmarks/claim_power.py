"""How often verdicts on claims err, and how large an effect they need: simulated.

`python benchmarks/claim_power.py` writes docs/power.md; a few minutes on one core. Claims are the
shipped ones, with the seeds that `config/config.yaml` gives them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mbmf.analysis import speedups
from mbmf.analysis.claims import AnyClaim, check_claims
from mbmf.analysis.intervals import Array, Estimate, cautious, mean_over_seeds
from mbmf.analysis.judging import Question, questions
from mbmf.analysis.speedups import Curves
from mbmf.analysis.sweeps import Sweep
from mbmf.analysis.verdicts import ERROR_RATE, Asked, verdicts
from mbmf.storage.yaml_files import read_yaml

TABLES, TABLES_OF_EFFECTS = 1000, 300
SEEDS = (3, 5, 10)
# Effects of Figure 6's claims "above 0", in standard deviations of a paired difference.
EFFECTS = (1.2, 3.0)
FOUND = 0.8

Rng = np.random.Generator


def _unequal(rng: Rng, shape: tuple[int, int]) -> Array:
    """Standard deviations from 1/4 to 4 times the middle one in 95 % of settings."""
    return rng.normal(size=shape) * np.exp(rng.normal(0, math.log(2), (shape[0], 1)))


def _two_kinds(rng: Rng, shape: tuple[int, int]) -> Array:
    """One setting in five varies three times as much as the others."""
    return rng.normal(size=shape) * np.where(rng.random((shape[0], 1)) < 0.2, 3.0, 1.0)


def _half_shared(rng: Rng, shape: tuple[int, int]) -> Array:
    """Half of the settings share an effect of the seed three times as large as their own."""
    shared = 3 * rng.normal(size=(1, shape[1])) * (rng.random((shape[0], 1)) < 0.5)
    return rng.normal(size=shape) + shared


# What each run returns beside what all runs of its seed share.
SPREADS: dict[str, Callable[[Rng, tuple[int, int]], Array]] = {
    "equal and normal": lambda rng, shape: rng.normal(size=shape),
    "unequal: deviations from 1/4 to 4": _unequal,
    "unequal: one setting in five, three times": _two_kinds,
    "skewed: log-normal": lambda rng, shape: rng.lognormal(size=shape),
    "heavy tails: Student's t, 3 df": lambda rng, shape: rng.standard_t(3, shape),
    "one run in ten fails": lambda rng, shape: (
        rng.normal(size=shape) - 5 * (rng.random(shape) < 0.1)
    ),
    "half of the settings share the seed's effect": _half_shared,
}


@cache
def shipped() -> tuple[list[Question], dict[str, Any]]:
    """The questions that the shipped claims ask, and the configuration, agents included."""
    claims, problems = check_claims(read_yaml(Path("config/claims.yaml")))
    assert not problems
    configuration = read_yaml(Path("config/config.yaml"))
    return questions(claims), configuration | read_yaml(Path("config/agents.yaml"))


def own_setting(agent: str, parameter: str) -> float:
    """The agent's own value of a setting."""
    part, key = parameter.split(".")
    return float(shipped()[1]["agents"][agent]["model_based"][part][key])


def figure_6_sweeps(agent: str) -> list[Sweep]:
    """The sweeps of an agent, without returns."""
    return [
        Sweep(sweep["parameter"], own, [], sorted({*map(float, sweep["values"]), own}), np.empty(0))
        for sweep in shipped()[1]["figures"]["figure_6"]["sweeps"]
        for own in [own_setting(agent, sweep["parameter"])]
    ]


def settings_of(sweeps: list[Sweep]) -> int:
    """Settings of an agent: the values of all sweeps, the own one once."""
    return 1 + sum(value != sweep.own for sweep in sweeps for value in sweep.values)


def with_returns(sweeps: list[Sweep], returns: Array) -> list[Sweep]:
    """The sweeps with returns (settings, seeds), the own setting's first."""
    found, at = [], 1
    for sweep in sweeps:
        columns = []
        for value in sweep.values:
            columns.append(returns[0 if value == sweep.own else at])
            at += value != sweep.own
        seeds = list(range(returns.shape[1]))
        found.append(replace(sweep, seeds=seeds, returns=np.stack(columns, axis=1)))
    return found


def figure_6_table(rng: Rng, spread: str, seeds: int, effects: dict[str, float]) -> list[Estimate]:
    """Estimates of all of Figure 6's claims from one simulated table.

    Args:
        rng: draws it.
        spread: of the returns, one of SPREADS.
        seeds: of each setting.
        effects: by how much the setting that a claim calls worse returns less, by question.
    """
    asked = [question for question in shipped()[0] if question.family == "Figure 6"]
    tables = {}
    for agent in dict.fromkeys(str(question.agent) for question in asked):
        # Of each seed, the same in all settings and iterations.
        shared = rng.normal(size=(1, seeds))
        empty = figure_6_sweeps(agent)
        first, last = (
            with_returns(empty, shared + SPREADS[spread](rng, (settings_of(empty), seeds)))
            for _ in range(2)
        )
        shrunk = [one.minus(other) for one, other in zip(first, last, strict=True)]
        tables[agent] = {"first": first, "last": last, "first_minus_last": shrunk}
    found = []
    for question in asked:
        statistic = question.claim.statistic
        sweeps = []
        for sweep in tables[str(question.agent)][statistic.iteration]:
            returns = sweep.returns.copy()
            if sweep.parameter == statistic.parameter:
                worse = sweep.values.index(statistic.subtracted(sweep))
                returns[:, worse] -= effects.get(question.id, 0.0)
            sweeps.append(replace(sweep, returns=returns))
        found.append(statistic.difference(sweeps))
    return found


def figure_6_ids() -> list[str]:
    """Figure 6's questions, in the order of `figure_6_table`."""
    return [question.id for question in shipped()[0] if question.family == "Figure 6"]


def false_verdicts(spread: str, seeds: int) -> float:
    """Share of tables without effects in which some claim is called reproduced."""
    rng = np.random.default_rng(seeds)
    wrong = 0
    for _ in range(TABLES):
        judged = verdicts(
            [Asked(e, (0.0, math.inf)) for e in figure_6_table(rng, spread, seeds, {})]
        )
        wrong += any(found.verdict == "reproduced" for found in judged)
    return wrong / TABLES


def true_verdicts(seeds: int, tables: int = TABLES_OF_EFFECTS) -> tuple[float, int]:
    """Claims that are called reproduced, on average, where each has an effect; and how many."""
    rng = np.random.default_rng(seeds)
    ids = [name for name in figure_6_ids() if not name.startswith("random_rollouts_end")]
    sizes = np.linspace(*EFFECTS, len(ids)) * math.sqrt(2)
    decided = 0
    for _ in range(tables):
        # Which claim has which effect is drawn anew.
        effects = dict(zip(ids, rng.permutation(sizes), strict=True))
        found = figure_6_table(rng, "equal and normal", seeds, effects)
        judged = verdicts([Asked(estimate, (0.0, math.inf)) for estimate in found])
        decided += sum(
            one.verdict == "reproduced"
            for name, one in zip(figure_6_ids(), judged, strict=True)
            if name in effects
        )
    return decided / tables, len(ids)


def step_ratio(rng: Rng, spread: float, seeds: int) -> Estimate:
    """A ratio of steps that is 3: two methods whose seeds differ in pace by a share `spread`."""
    points = np.arange(0.0, 401.0)

    def curves(pace: float) -> Curves:
        paces = pace * np.exp(rng.normal(0, spread, (seeds, 1)))
        returns = np.minimum(points * paces, 60) + rng.normal(0, 0.5, (seeds, len(points)))
        return Curves(np.arange(seeds), np.tile(1000 * points, (seeds, 1)), returns)

    slow, fast = curves(1 / 3), curves(1.0)
    return speedups.estimate(lambda rows: speedups.time_to_max(slow, fast, rows, at=40.0), seeds)


def needed(distances: Array) -> float:
    """Distance from the edge of what is claimed that is decided with a probability of FOUND."""
    return float(np.quantile(distances, FOUND))


def low_ends(estimates: list[Estimate], error: float) -> Array:
    """Low end of each estimate's interval, wrong with a probability of `error`."""
    return np.array([estimate.interval(1 - 2 * error)[0] for estimate in estimates])


def effect_rows() -> Iterator[list[str]]:
    """Of each claim: seeds, and the effect that is found when decided first and last."""
    asked, configuration = shipped()
    figures = configuration["figures"]
    rng = np.random.default_rng(0)
    sizes = {family: [q.family for q in asked].count(family) for family in families(asked)}
    plain = {
        "Figure 5": len(figures["figure_5"].get("seeds", configuration["seeds"])),
        "Dyna-Q": configuration["dyna"]["runs"],
    }
    for family, count in plain.items():
        means = [mean_over_seeds(rng.normal(size=count)) for _ in range(4 * TABLES)]
        for claim in unique_claims(asked, family):
            if claim.statistic.name == "episodes_to_optimal":
                continue  # of whole episodes, which no standard deviation measures
            halves = claim.statistic.name == "divergence_ratio"
            estimates = list(map(cautious, means)) if halves else means
            yield row(claim, count, sizes[family], estimates, "{:#.2g} standard deviations")
    count = figure_6_seeds(figures["figure_6"])
    tables = [figure_6_table(rng, "equal and normal", count, {}) for _ in range(TABLES)]
    for claim in unique_claims(asked, "Figure 6"):
        index = figure_6_ids().index(f"{claim.id}.{claim.agents[0]}")
        estimates = [table[index] for table in tables]
        unit = math.sqrt(2)
        yield row(claim, count, sizes["Figure 6"], estimates, "{:#.2g} standard deviations", unit)
    for count, agents in figure_7_agents(figures["figure_7"]):
        size = sum(q.family == "Figure 7" and q.agent in agents for q in asked)
        for spread in (0.1, 0.3):
            ratios = [step_ratio(rng, spread, count) for _ in range(TABLES)]
            first, last = (
                # As of the time to the maximum, whose verdict names a part: both ends may err.
                math.exp(needed(math.log(3) - np.log(low_ends(ratios, ERROR_RATE / share / 2))))
                for share in (size, 1)
            )
            figure = f"Figure 7, {len(agents)} agent{'s' * (len(agents) > 1)}"
            name = f"each factor of {figure}, seeds {spread:.0%} apart in pace".replace("%", " %")
            yield [
                name,
                str(count),
                *(f"a factor of {_rounded(factor)}" for factor in (first, last)),
            ]


def families(asked: list[Question]) -> list[str]:
    """Names of the families, in the file's order."""
    return list(dict.fromkeys(question.family for question in asked))


def unique_claims(asked: list[Question], family: str) -> list[AnyClaim]:
    """The claims of a family, each once."""
    return list({q.claim.id: q.claim for q in asked if q.family == family}.values())


def figure_6_seeds(section: dict[str, Any]) -> int:
    """Seeds of the settings that claims use: the most that some setting has."""
    named = [section, *section["sweeps"]]
    named += [one for sweep in section["sweeps"] for one in sweep.get("value_seeds", [])]
    found = [len(entry["seeds"]) for entry in named if "seeds" in entry]
    return max(found) if found else len(shipped()[1]["seeds"])


def figure_7_agents(section: dict[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """A number of seeds, and the agents among which the error is shared.

    Those that are run, with the section's seeds; then these and all agents with seeds of their
    own, with the seeds of each.
    """
    run, others = section["agents"], section.get("agent_seeds", [])
    seeds = len(section.get("seeds", shipped()[1]["seeds"]))
    every = [*run, *(agent for one in others for agent in one["agents"] if agent not in run)]
    yield seeds, run
    if every != run:
        yield seeds, every
    yield from ((len(one["seeds"]), every) for one in others)


def _rounded(factor: float) -> str:
    return f"{factor:#.3g}" if factor < 1000 else f"{round(factor, -2):,.0f}"


def row(
    claim: AnyClaim, seeds: int, size: int, estimates: list[Estimate], words: str, unit: float = 1
) -> list[str]:
    """A line of the table of effects."""
    effects = [needed(-low_ends(estimates, ERROR_RATE / share)) / unit for share in (size, 1)]
    return [f"`{claim.id}`", str(seeds), *(words.format(effect) for effect in effects)]


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


PAGE = """# What the claims' seeds can decide

Written by `python benchmarks/claim_power.py`: simulated with the code that judges the claims and
the settings that Figure 6 shows: {tables} tables of each kind, {fewer} with effects.
docs/decisions.md says how verdicts are found. The claims of Figure 9 are not in it.

## Tables of nulls

Tables of Figure 6 in which no setting matters: the share in which any of its {claims} claims is
called reproduced. It should be at most {rate:.0%}. The last line is a limit of shared variances,
where they are not of one kind; at paper scale Figure 6's claims have ten seeds.

{nulls}
## Tables of effects

The same tables, where each of {effects} claims (all but `random_rollouts_end`) has an effect of
{low} to {high} standard deviations of a seed's paired difference: how many are called reproduced,
on average. A claim on several differences has it in each of them.

{found}
## Smallest effects

Effects that are decided in {power:.0%} of simulated tables, with the seeds that the configuration
gives: when the claim is the first of its family to be decided, and when it is the last. An effect
is how far the truth is from the edge of what is claimed. It is measured in standard deviations of
a seed's number (of a run's, for Dyna-Q); in Figure 6, of a paired difference of two runs; for
errors and ratios, of its logarithm. The episodes until Dyna-Q is epsilon-optimal are whole episodes
and not listed.

{needed}"""


def main() -> None:
    """Write the page."""
    nulls = []
    for spread in SPREADS:
        rates = [f"{100 * false_verdicts(spread, seeds):.1f} %" for seeds in SEEDS]
        nulls.append([spread, *rates])
        print(*nulls[-1], sep=", ", file=sys.stderr)
    decided = [true_verdicts(seeds) for seeds in SEEDS]
    page = PAGE.format(
        tables=TABLES,
        fewer=TABLES_OF_EFFECTS,
        claims=len(figure_6_ids()),
        rate=ERROR_RATE,
        nulls=markdown(["returns", *(f"{seeds} seeds" for seeds in SEEDS)], nulls),
        effects=decided[0][1],
        low=EFFECTS[0],
        high=EFFECTS[1],
        found=markdown(
            ["", *(f"{seeds} seeds" for seeds in SEEDS)],
            [["reproduced", *(f"{count:.1f} of {of}" for count, of in decided)]],
        ),
        power=FOUND,
        needed=markdown(["claim", "seeds", "first", "last"], list(effect_rows())),
    ).replace("5%", "5 %").replace("80%", "80 %")  # fmt: skip
    Path("docs/power.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
