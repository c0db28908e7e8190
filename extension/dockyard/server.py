"""What Jupyter's server does as it starts: see to it that notebooks find an engine.

Where no other engine answers, the embedded one is started, in the background: the server waits for nothing, and what fails is logged.
"""

import logging
import threading
from typing import Any

from dockyard.connection import connect
from dockyard.errors import DockyardError

__all__: list[str] = []


def _load_jupyter_server_extension(server: Any) -> threading.Thread:
    """Start the embedded engine if it is needed; return the thread that does (Jupyter Server, "Server Extensions").

    Args:
        server: The ``jupyter_server.serverapp.ServerApp``, for its log.
    """
    thread = threading.Thread(target=_find_engine, args=(server.log,), name="dockyard", daemon=True)
    thread.start()
    return thread


def _find_engine(log: logging.Logger) -> None:
    try:
        client = connect()
    except DockyardError as error:
        log.info("dockyard: %s", error)
    except Exception:
        log.exception("dockyard: no engine was found or started")
    else:
        log.info("dockyard: %s", client)
        client.api.close()
