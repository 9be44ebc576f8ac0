"""Values that `--config` gives are read as those of a file."""

from pathlib import Path

import pytest

from mbmf.base.errors import InputError
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.command_line_values import plain_values
from mbmf.workflow.configuration import check_configuration

CONFIG = Path(__file__).parents[3] / "config"
BASE_LAYERS = [(name, read_yaml(CONFIG / name)) for name in ("agents.yaml", "config.yaml")]


def of_command_line(*entries):
    """What Snakemake makes of `--config`, read as the workflow does."""
    from snakemake.cli import parse_config

    return plain_values(parse_config(entries))


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("seeds=[0, 1]", {"seeds": [0, 1]}),
        ("dyna={runs: 3, discount: 0.9}", {"dyna": {"runs": 3, "discount": 0.9}}),
        ("figures={figure_6: {sweeps: [{panel: a, values: [5, .5]}]}}",
         {"figures": {"figure_6": {"sweeps": [{"panel": "a", "values": [5, 0.5]}]}}}),
        ("aa=[true, null, word, 2024-01-0]", {"aa": [True, None, "word", "2024-01-0"]}),
        ("scale=quick", {"scale": "quick"}),
        ("seeds=0", {"seeds": 0}),
        ("seeds=[0", {"seeds": "[0"}),
        ("seeds=null", {"seeds": None}),
    ],
)  # fmt: skip
def test_values_of_the_command_line_are_those_of_a_file(entry, value):
    assert of_command_line(entry) == value


def test_a_list_of_the_command_line_is_a_valid_configuration():
    layers = [*BASE_LAYERS, ("--config", of_command_line("seeds=[0]", "dyna={runs: 3}"))]
    configuration = check_configuration(layers)
    assert configuration.seeds == [0]
    assert configuration.experiments["dyna"].section.runs == 3


def test_a_value_of_the_command_line_that_yaml_refuses_is_named():
    with pytest.raises(InputError) as caught:
        of_command_line("dyna={runs: [1, 2024-99-99]}")
    assert str(caught.value) == "--config: dyna.runs[1]: no value of YAML (found '2024-99-99')"


def test_aliases_of_the_command_line_are_not_written_out():
    levels = "".join(f", &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12))
    (value,) = of_command_line(f"aa=[&x0 [a]{levels}]").values()
    assert value[11][0] is value[11][8] is value[10]
