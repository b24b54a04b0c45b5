"""What Pillow raises on damaged files."""

import struct
import zlib

PILLOW_ERRORS = (
    ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow raises, beside OSError, when the content of a file is damaged."""
