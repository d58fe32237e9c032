"""A document of a rendered project that is wrong is noticed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from documents import problems_of
from matrix.trees import Tree
from projects import render

pytestmark = pytest.mark.thorough

ASSETS = {
    "raw_customer_orders",
    "cleaned_orders",
    "customer_lifetime_value",
    "enriched_customer_metrics",
    "customer_metrics_export",
    "daily_order_volume",
    "monthly_order_volume",
    "customers_by_segment",
    "shop_raw/orders",
    "shop_raw/customers",
    "set_aside_customers",
    "set_aside_orders",
    "stg_orders",
    "valid_orders",
    "stg_customers",
    "fct_orders",
    "customer_value",
    "monthly_revenue_by_region",
}


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A project with default answers."""
    render(template, tmp_path / "project", {})
    return tmp_path / "project"


def test_a_project_as_it_is_has_no_problem(project: Path) -> None:
    """Else the tests below would prove nothing."""
    assert list(problems_of(Tree(project), ASSETS)) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        (".env.example", "# SAMPLE_SEED=42\n", "", "the variable SAMPLE_SEED is not in .env.example"),
        (".env.example", "SAMPLE_SEED", "SAMPLE_SEEDS", "the variable SAMPLE_SEEDS is not in the code under src/"),
        (".env.example", "SAMPLE_SEED=42", "SAMPLE_SEED=43", "the default of SAMPLE_SEED is 42 in README.md, and 43"),
        ("README.md", "| `DATA_FOLDER`", "| DATA_FOLDER", "the variable DATA_FOLDER is not in the table in README.md"),
        (
            "README.md",
            "`schemas.py`",
            "`schemes.py`",
            "README.md mentions schemes.py, which is not there",
        ),
        ("README.md", "uv run pytest", "uv run py.tests", "README.md tells to run py"),
        ("README.md", "sample-data", "sampledata", "README.md does not mention the command sample-data"),
        ("README.md", "volume[daily_order_volume]", "volume[x]", "does not have the asset daily_order_volume"),
        ("README.md", "volume[daily_order_volume]", "volume[daily_orders]", "has daily_orders, which is no asset"),
        ("tools/pyproject.toml", ".pipeline:main", ".pipelines:main", "pipelines.py, which is not there"),
        (".gitignore", "\n.env\n", "\n", ".gitignore lets .env be committed"),
        (".gitignore", "/data/\n", "", ".gitignore lets data/warehouse.duckdb be committed"),
        (".gitignore", "dist/\n", "dist/\n*.toml\n", ".gitignore ignores pyproject.toml"),
    ],
)
def test_what_is_not_so_is_named(project: Path, file: str, before: str, after: str, problem: str) -> None:
    """With the document, and what it says."""
    text = (project / file).read_text()
    assert before in text
    (project / file).write_text(text.replace(before, after))
    assert any(problem in each for each in problems_of(Tree(project), ASSETS))


@pytest.mark.parametrize("change", [lambda assets: assets | {"new_asset"}, lambda assets: assets - {"cleaned_orders"}])
def test_assets_come_and_go(project: Path, change: Callable[[set[str]], set[str]]) -> None:
    """And the picture must follow."""
    assert len(list(problems_of(Tree(project), change(ASSETS)))) == 1
