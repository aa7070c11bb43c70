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
    options = parser.parse_args()
    wait = options.latency_ms / 1000
    pace = 1 / (options.mb_per_second * 1e6) if options.mb_per_second else 0.0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(
            "127.0.0.1", options.target, limit=4 * CHUNK_BYTES
        )
        await asyncio.gather(
            pump(reader, there_writer, wait=wait),
            pump(there_reader, writer, pace=pace),
            return_exceptions=True,
        )

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=4 * CHUNK_BYTES, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, wait: float = 0, pace: float = 0
) -> None:
    """Pass on what comes, `wait` seconds later, `pace` seconds a byte."""
    clock = asyncio.get_running_loop().time
    due = clock()
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            if wait:
                await asyncio.sleep(wait)
            if pace:
                due = max(due, clock()) + len(chunk) * pace
                await asyncio.sleep(due - clock())
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(main())
