import os
import socket
from socketserver import ThreadingMixIn, UnixStreamServer
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler


class Handler(SimpleXMLRPCRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection
    disable_nagle_algorithm = False  # a Unix socket has none
    wbufsize = -1

    def log_request(self, code="-", size="-"):
        pass


class Server(ThreadingMixIn, UnixStreamServer, SimpleXMLRPCDispatcher):
    daemon_threads = True
    logRequests = False

    def __init__(self, listener):
        SimpleXMLRPCDispatcher.__init__(self, allow_none=True)
        UnixStreamServer.__init__(self, None, Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


pid = os.getpid()
hello = {
    "name": "bench", "version": "v1.2.3", "legion": "v1.2.3", "protocol": 1, "go": "go1.26.0", "pid": pid,
    "state": "running", "started": "2026-01-02T03:04:05Z", "uptime": 60.0,
}
status = {
    "name": "bench", "pid": pid, "state": "running", "version": "v1.2.3", "uptime": 60.0, "user": "root",
    "host": "localhost", "cpu": 1.0, "memory": 12 << 20, "load": [0.5, 0.25, 0.125], "workers": 2,
    "loop": {"ticks": 0, "missed": 0, "overruns": 0, "panics": 0, "pending": 0, "running": 0.0},
    "pools": [{
        "name": "echo", "kind": "worker", "state": "running", "min": 2, "max": 2, "ready": 2, "queued": 0,
        "running": 0, "calls": 0, "errors": 0, "restarts": 0,
    }],
    "control": ["unix:///run/bench/control.sock"], "log": {"written": 0, "dropped": 0},
}
server = Server(socket.socket(fileno=3))
server.register_function(lambda: hello, "daemon.hello")
server.register_function(lambda: status, "daemon.status")
server.serve_forever()
