"""The databases of this directory's tests."""

from __future__ import annotations

from tests.support.postgres import any_database, clusters, database

__all__ = ["any_database", "clusters", "database"]
