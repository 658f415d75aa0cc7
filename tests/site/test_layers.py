"""The arrows between rooms, for the keys in the tables as for the imports."""

import ast
from pathlib import Path

from django.apps import apps
from django.conf import settings

ROOMS = ["accounts", "providers", "brochure", "ledger", "voucher"]
ALLOWED_BELOW = {
    "accounts": set(),
    "providers": {"accounts"},
    "brochure": {"accounts", "providers"},
    "ledger": set(),
    "voucher": {"accounts", "providers", "brochure", "ledger"},
}


def test_every_key_points_at_its_own_room_or_a_room_below():
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation and field.concrete
        if field.related_model._meta.app_label not in ALLOWED_BELOW[room] | {room}
    ]

    assert wrong == []


def test_no_module_has_a_name_that_says_nothing():
    empty_names = {"utils", "util", "helpers", "helper", "services", "service", "core", "common", "misc", "selectors"}

    found = [
        str(path)
        for room in ("accounts", "providers", "brochure", "voucher", "tests")
        for path in (settings.BASE_DIR / room).rglob("*.py")
        if path.stem in empty_names
    ]

    assert found == []


def test_every_module_opens_with_what_it_is_for():
    silent = [
        str(path.relative_to(settings.BASE_DIR))
        for room in ("accounts", "providers", "brochure", "voucher")
        for path in (settings.BASE_DIR / room).rglob("*.py")
        if "migrations" not in path.parts
        if (text := path.read_text().strip()) and not text.lstrip("#!").lstrip().startswith(('"""', "/usr"))
    ]

    assert silent == []


def test_no_file_is_longer_than_it_can_be_held_in_the_mind():
    long = {
        str(path.relative_to(settings.BASE_DIR)): lines
        for room in ("accounts", "providers", "brochure", "voucher")
        for path in Path(settings.BASE_DIR / room).rglob("*.py")
        if "migrations" not in path.parts
        if (lines := len(path.read_text().splitlines())) > 400
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{path.relative_to(settings.BASE_DIR)}: {node.name}": lines
        for room in ("accounts", "providers", "brochure", "voucher", "tests")
        for path in Path(settings.BASE_DIR / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        if (lines := node.end_lineno - node.lineno + 1) > 70
    }

    assert long == {}
