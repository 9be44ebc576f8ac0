"""What finished runs say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

from mbmf.errors import InputError


def made_by(provenance: Path) -> str | None:
    """Digest of the code that made a run; None if it has not finished.

    Args:
        provenance: file of the run, whether it exists or not.

    Raises:
        InputError: it is damaged.
    """
    try:
        content = json.loads(provenance.read_text(encoding="utf-8"))
        return str(content["code"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{provenance}: not the provenance of a run ({error!r})") from None
