"""The lab's images built from Debian's packages, so that they behave as the originals where the lessons look.

They carry the label ``io.dockyard.built-from``, which says what they are.
"""

import re
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockyard.kit.layers import Layer, LayerWriter
from dockyard.kit.packages import members

__all__ = ["BUILT_FROM", "RECIPES", "Recipe"]

BUILT_FROM = "io.dockyard.built-from"

Rename = Callable[[str], str]
Finish = Callable[[LayerWriter, Mapping[str, bytes]], None]


@dataclass(frozen=True)
class Recipe:
    """How one lab image is built.

    Attributes:
        reference: What it is called, such as ``httpd:latest``.
        packages: Debian packages that it is made of; what they depend on comes along.
        config: As ``docker inspect`` shows it under ``Config``.
        rename: Where a package's file goes in the image; an empty name leaves it out.
        finish: Adds what no package has; given the contents of ``wanted`` files.
        wanted: Files of the packages whose contents ``finish`` needs.
        base: The recipe whose layers lie below.
        only: If given, files of these packages alone are used, without those they depend on.
    """

    reference: str
    packages: Sequence[str]
    config: Mapping[str, Any]
    rename: Rename
    finish: Finish
    wanted: Sequence[str] = ()
    base: str = ""
    only: Sequence[str] = ()

    def build(self, files: Iterable[Path], target: Path) -> Layer:
        """Write the recipe's own layer from package files and return it."""
        writer = LayerWriter(target)
        found: dict[str, bytes] = {}
        for file in files:
            package = file.name.partition("_")[0]
            if _LEFT_OUT.match(package) or (self.only and package not in self.only):
                continue
            with members(file) as archive:
                for info in archive:
                    _add(writer, archive, info, self, found)
        self.finish(writer, found)
        return writer.finish()


# Needed only while a package is being installed, which these never are.
_LEFT_OUT = re.compile(r"perl|libperl|lib.*-perl$|usrmerge$|debconf|init-system-helpers$")
# Licences stay; pages that no one reads in a container do not.
_PRUNED = re.compile(r"usr/share/(man|locale|info|lintian|bug|doc-base)(/|$)|usr/share/doc/[^/]+/(?!copyright$).+")


def _add(
    writer: LayerWriter, archive: tarfile.TarFile, info: tarfile.TarInfo, recipe: Recipe, found: dict[str, bytes]
) -> None:
    name = info.name.removeprefix("./").rstrip("/")
    if not name or _PRUNED.match(name):
        return
    content = archive.extractfile(info) if info.isreg() else None
    if name in recipe.wanted and content:
        found[name] = content.read()
    info.name = recipe.rename(name)
    if info.islnk():
        info.linkname = recipe.rename(info.linkname.removeprefix("./"))
    if info.name and name not in recipe.wanted:
        writer.add(info, content)


# ---------------------------------------------------------------- httpd

_APACHE = "usr/local/apache2"
_MOVED = (
    ("usr/sbin/apache2", f"{_APACHE}/bin/httpd"),
    ("usr/lib/apache2/modules", f"{_APACHE}/modules"),
    ("usr/share/apache2/icons", f"{_APACHE}/icons"),
    ("etc/mime.types", f"{_APACHE}/conf/mime.types"),
)
_MODULES = "mpm_event authn_core authz_core authz_host access_compat dir mime autoindex alias env headers setenvif reqtimeout status filter"
_HTTPD_CONF = """\
ServerRoot "/usr/local/apache2"
Listen 80
ServerName localhost
{modules}
User www-data
Group www-data
PidFile logs/httpd.pid
DocumentRoot "/usr/local/apache2/htdocs"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "/usr/local/apache2/htdocs">
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
DirectoryIndex index.html
<Files ".ht*">
    Require all denied
</Files>
TypesConfig conf/mime.types
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
ErrorLog /proc/self/fd/2
CustomLog /proc/self/fd/1 common
LogLevel warn
"""
_FOREGROUND = """\
#!/bin/sh
set -e
rm -f /usr/local/apache2/logs/httpd.pid
exec httpd -DFOREGROUND "$@"
"""
# The original's page is that old. A browser may keep a page for a tenth of its age, which lesson 2 shows.
_PAGE_CHANGED = 1181587994  # 2007-06-11 18:53:14 UTC


def _merged(name: str) -> str:
    """A Debian file's place in this image: one /usr, and Apache where the original has it."""
    if re.match(r"(bin|sbin|lib|lib32|lib64|libx32)(/|$)", name):
        name = f"usr/{name}"
    for old, new in _MOVED:
        if name == old or name.startswith(f"{old}/"):
            return new + name[len(old) :]
    return name


