package cli

import (
	"context"
	"runtime"
	"runtime/debug"
)

func versionVerb() *verb {
	return &verb{
		group: moreGroup,
		Command: Command{
			Name: "version", Short: "say which versions of the program, Legion and Go this is",
			Run: func(_ context.Context, in *Invocation) error {
				v := ownVersion(in.program)
				if in.JSON {
					return in.print(v)
				}
				in.say("%s %s%s (legion %s, %s %s/%s)", v.Name, v.Version, v.Revision, v.Legion, v.Go, runtime.GOOS, runtime.GOARCH)
				return nil
			},
		},
	}
}

type programVersion struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Legion   string `json:"legion"`
	Go       string `json:"go"`
}

// ownVersion is the version that the build recorded in the program.
func ownVersion(p *program) programVersion {
	const module = "github.com/legion-go/legion"
	v := programVersion{Name: p.name, Version: "(devel)", Legion: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	if info.Main.Path == module {
		v.Legion = v.Version
	}
	for _, m := range info.Deps {
		if m.Path == module {
			v.Legion = m.Version
		}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}
