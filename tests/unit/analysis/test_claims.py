"""The paper's claims: their file, and verdicts on made-up tables whose answer is known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mbmf.agents import AGENTS
from mbmf.analysis import speedups
from mbmf.analysis.authors_plots import read_authors_plots
from mbmf.analysis.claims import check_claims
from mbmf.analysis.judging import judge
from mbmf.analysis.speedups import Curves, sample_efficiency
from mbmf.analysis.statistics.divergence_ratio import later_over_earlier
from mbmf.analysis.verdict_text import as_text, changes
from mbmf.analysis.verdicts import Asked, verdicts
from mbmf.base.errors import InputError
from mbmf.storage.yaml_files import read_yaml

CONFIG = Path(__file__).parents[3] / "config"
CONTENT = read_yaml(CONFIG / "claims.yaml")
PLOTS = read_authors_plots(CONFIG / "authors_plots.yaml")
CLAIMS, _ = check_claims(CONTENT)
SWEEPS = {
    "dynamics.epochs": [5, 20, 30, 40],
    "dynamics.on_policy_fraction": [0.0, 0.5, 0.9],
    "planning.horizon": [5, 20, 40],
    "planning.num_samples": [100, 500, 1000],
    "random_data.rollouts": [5, 10, 25],
}
OWN = {
    "dynamics.epochs": 30,
    "dynamics.on_policy_fraction": 0.9,
    "planning.horizon": 20,
    "planning.num_samples": 500,
    "random_data.rollouts": 25,
}
FIGURE_6 = [claim for claim in CLAIMS if claim.table == "figure_6"]


def one(claim, **changes):
    """A claim of the file, changed."""
    (found,) = [entry for entry in CONTENT["claims"] if entry["id"] == claim]
    return found | changes


def figure_9(seeds=5, agents=("swimmer", "half_cheetah"), level=10.0):
    """Every method that a claim names returns the same, in the second of two iterations."""
    methods = [
        ("random_shooting", "mlp", 5000), ("cem", "mlp", 500), ("cem", "mlp", 100),
        ("icem", "mlp", 100), ("cem", "probabilistic_ensemble", 100),
    ]  # fmt: skip
    return pd.DataFrame(
        [
            {
                "agent": agent,
                "seed": seed,
                "iteration": iteration,
                "planning.planner": planner,
                "dynamics.model": model,
                "planning.num_samples": num_samples,
                "return": level * iteration,
            }
            for agent in agents
            for planner, model, num_samples in methods
            for seed in range(seeds)
            for iteration in (0, 1)
        ]
    )


def figure_6(seeds=3, agents=("swimmer", "half_cheetah"), level=10.0):
    """Every run of every sweep, two iterations, all of the same return."""
    settings = {tuple((OWN | {name: v}).items()) for name in OWN for v in SWEEPS[name]}
    return pd.DataFrame(
        [
            {"agent": agent, **dict(row), "seed": seed, "iteration": iteration, "return": level}
            for agent in agents
            for row in sorted(settings)
            for seed in range(seeds)
            for iteration in (0, 1)
        ]
    )


def noisy(table, rng, spread=1.0):
    """The table with a part of the return that runs of a seed share, and one of each run."""
    shared = rng.normal(0.0, spread, 100)[table["seed"]]
    return table.assign(**{"return": table["return"] + shared + rng.normal(0, spread, len(table))})


def figure_5(seeds=3, after_10=0.3, after_100=3.0, spread=0.05):
    rng = np.random.default_rng(0)
    steps = np.array([1, 10, 100])
    return pd.DataFrame(
        [
            {
                "agent": "half_cheetah", "seed": seed, "iteration": iteration, "rollouts": rollouts,
                "start": start, "step": step, "error": error * np.exp(rng.normal(0, spread)),
            }
            for seed in range(seeds)
            for iteration in (0, 1)
            for rollouts in ("random", "MPC")
            for start in range(5)
            for step, error in zip(steps, (0.1, after_10, after_100), strict=True)
        ]
    )  # fmt: skip


def trajectories(lost, seeds=5):
    """Elements that each seed loses after about `lost` of 200 steps, and one that stands still."""
    rng = np.random.default_rng(0)
    step = np.arange(200)
    parts = []
    for seed in range(seeds):
        for element, after in enumerate([*lost, None]):
            true = np.sin(step) if after else np.zeros(200)
            wrong = 10.0 * (step >= after * np.exp(rng.normal(0, 0.1))) if after else 1e-9
            parts.append(
                pd.DataFrame(
                    {
                        "agent": "half_cheetah", "seed": seed, "element": str(element),
                        "step": step, "true": true, "predicted": true + wrong,
                    }
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def figure_7(agents=("swimmer",), seeds=5, slow=30.0, faster=4.0, spread=0.02, top=70):
    """Mf reaches the 30 of Mb after `slow` times its steps; Mb-Mf rises `faster` as fast."""
    rng = np.random.default_rng(0)
    points = np.arange(300)
    parts = []
    for agent in agents:
        for seed in range(seeds):
            pace = np.exp(rng.normal(0, spread))
            mf = 1000.0 * points * pace * slow / 30
            for kind, env_steps, returns in [
                ("model_based", np.r_[500.0, np.arange(1000.0, 1050, 10)], [5, *[30] * 5]),
                ("model_free", mf, np.minimum(points, top)),
                ("imitation", np.array([1100.0, 1200.0]), [0, 0]),
                ("fine_tuning", 1300 + mf / faster * np.exp(rng.normal(0, spread)),
                 np.minimum(points, 70)),
            ]:  # fmt: skip
                parts.append(
                    pd.DataFrame(
                        {
                            "kind": kind, "agent": agent, "seed": seed,
                            "iteration": range(len(returns)), "env_steps": env_steps,
                            # Half of them before TRPO, and a batch more in it.
                            "authors_steps": env_steps / 2
                            if kind in ("model_based", "imitation") else env_steps + 1000,
                            "return": np.asarray(returns, float),
                        }
                    )
                )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def dyna_episodes(reached=(25, 5, 3), first=1700.0, runs=40):
    """Curves that are optimal (10 steps) from the episode `reached` on."""
    rng = np.random.default_rng(0)
    episodes = np.arange(1, 51)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "panel": "a", "planning_steps": n, "run": run, "episode": episodes,
                    "steps": np.where(episodes >= at, 10.0, 100.0) + first * (episodes == 1)
                    + rng.normal(0, 0.5, 50) * np.where(episodes == 1, 100, 1),
                    "optimal_steps": 10.0,
                }
            )
            for n, at in zip((0, 5, 50), reached, strict=True)
            for run in range(runs)
        ],
        ignore_index=True,
    )  # fmt: skip


def dyna_rewards(plus=(20, 30), runs=30):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"figure": figure, "method": method, "run": run, "step": step,
             "cumulative_reward": (step > 0) * (100 + more + rng.normal(0, 5))}
            for figure, gain in zip(("8.4", "8.5"), plus, strict=True)
            for method, more in (("Dyna-Q", 0), ("Dyna-Q+", gain))
            for run in range(runs)
            for step in (0, 10)
        ]
    )  # fmt: skip


TABLES = {
    "figure_5_errors": figure_5(),
    "figure_5_trajectories": trajectories([10, 12, 100, 120]),
    "figure_6": noisy(figure_6(), np.random.default_rng(0)),
    "figure_9": noisy(figure_9(), np.random.default_rng(0)),
    "figure_7": figure_7(("swimmer", "half_cheetah", "hopper", "ant")),
    "dyna_episodes": dyna_episodes(),
    "dyna_rewards": dyna_rewards(),
}


def verdict(claim, table, **changed):
    """The record of one claim of the file by itself, about its first agent."""
    claims, problems = check_claims({"claims": [one(claim, **changed)]})
    assert not problems
    return judge(claims, lambda name: table, PLOTS)[0]


def better(column, *values, by=100.0, iteration=1):
    """Noisy Figure 6 in which runs with some values return more in one iteration."""
    table = noisy(figure_6(), np.random.default_rng(1))
    table.loc[table[column].isin(values) & (table["iteration"] == iteration), "return"] += by
    return table


def test_the_shipped_file_is_well_formed():
    claims, problems = check_claims(CONTENT)
    assert problems == []
    sources = {claim.source for claim in claims}
    assert {
        "Figure 5",
        "Figure 7",
        "the authors' plots",
        *(f"Figure 6{panel}" for panel in "abcd"),
    } < sources
    agents = {claim.id: claim.agents for claim in claims}
    assert agents["few_epochs"] == ["swimmer"]
    assert agents["long_horizon"] == ["half_cheetah"]
    assert sorted(agents["time_to_max"]) == sorted(AGENTS)
    families = {"Figure 5", "Figure 6", "Figure 7", "Figure 9", "Dyna-Q"}
    assert {claim.family for claim in CLAIMS} == families
    # Each factor against both targets, by both ways of counting.
    asked = [
        (claim.statistic.name, claim.statistic.counting, claim.comparison, claim.threshold)
        for claim in CLAIMS
        if claim.family == "Figure 7"
    ]
    assert sorted(asked) == sorted(
        (name, counting, comparison, threshold)
        for name, text in (("sample_efficiency", 20), ("time_to_max", 3))
        for counting in ("every_step", "authors")
        for comparison, threshold in (("above", text), ("as_plotted", 1.5))
    )


KNOWN = [
    ("short_horizon_error", figure_5(after_10=0.1), "reproduced"),
    ("short_horizon_error", figure_5(after_10=2.0), "not reproduced"),
    ("short_horizon_error", figure_5(after_10=0.5), "undecided"),
    ("long_horizon_error", figure_5(after_100=30.0), "reproduced"),
    ("long_horizon_error", figure_5(after_100=0.3), "not reproduced"),
    ("elements_differ", trajectories([10, 12, 100, 120]), "reproduced"),
    ("elements_differ", trajectories([50, 50, 50, 50]), "not reproduced"),
    ("few_epochs", better("dynamics.epochs", 30, 40), "reproduced"),
    ("few_epochs", better("dynamics.epochs", 30, 40, by=-100.0), "not reproduced"),
    ("few_epochs", better("dynamics.epochs", 30, 40, by=0.0), "undecided"),
    ("few_epochs", better("dynamics.epochs", 30, 40, iteration=0), "undecided"),
    ("on_policy_data", better("dynamics.on_policy_fraction", 0.5, 0.9), "reproduced"),
    ("short_horizon", better("planning.horizon", 20), "reproduced"),
    ("short_horizon", better("planning.horizon", 5), "not reproduced"),
    ("long_horizon", better("planning.horizon", 20), "reproduced"),
    ("long_horizon", better("planning.horizon", 40), "not reproduced"),
    # The agent's own 500, not the 1000 that are drawn beside it.
    ("more_samples", better("planning.num_samples", 500), "reproduced"),
    ("more_samples", better("planning.num_samples", 1000), "undecided"),
    # Each larger number is asked for, not their mean.
    ("few_epochs", better("dynamics.epochs", 30, by=300.0), "undecided"),
    ("few_epochs", better("dynamics.epochs", 40, by=-300.0), "not reproduced"),
    ("random_rollouts_start", better("random_data.rollouts", 25, iteration=0), "reproduced"),
    ("random_rollouts_start", better("random_data.rollouts", 25, iteration=1), "undecided"),
    ("random_rollouts_end", better("random_data.rollouts", 25, iteration=0), "reproduced"),
    ("random_rollouts_end", better("random_data.rollouts", 25, iteration=1), "not reproduced"),
    ("random_rollouts_end", better("random_data.rollouts", 25, by=0.0), "undecided"),
    ("sample_efficiency", figure_7(slow=30), "reproduced"),
    ("sample_efficiency", figure_7(slow=10), "not reproduced"),
    ("sample_efficiency", figure_7(slow=20), "undecided"),
    ("time_to_max", figure_7(faster=5), "reproduced"),
    ("time_to_max", figure_7(faster=2), "not reproduced"),
    # The authors count half of Mb's steps, so that their factor is twice ours.
    ("sample_efficiency_authors", figure_7(slow=12), "reproduced"),
    ("sample_efficiency_authors", figure_7(slow=5), "not reproduced"),
    # The authors' plots say 25 and 1.55 to 1.63 of the swimmer.
    ("sample_efficiency_plots", figure_7(slow=25), "reproduced"),
    ("sample_efficiency_plots", figure_7(slow=12), "not reproduced"),
    ("sample_efficiency_plots", figure_7(slow=50), "not reproduced"),
    ("sample_efficiency_plots_authors", figure_7(slow=25), "not reproduced"),
    ("sample_efficiency_plots_authors", figure_7(slow=12), "reproduced"),
    ("time_to_max_authors", figure_7(faster=5), "reproduced"),
    ("time_to_max_plots", figure_7(faster=1.6), "reproduced"),
    ("time_to_max_plots", figure_7(faster=4), "not reproduced"),
    ("time_to_max_plots_authors", figure_7(faster=1.6), "reproduced"),
    # Mf never returns the 30 of Mb, the 27 or the 65.5 of the plots: its steps bound the ratio.
    ("sample_efficiency", figure_7(top=20), "reproduced"),
    ("sample_efficiency", figure_7(slow=1.5, top=20), "undecided"),
    ("sample_efficiency_plots", figure_7(top=20), "not reproduced"),
    ("time_to_max_plots", figure_7(top=60), "not reproduced"),
    ("dyna_first_episode", dyna_episodes(first=1600), "reproduced"),
    ("dyna_first_episode", dyna_episodes(first=700), "not reproduced"),
    ("dyna_0_planning_steps", dyna_episodes(), "reproduced"),
    ("dyna_0_planning_steps", dyna_episodes((40, 5, 3)), "not reproduced"),
    ("dyna_5_planning_steps", dyna_episodes(), "reproduced"),
    ("dyna_50_planning_steps", dyna_episodes((25, 5, 4)), "not reproduced"),
    ("dyna_blocking_maze", dyna_rewards(), "reproduced"),
    ("dyna_shortcut_maze", dyna_rewards((20, -30)), "not reproduced"),
]


@pytest.mark.parametrize(("claim", "table", "expected"), KNOWN)
def test_known_answers(claim, table, expected):
    record = verdict(claim, table)
    assert record["verdict"] == expected, record
    assert record["why"] is None
    assert not record["refused"]
    high = np.inf if record["high"] is None else record["high"]
    assert record["low"] < record["statistic"] < high or record["seeds"] == 40 or record["bound"]


def test_statistics_are_what_they_say():
    assert verdict("short_horizon_error", figure_5())["statistic"] == pytest.approx(0.3, rel=0.1)
    assert verdict("long_horizon_error", figure_5())["statistic"] == pytest.approx(10, rel=0.1)
    ratio = verdict("elements_differ", trajectories([10, 12, 100, 120]))["statistic"]
    assert ratio == pytest.approx(10, rel=0.1)
    higher = verdict("few_epochs", better("dynamics.epochs", 30, 40))
    assert higher["statistic"] == pytest.approx(100, abs=5)
    # One claim by itself, of which one verdict can be wrong: 5 % at one end of the interval.
    assert (higher["seeds"], higher["level"], higher["threshold"]) == (3, 0.9, [0, None])
    shrinks = verdict("random_rollouts_end", better("random_data.rollouts", 25, iteration=0))
    assert shrinks["statistic"] == pytest.approx(100, abs=5)
    assert verdict("sample_efficiency", figure_7())["statistic"] == pytest.approx(30, rel=0.05)
    assert verdict("dyna_0_planning_steps", dyna_episodes())["statistic"] == 25


def test_a_curve_that_never_gets_there_gives_a_bound():
    """Mf's last stretch of five begins at point 295 of 299, each 1000 steps; Mb had 1000."""
    record = verdict("sample_efficiency", figure_7(slow=30, top=20, spread=0.0001))
    assert record["bound"] == "at least"
    assert record["statistic"] == pytest.approx(295, abs=0.1)
    assert record["low"] == pytest.approx(295, abs=1)
    assert record["high"] is None
    assert ">= 295" in as_text([record])
    table = figure_7()
    tuned = table["kind"] == "fine_tuning"
    table.loc[tuned, "return"] = table.loc[tuned, "return"].clip(upper=40)
    record = verdict("time_to_max", table)
    assert (record["verdict"], record["bound"], record["low"]) == ("not reproduced", "at most", 0)
    assert record["statistic"] < 1


