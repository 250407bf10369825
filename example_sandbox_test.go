package legion_test

import (
	"context"
	"time"

	"github.com/legion-go/legion"
)

// How to choose a sandbox: docs/containment.md explains these.
func ExampleSandbox() {
	d := legion.New(legion.Config{Name: "recipes"})

	// A decoder computes on the bytes that it gets.
	thumb := legion.Worker(d, "thumb", thumb, legion.Pool{Sandbox: legion.Locked()})

	// The same, with the limits that a decoder needs.
	picture := legion.Worker(d, "picture", decode, legion.Pool{
		Sandbox: legion.Locked(), Timeout: 2 * time.Second, MemoryLimit: 256 << 20,
	})

	// Each script has a process of its own.
	script := legion.Task(d, "script", decode, legion.TaskOptions{
		Sandbox: legion.Locked(), Timeout: time.Second, MemoryLimit: 128 << 20,
	})

	// The setup connects, and the functions use the connection.
	query := legion.NewWorkers(d, "query", connect, legion.Pool{Sandbox: &legion.Sandbox{
		Setup:   []string{"/etc/ssl/certs", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"},
		Network: legion.TCP(5432), // to connect again
	}})

	// A compiler makes memory executable.
	module := legion.Worker(d, "module", decode, legion.Pool{Sandbox: &legion.Sandbox{JIT: true}})

	_, _, _, _, _ = thumb, picture, script, query, module
}

func thumb(_ context.Context, picture []byte) ([]byte, error) { return picture[:len(picture)/2], nil }

// database is a client that connects once.
type database struct{}

func connect(context.Context) (*database, error) { return new(database), nil }
