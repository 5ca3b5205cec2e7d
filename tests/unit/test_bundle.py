"""The bundle: a model comes back as it was written, or not at all."""

import ast
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from vigil.bundle import MANIFEST, Bundle, array_bytes, json_bytes
from vigil.errors import Rejected
from vigil.models.boosters import Booster

ROOT = Path(__file__).parents[2]
PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}
DAMAGES = 60  # of each kind to each file
ROWS = np.random.default_rng(0).normal(size=(300, 4))


def trained() -> lgb.Booster:
    """A small model of awkward numbers."""
    settings = {"objective": "quantile", "num_leaves": 7, "verbosity": -1, "num_threads": 1}
    data = lgb.Dataset(ROWS, np.sin(ROWS[:, 0]) + ROWS[:, 1] / 3)
    return lgb.train(settings, data, num_boost_round=15)


BOOSTER = trained()
SCALES = np.array([[0.1, 1 / 3], [np.nan, np.inf]])
META = {"levels": [0.025, 0.5], "name": "Côte d'Ivoire"}
BUNDLE = Bundle(
    {
        "q500.txt": BOOSTER.model_to_string().encode(),
        "meta.json": json_bytes(META),
        "scales.npy": array_bytes(SCALES),
    }
)
WHOLE = {**BUNDLE.files, MANIFEST: BUNDLE.manifest()}


def use(files: dict[str, bytes], digest: str | None = None) -> None:
    """All that can be done with a bundle, by which LightGBM would crash on what is broken."""
    bundle = Bundle.checked(files, digest)
    Booster(bundle.body("q500.txt"))


def refused(files: dict[str, bytes], digest: str | None = None) -> Rejected:
    """The reason why these files are refused."""
    with pytest.raises(Rejected) as reason:
        use(files, digest)
    assert reason.value.rule == "corrupt_model"
    assert "last good" in reason.value.remedy
    return reason.value


def test_a_model_that_was_written_and_read_predicts_the_same_to_the_last_bit(tmp_path):
    """Also its arrays, NaN and infinity included, and its JSON."""
    BUNDLE.write(tmp_path / "model")
    again = Bundle.read(tmp_path / "model", BUNDLE.digest)
    assert again == BUNDLE
    fresh = np.random.default_rng(1).normal(size=(1000, 4))
    same = Booster(again.body("q500.txt")).predict(fresh)
    assert same.tobytes() == BOOSTER.predict(fresh, num_threads=1).tobytes()
    assert again.array("scales.npy").tobytes() == SCALES.tobytes()
    assert again.json("meta.json") == META


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_was_cut_off_anywhere_is_refused(name):
    """Before LightGBM sees it: its reader kills the process."""
    body = WHOLE[name]
    at = {0, 1, len(body) - 1, *np.random.default_rng(2).integers(0, len(body), DAMAGES).tolist()}
    for length in at:
        refused({**WHOLE, name: body[:length]})


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_one_bit_flipped_is_refused(name):
    """Wherever it is: it could be another number, and nobody would know."""
    chance = np.random.default_rng(3)
    for _ in range(DAMAGES):
        body = bytearray(WHOLE[name])
        body[chance.integers(len(body))] ^= 1 << int(chance.integers(8))
        refused({**WHOLE, name: bytes(body)})


def test_a_missing_an_extra_and_a_renamed_file_are_refused_by_name():
    """The message says which."""
    without = {name: body for name, body in WHOLE.items() if name != "q500.txt"}
    assert "'missing': ['q500.txt']" in refused(without).found
    assert "'unlisted': ['more.txt']" in refused({**WHOLE, "more.txt": b""}).found
    renamed = refused({**without, "q900.txt": WHOLE["q500.txt"]}).found
    assert "'missing': ['q500.txt'], 'unlisted': ['q900.txt']" in renamed


def test_files_that_changed_places_are_refused():
    """Their digests are all there, at the wrong names."""
    swapped = {"meta.json": WHOLE["scales.npy"], "scales.npy": WHOLE["meta.json"]}
    assert "'changed': ['meta.json', 'scales.npy']" in refused({**WHOLE, **swapped}).found


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"", "a manifest that can be read"),
        (b"[" * 100_000, "a manifest that can be read"),
        (b'{"format":1,"files":[["q500.txt",1],[2,3]]}', "a manifest that can be read"),
        (BUNDLE.manifest().replace(b'"format":1', b'"format":2'), "a manifest of format 1"),
        (BUNDLE.manifest().replace(b'"format":1', b'"format":true'), "the files that"),
        (json.dumps(json.loads(BUNDLE.manifest()), indent=1).encode(), "the files that"),
        (b'{"format":1,"files":{"../x":{}}}', "the files that"),
    ],
    ids=["empty", "deep", "pairs", "newer", "almost", "spelling", "climbing"],
)
def test_a_manifest_that_is_broken_forged_or_of_another_format_is_refused(manifest, said):
    """There is one manifest for given files, and one spelling of it."""
    assert refused({**WHOLE, MANIFEST: manifest}).expected.startswith(said)


def test_a_forgery_that_is_whole_in_itself_is_told_by_the_digest():
    """Another model with a manifest of its own, and the right files under another's digest."""
    other = Bundle({**BUNDLE.files, "meta.json": b"{}"})
    forged = {**other.files, MANIFEST: other.manifest()}
    reason = refused(forged, BUNDLE.digest)
    assert reason.expected == f"the digest {BUNDLE.digest}"
    assert reason.found == other.digest == sha256(other.manifest()).hexdigest()
    use(forged, other.digest)
    refused(WHOLE, other.digest)