def test_time_to_the_maximum_is_told_in_parts():
    for faster, part in [(1.2, [None, 1.5]), (2, [1.5, 3]), (4.2, [3, 5]), (9, [5, None])]:
        record = verdict("time_to_max", figure_7(faster=faster))
        assert record["part"] == part, record
        assert record["verdict"] == ("reproduced" if faster > 3 else "not reproduced")
        # Parts on either side: both ends of the interval must be right at once.
        assert record["level"] == 0.95
    wide = verdict("time_to_max", figure_7(faster=3.3, spread=0.3))
    assert wide["verdict"] == "undecided"
    assert wide["part"] != [3, 5]
    assert "from 3 to 5" in as_text([verdict("time_to_max", figure_7(faster=4.2))])


def test_factors_are_compared_with_the_plots_at_the_return_that_these_were_read_at():
    """Mb reaches the swimmer's 27 on the way from 5 to 30; Mf's 27 take it 27,000 steps."""
    record = verdict("sample_efficiency_plots", figure_7(slow=30, spread=0.0001))
    assert record["statistic"] == pytest.approx(27_000 / (500 + 500 * 22 / 25), rel=1e-3)
    # Reached by the fourth of six points, and held to the end.
    late = figure_7(slow=30, spread=0.0001)
    late.loc[(late["kind"] == "model_based") & (late["iteration"] < 3), "return"] = 5.0
    record = verdict("sample_efficiency_plots", late)
    assert record["statistic"] == pytest.approx(27_000 / (1010 + 10 * 22 / 25), rel=1e-3)


