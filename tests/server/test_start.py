"""What happens as Jupyter's server starts."""

import json
import logging
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import dockyard
from dockyard import connection
from dockyard.connection import embedded

CONFIG = Path(__file__).parents[2] / "extension/jupyter-config/dockyard.json"


def load(caplog):
    """Do as Jupyter's server does with what it is told to load."""
    (point,) = dockyard._jupyter_server_extension_points()
    web_app = SimpleNamespace(settings={"base_url": "/"}, add_handlers=lambda *_: None)
    server = SimpleNamespace(log=logging.getLogger("server"), web_app=web_app, contents_manager=SimpleNamespace())
    with caplog.at_level(logging.INFO):
        import_module(point["module"])._load_jupyter_server_extension(server).join(60)
    return caplog.text


def test_jupyter_is_told_to_load_the_package():
    assert json.loads(CONFIG.read_text()) == {"ServerApp": {"jpserver_extensions": {dockyard.__name__: True}}}


def test_the_embedded_engine_is_started_where_there_is_no_other(embedded_home, monkeypatch, caplog):
    monkeypatch.setattr(connection, "usual_places", lambda *_: [])
    monkeypatch.setattr(connection, "_current", None)
    assert "embedded engine, no isolation" in load(caplog)
    assert embedded.status() is not None


def test_what_fails_is_logged_and_the_server_starts_all_the_same(monkeypatch, caplog):
    monkeypatch.setattr(connection, "usual_places", lambda *_: [])
    monkeypatch.setattr(connection, "_current", None)
    assert "No container engine was found" in load(caplog)
