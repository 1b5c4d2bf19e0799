"""Opens, unlocks and judges captures of the key management of IMS-based MBMS user services."""

VERSION = "0.1.0"  # pyproject.toml takes it from here: asking for what is installed is slow
