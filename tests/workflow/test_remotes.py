"""Data and models go to a remote and come back; damage on the way is never taken for data."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from first_of import first_of

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("remotes")]

PIPELINE = "workflow/dvc/smoke/dvc.yaml"
STAGES = [f"{PIPELINE}:random_data", f"{PIPELINE}:model_based"]
TRACKED = ["results/smoke/data/**/*", "results/smoke/models/**/*"]
DAMAGE = {
    "flipped": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "truncated": lambda content: content[:1000],
    "empty": lambda content: b"",
}


def data_of(clone):
    return {path: content for pattern in TRACKED for path, content in clone.files(pattern).items()}


def object_of(store, content):
    """The file of a DVC store, cache or remote, that holds some content."""
    (found,) = [
        path
        for path in store.rglob("files/md5/*/*")
        if path.is_file() and path.read_bytes() == content
    ]
    return found


def damage(path, how):
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(DAMAGE[how](content))


@pytest.fixture(scope="module")
def origin(make_tiny, tmp_path_factory):
    """A clone with random data and models; at smoke scale DVC keeps their runs too."""
    clone = make_tiny(tmp_path_factory.mktemp("origin") / "mbmf")
    done = clone.run("dvc", "repro", *STAGES, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
    clone.git("add", "-f", "workflow/dvc/smoke/dvc.lock")
    clone.commit("results")
    # Random data; models and held-out rollouts of three runs.
    assert len(data_of(clone)) == 7
    return clone


@pytest.fixture
def elsewhere(origin, tmp_path):
    """A fresh clone of it on another machine, so to speak."""
    fresh = origin.cloned(tmp_path / "elsewhere")
    assert not data_of(fresh)
    return fresh


def use(clone, url, **options):
    """Name the remote as docs/running.md says."""
    clone.run("dvc", "remote", "add", "--local", "--force", "--default", "store", url)
    for key, value in ({"verify": "true"} | options).items():
        assert clone.run("dvc", "remote", "modify", "--local", "store", key, value).returncode == 0


@pytest.fixture(scope="module")
def store(origin, tmp_path_factory):
    """A folder that all was pushed to."""
    folder = tmp_path_factory.mktemp("remote") / "store"
    folder.mkdir()
    use(origin, str(folder))
    done = origin.run("dvc", "push", *STAGES)
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An OpenSSH server on the loopback address: its port and the key that it lets in."""
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    process = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"])
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield port, folder / "user"
    process.terminate()
    process.wait()


def test_a_folder(origin, elsewhere, store):
    use(elsewhere, str(store))
    done = elsewhere.run("dvc", "pull", *STAGES)
    assert done.returncode == 0, done.stdout
    assert data_of(elsewhere) == data_of(origin)
    # What was pulled is what the runs were made from: nothing is left to do.
    status = elsewhere.run("dvc", "status", *STAGES)
    assert "up to date" in status.stdout, status.stdout
    dry = elsewhere.snakemake("--dry-run", "--", "all_model_based")
    assert "Nothing to be done" in dry.stdout, dry.stdout


@pytest.mark.ssh
def test_ssh(origin, elsewhere, server, tmp_path):
    port, key = server
    place = tmp_path / "far away"
    url = f"ssh://127.0.0.1:{port}{place}"
    for clone in (origin, elsewhere):
        clone.run("dvc", "remote", "add", "--local", "--force", "far", url)
        for option in (("keyfile", str(key)), ("verify", "true")):
            clone.run("dvc", "remote", "modify", "--local", "far", *option)
    pushed = origin.run("dvc", "push", "--remote", "far", *STAGES)
    assert pushed.returncode == 0, pushed.stdout
    # What there is of random data, models, runs and records, and a list of each folder's files.
    kept = ("data/random", "models/model_based", "runs/model_based", "made/random_data")
    parts = [f"results/smoke/{part}/**/*" for part in (*kept, "made/model_based")]
    contents = {content for part in parts for content in origin.files(part).values()}
    assert len([path for path in place.rglob("*") if path.is_file()]) == len(contents) + len(parts)
    damage(object_of(place, next(iter(data_of(origin).values()))), "flipped")
    bad = elsewhere.run("dvc", "pull", "--remote", "far", *STAGES)
    assert bad.returncode != 0, bad.stdout
    assert len(data_of(elsewhere)) < len(data_of(origin))
    shutil.rmtree(place)
    assert origin.run("dvc", "push", "--remote", "far", *STAGES).returncode == 0
    done = elsewhere.run("dvc", "pull", "--remote", "far", *STAGES)
    assert done.returncode == 0, done.stdout
    assert data_of(elsewhere) == data_of(origin)


