package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/legion-go/legion/client"
)

func logsVerb() *verb {
	var o logsOptions
	return &verb{
		group: lookGroup, needs: aServer,
		Command: Command{
			Name: "logs", Short: "show the last records of the log, with -f new ones too",
			Long:  "If the daemon does not run, the last lines of its log file are shown, if it has one.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				c, err := in.Client(ctx)
				if absent := (*client.NotRunningError)(nil); errors.As(err, &absent) {
					return o.fromFile(in, err)
				}
				if err != nil {
					return err
				}
				if o.follow {
					return stream(ctx, in, c, "log.follow", o.params(), in.out().record)
				}
				records, shown, err := get[[]record](ctx, in, "log.tail", o.params())
				if shown {
					return nil
				}
				for _, r := range records {
					in.out().record(r)
				}
				return err
			},
		},
	}
}

type logsOptions struct {
	follow bool
	lines  int
	level  string
}

func (o *logsOptions) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.follow, "f", false, "follow the log")
	fs.IntVar(&o.lines, "n", 100, "show at most this many `records`")
	fs.StringVar(&o.level, "level", "", "only records of this `level` or above: debug, info, warn, error")
}

func (o *logsOptions) params() map[string]any {
	params := map[string]any{"lines": o.lines}
	if o.level != "" {
		params["level"] = o.level
	}
	return params
}

// stream shows the items of a method as they come.
func stream[T any](ctx context.Context, in *Invocation, c *client.Client, method string, params any, show func(T)) error {
	if in.JSON {
		for item, err := range client.Stream[json.RawMessage](ctx, c, method, params) {
			if err != nil {
				return err
			}
			in.out().printf("%s\n", compacted(item))
		}
		return nil
	}
	for item, err := range client.Stream[T](ctx, c, method, params) {
		if err != nil {
			return err
		}
		show(item)
	}
	return nil
}

// record is one of the log.
type record struct {
	Time    time.Time       `json:"time"`
	Level   string          `json:"level"`
	Message string          `json:"message"`
	Attrs   json.RawMessage `json:"attrs"`
}

// record writes one as a line.
func (p *printer) record(r record) {
	style := dim
	switch {
	case strings.HasPrefix(r.Level, "ERROR"):
		style = red
	case strings.HasPrefix(r.Level, "WARN"):
		style = yellow
	case strings.HasPrefix(r.Level, "INFO"):
		style = green
	}
	p.printf("%s %s %s", p.paint(dim, r.Time.Local().Format("2006-01-02 15:04:05.000")), p.paint(style, fill(oneLine(r.Level), 5, false)), oneLine(r.Message))
	if attrs := attributes(r.Attrs); attrs != "" {
		p.printf(" %s", p.paint(dim, oneLine(attrs)))
	}
	p.printf("\n")
}

// lastBytes is the most of a log file that is read.
const lastBytes = 1 << 20

// fromFile shows the end of the log file of a daemon that does not run.
func (o *logsOptions) fromFile(in *Invocation, absent error) error {
	if in.program.daemon == nil {
		return absent
	}
	path := in.program.daemon.Config().LogFile
	if path == "" {
		return fmt.Errorf("%w (there is no log file to read instead: set log_file)", absent)
	}
	if in.JSON || o.follow || o.level != "" {
		return fmt.Errorf("%w (without -f, --level and --json the end of %s would be shown)", absent, path)
	}
	lines, err := lastLines(path, o.lines)
	if err != nil {
		return fmt.Errorf("%s is not running, and its log file cannot be read: %w", in.remote.name(), err)
	}
	in.program.stderr.printf("%s is not running; this is the end of %s\n", in.remote.name(), path)
	for _, line := range lines {
		in.out().printf("%s\n", clean(line))
	}
	return nil
}

// lastLines returns the last n lines of a file, of its last MiB.
func lastLines(path string, n int) (lines []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	start := max(0, info.Size()-lastBytes)
	in := bufio.NewReader(io.NewSectionReader(f, start, info.Size()-start))
	if start > 0 {
		_, _ = in.ReadString('\n') // the rest of a line
	}
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			return lines[max(0, len(lines)-max(0, n)):], nil
		}
	}
}

// readAll returns what an operand "-" stands for.
func readAll(r io.Reader) (string, error) {
	const most = 4 << 20 // the limit of a daemon
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("the standard input has more than %d bytes", most)
	}
	return string(b), err
}
