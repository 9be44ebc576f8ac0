"""Commands that work on a checkout: status, prune, claims, pipeline."""

from pathlib import Path

import pytest

from command_lines import assert_one_line, random_data
from mbmf.storage.atomic_files import write_text

CONFIG = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("command", ["status", "prune"])
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--scale=nowhere"], "--scale nowhere: there is no file config/nowhere.yaml"),
        (["--scale=../x"], "--scale ../x: there is no file config/../x.yaml"),
        (["--configfile=wrong.yaml"], "wrong.yaml: seeds: Input should be a valid list"),
        (["--configfile=gone.yaml"], "gone.yaml: no such configuration file"),
    ],
)
def test_status_and_prune_of_a_wrong_configuration(mbmf, tmp_path, command, options, line):
    (tmp_path / "config").symlink_to(CONFIG)
    write_text(tmp_path / "wrong.yaml", "seeds: 3")
    status, out, err = mbmf(command, *options)
    assert (status, out) == (2, "")
    assert err.startswith(line)
    assert err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"config", "wrong.yaml"}


def test_status_without_a_workflow(mbmf, tmp_path):
    (tmp_path / "config").symlink_to(CONFIG)
    status, out, err = mbmf("status", "--scale=smoke")
    assert (status, out) == (2, "")
    assert err.startswith("snakemake: No Snakefile found, tried ")
    assert err.count("\n") == 1
    assert mbmf("status", "--scale=smoke", "--cores=0")[0] == 2


@pytest.mark.parametrize("scale", ["nowhere", "../x", "", "smo\nke"])
def test_claims_of_no_scale(mbmf, tmp_path, scale):
    assert assert_one_line(mbmf("claims", f"--scale={scale}"), tmp_path).startswith("--scale ")


@pytest.mark.parametrize(
    "command", [["pipeline"], ["prune"], ["status"], ["equivalent", "--since=HEAD"]]
)
def test_commands_on_a_checkout_outside_of_one(mbmf, tmp_path, command):
    assert str(tmp_path) in assert_one_line(mbmf(*command), tmp_path)


@pytest.mark.parametrize("command", [["pipeline"], ["prune"], random_data()])
def test_no_command_works_in_the_checkout_of_another_package(mbmf, tmp_path, command):
    package = tmp_path / "src/mbmf"
    write_text(package / "__init__.py", "")
    status, out, err = mbmf(*command)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{package}: is not the package that runs, which is ")


@pytest.mark.parametrize(
    ("command", "denied"),
    [
        (["pipeline"], "mbmf.storage.atomic_files.write_text"),
        (["prune", "--scale=smoke", "--delete"], "mbmf.workflow.process_lifetimes.hold_alone"),
    ],
)
def test_a_folder_without_rights_is_one_line(mbmf, tmp_path, monkeypatch, command, denied):
    """The rights themselves mean nothing to root."""

    def deny(*_arguments):
        raise PermissionError(13, "Permission denied", ".dvc.123.yaml")

    (tmp_path / "config").symlink_to(CONFIG)
    (tmp_path / "results/smoke").mkdir(parents=True)
    folder = CONFIG.parent if command == ["pipeline"] else tmp_path
    monkeypatch.chdir(folder)
    monkeypatch.setattr(denied, deny)
    assert mbmf(*command) == (
        2, "", f"{folder}: Permission denied; this user needs permission to read and write there\n"
    )  # fmt: skip


def test_where_nothing_has_run_yet(mbmf, tmp_path):
    for name in ("config", "workflow"):
        (tmp_path / name).symlink_to(CONFIG.parent / name)
    status, out, err = mbmf("status", "--scale=smoke")
    assert (status, err) == (0, "")
    assert out.startswith("smoke scale, results/smoke (not there yet: nothing has run), time left")
    assert mbmf("prune", "--scale=smoke") == (
        0, "", "results/smoke: no such folder, so there is nothing to prune\n"
    )  # fmt: skip
    status, out, err = mbmf("claims", "--scale=smoke")
    assert (status, out) == (2, "")
    assert err == ("--scale smoke: there is no folder results/smoke here; the workflow makes it\n")
    # Snakemake's own folder apart, for it plans.
    assert {path.name for path in tmp_path.iterdir()} <= {"config", "workflow", ".snakemake"}
