package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// replayDeath runs the call of a death again.
func replayDeath(ctx context.Context, in *Invocation) error {
	number, err := in.death(0)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := in.Call(ctx, "death.replay", map[string]any{"number": number}, &raw); err != nil {
		return err
	}
	var r struct {
		Outcome string          `json:"outcome"`
		Error   string          `json:"error"`
		Result  json.RawMessage `json:"result"`
		Death   uint64          `json:"death"`
		PID     int             `json:"pid"`
		Took    float64         `json:"took"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	failed := &ExitError{Code: ExitFailed}
	if in.JSON {
		in.out().printf("%s\n", indented(raw))
	} else {
		failed.Err = errors.New(oneLine(r.Error))
		took := time.Duration(r.Took * float64(time.Second))
		in.say("%s after %s in process %d", in.out().paint(outcomeStyle(r.Outcome), oneLine(r.Outcome)), span(took), r.PID)
		if r.Death != 0 {
			in.say("its certificate: %s %d", in.verbLine("death show"), r.Death)
		}
	}
	if r.Outcome != "ok" {
		return failed
	}
	in.say("%s", indented(r.Result))
	return nil
}

// exportDeathVerb writes what is known of a death to files.
func exportDeathVerb() *verb {
	var folder string
	return &verb{needs: aServer, Command: Command{
		Name: "export", Args: "DEATH", Short: "write a death to files: certificate, stack, last lines and argument",
		Long: "The folder is new, and only you may read it: an argument may be secret. A []byte or a\n" +
			"string is also written as fuzz.txt, which go test reads from testdata/fuzz/FuzzName/.",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&folder, "o", "", "the new `folder`; default death-DEATH")
		},
		Run: func(ctx context.Context, in *Invocation) error {
			number, err := in.death(0)
			if err != nil {
				return err
			}
			var out struct {
				Files []struct {
					Name string `json:"name"`
					Data []byte `json:"data"`
				} `json:"files"`
				LeftOut []string `json:"left_out"`
			}
			if err := in.Call(ctx, "death.export", map[string]any{"number": number}, &out); err != nil {
				return err
			}
			dir := folder
			if dir == "" {
				dir = fmt.Sprintf("death-%d", number)
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				return fmt.Errorf("making the folder: %w; name another one with -o", err)
			}
			var paths []string
			for _, f := range out.Files {
				if f.Name != filepath.Base(f.Name) || strings.HasPrefix(f.Name, ".") { // the daemon does not choose where
					return fmt.Errorf("the daemon names a file %q: it is not written", f.Name)
				}
				path := filepath.Join(dir, f.Name)
				if err := writeNew(path, f.Data); err != nil {
					return err
				}
				paths = append(paths, path)
			}
			if in.JSON {
				return in.print(map[string]any{"files": paths, "left_out": out.LeftOut})
			}
			for _, path := range paths {
				in.say("%s", oneLine(path))
			}
			for _, what := range out.LeftOut {
				in.say("left out: %s", oneLine(what))
			}
			return nil
		},
	}}
}

// writeNew writes a file that must not exist yet, for the user alone.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
