package main

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/legion-go/legion/cli"
)

const (
	legionModule = "github.com/legion-go/legion"
	goVersion    = "1.26.0" // that Legion needs
)

// pattern is the daemon that is copied: a program of this repository, so that it is
// compiled and tested here.
//
//go:embed internal/mydaemon/main.go internal/mydaemon/main_test.go internal/mydaemon/README.md internal/mydaemon/.gitignore
var pattern embed.FS

// patternName is what stands in pattern for the name of the daemon.
const patternName = "mydaemon"

func newCommand() cli.Command {
	var p project
	return cli.Command{
		Name:  "new",
		Args:  "NAME",
		Short: "write a new daemon, with a test, into a folder of its own",
		Long: `The daemon compiles, runs and is tested as it is. The folder must be empty or not
there yet. A legion that was installed as a released version has the daemon use the
same one. There is no release yet: name a checkout with --replace.`,
		Flags: func(fs *flag.FlagSet) {
			p = project{} // a command line may be read several times
			fs.StringVar(&p.Module, "module", "", "the `path` of its Go module; default: example.com/NAME")
			fs.StringVar(&p.Dir, "dir", "", "the `folder`; default: NAME")
			fs.StringVar(&p.Replace, "replace", "", "use the `checkout` of Legion in this folder instead of a released version")
		},
		Run: func(ctx context.Context, in *cli.Invocation) error {
			p.Name = in.Args[0]
			return p.create(ctx, in.Stdout)
		},
	}
}

// project is a daemon that is to be written.
type project struct {
	Name    string // of the daemon
	Module  string // its module path; "" is example.com/NAME
	Dir     string // the folder; "" is NAME below the working directory
	Replace string // a checkout of Legion to use instead of a published version; "" for none
}

// create writes the project and fetches what it needs. out is told what happens.
func (p project) create(ctx context.Context, out io.Writer) error {
	if err := p.resolve(); err != nil {
		return err
	}
	if err := makeEmpty(p.Dir); err != nil {
		return err
	}
	files, err := p.files()
	if err != nil {
		return err
	}
	var names []string
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(p.Dir, f.name), f.content, 0o666); err != nil {
			return err
		}
		names = append(names, f.name)
	}
	fmt.Fprintf(out, "%s: wrote %s\n", p.Dir, strings.Join(names, ", "))
	if err := p.tidy(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "Next:\n\tcd %s\n", p.Dir)
	if w := p.workspace(ctx); w != "" {
		fmt.Fprintf(out, "\texport GOWORK=off    # or go work use . : %s around it does not know it\n", w)
	}
	fmt.Fprint(out, "\tgo test\n\tgo run . run\nIts README.md tells more.\n")
	return nil
}

// What the parts of a project may be called. A folder that begins with a dot or an
// underscore would be invisible to the go command.
var (
	goodName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	goodModule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)
)

// resolve fills in the defaults and says what is wrong.
func (p *project) resolve() error {
	if !goodName.MatchString(p.Name) || strings.HasSuffix(p.Name, ".") {
		return fmt.Errorf("the name %q cannot be that of a daemon: use 1 to 64 letters, digits, '.', '_' and '-', with a letter or digit first and no dot at the end", p.Name)
	}
	if p.Module == "" {
		p.Module = "example.com/" + p.Name
	}
	for part := range strings.SplitSeq(p.Module, "/") {
		if !goodModule.MatchString(p.Module) || strings.HasSuffix(part, ".") {
			return fmt.Errorf("the module path %q is not valid: use one such as example.com/%s", p.Module, p.Name)
		}
	}
	if p.Module == legionModule || strings.HasPrefix(p.Module, legionModule+"/") {
		return fmt.Errorf("the module path %q belongs to Legion: choose one of your own, such as example.com/%s", p.Module, p.Name)
	}
	if p.Dir == "" {
		p.Dir = p.Name
	}
	if p.Replace == "" {
		return nil
	}
	abs, err := filepath.Abs(p.Replace)
	if err != nil {
		return err
	}
	if module, err := moduleOf(abs); err != nil || module != legionModule {
		return fmt.Errorf("--replace %s: this is no checkout of Legion: its go.mod must say module %s", p.Replace, legionModule)
	}
	p.Replace = abs
	return nil
}

