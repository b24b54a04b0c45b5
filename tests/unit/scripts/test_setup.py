"""Set-up: the ladder of safer llama.cpp builds, and the two scripts around it."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import llama_wheel
import probe_amx
import provision
from llama_wheel import Failed, Site
from project import ROOT

PIP = """
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
flags = {n: os.environ.get(n, "") for n in ("CMAKE_ARGS", "CFLAGS", "CXXFLAGS")}
hook = flags["CMAKE_ARGS"].partition("_INCLUDE=")[2].split(" ")[0]
hooked = pathlib.Path(hook).read_text() if hook else ""
with (here / "calls").open("a") as calls:
    calls.write(json.dumps({"argv": sys.argv[1:], "hooked": hooked, **flags}) + "\\n")
if sys.argv[1] == "wheel":
    target = pathlib.Path(sys.argv[sys.argv.index("-w") + 1])
    (target / "llama_cpp_python-0.3.36-py3-none-any.whl").write_text(" ".join(flags.values()))
    if (refused := here / "refused").exists() and refused.read_text() in " ".join(flags.values()):
        sys.exit("error: unrecognized command-line option")
else:
    (here / "installed").write_text(pathlib.Path(sys.argv[-1]).read_text())
"""

PROVE = """
import os, pathlib, resource, signal, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
here = pathlib.Path(__file__).parent
if sys.argv[1] not in (here / "installed").read_text():
    os.kill(os.getpid(), int(sys.argv[2]))
print("llama.cpp works")
"""


class Machine:
    """A machine whose processor only runs builds with certain flags; pip and the proof are real child processes."""

    def __init__(self, folder: Path, needs: str = "", killer: int = signal.SIGSEGV) -> None:
        self.folder = folder
        self.said: list[str] = []
        (folder / "venv").mkdir()
        (folder / "pip.py").write_text(PIP)
        (folder / "prove.py").write_text(PROVE)
        self.site = Site(
            prefix=folder / "venv",
            store=folder / "store",
            pip=(sys.executable, str(folder / "pip.py")),
            prove=(sys.executable, str(folder / "prove.py"), needs, str(int(killer))),
            cpu="some processor",
            machine="x86_64",
            say=self.said.append,
        )

    def calls(self, command: str) -> list[dict[str, object]]:
        file = self.folder / "calls"
        every = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [c for c in every if c["argv"][0] == command]

    def probed(self, *command: str) -> Site:
        """The same machine, where a command says whether AMX fails."""
        return replace(self.site, probe=command)

    def run(self, site: Site | None = None) -> str:
        llama_wheel.install(site or self.site)
        return llama_wheel.prove(site or self.site)

    def fresh_clone(self) -> Site:
        prefix = self.folder / "another-venv"
        prefix.mkdir(exist_ok=True)
        return replace(self.site, prefix=prefix)


def test_a_build_that_runs_is_built_once(tmp_path):
    """On a sound machine there is one build, with every feature of its processor."""
    machine = Machine(tmp_path)
    assert machine.run() == "llama.cpp works"
    (build,) = machine.calls("wheel")
    assert build["CFLAGS"] == build["CXXFLAGS"] == ""
    assert "-DGGML" not in build["CMAKE_ARGS"]


def test_only_the_libraries_that_scanmend_uses_are_built(tmp_path):
    """Neither the one for images and sound nor the one of llama.cpp's programs; the store keeps the wheel alone."""
    machine = Machine(tmp_path)
    machine.run()
    (build,) = machine.calls("wheel")
    assert "-DLLAVA_BUILD=OFF" in build["CMAKE_ARGS"].split()
    assert build["hooked"] == "set(LLAMA_BUILD_COMMON OFF)\n"
    assert [p.suffix for p in machine.site.store.rglob("*") if p.is_file() and p.name != "proven"] == [".whl"]


