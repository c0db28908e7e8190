"""The same project on Kubernetes: manifests, and a cluster to apply them to, if there is one."""

from dockyard.kubernetes.cluster import Applied, apply, delete
from dockyard.kubernetes.objects import Manifest, Manifests, manifests

__all__ = ["Applied", "Manifest", "Manifests", "apply", "delete", "manifests"]
