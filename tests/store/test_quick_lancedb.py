"""LanceDB is imported without a client that Bunko does not use, and other importers get the real one."""

import subprocess
import sys
import textwrap
from pathlib import Path

CLIENT = "lance_namespace_urllib3_client"


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_most_of_the_client_is_not_imported() -> None:
    code = f"""
        import sys
        import bunko.store
        print(sum(name.startswith("{CLIENT}") for name in sys.modules), "{CLIENT}" in sys.modules)
    """
    modules, stand_in_left = run_python(code).split()
    assert int(modules) < 60  # of 160
    assert stand_in_left == "False"


def test_a_later_import_of_the_client_gets_the_real_one() -> None:
    code = f"""
        import bunko.store
        import lance_namespace
        early = lance_namespace.ListTablesRequest(id=["a"])
        import {CLIENT} as client
        assert type(early) is client.ListTablesRequest is client.models.ListTablesRequest
        assert isinstance(early, lance_namespace.ListTablesRequest)
        assert not isinstance(early, lance_namespace.ListTablesResponse)
        assert lance_namespace.ListTablesRequest.from_dict({{"id": ["a"]}}) == early
        class Mine(lance_namespace.ListTablesRequest):
            pass
        assert issubclass(Mine, client.ListTablesRequest)
        import lancedb.namespace
        assert lancedb.namespace.JsonArrowSchema is client.JsonArrowSchema
        assert client.ApiClient().configuration
        print("fine")
    """
    assert run_python(code).strip() == "fine"


def test_a_lancedb_that_is_imported_already_is_used() -> None:
    code = """
        import lancedb, sys
        client = any(name.startswith("lance_namespace_urllib3_client.api") for name in sys.modules)
        from bunko.store import quick_lancedb
        import lance_namespace
        print(client, quick_lancedb.lancedb is lancedb, isinstance(lance_namespace.ListTablesRequest, type))
    """
    loads_client, *same = run_python(code).split()
    assert same == ["True", "True"]
    assert loads_client == "True", "LanceDB no longer imports the client: drop store/quick_lancedb.py"


def test_a_lancedb_that_fails_with_the_stand_ins_is_imported_without_them(tmp_path: Path) -> None:
    code = f"""
        import importlib.abc, sys
        class Strict(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path, target=None):
                if name == "lancedb.remote" and not hasattr(sys.modules["{CLIENT}"], "ApiClient"):
                    raise TypeError("metaclass conflict")
        sys.meta_path.insert(0, Strict())
        from bunko.store import Store
        import lance_namespace
        print(Store(sys.argv[1]).count_documents(), isinstance(lance_namespace.ListTablesRequest, type))
    """
    assert run_python(code, str(tmp_path / "store")).split() == ["0", "True"]
