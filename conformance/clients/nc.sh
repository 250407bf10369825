#!/usr/bin/env bash
# netcat (OpenBSD's): JSON-RPC line by line, and XML-RPC as it is. Argument: tcp or unix.
set -uo pipefail
cd "$(dirname "$0")"
. ./tap.sh

if [[ $1 == unix ]]; then
	to=(-U "$CONTROL_UNIX")
else
	to=("${CONTROL_TCP%:*}" "${CONTROL_TCP##*:}")
fi

# A connection that stays open until the server or finish ends it.
start() { coproc NC { exec nc "${to[@]}" 2>/dev/null; }; nc_pid=$NC_PID; exec {in}>&"${NC[1]}" {out}<&"${NC[0]}"; }
send() { printf "$@" >&"$in"; }
# One line of the server's, in line. 60 seconds are for a server that hangs.
receive() { IFS= read -r -t 60 line <&"$out" || line="nothing, read's exit code $?"; }
finish() { exec {in}>&- {out}<&-; kill "$nc_pid" 2>/dev/null; wait "$nc_pid" 2>/dev/null; }

# once REQUEST: what the server says before it closes, all of it. The sending side is closed at once.
once() { printf "$@" | timeout 60 nc -N "${to[@]}"; }

add='{"jsonrpc":"2.0","id":%s,"method":"math.add","params":[2,3]}'

# JSON-RPC, line by line, on one connection.
start
send "$add\n" 1
receive
is 'a request, and its answer in one line' "$line" '{"jsonrpc":"2.0","result":5,"id":1}'
send "$add\n$add\n" 2 3
receive; has 'two requests at once: the first answer' "$line" '"id":2' '"result":5'
receive; has 'two requests at once: the second answer' "$line" '"id":3' '"result":5'
send "  $add\r\n" 4
receive; has 'spaces before, CRLF behind' "$line" '"id":4' '"result":5'
send "\n\n$add\n" 5
receive; has 'empty lines before' "$line" '"id":5' '"result":5'
send '{"jsonrpc":"2.0","method":"math.add","params":[1,1]}\n'"$add\n" 6
receive; has 'a notification has no answer' "$line" '"id":6'
send "[$add,$add]\n" 7 8
receive; has 'a batch: one line' "$line" '[{' '"id":7' '"id":8' '}]'
send '{"jsonrpc":"2.0","id":9,"method":"text.upper","params":["grüße 🎉"]}\n'
receive; has 'unicode' "$line" '"id":9' '🎉'
send '{"jsonrpc":"2.0","id":10,"method":"types.echo","params":["two\\nlines"]}\n'
receive; has 'a line break in a string' "$line" '"two\nlines"'
send '{"jsonrpc":"2.0","id":11,"method":"fail","params":["boom"]}\n'
receive; has 'an error' "$line" '"id":11' '"code":-32500' 'boom'
send '{"jsonrpc":"2.0","id":12\n'
receive; has 'no JSON' "$line" '"id":null' '"code":-32700'
send "$add\n" 13
receive; has 'the connection goes on after it' "$line" '"id":13' '"result":5'
send '{"jsonrpc":"2.0","id":12345678901234567890,"method":"math.add","params":[2,3]}\n'
receive; has 'a large id' "$line" '"id":12345678901234567890}'
send '{"jsonrpc":"2.0","id":1.50,"method":"math.add","params":[2,3]}\n'
receive; has 'an id with a fraction' "$line" '"id":1.50}'
send '{"jsonrpc":"2.0","id":null,"method":"math.add","params":[2,3]}\n'
receive; has 'an id of null' "$line" '"id":null' '"result":5'

# Streams, beside other requests.
send '{"jsonrpc":"2.0","id":20,"method":"call.stream","params":{"name":"count","arg":3}}\n'
receive; has 'a stream: it begins' "$line" '"id":20' '"result":{"stream":'
for item in 1 2 3; do
	receive; has "a stream: item $item" "$line" '"method":"call.stream"' "\"item\":$item" '"stream":'
done
receive; has 'a stream: it ends' "$line" '"method":"call.stream"' '"end":true'
lacks 'a stream: it ends well' "$line" '"error"'
send '{"jsonrpc":"2.0","id":21,"method":"call.stream","params":{"name":"count","arg":0}}\n'
receive
stream=$(sed -nE 's/.*"stream":([0-9]+).*/\1/p' <<<"$line")
receive; has 'a stream without an end: an item' "$line" "\"stream\":$stream" '"item":1'
send "$add\n" 22
until [[ $line == *'"id":22'* || $line == nothing* ]]; do receive; done
has 'a request beside the stream' "$line" '"result":5'
send '{"jsonrpc":"2.0","id":23,"method":"rpc.cancel","params":{"stream":%d}}\n' "$stream"
ended=
until [[ $line == *'"id":23'* || $line == nothing* ]]; do receive; [[ $line != *'"end":true'* ]] || ended=yes; done
has 'a stream is cancelled' "$line" '"id":23' '"result":'
until [[ $ended || $line == nothing* ]]; do receive; [[ $line != *'"end":true'* ]] || ended=yes; done
is 'a cancelled stream ends' "$ended" yes
send '{"jsonrpc":"2.0","id":24,"method":"rpc.cancel","params":{"stream":%d}}\n' "$stream"
receive; has 'no stream to cancel' "$line" '"id":24'
for i in {1..9}; do send '{"jsonrpc":"2.0","id":3%d,"method":"call.stream","params":{"name":"count","arg":0}}\n' "$i"; done
until [[ $line == *'"id":39'* || $line == nothing* ]]; do receive; done
has 'a stream more than a connection may have' "$line" '"error":'
finish
start
send '{"jsonrpc":"2.0","id":25,"method":"rpc.auth","params":{"token":"wrong"}}\n'
receive; has 'a wrong token' "$line" '"id":25' '"error":'
finish

