"""asyncio: who_asyncio.py PORT..., on every port both 0.0.0.0 and [::]."""
import asyncio
import os
import sys


async def serve(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    who = f"replica={os.environ['HYDRINIT_REPLICA']} pid={os.getpid()}"
    writer.write(f"HTTP/1.0 200 OK\r\n\r\n{who} port={writer.get_extra_info('sockname')[1]}\n".encode())
    await writer.drain()
    writer.close()


async def main():
    servers = [await asyncio.start_server(serve, None, int(port)) for port in sys.argv[1:]]
    for server in servers:
        for sock in server.sockets:
            print(f"<bound {sock.getsockname()[1]}>", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))

asyncio.run(main())
