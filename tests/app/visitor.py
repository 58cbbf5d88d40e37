"""A visitor without a browser: speaks Streamlit's protocol as its page does, and keeps what is on the page.

For tests and benchmarks of many at once; what only a browser does (drawing, the map) is not done here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState


@dataclass(frozen=True)
class Update:
    """How long a page took from the asking to the end of its script, and how many bytes came."""

    seconds: float
    received: int


@dataclass
class Visitor:
    """One open page.

    Parameters
    ----------
    url : str
        Address of the app.
    query : dict
        View in the address.
    """

    url: str
    query: dict[str, str] = field(default_factory=dict)
    page: str = ""
    elements: dict[tuple[int, ...], Any] = field(default_factory=dict)
    _cached: dict[str, ForwardMsg] = field(default_factory=dict)
    _line: Any = None

    async def __aenter__(self) -> Visitor:
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        # A browser never asks whether the server is still there; it answers when it is asked.
        patient = {"max_size": None, "open_timeout": 120, "ping_interval": None}
        self._line = await websockets.connect(address, subprotocols=["streamlit"], **patient)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._line.close()

    async def open(self, page: str = "") -> Update:
        """Open a page by its name in the address, as at the first visit or by the navigation."""
        self.page = page
        return await self._ask([])

    async def press(self, label: str) -> Update:
        """Press the button with a label."""
        return await self._ask([WidgetState(id=self._widget("button", label), trigger_value=True)])

    async def choose(self, label: str, option: str) -> Update:
        """Choose an option, by its words, of a row of choices or a list."""
        for kind in ("button_group", "selectbox"):
            for one in self.of(kind):
                if one.label == label:
                    return await self._ask([_chosen(kind, one, option)])
        raise LookupError(f"no choice {label!r} on the page")

    def of(self, kind: str) -> Iterator[Any]:
        """Yield the elements of one kind, in the order of the page."""
        for _, element in sorted(self.elements.items()):
            if element.WhichOneof("type") == kind:
                yield getattr(element, kind)

    @property
    def text(self) -> str:
        """All words on the page."""
        told = [one.body for kind in ("heading", "markdown", "html") for one in self.of(kind)]
        return "\n".join(told)

    def _widget(self, kind: str, label: str) -> str:
        return str(next(one.id for one in self.of(kind) if one.label == label))

    async def _ask(self, states: list[WidgetState]) -> Update:
        asked = BackMsg()
        asked.rerun_script.query_string = urlencode(self.query)
        asked.rerun_script.page_name = self.page
        asked.rerun_script.widget_states.widgets.extend(states)
        start = time.perf_counter()
        await self._line.send(asked.SerializeToString())
        received = 0
        while True:
            data = await self._line.recv()
            received += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            if self._take(message):
                return Update(time.perf_counter() - start, received)

    def _take(self, message: ForwardMsg) -> bool:
        """Put a message on the page; return whether it ends the script's run."""
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            path = list(message.metadata.delta_path)
            message = self._cached[message.ref_hash]
            self._place(path, message)
            return False
        if message.metadata.cacheable:
            self._cached[message.hash] = message
        if kind == "new_session":
            self.elements.clear()
        elif kind == "delta":
            self._place(list(message.metadata.delta_path), message)
        elif kind == "page_info_changed":
            pairs = message.page_info_changed.query_string.split("&")
            self.query = dict(pair.split("=", 1) for pair in pairs if pair)
        return kind == "script_finished"

    def _place(self, path: list[int], message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") == "new_element":
            self.elements[tuple(path)] = message.delta.new_element


def _chosen(kind: str, widget: Any, option: str) -> WidgetState:
    if kind == "selectbox":
        return WidgetState(id=widget.id, string_value=option)
    return WidgetState(id=widget.id, string_array_value={"data": [option]})
