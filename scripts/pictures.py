"""Draw the pictures of the lessons and the docs, in both languages.

Usage: scripts/pictures.py            writes notebooks/LANG/pictures/*.svg and docs/images/*.svg
       scripts/pictures.py --check    exits 1 and names what differs from what would be drawn

Each picture has its own background, so that it reads on light and dark pages, follows the reader's preference for one of
them where a browser tells it, and uses the fonts of the reader's machine.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

__all__ = ["PICTURES", "draw", "files"]

REPOSITORY = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "ko")

# What a class of shapes looks like: fill and line, on light and on dark pages.
COLOURS = {
    "paper": ("#ffffff", "#d0d7de", "#161b22", "#3d444d"),
    "house": ("#f6f8fa", "#8c959f", "#1c2128", "#768390"),
    "plain": ("#ffffff", "#8c959f", "#22272e", "#768390"),
    "amber": ("#fff3d6", "#9a6700", "#3b2e10", "#d4a72c"),
    "blue": ("#ddf0ff", "#0969da", "#14304f", "#58a6ff"),
    "green": ("#dcf7e3", "#1a7f37", "#12351f", "#4ac26b"),
    "violet": ("#f3e8ff", "#7a4bd0", "#2f2150", "#b392f0"),
    "red": ("#ffe9e7", "#c4222d", "#481a1d", "#ff7b72"),
}
INK = {"ink": ("#1f2328", "#e6edf3"), "soft": ("#57606a", "#a5b0bc")}
FONTS = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK KR", "Malgun Gothic", "Apple SD Gothic Neo", sans-serif'
MONOSPACE = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK KR", monospace'


class Picture:
    """An SVG that grows shape by shape.

    Args:
        language: ``en`` or ``ko``.
        size: Width and height, in pixels.
        title: What it shows, in a few words.
        about: The same for those who can't see it, in a few sentences; pages that show the picture have it as their alt text.
    """

    def __init__(self, language: str, size: tuple[int, int], title: tuple[str, str], about: tuple[str, str]) -> None:
        self._is_korean = language == "ko"
        self._size = size
        self._title, self.about = self.say(*title), self.say(*about)
        self._shapes: list[str] = []
        self.box(1, 1, size[0] - 2, size[1] - 2, "paper")
        self.text(24, 36, self._title, "h")

    def say(self, english: str, korean: str) -> str:
        """The words in the picture's language."""
        return korean if self._is_korean else english

    def box(self, x: float, y: float, width: float, height: float, look: str, *, dashed: bool = False) -> None:
        """A box with round corners."""
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self._shapes.append(f'<rect class="{look}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"{dash}/>')

    def text(self, x: float, y: float, words: str, look: str = "", *, anchor: str = "start") -> None:
        """One line of text; its baseline is at ``y``. Looks: h, b, m (monospace), s (soft and small)."""
        kinds = f"t {look}".strip()
        self._shapes.append(f'<text class="{kinds}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>')

    def label(self, x: float, y: float, width: float, height: float, look: str, *lines: tuple[str, str]) -> None:
        """A box with lines of (words, look) in its middle."""
        self.box(x, y, width, height, look)
        first = y + height / 2 - (len(lines) - 1) * 10 + 5
        for number, (words, kind) in enumerate(lines):
            self.text(x + width / 2, first + number * 20, words, kind, anchor="middle")

    def arrow(self, *points: tuple[float, float]) -> None:
        """A line through points, with a head at the last one."""
        way = " ".join(f"{x},{y}" for x, y in points)
        self._shapes.append(f'<polyline class="line" points="{way}" marker-end="url(#head)"/>')

    def line(self, *points: tuple[float, float]) -> None:
        """A line through points."""
        way = " ".join(f"{x},{y}" for x, y in points)
        self._shapes.append(f'<polyline class="line" points="{way}"/>')

    def __str__(self) -> str:
        width, height = self._size
        shapes = "\n".join(self._shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label={quoteattr(self._title)}>\n'
            f"<title>{escape(self._title)}</title>\n<desc>{escape(self.about)}</desc>\n<style>\n{_style()}</style>\n"
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
            f'<path class="head" d="M0,0 L10,5 L0,10 z"/></marker></defs>\n{shapes}\n</svg>\n'
        )


