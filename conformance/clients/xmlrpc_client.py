"""xmlrpc.client of Python's standard library. Argument: tcp or unix."""

import datetime
import http.client
import os
import socket
import sys
import xml.etree.ElementTree
import xmlrpc.client

from tap import check, end, ok


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(os.environ["CONTROL_UNIX"])


class CountingTransport(xmlrpc.client.Transport):
    """Counts its connections, and goes over the Unix socket if it is told to."""

    connections = 0

    def make_connection(self, host):
        if self._connection and host == self._connection[0]:
            return self._connection[1]
        self.connections += 1
        kind = UnixConnection if sys.argv[1] == "unix" else http.client.HTTPConnection
        self._connection = host, kind(host)
        return self._connection[1]


URL = "http://localhost/RPC2" if sys.argv[1] == "unix" else f"http://{os.environ['CONTROL_TCP']}/RPC2"


def proxy(**options):
    transport = CountingTransport(use_builtin_types=True)
    options = {"allow_none": True, "use_builtin_types": True, **options}
    return transport, xmlrpc.client.ServerProxy(URL, transport=transport, **options)


def fault(name, code, call, *args):
    """Calling ends in a fault with that code, and with a text that says something."""
    try:
        got = call(*args)
    except xmlrpc.client.Fault as e:
        ok(f"{name}: fault {code}", e.faultCode == code and len(e.faultString) > 3, repr(e))
        return e.faultString
    except Exception as e:  # not to be survived by a check
        ok(f"{name}: fault {code}", False, repr(e))
        return ""
    ok(f"{name}: fault {code}", False, f"no fault, but {got!r}")
    return ""


def raw(body, path="/RPC2", headers=None):
    """Posts body as it is."""
    _, server = proxy()
    connection = server("transport").make_connection(URL.split("/")[2])
    connection.request("POST", path, body, {"Content-Type": "text/xml", **(headers or {})})
    response = connection.getresponse()
    return response.status, response.read()


transport, server = proxy()

# Parameters, by position and by name.
check("math.add(2, 3)", server.math.add(2, 3), 5)
check("math.add by name", server.math.add({"a": 2, "b": 3}), 5)
check("math.add of the ends of int", server.math.add(2**31 - 1, -(2**31)), -1)
check("what is beyond 32 bits comes as i8", server.math.add(2**31 - 1, 1), 2**31)
check("text.upper by position", server.text.upper("élan, ελλάδα"), "ÉLAN, ΕΛΛΆΔΑ")
check("text.upper by name", server.text.upper({"text": "abc"}), "ABC")

# Values of every type come back as they were.
for value in [
    0, 1, -1, 2**31 - 1, -(2**31),
    0.5, -1.5, 1e300, 5e-324, 3.141592653589793,
    True, False, None,
    "", "x", "  with spaces  ", "Grüße, 世界 🎉", "<&>\"'", "]]>", "two\nlines\tand a tab", "&amp;lt;",
    [], [1, "two", 3.5, True, None, [[]]],
    {}, {"name": "x", "": "empty", "schön": {"deep": [{"er": None}]}, "<&>": "]]>"},
    [[[[[[[[1]]]]]]]],
]:
    check(f"types.echo of {value!r}", server.types.echo(value), value)
large = "ä" * (1 << 19)
check("types.echo of 1 MiB", server.types.echo(large), large)
check("blob.reverse", server.blob.reverse(bytes(range(256))), bytes(reversed(range(256))))
check("blob.reverse of nothing", server.blob.reverse(b""), b"")
moment = datetime.datetime(2024, 2, 29, 23, 59, 58)
check("time.echo", server.time.echo(moment), moment)
ok("time.now is a dateTime", isinstance(server.time.now(), datetime.datetime), "it is not")

# Text that XML cannot hold as it is.
status, body = raw("<methodCall><methodName>types.echo</methodName><params><param><value>a&#13;&#10;b&#13;</value></param></params></methodCall>")
check("carriage returns survive", xmlrpc.client.loads(body)[0][0], "a\r\nb\r")
for hexadecimal in ["01", "00", "fffe", "ed9f80eda080", "efbfbe"]:
    _, body = raw(f"<methodCall><methodName>text.unhex</methodName><params><param><value>{hexadecimal}</value></param></params></methodCall>")
    try:
        xml.etree.ElementTree.fromstring(body)
        ok(f"text of the bytes {hexadecimal}: still XML", True)
    except xml.etree.ElementTree.ParseError as e:
        ok(f"text of the bytes {hexadecimal}: still XML", False, f"{e}: {body!r}")

# Encodings other than UTF-8.
for encoding in ["iso-8859-1", "us-ascii", "utf-16"]:
    check(f"a call in {encoding}", proxy(encoding=encoding)[1].types.echo("grüße"), "grüße")

