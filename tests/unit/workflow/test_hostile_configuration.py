"""Files as a careless or hostile hand writes them: one line each, before anything is planned."""

import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mbmf.base.errors import InputError
from mbmf.storage.yaml_files import MOST_BYTES
from mbmf.workflow.configuration import check_configuration, load_configuration, read_yaml
from refused_overlays import BASE, BASE_LAYERS

SWIMMER = "agents: {swimmer: {model_based: {%s}}}"
LAUGHS = "x0: &x0 [a, a, a, a, a, a, a, a, a]\n" + "".join(
    f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 9)}]\n" for level in range(1, 12)
)

# (what is wrong, file, key that is named; empty where the file as a whole is refused)
WRONG = [
    ("laughing aliases as unknown keys", LAUGHS, "x0"),
    ("laughing aliases as seeds", LAUGHS + "seeds: *x11", "seeds[0]"),
    ("laughing aliases as the scale", LAUGHS + "scale: *x11", "scale"),
    ("laughing aliases as a layer", LAUGHS + SWIMMER % "dynamics: {hidden_layers: *x11}",
     "agents.swimmer.model_based.dynamics.hidden_layers[0]"),
    ("laughing aliases as sweeps", LAUGHS + "figures: {figure_6: {sweeps: *x11}}",
     "figures.figure_6.sweeps[0]"),
    ("merge keys", "a: &a {b: 1}\nagents: {<<: *a}", ""),
    ("laughing merge keys", "a: &a {k: 1}\n" + "".join(
        f"{'b' * n}: &{'b' * n} {{<<: [*{'b' * (n - 1) or 'a'}, *{'b' * (n - 1) or 'a'}]}}\n"
        for n in range(1, 40)), ""),
    ("an anchor without use", "seeds: &unused []", "seeds"),
    ("a tag of Python's", "seeds: !!python/tuple [0, 1]", ""),
    ("a name of Python's", "scale: !!python/name:os.system", ""),
    ("a module of Python's", "scale: !!python/module:os", ""),
    ("a tag of one's own", "scale: !include /etc/passwd", ""),
    ("binary", "scale: !!binary cXVpY2s=", "scale"),
    ("a set", "seeds: !!set {0, 1}", "seeds"),
    ("ordered pairs", "seeds: !!omap [a: 0]", "seeds[0]"),
    ("a date", "scale: 2024-02-30", ""),
    ("a date that there is", "scale: 2024-02-29", "scale"),
    ("a truth value", "seeds: [yes]", "seeds[0]"),
    ("a number to base 60 as a fraction", SWIMMER % "dynamics: {on_policy_fraction: 1:30.5}",
     "agents.swimmer.model_based.dynamics.on_policy_fraction"),
    ("ten thousand seeds", f"seeds: {list(range(10_000))}", "seeds"),
    ("ten thousand seeds of Figure 7", f"figures: {{figure_7: {{seeds: {list(range(10_000))}}}}}",
     "figures.figure_7.seeds"),
    ("ten thousand values of a sweep", "figures: {figure_6: {sweeps: [{panel: a, parameter: "
     f"planning.horizon, values: {list(range(1, 10_001))}}}]}}}}",
     "figures.figure_6.sweeps[0].values"),
    ("a thousand sweeps", "figures: {figure_6: {sweeps: [" + ", ".join(
        f"{{panel: p{n}, parameter: planning.horizon, values: [1]}}" for n in range(1000)) + "]}}",
     "figures.figure_6"),
    ("a seed twice among many", f"seeds: {[*range(900), 7]}", "seeds"),
    ("a huge seed", "seeds: [99999999999999999999999]", "seeds[0]"),
    ("a huge fraction", SWIMMER % f"dynamics: {{on_policy_fraction: 1{'0' * 400}}}",
     "agents.swimmer.model_based.dynamics.on_policy_fraction"),
    ("a huge exponent", SWIMMER % "dynamics: {learning_rate: 1.0e+999}",
     "agents.swimmer.model_based.dynamics.learning_rate"),
    ("more memory than there is", SWIMMER % "planning: {num_samples: 2147483648}",
     "agents.swimmer.model_based.planning.num_samples"),
    ("an exponent that YAML takes for text", SWIMMER % "dynamics: {learning_rate: 1e-3}",
     "agents.swimmer.model_based.dynamics.learning_rate"),
    ("not a number", "agents: {ant: {fine_tuning: {kl: .nan}}}", "agents.ant.fine_tuning.kl"),
    ("infinity", "agents: {ant: {model_free: {initial_std: .inf}}}",
     "agents.ant.model_free.initial_std"),
    ("minus infinity", "dyna: {discount: -.inf}", "dyna.discount"),
    ("damping that is not a number", "agents: {hopper: {model_free: {damping: .NaN}}}",
     "agents.hopper.model_free.damping"),
    ("a discount above 1", "agents: {hopper: {model_free: {discount: 1.01}}}",
     "agents.hopper.model_free.discount"),
    ("no truth value", "agents: {ant: {policy: {absolute_position: 1}}}",
     "agents.ant.policy.absolute_position"),
    ("the scale of another folder", "scale: ../../etc", "scale"),
    ("a scale from the root", "scale: /", "scale"),
    ("a hidden scale", "scale: .git", "scale"),
    ("a command as scale", "scale: 'x; touch hacked'", "scale"),
    ("a command as panel", "figures: {figure_6: {sweeps: [{panel: '$(touch hacked)', "
     "parameter: planning.horizon, values: [1]}]}}", "figures.figure_6.sweeps[0].panel"),
    ("a command as parameter", "figures: {figure_6: {sweeps: [{panel: a, "
     "parameter: 'planning.`id`', values: [1]}]}}", "figures.figure_6.sweeps[0].parameter"),
    ("an attribute of Python's as parameter", "figures: {figure_6: {sweeps: [{panel: a, "
     "parameter: planning.__class__, values: [1]}]}}", "figures.figure_6.sweeps[0].parameter"),
    ("a command as agent", "agents: {'$(touch hacked)': {}}", "agents.$(touch hacked)"),
    ("a path as agent", "figures: {figure_7: {agents: [../ant]}}", "figures.figure_7.agents[0]"),
    ("a command as element", "figures: {figure_5: {elements: ['`id`', b, c, d, e, f]}}",
     "figures.figure_5"),
    ("a panel twice", "figures: {figure_6: {sweeps: [{panel: a, parameter: planning.horizon, "
     "values: [1]}, {panel: a, parameter: dynamics.epochs, values: [1]}]}}", "figures.figure_6"),
    ("an agent under its own name", "agents: {ant: {ant: {}}}", "agents.ant.ant"),
    ("a section one level too high", "swimmer: {model_based: {}}", "swimmer"),
    ("a section one level too low", "figures: {dyna: {runs: 3}}", "figures.dyna"),
    ("a list for a section", "agents: {ant: {model_based: [planning]}}",
     "agents.ant.model_based"),
    ("a section struck out", "agents: {ant: {imitation: null}}", "agents.ant.imitation"),
    ("a number as key", "0: 1", "[0]"),
    ("a key that is a list", "? [a, b]\n: c", ""),
    ("a key twice, deep", "dyna: {figure_8_2: {episodes: 3, episodes: 4}}", ""),
    ("an empty file", "", ""),
    ("a comment alone", "# nothing yet\n", ""),
    ("null", "null", ""),
    ("a list for a file", "- seeds: [0]\n", ""),
    ("two documents", "seeds: [0]\n---\nseeds: [1]\n", ""),
    ("a tab", "dyna:\n\truns: 3\n", ""),
    ("deep nesting", "seeds: " + "[" * 2000 + "]" * 2000, ""),
]  # fmt: skip


