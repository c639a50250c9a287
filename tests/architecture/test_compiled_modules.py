"""What a compiled class doesn't keep is not written in the modules that are compiled."""

import pytest

from deploy.compiled.build import ROOT, modules, path_of


@pytest.mark.parametrize("module", modules())
def test_a_compiled_module_has_no_cached_property(module: str) -> None:
    """A native class has no `__dict__` to keep the value in: it would be made anew each time it is asked for."""
    assert "cached_property(" not in (source := (ROOT / path_of(module)).read_text("utf-8"))
    assert "@cached_property" not in source
    assert "import cached_property" not in source
