"""How many queries the client gets answered in a second by a server on loopback, kept in a store on disk, and how many it finds answered in a second run:
``python -m tests.benchmarks.endpoint [QUERIES]``. The server, in another process, answers at once; so this is the cost of the client alone."""

import multiprocessing
import sys
import tempfile
import time

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.client import ask
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import Chat
from winnow.tasks.engine.store import Store


def serve(pipe):
    """A server that answers everything with the same bytes, on as little as asyncio needs."""
    import asyncio
    import json

    from tests.endpoint.server import chat

    body = json.dumps(chat("B: because it is so.")).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async def handle(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run():
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    queries = [Chat((("system", "Name the topic."), ("user", f"{n} " + "grain " * 500)), {"max_tokens": 20}) for n in range(count)]
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    place = Endpoint(f"http://127.0.0.1:{here.recv()}/v1", "tiny", concurrency=32)
    print("| | queries per second | CPU ms per query |\n| --- | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("asked", "found answered"):
            begin, cpu = time.perf_counter(), time.process_time()
            tally = ask(place, Answers(Store(folder)), queries)
            seconds, used = time.perf_counter() - begin, time.process_time() - cpu
            assert (tally.asked if name == "asked" else tally.known) == count
            print(f"| {name} | {count / seconds:,.0f} | {used / count * 1000:.2f} |")
    server.terminate()


if __name__ == "__main__":
    main()