# The end of what the client sends: everything before it is answered.
is 'the last line without a line break' "$(once "$add" 1)" '{"jsonrpc":"2.0","result":5,"id":1}'
is 'three lines, then the end' "$(once "$add\n$add\n$add\n" 1 2 3 | grep -c '"result":5')" 3
is 'a slow call, then the end' "$(once '{"jsonrpc":"2.0","id":1,"method":"slow","params":[0.2]}\n' | grep -c '"result"')" 1
is 'nothing at all' "$(once '')" ''

# XML-RPC as it is: one document, one answer, and the server closes, though the client's side is still open.
answer=$(printf '<?xml version="1.0"?>\n<methodCall><methodName>math.add</methodName><params><param><value><int>2</int></value></param><param><value><int>3</int></value></param></params></methodCall>\n' |
	timeout 60 nc "${to[@]}") && closed=yes || closed="no: exit code $?"
has 'XML-RPC: the answer' "$answer" '<methodResponse>' '<int>5</int>' '</methodResponse>'
is 'XML-RPC: the server closes' "$closed" yes
has 'XML-RPC without a declaration' "$(once '<methodCall><methodName>text.upper</methodName><params><param><value>grüße</value></param></params></methodCall>')" '<methodResponse>' 'GRÜ'
has 'XML-RPC: a fault' "$(once '<methodCall><methodName>no.such</methodName></methodCall>')" '<fault>' '-32601'
has 'XML-RPC: cut short' "$(once '<methodCall><methodName>no')" '<fault>' '-32700'
has 'XML-RPC: spaces before' "$(once '\n  <methodCall><methodName>system.listMethods</methodName></methodCall>')" 'math.add'

# What is none of the protocols is told so, and ends.
once 'hello\n' >/dev/null
is 'rubbish: the connection ends' "$?" 0
once '\x16\x03\x01\x00\x05hello' >/dev/null
is 'a TLS handshake: the connection ends' "$?" 0
has 'a line beyond the limit' "$({ printf '{"jsonrpc":"2.0","id":1,"method":"types.echo","params":["'; head -c 5000000 /dev/zero | tr '\0' x; printf '"]}\n'; } | timeout 60 nc -N "${to[@]}" | head -c 1000)" '"error"'

# HTTP that no library sends. The body is a call; REQUEST is what stands before it, for printf.
body=$(printf "$add" 1)
post='POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
length="Content-Length: ${#body}\r\n"
two=$(once "$post$length\r\n$body$post$length\r\n$body")
is 'two requests at once: two answers' "$(grep -o 'HTTP/1.1 200' <<<"$two" | wc -l) $(grep -o '"result":5' <<<"$two" | wc -l)" '2 2'
refused() { # NAME STATUS REQUEST
	local answer
	answer=$(once "$3$body")
	has "$1: status" "$answer" "HTTP/1.1 $2 "
	lacks "$1: no result" "$answer" '"result"'
}
refused 'two lengths' 400 "$post$length$length\r\n"
refused 'a length with a sign' 400 "${post}Content-Length: +${#body}\r\n\r\n"
refused 'a length that is a list' 400 "${post}Content-Length: ${#body}, ${#body}\r\n\r\n"
refused 'a space before the colon' 400 "${post}Content-Length : ${#body}\r\n\r\n"
refused 'a field on two lines' 400 "${post}X-Folded: a\r\n b\r\n$length\r\n"
refused 'lines that end in LF only' 400 "POST /rpc HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: ${#body}\n\n"
refused 'no Host' 400 "POST /rpc HTTP/1.1\r\nContent-Type: application/json\r\n$length\r\n"
refused 'two Hosts' 400 "${post}Host: localhost\r\n$length\r\n"
refused 'a chunk larger than memory' 400 "${post}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"
refused 'a body that is cut short' 400 "${post}Content-Length: 1000\r\n\r\n"
refused 'chunks in HTTP/1.0' 400 "POST /rpc HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${#body}\r\n"
refused 'HTTP/2' 505 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
has 'HTTP/1.0 without a Host' "$(once 'GET /healthz HTTP/1.0\r\n\r\n')" 'HTTP/1.1 200 '

has 'the server is still there' "$(once "$add\n" 1)" '"result":5'
end
