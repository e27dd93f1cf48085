"""The protocols that viewers speak, as pure functions and objects: bytes or text in, packets and bytes out.

No sockets, no asyncio, no clocks. Whatever arrives, the only errors are `ProtocolError` and `Refusal`.
"""