// moduleOf returns the module path that the go.mod in dir declares.
func moduleOf(dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if module, found := strings.CutPrefix(lines.Text(), "module "); found {
			return strings.Trim(strings.TrimSpace(module), `"`), nil
		}
	}
	return "", errors.New("it names no module")
}

// makeEmpty makes sure that dir is there and that nothing is in it.
func makeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o777)
	case err != nil:
		return fmt.Errorf("%w: name another folder with --dir", err)
	case len(entries) > 0:
		return fmt.Errorf("the folder %s is not empty (%s is in it): name another one with --dir, or empty it", dir, entries[0].Name())
	}
	return nil
}

type file struct {
	name    string
	content []byte
}

// files returns what the project consists of.
func (p project) files() ([]file, error) {
	all := []file{{"go.mod", p.goMod()}}
	dir := path.Join("internal", patternName)
	entries, err := fs.ReadDir(pattern, dir)
	if err != nil {
		return nil, err
	}
	title := strings.ToUpper(p.Name[:1]) + p.Name[1:]
	for _, e := range entries {
		content, err := fs.ReadFile(pattern, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		content = bytes.ReplaceAll(content, []byte(patternName), []byte(p.Name))
		content = bytes.ReplaceAll(content, []byte("Mydaemon"), []byte(title))
		all = append(all, file{e.Name(), content})
	}
	return all, nil
}

// goMod requires the version of Legion that this program is of. One that was built
// from a checkout is of none: then tidy finds the newest, or Replace stands for it.
func (p project) goMod() []byte {
	mod := fmt.Sprintf("module %s\n\ngo %s\n", p.Module, goVersion)
	switch version := releasedAs(); {
	case p.Replace != "":
		mod += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", legionModule, legionModule, quoted(p.Replace))
	case version != "":
		mod += fmt.Sprintf("\nrequire %s %s\n", legionModule, version)
	}
	return []byte(mod)
}

// releasedAs returns the version of Legion's module that this program was installed
// from, or "".
func releasedAs() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != legionModule || info.Main.Sum == "" { // a checkout has no sum
		return ""
	}
	return info.Main.Version
}

// quoted is a path as go.mod wants it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},") || strings.Contains(path, "//") {
		return strconv.Quote(path)
	}
	return path
}

// tidy completes go.mod and makes go.sum.
func (p project) tidy(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "tidy")
	cmd.Dir = p.Dir
	said, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is written, but there is no go command to fetch what it needs: install Go %s or later, then run go mod tidy there", p.Dir, goVersion)
	case err != nil && p.Replace == "":
		return fmt.Errorf("%s is written, but what it needs could not be fetched: %w\n%s\nTo use a checkout of Legion instead, run there:\n\tgo mod edit -require %s@v0.0.0 -replace %s=/path/to/the/checkout\n\tgo mod tidy",
			p.Dir, err, bytes.TrimSpace(said), legionModule, legionModule)
	case err != nil:
		return fmt.Errorf("%s is written, but what it needs could not be fetched: %w\n%s\nMend that and run go mod tidy there", p.Dir, err, bytes.TrimSpace(said))
	}
	return nil
}

// workspace returns the go.work that the project is within, or "".
func (p project) workspace(ctx context.Context) string {
	cmd := exec.CommandContext(ctx, "go", "env", "GOWORK")
	cmd.Dir = p.Dir
	path, err := cmd.Output()
	if w := string(bytes.TrimSpace(path)); err == nil && w != "off" {
		return w
	}
	return ""
}