def test_the_authors_plots_allow_a_factor_either_way_for_each_agent():
    by_id = {record["id"]: record for record in judge(CLAIMS, TABLES.__getitem__, PLOTS)}
    for name, lowest, highest in [
        ("sample_efficiency_plots.swimmer", 25 / 1.5, 25 * 1.5),
        ("sample_efficiency_plots_authors.ant", 6 / 1.5, 6 * 1.5),
        ("time_to_max_plots.swimmer", 1.55 / 1.5, 1.63 * 1.5),
        ("time_to_max_plots_authors.hopper", 3.7 / 1.5, 3.7 * 1.5),  # at 3000, not at 2500
    ]:
        assert by_id[name]["threshold"] == pytest.approx([lowest, highest])


def test_a_table_without_the_authors_steps_is_refused_only_where_they_are_asked_for():
    older = TABLES | {"figure_7": TABLES["figure_7"].drop(columns="authors_steps")}
    records = judge(CLAIMS, older.__getitem__, PLOTS)
    refused = {record["id"].split(".")[0] for record in records if record["refused"]}
    assert refused == {
        "sample_efficiency_authors", "sample_efficiency_plots_authors",
        "time_to_max_authors", "time_to_max_plots_authors",
    }  # fmt: skip
    assert {record["why"] for record in records if record["refused"]} == {
        "figure_7: lacks the columns authors_steps"
    }


