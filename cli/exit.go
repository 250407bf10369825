package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// Exit codes of init scripts, from the Linux Standard Base.
const (
	ExitOK            = 0
	ExitFailed        = 1 // something went wrong
	ExitUsage         = 2 // the command line is wrong
	ExitNotAllowed    = 4 // the user may not do that
	ExitNotInstalled  = 5 // a program that is needed is not installed
	ExitNotConfigured = 6 // the configuration is wrong
	ExitNotRunning    = 7 // the daemon does not run
)

// Exit codes of the verb status.
const (
	StatusRunning = 0
	StatusDead    = 1 // it does not run, but its socket is still there
	StatusStopped = 3
	StatusUnknown = 4 // it cannot be found out
	// StatusUnhealthy is that of a daemon that runs and is not healthy; see
	// legion.Daemon.Healthy. The Linux Standard Base leaves 150 to 199 to programs.
	StatusUnhealthy = 150
)

// ExitError is an error with the exit code that it stands for. With a nil Err
// nothing is printed.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

func exit(code int, format string, args ...any) error {
	return &ExitError{code, fmt.Errorf(format, args...)}
}

func usage(format string, args ...any) error { return exit(ExitUsage, format, args...) }

// ExitCode returns the exit code that an error of a [Command], or of a daemon,
// stands for.
func ExitCode(err error) int {
	given, notRunning, refused := (*ExitError)(nil), (*client.NotRunningError)(nil), (*client.Error)(nil)
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &given):
		return given.Code
	case errors.As(err, &notRunning):
		return ExitNotRunning
	case errors.Is(err, legion.ErrConfig):
		return ExitNotConfigured
	case errors.Is(err, fs.ErrPermission):
		return ExitNotAllowed
	case errors.As(err, &refused) && refused.Code == client.CodeNotAllowed:
		return ExitNotAllowed
	}
	return ExitFailed
}

// Fatal prints an error as Main does, and ends the process with the code that
// it stands for: 6 for one of Load of package config. Use it for errors in main
// before Main is called.
func Fatal(err error) {
	os.Exit(newProgram(nil, nil).end(err))
}

// end reports how a command line ended, and returns its exit code.
func (p *program) end(err error) int {
	if err == nil && p.stdout.err != nil {
		err = fmt.Errorf("writing the output: %w", p.stdout.err)
	}
	code := ExitCode(err)
	if given := (*ExitError)(nil); err == nil || errors.As(err, &given) && given.Err == nil {
		return code
	}
	if p.flags.json || slices.Contains(p.command, "--json") { // --json may come after the wrong part
		p.stderr.printf("%s\n", p.errorJSON(err, code))
		return code
	}
	p.stderr.printf("%s: %s\n", p.name, clean(p.explain(err)))
	if stack, more := calls(stackOf(err)); stack != "" {
		p.stderr.printf("%s\n", clean(stack))
		if more > 0 {
			p.stderr.printf("… and %d more goroutines, which --json shows\n", more)
		}
	}
	return code
}

// errorJSON is an error for programs.
func (p *program) errorJSON(err error, code int) string {
	var out struct {
		Error struct {
			Message string          `json:"message"`
			Exit    int             `json:"exit"`
			Code    int             `json:"code,omitempty"`
			Data    json.RawMessage `json:"data,omitempty"`
		} `json:"error"`
	}
	out.Error.Message, out.Error.Exit = p.explain(err), code
	if refused := (*client.Error)(nil); errors.As(err, &refused) {
		out.Error.Code, out.Error.Data = refused.Code, refused.Data
	}
	raw, err := json.Marshal(out)
	if err != nil { // the daemon did not send JSON
		out.Error.Data = nil
		raw, _ = json.Marshal(out)
	}
	return indented(raw)
}

// explain says what went wrong and what the user can do about it.
func (p *program) explain(err error) string {
	text := err.Error()
	absent, refused := (*client.NotRunningError)(nil), (*client.Error)(nil)
	_, silent := silence(err)
	switch {
	case errors.As(err, &absent) && p.daemon != nil && len(absent.Others) == 0:
		text = strings.Replace(text, absent.Error(), "not running: no process listens at "+strings.Join(absent.Tried, " or ")+"; start it with: "+p.name+" start", 1)
	case silent:
		text += "; " + p.verbLine("stop --force") + " ends it at once"
	case errors.As(err, &refused):
		text = strings.Replace(text, refused.Error(), refused.Message, 1)
		if refused.Code == client.CodeMethod {
			text += ": " + p.verbLine("rpc ls") + " lists the methods; the daemon may use another version of Legion"
		}
	}
	return strings.ReplaceAll(strings.TrimPrefix(text, "legion: "), "\nlegion: ", "\n") // of errors that are joined, too
}

// calls returns what a stack begins with, and of its goroutines those that ran
// calls, or else the first one; and how many there are more.
func calls(stack string) (kept string, more int) {
	var head, running, others []string
	for block := range strings.SplitSeq(stack, "\n\n") {
		switch {
		case strings.Contains(block, "/internal/worker.(*server).run("):
			running = append(running, block)
		case strings.HasPrefix(block, "goroutine "):
			others = append(others, block)
		case len(running)+len(others) == 0:
			head = append(head, block)
		}
	}
	if len(running) == 0 && len(others) > 0 {
		running, others = others[:1], others[1:]
	}
	return strings.Join(append(head, running...), "\n\n"), len(others)
}

// stackOf returns the stack of a worker in which a call has hung, crashed or
// panicked.
func stackOf(err error) string {
	var data struct {
		Stack string `json:"stack"`
	}
	if refused := (*client.Error)(nil); errors.As(err, &refused) {
		_ = json.Unmarshal(refused.Data, &data) // data of another form has no stack
	}
	return strings.TrimSpace(data.Stack)
}