@pytest.mark.parametrize(
    ("needs", "builds"),
    [("-mno-amx-int8", 2), ("-DGGML_NATIVE=OFF", 3), ("-DGGML_AVX2=OFF", 4)],
)
def test_a_child_that_dies_of_sigsegv_gets_safer_builds_until_it_lives(tmp_path, needs, builds):
    """Each death goes one rung down: without AMX, then portable, then without AVX."""
    machine = Machine(tmp_path, needs)
    assert machine.run() == "llama.cpp works"
    assert len(machine.calls("wheel")) == builds
    assert sum("SIGSEGV" in line for line in machine.said) == builds - 1


def test_a_safer_build_passes_its_flags_to_both_compilers_and_is_installed_over_the_other(tmp_path):
    """To pip, the same version built otherwise is the same."""
    machine = Machine(tmp_path, "-mno-amx-tile")
    machine.run()
    safer = machine.calls("wheel")[1]
    assert safer["CFLAGS"] == safer["CXXFLAGS"] == "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
    assert "--force-reinstall" in machine.calls("install")[-1]["argv"]


def test_no_build_comes_from_pips_cache_or_gets_into_it(tmp_path):
    """It does not tell builds with different flags apart."""
    machine = Machine(tmp_path, "-DGGML_AVX2=OFF")
    machine.run()
    for build in machine.calls("wheel"):
        assert {"--no-cache-dir", "--no-binary", "--no-deps"} <= set(build["argv"])


def test_a_wheel_built_with_other_flags_is_not_taken(tmp_path, monkeypatch):
    """When set-up leaves out more or less than it did, what it built before is built again."""
    machine = Machine(tmp_path)
    machine.run()
    monkeypatch.setattr(llama_wheel, "NO_IMAGES", "-DLLAVA_BUILD=ON")
    machine.run(machine.fresh_clone())
    assert len(machine.calls("wheel")) == 2


def test_nor_is_one_built_with_other_compiler_flags_of_the_environment(tmp_path, monkeypatch):
    """CFLAGS and CXXFLAGS go into a build, and so do not get the wheel of another."""
    monkeypatch.delenv("CXXFLAGS", raising=False)
    machine = Machine(tmp_path)
    machine.run()
    monkeypatch.setenv("CXXFLAGS", "-fno-dse")
    machine.run(machine.fresh_clone())
    assert [b["CXXFLAGS"] for b in machine.calls("wheel")] == ["", "-fno-dse"]


@pytest.mark.parametrize("killer", [signal.SIGILL, signal.SIGABRT, signal.SIGBUS])
def test_other_deaths_by_the_processor_count_too(tmp_path, killer):
    """SIGILL, SIGABRT and SIGBUS are answered like SIGSEGV."""
    machine = Machine(tmp_path, "-mno-amx-tile", killer)
    assert machine.run() == "llama.cpp works"
    assert any(killer.name in line for line in machine.said)


def test_the_next_clone_begins_with_the_wheel_that_was_proven(tmp_path):
    """A second environment on the same machine builds nothing and never meets the bad wheel."""
    machine = Machine(tmp_path, "-mno-amx-tile")
    machine.run()
    before = len(machine.calls("wheel"))
    machine.said.clear()
    assert machine.run(machine.fresh_clone()) == "llama.cpp works"
    assert len(machine.calls("wheel")) == before
    assert not any("SIGSEGV" in line for line in machine.said)


def test_another_processor_does_not_get_that_wheel(tmp_path):
    """What was proven on one processor says nothing about another."""
    machine = Machine(tmp_path, "-mno-amx-tile")
    machine.run()
    before = len(machine.calls("wheel"))
    llama_wheel.install(replace(machine.fresh_clone(), cpu="some other processor"))
    assert len(machine.calls("wheel")) == before + 1


def test_a_proven_wheel_that_dies_later_is_not_proven_any_more(tmp_path):
    """When a machine loses a feature, the ladder goes on below the wheel that ran before."""
    machine = Machine(tmp_path)
    machine.run()
    crippled = replace(machine.site, prove=(*machine.site.prove[:2], "-DGGML_NATIVE=OFF", "11"))
    assert llama_wheel.prove(crippled) == "llama.cpp works"
    assert llama_wheel.install(replace(crippled, prefix=machine.fresh_clone().prefix)).name == "portable"


