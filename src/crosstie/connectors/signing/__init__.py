"""Is a webhook from whom it says: signatures over raw bytes, verified before anything is parsed.

Pure: no I/O and no clock. What is not proven raises `Forged`, whatever the bytes are, and nothing
else is ever raised. A key or secret that cannot work raises Misconfigured when the verifier is
made. No setting turns a check off. Start reading at `strict.py`.
"""

from crosstie.connectors.signing.keys import Key, keys_of, resolved
from crosstie.connectors.signing.public import Ed25519, Rsa4096
from crosstie.connectors.signing.standard import StandardWebhooks
from crosstie.connectors.signing.stripe import Stripe

__all__ = ["Ed25519", "Key", "Rsa4096", "StandardWebhooks", "Stripe", "keys_of", "resolved"]
