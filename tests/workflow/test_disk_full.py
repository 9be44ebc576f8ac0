"""A disk that is full in the middle of a write: no part of a file, and on when there is room."""

import json
import subprocess

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.tmpfs]


@pytest.fixture
def disk():
    """Mounts file systems in memory of a given size, or makes them larger."""
    mounted = []

    def mount(folder, kilobytes):
        options = f"size={kilobytes}k"
        if folder in mounted:
            options += ",remount"
        else:
            folder.mkdir(exist_ok=True)
            mounted.append(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_step_says_so_in_one_line_and_leaves_nothing(clone, disk, tmp_path):
    folder = tmp_path / "disk"
    disk(folder, 16)
    settings = {"rollouts": 20, "validation_rollouts": 1, "steps": 60}
    step = [
        "mbmf", "random-data", "--agent", "swimmer", "--seed", "0",
        "--settings", json.dumps(settings), "--output", str(folder / "data.safetensors"),
    ]  # fmt: skip
    done = clone.run(*step)
    assert done.returncode == 1, done.stdout
    assert "No space left on device" in done.stdout
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert not list(folder.iterdir())
    disk(folder, 1024)
    assert clone.run(*step).returncode == 0
    assert [path.name for path in folder.iterdir()] == ["data.safetensors"]


@pytest.mark.long
@pytest.mark.xdist_group("tiny")
def test_the_workflow_goes_on_when_there_is_room(tiny, undisturbed, disk):
    expected = undisturbed.digests()
    failed = 0
    # All results are about 2.4 MB; each size ends in another step.
    for kilobytes in (64, 256, 1024, 1792, 65536):
        disk(tiny.folder / "results", kilobytes)
        done = tiny.snakemake(timeout=900)
        made = tiny.digests()
        assert made == {path: expected[path] for path in made}
        failed += done.returncode != 0
    assert failed >= 2
    assert done.returncode == 0, done.stdout[-3000:]
    assert made == expected