# Faults.
text = fault("a method that fails", -32500, server.fail, "no room for ünïcode <&>")
ok("its fault tells the error", "no room for ünïcode <&>" in text, text)
fault("an unknown method", -32601, server.no.such)
fault("a method's name in other case", -32601, server.Math.Add, 1, 2)
text = fault("a parameter of the wrong type", -32602, server.math.add, 2, "three")
ok("its fault names the parameter", '"b"' in text or "/b" in text or " b" in text, text)
fault("a parameter that is missing", -32602, server.math.add, 2)
fault("a parameter too many", -32602, server.math.add, 2, 3, 4)
fault("an unknown parameter", -32602, server.math.add, {"a": 2, "b": 3, "c": 4})
fault("a fraction where an int is due", -32602, server.math.add, 2, 3.5)
fault("a method that panics", -32603, server.panics)
text = fault("a stream", -32600, server.call.stream, "count", 1)
ok("its fault says where streams are", "stream" in text, text)

# Documents that are no calls.
for name, document, codes in [
    ("no XML", "<methodCall", [-32700]),
    ("rubbish after the document", "<methodCall><methodName>time.now</methodName></methodCall>x", [-32700, -32600]),
    ("another document", "<html></html>", [-32700, -32600]),
    ("two members of one name", "<methodCall><methodName>types.echo</methodName><params><param><value><struct><member><name>a</name><value>1</value></member><member><name>a</name><value>2</value></member></struct></value></param></params></methodCall>", [-32700, -32600, -32602]),
    ("an int that is none", "<methodCall><methodName>types.echo</methodName><params><param><value><int>1x</int></value></param></params></methodCall>", [-32700, -32600, -32602]),
    ("a DTD", '<!DOCTYPE x [<!ENTITY e "boom">]><methodCall><methodName>types.echo</methodName><params><param><value>&e;</value></param></params></methodCall>', [-32700, -32600]),
    ("an unknown encoding", '<?xml version="1.0" encoding="klingon"?><methodCall><methodName>time.now</methodName></methodCall>', [-32701]),
    ("bytes that are no UTF-8", b"<methodCall><methodName>types.echo</methodName><params><param><value>\xff</value></param></params></methodCall>", [-32702, -32700]),
    ("a depth without end", "<methodCall><methodName>types.echo</methodName><params><param>" + "<value><array><data>" * 5000 + "</data></array></value>" * 5000 + "</param></params></methodCall>", [-32700, -32600, -32400]),
]:
    status, body = raw(document)
    try:
        xmlrpc.client.loads(body)
        ok(f"{name}: refused", False, f"{status} {body!r:.300}")
    except xmlrpc.client.Fault as e:
        ok(f"{name}: refused with {codes}", e.faultCode in codes and len(e.faultString) > 3, repr(e))
    except Exception as e:
        ok(f"{name}: refused", False, f"{e!r}: {status} {body!r:.300}")
check("a call without params", xmlrpc.client.loads(raw("<?xml version='1.0'?>\n<methodCall><methodName>math.add</methodName><params><param><value><i4>1</i4></value></param><param><value><i8>2</i8></value></param></params></methodCall>\n")[1])[0][0], 3)

# Several calls at once.
multicall = xmlrpc.client.MultiCall(server)
multicall.math.add(1, 2)
multicall.fail("inside")
multicall.text.upper("x")
multicall.no.such()
results = multicall()
check("multicall: the first result", results[0], 3)
fault("multicall: a call that fails", -32500, lambda: results[1])
check("multicall: the call after it", results[2], "X")
fault("multicall: an unknown method", -32601, lambda: results[3])
check("multicall of nothing", server.system.multicall([]), [])
inner = server.system.multicall([{"methodName": "system.multicall", "params": [[]]}])
ok("multicall within multicall: refused with -31001", inner[0].get("faultCode") == -31001, repr(inner))
fault("multicall of what is no call", -31000, lambda: list(xmlrpc.client.MultiCallIterator(server.system.multicall(["x"]))))

# Introspection.
methods = server.system.listMethods()
for name in ["math.add", "types.echo", "system.listMethods", "system.methodHelp", "system.methodSignature", "system.multicall", "system.getCapabilities"]:
    ok(f"system.listMethods has {name}", name in methods, repr(methods))
check("system.listMethods is sorted, each once", methods, sorted(set(methods)))
help = server.system.methodHelp("math.add")
ok("system.methodHelp", help.startswith("Adds two numbers.") and "the first" in help and "operate" in help, help)
check("system.methodSignature of math.add", server.system.methodSignature("math.add")[0], ["int", "int", "int"])
check("system.methodSignature of time.echo", server.system.methodSignature("time.echo")[0], ["dateTime.iso8601", "dateTime.iso8601"])
check("system.methodSignature of blob.reverse", server.system.methodSignature("blob.reverse")[0], ["base64", "base64"])
for name in methods:
    ok(f"{name} has a help and a signature", isinstance(server.system.methodHelp(name), str) and isinstance(server.system.methodSignature(name), (list, str)))
fault("the help of an unknown method", -32602, server.system.methodHelp, "no.such")
capabilities = server.system.getCapabilities()
for name in ["xmlrpc", "introspection", "system.multicall", "faults_interop"]:
    ok(f"system.getCapabilities has {name}", set(capabilities.get(name, {})) >= {"specUrl", "specVersion"}, repr(capabilities))

check("all of this went over one connection", transport.connections, 1)
end()