def test_an_exit_code_is_reported_and_not_cured_by_building(tmp_path):
    """A missing model, say, is no fault of the build: its message is shown and nothing is built."""
    machine = Machine(tmp_path)
    site = replace(machine.site, prove=(sys.executable, "-c", "print('no such model'); raise SystemExit(1)"))
    with pytest.raises(Failed, match=r"(?s)exit code 1.*no such model"):
        machine.run(site)
    assert len(machine.calls("wheel")) == 1


def test_death_by_sigkill_is_taken_for_lack_of_memory(tmp_path):
    """The kernel's SIGKILL says nothing about the processor."""
    machine = Machine(tmp_path, "never", signal.SIGKILL)
    with pytest.raises(Failed, match="SIGKILL, probably for lack of memory"):
        machine.run()
    assert len(machine.calls("wheel")) == 1


def test_a_signal_that_a_shell_reports_as_exit_code_counts(tmp_path):
    """139 is 128 + SIGSEGV."""
    machine = Machine(tmp_path)
    script = f'grep -q amx "{tmp_path}/installed" || exit 139'
    llama_wheel.install(machine.site)
    llama_wheel.prove(replace(machine.site, prove=("sh", "-c", script)))
    assert len(machine.calls("wheel")) == 2


def test_when_no_build_lives_set_up_fails_and_remembers_none(tmp_path):
    """After the last rung the message says so, and the next run does not trust any of the wheels."""
    machine = Machine(tmp_path, "never")
    with pytest.raises(Failed, match="not even the safest"):
        machine.run()
    assert len(machine.calls("wheel")) == 4
    assert not list(machine.site.store.rglob("proven"))


def test_flags_that_the_compiler_does_not_know_cost_one_rung(tmp_path):
    """An old compiler refuses -mno-amx-tile; its half-made wheel is not kept and the next rung is taken."""
    machine = Machine(tmp_path, "-DGGML_NATIVE=OFF")
    (tmp_path / "refused").write_text("-mno-amx-tile")
    assert machine.run() == "llama.cpp works"
    assert any("unrecognized command-line option" in line for line in machine.said)
    assert {p.parent.name for p in machine.site.store.rglob("*.whl")} == {"native", "portable"}


def test_the_users_cmake_arguments_are_in_every_build(tmp_path):
    """A CUDA build keeps its flag while it climbs down the ladder."""
    machine = Machine(tmp_path, "-DGGML_NATIVE=OFF")
    machine.run(replace(machine.site, cmake_args="-DGGML_CUDA=on"))
    builds = machine.calls("wheel")
    asked = [b["CMAKE_ARGS"].split()[2:] for b in builds]
    assert asked == [["-DGGML_CUDA=on"], ["-DGGML_CUDA=on"], ["-DGGML_CUDA=on", "-DGGML_NATIVE=OFF"]]


@pytest.mark.skipif(shutil.which("cmake") is None, reason="no CMake")
def test_a_build_for_each_kind_of_processor_leaves_out_five(tmp_path):
    """llama.cpp's source has them as here; a build for one processor is not touched."""
    source = tmp_path / "ggml" / "src" / "CMakeLists.txt"
    source.parent.mkdir(parents=True)
    kinds = {"x64": "", "piledriver": " SSE42 AVX F16C FMA", "zen4": " SSE42 AVX512", "sapphirerapids": " AMX_TILE"}
    source.write_text("".join(f"    ggml_add_cpu_backend_variant({kind}{flags})\n" for kind, flags in kinds.items()))
    (tmp_path / "hook.cmake").write_text(llama_wheel.hook("-DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON"))
    subprocess.run(["cmake", "-P", "hook.cmake"], cwd=tmp_path, check=True)
    assert source.read_text().split() == [
        "ggml_add_cpu_backend_variant(x64)",
        "ggml_add_cpu_backend_variant(zen4",
        "SSE42",
        "AVX512)",
    ]
    assert llama_wheel.hook("-DGGML_CUDA=on") == llama_wheel.NO_COMMON


