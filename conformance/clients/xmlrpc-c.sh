#!/usr/bin/env bash
# The command xmlrpc of xmlrpc-c (Debian: libxmlrpc-core-c3-dev), a library in C. TCP only.
set -uo pipefail
cd "$(dirname "$0")"
. ./tap.sh

call() { timeout 60 xmlrpc "http://$CONTROL_TCP/RPC2" "$@" 2>&1; }

is 'math.add' "$(call math.add i/2 i/3)" $'Result:\n\nInteger: 5'
is 'text.upper' "$(call text.upper s/abc)" $'Result:\n\nString: \'ABC\''
is 'a boolean' "$(call types.echo b/true)" $'Result:\n\nBoolean: TRUE'
is 'a double' "$(call types.echo d/0.5)" $'Result:\n\nFloating Point: 0.500000'
is 'nil' "$(call types.echo n/)" $'Result:\n\nNil'
is 'an integer of 64 bits' "$(call types.echo I/12345678901234567)" $'Result:\n\n64-bit integer: 12345678901234567'
is 'a byte string' "$(call blob.reverse h/000102ff)" $'Result:\n\nBit string: ff020100'
has 'an array of arrays' "$(call system.methodSignature s/math.add)" 'Array of 3 items' "String: 'int'"
has 'a struct of structs' "$(call system.getCapabilities)" 'Struct' 'introspection' 'specVersion'
has 'system.listMethods' "$(call system.listMethods)" "'math.add'" "'system.multicall'"
has 'system.methodHelp' "$(call system.methodHelp s/math.add)" 'Adds two numbers.'
has 'a fault' "$(call fail s/boom)" '-32500' 'boom'
has 'an unknown method' "$(call no.such)" '-32601'
end
