"""Seeds of Figure 6 at paper scale: ten of each setting that a claim compares, five of the rest."""

from pathlib import Path

from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[3] / "config"
FIGURE_6 = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).experiments[
    "figure_6"
]


def compared(statistic, panel):
    """The values of a panel that a claim's statistic compares."""
    values = panel["values"]
    named = {"lowest": min(values), "highest": max(values), "own": panel["default"]}
    minus = named.get(statistic["minus"], statistic["minus"])
    if statistic["of"] == "each_larger":
        return {minus, *(value for value in values if value > minus)}
    return {minus, named.get(statistic["of"], statistic["of"])}


def test_ten_seeds_of_what_claims_compare_and_five_of_what_is_only_drawn():
    claims = [c for c in read_yaml(CONFIG / "claims.yaml")["claims"] if c["table"] == "figure_6"]
    assert claims
    panels = FIGURE_6.panels()
    # What is run of a setting is the union over the panels that show it.
    seeds, used = {}, set()
    for panel in panels:
        agent, parameter = panel["agent"], panel["parameter"]
        asked = [
            claim["statistic"]
            for claim in claims
            if agent in claim["agents"] and claim["statistic"]["parameter"] == parameter
        ]
        for value, of_value in zip(panel["values"], panel["seeds"], strict=True):
            own = value == panel["default"]
            setting = (agent,) if own else (agent, parameter, value)
            seeds.setdefault(setting, set()).update(of_value)
            if any(value in compared(statistic, panel) for statistic in asked):
                used.add(setting)
    assert {("swimmer",), ("half_cheetah",)} < used
    for setting, found in seeds.items():
        assert found == set(range(10 if setting in used else 5)), setting
