package legion

import (
	"log/slog"
	"os"
	"strings"
)

// release is what an upgrade goes from, or to.
type release struct {
	Version string `json:"version"`
	Program string `json:"program"` // path of its file, with links resolved
}

// release is this process's.
func (d *Daemon) release() release {
	path, _ := os.Executable() // Go has asked when the process started
	return release{Version: d.version(), Program: path}
}

// text is what one process tells the other.
func (r release) text() string { return r.Version + "\n" + r.Program }

// parseRelease reads that. It is empty if the process has told nothing.
func parseRelease(told string) release {
	version, program, _ := strings.Cut(told, "\n")
	return release{Version: version, Program: program}
}

// version is Config.Version, or that of the build.
func (d *Daemon) version() string {
	if d.config.Version != "" {
		return d.config.Version
	}
	return versions().program
}

// LogValue is how it stands in the log.
func (r release) LogValue() slog.Value { return slog.StringValue(r.Version + " " + r.Program) }
