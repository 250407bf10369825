package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

// captureVerb is worker profile, worker trace or pool profile.
func captureVerb(name, args, short, method string) *verb {
	var o captureOptions
	long := "The program must import the package profile; a trace needs no import. The kinds are\n" +
		"cpu, heap, allocs, goroutine, threadcreate, block and mutex."
	if name == "trace" {
		long = "It ends early if it becomes large."
	}
	return &verb{needs: aServer, Command: Command{
		Name: name, Args: args, Short: short, Long: long,
		Flags: func(fs *flag.FlagSet) {
			o = captureOptions{}
			fs.StringVar(&o.file, "o", "", "write it to this `file`, which must not exist yet")
			fs.Float64Var(&o.takes, "seconds", 5, "how many `seconds`, at most 60")
			if name != "trace" {
				fs.StringVar(&o.kind, "kind", "cpu", "the `kind` of profile")
			}
		},
		Run: func(ctx context.Context, in *Invocation) error { return o.run(ctx, in, method) },
	}}
}

type captureOptions struct {
	file, kind string
	takes      float64 // seconds
}

func (o captureOptions) run(ctx context.Context, in *Invocation, method string) error {
	params := map[string]any{}
	if method == "pool.profile" {
		params["pool"] = in.Args[0]
	} else {
		var err error
		if params, err = in.aWorker(ctx, 0); err != nil {
			return err
		}
	}
	if len(in.Args) > 1 {
		takes, err := time.ParseDuration(in.Args[1])
		if err != nil {
			return usage("%q is no time: write it as 10s", in.Args[1])
		}
		o.takes = takes.Seconds()
	}
	params["seconds"] = o.takes
	if o.kind != "" {
		params["kind"] = o.kind
	}
	if o.file != "" {
		if _, err := os.Lstat(o.file); err == nil { // before the time is spent; it is made sure of below
			return exists(o.file)
		}
	}
	c, shown, err := get[status.Capture](ctx, in, method, params)
	if err != nil || shown && o.file == "" {
		return err
	}
	if o.file == "" {
		o.file = c.Pool + "-" + c.Name
		if c.PID != 0 {
			o.file = c.Pool + "-" + strconv.Itoa(c.PID) + "-" + c.Name
		}
	}
	if err := save(o.file, c.Bytes); err != nil || shown {
		return err
	}
	for _, w := range c.Workers {
		if w.Error != "" {
			in.program.stderr.printf("left out: %s\n", clean(w.Error))
		}
	}
	in.saved(o.file, c.Kind, len(c.Bytes))
	return nil
}

// recordingVerb is death trace or death profile.
func recordingVerb(name, short, recording string) *verb {
	var file string
	return &verb{needs: aServer, Command: Command{
		Name: name, Args: "DEATH", Short: short,
		Long: "A death has one if the pool has a Recorder, and a call did not end in time.",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&file, "o", "", "write it to this `file`, which must not exist yet")
		},
		Run: func(ctx context.Context, in *Invocation) error {
			number, err := in.death(0)
			if err != nil {
				return err
			}
			to := file
			if to == "" {
				to = fmt.Sprintf("death-%d-%s", number, recording)
			}
			r, shown, err := get[struct {
				Bytes []byte `json:"bytes"`
			}](ctx, in, "death.blob", map[string]any{"number": number, "name": recording})
			if err != nil || shown && file == "" {
				return err
			}
			if err := save(to, r.Bytes); err != nil || shown {
				return err
			}
			in.saved(to, name, len(r.Bytes))
			return nil
		},
	}}
}

// saved says what to type next.
func (in *Invocation) saved(file, kind string, n int) {
	in.say("%s: %s. To look at it:\n  %s", clean(file), size(uint64(n)), clean(viewer(kind, file)))
}

// viewer is the command that shows a recording of this kind.
func viewer(kind, file string) string {
	if strings.ContainsAny(file, " '\"$&|;<>()*?[]#~\\") {
		file = strconv.Quote(file)
	}
	if kind == "trace" {
		return "go tool trace " + file
	}
	return "go tool pprof -http=: " + file
}

// save writes a new file, which only its owner can read: functions have worked
// on what may be secret.
func save(file string, b []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return exists(file)
	}
	if err != nil {
		return fmt.Errorf("writing the recording: %w", err)
	}
	if _, err = f.Write(b); err == nil {
		err = f.Close()
	} else {
		_ = f.Close()
	}
	if err != nil {
		_ = os.Remove(file)
		return fmt.Errorf("writing the recording: %w", err)
	}
	return nil
}

func exists(file string) error {
	return usage("%s is there already, and is not overwritten: name another file with -o", file)
}