def test_what_the_user_asks_for_may_undo_what_is_left_out(tmp_path):
    """CMake takes the last of two arguments that contradict each other."""
    machine = Machine(tmp_path)
    machine.run(replace(machine.site, cmake_args="-DLLAVA_BUILD=ON"))
    (build,) = machine.calls("wheel")
    assert [a for a in build["CMAKE_ARGS"].split() if "LLAVA" in a] == ["-DLLAVA_BUILD=OFF", "-DLLAVA_BUILD=ON"]


def test_asking_for_other_arguments_replaces_the_build_and_asking_for_none_keeps_it(tmp_path):
    """SCANMEND_CMAKE_ARGS decides when it is set; a later run without it leaves the CUDA build alone."""
    machine = Machine(tmp_path)
    machine.run()
    machine.run(replace(machine.site, cmake_args="-DGGML_CUDA=on"))
    machine.run()
    assert "-DGGML_CUDA=on" in (tmp_path / "installed").read_text().split()
    assert len(machine.calls("install")) == 2


def test_root_may_borrow_the_wheel_of_the_user_who_called_sudo(tmp_path):
    """A second store with a proven wheel saves the build."""
    machine = Machine(tmp_path)
    machine.run()
    root = replace(machine.fresh_clone(), store=tmp_path / "root", borrow=machine.site.store)
    assert machine.run(root) == "llama.cpp works"
    assert len(machine.calls("wheel")) == 1


def test_where_the_probe_fails_nothing_is_built_with_amx(tmp_path):
    """The build that would have died is not made, and the reason is said; the next clone asks no more."""
    machine = Machine(tmp_path, "-mno-amx-int8")
    fails = machine.probed(sys.executable, "-c", "print('AMX: the probe died of SIGILL'); raise SystemExit(3)")
    assert machine.run(fails) == "llama.cpp works"
    (build,) = machine.calls("wheel")
    assert "-mno-amx-int8" in build["CXXFLAGS"]
    assert "AMX: the probe died of SIGILL" in machine.said
    machine.said.clear()
    assert machine.run(replace(fails, prefix=machine.fresh_clone().prefix)) == "llama.cpp works"
    assert "AMX: the probe died of SIGILL" not in machine.said


def test_below_the_build_without_amx_the_ladder_goes_on(tmp_path):
    """A machine on which more than AMX fails; the build with AMX is not tried on the way."""
    machine = Machine(tmp_path, "-DGGML_NATIVE=OFF")
    assert machine.run(machine.probed("sh", "-c", "exit 3")) == "llama.cpp works"
    assert len(machine.calls("wheel")) == 2


@pytest.mark.parametrize("ending", ["exit 0", "exit 1", "kill -SEGV $$"])
def test_a_probe_that_finds_nothing_leaves_the_ladder_as_it_is(tmp_path, ending):
    """Whether AMX runs, or nobody could find out: the build with AMX comes first, and the proof decides."""
    machine = Machine(tmp_path, "-mno-amx-int8")
    assert machine.run(machine.probed("sh", "-c", ending)) == "llama.cpp works"
    assert [("-mno-amx-int8" in b["CXXFLAGS"]) for b in machine.calls("wheel")] == [False, True]


def test_elsewhere_than_on_x86_nothing_is_probed(tmp_path):
    """There is no build without AMX to begin with."""
    machine = Machine(tmp_path)
    site = replace(machine.probed("sh", "-c", f"touch {tmp_path}/asked; exit 3"), machine="aarch64")
    machine.run(site)
    assert not (tmp_path / "asked").exists()


def test_elsewhere_than_on_x86_only_the_rungs_that_mean_something_are_tried():
    """AMX and AVX are features of x86."""
    assert [r.name for r in llama_wheel.ladder("aarch64")] == ["native", "portable"]


def test_a_long_build_says_how_far_it_is(tmp_path):
    """Every beat there is a line with the compiler's progress."""
    machine = Machine(tmp_path)
    go_on = tmp_path / "go-on"
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "12 of 193" in line:
            go_on.touch()

    waits = (
        "import os, time; print('[12/193] g++ -c x.cpp', flush=True)\n"
        f"while not os.path.exists({str(go_on)!r}): time.sleep(.01)"
    )
    llama_wheel.watched(replace(machine.site, say=say, beat_s=0.05), (sys.executable, "-c", waits))
    assert said[-1].endswith("s: compiling, 12 of 193")