def test_elements_that_differ_by_chance_alone_do_not_count():
    """In each seed others are lost early: no element is lost sooner than another."""
    parts = [
        trajectories(np.roll([10, 12, 100, 120], seed), 1).assign(seed=seed) for seed in range(4)
    ]
    record = verdict("elements_differ", pd.concat(parts))
    assert record["verdict"] != "reproduced"
    assert record["statistic"] < 2


def test_elements_at_the_threshold_are_seldom_called_to_differ():
    """Half of the elements stay close exactly twice as long, in 1000 samples of five seeds."""
    rng = np.random.default_rng(0)
    true = np.repeat([0.0, np.log(2)], 11)
    reproduced = 0
    for _ in range(1000):
        ratio = later_over_earlier(true + rng.normal(0, 0.2, (5, 22)))
        judged = verdicts([Asked(ratio, (2.0, np.inf))])
        reproduced += judged[0].verdict == "reproduced"
    assert reproduced <= 50


def test_the_claims_of_a_figure_share_the_error_rate():
    records = judge(CLAIMS, TABLES.__getitem__, PLOTS)
    assert len({record["id"] for record in records}) == len(records) == 59
    sizes = {record["family"]: record["family_size"] for record in records}
    expected = {"Figure 5": 3, "Figure 6": 12, "Figure 7": 32, "Figure 9": 6, "Dyna-Q": 6}
    assert sizes == expected
    alone = {record["id"]: record for record in judge(FIGURE_6, TABLES.__getitem__)}
    for record in records:
        assert record["verdict"] in ("reproduced", "not reproduced", "undecided")
        if record["id"] in alone:
            assert record == alone[record["id"]]
    # In each family the first to be decided paid for all: one end of its interval, or both.
    for family, size in sizes.items():
        levels = [r["level"] for r in records if r["family"] == family and r["level"]]
        share = 0.05 / size
        assert max(levels) in (
            pytest.approx(1 - share, abs=1e-6),
            pytest.approx(1 - 2 * share, abs=1e-6),
        )
    assert json.loads(json.dumps(records, allow_nan=False)) == records


