package logs

import (
	"log/slog"
	"time"
)

// Values of Config.Format; "" is Text.
const (
	Text    = "text"
	JSON    = "json"
	Journal = "journal"
)

// Config says where the log goes, and what is in it.
type Config struct {
	Name     string // of the daemon
	Worker   bool   // this process is a worker: its records go to the daemon, see UseLink
	Level    slog.Level
	Own      *slog.Logger // takes the records instead of everything below; with Level 0 it also filters by level
	Format   string
	File     string // "" is standard error
	Rotation Rotation
	Console  bool // the log goes to standard error too, if File or Format send it elsewhere
}

// Rotation makes the daemon rotate the log file itself; see logfile.Options.
// The zero Rotation leaves that to other programs.
type Rotation struct {
	Size int64
	Age  time.Duration
	Keep int
}
