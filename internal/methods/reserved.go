package methods

// Reserved reports whether names of methods that begin with kind and a dot are
// for built-in ones.
func Reserved(kind string) bool {
	switch kind {
	case "daemon", "pool", "worker", "func", "call", "task", "cron", "event", "log", "stats", "plugin", "lock", "config", "system", "rpc":
		return true
	}
	return false
}
