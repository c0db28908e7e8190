"""Manifests applied to a cluster, by the program kubectl and the contexts that it knows."""

import shutil
import subprocess
from dataclasses import dataclass

from dockyard.errors import KubectlFailed, NoCluster, NoKubectl
from dockyard.kubernetes.objects import Manifests
from dockyard.locale import N_, translate

__all__ = ["Applied", "apply", "delete"]

ANSWER_S = "30s"


@dataclass(frozen=True)
class Applied:
    """What kubectl did.

    Attributes:
        context: The cluster's name among kubectl's contexts.
        says: Its own words, one object a line.
    """

    context: str
    says: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((f"{self.context}:", *self.says))


def apply(manifests: Manifests, *, context: str = "", namespace: str = "", dry_run: bool = False) -> Applied:
    """Apply manifests to a cluster (``kubectl apply -f -``).

    Args:
        manifests: What to apply.
        context: The cluster, as ``kubectl config get-contexts`` lists it; empty for the current one.
        namespace: Which is there already; empty for the context's own.
        dry_run: Let the cluster only check it.

    Raises:
        NoKubectl, NoCluster: What is missing; the sentence says so.
        KubectlFailed: kubectl or the cluster refused.
    """
    more = ["--dry-run=server"] if dry_run else []
    return _do(["apply", *more], manifests, context, namespace)


def delete(manifests: Manifests, *, context: str = "", namespace: str = "") -> Applied:
    """Remove what manifests stand for from a cluster (``kubectl delete -f -``), claims and what they hold included. See :func:`apply`."""
    return _do(["delete", "--ignore-not-found"], manifests, context, namespace)


def _do(words: list[str], manifests: Manifests, context: str, namespace: str) -> Applied:
    if shutil.which("kubectl") is None:
        raise NoKubectl()
    chosen = context or _current()
    place = ["--context", chosen, *(["--namespace", namespace] if namespace else []), f"--request-timeout={ANSWER_S}"]
    answer = _kubectl([*place, *words, "-f", "-"], str(manifests))
    if answer.returncode:
        raise KubectlFailed(message=answer.stderr.strip() or answer.stdout.strip())
    return Applied(chosen, tuple(answer.stdout.splitlines()))


def _current() -> str:
    answer = _kubectl(["config", "current-context"])
    if answer.returncode:
        raise NoCluster(reason=answer.stderr.strip() or translate(N_("no current context")))
    return answer.stdout.strip()


def _kubectl(words: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(["kubectl", *words], input=given, capture_output=True, text=True, check=False)
