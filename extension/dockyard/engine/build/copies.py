"""The instructions COPY and ADD."""

from collections.abc import Iterator

from dockyard.engine.build.accounts import find_owner
from dockyard.engine.build.construction import Construction
from dockyard.engine.build.copying import Copying
from dockyard.engine.build.instruction import Instruction
from dockyard.engine.build.remote import download, is_git, is_url
from dockyard.engine.build.sources import Source, find_sources, fingerprint, whole_fingerprint
from dockyard.engine.build.state import StageState
from dockyard.engine.build.syntax import heredoc_name
from dockyard.engine.build.tree import FileTree
from dockyard.engine.errors import ApiError, BadParameter, NotSupported, ServerError

__all__ = ["copy"]

NO_GIT = "ADD of a git repository is not supported by this engine: clone it into the context and COPY it"
TEXT_MODE = 0o644
DOWNLOAD_MODE = 0o600


def copy(build: Construction, state: StageState, instruction: Instruction) -> None:
    """Carry out COPY or ADD.

    Raises:
        ApiError: A source is missing, or something is in the way.
    """
    chown = state.expand(instruction.flag("chown"))
    mode = _mode(state.expand(instruction.flag("chmod")))
    *_, destination = (state.expand(each) for each in instruction.arguments)
    sources = _all_sources(build, state, instruction)
    # Docker leaves no space after the owner; the digests in between make this no less a key.
    flags = (f"--chmod={mode:04o} " if mode is not None else "") + (f"--chown={chown}" if chown else "")
    comment = f"#(nop) {instruction.keyword} {flags}{whole_fingerprint(sources)} in {destination} "
    record = state.noted([*state.shell, comment])
    if build.take_over(state, record):
        return
    stage = build.tree(state)
    keeps_owner = bool(instruction.flag("from")) and not chown
    owner = None if keeps_owner else find_owner(stage.files, chown) if chown else (0, 0)
    copying = Copying(stage.files, owner, mode)
    target = destination if destination.startswith("/") else f"{state.config['WorkingDir'] or '/'}/{destination}"
    for source in sources:
        try:
            copying.copy(source, target)
        except OSError as error:
            raise ServerError(f"failed to copy files: {_reason(error, stage.files)}") from error
    build.ledger.add(state, record, stage.commit(build.blobs))


def _all_sources(build: Construction, state: StageState, instruction: Instruction) -> list[Source]:
    keyword, destination = instruction.keyword, state.expand(instruction.arguments[-1])
    tree = _tree(build, instruction.flag("from"))
    try:
        found = list(_found(build, state, instruction, tree))
        if not found:
            raise BadParameter("no source files were specified")
    except FileNotFoundError as error:
        where = "" if instruction.flag("from") else "file not found in build context or excluded by .dockerignore: "
        raise BadParameter(f"{keyword} failed: {where}{error}") from error
    except (OSError, BadParameter, ServerError) as error:
        raise BadParameter(f"{keyword} failed: {error}") from error
    if len(found) > 1 and not destination.endswith("/"):
        raise BadParameter(
            f"When using {keyword} with more than one source file, the destination must be a directory and end with a /"
        )
    return found


def _tree(build: Construction, name: str) -> FileTree:
    """Where the sources are: the context, or what ``--from`` names."""
    if not name:
        return build.context.tree
    try:
        if name.isdecimal() and build.stage(name) is None:
            raise BadParameter("index out of bounds")
        return build.files_of(name)
    except ApiError as error:
        raise BadParameter(f"invalid from flag value {name}: {error}") from error


def _found(build: Construction, state: StageState, instruction: Instruction, tree: FileTree) -> Iterator[Source]:
    texts = {each.name: each for each in instruction.heredocs}
    checksum = instruction.flag("checksum")
    if instruction.switch("keep-git-dir"):
        raise NotSupported(NO_GIT)
    for word in instruction.arguments[:-1]:
        named = heredoc_name(word)
        if named and named[0] in texts:
            text = texts[named[0]]
            content = state.expand_text(text.content) if text.expand else text.content
            yield _text(build, text.name, content)
            continue
        path = state.expand(word)
        if (
            instruction.keyword == "ADD" and is_git(path) and not path.startswith("github.com/")
        ):  # which may be a folder
            raise NotSupported(NO_GIT)
        if is_url(path):
            if instruction.keyword == "COPY":
                raise BadParameter("source can't be a URL for COPY")
            yield _fetched(build, path, checksum, state.expand(instruction.arguments[-1]))
        elif checksum:
            raise BadParameter("checksum can't be specified for non-HTTP(S) sources")
        else:
            yield from find_sources(
                tree,
                path,
                with_owners=bool(instruction.flag("from")),
                may_unpack=instruction.keyword == "ADD",
            )


def _text(build: Construction, name: str, content: str) -> Source:
    """A heredoc as a file."""
    folder = build.scratch("heredoc")
    folder.mkdir()
    (folder / "text").write_bytes(content.encode("utf-8", "surrogateescape"))
    return _only_file(FileTree(folder), "text", name, TEXT_MODE)


def _fetched(build: Construction, url: str, checksum: str, destination: str) -> Source:
    folder = build.scratch("download")
    folder.mkdir()
    fetched = download(url, folder / "file", build.output, build.cancelled)
    if checksum and fetched.digest != checksum:
        raise BadParameter(f"digest mismatch {fetched.digest}: {checksum}")
    if not fetched.name and destination.endswith("/"):
        raise BadParameter(f"cannot determine filename for source {url}")
    tree = FileTree(folder)
    tree.stamp("file", fetched.changed_ns)
    return _only_file(tree, "file", fetched.name, DOWNLOAD_MODE)


def _only_file(tree: FileTree, key: str, name: str, mode: int) -> Source:
    entry = tree.entry(key)
    if entry is None:
        raise FileNotFoundError(f"stat {name}: file does not exist")
    return Source(tree, entry, name, fingerprint(tree, entry, with_owners=False), mode=mode)


def _mode(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or set(text) - set("01234567") or int(text, 8) > 0o7777:
        raise NotSupported(f"--chmod={text} is not supported by this engine: it takes octal numbers, such as 755")
    return int(text, 8)


def _reason(error: OSError, tree: FileTree) -> str:
    """What is wrong, with paths as the image has them."""
    return str(error).replace(str(tree.root), "") if error.strerror is None else f"{error.strerror.lower()}"
