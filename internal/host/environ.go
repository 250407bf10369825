package host

import (
	"slices"
	"strings"
)

// session are variables of the login session in which a daemon was started;
// they mean nothing after it.
var session = []string{
	"COLORTERM", "COLUMNS", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "LINES", "LS_COLORS", "MAIL", "OLDPWD", "SHLVL", "STY",
	"TERM", "TMUX", "TMUX_PANE", "WAYLAND_DISPLAY", "WINDOWID", "XAUTHORITY", "_",
}

// prefixes are prefixes of further session variables.
var prefixes = []string{"SSH_", "SUDO_", "TERM_", "XDG_SESSION_"}

// personal are variables that name a user, or the user's home or shell.
var personal = []string{"HOME", "LOGNAME", "SHELL", "USER", "USERNAME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"}

// CleanEnv returns environ ("NAME=value") for a daemon that runs as to: without
// the variables of the login session in which it was started (its terminal,
// display, agent, sudo). If the daemon changes its user, the variables that
// name the old user are removed too, and HOME, USER and LOGNAME name the new
// one, as far as known. All other variables stay, in their order: they may
// configure the daemon.
func CleanEnv(environ []string, to Identity) []string {
	changes := to.UID != Current().UID
	clean := make([]string, 0, len(environ)+3)
	for _, kv := range environ {
		if name, _, ok := strings.Cut(kv, "="); ok && !drops(name, changes) {
			clean = append(clean, kv)
		}
	}
	if changes && to.Home != "" {
		clean = append(clean, "HOME="+to.Home)
	}
	if changes && to.Name != "" {
		clean = append(clean, "USER="+to.Name, "LOGNAME="+to.Name)
	}
	return clean
}

func drops(name string, changes bool) bool {
	return slices.Contains(session, name) || changes && slices.Contains(personal, name) ||
		slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}
