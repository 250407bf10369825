#!/usr/bin/perl
# Frontier::Client of Perl (Debian: libfrontier-rpc-perl), one of the first XML-RPC clients. TCP only.
use strict;
use warnings;
use Test::More;
use Frontier::Client;

my $client = Frontier::Client->new(url => "http://$ENV{CONTROL_TCP}/RPC2");
is($client->call('math.add', 2, 3), 5, 'math.add');
is($client->call('text.upper', $client->string('abc')), 'ABC', 'text.upper');
is_deeply($client->call('types.echo', [1, 'two', { three => [] }]), [1, 'two', { three => [] }], 'types.echo');
is($client->call('types.echo', $client->boolean(1))->value, 1, 'a boolean');
is($client->call('blob.reverse', $client->base64('AAEC'))->value =~ s/\s//gr, 'AgEA', 'blob.reverse');
is($client->call('time.echo', $client->date_time('20240229T23:59:58'))->value, '20240229T23:59:58', 'time.echo');
ok(scalar(grep { $_ eq 'math.add' } @{ $client->call('system.listMethods') }), 'system.listMethods');
ok(!eval { $client->call('fail', 'boom'); 1 }, 'a method that fails');
like($@, qr/-32500.*boom/s, 'its fault');
done_testing();
