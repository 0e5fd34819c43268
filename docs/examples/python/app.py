import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"replica %s\n" % os.environb[b"HYDRINIT_REPLICA"]]
