# xmlrpc of Ruby (Debian: ruby-xmlrpc). Argument: tcp or unix.
require "xmlrpc/client"
require "socket"

$count = $failed = 0

def ok(name, good, why = "")
  $count += 1
  $failed += 1 unless good
  puts good ? "ok #{$count} - #{name}" : "not ok #{$count} - #{name}: #{why.gsub("\n", '\n')}"
end

def is(name, got, want) = ok(name, got == want && got.class == want.class, "got #{got.inspect}, want #{want.inspect}")

XMLRPC::Config.send(:remove_const, :ENABLE_NIL_CREATE)
XMLRPC::Config.const_set(:ENABLE_NIL_CREATE, true)
XMLRPC::Config.send(:remove_const, :ENABLE_NIL_PARSER)
XMLRPC::Config.const_set(:ENABLE_NIL_PARSER, true)

# UnixHTTP is Net::HTTP over the Unix socket.
class UnixHTTP < Net::HTTP
  def connect
    @socket = Net::BufferedIO.new(UNIXSocket.new(ENV["CONTROL_UNIX"]), read_timeout: 60)
    on_connect
  end
end

class UnixClient < XMLRPC::Client
  def net_http(host, port, *) = UnixHTTP.new(host, port)
end

client = if ARGV[0] == "unix"
  UnixClient.new("localhost", "/RPC2", 80)
else
  host, port = ENV["CONTROL_TCP"].split(":")
  XMLRPC::Client.new(host, "/RPC2", port.to_i)
end

is "math.add", client.call("math.add", 2, 3), 5
is "math.add by name", client.call("math.add", { "a" => 2, "b" => 3 }), 5
is "a result beyond 32 bits", client.call("math.add", 2**31 - 1, 1), 2**31
[0, -1, 2**31 - 1, 0.5, -1e100, true, false, nil, "", "Grüße, 世界 🎉 <&>", [], [1, [2.5, "x", nil]], {}, { "a" => { "b" => [true] } }].each do |value|
  is "types.echo of #{value.inspect}", client.call("types.echo", value), value
end
is "blob.reverse", client.call("blob.reverse", XMLRPC::Base64.new("\x00\x01\xff".b)).b, "\xff\x01\x00".b
is "time.echo", client.call("time.echo", XMLRPC::DateTime.new(2024, 2, 29, 23, 59, 58)).to_a, [2024, 2, 29, 23, 59, 58]
is "time.now", client.call("time.now").class, XMLRPC::DateTime

{ -32500 => ["fail", "boom"], -32601 => ["no.such"], -32602 => ["math.add", 1], -32603 => ["panics"] }.each do |code, call|
  good, fault = client.call2(*call)
  is "#{call[0]}: a fault", good, false
  is "#{call[0]}: its code", fault.faultCode, code
end

three, boom, up = client.multicall(["math.add", 1, 2], ["fail", "boom"], ["text.upper", "x"])
is "multicall: the first", three, 3
is "multicall: a fault", boom.faultCode, -32500
is "multicall: the third", up, "X"

proxy = client.proxy("system")
ok "system.listMethods", proxy.listMethods.include?("math.add")
ok "system.methodHelp", proxy.methodHelp("math.add").start_with?("Adds two numbers.")
is "system.methodSignature", proxy.methodSignature("math.add")[0], %w[int int int]

ok "call_async", (1..10).map { |i| Thread.new { client.call_async("math.add", i, i) } }.map(&:value) == (1..10).map { |i| 2 * i }

puts "1..#{$count}"
exit $failed.zero?