@pytest.mark.parametrize(
    "name",
    ["../x", "..", ".hidden", "a/b", "/etc/x", "C:\\x", "", "a\0", "a\n", "\udcff", MANIFEST],
)
def test_a_name_that_is_a_path_or_hidden_makes_no_bundle(name):
    """Neither to be written nor to be read."""
    with pytest.raises(Rejected, match="file names like") as reason:
        Bundle({name: b"1"})
    str(reason.value).encode()
    if name != MANIFEST:
        refused({**WHOLE, name: b"1"})


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda folder: (folder / MANIFEST).unlink(), "['meta.json', 'q500.txt', 'scales.npy']"),
        (lambda folder: (folder / "q500.txt").rename(folder.parent / "q500.txt"), "'missing'"),
        (lambda folder: (folder / "sub").mkdir(), "'unlisted': ['sub']"),
        (lambda folder: folder.rename(folder.parent / "elsewhere"), "[]"),
    ],
    ids=["no manifest", "file gone", "folder", "no folder"],
)
def test_a_damaged_folder_is_refused_by_its_path(tmp_path, damage, found):
    """The message says where it lies."""
    folder = tmp_path / "model"
    BUNDLE.write(folder)
    damage(folder)
    with pytest.raises(Rejected) as reason:
        Bundle.read(folder)
    assert reason.value.where == str(folder)
    assert found in reason.value.found


@pytest.mark.parametrize("written", range(4))
def test_a_disk_that_fills_up_leaves_the_old_bundle(tmp_path, monkeypatch, written):
    """However many files were written by then, and nothing lies beside it."""
    folder = tmp_path / "model"
    BUNDLE.write(folder)
    left, write = iter(range(written)), Path.write_bytes

    def until_full(path: Path, body: bytes) -> int:
        if next(left, None) is None:
            raise OSError("disk full")
        return write(path, body)

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(OSError, match="disk full"):
        Bundle({**BUNDLE.files, "meta.json": b"{}"}).write(folder)
    assert Bundle.read(folder) == BUNDLE
    assert list(tmp_path.iterdir()) == [folder]


def test_a_bundle_takes_the_place_of_another_and_leaves_none_of_its_files(tmp_path):
    """Also in a folder whose parents are not there yet."""
    folder = tmp_path / "models" / "deaths"
    BUNDLE.write(folder)
    other = Bundle({"meta.json": b"{}"})
    other.write(folder)
    assert Bundle.read(folder) == other
    assert list(folder.parent.iterdir()) == [folder]


def test_equal_files_have_one_digest_in_whatever_order_they_come():
    """Worked out by hand for one file of one byte."""
    assert Bundle(dict(reversed(BUNDLE.files.items()))).digest == BUNDLE.digest
    digest = sha256(b"1").hexdigest()
    listed = f'{{"files":{{"a":{{"sha256":"{digest}","size":1}}}},"format":1}}'
    assert Bundle({"a": b"1"}).manifest() == listed.encode()


def test_a_file_that_is_not_there_or_something_else_is_said_by_name():
    """What is whole may still not be what the code needs."""
    bundle = Bundle({"a.json": b"NaN?", "a.npy": b"no array"})
    for ask, where in [(bundle.json, "a.json"), (bundle.array, "a.npy")]:
        with pytest.raises(Rejected) as reason:
            ask(where)
        assert (reason.value.rule, reason.value.where) == ("corrupt_model", where)
    with pytest.raises(Rejected, match=r"a file q500\.txt; found \['a\.json', 'a\.npy'\]"):
        bundle.body("q500.txt")


class Canary:
    """An object whose pickle writes a file when somebody reads it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def test_a_pickle_in_an_array_is_never_read(tmp_path):
    """A canary that would sing is refused, and cannot be written either."""
    objects = np.array([Canary(tmp_path / "sung")], dtype=object)
    with (tmp_path / "objects.npy").open("wb") as file:
        np.save(file, objects, allow_pickle=True)
    bundle = Bundle({"objects.npy": (tmp_path / "objects.npy").read_bytes()})
    with pytest.raises(Rejected, match="Object arrays cannot be loaded"):
        bundle.array("objects.npy")
    assert not (tmp_path / "sung").exists()
    np.load(tmp_path / "objects.npy", allow_pickle=True)
    assert (tmp_path / "sung").exists()
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        array_bytes(objects)


def pickling(code: str) -> set[str]:
    """What in that code can read a pickle."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names} & PICKLES
        if isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").partition(".")[0]} & PICKLES
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found |= set() if ast.unparse(node.value) == "False" else {"allow_pickle"}
    return found


def test_no_module_of_the_product_can_read_a_pickle():
    """Neither by import nor through numpy."""
    assert pickling("def f():\n from joblib.x import load") == {"joblib"}
    assert pickling("import os, pickle\nload(f, allow_pickle=flag)") == {"pickle", "allow_pickle"}
    files = [*(ROOT / "shared" / "vigil").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    assert ROOT / "shared" / "vigil" / "bundle.py" in files
    assert not {str(f): found for f in files if (found := pickling(f.read_text("utf-8")))}


def test_a_bundle_can_be_checked_where_there_is_no_lightgbm():
    """It is loaded with the first model, not before."""
    code = "import sys, vigil.bundle; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "vigil.bundle" in said.stdout.split()
    assert "lightgbm" not in said.stdout.split()
