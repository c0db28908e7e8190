"""What there is to see of a build, as HTML: findings, the log, the line that failed, the layers. Everything from outside is escaped."""

import html
from collections import deque
from collections.abc import Sequence

from dockyard.dockerfile import Explanation, Finding
from dockyard.errors import BuildFailed
from dockyard.locale import N_, translate
from dockyard.tasks.build import Layer
from dockyard.wording import human_size

__all__ = ["LogTail", "explanation_html", "failure_html", "findings_html", "layers_html", "log_html"]

MOST_LINES = 400
MOST_PIECES = 4000
AROUND = 3  # lines shown before and after one that failed
MARKS = {"error": ("✘", "bad"), "warning": ("⚠", "warning"), "hint": ("·", "hint")}


def findings_html(findings: Sequence[Finding]) -> str:
    """Findings, one below the other."""
    rows = []
    for each in findings:
        mark, style = MARKS[each.level]
        rows.append(f'<div class="dockyard-{style}">{mark} {html.escape(str(each))}</div>')
    return "".join(rows)


def explanation_html(each: Explanation) -> str:
    """What an instruction is for, with its example."""
    return f"<b>{each.name}</b> {html.escape(each.says)}<br><code>{html.escape(each.example)}</code>"


class LogTail:
    """The end of a log that grows, a piece at a time."""

    def __init__(self) -> None:
        self._pieces: deque[str] = deque(maxlen=MOST_PIECES)

    def add(self, piece: str) -> None:
        """Take what was said since."""
        if piece:
            self._pieces.append(piece)

    def __str__(self) -> str:
        return "".join(self._pieces)


def log_html(log: str, *, most: int = MOST_LINES) -> str:
    """The end of a log; how much of it is left out is said."""
    lines = log.splitlines()
    left_out = len(lines) - most
    if left_out > 0:
        lines = [translate(N_("... {n} lines before")).format(n=left_out), *lines[-most:]]
    shown = html.escape("\n".join(lines))
    said = html.escape(translate(N_("What the engine said")))
    place = f'role="region" tabindex="0" aria-label="{said}"'  # those without a mouse scroll it by the arrow keys
    return f'<pre {place} style="max-height: 24em; overflow: auto; margin: 0">{shown}</pre>' if lines else ""


def failure_html(text: str, error: BuildFailed) -> str:
    """The lines of a Dockerfile around the one that failed, that one marked."""
    first = int(str(error.facts["line"]))
    last = int(str(error.facts.get("last_line", first)))
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if first - AROUND <= number <= last + AROUND:
            shown = html.escape(f"{'▶' if first <= number <= last else ' '} {number:3} {line}")
            rows.append(f'<b class="dockyard-bad">{shown}</b>' if first <= number <= last else shown)
    return f"<pre>{chr(10).join(rows)}</pre>"


def layers_html(layers: Sequence[Layer]) -> str:
    """Layers as a table, the newest first; steps that brought no files have no size."""
    heads = "".join(f"<th>{html.escape(each)}</th>" for each in (translate(N_("Size")), translate(N_("Step"))))
    rows = "".join(
        f"<tr><td>{human_size(each.size_bytes) if each.size_bytes else ''}</td>"
        f"<td><code>{html.escape(each.created_by)}</code></td></tr>"
        for each in layers
    )
    return f"<table><tr>{heads}</tr>{rows}</table>"
