"""States of live sounds as texts that clients keep, and that only a server with the key writes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import zlib

from distill_runtime.errors import RequestError
from distill_runtime.generation.live.handover import Handover

MAX_STATE_CHARS = 2**20
_DIGEST = hashlib.sha256
_DIGEST_BYTES = 32
_KEY_BYTES = 32
_LEVEL = 1  # of compression: a state is mostly numbers in base64, which any level brings to 3/4


class Keeper:
    """Signs states, and reads those that it has signed.

    A state says how much there is to render before the sound goes on, so nobody else may write one.

    Args:
        key: The same for all servers that shall take over each other's states; None has one drawn.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(_KEY_BYTES)

    def written(self, handover: Handover) -> str:
        """Return a state in base64url."""
        content = zlib.compress(handover.to_json().encode("ascii"), _LEVEL)
        return base64.urlsafe_b64encode(self._signature(content) + content).decode("ascii")

    def read(self, text: object) -> Handover:
        """Return what a state says.

        Raises:
            RequestError: It is not one that this key has signed.
        """
        refusal = RequestError(
            "the state is not one of this server's: send it as it came, within the same deployment"
        )
        if not isinstance(text, str) or len(text) > MAX_STATE_CHARS:
            raise refusal
        try:
            signed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeError):
            raise refusal from None
        signature, content = signed[:_DIGEST_BYTES], signed[_DIGEST_BYTES:]
        if not hmac.compare_digest(signature, self._signature(content)):
            raise refusal
        return Handover.from_json(zlib.decompress(content).decode("ascii"))

    def _signature(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, _DIGEST)
