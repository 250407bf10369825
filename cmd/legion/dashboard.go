package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"strings"
	"syscall"

	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/controltls"
	"github.com/legion-go/legion/web/front"
)

func dashboardCommand() cli.Command {
	var d dashboard
	var role string
	return cli.Command{
		Name:  "dashboard",
		Args:  "DAEMON",
		Short: "show a daemon in the browser",
		Long: `It serves a page on this machine alone, opens the browser, and ends with Ctrl-C.
The page may only look, unless --role gives it more; it never may more than you
may.

The link works once, within a minute; Enter makes another one, for another
browser. Over ssh nothing is opened: it says how to reach the page from your own
machine.

For a daemon at an address tcp://HOST:PORT, set LEGION_TOKEN_FILE and LEGION_CA
in the environment, as for every verb.`,
		Flags: func(fs *flag.FlagSet) {
			d = dashboard{}
			fs.StringVar(&role, "role", "read", "what the page may do, at most: read, operate or admin")
			fs.BoolVar(&d.print, "print", false, "print the link and open no browser")
			fs.StringVar(&d.options.Addr, "addr", "", "listen at this `address`, 127.0.0.1:PORT; default: a free port")
			fs.StringVar(&d.options.Command, "command", "", "what the page shows before a `command`; default: the daemon's name")
		},
		Run: func(ctx context.Context, in *cli.Invocation) error {
			if err := d.options.Role.UnmarshalText([]byte(role)); err != nil || role == "none" {
				return &cli.ExitError{Code: cli.ExitUsage, Err: fmt.Errorf("--role %s: it is read, operate or admin", role)}
			}
			d.daemon = in.Args[0]
			ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return d.run(ctx, in)
		},
	}
}

// dashboard is a page for one daemon.
type dashboard struct {
	daemon  string // its name or address
	options front.LocalOptions
	print   bool
}

// run serves the page until ctx ends.
func (d dashboard) run(ctx context.Context, in *cli.Invocation) error {
	options, err := controltls.FromEnvironment(d.daemon)
	if err != nil {
		return err
	}
	d.options.Client = options
	options.Role = d.options.Role.String()
	c, err := client.Dial(ctx, d.daemon, options)
	if err != nil {
		return old(err)
	}
	name, own := c.Name(), c.Role()
	_ = c.Close()
	d.options.Log = slog.New(slog.NewTextHandler(in.Stderr, nil))
	l, err := front.Listen(front.At(d.daemon), d.options)
	if err != nil {
		return &cli.ExitError{Code: cli.ExitUsage, Err: fmt.Errorf("--addr: %w", err)}
	}
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx) }()

	// show writes a link.
	show := func(link string) {
		if !in.JSON {
			fmt.Fprintf(in.Stdout, "  %s\n", link)
			return
		}
		text, _ := json.Marshal(map[string]string{"link": link, "daemon": name, "role": own}) // cannot fail
		fmt.Fprintf(in.Stdout, "%s\n", text)
	}
	link := l.Link()
	if in.JSON {
		show(link)
	} else {
		fmt.Fprintf(in.Stdout, "The dashboard of %s, with the role %s, is at\n", plain(name), plain(own))
		show(link)
		fmt.Fprintf(in.Stdout, "This link works once, within %.0f s; Enter makes another. Ctrl-C ends the dashboard.\n", front.TokenLife.Seconds())
	}
	go another(in.Stdin, func() { show(l.Link()) }) // ends with the process
	if in.JSON {
		return <-served
	}
	if own != d.options.Role.String() {
		fmt.Fprintf(in.Stdout, "The role %s is not yours there: see Access in the daemon's configuration.\n", d.options.Role)
	}
	done := func() {}
	switch {
	case os.Getenv("SSH_CONNECTION") != "":
		fmt.Fprint(in.Stdout, forwarding(l.Addr()))
	case !d.print:
		if done, err = openBrowser(link); err != nil {
			fmt.Fprintf(in.Stdout, "No browser was opened: %v\n", err)
		}
	}
	defer done()
	return <-served
}

// another calls show at each line.
func another(in io.Reader, show func()) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		show()
	}
}

// forwarding says how to reach the page from where the user is.
func forwarding(addr string) string {
	port := addr[strings.LastIndexByte(addr, ':')+1:] // the same here and there: the page checks it
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		host = u.Username + "@" + host
	}
	return fmt.Sprintf("You are here by ssh. On your own machine, type this first, then open the link there:\n  ssh -N -L %s:%s %s\n", port, addr, host)
}

// old explains that a daemon cannot lower a connection.
func old(err error) error {
	if e, said := errors.AsType[*client.Error](err); said && e.Code == client.CodeMethod {
		return fmt.Errorf("%w: the daemon uses an older version of Legion, which has no dashboard", err)
	}
	return err
}
