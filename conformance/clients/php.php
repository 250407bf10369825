<?php
// PHP: the extension xmlrpc (Debian: php-xmlrpc), written by hand to the socket as PHP programs do. Argument: tcp or unix.
declare(strict_types=1);

$count = $failed = 0;

function ok(string $name, bool $good, string $why = ''): void
{
    global $count, $failed;
    $count++;
    $failed += $good ? 0 : 1;
    echo $good ? "ok $count - $name\n" : "not ok $count - $name: " . str_replace("\n", '\n', $why) . "\n";
}

function is(string $name, mixed $got, mixed $want): void
{
    ok($name, $got === $want, 'got ' . var_export($got, true) . ', want ' . var_export($want, true));
}

$address = $argv[1] === 'unix' ? 'unix://' . getenv('CONTROL_UNIX') : 'tcp://' . getenv('CONTROL_TCP');

// exchange writes a request, and reads all that comes before the server closes.
function exchange(string $request): string
{
    global $address;
    $socket = stream_socket_client($address, $code, $message, 60) ?: exit("$address: $message\n");
    stream_set_timeout($socket, 60);
    fwrite($socket, $request);
    $answer = stream_get_contents($socket);
    fclose($socket);
    return $answer;
}

// call is XML-RPC as it is: a document each way.
function call(string $method, mixed ...$params): mixed
{
    return xmlrpc_decode(exchange(xmlrpc_encode_request($method, $params, ['encoding' => 'utf-8', 'escaping' => 'markup'])), 'utf-8');
}

function typed(string $value, string $type): mixed
{
    xmlrpc_set_type($value, $type);
    return $value;
}

is('math.add', call('math.add', 2, 3), 5);
is('math.add by name', call('math.add', ['a' => 2, 'b' => 3]), 5);
foreach ([0, -1, 2147483647, 0.5, -1.5, true, false, '', 'Grüße, 世界 🎉 <&>', [1, 'two', [3.5]], ['a' => ['b' => [true]]]] as $value) {
    is('types.echo of ' . json_encode($value), call('types.echo', $value), $value);
}
is('blob.reverse', call('blob.reverse', typed("\0\1\xff", 'base64'))->scalar, "\xff\1\0");
is('time.echo', call('time.echo', typed('20240229T23:59:58', 'datetime'))->timestamp, strtotime('2024-02-29 23:59:58'));
foreach ([[-32500, 'fail', 'boom'], [-32601, 'no.such'], [-32602, 'math.add', 1], [-32603, 'panics']] as [$code, $method]) {
    $fault = call($method, ...($method === 'fail' ? ['boom'] : ($method === 'math.add' ? [1] : [])));
    ok("$method: a fault", is_array($fault) && xmlrpc_is_fault($fault), var_export($fault, true));
    is("$method: its code", $fault['faultCode'] ?? null, $code);
}
$several = call('system.multicall', [
    ['methodName' => 'math.add', 'params' => [1, 2]],
    ['methodName' => 'fail', 'params' => ['boom']],
]);
is('multicall: the first result', $several[0], [3]);
is('multicall: the second is a fault', $several[1]['faultCode'], -32500);
ok('system.listMethods', in_array('math.add', call('system.listMethods'), true));
is('system.methodSignature', call('system.methodSignature', 'math.add')[0], ['int', 'int', 'int']);

// The same over HTTP, with PHP's own client where that can.
if ($argv[1] === 'tcp') {
    $answer = file_get_contents('http://' . getenv('CONTROL_TCP') . '/RPC2', false, stream_context_create(['http' => [
        'method' => 'POST', 'header' => 'Content-Type: text/xml', 'content' => xmlrpc_encode_request('math.add', [2, 3]),
    ]]));
    is('XML-RPC over HTTP', xmlrpc_decode($answer), 5);
}

// JSON-RPC, line by line, on one connection.
$socket = stream_socket_client($address, $code, $message, 60) ?: exit("$address: $message\n");
stream_set_timeout($socket, 60);
foreach ([1, 2] as $id) {
    fwrite($socket, json_encode(['jsonrpc' => '2.0', 'id' => $id, 'method' => 'text.upper', 'params' => ['text' => 'über']]) . "\n");
    is("JSON-RPC: call $id", json_decode(fgets($socket), true), ['jsonrpc' => '2.0', 'result' => 'ÜBER', 'id' => $id]);
}

echo "1..$count\n";
exit($failed > 0 ? 1 : 0);
