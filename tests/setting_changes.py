"""One change of each setting of tests/workflow/tiny.yaml, and the jobs that depend on it.

Which jobs those are is stated here section by section, apart from the code that finds it out.
"""

from pathlib import Path

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests/workflow/tiny.yaml"

JUDGED = {"claims", "claims_figure"}
VERDICTS = {"figure_7_table", "speedups", "figure_7"} | JUDGED
FINE_TUNED = {"trpo", "gait"} | VERDICTS
IMITATED = {"imitation"} | FINE_TUNED
FIGURE_5 = {"divergence", "figure_5_tables", "figure_5"} | JUDGED
FIGURE_6 = {"model_based", "figure_6_table", "figure_6"} | JUDGED
FIGURE_6E = {"model_based", "figure_6e_table", "figure_6e"}
SHOWN_IN_9 = {"figure_9_table", "figure_9_times", "figure_9"}
FIGURE_9 = {"model_based"} | SHOWN_IN_9 | JUDGED
FOLLOWED = {
    "trajectories_swimmer_0",
    "trajectories_table",
    "trajectories",
    "trajectories_swimmer_clip",
}
MODELLED = {"model_based"} | FIGURE_5 | FIGURE_6 | FIGURE_6E | FIGURE_9 | IMITATED
DYNA = {"dyna_tables", "dyna"} | JUDGED

MODEL, AGENT = "agents.swimmer.model_based", "agents.swimmer"
PATHS = "figures.trajectories.settings"
ELEMENTS = ["rootx [m]", "rootz [m]", "rooty [rad]", "bthigh [rad]", "bfoot [rad]", "com x [m]"]
MANY = {"step_size": 0.5, "planning_steps": 3, "threshold": 0.001}
CHANGED_MAZE = {"steps": 120, "change": 40, "step_size": 0.5, "planning_steps": 2, "bonus": 0.002}

