"""A TCP proxy that is as far away as S3: each request waits, each connection has its limit."""

import argparse
import asyncio

CHUNK_BYTES = 256 << 10


async def main() -> None:
    """Print the port, then pass bytes on until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=int, help="the server's port on 127.0.0.1")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--mb-per-second", type=float, help="the limit of each connection (default: none)")
    parser.add_argument("--up-mb-per-second", type=float, help="the limit of all uploads together")
    options = parser.parse_args()
    wait = options.latency_ms / 1000
    up = Pace(options.up_mb_per_second)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(
            "127.0.0.1", options.target, limit=4 * CHUNK_BYTES
        )
        await asyncio.gather(
            pump(reader, there_writer, up, wait=wait),
            pump(there_reader, writer, Pace(options.mb_per_second)),
            return_exceptions=True,
        )

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=4 * CHUNK_BYTES, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Pace:
    """Lets so many MB pass in a second, whoever shares it; without a number, all at once."""

    def __init__(self, mb_per_second: float | None) -> None:
        self._seconds_a_byte = 1 / (mb_per_second * 1e6) if mb_per_second else 0.0
        self._due = 0.0

    async def keep(self, count: int) -> None:
        """Wait until `count` more bytes may pass."""
        if self._seconds_a_byte:
            now = asyncio.get_running_loop().time()
            self._due = max(self._due, now) + count * self._seconds_a_byte
            await asyncio.sleep(self._due - now)


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: Pace, *, wait: float = 0
) -> None:
    """Pass on what comes, `wait` seconds later, at its pace."""
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            if wait:
                await asyncio.sleep(wait)
            await pace.keep(len(chunk))
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(main())
