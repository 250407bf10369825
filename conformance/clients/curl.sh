#!/usr/bin/env bash
# curl: JSON-RPC, XML-RPC, pages and server-sent events over HTTP. Argument: tcp or unix.
set -uo pipefail
cd "$(dirname "$0")"
. ./tap.sh

if [[ $1 == unix ]]; then
	to=(--unix-socket "$CONTROL_UNIX") base=http://localhost
else
	to=() base=http://$CONTROL_TCP
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# http PATH [OPTION...] sets status, head (its lines end in \n) and body. 60 seconds are for a server that hangs.
http() {
	local path=$1
	shift
	: >"$dir/head" >"$dir/body"
	status=$(curl -sS --globoff --max-time 60 "${to[@]}" -D "$dir/head" -o "$dir/body" -w '%{http_code}' "$@" "$base$path" 2>"$dir/errors") ||
		status="curl's exit code $?: $(<"$dir/errors")"
	head=$(tr -d '\r' <"$dir/head") body=$(tr -d '\0' <"$dir/body")
}

# rpc REQUEST [OPTION...] posts JSON.
rpc() {
	local request=$1
	shift
	http /rpc -H 'Content-Type: application/json' --data-binary "$request" "$@"
}

# call METHOD PARAM... is an XML-RPC call; parameters are values in XML.
call() {
	local method=$1
	shift
	printf '<?xml version="1.0"?><methodCall><methodName>%s</methodName><params>' "$method"
	[[ $# == 0 ]] || printf '<param><value>%s</value></param>' "$@"
	echo '</params></methodCall>'
}

add='{"jsonrpc":"2.0","id":1,"method":"math.add","params":[2,3]}'

# JSON-RPC.
for path in /rpc / /RPC2; do
	http $path -H 'Content-Type: application/json' --data-binary "$add"
	is "POST $path: status" "$status" 200
	is "POST $path: body" "${body//[$' \n']/}" '{"jsonrpc":"2.0","result":5,"id":1}'
done
has 'its type' "${head,,}" 'content-type: application/json'
has 'its length' "${head,,}" $'\ncontent-length: '
http /rpc -H 'Content-Type: application/json; charset=utf-8' --data-binary '{"jsonrpc":"2.0","id":"a","method":"math.add","params":{"b":3,"a":2}}'
has 'parameters by name, a type with a charset' "$body" '"result":5' '"id":"a"'
rpc '{"jsonrpc":"2.0","id":1,"method":"text.upper","params":["ünïcode \ud83c\udf89 🎉"]}'
has 'unicode' "$body" '"ÜNÏCODE 🎉 🎉"'
rpc '{"jsonrpc":"2.0","method":"math.add","params":[2,3]}'
is 'a notification: status' "$status" 204
is 'a notification: no body' "$body" ''
rpc "[$add,{\"jsonrpc\":\"2.0\",\"method\":\"math.add\",\"params\":[1,1]},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"fail\",\"params\":[\"boom\"]},1]"
has 'a batch' "$body" '"result":5' '-32500' 'boom' '-32600'
is 'a batch: as many answers as requests with an id, or that are none' "$(grep -o '"id":' <<<"$body" | wc -l)" 3
rpc '[{"jsonrpc":"2.0","method":"math.add","params":[1,1]},{"jsonrpc":"2.0","method":"math.add","params":[1,2]}]'
is 'a batch of notifications: status' "$status" 204
rpc "[$(for ((i = 0; i < 101; i++)); do printf '%s,' "$add"; done)$add]"
lacks 'a batch beyond the limit: nothing of it runs' "$body" '"result"'
has 'a batch beyond the limit: an error' "$body" '"error"'

# Requests that are none. Each gets an answer, and says what is wrong.
while read -r code request; do
	rpc "$request"
	is "$request: status" "$status" 200
	has "$request: error" "$body" '"jsonrpc":"2.0"' "\"code\":$code" '"message":"'
	lacks "$request: no result" "$body" '"result"'
done <<'REQUESTS'
-32700 {"jsonrpc":"2.0","method":"math.add"
-32700 {"jsonrpc":"2.0","id":1,"method":"math.add","params":[2,3]}x
-32700 {"jsonrpc":"2.0","id":1,"id":2,"method":"math.add","params":[2,3]}
-32600 []
-32600 1
-32600 "math.add"
-32600 {}
-32600 {"jsonrpc":"1.0","id":1,"method":"math.add","params":[2,3]}
-32600 {"id":1,"method":"math.add","params":[2,3]}
-32600 {"jsonrpc":"2.0","id":1,"Method":"math.add","params":[2,3]}
-32600 {"jsonrpc":"2.0","id":1,"method":"math.add","params":[2,3],"extra":1}
-32600 {"jsonrpc":"2.0","id":{},"method":"math.add","params":[2,3]}
-32600 {"jsonrpc":"2.0","id":1,"method":1}
-32600 {"jsonrpc":"2.0","id":1,"method":"math.add","params":"2"}
-32601 {"jsonrpc":"2.0","id":1,"method":"no.such"}
-32601 {"jsonrpc":"2.0","id":1,"method":"Math.add","params":[2,3]}
-32602 {"jsonrpc":"2.0","id":1,"method":"math.add","params":[2]}
-32602 {"jsonrpc":"2.0","id":1,"method":"math.add","params":[2,3,4]}
-32602 {"jsonrpc":"2.0","id":1,"method":"math.add","params":{"a":2,"B":3}}
-32602 {"jsonrpc":"2.0","id":1,"method":"math.add","params":{"a":2,"b":"3"}}
-32500 {"jsonrpc":"2.0","id":1,"method":"fail","params":["boom"]}
-32603 {"jsonrpc":"2.0","id":1,"method":"panics"}
REQUESTS
rpc $'{"jsonrpc":"2.0","id":1,"method":"types.echo","params":["\xff"]}'
has 'bytes that are no UTF-8' "$body" '-32700'
rpc "$(printf '[%.0s' {1..5000})"
has 'a depth without end' "$body" '"error"'

# XML-RPC.
for type in text/xml application/xml 'text/xml; charset=utf-8'; do
	http /RPC2 -H "Content-Type: $type" --data-binary "$(call math.add '<int>2</int>' '<i4>3</i4>')"
	is "$type: status" "$status" 200
	has "$type: answer" "$body" '<methodResponse>' '<int>5</int>'
	has "$type: its type" "${head,,}" 'content-type: text/xml'
done
http /rpc -H 'Content-Type: text/xml' --data-binary "$(call fail '<string>&lt;boom&gt;</string>')"
has 'XML-RPC: a fault' "$body" '<fault>' '-32500' '&lt;boom'
http /rpc -H 'Content-Type: text/xml' --data-binary '<methodCall'
has 'XML-RPC: no XML' "$body" '<fault>' '-32700'
http / -H 'Content-Type: text/xml' --data-binary "$(call system.listMethods)"
has 'XML-RPC: system.listMethods' "$body" 'math.add' 'system.multicall'

# Bodies in every way.
rpc "$add" -H 'Transfer-Encoding: chunked'
has 'a body in chunks' "$body" '"result":5'
{
	printf '{"jsonrpc":"2.0","id":1,"method":"types.echo","params":["'
	head -c 1048576 /dev/zero | tr '\0' x
	printf '"]}'
} >"$dir/large"
for how in 'Expect: 100-continue' 'Expect:' 'Transfer-Encoding: chunked'; do
	http /rpc -v --expect100-timeout 50 -H 'Content-Type: application/json' -H "$how" --data-binary "@$dir/large"
	is "1 MiB with $how: status" "$status" 200
	is "1 MiB with $how: it comes back" "$(tr -cd x <"$dir/body" | wc -c)" 1048576
	[[ $how != Expect:\ * ]] || has 'the server says to go on' "$(<"$dir/errors")" '< HTTP/1.1 100 Continue'
done
head -c 5000000 /dev/zero | tr '\0' ' ' >"$dir/huge"
http /rpc -v --expect100-timeout 50 -H 'Content-Type: application/json' -H 'Expect: 100-continue' --data-binary "@$dir/huge"
is 'a body beyond the limit: status' "$status" 413
lacks 'a body beyond the limit: it is not asked for' "$(<"$dir/errors")" '100 Continue'
http /rpc -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary "@$dir/huge"
is 'chunks beyond the limit: status' "$status" 413
http /rpc -X POST -H 'Content-Type: application/json' --data-binary ''
has 'an empty body' "$status $body" '-32700'
rpc "$add" --compressed
has 'a client that takes compressed answers' "$body" '"result":5'
rpc "$add" -H 'Content-Encoding: gzip'
is 'a compressed body: status' "$status" 415

# Connections.
: >"$dir/body"
curl -sS --max-time 60 "${to[@]}" -H 'Content-Type: application/json' --data-binary "$add" -w '\n%{num_connects}\n' "$base/rpc" "$base/rpc" "$base/rpc" >"$dir/body"
is 'one connection for three requests' "$(grep -c '^1$' "$dir/body") $(grep -c '^0$' "$dir/body")" '1 2'
rpc "$add" --http1.0
has 'HTTP/1.0' "$status $body" '200' '"result":5'
lacks 'HTTP/1.0: no chunks' "${head,,}" 'transfer-encoding'
rpc "$add" -H 'Connection: close'
has 'Connection: close: the answer' "$body" '"result":5'
has 'Connection: close: it is said' "${head,,}" 'connection: close'

# Pages.
http /healthz
is '/healthz' "$status" 200
http /readyz
is '/readyz' "$status" 200
http /healthz --head
is 'HEAD /healthz: status' "$status" 200
is 'HEAD /healthz: no body' "$(sed '1,/^$/d' <<<"$body")" ''
http / -H 'Accept: application/json'
is 'GET /: status' "$status" 200
has 'GET /: greeting' "$body" '{' '"name"'
http /nowhere
is 'another path' "$status" 404
http /rpc
is 'GET /rpc' "$status" 405
has 'GET /rpc: what is allowed' "$head" 'POST'
http /healthz --data x
is 'POST /healthz' "$status" 405
http /rpc -X DELETE
is 'DELETE /rpc' "$status" 405
http /rpc -H 'Content-Type: text/plain' --data-binary "$add"
is 'text/plain' "$status" 415
http /rpc --data-binary "$add"
is 'a form' "$status" 415
http /rpc -H 'Content-Type:' --data-binary "$add"
is 'no type' "$status" 415

# What a page in a browser could send.
rpc "$add" -H 'Origin: http://evil.example'
is 'Origin: status' "$status" 403
lacks 'Origin: no result' "$body" '"result"'
rpc "$add" -H 'Origin: null'
is 'Origin null: status' "$status" 403
if [[ $1 == tcp ]]; then
	rpc "$add" -H 'Host: evil.example'
	is 'Host of a stranger: status' "$status" 403
	rpc "$add" -H "Host: localhost:${CONTROL_TCP##*:}"
	is 'Host localhost: status' "$status" 200
	rpc '{"jsonrpc":"2.0","id":1,"method":"daemon.stop"}'
	has 'what the caller may not do' "$body" '"code":-32001'
fi

# Heads that are too large or none.
http /healthz -H "X-Large: $(head -c 100000 /dev/zero | tr '\0' x)"
has 'a large head' '400 413 431' "$status"
http /rpc -H 'Content-Type: application/json' -H 'Content-Length: -1' --data-binary "$add"
is 'a negative length' "$status" 400
http /rpc -H 'Content-Type: application/json' -H 'Transfer-Encoding: gzip, chunked' --data-binary "$add"
has 'another transfer encoding' '400 501' "$status"
http /rpc -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -H 'Content-Length: 3' --data-binary "$add"
is 'a length and chunks' "$status" 400
http "/healthz" --request-target 'healthz'
is 'a target without a slash' "$status" 400

# Server-sent events.
http '/stream/call.stream?name=count&arg=3' -N
is 'events: status' "$status" 200
has 'events: type' "${head,,}" 'content-type: text/event-stream'
is 'events: items' "$(grep '^data:' <<<"$body" | grep -cE '[123]')" 3
# A stream without an end gives its first items at once, and ends when the client leaves.
first=$(curl -sSN --max-time 60 "${to[@]}" "$base/stream/call.stream?name=count&arg=0" 2>/dev/null | grep -m 3 '^data:')
is 'events without an end' "$(wc -l <<<"$first")" 3
http '/stream/no.such'
is 'events of an unknown method' "$status" 404
http '/stream/call.stream?name=count&timeout=x'
is 'events with a bad parameter' "$status" 400
http '/stream/call.stream?name=count&other=2'
is 'events with an unknown parameter' "$status" 400
http '/stream/call.stream?name=count&arg=1' -H 'Origin: http://evil.example'
is 'events for a page' "$status" 403

rpc "$add"
has 'the server is still there' "$body" '"result":5'
end
