"""Twin of Viettel's CcApi: SOAP, words instead of codes, a memory of equal texts."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from dispatcher.simulators.vendors.ledger import Twin

PREFIX = "/viettel"
_ONE = (
    '<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
    '<S:Body><ns2:{name}Response xmlns:ns2="http://impl.bulkSms.ws/"><return>{inside}</return>'
    "</ns2:{name}Response></S:Body></S:Envelope>"
)
OK = "Insert MT_QUEUE: OK"


class ViettelTwin:
    """One CP account that remembers which text went to whom."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.seen: set[tuple[str, str]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PREFIX, self.serve)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.twin.answer(request, self._answer, bytes)

    def _answer(self, body: bytes) -> web.Response:
        root = ElementTree.fromstring(body)
        operation = next(n for n in root.iter() if n.tag.endswith(("}wsCpMt", "}wsCpBatchMt")))
        said = {child.tag: child.text or "" for child in operation}
        if (said.get("User"), said.get("Password")) != ("drill-user", "drill-password"):
            words = "Authenticate: WRONG_INFORMATION_AUTHENTICATE"
            return _reply("wsCpMt", f"<message>{words}</message><result>0</result>")
        if operation.tag.endswith("}wsCpMt"):
            words = self._take(
                said, said.get("ReceiverID", ""), said.get("Content", ""), said.get("ServiceID", "")
            )
            return _reply("wsCpMt", _result(words))
        items = ""
        for item in operation.findall("requestMt"):
            found = [item.findtext(k) or "" for k in ("receiverID", "content", "serviceID")]
            words = self._take(said, found[0], found[1], found[2])
            place = f"<requestId>{item.findtext('requestID')}</requestId>"
            items += f"<responseMt>{_result(words)}{place}</responseMt>"
        return _reply("wsCpBatchMt", f"<errCode>0</errCode><errDesc>ok</errDesc>{items}")

    def _take(self, said: dict[str, str], to: str, content: str, brand: str) -> str:
        if said.get("CommandCode") != "bulksms":
            return "Check CommandCode: COMMAND_CODE_INVALID"
        if not re.fullmatch(r"84\d{9}", to):
            return "Check ReceiverID: FORMAT_ERROR"
        if not content:
            return "Check Content: NULL_OR_BLANK"
        if not brand:
            return "Check ServiceID: NULL_OR_BLANK"
        if "LOI_MAU" in content:
            return "Check template: CONTENT_NOT_MATCH_TEMPLATE"
        if (to, content) in self.seen:
            return "Check ServiceID: DUPLICATE MESSAGE"
        self.seen.add((to, content))
        self.twin.ledger.take("sms", to, "")
        return OK


def _result(words: str) -> str:
    return f"<message>{escape(words)}</message><result>{int(words == OK)}</result>"


def _reply(name: str, inside: str) -> web.Response:
    return web.Response(text=_ONE.format(name=name, inside=inside), content_type="text/xml")
