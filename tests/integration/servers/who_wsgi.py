"""For gunicorn, and for uvicorn."""
import os


def who():
    return f"replica={os.environ['HYDRINIT_REPLICA']} pid={os.getpid()}\n".encode()


def application(environ, start_response):
    start_response("200 OK", [])
    return [who()]


async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": who()})