def test_what_a_scale_does_not_run_takes_no_share_of_the_error():
    one_agent = TABLES | {"figure_7": figure_7()}
    records = judge(CLAIMS, one_agent.__getitem__, PLOTS)
    sizes = {record["family"]: record["family_size"] for record in records}
    assert sizes["Figure 7"] == 8
    # A curve that has no maximum yet came out so by chance: it keeps its share.
    records = judge(CLAIMS, (TABLES | {"figure_7": figure_7(top=1000)}).__getitem__, PLOTS)
    found = {record["id"]: record for record in records}
    assert "still rising" in found["time_to_max.swimmer"]["why"]
    assert found["time_to_max.swimmer"]["family_size"] == 8


def test_no_true_effect_is_called_reproduced_in_few_tables():
    """100 tables of Figure 6 in which no setting matters, judged by the swimmer's claims."""
    claims, _ = check_claims(
        {"claims": [e | {"agents": ["swimmer"]} for e in CONTENT["claims"] if "6" in e["source"]]}
    )
    rng = np.random.default_rng(0)
    table = figure_6(agents=("swimmer",))
    reproduced = 0
    for _ in range(100):
        drawn = noisy(table, rng)
        records = judge(claims, lambda name, drawn=drawn: drawn)
        assert sum(record["why"] is None for record in records) == 7
        reproduced += any(record["verdict"] == "reproduced" for record in records)
    assert reproduced <= 5


