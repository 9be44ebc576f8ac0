"""DVC's stages and the pinned environment, as they stand in the repository."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

from mbmf.workflow.dvc_stages import SCALES, pipeline_file, pipeline_text, stages

ROOT = Path(__file__).parents[3]
NEVER_A_DEPENDENCY = {
    "random_data": [
        "method/planners/random_shooting.py",
        "method/dynamics.py",
        "method/algorithm_1.py",
    ],
    "model_based": [
        "method/open_loop.py",
        "method/trpo.py",
        "method/imitation.py",
        "dyna/mazes.py",
        "figures/style.py",
        "figures/figure_6.py",
    ],
    "figure_5": ["figures/figure_6.py"],
    "figure_6": [
        "method/planners/random_shooting.py",
        "method/dynamics.py",
        "method/algorithm_1.py",
    ],
    "trpo": [
        "method/planners/random_shooting.py",
        "method/dynamics.py",
        "method/algorithm_1.py",
        "analysis/speedups.py",
    ],
    "figure_7": [
        "method/planners/random_shooting.py",
        "method/dynamics.py",
        "method/algorithm_1.py",
        "method/imitation.py",
    ],
    "claims": [
        "method/planners/random_shooting.py",
        "method/algorithm_1.py",
        "figures/style.py",
        "dyna/mazes.py",
    ],
    "claims_figure": ["method/algorithm_1.py", "figures/figure_6.py", "dyna/mazes.py"],
    "dyna": [
        "base/random_streams.py",
        "method/planners/random_shooting.py",
        "method/algorithm_1.py",
        "agents/spec.py",
    ],
}


@pytest.mark.parametrize("scale", SCALES)
def test_repository_holds_what_the_code_gives(scale):
    path = ROOT / pipeline_file(scale)
    assert path.read_text(encoding="utf-8") == pipeline_text(scale, ROOT), (
        f"{pipeline_file(scale)} is out of date: run `mbmf pipeline`"
    )


def test_no_other_pipeline_lies_about():
    found = {path.relative_to(ROOT) for path in (ROOT / "workflow").rglob("dvc.yaml")}
    assert found == {pipeline_file(scale) for scale in SCALES if scale != "paper"}


@pytest.mark.parametrize("scale", SCALES)
def test_every_source_and_workflow_file_exists(scale):
    content = stages(scale, ROOT)
    made = {out for stage in content.values() for entry in stage["outs"] for out in entry}
    for name, stage in content.items():
        assert len(set(stage["deps"])) == len(stage["deps"]), name
        for dep in stage["deps"]:
            if not dep.startswith("results/"):
                assert (ROOT / dep).is_file(), (name, dep)
            else:
                assert dep in made, (name, dep)


@pytest.mark.parametrize("scale", SCALES)
def test_params_name_files_and_keys_that_exist(scale):
    for name, stage in stages(scale, ROOT).items():
        for entry in stage["params"]:
            for path, keys in entry.items():
                content = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
                for key in keys or []:
                    value = content
                    for part in key.split("."):
                        assert part in value, (name, path, key)
                        value = value[part]


@pytest.mark.parametrize("scale", SCALES)
def test_no_output_is_of_two_stages_or_of_another_scale(scale):
    outs = [out for s in stages(scale, ROOT).values() for entry in s["outs"] for out in entry]
    assert len(set(outs)) == len(outs)
    assert all(out.startswith(f"results/{scale}/") for out in outs)


@pytest.mark.parametrize(
    ("stage", "file"),
    [(stage, file) for stage, files in NEVER_A_DEPENDENCY.items() for file in files],
)
def test_a_stage_depends_on_no_code_that_it_does_not_use(stage, file):
    assert (ROOT / "src/mbmf" / file).exists()
    assert f"src/mbmf/{file}" not in stages("paper", ROOT)[stage]["deps"]


def test_a_stage_depends_on_the_code_that_it_uses():
    deps = {name: stage["deps"] for name, stage in stages("paper", ROOT).items()}
    assert "src/mbmf/agents/bodies.py" in deps["random_data"]
    assert {"src/mbmf/method/planners/random_shooting.py", "src/mbmf/method/dynamics.py"} <= set(
        deps["model_based"]
    )
    assert "src/mbmf/method/open_loop.py" in deps["figure_5"]
    assert "src/mbmf/figures/figure_6.py" in deps["figure_6"]
    statistics = "src/mbmf/analysis/statistics"
    assert {f"{statistics}/divergence_ratio.py", "src/mbmf/analysis/intervals.py"} <= set(
        deps["claims"]
    )
    assert {"src/mbmf/dyna/algorithms.py", "src/mbmf/dyna/mazes.py"} <= set(deps["dyna"])


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [
    Requirement(line)
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
NAMED = [
    *PROJECT["dependencies"],
    *(text for extra in ("workflow", "dev") for text in PROJECT["optional-dependencies"][extra]),
]


def pinned_version(pin):
    (specifier,) = pin.specifier
    return specifier.version


def test_every_requirement_is_pinned_once():
    assert PINS
    for pin in PINS:
        assert [specifier.operator for specifier in pin.specifier] == ["=="], str(pin)
        assert "*" not in str(pin), str(pin)
        assert pin.url is None, str(pin)
    names = [canonicalize_name(pin.name) for pin in PINS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", NAMED)
def test_every_dependency_is_pinned_at_a_version_that_fits(text):
    requirement = Requirement(text)
    versions = {canonicalize_name(pin.name): pinned_version(pin) for pin in PINS}
    name = canonicalize_name(requirement.name)
    assert name in versions, f"{text} is not in requirements.txt: run `make pins`"
    assert requirement.specifier.contains(versions[name], prereleases=True)


def test_conda_environment_installs_the_same_pins(tmp_path):
    """As conda does it: what stands below `pip` becomes a file beside environment.yml."""
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in content["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict)]
    (tmp_path / "condaenv.txt").write_text("\n".join(pip), encoding="utf-8")
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    found = list(parse_requirements(str(tmp_path / "condaenv.txt"), PipSession()))
    assert [one.requirement for one in found if one.is_editable] == ["."]
    assert {str(Requirement(one.requirement)) for one in found if not one.is_editable} == {
        str(pin) for pin in PINS
    }
    assert {entry.split("=")[0] for entry in conda} == {"python", "pip"}
    (python,) = [entry.split("=")[1] for entry in conda if entry.startswith("python")]
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)


@pytest.mark.parametrize("scale", ["paper", "quick", "smoke"])
def test_git_or_dvc_keeps_each_small_result(scale):
    """Git does at paper scale. It ignores the other scales, whose variants need their results."""
    outs = {
        path: options
        for stage in stages(scale, ROOT).values()
        for out in stage["outs"]
        for path, options in out.items()
    }
    # Policies are small too.
    small = {path for path in outs if not re.search("/(data/|models/model_based)", path)}
    assert f"results/{scale}/claims.json" in small
    cached = {path for path, options in outs.items() if options.get("cache", True)}
    assert cached & small == (set() if scale == "paper" else small)
    assert cached >= set(outs) - small
