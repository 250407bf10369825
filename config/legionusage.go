package config

import "reflect"

// legionUsage are the texts for flags and help of the options of declarations,
// whose fields have no tags.
var legionUsage = map[string]string{
	"Pool.Min":           "workers that are always there",
	"Pool.Max":           "the most workers that there may be",
	"Pool.Spawn":         "when workers are started: mixed, lazy or eager",
	"Pool.IdleTimeout":   "after how long without a call a worker above min ends",
	"Pool.Timeout":       "how long a call may take, its wait for a worker included",
	"Pool.KillGrace":     "how long a function may go on after its call has ended",
	"Pool.Queue":         "calls that may wait for a worker",
	"Pool.Concurrency":   "calls that a worker runs at a time",
	"Pool.Retry":         "how often a call is tried again whose worker died",
	"Pool.MaxCalls":      "after how many calls a worker is replaced",
	"Pool.MaxAge":        "after how long a worker is replaced",
	"Pool.MinAge":        "how long a worker lives at least before it is replaced for its calls or memory",
	"Pool.MaxMemory":     "resident bytes beyond which a worker is replaced between calls",
	"Pool.MemoryLimit":   "bytes that a worker may take",
	"Pool.Procs":         "GOMAXPROCS of a worker",
	"Pool.Nice":          "added to the niceness of a worker",
	"Pool.Files":         "files that a worker may have open",
	"Pool.CPU":           "CPUs that a worker and what it starts may use together: 0.5 is half of one",
	"Pool.Threads":       "processes and threads that a worker and what it starts may have together",
	"Pool.FileSize":      "bytes of each file that a worker writes",
	"Pool.NoCore":        "whether a worker leaves no core dump",
	"Pool.OOMScore":      "added to oom_score_adj of a worker: the kernel kills first what has more",
	"Pool.User":          "whom the workers become: user or user:group",
	"Pool.Env":           "variables that a worker keeps: NAME, NAME*, * or NAME=value",
	"Pool.Dir":           "the working directory of a worker",
	"Pool.BootTimeout":   "how long a worker may take to become ready",
	"Pool.Heartbeat":     "how long a worker may be silent",
	"Pool.MaxRestarts":   "deaths of workers within restart_window after which the pool fails",
	"Pool.RestartWindow": "in which deaths are counted",
	"Pool.CrashBudget":   "workers in a row that may die of one function, before it is in quarantine",
	"Pool.Transport":     "how calls travel: default, shared-memory or socket",
	"Pool.Buffer":        "bytes of room for large payloads on the way, in each direction of a worker",
	"Pool.Arena":         "bytes shared with each worker for Buffers of arguments, and the same for results",
	"Pool.MaxPayload":    "bytes that an argument or a result may have",
	"Pool.KeepArgument":  "the largest argument, in bytes, that is kept in memory when its call has killed a worker",
	"Pool.LoopEvery":     "the interval of a worker's own loop",
	"Pool.OnExit":        "what the end of a looping worker means: restart, stop-daemon or ignore",

	"TaskOptions.MaxRunning":   "runs at a time",
	"TaskOptions.Spare":        "ready processes that wait for the next runs; negative: none",
	"TaskOptions.Queue":        "runs that may wait",
	"TaskOptions.Timeout":      "how long a run may take, its wait included",
	"TaskOptions.KillGrace":    "how long a function may go on after its run has ended",
	"TaskOptions.Retry":        "how often a run whose process died is tried again",
	"TaskOptions.MemoryLimit":  "bytes that its process may take",
	"TaskOptions.Procs":        "GOMAXPROCS of its process",
	"TaskOptions.Nice":         "added to the niceness of its process",
	"TaskOptions.Files":        "files that its process may have open",
	"TaskOptions.CPU":          "CPUs that its process and what it starts may use together: 0.5 is half of one",
	"TaskOptions.Threads":      "processes and threads that its process and what it starts may have together",
	"TaskOptions.FileSize":     "bytes of each file that its process writes",
	"TaskOptions.NoCore":       "whether its process leaves no core dump",
	"TaskOptions.OOMScore":     "added to oom_score_adj of its process: the kernel kills first what has more",
	"TaskOptions.User":         "whom its process becomes: user or user:group",
	"TaskOptions.Env":          "variables that its process keeps: NAME, NAME*, * or NAME=value",
	"TaskOptions.Dir":          "the working directory of its process",
	"TaskOptions.BootTimeout":  "how long its process may take to become ready",
	"TaskOptions.Transport":    "how calls travel: default, shared-memory or socket",
	"TaskOptions.MaxPayload":   "bytes that the argument or the result may have",
	"TaskOptions.KeepArgument": "the largest argument, in bytes, that is kept in memory when its run has killed its process",

	"Config.Name":               "the daemon's name",
	"Config.Version":            "the program's version",
	"Config.Description":        "what the daemon does, in one line",
	"Config.StopTimeout":        "how long stopping may take",
	"Config.RuntimeDir":         "the folder for sockets and locks",
	"Config.WorkDir":            "the working directory",
	"Config.Umask":              "the umask",
	"Config.Nice":               "added to the niceness of the daemon and its workers",
	"Config.User":               "the user that the daemon becomes",
	"Config.Group":              "the group that the daemon becomes",
	"Config.Background":         "run in the background",
	"Config.HardStart":          "clean up what a dead daemon left behind",
	"Config.Command":            "the program and arguments of an upgrade",
	"Config.PID":                "whether the process id may change in an upgrade: auto, stays or may-change",
	"Config.RestartEvery":       "the interval between automatic upgrades",
	"Config.MinUptime":          "the uptime after which a panic on the loop restarts the daemon",
	"Config.MinPause":           "between two calls of a loop without an interval",
	"Config.Control":            "addresses of the control socket",
	"Config.ControlConnections": "connections to the control socket at a time",
	"Config.ControlTimeout":     "how long a client of the control socket may take to send a request, or to read on",
	"Config.Access":             "roles, by user, group, certificate or token",
	"Config.Signals":            "what is done with signals: default, event, ignore or system",
	"Config.LogFile":            "the log file",
	"Config.LogFormat":          "text, json or journal",
	"Config.LogConsole":         "the log goes to standard error, too, besides the file or the journal",
	"Config.LogLevel":           "below which records are left out of the log",

	"Recorder.Window": "how far back a recording goes",
	"Recorder.Bytes":  "about how much memory a recording takes in a worker",

	"Sandbox.Read":       "files and folders that functions may read",
	"Sandbox.Write":      "files and folders that functions may read, write and make",
	"Sandbox.Setup":      "files and folders that only the setup of a worker may read",
	"Sandbox.Network":    "what functions may open: none, any, or ports to connect to as in tcp:443,5432",
	"Sandbox.Exec":       "functions may start programs that read names",
	"Sandbox.JIT":        "functions may make memory executable",
	"Sandbox.Env":        "variables that a worker keeps beside PATH, HOME, LANG, TZ and the like; * keeps all",
	"Sandbox.User":       "the user that the workers become",
	"Sandbox.CPU":        "CPUs that a worker may take",
	"Sandbox.FileSize":   "bytes that each written file may have",
	"Sandbox.Threads":    "tasks that a worker may have",
	"Sandbox.Strict":     "every forbidden call ends the worker, instead of failing",
	"Sandbox.BestEffort": "serve without what this system cannot hold",

	"LogRotation.Size": "bytes after which the log file is rotated",
	"LogRotation.Age":  "after how long the log file is rotated",
	"LogRotation.Keep": "rotated files that are kept",
}

// usageOf is the text of a field without a usage tag: Legion's own, or where it
// is explained.
func usageOf(t reflect.Type, field string) string {
	if !legions(t) {
		return ""
	}
	name := t.Name() + "." + field
	if text := legionUsage[name]; text != "" {
		return text
	}
	return "see go doc github.com/legion-go/legion " + name
}