def test_a_speedup_of_the_threshold_is_called_reproduced_in_few_tables():
    """1000 samples of five learning curves each whose true ratio is 20, the least claimed."""
    rng = np.random.default_rng(0)
    points = np.arange(0.0, 41.0)
    reproduced = 0
    for _ in range(1000):
        pace = np.exp(rng.normal(0, 0.3, (5, 1)))
        mf = Curves(
            np.arange(5),
            np.tile(1000 * points, (5, 1)),
            points / pace + rng.normal(0, 0.5, (5, 41)),
        )
        level = 20.0 * np.exp(0.3**2 / 2)  # what the mean over many seeds returns there
        mb = Curves(
            np.arange(5), np.full((5, 1), 1000.0), np.full((5, 1), level) + rng.normal(0, 1, (5, 1))
        )
        found = speedups.estimate(lambda rows, mb=mb, mf=mf: sample_efficiency(mb, mf, rows), 5)
        reproduced += verdicts([Asked(found, (20.0, np.inf))])[0].verdict == "reproduced"
    assert reproduced <= 50


@pytest.mark.parametrize(
    ("claim", "table", "why"),
    [
        ("few_epochs", lambda t: t[t["dynamics.epochs"] != 20], "dynamics.epochs: 20 is not run"),
        ("few_epochs", lambda t: t[t["dynamics.epochs"] <= 20], "larger is not run"),
        ("few_epochs", lambda t: t[t["agent"] != "swimmer"], "swimmer is not run at this scale"),
        ("few_epochs", lambda t: t[t["seed"] == 0], "one seed"),
        ("more_samples", lambda t: t[t["planning.num_samples"] == 500], "has one value"),
        ("few_epochs", lambda t: t.assign(**{"return": -1.0}), "the same in every seed"),
    ],
)
def test_what_a_scale_does_not_show_is_undecided(claim, table, why):
    record = verdict(claim, table(TABLES["figure_6"]))
    assert record["verdict"] == "undecided"
    assert why in record["why"]
    assert not record["refused"]


def test_speedups_without_a_ratio_are_undecided():
    table = TABLES["figure_7"].copy()
    table.loc[table["kind"] == "model_based", "return"] = 0.0
    record = verdict("sample_efficiency", table)
    assert (record["verdict"], record["statistic"]) == ("undecided", None)
    assert record["why"] == "a random policy already returns 0.0"


def nan(table, column):
    return table.assign(**{column: table[column].where(table.index != table.index[-1])})


