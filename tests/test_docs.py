"""The pages for readers name files that exist, and the map names every room."""

import re

import pytest
from house import FLOORS, ROOT, House

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TOPS = "agent|templates|baselines|tests|benchmarks|docs"


def named(text: str) -> set[str]:
    """The files and folders of the repository that a page names in code marks, by their way from its top."""
    return set(re.findall(rf"`((?:{TOPS})/[\w./]*)`", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    assert [name for name in sorted(named(text)) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_another_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_map_names_every_room_on_its_floor():
    rows = re.findall(r"^\| (\d) \| `(\w+)(?:/|\.py)` \|", MAP, re.MULTILINE)
    assert {(int(floor), room) for floor, room in rows} == {
        (floor, room) for floor, rooms in enumerate(FLOORS, 1) for room in rooms
    }


def test_the_map_names_every_folder_of_the_evaluator():
    house = House.of(ROOT)
    folders = {room for room in house.rooms("agent.evaluator") if (ROOT / "agent" / "evaluator" / room).is_dir()}
    assert {f"`{folder}/`" for folder in folders} <= set(re.findall(r"`\w+/`", MAP))


def test_the_map_has_files_for_ten_changes():
    rows = re.findall(r"^\| (\d+)\. (.*)$", MAP, re.MULTILINE)
    assert [int(number) for number, _ in rows] == [*range(1, 11)]
    assert all(named(row) for _, row in rows)


def test_every_folder_of_the_code_says_what_it_is():
    silent = [str(path) for path in (ROOT / "agent").rglob("__init__.py") if not path.read_text().startswith('"""')]
    assert silent == []


def test_a_name_that_leads_nowhere_is_found():
    assert named("see `agent/nowhere.py` and `docs/`, not `pytest` or tests/x.py") == {"agent/nowhere.py", "docs/"}
