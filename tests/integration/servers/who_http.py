"""http.server: who_http.py PORT [HOST]."""
import http.server
import os
import socket
import sys


class Who(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"replica={os.environ['HYDRINIT_REPLICA']} pid={os.getpid()}\n".encode())

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET


Server((sys.argv[2], int(sys.argv[1])), Who).serve_forever()
