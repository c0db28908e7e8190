"""What a pod of Binder or JupyterHub is like."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
BINDER = REPOSITORY / "binder"
HOME = "/home/jovyan"
# What such pods run under.
RESTRICTIONS = ("--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none")
# A bare Debian with Python, and what Binder is asked for.
PACKAGES = ",".join(
    [
        "base-files,base-passwd,bash,coreutils,dash,libc-bin,libstdc++6,python3",
        *(BINDER / "apt.txt").read_text().split(),
    ]
)
