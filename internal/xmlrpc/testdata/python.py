"""Makes the files of this folder with Python's own xmlrpc.client, so that the tests need no Python.

call-*.xml, response-*.xml   what Python sends, and beside it in *.json what it means
go-*.json                    what Python reads in go-*.xml, which the tests write: go test -run TestPythonReads -update

Run it in this folder: python3 python.py
"""

import datetime
import glob
import json
import xmlrpc.client as x

CALLS = {
    "empty": ("daemon.status", ()),
    "scalars": ("a.b", (True, False, 0, -2147483648, 2147483647, 1.5, -0.25, 1e100, 5e-324, 1e16, 3.0, "", "text")),
    "text": ("a", (" spaces ", "<&>]]>\"'", "line\nline\ttab", "Grüße, 世界, 🐧")),
    "binary": ("a", (x.Binary(b""), x.Binary(bytes(range(256))), b"\x00\xff", bytearray(b"abc"))),
    "datetime": ("a", (x.DateTime("19980717T14:08:55"), datetime.datetime(2026, 2, 28, 23, 59, 59, 999999),
                       x.DateTime(datetime.datetime(999, 1, 2, 3, 4, 5)))),
    "nil": ("a", (None, [None], {"a": None})),
    "nested": ("a", ([], {}, [[], [1, [2]], {}], {"a": {"b": [{"c": {}}]}, "": "", "<&>": 1})),
    "multicall": ("system.multicall", ([{"methodName": "a", "params": [1]}, {"methodName": "b", "params": []}],)),
}
RESPONSES = {"result": ({"state": "running", "load": [0.5, 1.0], "pid": 4711},), "nothing": (None,)}
FAULTS = {"fault": x.Fault(-32601, "no such method: <a>")}


def plain(v):
    """What the value is in JSON."""
    if isinstance(v, (bytes, bytearray)):
        v = x.Binary(bytes(v))
    if isinstance(v, x.Binary):
        import base64
        return base64.b64encode(v.data).decode()
    if isinstance(v, datetime.datetime):
        v = x.DateTime(v)
    if isinstance(v, x.DateTime):
        d = datetime.datetime.strptime(v.value.rjust(17, "0"), "%Y%m%dT%H:%M:%S")
        return "%04d-%02d-%02dT%02d:%02d:%02dZ" % d.timetuple()[:6]
    if isinstance(v, (list, tuple)):
        return [plain(e) for e in v]
    if isinstance(v, dict):
        return {k: plain(e) for k, e in v.items()}
    return v


def write(name, xml, value):
    if isinstance(xml, str):
        xml = xml.encode()
    with open(name + ".xml", "wb") as f:
        f.write(xml)
    write_json(name, value)


def write_json(name, value):
    with open(name + ".json", "w") as f:
        json.dump(value, f, indent=1, sort_keys=True)
        f.write("\n")


for name, (method, params) in CALLS.items():
    call = x.dumps(params, method, allow_none=True)
    write("call-" + name, call, {"method": method, "params": plain(params)})
# As the client sends it if it is told the encoding.
for encoding in "iso-8859-1", "us-ascii":
    params = ("Grüße",) if encoding != "us-ascii" else ("text",)
    call = x.dumps(params, "a", encoding=encoding).encode(encoding)
    write("call-" + encoding, call, {"method": "a", "params": params})
params = ("Grüße, 🐧",)
call = x.dumps(params, "a", encoding="utf-16").encode("utf-16")
write("call-utf-16", call, {"method": "a", "params": params})

for name, params in RESPONSES.items():
    write("response-" + name, x.dumps(params, methodresponse=True, allow_none=True), plain(params[0]))
for name, fault in FAULTS.items():
    write("response-" + name, x.dumps(fault, methodresponse=True),
          {"code": fault.faultCode, "message": fault.faultString})


def tell(v):
    """What Python read, with its types."""
    if isinstance(v, list):
        return [tell(e) for e in v]
    if isinstance(v, dict):
        return {k: tell(e) for k, e in v.items()}
    return type(v).__name__ + " " + (v.hex() if isinstance(v, bytes) else str(v))


for file in glob.glob("go-*.xml"):
    with open(file, "rb") as f:
        data = f.read()
    try:
        params, method = x.loads(data, use_builtin_types=True)
        value = {"method": method, "params": tell(list(params))}
    except x.Fault as e:
        value = {"code": e.faultCode, "message": e.faultString}
    write_json(file[:-4], value)
