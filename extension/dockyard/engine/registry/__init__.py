"""Images from a registry and to it: the distribution protocol (registry v2) as Docker speaks it.

``requests`` carries it. ``oras`` (0.2.43) and ``python-dxf`` (12.1) were tried first: neither resumes a layer, both write manifests anew,
which changes their digests; oras reads a layer into memory to send it, dxf refuses a password on plain http.
"""

from dockyard.engine.registry.credentials import Credentials, host_of
from dockyard.engine.registry.distribution import inspect_distribution
from dockyard.engine.registry.login import check_login
from dockyard.engine.registry.platforms import Platform
from dockyard.engine.registry.pull import pull
from dockyard.engine.registry.push import push

__all__ = ["Credentials", "Platform", "check_login", "host_of", "inspect_distribution", "pull", "push"]
