"""`exota completion` in the shells themselves: an interactive bash and zsh on a terminal of ours, and what they make of a line."""
import os
import re
import select
import shutil
import subprocess

import pytest
from harness.processes import wait_for

# Each shell writes what stands on its line to a file when told to by ^X z, and inserts every completion by ^X a.
BASH_RC = """\
PS1='ready> '
bind 'set completion-query-items 0'
bind 'set page-completions off'
bind 'set bell-style none'
bind '"\\C-xa": insert-completions'
bind -x '"\\C-xz": printf "%s" "$READLINE_LINE" > "$LINE_FILE.new"; mv "$LINE_FILE.new" "$LINE_FILE"; READLINE_LINE='
source <(exota completion bash)
"""
ZSH_RC = """\
PS1='ready> '
setopt no_beep
autoload -Uz compinit && compinit -D -u
zstyle ':completion:all:*' completer _all_matches _complete
zstyle ':completion:all:*' insert yes
zstyle ':completion:*' insert-tab false
zle -C all complete-word _generic
bindkey '^Xa' all
shown() { print -rn -- "$BUFFER" > $LINE_FILE.new; mv $LINE_FILE.new $LINE_FILE; BUFFER= }
zle -N shown
bindkey '^Xz' shown
source <(exota completion zsh)
"""


class Terminal:
    """A shell that works in `directory`, with the program in its PATH."""

    def __init__(self, shell, directory, binary):
        if shutil.which(shell) is None:
            pytest.skip(f"no {shell} here")
        self.line_file = directory / "line"
        (directory / "bin").mkdir()
        (directory / "bin/exota").symlink_to(binary)
        (directory / "work").mkdir()
        (directory / "work/a file.toml").touch()
        (directory / "work/a folder").mkdir()
        rc = directory / (".zshrc" if shell == "zsh" else "bashrc")
        rc.write_text(ZSH_RC if shell == "zsh" else BASH_RC)
        command = ["zsh", "-d", "-i"] if shell == "zsh" else ["bash", "--noprofile", "--rcfile", str(rc), "-i"]
        environment = {"PATH": f"{directory}/bin:{os.environ['PATH']}", "HOME": str(directory), "ZDOTDIR": str(directory), "TERM": "dumb",
                       "LINE_FILE": str(self.line_file), "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null"}
        self._master, slave = os.openpty()
        self._child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=directory / "work",
                                       start_new_session=True)
        os.close(slave)
        self._output = b""
        wait_for(lambda: b"ready> " in self._read(), lambda: self._output)

    def _read(self):
        while select.select([self._master], [], [], 0)[0]:
            self._output += os.read(self._master, 65536)
        return self._output

    def line(self, typed):
        """What stands on the line after these keys."""
        self.line_file.unlink(missing_ok=True)
        os.write(self._master, typed.encode() + b"\x18z")
        wait_for(lambda: self._read() is not None and self.line_file.exists(), lambda: f"the line: {self._output[-2000:]}")
        return self.line_file.read_text()

    def all(self, typed):
        """Every completion of the last word of `typed`."""
        head = typed.rpartition(" ")[0] + " "
        line = self.line(typed + "\x18a")
        assert line.startswith(head), line
        return set(line[len(head):].split())

    def close(self):
        self._child.kill()
        self._child.wait()
        os.close(self._master)


@pytest.fixture(params=["bash", "zsh"])
def terminal(request, directory, binary):
    made = Terminal(request.param, directory, binary)
    yield made
    made.close()


def help_of(binary, *command):
    return subprocess.run([binary, *command, "--help"], check=True, capture_output=True, text=True).stdout


def options_of(binary, command):
    """Every option that help lists; (short, long, value)."""
    command = command.split()
    return re.findall(r"^  (-\w)?,?(--[a-z-]+)?(?: (?!Excludes:|Needs:)([A-Z].*?))?(?:  +| REQUIRED| Excludes:| Needs:|$)", help_of(binary, *command).partition("Options:")[2].partition("Subcommands:")[0], re.M)


def commands_below(binary, *command):
    return re.findall(r"^  ([a-z]+)  ", help_of(binary, *command).partition("Subcommands:")[2], re.M)


def commands_of(binary):
    """Those that do something: `tenant list`, where `tenant` alone does nothing."""
    return [" ".join([command, *below]) for command in commands_below(binary)
            for below in [[one] for one in commands_below(binary, command)] or [[]]]


def test_every_command_and_option_is_proposed(terminal, binary):
    commands = commands_of(binary)
    assert {"serve", "check", "completion"} <= set(commands)
    assert terminal.all("exota ") >= set(commands_below(binary))
    assert terminal.all("exota tenant ") >= set(commands_below(binary, "tenant")) > {"list", "import"}
    assert terminal.line("exota chec\t").rstrip() == "exota check"
    for command in commands:
        names = {long for _, long, _ in options_of(binary, command) if long}
        assert {"--help", "--json"} <= names or command == "serve", (command, names)
        # a shell may leave the sign of `--option=value` behind the name
        assert {name.rstrip("=") for name in terminal.all(f"exota {command} --")} == names, command
        shorts = {short for short, _, _ in options_of(binary, command) if short}
        assert {name for name in terminal.all(f"exota {command} -") if not name.startswith("--")} == shorts, command


def test_values(terminal, binary):
    for command in commands_of(binary):
        for short, long, value in options_of(binary, command):
            if not value:
                continue
            kind = value.split()[0].split(":")[0]
            ways = [f"{long} ", f"{long}="] + ([f"{short} "] if short else [])
            for way in ways:
                head = f"exota {command} {way}"
                if kind == "FOLDER":
                    assert terminal.line(head + "a\t").rstrip("/ ") == head + r"a\ folder", head
                elif kind in ("FILE", "PATH", "ZONE"):
                    assert terminal.line(head + "a\\ fi\t").rstrip() == head + r"a\ file.toml", head
                else:
                    assert terminal.line(head + "a\t") == head + "a", "nothing can be proposed for " + value


@pytest.mark.parametrize(("typed", "wanted"), [
    ("exota explain a\\ fi\t", r"exota explain a\ file.toml"),
    ("exota report a\\ fi\t", r"exota report a\ file.toml"),
    ("exota completion z\t", "exota completion zsh"),
    ("exota check --strict --js\t", "exota check --strict --json"),
    ("exota tenant imp\t", "exota tenant import"),
    ("exota tenant import a\\ fi\t", r"exota tenant import a\ file.toml"),
])
def test_operands_and_later_words(terminal, typed, wanted):
    assert terminal.line(typed).rstrip() == wanted


def test_the_scripts_are_installed_where_shells_look(binary, directory):
    build = binary.parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip("the program does not lie in a build directory")
    subprocess.run(["cmake", "--install", build, "--prefix", "/usr", "--component", "completion"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(directory)})
    for shell, place in (("bash", "bash-completion/completions/exota"), ("zsh", "zsh/site-functions/_exota")):
        printed = subprocess.run([binary, "completion", shell], check=True, capture_output=True, text=True).stdout
        assert (directory / "usr/share" / place).read_text() == printed


def test_zsh_takes_it_from_fpath(directory, binary):
    if shutil.which("zsh") is None:
        pytest.skip("no zsh here")
    (directory / "_exota").write_text(subprocess.run([binary, "completion", "zsh"], check=True, capture_output=True, text=True).stdout)
    done = subprocess.run(["zsh", "-f", "-c", f"fpath=({directory} $fpath); autoload -Uz compinit; compinit -D -u; print $_comps[exota]"],
                          capture_output=True, text=True)
    assert done.stdout == "_exota\n", done
