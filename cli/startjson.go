package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/legion-go/legion"
)

// startAndPrint starts the daemon as start without --json does, and prints
// which daemon it is. It starts it from another process, because that one ends
// when the daemon is ready.
func (in *Invocation) startAndPrint(ctx context.Context) error {
	p := in.program
	command := slices.Concat([]string{legion.Program()}, p.prefix, []string{"start"}, p.startFlags())
	var said strings.Builder
	cmd := exec.Command(command[0], command[1:]...) // a signal reaches it, too
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, &said, &said
	err := cmd.Run()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return exit(max(1, failed.ExitCode()), "%s", strings.TrimSpace(said.String()))
	} else if err != nil {
		return err
	}
	return in.printHello(ctx)
}

// printHello prints the daemon's description of itself.
func (in *Invocation) printHello(ctx context.Context) error {
	in.redial()
	var hello json.RawMessage
	if err := in.Call(ctx, "daemon.hello", nil, &hello); err != nil {
		return err
	}
	in.out().printf("%s\n", indented(hello))
	return nil
}