def test_a_failed_build_shows_the_end_of_its_log(tmp_path):
    """What the compiler said last is what one needs to see."""
    machine = Machine(tmp_path)
    with pytest.raises(Failed, match=r"(?s)ended with 7.*cmake: no compiler"):
        llama_wheel.watched(machine.site, (sys.executable, "-c", "print('cmake: no compiler'); raise SystemExit(7)"))


def test_at_the_end_set_up_says_what_each_part_took(capsys):
    """The steps of the shell scripts come first, with the seconds that these measured."""
    steps = provision.Steps([(9, "system packages"), (5, "virtual environment .venv")], 4, 14)
    steps.begin("llama.cpp", "details in a log")
    assert steps.failed() == "step 3 of 4 (llama.cpp)"
    steps.begin("proof")
    steps.table()
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == ["[3/4]  14 s  llama.cpp (details in a log)", "[4/4]  14 s  proof"]
    assert lines[3:] == ["9 s  system packages", "5 s  virtual environment .venv", "0 s  llama.cpp", "0 s  proof"]


def bash(script: str, path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of bash with scripts/setup_lib/machine.sh loaded and the fakes in ``path`` first on PATH."""
    return subprocess.run(
        [
            "bash",
            "-euc",
            f"NAME=scripts/setup STEPS=1; . {ROOT}/scripts/setup_lib/machine.sh; trap 'on_exit $?' EXIT; {script}",
        ],
        env={"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(path), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def fake(folder: Path, **programs: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, body in programs.items():
        file = folder / name.replace("_", "-")
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
    return folder


ALL_INSTALLED = 'shift 2; for p in "$@"; do echo "$p installed"; done'
ALL_BUT_GERMAN = 'shift 2; for p in "$@"; do [ "$p" = tesseract-ocr-deu ] || echo "$p installed"; done'


PROMISE = "processor : 0\nflags     : fpu avx512_vnni amx_bf16 amx_tile amx_int8\n"


def amx(tmp_path: Path, compiled: str, cpuinfo: str = PROMISE) -> probe_amx.Verdict:
    """Probe with a compiler that makes the shell script ``compiled``; ``$unoptimised`` in it is empty or yes."""
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    body = (
        f'touch {tmp_path}/compiled; cat >/dev/null; case "$*" in *-O0*) u=yes;; esac\n'
        'while [ "$1" != -o ]; do shift; done\n'
        f'cat >"$2" <<END\n#!/bin/sh\nunoptimised=$u\n{compiled.replace("$", chr(92) + "$")}\nEND\nchmod +x "$2"'
    )
    return probe_amx.verdict([str(fake(tmp_path / "bin", cxx=body) / "cxx")], tmp_path / "cpuinfo")


def test_amx_that_runs_is_used(tmp_path):
    """The right sums, and no signal."""
    assert amx(tmp_path, "exit 0").code == probe_amx.RUNS
    assert (tmp_path / "compiled").exists()


def test_where_amx_is_not_promised_nothing_is_compiled(tmp_path):
    """Neither where the processor has other features, nor where there is no /proc."""
    assert amx(tmp_path, "exit 10", PROMISE.replace("amx", "avx")) == probe_amx.Verdict(probe_amx.RUNS)
    assert not (tmp_path / "compiled").exists()
    assert not probe_amx.promised(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["SEGV", "ILL"])
def test_a_probe_that_dies_means_no_amx(tmp_path, name):
    """And when it dies unoptimised, too, it is the processor's fault."""
    found = amx(tmp_path, f"kill -{name} $$")
    assert found.code == probe_amx.FAILS
    assert f"died of SIG{name}" in found.reason
    assert "does not carry out" in found.reason


def test_wrong_sums_mean_no_amx(tmp_path):
    """Tiles that lose what is in them kill nobody."""
    found = amx(tmp_path, f"exit {probe_amx.WRONG_SUMS}")
    assert found.code == probe_amx.FAILS
    assert "multiplied wrongly" in found.reason


def test_a_compiler_that_gets_amx_wrong_is_told_from_a_processor_that_does(tmp_path):
    """Unoptimised, the same source runs."""
    found = amx(tmp_path, '[ "$unoptimised" ] || kill -ILL $$')
    assert found.code == probe_amx.FAILS
    assert "cxx compiles it wrongly" in found.reason


@pytest.mark.parametrize(("code", "why"), [(probe_amx.WITHOUT_AMX, "does not use it"), (probe_amx.REFUSED, "kernel")])
def test_amx_that_llama_cpp_would_not_use_either_is_no_reason_to_build_otherwise(tmp_path, code, why):
    """The compiler knows no AMX, or the kernel gives no permission, which llama.cpp asks for."""
    found = amx(tmp_path, f"exit {code}")
    assert found.code == probe_amx.RUNS
    assert why in found.reason


def test_without_a_compiler_nobody_knows(tmp_path):
    """No compiler, one that fails, and a program that does something else: each time the line says so."""
    (tmp_path / "cpuinfo").write_text(PROMISE)
    absent = probe_amx.verdict([str(tmp_path / "absent")], tmp_path / "cpuinfo")
    failing = fake(tmp_path / "bin", failing="echo 'cc1plus: not here' >&2; exit 4") / "failing"
    refused = probe_amx.verdict([str(failing)], tmp_path / "cpuinfo")
    odd = amx(tmp_path, "exit 99")
    assert [v.code for v in (absent, refused, odd)] == [probe_amx.UNKNOWN] * 3
    assert "No such file" in absent.reason
    assert "ended with 4: cc1plus: not here" in refused.reason
    assert "exit code 99" in odd.reason


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AMX is a feature of x86")
def test_the_real_probe_compiles_and_tells_a_build_that_keeps_the_tiles_shape_from_one_that_may_lose_it(tmp_path):
    """With this machine's compiler: whatever it finds optimised, it finds nothing wrong where AMX is left out.

    Where AMX is promised and runs unoptimised, the optimiser alone decides, and without dead store elimination the
    optimised probe runs as well.
    """
    compiler = probe_amx.this_compiler()
    (tmp_path / "cpuinfo").write_text(PROMISE)
    no_amx = llama_wheel.LADDER[1].cflags.split()
    left_out = probe_amx.verdict([*compiler, *no_amx], tmp_path / "cpuinfo")
    assert left_out.code == probe_amx.RUNS
    assert "does not use it" in left_out.reason
    here = probe_amx.verdict(compiler)
    assert here.code in {probe_amx.RUNS, probe_amx.FAILS}
    if "compiles it wrongly" in here.reason:
        assert probe_amx.verdict([*compiler, "-fno-dse"]).code == probe_amx.RUNS


def test_the_probe_as_set_up_runs_it(tmp_path):
    """A program of its own, whose exit code and line set-up reads."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "setup_lib" / "probe_amx.py"], capture_output=True, text=True, check=False
    )
    here = probe_amx.verdict(probe_amx.this_compiler())
    assert (done.returncode, done.stdout.strip()) == (here.code, here.reason)
    assert done.stderr == ""


def test_each_step_is_handed_on_with_its_seconds(tmp_path):
    """As the arguments in which provision.py takes them."""
    done = bash('step one; SECONDS=7; step "two words"; SECONDS=9; end_step; printf "%s|" "${TOOK[@]}"', tmp_path)
    assert done.stdout.splitlines()[-1] == "--took|7 one|--took|2 two words|"
    asked = provision._options().parse_args(["--took", "7 one", "--took", "2 two words"])
    assert asked.took == [(7, "one"), (2, "two words")]


def test_nothing_is_installed_when_every_system_package_is_here(tmp_path):
    """apt-get is not even called."""
    path = fake(tmp_path / "bin", dpkg_query=ALL_INSTALLED, apt_get=f"touch {tmp_path}/called")
    assert bash("need_packages", path).returncode == 0
    assert not (tmp_path / "called").exists()


def test_root_installs_only_what_is_missing(tmp_path):
    """The lists are brought up to date first, then the one missing package is installed."""
    path = fake(tmp_path / "bin", dpkg_query=ALL_BUT_GERMAN, id="echo 0", apt_get=f'echo "$@" >>{tmp_path}/calls')
    done = bash("need_packages", path)
    assert done.returncode == 0, done.stderr
    update, install = (tmp_path / "calls").read_text().splitlines()
    assert update.endswith(" update")
    assert install.endswith("install -y --no-install-recommends tesseract-ocr-deu")


def test_who_may_not_install_is_told_the_one_command(tmp_path):
    """Without root and without passwordless sudo, nothing is tried; the step that failed is named."""
    path = fake(tmp_path / "bin", dpkg_query=ALL_BUT_GERMAN, id="echo 1000", sudo="exit 1", apt_get="exit 1")
    done = bash('step "system packages"; need_packages', path)
    assert done.returncode == 1
    assert "sudo apt-get install -y --no-install-recommends tesseract-ocr-deu" in done.stderr
    assert "failed in step 1 of 1 (system packages)" in done.stderr


def test_an_old_python_is_refused_with_what_to_install(tmp_path):
    """The message names the version found and the way to name another."""
    old = fake(tmp_path / "bin", old='case "$2" in *platform*) echo 3.9.2;; *) exit 1;; esac') / "old"
    done = bash("choose_python", tmp_path, SCANMEND_PYTHON=str(old))
    assert done.returncode == 1
    assert "(3.9.2)" in done.stderr
    assert "SCANMEND_PYTHON=" in done.stderr


def test_a_python_without_venv_is_refused_with_the_package_that_brings_it(tmp_path):
    """Debian splits venv and ensurepip off."""
    body = f'case "$2" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac'
    done = bash("choose_python", tmp_path, SCANMEND_PYTHON=str(fake(tmp_path / "bin", split=body) / "split"))
    assert done.returncode == 1
    assert f"python3.{sys.version_info.minor}-venv" in done.stderr


@pytest.mark.thorough
def test_set_up_works_once_and_then_only_looks(tmp_path):
    """A second run does nothing; a changed pyproject.toml or a broken environment does; a failure leaves no stamp."""
    checkout = tmp_path / "checkout"
    (checkout / "scripts" / "setup_lib").mkdir(parents=True)
    for name in ("setup", "setup_lib/machine.sh", "setup_lib/llama_wheel.py", "setup_lib/probe_amx.py"):
        shutil.copy(ROOT / "scripts" / name, checkout / "scripts" / name)
    (checkout / "pyproject.toml").write_text("[project]\n")
    (checkout / "scripts" / "setup_lib" / "provision.py").write_text(
        f"import pathlib, sys\nwith open({str(tmp_path / 'calls')!r}, 'a') as f: f.write(sys.prefix + '\\n')\n"
        f"sys.exit(pathlib.Path({str(tmp_path / 'broken')!r}).exists())\n"
    )
    # The first environment is made by venv; the second is a copy of it, as pip's installation takes five seconds.
    made, python = tmp_path / "made", sys.executable
    venv = f'[ -d {made} ] && exec cp -a {made} "$3"; {python} "$@" && exec cp -a "$3" {made}'
    path = fake(
        tmp_path / "bin",
        dpkg_query=ALL_INSTALLED,
        apt_get="exit 1",
        python=f'case "$1 $2" in "-m venv") {venv};; *) exec {python} "$@";; esac',
    )

    def setup() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [checkout / "scripts" / "setup"],
            cwd=tmp_path,
            env={"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(tmp_path), "SCANMEND_PYTHON": f"{path}/python"},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls() -> int:
        return len((tmp_path / "calls").read_text().splitlines())

    first = setup()
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "calls").read_text().strip() == str(checkout / ".venv")
    assert "set up already" in setup().stdout
    assert calls() == 1

    (tmp_path / "broken").touch()
    (checkout / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    assert setup().returncode == 1
    assert setup().returncode == 1
    (tmp_path / "broken").unlink()
    assert setup().returncode == 0
    assert calls() == 4

    (checkout / ".venv" / "bin" / "python").unlink()
    assert setup().returncode == 0
    assert calls() == 5