@pytest.mark.ssh
def test_a_server_that_is_not_there_is_no_empty_remote(elsewhere, server, tmp_path):
    port, key = server
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
        use(elsewhere, f"ssh://127.0.0.1:{nobody}{tmp_path}/x", keyfile=str(key))
        unreachable = elsewhere.run("dvc", "pull", *STAGES)
    use(elsewhere, f"ssh://127.0.0.1:{port}{tmp_path}/x", keyfile=str(key))
    empty = elsewhere.run("dvc", "pull", *STAGES)
    assert unreachable.returncode != 0
    assert empty.returncode != 0
    assert "Connect" in unreachable.stdout, unreachable.stdout
    assert "Missing cache files" not in unreachable.stdout
    assert "Missing cache files" in empty.stdout, empty.stdout
    assert not data_of(elsewhere)


@pytest.mark.parametrize("how", first_of(DAMAGE))
def test_a_damaged_file_in_the_remote_is_not_pulled(origin, elsewhere, store, how, tmp_path):
    part = tmp_path / "store"
    shutil.copytree(store, part)
    path, content = next(iter(data_of(origin).items()))
    damage(object_of(part, content), how)
    use(elsewhere, str(part))
    done = elsewhere.run("dvc", "pull", *STAGES)
    assert done.returncode != 0, done.stdout
    assert data_of(elsewhere).get(path, content) == content
    # The whole file there again: the same command goes on.
    shutil.rmtree(part)
    shutil.copytree(store, part)
    done = elsewhere.run("dvc", "pull", *STAGES)
    assert done.returncode == 0, done.stdout
    assert data_of(elsewhere) == data_of(origin)


@pytest.mark.parametrize("how", first_of(DAMAGE))
def test_a_damaged_file_in_the_cache_never_starts_a_run(origin, elsewhere, store, how):
    """`dvc checkout` does not look into its cache; the step that reads the file does."""
    use(elsewhere, str(store))
    assert elsewhere.run("dvc", "pull", *STAGES).returncode == 0
    path, content = next(iter(data_of(origin).items()))
    cached = object_of(elsewhere.folder / ".dvc/cache", content)
    damage(cached, how)
    shutil.rmtree(elsewhere.folder / "results/smoke/data")
    elsewhere.run("dvc", "checkout", *STAGES)
    shutil.rmtree(elsewhere.folder / "results/smoke/runs")
    done = elsewhere.snakemake("--", "all_model_based")
    assert done.returncode != 0
    assert f"{path}: not a whole safetensors file of mbmf" in done.stdout, done.stdout[-3000:]
    # What docs/running.md says to do then.
    cached.unlink()
    (elsewhere.folder / path).unlink()
    assert elsewhere.run("dvc", "pull", *STAGES).returncode == 0
    assert data_of(elsewhere)[path] == content


@pytest.mark.parametrize("how", first_of(DAMAGE))
def test_a_part_of_a_file_never_starts_a_run(origin, elsewhere, store, how):
    """As a copy by hand, or a pull without `verify`, may leave it."""
    use(elsewhere, str(store))
    assert elsewhere.run("dvc", "pull", *STAGES).returncode == 0
    data = next(path for path in data_of(origin) if "/data/random/" in path)
    (elsewhere.folder / data).write_bytes(DAMAGE[how]((origin.folder / data).read_bytes()))
    shutil.rmtree(elsewhere.folder / "results/smoke/runs")
    done = elsewhere.snakemake("--", "all_model_based")
    assert done.returncode != 0
    assert f"{data}: not a whole safetensors file of mbmf" in done.stdout, done.stdout[-3000:]
    assert not elsewhere.files("results/smoke/runs/**/curve.csv")
