"""What runs in containers before and after, and what commands print, as a notebook shows it."""

import html
from collections.abc import Sequence

import ipywidgets as widgets

from dockyard.locale import N_, translate
from dockyard.tasks import ExecResult, LifeResult, Result, RunResult

__all__ = ["lines_html", "output_area", "printed", "processes_html"]

ROWS = 10


def printed(result: Result) -> str:
    """What a command printed; nothing where the result is of another kind."""
    return result.output.decode(errors="replace") if isinstance(result, RunResult | ExecResult) else ""


def output_area(text: str) -> widgets.Textarea:
    """A text of any length, to be scrolled and copied from."""
    label = translate(N_("What it printed"))
    area = widgets.Textarea(text, description=label, disabled=True, rows=ROWS, layout=widgets.Layout(width="98%"))
    area.add_class("dockyard-output")
    return area


def processes_html(result: Result) -> str:
    """What ran in each container before and after, side by side; nothing where no process changed."""
    if not isinstance(result, LifeResult) or not result.processes:
        return ""
    titles = (N_("Container"), N_("Ran before"), N_("Runs now"))
    head = "".join(f"<th>{html.escape(translate(title))}</th>" for title in titles)
    rows = "".join(
        f"<tr><td>{html.escape(each.container)}</td><td>{lines_html(each.before)}</td><td>{lines_html(each.after)}</td></tr>"
        for each in result.processes
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def lines_html(lines: Sequence[str]) -> str:
    """Command lines, one below the other; those that are there several times once, with their number."""
    shown = [
        f"<code>{html.escape(line)}</code>" + (f" ×{lines.count(line)}" if lines.count(line) > 1 else "")
        for line in dict.fromkeys(lines)
    ]
    return "<br>".join(shown) or html.escape(translate(N_("nothing")))
