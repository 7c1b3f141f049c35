"""The figures of the last run, kept beside those of the other measurements."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results.json"


def keep(name: str, figures: dict[str, Any]) -> None:
    """Replace the race of that name in `benchmarks/results.json`; everything else stays."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept.setdefault("race", {})[name] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        **figures,
    }
    RESULTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
