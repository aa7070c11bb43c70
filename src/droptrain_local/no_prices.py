"""The answers of the laptop's price APIs: nothing is for sale here.

moto knows one Spot price, 0.00001, for every instance type, and no price list. An estimate from that would
be wrong.
"""

from typing import IO
from uuid import uuid4

from droptrain_local.query_protocol import form_of

_SPOT = """<?xml version="1.0" encoding="UTF-8"?>
<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
<requestId>{request_id}</requestId><spotPriceHistorySet/><nextToken></nextToken>
</DescribeSpotPriceHistoryResponse>"""


def answer(target: str, body: IO[bytes]) -> tuple[str, bytes] | None:
    """(content type, body) for a request for prices, empty lists as AWS words them; None for any other."""
    if target == "AWSPriceListService.GetProducts":
        return "application/x-amz-json-1.1", b'{"FormatVersion": "aws_v1", "PriceList": []}'
    if not target and form_of(body).get("Action") == "DescribeSpotPriceHistory":
        return "text/xml", _SPOT.format(request_id=uuid4()).encode()
    return None
