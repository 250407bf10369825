package legion

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/status"
)

// controlProtocol is the version of the control socket's protocol.
const controlProtocol = 1

func (d *Daemon) hello() status.Hello {
	_, legion := buildVersions()
	h := status.Hello{
		Name: d.config.Name, Version: d.version(), Legion: legion, Protocol: controlProtocol, Go: runtime.Version(),
		PID: os.Getpid(), PIDStays: d.pidStays(), State: d.life.State().String(),
		Embedded: d.life.Embedded(),
	}
	if h.Started = d.life.Started(); !h.Started.IsZero() {
		h.Uptime = time.Since(h.Started)
	}
	return h
}

// status is called often, by many clients: it reads no file for each worker.
func (d *Daemon) status() status.Daemon {
	s := d.figures()
	out := status.Daemon{
		Name: s.Name, PID: s.PID, State: s.State, Healthy: s.Healthy, Unhealthy: s.Unhealthy, Version: d.version(), Uptime: s.Uptime, User: s.User, Host: s.Host, CPU: s.CPU,
		Load: s.Load, Loop: s.Loop, Log: s.Log, Shared: s.Shared, Pools: []status.Pool{}, Control: []string{},
	}
	for _, a := range d.control.Addresses() {
		out.Control = append(out.Control, a.String())
	}
	out.RestartNeeded = d.plugins.RestartNeeded()
	if what, since := d.succession.changes.Now(); what != "" {
		out.Changing, out.ChangingFor = what, time.Since(since)
	}
	out.Memory, _ = host.Memory()
	for _, p := range d.declared.pools {
		in := p.summary()
		out.Workers += in.Size
		of := in.Status()
		of.Kind = p.kind()
		out.Pools = append(out.Pools, of)
	}
	return out
}

// module is the path of this module.
const module = "github.com/legion-go/legion"

// buildVersions are the versions of the program and of this module in it.
var buildVersions = sync.OnceValues(func() (program, legion string) { return host.BuildVersions(module) })

// version is Config.Version, or the version of the build.
func (d *Daemon) version() string {
	if d.config.Version != "" {
		return d.config.Version
	}
	program, _ := buildVersions()
	return program
}

// release is the release of this process.
func (d *Daemon) release() status.Release {
	path, _ := os.Executable() // Go determined it when the process started
	return status.Release{Version: d.version(), Program: path}
}

// releaseText encodes a release for another process.
func releaseText(r status.Release) string { return r.Version + "\n" + r.Program }

// parseRelease decodes it. The result is empty if the process sent nothing.
func parseRelease(told string) status.Release {
	version, program, _ := strings.Cut(told, "\n")
	return status.Release{Version: version, Program: program}
}
