"""Pictures written anew, in a process of their own, so that whatever is in them can only ever harm that process (abuse 60, 61)."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from salescontrol.core.errors import Refusal

ROOT = Path(__file__).resolve().parents[2]
SMALL = ".small"
WALL_SECONDS = 10


@contextmanager
def cleaned(path: Path) -> Iterator[tuple[Path, Path]]:
    """The picture at `path` and a small version of it, both newly written; gone when the block ends. Raises Refusal."""
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "whole"), Path(folder, "small")
        try:
            done = subprocess.run(
                [sys.executable, "-m", "salescontrol.core.picture_child"],
                input=json.dumps({"path": str(path), "whole": str(whole), "small": str(small)}).encode(),
                capture_output=True,
                timeout=WALL_SECONDS,
                cwd=ROOT,
                env={"PYTHONDONTWRITEBYTECODE": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _refusal("slow") from error
        answer = json.loads(done.stdout) if done.returncode == 0 else {"refused": _why(done)}
        if "refused" in answer:
            raise _refusal(answer["refused"])
        yield whole, small


def _why(done: subprocess.CompletedProcess) -> str:
    """A process that was stopped at one of its limits says that the picture is too large; any other end, that it is damaged."""
    return "too_large" if done.returncode < 0 or b"MemoryError" in done.stderr else "damaged"


def _refusal(code: str) -> Refusal:
    message = {
        "too_large": _(
            "This picture is too large to be read safely. Save it with fewer than 40 million pixels and try again."
        ),
        "slow": _(
            "Reading this picture took too long. Try again in a moment; if it happens again, save the picture smaller."
        ),
        "animated": _("This picture moves. Save one picture of it and hand that in."),
        "damaged": _("This picture is damaged or incomplete. Open it, save it again and try once more."),
    }[code]
    return Refusal(message, code=f"picture_{code}", fields={"file": [message]})