def _style() -> str:
    light = "".join(f".{name} {{ fill: {fill}; stroke: {line}; }}\n" for name, (fill, line, _, _) in COLOURS.items())
    dark = "".join(f".{name} {{ fill: {fill}; stroke: {line}; }}\n" for name, (_, _, fill, line) in COLOURS.items())
    ink, soft = INK["ink"], INK["soft"]
    return (
        f"{light}.paper {{ stroke-width: 1; }}\n"
        f".t {{ font: 14px {FONTS}; fill: {ink[0]}; }}\n.h {{ font-size: 18px; font-weight: 600; }}\n"
        f".b {{ font-weight: 600; }}\n.s {{ font-size: 13px; fill: {soft[0]}; }}\n"
        f".m {{ font-family: {MONOSPACE}; font-size: 13px; }}\n.big {{ font-size: 22px; }}\n"
        f".line {{ fill: none; stroke: {soft[0]}; stroke-width: 1.8; }}\n.head {{ fill: {soft[0]}; }}\n"
        f"@media (prefers-color-scheme: dark) {{\n{dark}.t {{ fill: {ink[1]}; }}\n.s {{ fill: {soft[1]}; }}\n"
        f".line {{ stroke: {soft[1]}; }}\n.head {{ fill: {soft[1]}; }}\n}}\n"
    )


def where_data_lives(language: str) -> Picture:
    """Four places for what a container writes, and what becomes of each."""
    picture = Picture(
        language,
        (900, 452),
        ("Where a container's data lives", "컨테이너의 데이터는 어디에 있나"),
        (
            "A container with four folders. With nothing mounted, a file lies in the container's writable layer: it survives a restart and goes with docker rm. "
            "A volume lies in the engine's own area, a bind mount is a folder of yours: both survive both. A tmpfs is memory: gone with either.",
            "컨테이너 하나에 폴더가 네 개 있습니다. 아무것도 마운트하지 않은 폴더의 파일은 컨테이너의 쓰기 가능 레이어에 있어서, 다시 시작해도 남지만 docker rm을 하면 사라집니다. "
            "볼륨은 엔진이 관리하는 영역에 있고 바인드 마운트는 내 폴더라서 둘 다 남습니다. tmpfs는 메모리라서 둘 다 사라집니다.",
        ),
    )
    say = picture.say
    picture.box(150, 56, 730, 92, "house")
    picture.text(166, 78, say("in the container", "컨테이너 안"), "b")
    picture.text(24, 220, say("its real place", "실제로 있는 곳"), "b")
    columns = (
        ("/var/log", say("nothing mounted", "마운트 없음"), "amber", say("writable layer", "쓰기 가능 레이어"), say("part of the container", "컨테이너의 일부")),
        ("/data", "-v apa000vol1:/data", "blue", say("volume", "볼륨") + " apa000vol1", say("an area of the engine's", "엔진이 관리하는 영역")),
        ("/site", "-v /me/site:/site", "green", say("folder", "폴더") + " /me/site", say("yours, on this machine", "이 컴퓨터의 내 폴더")),
        ("/scratch", "--tmpfs /scratch", "violet", say("memory", "메모리"), say("no disk at all", "디스크를 쓰지 않음")),
    )  # fmt: skip
    verdicts = (
        ("docker restart", (True, True, True, False)),
        ("docker rm", (False, True, True, False)),
    )
    for number, (path, option, look, place, about) in enumerate(columns):
        x = 160 + number * 180
        picture.label(x, 88, 170, 50, "plain", (path, "m b"), (option, "m" if option.startswith("-") else "s"))
        picture.arrow((x + 85, 138), (x + 85, 190))
        picture.label(x, 192, 170, 60, look, (place, "b"), (about, "s"))
        for row, (_, stays) in enumerate(verdicts):
            words = ("✔ " + say("stays", "남음")) if stays[number] else ("✘ " + say("gone", "사라짐"))
            picture.label(x, 276 + row * 42, 170, 34, "green" if stays[number] else "red", (words, "b"))
        editor = (
            say("docker cp, docker exec", "docker cp, docker exec"),
            say("containers that mount it", "마운트한 컨테이너들"),
            say("any program of yours", "내 프로그램 아무거나"),
            say("this container alone", "이 컨테이너만"),
        )[number]
        picture.text(x + 85, 388, editor, "s", anchor="middle")
    for row, (command, _) in enumerate(verdicts):
        picture.text(24, 298 + row * 42, command, "m")
    picture.text(24, 388, say("who can edit it", "고칠 수 있는 것"), "s")
    picture.text(
        24,
        428,
        say(
            "What must outlive the container belongs in a volume or in a folder of yours.",
            "컨테이너보다 오래 살아야 하는 것은 볼륨이나 내 폴더에 둡니다.",
        ),
        "b",
    )
    return picture


