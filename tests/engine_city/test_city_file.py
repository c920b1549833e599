"""A city written is the city read; what is not whole is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tongchou.engine.city import CityFault
from tongchou.store import city_file
from tongchou.store.city_file import city_hash, load_city, save_city


def test_a_city_read_is_the_city_written(city, tmp_path):
    told = save_city(city, tmp_path / "here")
    again = load_city(tmp_path / "here", verify=True)
    assert told == city_hash(city) == city_hash(again)
    assert all(np.array_equal(array, again.arrays()[name]) for name, array in city.arrays().items())
    assert (again.counties, again.seed, again.source, again.notes) == (city.counties, city.seed, city.source, city.notes)
    assert isinstance(again.age, np.memmap) and not again.age.flags.writeable
    assert not isinstance(load_city(tmp_path / "here", mmap=False).age, np.memmap)
    assert again.check() is again


def test_a_folder_is_not_overwritten_unasked(city, tmp_path):
    save_city(city, tmp_path / "here")
    with pytest.raises(CityFault, match="is there already"):
        save_city(city, tmp_path / "here")
    save_city(city, tmp_path / "here", replace=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(CityFault, match="holds no city"):
        save_city(city, tmp_path / "mine", replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "mine"]


def test_a_write_that_breaks_off_leaves_nothing(city, tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(city_file.np, "save", full)
    with pytest.raises(OSError, match="No space"):
        save_city(city, tmp_path / "here")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_city_is_refused(city, tmp_path):
    with pytest.raises(CityFault, match="is no city's folder"):
        load_city(tmp_path)
    here = tmp_path / "here"
    save_city(city, here)
    (here / "sex.npy").unlink()
    with pytest.raises(CityFault, match=r"sex\.npy is missing"):
        load_city(here)
    save_city(city, here, replace=True)
    np.save(here / "sex.npy", 3 - city.sex)
    assert len(load_city(here)) == len(city)
    with pytest.raises(CityFault, match=r"sex\.npy was changed"):
        load_city(here, verify=True)
    np.save(here / "sex.npy", city.sex[:5])
    with pytest.raises(CityFault, match="not what the manifest states"):
        load_city(here)
    stated = json.loads((here / "city.json").read_text())
    (here / "city.json").write_text(json.dumps({**stated, "version": 99}))
    with pytest.raises(CityFault, match="format version"):
        load_city(here)
    (here / "city.json").write_text("{")
    with pytest.raises(CityFault, match="is damaged"):
        load_city(here)
