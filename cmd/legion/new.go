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
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/legion-go/legion/cli"
)

const (
	legionModule = "github.com/legion-go/legion"
	goVersion    = "1.26.0" // that Legion needs
)

// pattern is the daemon that is copied: a program of this repository, so that
// it is compiled and tested here.
//
//go:embed internal/mydaemon/main.go internal/mydaemon/main_test.go internal/mydaemon/README.md internal/mydaemon/.gitignore
var pattern embed.FS

// patternName stands in pattern for the name of the daemon.
const patternName = "mydaemon"

func newCommand() cli.Command {
	var p project
	return cli.Command{
		Name:  "new",
		Args:  "NAME",
		Short: "write a new daemon, with a test, into a folder of its own",
		Long: `The daemon compiles, runs and is tested as it is. The folder must be empty or
not there yet; if anything fails, nothing stays in it. The daemon uses the same
Legion as this program: a released version, or the checkout that this program
was built from. --replace names another checkout.`,
		Flags: func(fs *flag.FlagSet) {
			p = project{} // a command line may be read several times
			fs.StringVar(&p.Module, "module", "", "the `path` of its Go module; default: example.com/NAME")
			fs.StringVar(&p.Dir, "dir", "", "the `folder`; default: NAME")
			fs.StringVar(&p.Replace, "replace", "", "use the `checkout` of Legion in this folder")
		},
		Run: func(ctx context.Context, in *cli.Invocation) error {
			p.Name = in.Args[0]
			ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // it has to clean up
			defer stop()
			return p.create(ctx, in.Stdout)
		},
	}
}

// project is a daemon to be written.
type project struct {
	Name    string // of the daemon
	Module  string // its module path; "" is example.com/NAME
	Dir     string // the folder; "" is NAME below the working directory
	Replace string // a checkout of Legion to use instead of a published version; "" for none
}

// create writes the project and fetches what it needs. If it fails, it leaves
// nothing behind. It prints what happens to out.
func (p project) create(ctx context.Context, out io.Writer) (err error) {
	if err := p.resolve(); err != nil {
		return err
	}
	made, err := makeEmpty(p.Dir)
	defer func() {
		if err != nil {
			made.remove()
		}
	}()
	if err != nil {
		return err
	}
	files, err := p.files()
	if err != nil {
		return err
	}
	var names []string
	for _, f := range files {
		names = append(names, f.name)
		made = append(made, filepath.Join(p.Dir, f.name))
		if err := os.WriteFile(filepath.Join(p.Dir, f.name), f.content, 0o666); err != nil {
			return err
		}
	}
	made = append(made, filepath.Join(p.Dir, "go.sum"))
	if err := p.tidy(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: wrote %s\n", p.Dir, strings.Join(names, ", "))
	if p.Replace != "" {
		fmt.Fprintf(out, "It uses the checkout of Legion in %s; its go.mod says so.\n", p.Replace)
	}
	fmt.Fprintf(out, "Next:\n\tcd %s\n", p.Dir)
	if w := p.workspace(ctx); w != "" {
		fmt.Fprintf(out, "\texport GOWORK=off    # or go work use . : %s around it does not know it\n", w)
	}
	fmt.Fprint(out, "\tgo test\n\tgo run . run\nIts README.md has more.\n")
	return nil
}

// What the parts of a project may be called. A folder that begins with a dot or
// an underscore would be invisible to the go command.
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
	if p.Replace == "" && releasedAs() == "" {
		p.Replace = builtFrom()
	}
	if p.Replace == "" {
		return nil
	}
	abs, err := filepath.Abs(p.Replace)
	if err != nil {
		return err
	}
	if !isLegion(abs) {
		return fmt.Errorf("--replace %s: this is not a checkout of Legion: its go.mod must say module %s", p.Replace, legionModule)
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

// made are the paths that create made, outer ones first.
type made []string

// remove removes them. A folder stays if another process has put files in it.
func (m made) remove() {
	for _, path := range slices.Backward(m) {
		_ = os.Remove(path)
	}
}

// makeEmpty makes sure that dir exists and is empty. It returns the folders
// that it made for that.
func makeEmpty(dir string) (made, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		var missing made
		for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
			if _, err := os.Lstat(d); !errors.Is(err, fs.ErrNotExist) {
				break
			}
			missing = append(missing, d)
		}
		slices.Reverse(missing)
		if err = os.MkdirAll(dir, 0o777); err != nil {
			err = fmt.Errorf("%w: name another folder with --dir", err)
		}
		return missing, err
	case err != nil:
		return nil, fmt.Errorf("%w: name another folder with --dir", err)
	case len(entries) > 0:
		return nil, fmt.Errorf("the folder %s is not empty (%s is in it): name another one with --dir, or empty it", dir, entries[0].Name())
	}
	return nil, nil
}

type file struct {
	name    string
	content []byte
}

// files returns the files of the project.
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

// goMod requires the Legion that this program was built from, or the checkout
// Replace. If neither is known, tidy finds the newest version.
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

// releasedAs returns the version of Legion's module that this program was built
// from, or "".
func releasedAs() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range append(info.Deps, &info.Main) { // a dependency for go run PACKAGE in another module
		if m.Path == legionModule && m.Sum != "" { // a checkout has no sum
			return m.Version
		}
	}
	return ""
}

// builtFrom returns the checkout of Legion that this program was built from. If
// the build did not keep that path, or it is gone, it returns the checkout
// around the working directory. "" if there is none.
func builtFrom() string {
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		if dir := filepath.Join(filepath.Dir(file), "..", ".."); isLegion(dir) {
			return dir
		}
	}
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if isLegion(dir) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return ""
}

func isLegion(dir string) bool {
	module, err := moduleOf(dir)
	return err == nil && module == legionModule
}

// quoted is a path as go.mod needs it.
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
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("nothing is written: there is no go command to fetch what the daemon needs: install Go %s or later", goVersion)
	case ctx.Err() != nil:
		return fmt.Errorf("nothing is written: %w", context.Cause(ctx))
	case p.Replace == "":
		return fmt.Errorf("nothing is written: Legion could not be fetched: %w\n%s\nName a checkout of it with --replace", err, bytes.TrimSpace(said))
	default:
		return fmt.Errorf("nothing is written: what %s needs could not be fetched: %w\n%s", p.Replace, err, bytes.TrimSpace(said))
	}
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
