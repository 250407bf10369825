package host

import (
	"os"
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
// display, agent, sudo), and as PersonalEnv. All other variables stay, in their
// order: they may configure the daemon.
func CleanEnv(environ []string, to Identity) []string {
	return PersonalEnv(without(environ, func(name string) bool {
		return slices.Contains(session, name) || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	}), to)
}

// PersonalEnv returns environ for a process that runs as to. If that changes
// the user, the variables that name the old user are removed, and HOME, USER
// and LOGNAME name the new one, as far as known.
func PersonalEnv(environ []string, to Identity) []string {
	if to.UID == os.Geteuid() {
		return environ
	}
	own := without(environ, func(name string) bool { return slices.Contains(personal, name) })
	if to.Home != "" {
		own = append(own, "HOME="+to.Home)
	}
	if to.Name != "" {
		own = append(own, "USER="+to.Name, "LOGNAME="+to.Name)
	}
	return own
}

// without returns environ without the variables that are bad, and without what
// is no variable.
func without(environ []string, bad func(name string) bool) []string {
	rest := make([]string, 0, len(environ)+3)
	for _, kv := range environ {
		if name, _, ok := strings.Cut(kv, "="); ok && !bad(name) {
			rest = append(rest, kv)
		}
	}
	return rest
}
