"""What the configuration says of the life of all models together."""

from dataclasses import dataclass

from scanmend.config.schema import Config


@dataclass(frozen=True, slots=True)
class Terms:
    """When models come, wait and go; see docs/configuration.md."""

    idle_s: float = 300.0
    """Seconds after its last use until a model is unloaded; 0 at once, -1 never."""
    max_wait_s: float = 120.0
    """How long a document waits at most for another model before that model is made to yield."""
    max_loaded: int = 1
    gpu_free_floor_mib: float = 0.0
    """MiB that are to stay free on the GPU for other programs."""


def terms_of(config: Config) -> Terms:
    """What this configuration says."""
    return Terms(config.idle_unload_s, config.max_wait_s, config.max_loaded, config.gpu_free_floor_mib)