def _finish_httpd(writer: LayerWriter, found: Mapping[str, bytes]) -> None:
    for top in ("bin", "sbin", "lib", "lib64"):
        writer.link(top, f"usr/{top}")
    writer.link("usr/bin/sh", "dash")
    writer.file("etc/passwd", found["usr/share/base-passwd/passwd.master"].replace(b":*:", b":x:"))
    writer.file("etc/group", found["usr/share/base-passwd/group.master"].replace(b":*:", b":x:"))
    writer.file("etc/hostname", b"")
    writer.file("root/.bashrc", found["usr/share/base-files/dot.bashrc"])
    writer.file("root/.profile", found["usr/share/base-files/dot.profile"])
    writer.folder(f"{_APACHE}/logs")
    writer.folder(f"{_APACHE}/cgi-bin")
    # The program looks for this name if it is told no other; the image's own file is where the original's is.
    writer.file("etc/apache2/apache2.conf", b"Include /usr/local/apache2/conf/httpd.conf\n")
    modules = "\n".join(f"LoadModule {name}_module modules/mod_{name}.so" for name in _MODULES.split())
    writer.file(f"{_APACHE}/conf/httpd.conf", _HTTPD_CONF.format(modules=modules).encode())
    page = b"<html><body><h1>It works!</h1></body></html>\n"
    writer.file(f"{_APACHE}/htdocs/index.html", page, changed=_PAGE_CHANGED)
    writer.file("usr/local/bin/httpd-foreground", _FOREGROUND.encode(), mode=0o755)


_HTTPD_PACKAGES = (
    *("apache2-bin", "apache2-data", "media-types"),
    *(
        "base-files",
        "base-passwd",
        "bash",
        "coreutils",
        "dash",
        "findutils",
        "grep",
        "gzip",
        "hostname",
        "libc-bin",  # with the encoding in which Korean can be typed, C.UTF-8
        "ncurses-base",
        "ncurses-bin",
        "procps",
        "sed",
        "tar",
    ),
)
HTTPD = Recipe(
    reference="httpd:latest",
    packages=_HTTPD_PACKAGES,
    config={
        "Env": [
            "PATH=/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HTTPD_PREFIX=/usr/local/apache2",
        ],
        "Cmd": ["httpd-foreground"],
        "WorkingDir": "/usr/local/apache2",
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGWINCH",
        "Labels": {BUILT_FROM: "Debian packages: apache2-bin, bash, coreutils and what they need"},
    },
    rename=_merged,
    finish=_finish_httpd,
    wanted=(
        "usr/share/base-passwd/passwd.master",
        "usr/share/base-passwd/group.master",
        "usr/share/base-files/dot.bashrc",
        "usr/share/base-files/dot.profile",
    ),
)

# ---------------------------------------------------------------- busybox


def _busybox_only(name: str) -> str:
    return (
        "bin/busybox"
        if name in ("bin/busybox", "usr/bin/busybox")
        else ""
        if name != "usr/share/doc/busybox-static/copyright"
        else name
    )


def _finish_busybox(writer: LayerWriter, found: Mapping[str, bytes]) -> None:
    program = next(iter(found.values()))
    writer.file("bin/busybox", program, mode=0o755)
    for applet in _applets(program):
        if applet != "busybox":
            writer.link(f"bin/{applet}", "bin/busybox", hard=True)
    writer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n")
    writer.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    for name, mode in (("dev", 0o755), ("home", 0o755), ("lib", 0o755), ("proc", 0o755), ("sys", 0o755)):
        writer.folder(name, mode)
    for name, mode in (
        ("root", 0o700),
        ("tmp", 0o1777),
        ("usr/sbin", 0o755),
        ("var/spool/mail", 0o755),
        ("var/www", 0o755),
    ):
        writer.folder(name, mode)


def _applets(program: bytes) -> list[str]:
    """The names that the program answers to, as it lists them itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "busybox"
        path.write_bytes(program)
        path.chmod(0o700)
        answer = subprocess.run([path, "--list"], check=True, capture_output=True, text=True)
    return answer.stdout.split()


BUSYBOX = Recipe(
    reference="busybox:latest",
    packages=("busybox-static",),
    only=("busybox-static",),
    config={
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": ["sh"],
        "Labels": {BUILT_FROM: "Debian package: busybox-static"},
    },
    rename=_busybox_only,
    finish=_finish_busybox,
    wanted=("bin/busybox", "usr/bin/busybox"),
)

# ---------------------------------------------------------------- registry

_REGISTRY_CONFIG = """\
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""
_REGISTRY_START = """\
#!/bin/sh
set -e
case "$1" in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
"""


def _registry_files(name: str) -> str:
    if name == "usr/bin/docker-registry":
        return "bin/registry"
    if re.match(r"(usr/)?lib(64)?(/|$)", name) or name.endswith("/copyright"):
        return name if name.startswith("usr/share") else name.removeprefix("usr/")
    return ""


def _finish_registry(writer: LayerWriter, found: Mapping[str, bytes]) -> None:  # noqa: ARG001  # nothing of the packages' is changed
    writer.file("etc/docker/registry/config.yml", _REGISTRY_CONFIG.encode())
    writer.file("entrypoint.sh", _REGISTRY_START.encode(), mode=0o755)
    writer.folder("var/lib/registry")


REGISTRY = Recipe(
    reference="registry:latest",
    packages=("docker-registry",),
    only=("docker-registry", "libc6", "libgcc-s1"),
    base="busybox",
    config={
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["/etc/docker/registry/config.yml"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
        "Labels": {BUILT_FROM: "Debian packages: docker-registry, libc6, busybox-static"},
    },
    rename=_registry_files,
    finish=_finish_registry,
)

RECIPES: Mapping[str, Recipe] = {"busybox": BUSYBOX, "httpd": HTTPD, "registry": REGISTRY}
