"""Takes its sockets by systemd's own library, and tells it when it is ready."""
import os
import socket
import threading

from systemd import daemon


def serve(listener, name):
    while True:
        client = listener.accept()[0]
        with client:
            client.recv(1000)
            client.send(f"HTTP/1.0 200 OK\r\n\r\nreplica={os.environ['HYDRINIT_REPLICA']} name={name}\n".encode())


names = daemon.listen_fds_with_names()
threads = []
for fd, name in sorted(names.items()):
    print(f"<{fd} is {name}>", flush=True)
    threads.append(threading.Thread(target=serve, args=(socket.socket(fileno=fd), name)))
    threads[-1].start()
daemon.notify("READY=1")
