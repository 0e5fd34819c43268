"""COUNT PORT COMMAND...: that many of the command, each with a listening socket of its own (SO_REUSEPORT), whose
number is in FD. What servers do that know the option; the kernel spreads connections by their addresses."""
import os
import signal
import socket
import subprocess
import sys

count, port, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
workers = []
for _ in range(count):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("0.0.0.0", port))
        descriptor = listener.fileno()
        workers.append(subprocess.Popen(command, pass_fds=[descriptor], env={**os.environ, "FD": str(descriptor)}))
signal.signal(signal.SIGTERM, lambda number, frame: [worker.send_signal(number) for worker in workers])
for worker in workers:
    worker.wait()
