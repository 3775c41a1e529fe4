"""What the scripted person of the demo says, and what the reciting model answers."""

from __future__ import annotations

from chatdesk.domain.message import Role
from chatdesk.providers.base import ReplyRequest

PERSON = "Ada Okafor"
TITLE = "A weekend in Lisbon"

EARLIER = ("Bread without a scale", "Tax return, open questions", "Names for the boat")
"""Conversations that are already in the list."""

TURNS = (
    "I have two days in Lisbon in March. What should I not miss?",
    "How do I get from the airport to Alfama, and what does it cost?",
    "Can you give me a small Python function that adds up what I spend?",
    "Lovely. Make the first evening a little slower, please.",
)

_ANSWERS = (
    """Two days are enough for the heart of the city if you stay close to the river.

**Day one: Alfama and the castle hill**

1. Start early at the *Miradouro das Portas do Sol*, before the trams are full.
2. Walk down through Alfama to the cathedral; get lost on purpose.
3. In the afternoon, the tile museum (**Museu Nacional do Azulejo**).

**Day two: Belém**

- Jerónimos monastery when it opens
- A warm custard tart across the road
- Along the water to the tower, then tram 15 back

> March can be wet: keep one indoor place in reserve for each half day.""",
    """The metro is the cheapest way; a taxi is the easiest with luggage.

| How | Time | Price |
| --- | ---: | ---: |
| Metro, red then blue line to *Santa Apolónia* | 35 min | about 2 € |
| Bus 744 to the centre | 40 min | about 2 € |
| Taxi | 20 min | 12–18 € |

From Santa Apolónia it is a ten-minute walk uphill into Alfama.""",
    """Here is one that keeps the categories apart:

```python
from collections import defaultdict


def totals(spent: list[tuple[str, float]]) -> dict[str, float]:
    \"\"\"Add up what was spent, by category.\"\"\"
    sums: dict[str, float] = defaultdict(float)
    for category, amount in spent:
        sums[category] += amount
    return dict(sums)


print(totals([("tram", 3.0), ("tarts", 2.6), ("tarts", 1.3)]))
```

It returns a plain `dict`, so you can sort or print it as you like.""",
    """Of course. For the first evening:

- **18:30** a glass of *vinho verde* at a viewpoint, without a plan
- **20:00** dinner in a small *tasca* in Graça, ten minutes from the castle
- **22:00** fado, but only if you still feel like it

Everything else stays as it was.""",
)


def answer(request: ReplyRequest) -> str:
    """Return the answer that belongs to the last message."""
    asked = next((turn.content for turn in reversed(request.turns) if turn.role is Role.USER), "")
    if asked in TURNS:
        return _ANSWERS[TURNS.index(asked)]
    return f"You said: {asked}"
