"""``newest.yml`` warns in an issue of what services will stop doing, three months ahead. Its own steps run here."""

import json
import shutil
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import retirements
from repository import ROOT
from workflow_runs import ON_LINUX, RUN_SCRIPT, Programs, Run

pytestmark = [pytest.mark.thorough, ON_LINUX]

GITHUB = {"repository": "copier-dagster/copier-dagster", "token": "secret"}
ACTIONS = {"actions/checkout": lambda with_: None, "astral-sh/setup-uv": lambda with_: None}
TODAY = datetime.now(UTC).date()


def entry(days: int) -> str:
    """An entry of the list, whose date is so many days from now."""
    on = TODAY + timedelta(days=days)
    return f"""
[[retirement]]
what = "The API"
on = {on}
who = "Everybody."
source = "https://example.com"
read_on = 2026-11-26
"""


def issues_opened(folder: Path, entries: Sequence[str], titles: Sequence[str] = ()) -> list[list[str]]:
    """The commands that open an issue, with that list and those issues.

    Args:
        folder: Where everything is.
        entries: The list.
        titles: Of the issues that there are.
    """
    shutil.copytree(ROOT / ".github", folder / "repository" / ".github")
    (folder / "repository" / ".github" / "retirements.toml").write_text("\n".join(entries), encoding="utf-8")
    programs = Programs(folder / "programs")
    programs.add("uv", RUN_SCRIPT)
    issues = json.dumps([{"title": title} for title in titles])
    programs.add("gh", f"if sys.argv[1:3] == ['issue', 'list']: print({issues!r})")
    run = Run("newest.yml", "retirements", folder / "repository", GITHUB, {}, {"PATH": programs.path}, ACTIONS)
    done = run.run()
    assert not done.failed, done.printed
    return [call for call in programs.calls("gh") if call[:2] == ["issue", "create"]]


def test_an_issue_is_opened_three_months_ahead(tmp_path: Path) -> None:
    [opened] = issues_opened(tmp_path, [entry(90), entry(120)])
    assert opened[2:] == [
        *("--title", f"Retired on {TODAY + timedelta(days=90)}: The API"),
        *("--body", "Everybody.\n\nFrom https://example.com, read on 2026-11-26."),
    ]


def test_no_issue_is_opened_twice(tmp_path: Path) -> None:
    """Neither while it is open nor after somebody has closed it."""
    assert issues_opened(tmp_path, [entry(0)], [f"Retired on {TODAY}: The API"]) == []


def test_a_date_that_has_passed_is_still_said(tmp_path: Path) -> None:
    """The workflow may have been off."""
    assert len(issues_opened(tmp_path, [entry(-400)])) == 1


def test_the_list_has_what_an_issue_needs() -> None:
    listed = tomllib.loads(retirements.LIST.read_text(encoding="utf-8"))["retirement"]
    assert any(each["on"] == date(2027, 1, 15) for each in listed)
    for each in listed:
        assert each["source"].startswith("https://")
        assert isinstance(each["read_on"], date)
        assert len(retirements.title_of(each)) < 200
        assert retirements.body_of(each)


def test_three_months_are_enough_notice_for_any_three() -> None:
    for month in range(1, 13):
        on = date(2027 + (month + 2) // 12, (month + 2) % 12 + 1, 1)
        assert retirements.due([{"on": on}], date(2027, month, 1))
