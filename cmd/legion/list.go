package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/client"
)

func listCommand() cli.Command {
	return cli.Command{
		Name:  "ls",
		Short: "list the daemons that run",
		Long: `It finds daemons by the control sockets in the runtime folders of this user and
of the system; root sees those of all users. A daemon that listens elsewhere is
reached by its address, as in: legion status unix:///srv/thumbs/control.sock`,
		Run: func(_ context.Context, in *cli.Invocation) error {
			found, err := client.List()
			if err != nil {
				return err
			}
			if in.JSON {
				return printJSON(in.Stdout, found)
			}
			return printTable(in.Stdout, found)
		},
	}
}

// listed is a daemon as --json shows it.
type listed struct {
	Name    string  `json:"name"`
	State   string  `json:"state"`
	PID     int     `json:"pid"`
	Uptime  float64 `json:"uptime"` // seconds
	UID     int     `json:"uid"`
	Version string  `json:"version"`
	Address string  `json:"address"`
	Error   string  `json:"error,omitempty"` // why it did not answer
}

func printJSON(out io.Writer, found []client.Found) error {
	all := []listed{}
	for _, f := range found {
		l := listed{Name: f.Name, State: f.State, PID: f.PID, Uptime: f.Uptime.Seconds(), UID: f.UID, Version: f.Version, Address: f.Address}
		if f.Err != nil {
			l.Error = f.Err.Error()
		}
		all = append(all, l)
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}

func printTable(out io.Writer, found []client.Found) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(out, "No daemon runs that this user can see.")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSTATE\tPID\tUP\tUSER\tADDRESS")
	for _, f := range found {
		state, pid, up := f.State, strconv.Itoa(f.PID), f.Uptime.Round(time.Second).String()
		if f.Err != nil {
			state, pid, up = "no answer", "-", "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", plain(f.Name), plain(state), pid, up, userName(f.UID), plain(f.Address))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range found {
		if f.Err != nil {
			fmt.Fprintf(out, "%s: %s\n", plain(f.Name), plain(f.Err.Error()))
		}
	}
	return nil
}

// userName is the name of a user, or the number if there is none.
func userName(uid int) string {
	if uid < 0 {
		return "-"
	}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// plain is a daemon's text without characters that a terminal interprets.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
