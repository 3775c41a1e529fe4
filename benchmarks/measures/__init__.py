"""One module per measure; each has ``async def measure(plan) -> list[Figure]``."""