# By setting: its new value, the rules whose jobs it makes Snakemake run, and what must go with it.
CHANGES: dict = {
    "seeds": (
        [0, 1],
        {"random_data", "trajectories_swimmer_1", "trajectories_table", "trajectories"}
        | FIGURE_5 | FIGURE_6 | FIGURE_6E | FIGURE_9,
    ),
    # Trajectory following has sizes of its own, and the rest of the agent's model.
    **{
        f"{MODEL}.random_data.{key}": (value, {"random_data"} | MODELLED)
        for key, value in {"rollouts": 3, "steps": 50}.items()
    },
    f"{MODEL}.random_data.validation_rollouts": (2, {"random_data"} | MODELLED | FOLLOWED),
    **{
        f"{MODEL}.dynamics.{key}": (value, MODELLED | FOLLOWED)
        for key, value in {
            "hidden_layers": [16, 16], "learning_rate": 0.002, "batch_size": 32, "noise": 0.02
        }.items()
    },
    **{
        f"{MODEL}.{key}": (value, MODELLED)
        for key, value in {
            "dynamics.epochs": 3,
            "dynamics.on_policy_fraction": 0.5,
            "planning.horizon": 6,
            "aggregation.iterations": 5,
            "aggregation.rollouts": 3,
            "aggregation.action_noise": 0.01,
        }.items()
    },
    # Figures 6e and 9 name their own numbers of samples.
    f"{MODEL}.planning.num_samples": (11, MODELLED - SHOWN_IN_9 - {"figure_6e_table", "figure_6e"}),
    f"{MODEL}.aggregation.training_rollouts": (
        2, MODELLED, {f"{MODEL}.aggregation.rollouts": 3}
    ),
    f"{MODEL}.aggregation.steps": (
        40,
        MODELLED,
        {f"{AGENT}.fine_tuning.episode_steps": 40, f"{AGENT}.model_free.episode_steps": 40},
    ),
    f"{AGENT}.policy.hidden_layers": ([9], IMITATED),
    **{
        f"{AGENT}.imitation.{key}": (value, IMITATED)
        for key, value in {
            "expert_rollouts": 3, "epochs": 3, "iterations": 3, "evaluation_rollouts": 3
        }.items()
    },
    f"{AGENT}.imitation.rollouts": (
        2, IMITATED, {f"{AGENT}.imitation.evaluation_rollouts": 2}
    ),
    **{
        f"{AGENT}.{name}.{key}": (value, rules)
        for name, rules in {"fine_tuning": FINE_TUNED, "model_free": {"trpo"} | VERDICTS}.items()
        for key, value in {
            "iterations": 7, "batch_size": 300, "bodies": 2, "initial_std": 0.7
        }.items()
    },
    # An agent that nothing shows.
    "agents.ant.imitation.epochs": (7, set()),
    "figures.figure_5.agent": (
        "half_cheetah",
        {"random_data", "model_based"} | FIGURE_5,
        {"figures.figure_5.elements": ELEMENTS},
    ),
    "figures.figure_5.steps": (9, FIGURE_5),
    "figures.figure_5.starts": (3, FIGURE_5),
    "figures.figure_5.elements": (
        ["y [m]", "x [m]", "heading [rad]", "joint 1 [rad]", "joint 2 [rad]", "com x [m]"],
        {"figure_5"},
    ),
    "figures.figure_5.seeds": ([2], {"random_data", "model_based"} | FIGURE_5),
    "figures.figure_6.agents": (["swimmer", "ant"], {"random_data"} | FIGURE_6),
    "figures.figure_6.sweeps": (
        [{"panel": "a", "parameter": "dynamics.epochs", "values": [2, 4]}], FIGURE_6
    ),
    "figures.figure_6.seeds": ([2], {"random_data"} | FIGURE_6),
    "figures.figure_6e.agents": (["swimmer", "ant"], {"random_data"} | FIGURE_6E),
    "figures.figure_6e.held.planning.num_samples": (9, FIGURE_6E),
    "figures.figure_6e.sweeps": (
        [{"panel": "e", "parameter": "dynamics.hidden_layers", "values": [[8]]}], FIGURE_6E
    ),
    "figures.figure_6e.seeds": ([2], {"random_data"} | FIGURE_6E),
    "figures.figure_7.agents": (
        ["swimmer", "ant"], {"random_data", "model_based"} | IMITATED
    ),
    "figures.figure_7.seeds": (
        [0, 1], {"random_data", "model_based"} | IMITATED - {"gait"}
    ),
    "figures.figure_7.agent_seeds": (
        [{"agents": ["swimmer"], "seeds": [0, 1]}],
        {"random_data", "model_based"} | IMITATED - {"gait"},
    ),
    "figures.figure_9.agents": (["swimmer", "ant"], {"random_data"} | FIGURE_9),
    "figures.figure_9.methods": (
        [{"name": "CEM", "planning": {"planner": "cem"}, "num_samples": [9]}], FIGURE_9
    ),
    "figures.figure_9.seeds": ([2], {"random_data"} | FIGURE_9),
    "figures.trajectories.agents": (
        ["swimmer", "half_cheetah"],
        {"trajectories_half_cheetah_0", "trajectories_half_cheetah_clip"}
        | FOLLOWED - {"trajectories_swimmer_0", "trajectories_swimmer_clip"},
    ),
    "figures.trajectories.seeds": (
        [2], {"trajectories_swimmer_2"} | FOLLOWED - {"trajectories_swimmer_0"}
    ),
    "figures.trajectories.steps": (9, FOLLOWED),
    **{
        f"{PATHS}.swimmer.{key}": (value, FOLLOWED)
        for key, value in {
            "random_data.rollouts": 3,
            "random_data.steps": 50,
            "dynamics.epochs": 3,
            "dynamics.on_policy_fraction": 0.5,
            "planning.horizon": 4,
            "planning.num_samples": 11,
        }.items()
    },
    f"{PATHS}.half_cheetah.action_noise": (0.01, set()),
    # Agents whose paths nothing shows.
    **{
        f"{PATHS}.{agent}.{key}": (value, set())
        for agent in ("half_cheetah", "ant")
        for key, value in {
            "random_data.rollouts": 3,
            "random_data.steps": 50,
            "dynamics.epochs": 3,
            "dynamics.on_policy_fraction": 0.5,
            "planning.horizon": 4,
            "planning.num_samples": 11,
        }.items()
    },
    **{
        f"dyna.{key}": (value, DYNA)
        for key, value in {
            "runs": 2,
            "discount": 0.9,
            "exploration": 0.2,
            "figure_8_2.episodes": 4,
            "figure_8_2.step_size": 0.2,
            "figure_8_2.planning_steps": [0, 1, 3],
            **{f"figure_8_2.sweeping.{key}": value for key, value in MANY.items()},
            **{
                f"figure_8_{number}.{key}": value
                for number in (4, 5)
                for key, value in CHANGED_MAZE.items()
            },
        }.items()
    },
}  # fmt: skip


def nested(settings):
    """{"a.b": value} as {"a": {"b": value}}."""
    content = {}
    for name, value in settings.items():
        *above, key = name.split(".")
        place = content
        for part in above:
            place = place.setdefault(part, {})
        place[key] = value
    return content


def overlay_of(name):
    """What to lay over the configuration for a change."""
    value, _, *beside = CHANGES[name]
    return nested({name: value} | (beside[0] if beside else {}))


def leaves(content, above=""):
    """Names of all settings in nested mappings."""
    if not isinstance(content, dict):
        return {above.removesuffix(".")}
    return {name for key, value in content.items() for name in leaves(value, f"{above}{key}.")}
