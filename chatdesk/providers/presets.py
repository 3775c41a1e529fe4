"""Where models can be found, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

CUSTOM = "custom"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of provider: ``base_url`` is what the SDK's paths are appended to.

    ``key_page`` is where a key is made. ``local`` ones run on this computer and need none.
    """

    kind: str
    name: str
    base_url: str
    key_page: str = ""
    local: bool = False

    @property
    def needs_key(self) -> bool:
        """Whether it answers nobody without a key."""
        return bool(self.key_page)


_ALL = (
    Preset("openai", "OpenAI", "https://api.openai.com/v1", "https://platform.openai.com/api-keys"),
    Preset(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1/",
        "https://console.anthropic.com/settings/keys",
    ),
    Preset(
        "gemini",
        "Google Gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "https://aistudio.google.com/apikey",
    ),
    Preset("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "https://openrouter.ai/settings/keys"),
    Preset("ollama", "Ollama", "http://127.0.0.1:11434/v1", local=True),
    Preset("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1", local=True),
    Preset("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "https://platform.deepseek.com/api_keys"),
    Preset("mistral", "Mistral", "https://api.mistral.ai/v1", "https://console.mistral.ai/api-keys"),
    Preset("groq", "Groq", "https://api.groq.com/openai/v1", "https://console.groq.com/keys"),
    Preset("xai", "xAI", "https://api.x.ai/v1", "https://console.x.ai"),
    Preset(CUSTOM, "", ""),
)
PRESETS: Mapping[str, Preset] = {preset.kind: preset for preset in _ALL}


def preset_of(kind: str) -> Preset:
    """Return the preset of a kind; one of a newer version is treated as the user's own."""
    return PRESETS.get(kind, PRESETS[CUSTOM])


def final_address(base_url: str) -> str:
    """Return the address that messages are sent to."""
    return f"{base_url.strip().rstrip('/')}/chat/completions"


def is_loopback(base_url: str) -> bool:
    """Tell whether an address is on this computer."""
    try:
        return urlsplit(base_url).hostname in LOOPBACK
    except ValueError:
        return False


def is_safe_source(url: str) -> bool:
    """Tell whether a file may be fetched from an address: over TLS, or on this computer."""
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    if address.scheme == "https":
        return bool(address.hostname)
    return address.scheme == "http" and address.hostname in LOOPBACK
