#!/usr/bin/perl
# RPC::XML of Perl (Debian: librpc-xml-perl), by what introspection tells. TCP only.
use strict;
use warnings;
use utf8;
use Test::More;
use RPC::XML;
use RPC::XML::Client;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);
$RPC::XML::ENCODING = 'utf-8';
$RPC::XML::ALLOW_NIL = 1;
my $client = RPC::XML::Client->new("http://$ENV{CONTROL_TCP}/RPC2");

# What introspection tells.
my $methods = $client->simple_request('system.listMethods');
my %known = map { $_ => 1 } @$methods;
ok($known{$_}, "system.listMethods has $_") for qw(math.add text.upper types.echo system.listMethods system.methodHelp);
like($client->simple_request('system.methodHelp', 'math.add'), qr/^Adds two numbers\./, 'system.methodHelp');
my ($signature) = @{ $client->simple_request('system.methodSignature', 'math.add') };
is_deeply($signature, [qw(int int int)], 'system.methodSignature');

# A call that is made after the signature: values in the types that it names.
my %make = (int => sub { RPC::XML::int->new($_[0]) }, string => sub { RPC::XML::string->new($_[0]) });
my ($result, @types) = @$signature;
my $answer = $client->send_request('math.add', map { $make{$_}->(21) } @types);
is(ref $answer, "RPC::XML::$result", 'the result has the type that the signature names');
is($answer->value, 42, 'math.add');

# Values and their types.
for my $value (
	RPC::XML::int->new(-7), RPC::XML::i4->new(2147483647), RPC::XML::double->new('0.5'), RPC::XML::boolean->new(1), RPC::XML::boolean->new(0),
	RPC::XML::string->new('Grüße, 世界 🎉 <&>'), RPC::XML::string->new(''), RPC::XML::nil->new,
	RPC::XML::array->new(1, 'two', [3.5]), RPC::XML::struct->new({ name => 'x', deep => { er => [] } }),
) {
	my $back = $client->send_request('types.echo', $value);
	my $type = ref($value) eq 'RPC::XML::i4' ? 'RPC::XML::int' : ref $value;
	is(ref $back, $type, "types.echo of $type: the type") or diag(ref $back ? $back->as_string : $back);
	is_deeply(ref $back ? $back->value : $back, $value->value, "types.echo of $type: the value");
}
is($client->simple_request('blob.reverse', RPC::XML::base64->new("\x00\x01\xff")), "\xff\x01\x00", 'blob.reverse');
is(ref $client->send_request('time.now'), 'RPC::XML::datetime_iso8601', 'time.now');
is($client->simple_request('time.echo', RPC::XML::datetime_iso8601->new('20240229T23:59:58')), '20240229T23:59:58', 'time.echo');
my $large = 'x' x (1 << 20); # by way of a file, and in pieces
is($client->simple_request('types.echo', $large), $large, 'types.echo of 1 MiB');

# Faults.
for ([-32500, 'fail', 'boom'], [-32601, 'no.such'], [-32602, 'math.add', 1], [-32602, 'math.add', 'x', 1], [-32603, 'panics']) {
	my ($code, $method, @params) = @$_;
	my $fault = $client->send_request($method, @params);
	ok(ref $fault && $fault->is_fault, "$method: a fault") or next;
	is($fault->code, $code, "$method: its code");
	ok(length $fault->string, "$method: its text");
}

# Several calls at once.
my $several = $client->simple_request('system.multicall', [
	{ methodName => 'math.add', params => [1, 2] },
	{ methodName => 'fail', params => ['boom'] },
]);
is_deeply($several->[0], [3], 'multicall: the first result');
is($several->[1]{faultCode}, -32500, 'multicall: the second is a fault');

done_testing();
