import tracemalloc

from dockyard.engine.http.inlet import Inlet


def test_a_connection_that_brings_little_takes_little_memory():
    def receive(buffer):
        buffer[:4] = b"GET "
        return 4

    tracemalloc.start()
    try:
        inlets = [Inlet(receive) for _ in range(50)]
        assert {inlet.piece() for inlet in inlets} == {b"GET "}
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / len(inlets) < 32 << 10


def test_one_that_brings_much_is_read_in_large_pieces():
    asked = []

    def receive(buffer):
        asked.append(len(buffer))
        return len(buffer)

    inlet = Inlet(receive)
    for _ in range(3):
        inlet.piece()
    assert asked == [16 << 10, 256 << 10, 256 << 10]
