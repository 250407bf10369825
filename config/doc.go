// Package config fills a struct from a file, the environment and flags, checks
// it, and reads it again while the daemon runs.
//
//	type settings struct {
//		Listen  string        `usage:"the address to serve on"`
//		Timeout time.Duration `usage:"how long a picture may take"`
//		Resize  legion.Pool
//		DB      struct {
//			Host     string `config:"host,required"`
//			Password string `config:"password,secret"`
//		}
//	}
//
//	var conf = config.New(&settings{Listen: ":8080", Timeout: 2 * time.Second}, config.Options{
//		File: "/etc/thumbs.yaml", Optional: true, FileFlag: "config", Env: "THUMBS", Flags: flag.CommandLine,
//	})
//
//	func main() {
//		common := cli.Flags(flag.CommandLine) // -d, --json and the like, beside its own
//		flag.Parse()
//		if err := conf.Load(); err != nil {
//			cli.Fatal(err) // prints it, and ends with code 6
//		}
//		d := legion.New(legion.Config{Name: "thumbs"})
//		d.Use(conf)
//		resize := legion.Worker(d, "resize", resize, conf.Get().Resize)
//		…
//		cli.Main(d, common)
//	}
//
// # Sources
//
// Each source overrides those before it: the defaults, which are the values in
// the struct given to [New]; the file; environment variables; flags. A struct
// is filled key by key. A list or a table (a map) replaces the whole earlier
// one, except that several flags of the same name add up.
//
// The key db.password is the key password in the section db of the file. Its
// environment variable is THUMBS_DB_PASSWORD if Options.Env is THUMBS, and its
// flag would be --db.password, were it not secret. An empty variable counts as
// none. Variables without a key are ignored, because other programs set such
// variables; unknown keys in the file are mistakes.
//
// # Keys
//
// A field's key is the name in the tag `config:"name"`, or else in a tag yaml
// or json, or else the field's name in snake_case: MaxCalls is max_calls. "-"
// leaves it out. After the name the tag may say secret (its value is never
// shown, neither in errors nor in statistics, and there is no flag), required
// (it must not be zero in the end) and restart (a change by a reload takes
// effect only after a restart). The tag `usage` is for the flag's help.
//
// The keys of an embedded struct without a name are keys of the outer struct.
//
// # Values
//
// In every source a value is text, which the type of its field reads: a quoted
// "8080" works for an int, and a plain no is the text "no" for a string.
//
//   - integers: 8080, 0xff, 0o22, 022 (octal), 1_000, and sizes: 64KiB, 256MiB,
//     1.5GB. A [Size] is also printed like that.
//   - bool: true, false, yes, no, on, off, 1, 0.
//   - time.Duration: 500ms, 2s, 1h30m. A number without a unit is a mistake.
//   - string, []byte, floats.
//   - syscall.Signal: HUP, SIGHUP, 1.
//   - types with encoding.TextUnmarshaler: time.Time, netip.Addr,
//     slog.Level, *regexp.Regexp, and the enumerations of Legion: spawn: lazy,
//     transport: socket, on_exit: restart, signals: {HUP: event}. Their numbers
//     are read, too.
//   - slices, arrays, maps, structs and pointers to all of these. In an
//     environment variable or flag: a,b,c and a=1,b=2, or as in YAML:
//     [a, b] and {a: 1}.
//   - any: the file's value, as map[string]any, []any, string, bool, int or
//     float64.
//
// A pointer is nil until something sets it; an empty section sets it, too:
// sandbox: {} in a pool is legion.Locked(). null, or a key without a value,
// makes pointers, lists and tables nil, leaves sections as they are, and is a
// mistake elsewhere. Fields that no text can fill, functions and channels, are
// left out, and so are unexported ones.
//
// Files are YAML (one document; anchors, aliases and << are understood) or
// JSON, in UTF-8, of at most 96 KiB.
//
// # Checks
//
// Then the Validate methods ([Validator]) of everything in the struct are
// called, from the inside out; those of legion.Pool, legion.TaskOptions and
// legion.Config refuse what their declaration would refuse. Load's error lists
// every mistake:
//
//	config: 2 mistakes:
//		/etc/thumbs.yaml:3: resize.max_cals: there is no such key; did you mean max_calls?
//		env THUMBS_TIMEOUT: timeout: "2" is not a duration: write a number and its unit, as in 500ms, 2s or 1h30m
//
// # Beside a daemon that runs
//
// A mistake in the file must not keep an operator from stopping the daemon. So
// where package cli is the command line, Load ignores mistakes for the verbs
// that only talk to a daemon or print help (stop, status, logs, help …), and
// Get returns the correct values in the sources: wrong ones count as not set.
// run, start, unit and verbs of the program's own get the error. The verb
// config check reports every mistake, needs no daemon, and ends with code 6;
// [Config.Check] does the same in Go. A program with another command line calls
// legion.Bystanders to say which of its verbs only talk to a daemon.
//
// # Reload
//
// Daemon.Reload, which SIGHUP calls, reads the file again; environment and
// flags override it as before. If anything is wrong, the configuration stays as
// it was and Reload returns why. Otherwise [Config.Get] returns the new one
// from then on, and [Changed] is emitted if it differs. Values that
// declarations use, the limits of a pool for instance, change only with a
// restart or an upgrade: the verbs reload and status, and the log, name the
// keys that wait for one. They know those of legion.Pool, legion.TaskOptions
// and legion.Config; mark others, a port that is opened at the start for
// instance, with the tag restart. If new workers die because of the new
// configuration, their pool keeps the old ones, and Reload says so; correct the
// file and reload again.
//
// # Workers
//
// A worker process runs the same main, with the same environment and arguments,
// so it gets the same configuration. It does not read the file on the disk but
// the content that the daemon accepted last before it started the worker: a
// file that is half written, wrong, or changed without a reload never reaches a
// worker. A running worker keeps its configuration to its end; a reload
// replaces the workers one by one, and the new ones see the new file. Where
// workers are goroutines (Daemon.InProcess) they share the daemon's.
//
// From Start to Stop the daemon keeps the content of the accepted file in a
// variable of its own environment, _LEGION_CONFIG_ and the plugin's name.
// Workers remove it before main. Other programs that the daemon itself starts
// inherit it, as they do the rest of the environment: give them an environment
// of their own (exec.Cmd.Env) if the file holds secrets that they must not see.
//
// # Concurrency
//
// All methods may be called from any goroutine. What Get returns never changes.
package config
