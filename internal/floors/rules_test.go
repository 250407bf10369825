package floors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// module is the path of the module whose plan this is.
const module = "github.com/legion-go/legion"

// floors gives the floor of each package, by its path below the module's; "."
// is the root package. A package may import only from lower floors. A new
// package gets its line here, with the lowest floor possible.
var floors = map[string]int{
	"internal/reuse": -2,

	"internal/buffer": -1, // what a public type is made of, which leaves know
	"internal/meters": -1, // what a worker writes beside its link
	"sandbox":         -1,

	"internal/confine":    0,
	"internal/cost":       0,
	"internal/cron":       0,
	"internal/drain":      0,
	"internal/enum":       0,
	"internal/fail":       0,
	"internal/follow":     0,
	"internal/host":       0,
	"internal/leash":      0,
	"internal/logfile":    0,
	"internal/outbox":     0,
	"internal/pace":       0,
	"internal/ring":       0,
	"internal/life":       0,
	"internal/profiling":  0,
	"internal/saturate":   0,
	"internal/signals":    0,
	"internal/slow":       0,
	"internal/testkit":    0,
	"internal/shm":        0,
	"internal/strictjson": 0,
	"internal/text":       0,
	"internal/vanish":     0,
	"internal/concurrent": 0,
	"internal/where":      0,
	"internal/wire":       0,
	"internal/xmlrpc":     0,
	"meter":               0,
	"payload":             0,
	"web/ui":              0,

	"client":                  1,
	"internal/arena":          1,
	"internal/codec":          1,
	"internal/describe":       1,
	"internal/bus":            1,
	"internal/journal":        1,
	"internal/link":           1,
	"internal/logstream":      1,
	"internal/loop":           1,
	"internal/passing":        1,
	"internal/proc":           1,
	"internal/recorder":       1,
	"internal/rpc":            1,
	"internal/sentinel":       1,
	"internal/takeover":       1,
	"internal/xmlrpc/xmltest": 1,
	"profile":                 1,
	"internal/unixsock":       1,
	"status":                  1,

	"event":             2,
	"internal/doctor":   2,
	"internal/logs":     2,
	"internal/pool":     2,
	"internal/share":    2,
	"internal/sockets":  2,
	"internal/taskruns": 2,
	"internal/turns":    2,
	"internal/worker":   2,
	"plugin":            2,

	"internal/control": 3,
	"internal/deaths":  3,
	"internal/history": 3,
	"internal/plugins": 3,
	"internal/watch":   3,

	"internal/methods": 4,

	".": 5,

	"config":            6,
	"controltls":        6,
	"httpserve":         6,
	"internal/roletest": 6,
	"legiontest":        6,
	"lock":              6,
	"metrics":           6,
	"systemd":           6,
	"web":               6,

	"cli":       7,
	"web/front": 7,

	"conformance": programs,
}

// programs is the floor of every package in the folders cmd, conformance and
// examples. Packages of one program, those below cmd/x or examples/x, may
// import each other.
const programs = 8

// fromOutside are the packages that may import only what the module's users may
// import: the root package and client. The same holds for every program, which
// may also import these packages.
var fromOutside = []string{"cli", "config", "controltls", "lock", "metrics", "systemd", "web", "web/front"}

// exempt are packages without a floor.
var exempt = []string{"internal/floors"}

// graph holds the imports of each package, without its tests, by import path.
type graph map[string][]string

// violations lists, in a fixed order, everything in g that the rules forbid.
func violations(g graph) []string {
	var found []string
	for _, path := range slices.Sorted(maps.Keys(g)) {
		from, ours := inModule(path)
		if !ours || slices.Contains(exempt, from) {
			continue
		}
		floor, known := floorOf(from)
		if !known {
			found = append(found, fmt.Sprintf("%s has no floor: give it one in the table in internal/floors/rules_test.go", from))
			continue
		}
		for _, path := range slices.Sorted(slices.Values(g[path])) {
			to, ours := inModule(path)
			below, known := floorOf(to)
			if !ours || !known || program(from) != "" && program(from) == program(to) {
				continue // an unknown package gets its own report
			}
			switch {
			case below > floor:
				found = append(found, fmt.Sprintf("%s (floor %d) imports %s (floor %d) above it", from, floor, to, below))
			case below == floor:
				found = append(found, fmt.Sprintf("%s imports %s beside it (floor %d); imports go down only", from, to, floor))
			case outside(from) && strings.HasPrefix(to, "internal/"):
				found = append(found, fmt.Sprintf("%s imports %s; it may import only what the module's users can import", from, to))
			}
		}
	}
	return found
}

// inModule returns the path of a package below the module's, and whether it is
// in the module.
func inModule(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// floorOf returns the floor of a package of the module.
func floorOf(pkg string) (floor int, known bool) {
	if program(pkg) != "" {
		return programs, true
	}
	floor, known = floors[pkg]
	return floor, known
}

// program returns the program that a package belongs to, as cmd/x or
// examples/x, or "" if it belongs to none.
func program(pkg string) string {
	parts := strings.Split(pkg, "/")
	if len(parts) < 2 || parts[0] != "cmd" && parts[0] != "conformance" && parts[0] != "examples" {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// outside reports whether pkg must not import the module's internal packages.
func outside(pkg string) bool {
	return program(pkg) != "" || slices.Contains(fromOutside, pkg)
}

// heavy are packages that must not come with the root package: each worker
// process would pay for their initialisation. A name that ends in a slash
// stands for everything below it. encoding/json is not listed: log/slog, which
// is worth it, imports it; encoding/xml has no measurable cost for a worker.
var heavy = []string{
	"crypto/tls",
	"encoding/gob",
	"go/",
	"html/template",
	"net/http",
	"testing",
	"text/template",
}

// burdens lists, in a fixed order, the heavy packages that from depends on in
// g, each with a chain of imports that leads to it.
func burdens(g graph, from string) []string {
	var found []string
	for path, chain := range reach(g, from) {
		if matches(path, heavy) {
			found = append(found, strings.Join(chain, " → "))
		}
	}
	slices.Sort(found)
	return found
}

// reach returns every package that from depends on in g, each with a shortest
// chain of imports that leads to it.
func reach(g graph, from string) map[string][]string {
	chains := map[string][]string{from: {from}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		for _, next := range g[path] {
			if chains[next] == nil {
				chains[next] = append(slices.Clone(chains[path]), next)
				queue = append(queue, next)
			}
		}
	}
	return chains
}

// matches reports whether path is in list, where an entry that ends in a slash
// stands for everything below it.
func matches(path string, list []string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		return path == entry || strings.HasSuffix(entry, "/") && strings.HasPrefix(path, entry)
	})
}
