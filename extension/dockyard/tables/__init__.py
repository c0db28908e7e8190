"""The engine's state as pandas tables: real types inside, people's units on screen.

One call to the engine a table, however many rows (``stats`` is one a container, as the engine has it; ``layers`` and ``compare_images`` read images
once through). Columns keep their types for computing (bytes are ``int64``, times are UTC, states are
categories, several values are tuples); only the display in a notebook is shortened.

``containers``
    ``id``, ``name``, ``image``, ``image_id``, ``command``, ``created``, ``state``, ``status``, ``ports``, ``mounts``, ``networks``, ``labels``
``images`` (a row a name; an image without one has a row of its own)
    ``id``, ``repository``, ``tag``, ``created``, ``size_bytes``, ``dangling``, ``digests``, ``labels``
``history`` (a row a step of an image's making, newest first)
    ``image_id``, ``step``, ``created``, ``created_by``, ``size_bytes``, ``comment``, ``empty``, ``layer``, ``diff_id``
``layers`` (a row a layer of an image, lowest first)
    ``image_id``, ``layer``, ``diff_id``, ``created``, ``created_by``, ``size_bytes``, ``hidden_bytes``, ``added``, ``changed``, ``removed``
``compare_images`` (a row a path in which two images differ)
    ``path``, ``difference``, ``what``, ``a_size_bytes``, ``b_size_bytes``
``volumes``
    ``name``, ``driver``, ``mountpoint``, ``created``, ``scope``, ``anonymous``, ``labels``
``networks``
    ``id``, ``name``, ``driver``, ``created``, ``scope``, ``internal``, ``subnets``, ``labels``
``ports`` (a row a published port)
    ``container_id``, ``name``, ``host_ip``, ``host_port``, ``container_port``, ``protocol``
``disk`` (a row a thing; see :func:`disk`)
    ``kind``, ``id``, ``name``, ``state``, ``size_bytes``, ``shared_bytes``, ``unique_bytes``, ``reclaimable_bytes``, ``users``, ``prune``,
    ``created``, ``used``
``disk_samples`` (a row a measurement)
    ``at``, ``images_bytes``, ``containers_bytes``, ``volumes_bytes``, ``cache_bytes``, ``reclaimable_bytes``
``shared_layers`` (a row a layer, each once, whatever images have it)
    ``id``, ``parent``, ``depth``, ``diff_id``, ``created_by``, ``size_bytes``, ``images``
``stats`` (a row a running container)
    ``container_id``, ``name``, ``at``, ``cpu_percent``, ``memory_bytes``, ``memory_limit_bytes``, ``received_bytes``, ``sent_bytes``,
    ``read_bytes``, ``written_bytes``, ``processes``
``events``
    ``at``, ``kind``, ``action``, ``id``, ``name``, ``attributes``
``journal``
    ``step``, ``at``, ``engine_id``, ``engine``, ``folder``, ``command``, ``code``, ``outcome``, ``error``, ``duration_s``, ``created``,
    ``changed``, ``removed``, ``size_bytes``, ``undone_at``

Source: Docker Engine API, ``/containers/json``, ``/images/json``, ``/images/{name}/history``, ``/images/{name}/get``, ``/volumes``, ``/networks``, ``/system/df``,
``/containers/{id}/stats``, ``/events``.
"""

from dockyard.tables.disk_use import disk, disk_samples
from dockyard.tables.frame import Filters, Table
from dockyard.tables.image import ImageDifferences, compare_images, history, layers
from dockyard.tables.lists import containers, images, networks, ports, volumes
from dockyard.tables.moments import events
from dockyard.tables.runs import Journal, journal
from dockyard.tables.sharing import shared_layers
from dockyard.tables.usage import stats

__all__ = [
    "Filters",
    "ImageDifferences",
    "Journal",
    "Table",
    "compare_images",
    "containers",
    "disk",
    "disk_samples",
    "events",
    "history",
    "images",
    "journal",
    "layers",
    "networks",
    "ports",
    "shared_layers",
    "stats",
    "volumes",
]
