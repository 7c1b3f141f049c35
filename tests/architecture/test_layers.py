"""Who may import whom, and what there is not."""

import ast
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from tests.architecture.source import APPS, ROOT, sources


def test_apps_and_layers_import_downwards_only():
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


def test_the_kernel_knows_no_other_app():
    named = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if source.path.startswith("salescontrol/core/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for module in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
        if module.split(".")[0] in APPS
    ]
    assert named == []


def test_there_is_no_drawer_for_odds_and_ends():
    refused = {"utils.py", "helpers.py", "managers.py", "signals.py", "misc.py", "common.py"}
    assert [source.path for source in sources() if Path(source.path).name in refused] == []


def test_no_rule_hides_in_a_signal():
    """Signals of the framework are listened to where triggers are laid after a migration, nowhere else."""
    listeners = [
        source.at(call)
        for source in sources()
        for call in source.calls()
        if isinstance(call.func, ast.Attribute | ast.Name)
        and (getattr(call.func, "attr", "") == "connect" or getattr(call.func, "id", "") == "receiver")
    ]
    assert {place.split(":")[0] for place in listeners} <= {
        "salescontrol/core/apps.py", "inventory/apps.py", "security/apps.py",
    }, listeners  # fmt: skip


def test_nobody_is_above_the_rules():
    """No admin site, no superuser, no staff flag (decisions 33)."""
    fields = {field.name for field in get_user_model()._meta.get_fields()}

    assert not fields & {"is_staff", "is_superuser", "user_permissions"}
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    words = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute | ast.keyword | ast.Name)
        and (getattr(node, "attr", None) or getattr(node, "arg", None) or getattr(node, "id", None))
        in {"is_staff", "is_superuser", "create_superuser"}
    ]
    assert words == []


def test_debug_is_off_in_the_code():
    assert settings.DEBUG is False
    text = (ROOT / "salescontrol/settings.py").read_text()
    assert "\nDEBUG = False\n" in text


def test_pieces_stay_small_enough_to_read():
    """A guard, not an aim: most functions have six to nine lines, most files fit on a few screens."""
    long_files = [f"{source.path} {source.lines}" for source in sources() if source.lines > 500]
    long_functions = [
        f"{source.at(node)} {node.name} {length}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    ]
    assert long_files == []
    assert long_functions == []
