package conformance

// client is a third-party program that talks to the control socket.
type client struct {
	name     string // the client, and its language unless that is plain
	protocol string
	over     string // "tcp" or "unix"; it is the script's last argument
	run      string // the interpreter and the script, separated by spaces
	from     string // what installs it: a package of Debian, or npm
	probe    []string
}

// clients are all of them.
var clients = []client{
	{"xmlrpc.client (Python)", "XML-RPC, HTTP", "tcp", "python3 xmlrpc_client.py", "python3", python},
	{"xmlrpc.client (Python)", "XML-RPC, HTTP", "unix", "python3 xmlrpc_client.py", "python3", python},
	{"curl", "all, HTTP", "tcp", "bash curl.sh", "curl", curl},
	{"curl", "all, HTTP", "unix", "bash curl.sh", "curl", curl},
	{"nc", "JSON-RPC and XML-RPC", "tcp", "bash nc.sh", "netcat-openbsd", nc},
	{"nc", "JSON-RPC and XML-RPC", "unix", "bash nc.sh", "netcat-openbsd", nc},
	{"jayson (Node.js)", "JSON-RPC, HTTP", "tcp", "node jayson.js http", "npm", node("jayson")},
	{"jayson (Node.js)", "JSON-RPC, HTTP", "unix", "node jayson.js http", "npm", node("jayson")},
	{"jayson (Node.js)", "JSON-RPC, lines", "tcp", "node jayson.js lines", "npm", node("jayson")},
	{"jayson (Node.js)", "JSON-RPC, lines", "unix", "node jayson.js lines", "npm", node("jayson")},
	{"json-rpc-2.0 (Node.js)", "JSON-RPC, lines", "tcp", "node json-rpc-2.0.js", "npm", node("json-rpc-2.0")},
	{"json-rpc-2.0 (Node.js)", "JSON-RPC, lines", "unix", "node json-rpc-2.0.js", "npm", node("json-rpc-2.0")},
	{"ajv (Node.js)", "OpenRPC's meta-schema", "tcp", "node openrpc.js", "npm", node("ajv", "ajv-formats", "@open-rpc/meta-schema", "@json-schema-tools/meta-schema")},
	{"ajv (Node.js)", "OpenRPC's meta-schema", "unix", "node openrpc.js", "npm", node("ajv", "ajv-formats", "@open-rpc/meta-schema", "@json-schema-tools/meta-schema")},
	{"RPC::XML (Perl)", "XML-RPC, HTTP", "tcp", "perl rpc-xml.pl", "librpc-xml-perl", []string{"perl", "-MRPC::XML::Client", "-e1"}},
	{"Frontier (Perl)", "XML-RPC, HTTP", "tcp", "perl frontier.pl", "libfrontier-rpc-perl", []string{"perl", "-MFrontier::Client", "-e1"}},
	{"xmlrpc (Ruby)", "XML-RPC, HTTP", "tcp", "ruby xmlrpc.rb", "ruby-xmlrpc", ruby},
	{"xmlrpc (Ruby)", "XML-RPC, HTTP", "unix", "ruby xmlrpc.rb", "ruby-xmlrpc", ruby},
	{"xmlrpc (PHP)", "JSON-RPC and XML-RPC", "tcp", "php php.php", "php-xmlrpc", php},
	{"xmlrpc (PHP)", "JSON-RPC and XML-RPC", "unix", "php php.php", "php-xmlrpc", php},
	{"xmlrpc-c (C)", "XML-RPC, HTTP", "tcp", "bash xmlrpc-c.sh", "libxmlrpc-core-c3-dev", xmlrpcC},
}

// How to find out whether a client is on this machine: the command succeeds, or
// prints why not.
var (
	python  = []string{"python3", "-c", "import xmlrpc.client"}
	curl    = []string{"bash", "-c", "curl --help all | grep -q -- --expect100-timeout || { echo no curl with --expect100-timeout >&2; exit 1; }"}
	nc      = []string{"bash", "-c", "{ nc -h 2>&1 || true; } | grep -q -- '-N.*[Ss]hutdown' || { echo no nc with -N >&2; exit 1; }"}
	ruby    = []string{"ruby", "-rxmlrpc/client", "-e1"}
	php     = []string{"php", "-r", "exit(extension_loaded('xmlrpc') ? 0 : 'php has no extension xmlrpc');"}
	xmlrpcC = []string{"bash", "-c", "command -v xmlrpc >/dev/null || { echo no xmlrpc >&2; exit 1; }"}
)

// node requires each of the modules.
func node(modules ...string) []string {
	const try = `for (const m of process.argv.slice(1)) try { require(m) } catch (e) { console.error(e.message.split("\n")[0]); process.exit(1) }`
	return append([]string{"node", "-e", try}, modules...)
}