def refusal(path):
    with pytest.raises(InputError) as caught:
        load_configuration([*BASE, path])
    return str(caught.value).split("\n")


@pytest.mark.parametrize(("text", "key"), [pytest.param(*case[1:], id=case[0]) for case in WRONG])
def test_refused_by_file_and_key(tmp_path, monkeypatch, text, key):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    started = time.process_time()
    lines = refusal(path)
    assert time.process_time() - started < 10
    assert all(line.startswith(f"{path}: ") and line.isprintable() for line in lines)
    assert max(map(len, lines)) < 600
    if key:
        assert lines[0].startswith(f"{path}: {key}: "), lines[0]
    else:
        (line,) = lines
        assert re.match(rf"{re.escape(str(path))}: (not valid YAML|should hold a mapping)", line)
    assert [entry.name for entry in tmp_path.iterdir()] == ["wrong.yaml"]


@pytest.mark.parametrize(
    "content",
    ["scale: quick".encode("utf-16"), "scale: qu\xefck".encode("latin-1"), bytes(range(256))],
    ids=["UTF-16", "Latin-1", "all bytes"],
)
def test_what_is_not_utf8_is_refused(tmp_path, content):
    path = tmp_path / "wrong.yaml"
    path.write_bytes(content)
    (line,) = refusal(path)
    assert line.startswith(f"{path}: cannot be read as a YAML text file")


def test_a_file_without_end_is_refused():
    (line,) = refusal(Path("/dev/zero"))
    assert line.startswith("/dev/zero: larger than")


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("#" * (MOST_BYTES + 1))
    (line,) = refusal(path)
    assert line == (
        f"{path}: larger than {MOST_BYTES} bytes; no configuration file needs that much"
    )


def test_many_keys_are_read_in_time(tmp_path):
    path = tmp_path / "many.yaml"
    path.write_text("".join(f"key{number}: {number}\n" for number in range(20_000)))
    started = time.process_time()
    assert len(read_yaml(path)) == 20_000
    assert time.process_time() - started < 20


def test_a_thousand_seeds_are_no_trouble(tmp_path):
    path = tmp_path / "many.yaml"
    path.write_text(f"seeds: {list(range(1000))}")
    started = time.process_time()
    assert len(load_configuration([*BASE, path]).seeds) == 1000
    assert time.process_time() - started < 5


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=5)
    | st.sampled_from(["scale", "seeds", "agents", "figures", "dyna", "swimmer", "../x", "$(id)"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(SCALARS, inner, max_size=4)
        | st.sets(st.integers() | st.text(max_size=3), max_size=3)
    ),
    max_leaves=20,
)
SECTIONS = ["scale", "seeds", "agents", "figures", "dyna"]


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(tree=TREES | st.dictionaries(st.sampled_from(SECTIONS), TREES, max_size=5))
def test_any_yaml_loads_or_is_refused_by_name(tree, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    said = [f"{path}: fine"]
    try:
        check_configuration([*BASE_LAYERS, (str(path), read_yaml(path))])
    except InputError as error:
        said = str(error).split("\n")
    for line in said:
        assert line.startswith((f"{path}: ", *(f"{base}: " for base in BASE)))
        assert line.isprintable()
