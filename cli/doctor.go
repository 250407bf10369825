package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/status"
)

func doctorVerb() *verb {
	return &verb{
		group: moreGroup,
		Command: Command{
			Name: "doctor", Short: "say what limits Legion on this machine, and what to do about it",
			Long: "It looks as the user who runs it, with that user's limits: run it as the daemon's\n" +
				"user, and under systemd if the daemon runs there. The exit code is 1 if a daemon could\n" +
				"not start.",
			Run: func(_ context.Context, in *Invocation) error {
				if in.program.daemon != nil {
					if err := in.program.configure(); err != nil {
						return err
					}
				}
				all := legion.Environment()
				all = append(all, hostFindings()...)
				all = append(all, descriptors())
				var blocked error
				if in.program.daemon != nil {
					f, ok := runtimeFolder(in.program.daemon)
					boxes, hold := sandboxes(in.program.daemon)
					all = append(append(all, f), boxes...)
					if !ok || !hold {
						blocked = &ExitError{Code: ExitFailed}
					}
				}
				if in.JSON {
					if err := in.print(all); err != nil {
						return err
					}
					return blocked
				}
				in.out().findings(all)
				return blocked
			},
		},
	}
}

// findings writes what was found: good findings in one line each, the others
// with what they mean and what to do.
func (p *printer) findings(all []status.Finding) {
	widest := 0
	for _, f := range all {
		widest = max(widest, columns(f.Topic))
	}
	left := len("limit") + 2*len(gap) + widest
	width := 0
	if p.width > 0 {
		width = max(20, p.width-left)
	}
	if p.width > 0 && p.width-left < 20 {
		left, width = len(gap), p.width-len(gap)
	}
	limits := 0
	for _, f := range all {
		mark := p.paint(green, "ok   ")
		if !f.OK {
			mark = p.paint(yellow, "limit")
			limits++
		}
		head := mark + gap + fill(f.Topic, widest, false) + gap
		lines := wrap(oneLine(f.Found), width)
		if left == len(gap) {
			p.printf("%s\n", strings.TrimRight(head, " "))
		} else {
			p.printf("%s%s\n", head, lines[0])
			lines = lines[1:]
		}
		if !f.OK {
			lines = append(lines, wrap(oneLine(f.Means), width)...)
			if f.Advice != "" {
				lines = append(lines, wrap("→ "+oneLine(f.Advice), width)...)
			}
		}
		for _, line := range lines {
			p.printf("%s%s\n", strings.Repeat(" ", left), line)
		}
	}
	if limits == 0 {
		p.printf("\nNothing limits Legion here.\n")
		return
	}
	p.printf("\n%s; Legion works anyway.\n", plural(limits, "limit"))
}

// enoughFiles is how many descriptors leave room for some hundred workers.
const enoughFiles = 4096

func descriptors() status.Finding {
	f := status.Finding{Topic: "open files", Means: "the daemon needs some for each worker, connection and listener"}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		f.Found = err.Error()
		return f
	}
	f.OK, f.Found = limit.Max >= enoughFiles, limited(limit.Max)+" (RLIMIT_NOFILE)"
	if !f.OK {
		f.Advice = "raise the hard limit: ulimit -Hn, LimitNOFILE= in a unit"
	}
	return f
}

// limited writes a resource limit.
func limited[T uint64 | int64](n T) string {
	if uint64(n) >= 1<<63-1 {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

// sandboxes says of each pool with a sandbox whether this system can hold it;
// ok is false if the daemon cannot start.
func sandboxes(d *legion.Daemon) (all []status.Finding, ok bool) {
	ok = true
	for _, p := range d.Stats().Pools {
		if p.Sandbox == nil {
			continue
		}
		f := status.Finding{Topic: "sandbox of " + p.Name, OK: len(p.Sandbox.Missing) == 0, Found: "this system can hold it", Means: "functions do what it names, and nothing else"}
		if !f.OK {
			f.Found, f.Means, f.Advice = "not whole: "+strings.Join(p.Sandbox.Missing, "; "), "the daemon does not start", "see there, or set BestEffort to serve without"
			if p.Sandbox.BestEffort {
				f.Means, f.Advice = "the pool serves without, for its BestEffort", "see there"
			}
			ok = ok && p.Sandbox.BestEffort
		}
		all = append(all, f)
	}
	return all, ok
}

// runtimeFolder says whether the daemon can have its folder; ok is false if it
// cannot start.
func runtimeFolder(d *legion.Daemon) (f status.Finding, ok bool) {
	f = status.Finding{Topic: "runtime folder", Means: "it has the control socket and locks; a daemon cannot start without it"}
	path, err := d.RuntimePath()
	if err != nil {
		f.Found, f.Advice = err.Error(), "set runtime_dir"
		return f, false
	}
	f.Found = path
	where := path
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		where = filepath.Dir(path)
		f.Found += ", will be made"
	} else if err == nil {
		f.Found += fmt.Sprintf(", mode %#o", info.Mode().Perm())
		if info.Mode()&0o022 != 0 {
			f.Found += ": other users may write to it"
			f.Advice = "look what is in it, then chmod go-w " + path
			return f, false
		}
	}
	if err := unix.Access(where, unix.W_OK|unix.X_OK); err != nil {
		f.Found += fmt.Sprintf(": this user may not write to %s (%v)", where, err)
		f.Advice = "run it as the daemon's user; or name another folder with -o runtime_dir=…"
		return f, false
	}
	if address, err := d.ControlAddress(); err == nil {
		const most = 103 // the lowest limit of all systems
		if socket := strings.TrimPrefix(address, "unix://"); socket != address && len(socket) > most {
			f.Found += fmt.Sprintf("; the path of the control socket has %d bytes, %d are possible everywhere", len(socket), most)
			f.Advice = "name a shorter folder with -o runtime_dir=…"
			return f, false
		}
	}
	f.OK = true
	return f, true
}