def image_layers(language: str) -> Picture:
    """Layers below, a writable one on top, and what a commit makes of it."""
    picture = Picture(
        language,
        (900, 400),
        ("An image is a pile of layers; a container adds one to write on", "이미지는 레이어를 쌓은 것, 컨테이너는 그 위에 쓸 한 장을 더한 것"),
        (
            "Two containers, each with a writable layer of its own, stand on the same three read-only layers of the image httpd. "
            "docker commit turns one container's writable layer into a fourth, read-only layer of a new image, which shares the three below.",
            "컨테이너 두 개가 저마다 자기의 쓰기 가능 레이어를 갖고, httpd 이미지의 읽기 전용 레이어 세 장 위에 함께 서 있습니다. "
            "docker commit은 한 컨테이너의 쓰기 가능 레이어를 새 이미지의 네 번째 읽기 전용 레이어로 만들고, 아래 세 장은 함께 씁니다.",
        ),
    )  # fmt: skip
    say = picture.say
    names = (say("settings", "설정"), say("Apache", "아파치"), say("Debian", "데비안"))
    for number, (name, note) in enumerate(
        (("apa000ex19", say("log files", "로그 파일")), ("apa000ex22", say("index.html of yours", "내 index.html")))
    ):
        x = 24 + number * 220
        picture.text(x, 74, say("container ", "컨테이너 ") + name, "b")
        picture.box(x, 84, 205, 56, "amber", dashed=True)
        picture.text(x + 102, 107, say("writable layer", "쓰기 가능 레이어"), "b", anchor="middle")
        picture.text(x + 102, 127, note, "s", anchor="middle")
        picture.arrow((x + 102, 140), (x + 102, 186))
    picture.text(24, 336, say("image httpd: read-only, shared by both", "이미지 httpd: 읽기 전용, 둘이 함께 씀"), "b")
    for number, name in enumerate(names):
        picture.label(
            24,
            190 + number * 42,
            425,
            38,
            "blue",
            (say(f"layer {3 - number}: {name}", f"레이어 {3 - number}: {name}"), ""),
        )
    picture.arrow((456, 112), (540, 112), (540, 160), (570, 160))
    picture.text(474, 78, "docker commit", "m b")
    picture.text(474, 98, "apa000ex22 ex22_original1", "m")
    picture.label(576, 142, 300, 42, "green", (say("layer 4: index.html of yours", "레이어 4: 내 index.html"), "b"))
    for number, name in enumerate(names):
        picture.box(576, 190 + number * 42, 300, 38, "blue", dashed=True)
        picture.text(
            726, 214 + number * 42, say(f"layer {3 - number}: {name}", f"레이어 {3 - number}: {name}"), anchor="middle"
        )
    picture.text(576, 336, say("image ex22_original1: layer 4 is new,", "이미지 ex22_original1: 레이어 4만 새것,"), "b")
    picture.text(576, 356, say("the others are shared, not copied", "나머지는 복사하지 않고 함께 씀"), "b")
    picture.text(
        24,
        382,
        say("docker rm takes the writable layer away. The image never changes.", "docker rm을 하면 쓰기 가능 레이어가 사라집니다. 이미지는 바뀌지 않습니다."),
        "s",
    )  # fmt: skip
    return picture


