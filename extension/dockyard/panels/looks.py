"""How panels look: one stylesheet for all of them, which comes with each, since a notebook may show any of them alone."""

import html
import json
from pathlib import Path

import ipywidgets as widgets

from dockyard.locale import N_, translate

__all__ = ["STYLE", "heading", "wide"]

STYLE = f"<style>{(Path(__file__).parent / 'panel.css').read_text('utf-8')}</style>"


def heading(title: str) -> widgets.HTML:
    """A panel's title, with the rules for how panels look."""
    return widgets.HTML(f"{STYLE}{_lost_style()}<b>{html.escape(title)}</b>")


def wide(label: str, content: str) -> str:
    """Markup that may be wider than its cell: it scrolls by itself, for those without a mouse by the arrow keys.

    Args:
        label: What screen readers call it.
        content: The markup.
    """
    return f'<div class="dockyard-wide" role="region" tabindex="0" aria-label="{html.escape(label)}">{content}</div>'


def _lost_style() -> str:
    """What a panel says once its kernel is gone: the browser marks widgets that nothing stands behind any more, each with a sign of its own."""
    says = translate(N_("The kernel that made this panel is gone. Run its cell again."))
    lost = ".dockyard-panel.jupyter-widgets-disconnected"
    return (
        f"<style>{lost}::before {{ content: {json.dumps(says, ensure_ascii=False)}; font-weight: bold; }}"
        f"{lost} > * {{ opacity: 0.5; pointer-events: none; }}"
        f"{lost} {lost} > * {{ opacity: 1; }}"
        f"{lost} .jupyter-widgets-disconnected::before {{ content: none; }}</style>"
    )
