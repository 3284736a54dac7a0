"""Loads a folder of shards with three libraries and compares what they give, with the manifest as the yardstick.

Usage: load_shards.py SHARDS CACHE
"""

import hashlib
import json
import pathlib
import sys

import datasets
import duckdb
import pyarrow.parquet

shards = pathlib.Path(sys.argv[1])
manifest = json.loads((shards / "manifest.json").read_text())

expected = {}
several = False
for file in manifest["files"]:
    path = shards / file["path"]
    bytes_ = path.read_bytes()
    assert len(bytes_) == file["size_bytes"], path
    assert hashlib.sha256(bytes_).hexdigest() == file["sha256"], path
    split = path.name.split("-")[0]
    several |= split in expected
    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert len(rows) == file["rows"], path
    expected.setdefault(split, []).extend(rows)
assert expected and several, "too few files to show anything"

for split, rows in expected.items():
    glob = str(shards / "data" / f"{split}-*.parquet")
    cursor = duckdb.sql(f"SELECT * FROM read_parquet('{glob}')")
    names = cursor.columns
    found = [dict(zip(names, row)) for row in cursor.fetchall()]
    key = lambda row: row["sample_id"]
    assert sorted(found, key=key) == sorted(rows, key=key), f"duckdb differs in {split}"

loaded = datasets.load_dataset(str(shards), cache_dir=sys.argv[2])
assert set(loaded) == set(expected), (set(loaded), set(expected))
for split, rows in expected.items():
    assert loaded[split].to_list() == rows, f"datasets differs in {split}"
    stream = datasets.load_dataset(str(shards), split=split, streaming=True, cache_dir=sys.argv[2])
    assert list(stream) == rows, f"datasets differs in {split}, streaming"

total = sum(len(rows) for rows in expected.values())
print(f"{total} rows equal in pyarrow, duckdb, datasets and streaming")