def image_names(language: str) -> Picture:
    """A name taken apart, and where each part leads."""
    picture = Picture(
        language,
        (900, 484),
        ("Registry, repository, tag", "레지스트리, 리포지토리, 태그"),
        (
            "The name localhost:5000/nyappacchi:13 has three parts: localhost:5000 is the registry, nyappacchi the repository in it, 13 the tag. "
            "A registry holds repositories, a repository holds tags, and several tags may lead to one image. On Docker Hub each ID has repositories of its own.",
            "localhost:5000/nyappacchi:13이라는 이름은 세 부분으로 되어 있습니다. localhost:5000은 레지스트리, nyappacchi는 그 안의 리포지토리, 13은 태그입니다. "
            "레지스트리에는 리포지토리가, 리포지토리에는 태그가 있고, 여러 태그가 한 이미지를 가리킬 수 있습니다. 도커 허브에서는 아이디마다 자기 리포지토리가 있습니다.",
        ),
    )
    say = picture.say
    parts = (
        (150, 215, "localhost:5000", "violet", say("registry: which house", "레지스트리: 어느 집")),
        (395, 170, "nyappacchi", "blue", say("repository: which shelf", "리포지토리: 어느 선반")),
        (595, 90, "13", "green", say("tag: which one", "태그: 어느 것")),
    )
    for x, width, word, look, about in parts:
        picture.label(x, 56, width, 40, look, (word, "m b big"))
        picture.text(x + width / 2, 118, about, "s", anchor="middle")
    picture.text(380, 84, "/", "m big", anchor="middle")
    picture.text(580, 84, ":", "m big", anchor="middle")

    picture.box(24, 142, 440, 262, "violet")
    picture.text(40, 166, say("registry ", "레지스트리 ") + "localhost:5000", "b")
    picture.text(
        40, 186, say("a program of yours, run from the image registry", "registry 이미지로 내가 띄운 프로그램"), "s"
    )
    picture.box(40, 200, 408, 120, "blue")
    picture.text(54, 222, say("repository ", "리포지토리 ") + "nyappacchi", "b")
    for number, tag in enumerate(("12", "13", "latest")):
        picture.label(54 + number * 100, 234, 84, 28, "green", (tag, "m b"))
    picture.label(54, 282, 84, 28, "plain", (say("image", "이미지"), ""))
    picture.label(154, 282, 184, 28, "plain", (say("another image", "다른 이미지"), ""))
    for x in (96, 196, 296):
        picture.arrow((x, 262), (x, 281))
    picture.text(348, 301, say("one ID, 2 tags", "ID 하나, 태그 둘"), "s")
    picture.box(40, 330, 408, 60, "blue")
    picture.text(54, 366, say("repository ", "리포지토리 ") + "shop", "b")
    picture.label(254, 346, 84, 28, "green", ("2026", "m b"))

    picture.box(484, 142, 392, 262, "violet")
    picture.text(500, 166, say("registry Docker Hub", "레지스트리 도커 허브"), "b")
    picture.text(500, 186, say("meant where a name has no registry", "이름에 레지스트리가 없으면 이곳"), "s")
    for number, (name, tags, note) in enumerate(
        (
            ("httpd", ("2.4", "latest"), say("official ones need no ID", "공식 이미지는 아이디 없이")),
            (
                "zoozoousagi/nyappacchi",
                ("13",),
                say("the shelf of one ID: zoozoousagi", "zoozoousagi라는 아이디의 선반"),
            ),
        )
    ):
        y = 200 + number * 100
        picture.box(500, y, 360, 90, "blue")
        picture.text(514, y + 24, name, "m b")
        picture.text(514, y + 76, note, "s")
        for place, tag in enumerate(tags):
            picture.label(514 + place * 92, y + 32, 84, 26, "green", (tag, "m b"))
    picture.text(24, 436, say("docker push and docker pull go to the registry that the NAME says. No tag means latest.", "docker push와 docker pull은 이름에 적힌 레지스트리로 갑니다. 태그가 없으면 latest입니다."), "b")  # fmt: skip
    picture.text(24, 460, say("docker tag gives an image one more name; nothing is copied. It is deleted only with the last of its names.", "docker tag는 이름을 하나 더 붙일 뿐 복사하지 않습니다. 마지막 이름까지 떼어야 이미지가 지워집니다."), "s")  # fmt: skip
    return picture


