"""Environments of the peers: one each, apart from the project's, made at the first use."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


def peer_python(name: str) -> Path:
    """Python of a peer's environment, from peers/<name>.txt and what is said beside it."""
    folder = ROOT / ".venv-peers" / name
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    lists = sorted((HERE / "peers").glob(f"{name}*.txt"))
    wanted = "".join(path.read_text() for path in lists)
    if not ready.exists() or ready.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "-r", HERE / "peers" / f"{name}.txt"], check=True)
        overrides = HERE / "peers" / f"{name}-overrides.txt"
        if overrides.exists():
            subprocess.run([*install, "-r", overrides], check=True)
        # The agents' environments, without the project's other dependencies.
        subprocess.run([*install, "--no-deps", "--editable", ROOT], check=True)
        ready.write_text(wanted)
    return python
