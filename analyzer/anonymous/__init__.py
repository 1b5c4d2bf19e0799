"""A case without what tells whose it is: names, addresses, keys and payloads replaced, what hangs on them made anew.

Everything keeps its length, so that frames, streams and messages keep their form. What is not understood is blanked.
"""

from analyzer.anonymous.case import Anonymiser, Outcome, judged, leaks, said
from analyzer.anonymous.pseudonyms import Pseudonyms

__all__ = ["Anonymiser", "Outcome", "Pseudonyms", "judged", "leaks", "said"]
