"""Where a copy lands, by the table of `docker cp`'s rules. tests/compat holds the same rules against the real command."""

import pytest

from dockyard.errors import FolderOntoFile, NotADirectory, ParentMissing
from dockyard.tasks.copy_rules import Source, Target, place, split

FILE, FOLDER = Source("a/x", "x", False), Source("a/d", "d", True)


def target(path, exists=False, is_dir=False):
    return Target(path, exists, is_dir, "there")


@pytest.mark.parametrize(
    ("source", "there", "lands"),
    [
        (FILE, target("/srv/new"), "/srv/new"),
        (FILE, target("/srv/old", True), "/srv/old"),
        (FILE, target("/srv", True, True), "/srv/x"),
        (FOLDER, target("/srv/new"), "/srv/new"),
        (FOLDER, target("/srv/new/"), "/srv/new"),
        (FOLDER, target("/srv", True, True), "/srv/d"),
        (Source("a/d/.", "d", True), target("/srv", True, True), "/srv"),
        (Source("a/d/.", "d", True), target("/srv/new"), "/srv/new"),
        (FILE, target("/", True, True), "/x"),
    ],
)
def test_a_copy_lands_where_the_table_says(source, there, lands):
    assert place(source, there).path == lands


@pytest.mark.parametrize(
    ("source", "there", "error"),
    [
        (FOLDER, target("/srv/old", True), FolderOntoFile),
        (FILE, target("/srv/new/"), ParentMissing),
        (FILE, target("/srv/old/", True), NotADirectory),
    ],
)
def test_what_the_table_refuses_is_refused(source, there, error):
    with pytest.raises(error):
        place(source, there)


@pytest.mark.parametrize(
    ("path", "parts"), [("/a/b/.", ("/a", "b")), ("/", ("/", "")), ("a", (".", "a")), ("/a/b/", ("/a", "b"))]
)
def test_a_path_splits_into_folder_and_name(path, parts):
    assert split(path) == parts