WRONG = [
    ("few_epochs", lambda t: t.drop(columns="dynamics.epochs"), "lacks the column dynamics.epochs"),
    ("few_epochs", lambda t: t.drop(columns="return"), "lacks the columns return"),
    ("few_epochs", lambda t: t.drop(columns="agent"), "lacks the columns agent"),
    ("few_epochs", lambda t: pd.concat([t, t[:1]]), "has a row twice: seed 0, iteration 0"),
    ("on_policy_data", lambda t: nan(t[t["agent"] == "swimmer"], "return"), "has NaN in"),
    (
        "few_epochs",
        lambda t: t[(t["seed"] != 2) | (t["dynamics.epochs"] != 20)],
        "lacks dynamics.epochs = 20, last, of seed 2",
    ),
    ("short_horizon_error", lambda t: nan(t, "error"), "NaN in the column error"),
    ("short_horizon_error", lambda t: t[(t["seed"] != 1) | (t["step"] != 10)], "of seed 1"),
    ("elements_differ", lambda t: nan(t, "predicted"), "NaN in the column predicted"),
    ("elements_differ", lambda t: t[1:], "lacks steps"),
    ("elements_differ", lambda t: t[(t["seed"] != 1) | (t["element"] != "2")], "lacks elements"),
    ("time_to_max", lambda t: t[(t["seed"] != 3) | (t["kind"] != "imitation")], "of seed 3"),
    ("time_to_max", lambda t: t[t["kind"] != "imitation"], "lacks imitation of swimmer"),
    ("time_to_max", lambda t: nan(t[t["agent"] == "swimmer"], "env_steps"), "NaN"),
    ("dyna_0_planning_steps", lambda t: t[(t["run"] != 7) | (t["planning_steps"] > 0)], "of run 7"),
    ("dyna_first_episode", lambda t: t[1:], "lacks episodes"),
    ("dyna_blocking_maze", lambda t: t[(t["run"] != 4) | (t["method"] == "Dyna-Q")], "of run 4"),
    ("dyna_shortcut_maze", lambda t: pd.concat([t, t]), "has a row twice"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "change", "why"), WRONG)
def test_a_wrong_table_is_refused_by_name_and_the_others_are_judged(claim, change, why):
    (table,) = [entry.table for entry in CLAIMS if entry.id == claim]
    tables = TABLES | {table: change(TABLES[table])}
    records = judge(CLAIMS, tables.__getitem__, PLOTS)
    found = next(record for record in records if record["id"].split(".")[0] == claim)
    assert found["refused"]
    assert found["verdict"] == "undecided"
    assert found["why"].startswith(f"{table}: ")
    assert why in found["why"]
    assert "\n" not in found["why"]
    others = [entry.id for entry in CLAIMS if entry.table != table]
    for record in records:
        if record["id"].split(".")[0] in others and "neither" not in (record["why"] or ""):
            assert record["why"] is None


def test_a_missing_table_is_refused_by_name_and_the_others_are_judged():
    def read(name):
        if name == "figure_7":
            raise InputError("tables/figure_7.csv: no such table")
        return TABLES[name]

    records = judge(CLAIMS, read, PLOTS)
    refused = {record["id"].split(".")[0] for record in records if record["refused"]}
    assert refused == {claim.id for claim in CLAIMS if claim.table == "figure_7"}
    assert len(refused) == 8


IMPOSSIBLE = [
    ({"agents": ["two words"]}, "agents.0: String should match pattern"),
    ({"agents": ["swimmer", "swimmer"]}, "agents: each may stand once"),
    ({"agents": []}, "agents: "),
    ({"table": "../figure_6"}, "table: String should match pattern"),
    ({"threshold": "high"}, "threshold: "),
    ({"threshold": float("nan")}, "threshold: "),
    ({"threshold": [0, 1]}, "threshold must be [lowest, highest] for within"),
    ({"comparison": "within"}, "threshold must be [lowest, highest] for within"),
    ({"comparison": "within", "threshold": [1, 0]}, "the lowest value must be below"),
    ({"comparison": "within", "threshold": [1, 2, 3]}, "threshold: "),
    ({"comparison": "equal"}, "comparison: Input should be 'above', 'below', 'within' or"),
    ({"threshhold": 3}, "threshhold: unknown key"),
    ({"a\nb": 3}, "'a\\nb': unknown key"),
    (
        {"statistic": {"name": "no_such_statistic"}},
        "statistic.name: unknown statistic no_such_statistic; should be one of divergence_ratio, ",
    ),
    ({"statistic": {"name": "nowhere/no.py"}}, "statistic.name: nowhere/no.py: there is no such"),
    ({"statistic": {"name": 3}}, "statistic.name: Input should be a valid string (found 3)"),
    ({"statistic": {"of": 1}}, "statistic.name: missing; it must be set"),
    ({"statistic": "return_difference"}, "statistic: "),
    ({"statistic": {**one("few_epochs")["statistic"], "off": 1}}, "statistic.off: unknown key"),
    ({"statistic": {**one("few_epochs")["statistic"], "of": "most"}}, "statistic.of: "),
    ({"statistic": {"name": "return_difference", "of": 1}}, "statistic.parameter: missing"),
    ({"id": "Few epochs"}, "id: "),
]


