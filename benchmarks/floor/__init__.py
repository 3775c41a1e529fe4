"""The bare programs: what the same job costs with nothing around it."""
