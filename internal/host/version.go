package host

import "runtime/debug"

// BuildVersions returns the versions of the program and of a module in it, as
// the build recorded them; "(devel)" where it recorded no version, with the
// revision for the program.
func BuildVersions(modulePath string) (program, module string) {
	program, module = "(devel)", "(devel)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return program, module
	}
	program = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && program == "(devel)" {
			program += " " + s.Value
		}
	}
	if info.Main.Path == modulePath {
		module = info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == modulePath {
			module = m.Version
		}
	}
	return program, module
}
