"""The engine's containers, images and volumes as pandas tables: real types inside, people's units on screen.

One call to the engine a table, however many rows. Columns keep their types for computing (bytes are ``int64``, times are UTC, states are
categories, several values are tuples); only the display in a notebook is shortened.

``containers``
    ``id``, ``name``, ``image``, ``image_id``, ``command``, ``created``, ``state``, ``status``, ``ports``, ``mounts``, ``networks``, ``labels``
``images`` (a row a name; an image without one has a row of its own)
    ``id``, ``repository``, ``tag``, ``created``, ``size_bytes``, ``dangling``, ``digests``, ``labels``
``volumes``
    ``name``, ``driver``, ``mountpoint``, ``created``, ``scope``, ``anonymous``, ``labels``

Source: Docker Engine API, ``/containers/json``, ``/images/json``, ``/volumes``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from dockyard.connection import Client, current
from dockyard.wording import human_size, relative_time

__all__ = ["Table", "containers", "images", "volumes"]

STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
UNNAMED_VOLUME = re.compile(r"[0-9a-f]{64}")
Filters = Mapping[str, str | Sequence[str]]


class Table(pd.DataFrame):
    """A DataFrame that a notebook shows in people's units. Everything else is pandas'."""

    @property
    def _constructor(self) -> "type[Table]":
        return Table

    def _repr_html_(self) -> str:
        return self.to_html(
            formatters={name: shown for name in self.columns if (shown := _shown(str(name), self.dtypes[name]))},
            max_rows=int(pd.get_option("display.max_rows")),
            show_dimensions=True,
            notebook=True,
            escape=True,
        )


def containers(client: Client | None = None, *, all: bool = True, filters: Filters | None = None) -> Table:  # noqa: A002  # docker's word
    """Return the containers, newest first.

    Args:
        client: The engine; by default the one in use.
        all: Whether those that do not run are listed too.
        filters: As ``docker ps --filter``, such as ``{"status": "running", "label": ["a", "b=c"]}``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    rows = _get(client, "/containers/json", filters, all=int(all))
    table = Table(
        {
            "id": [row["Id"] for row in rows],
            "name": [row["Names"][0].removeprefix("/") if row["Names"] else "" for row in rows],
            "image": [row["Image"] for row in rows],
            "image_id": [row["ImageID"] for row in rows],
            "command": [row["Command"] for row in rows],
            "created": _times([row["Created"] for row in rows]),
            "state": pd.Categorical([row["State"] for row in rows], categories=STATES),
            "status": [row["Status"] for row in rows],
            "ports": [tuple(dict.fromkeys(map(_port, row.get("Ports") or ()))) for row in rows],
            "mounts": [tuple(_mount(mount) for mount in row.get("Mounts") or ()) for row in rows],
            "networks": [tuple(row.get("NetworkSettings", {}).get("Networks") or ()) for row in rows],
            "labels": [row.get("Labels") or {} for row in rows],
        }
    )
    return _typed(table, text=("id", "name", "image", "image_id", "command", "status"))


def images(client: Client | None = None, *, filters: Filters | None = None) -> Table:
    """Return the images, newest first, one row a name; several rows may share one ``id``.

    Args:
        client: The engine; by default the one in use.
        filters: As ``docker images --filter``, such as ``{"dangling": "true"}``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    listed = _get(client, "/images/json", filters)
    rows = [(row, name) for row in listed for name in _names(row)]
    table = Table(
        {
            "id": [row["Id"] for row, _ in rows],
            "repository": [name.rpartition(":")[0] or None for _, name in rows],
            "tag": [name.rpartition(":")[2] or None for _, name in rows],
            "created": _times([row["Created"] for row, _ in rows]),
            "size_bytes": pd.array([row["Size"] for row, _ in rows], dtype="int64"),
            "dangling": pd.array([not name for _, name in rows], dtype="bool"),
            "digests": [tuple(row.get("RepoDigests") or ()) for row, _ in rows],
            "labels": [row.get("Labels") or {} for row, _ in rows],
        }
    )
    return _typed(table, text=("id", "repository", "tag"))


def volumes(client: Client | None = None, *, filters: Filters | None = None) -> Table:
    """Return the volumes by name. Their sizes are not listed: the engine would have to walk every one.

    Args:
        client: The engine; by default the one in use.
        filters: As ``docker volume ls --filter``.

    Raises:
        EngineError: The engine can't be reached, or refuses a filter.
    """
    rows = sorted(_get(client, "/volumes", filters)["Volumes"] or (), key=lambda row: str(row["Name"]))
    table = Table(
        {
            "name": [row["Name"] for row in rows],
            "driver": [row["Driver"] for row in rows],
            "mountpoint": [row["Mountpoint"] for row in rows],
            "created": pd.to_datetime([row.get("CreatedAt") for row in rows], utc=True, format="ISO8601"),
            "scope": pd.Categorical([row["Scope"] for row in rows], categories=("local", "global")),
            "anonymous": pd.array([_is_anonymous(row) for row in rows], dtype="bool"),
            "labels": [row.get("Labels") or {} for row in rows],
        }
    )
    return _typed(table, text=("name", "driver", "mountpoint"))


def _get(client: Client | None, path: str, filters: Filters | None, **params: int) -> Any:
    wanted = {key: [value] if isinstance(value, str) else list(value) for key, value in (filters or {}).items()}
    return (client or current()).get_json(path, **params, **({"filters": json.dumps(wanted)} if wanted else {}))


def _typed(table: Table, *, text: Sequence[str]) -> Table:
    """Every column of the type that it has with rows in it, in an empty table too."""
    objects = [name for name in ("ports", "mounts", "networks", "digests", "labels") if name in table.columns]
    types = {**dict.fromkeys(text, "str"), **dict.fromkeys(objects, "object"), "created": "datetime64[us, UTC]"}
    return Table(table.astype(types))


def _times(seconds: list[int]) -> pd.DatetimeIndex:
    return pd.to_datetime(seconds, unit="s", utc=True)


def _names(row: Mapping[str, Any]) -> list[str]:
    return [name for name in row.get("RepoTags") or () if name != "<none>:<none>"] or [""]


def _port(port: Mapping[str, Any]) -> str:
    inner = f"{port['PrivatePort']}/{port['Type']}"
    return f"{port['PublicPort']}->{inner}" if port.get("PublicPort") else inner


def _mount(mount: Mapping[str, Any]) -> str:
    return f"{mount.get('Name') or mount.get('Source') or mount['Type']}:{mount['Destination']}"


def _is_anonymous(row: Mapping[str, Any]) -> bool:
    labels = row.get("Labels") or {}
    return "com.docker.volume.anonymous" in labels or bool(UNNAMED_VOLUME.fullmatch(row["Name"]))


def _shown(name: str, dtype: Any) -> Callable[[Any], str] | None:
    """How a column's values are shown: by its unit, which is the end of its name, or by its type."""
    if name.endswith("_bytes"):
        return lambda value: human_size(int(value))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return lambda value: "" if pd.isna(value) else relative_time(value.to_pydatetime())
    if name == "id" or name.endswith("_id"):
        return lambda value: str(value).removeprefix("sha256:")[:12]
    if name == "labels":
        return lambda value: ", ".join(f"{key}={each}" for key, each in value.items())
    if pd.api.types.is_object_dtype(dtype):
        return lambda value: ", ".join(value) if isinstance(value, tuple) else str(value)
    return None