@pytest.mark.parametrize(("change", "message"), IMPOSSIBLE)
def test_an_impossible_claim_is_refused_by_name_and_the_others_stay(change, message):
    wrong = one("few_epochs") | change
    claims, problems = check_claims({"claims": [one("long_horizon"), wrong]})
    assert [claim.id for claim in claims] == ["long_horizon"]
    assert any(
        problem.startswith(f"claims[1] ({wrong['id']}): ") and message in problem
        for problem in problems
    ), problems
    assert all("\n" not in problem for problem in problems)


def test_other_impossible_claims():
    for name in ("short_horizon_error", "sample_efficiency", "dyna_first_episode"):
        _, problems = check_claims({"claims": [one(name, comparison="below", threshold=0)]})
        assert "is above 0, so must this be" in problems[0]
    for threshold in (1, 0.5):
        wrong = one("time_to_max_plots", threshold=threshold)
        _, problems = check_claims({"claims": [wrong]})
        assert problems == [
            "claims[0] (time_to_max_plots): threshold: a factor either way, it must be above 1"
        ]
    _, problems = check_claims({"claims": [one("few_epochs", comparison="as_plotted")]})
    assert "return_difference was not read off the authors' plots" in problems[0]
    _, problems = check_claims({"claims": [one("time_to_max_plots", threshold=[1, 2])]})
    assert "threshold must be [lowest, highest] for within" in problems[0]
    _, problems = check_claims({"claims": [one("time_to_max_plots", agents=None)]})
    assert "agents must be named" in problems[0]
    _, problems = check_claims({"claims": [one("few_epochs"), one("few_epochs")]})
    assert problems == ["claims[1] (few_epochs): id: stands twice; each may stand once"]
    _, problems = check_claims({"claims": ["few epochs are bad"]})
    assert problems[0].startswith("claims[0]: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "should be a list"),
        ({"claims": {}}, "should be a list"),
        ({"claims": []}, "should be a list"),
        ({"claims": CONTENT["claims"], "claim": []}, "claim: unknown key"),
    ],
)
def test_a_file_of_something_else_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        check_claims(content)


@pytest.mark.parametrize(
    ("claim", "agents", "why"),
    [
        ("dyna_first_episode", ["ant"], "dyna_episodes: lacks the columns agent"),
        ("few_epochs", None, "figure_6: has agents; the claim must name those"),
        ("sample_efficiency_plots", ["walker"], "there is no plot of the authors' of walker"),
    ],
)
def test_agents_that_do_not_go_with_the_input_are_refused(claim, agents, why):
    wrong = one(claim, agents=agents)
    claims, problems = check_claims({"claims": [wrong, one("dyna_blocking_maze")]})
    assert problems == []
    first, second = judge(claims, TABLES.__getitem__, PLOTS)
    assert (first["refused"], first["threshold"] is None) == (True, False)
    assert why in first["why"]
    assert second["verdict"] == "reproduced"


def test_an_agent_that_is_not_run_is_undecided():
    record = verdict("few_epochs", figure_6(), agents=["walker"])
    assert (record["why"], record["refused"]) == ("walker is not run at this scale", False)


def test_a_statistic_may_be_asked_of_another_table():
    """Of whatever has its columns; of another it is refused by what they lack."""
    claims, _ = check_claims({"claims": [one("few_epochs", table="figure_7")]})
    assert judge(claims, lambda name: TABLES["figure_6"])[0]["why"] is None
    (record,) = judge(claims, TABLES.__getitem__)
    assert record["refused"]
    assert record["why"] == "figure_7: lacks the column dynamics.epochs"


def test_changes_name_each_verdict_that_changed():
    stored = [{"id": "a", "verdict": "reproduced"}, {"id": "b", "verdict": "undecided"}]
    now = [{"id": "a", "verdict": "undecided"}, {"id": "c", "verdict": "undecided"}]
    assert changes(stored, stored) == []
    assert changes(stored, now) == [
        "a: was reproduced, is undecided",
        "b: was undecided, is not asked",
        "c: was not asked, is undecided",
    ]


def test_text_has_a_line_for_each_verdict():
    tables = TABLES | {"figure_7": figure_7(seeds=1)}
    records = judge(CLAIMS, tables.__getitem__, PLOTS)
    lines = as_text(records).splitlines()
    assert len(lines) == 3 + len(records)
    for line, record in zip(lines[1:-2], records, strict=True):
        assert line.startswith(record["verdict"])
        assert record["id"] in line
    assert "one seed" in as_text(records)
    assert "1360 to 2040" in as_text(records)
    assert as_text(records).endswith("Figure 5 3, Figure 6 12, Figure 7 8, Figure 9 6, Dyna-Q 6.")
