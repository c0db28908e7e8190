"""What Jupyter's server does for notebooks and for the sidebar: it finds an engine as it starts, and answers below ``dockyard/api/``.

Where no other engine answers, the embedded one is started, in the background: the server waits for nothing, and what fails is logged.
"""

import logging
import threading
from typing import Any

from dockyard.errors import DockyardError
from dockyard.server.desk import Desk

__all__ = ["Desk"]


def _load_jupyter_server_extension(server: Any) -> threading.Thread:
    """Add the routes, and start the embedded engine if it is needed; return the thread that does that (Jupyter Server, "Server Extensions").

    Args:
        server: The ``jupyter_server.serverapp.ServerApp``.
    """
    from dockyard.server.routes import handlers  # only Jupyter's server has what it is made of

    desk = Desk(getattr(server.contents_manager, "root_dir", ""))
    server.web_app.add_handlers(".*$", handlers(server.web_app.settings["base_url"], desk))
    thread = threading.Thread(target=_find_engine, args=(desk, server.log), name="dockyard", daemon=True)
    thread.start()
    return thread


def _find_engine(desk: Desk, log: logging.Logger) -> None:
    try:
        client = desk.client()
    except DockyardError as error:
        log.info("dockyard: %s", error)
    except Exception:
        log.exception("dockyard: no engine was found or started")
    else:
        log.info("dockyard: %s", client)