def engine_and_container(language: str) -> Picture:
    """Who a command is for: the engine, or a program in a container."""
    picture = Picture(
        language,
        (900, 420),
        (
            "Which commands go to the engine, and which into the container",
            "엔진에 내리는 명령과 컨테이너 안에서 쓰는 명령",
        ),
        (
            "From your terminal, docker run, ps, cp and stop go to the engine, which makes, lists and ends containers. "
            "docker exec -it opens a shell inside one container; what you type from then on, such as ls, apt-get or exit, goes to that shell. There is no docker in there.",
            "터미널에서 docker run, ps, cp, stop은 엔진으로 가고, 엔진이 컨테이너를 만들고 보여 주고 끝냅니다. "
            "docker exec -it는 한 컨테이너 안에 셸을 열고, 그때부터 입력하는 ls, apt-get, exit는 그 셸로 갑니다. 그 안에는 docker가 없습니다.",
        ),
    )
    say = picture.say
    picture.box(24, 58, 250, 316, "plain")
    picture.text(40, 82, say("your terminal or notebook", "내 터미널이나 노트북"), "b")
    picture.label(
        40,
        98,
        218,
        112,
        "blue",
        ("docker run  docker ps", "m"),
        ("docker cp   docker stop", "m"),
        ("docker commit", "m"),
        (say("about containers as a whole", "컨테이너 전체를 다루는 일"), "s"),
    )
    picture.label(40, 222, 218, 46, "amber", ("docker exec -it", "m b"), ("apa000ex23 bash", "m b"))
    picture.label(
        40,
        280,
        218,
        78,
        "green",
        ("ls   apt-get   ps   exit", "m"),
        (say("typed after that: for the", "그다음에 입력한 것은"), "s"),
        (say("software inside", "안에 있는 소프트웨어로"), "s"),
    )
    picture.box(350, 58, 526, 316, "house")
    picture.text(366, 82, say("Docker engine", "도커 엔진"), "b")
    picture.text(
        366,
        102,
        say("starts, lists, stops, copies over the border", "띄우고, 보여 주고, 멈추고, 경계 너머로 복사"),
        "s",
    )
    picture.arrow((258, 130), (348, 130))
    picture.box(480, 116, 384, 180, "blue")
    picture.text(496, 140, say("container ", "컨테이너 ") + "apa000ex23", "b")
    picture.label(
        500, 152, 345, 40, "plain", (say("httpd: its first process; it goes on", "httpd: 첫 프로세스. 계속 돕니다"), "")
    )
    picture.label(
        500,
        204,
        345,
        78,
        "green",
        (say("bash: one more process", "bash: 프로세스가 하나 더"), "b"),
        (say("its own files, its own users", "자기만의 파일, 자기만의 사용자"), "s"),
        (say("no docker in here", "이 안에는 docker가 없음"), "s"),
    )
    picture.arrow((258, 245), (498, 245))
    picture.line((258, 318), (440, 318), (440, 268), (466, 268))
    picture.arrow((466, 268), (498, 268))
    picture.label(480, 310, 384, 44, "blue", (say("container ", "컨테이너 ") + "apa000ex25 … httpd", ""))
    picture.text(24, 402, say("exit ends that shell, and you are back outside. Apache never stopped.", "exit를 하면 그 셸만 끝나고 밖으로 나옵니다. 아파치는 멈춘 적이 없습니다."), "b")  # fmt: skip
    return picture


PICTURES: dict[str, Callable[[str], Picture]] = {
    "where-data-lives": where_data_lives,
    "image-layers": image_layers,
    "image-names": image_names,
    "engine-and-container": engine_and_container,
}


def draw(name: str, language: str) -> str:
    """Return a picture's SVG."""
    return str(PICTURES[name](language))


def files() -> Iterator[tuple[Path, str]]:
    """Every file, from the repository's root, and what belongs into it."""
    for name in PICTURES:
        for language in LANGUAGES:
            drawn = draw(name, language)
            yield Path("notebooks", language, "pictures", f"{name}.svg"), drawn
            yield Path("docs", "images", f"{name}{'' if language == 'en' else '.ko'}.svg"), drawn


def main() -> int:
    """Write the files, or look whether they are as they should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; name what differs")
    only_look = parser.parse_args().check
    differing = []
    for path, drawn in files():
        file = REPOSITORY / path
        if only_look:
            if not file.is_file() or file.read_text("utf-8") != drawn:
                differing.append(str(path))
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(drawn, encoding="utf-8")
    if differing:
        sys.stderr.write("Run scripts/pictures.py; these differ: " + ", ".join(differing) + "\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
