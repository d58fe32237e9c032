"""Plots for people, as Markdown with the picture in it: what an asset's page in the UI shows of its data."""

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def revenue_by_day_plot(cents_by_day: "pd.Series") -> str:
    """A line of the revenue of each day.

    Args:
        cents_by_day: Revenue in cents, indexed by day.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    figure = _figure()
    axes = figure.subplots()
    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    # A line through a single day would be invisible.
    axes.plot(cents_by_day.index, cents_by_day / 100, linewidth=1, marker="." if len(cents_by_day) < 32 else None)
    axes.set(title="Revenue by day", ylabel="currency units", ylim=(0, None))
    return _as_markdown(figure, "Revenue by day")


def distribution_plot(cents: "pd.Series", title: str) -> str:
    """A histogram of amounts in cents, up to the 99th percentile (the few above would flatten the rest)."""
    figure = _figure()
    axes = figure.subplots()
    axes.hist(cents.clip(upper=cents.quantile(0.99)) / 100, bins=40)
    axes.set(title=title, xlabel="currency units", ylabel="customers")
    return _as_markdown(figure, title)


def _figure() -> "Figure":
    # Figure instead of pyplot: no global state, no display needed, and nothing to close.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.6))
    # Fixed margins: to let matplotlib find them takes longer than to draw.
    figure.subplots_adjust(left=0.14, right=0.97, top=0.88, bottom=0.2)
    return figure


def _as_markdown(figure: "Figure", title: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"
