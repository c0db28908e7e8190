import pytest

from dockyard.engine.errors import BadParameter, NotSupported
from dockyard.engine.mounts.binds import Bind, Tmpfs, parse_bind, parse_tmpfs, parse_volumes_from


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/srv:/data", Bind("/srv", "/data")),
        ("/srv:/data:", Bind("/srv", "/data")),
        ("data:/data:ro,z", Bind("data", "/data", "ro,z")),
        ("/data", Bind("", "/data")),
        ("./x:/d", Bind("./x", "/d")),
    ],
)
def test_a_bind_is_taken_apart(text, expected):
    assert parse_bind(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "invalid volume specification: ''"),
        (":/d", "invalid volume specification: ':/d'"),
        ("a:b:c:d", "invalid volume specification: 'a:b:c:d'"),
        ("/d:ro", "invalid volume specification: '/d:ro'"),
        ("/x:/d:xx", "invalid mode: xx"),
        ("/x:/d:ro,rw", "invalid mode: ro,rw"),
    ],
)
def test_what_is_no_bind_is_refused_in_dockers_words(text, sentence):
    with pytest.raises(BadParameter) as refused:
        parse_bind(text)
    assert str(refused.value) == sentence


def test_volumes_from_may_be_read_only():
    assert parse_volumes_from("web") == ("web", False)
    assert parse_volumes_from("web:ro,z") == ("web", True)
    with pytest.raises(BadParameter, match=r"^invalid mode: odd$"):
        parse_volumes_from("web:odd")
    with pytest.raises(BadParameter, match="empty volumes-from specification"):
        parse_volumes_from("")


def test_options_of_a_tmpfs():
    assert parse_tmpfs("") == Tmpfs()
    assert parse_tmpfs("size=64m,mode=1777,noexec,rw") == Tmpfs(64 << 20, 0o1777)
    assert parse_tmpfs("ro,size=1000") == Tmpfs(1000, read_only=True)
    with pytest.raises(BadParameter, match=r'^invalid tmpfs option \["foo" "bar"\]$'):
        parse_tmpfs("foo=bar")
    with pytest.raises(BadParameter, match=r'^invalid tmpfs option \["foo"\]$'):
        parse_tmpfs("foo")
    for text in ("uid=1000", "size=50%", "nr_inodes=5"):
        with pytest.raises(NotSupported, match=text):
            parse_tmpfs(text)
