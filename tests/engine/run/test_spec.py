"""What is to run, to JSON and back."""

import json

from dockyard.engine.run.spec import Log, Mount, Process, PublishedPort, Spec


def test_a_spec_comes_back_as_it_went() -> None:
    spec = Spec(
        id="a" * 64,
        root="/somewhere/root",
        process=Process(("sh", "-c", "true"), ("A=1",), "/tmp", 1, 2, (3, 4), tty=True, stdin=True, rows=5, columns=6),
        runner="namespaces",
        mounts=(Mount("/a", "/b", read_only=True), Mount("", "/c", kind="tmpfs", size_bytes=7, mode=0o700)),
        hostname="box",
        network="none",
        address="127.0.5.2",
        ulimits=(("nofile", 1, 2),),
        log=Log("/log", 100, 2),
        ports=(PublishedPort("127.0.0.1", 8080, 80),),
    )
    assert Spec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
