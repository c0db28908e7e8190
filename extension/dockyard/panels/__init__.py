"""Panels: a form over each task, to be shown in a notebook's cell."""

from dockyard.panels.backup import BackupPanel, RestorePanel, backup, restore
from dockyard.panels.build import BuildPanel, build
from dockyard.panels.compose import ComposePanel, compose
from dockyard.panels.containers import ContainersPanel, containers
from dockyard.panels.copy import CopyPanel, copy
from dockyard.panels.dashboard import Dashboard, dashboard
from dockyard.panels.disk import DiskPanel, disk
from dockyard.panels.images import CommitPanel, LoadPanel, SavePanel, commit, load, save
from dockyard.panels.instead import InsteadPanel, shell_instead
from dockyard.panels.journal import JournalPanel, journal
from dockyard.panels.layers import LayersPanel, layers
from dockyard.panels.login import LoginPanel, LogoutPanel, login, logout
from dockyard.panels.mount_advisor import MountAdvisor, mount_advisor
from dockyard.panels.own_registry import StartRegistryPanel, start_registry
from dockyard.panels.panel import Panel
from dockyard.panels.preview import PagePreview, preview
from dockyard.panels.prune import PrunePanel, prune
from dockyard.panels.registry import RegistryPanel, registry
from dockyard.panels.reset import ResetPanel, reset
from dockyard.panels.run import RunPanel, run
from dockyard.panels.shell import ShellPanel, attach, shell
from dockyard.panels.sorter import SorterPanel, sorter
from dockyard.panels.tags import NamePanel, TagPanel, UntagPanel, name, tag, untag
from dockyard.panels.transfer import PullPanel, PushPanel, pull, push
from dockyard.panels.usage import UsagePanel, usage
from dockyard.panels.volumes import VolumesPanel, volumes

__all__ = [
    "BackupPanel",
    "BuildPanel",
    "CommitPanel",
    "ComposePanel",
    "ContainersPanel",
    "CopyPanel",
    "Dashboard",
    "DiskPanel",
    "InsteadPanel",
    "JournalPanel",
    "LayersPanel",
    "LoadPanel",
    "LoginPanel",
    "LogoutPanel",
    "MountAdvisor",
    "NamePanel",
    "PagePreview",
    "Panel",
    "PrunePanel",
    "PullPanel",
    "PushPanel",
    "RegistryPanel",
    "ResetPanel",
    "RestorePanel",
    "RunPanel",
    "SavePanel",
    "ShellPanel",
    "SorterPanel",
    "StartRegistryPanel",
    "TagPanel",
    "UntagPanel",
    "UsagePanel",
    "VolumesPanel",
    "attach",
    "backup",
    "build",
    "commit",
    "compose",
    "containers",
    "copy",
    "dashboard",
    "disk",
    "journal",
    "layers",
    "load",
    "login",
    "logout",
    "mount_advisor",
    "name",
    "preview",
    "prune",
    "pull",
    "push",
    "registry",
    "reset",
    "restore",
    "run",
    "save",
    "shell",
    "shell_instead",
    "sorter",
    "start_registry",
    "tag",
    "untag",
    "usage",
    "volumes",
]
