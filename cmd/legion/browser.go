package main

import (
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/legion-go/legion/web/front"
)

// openBrowser opens a link in the user's browser. The link is a secret, and the
// arguments of processes are public: so the browser gets a file that only this
// user can read, which leads there. done removes that, as does the end of the
// link's life.
func openBrowser(link string) (done func(), err error) {
	done = func() {}
	command := "xdg-open"
	if runtime.GOOS == "darwin" {
		command = "open"
	} else if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return done, errors.New("there is no display")
	}
	path, err := exec.LookPath(command)
	if err != nil {
		return done, err
	}
	file, err := redirect(link)
	if err != nil {
		return done, err
	}
	remove := sync.OnceFunc(func() { _ = os.Remove(file) })
	cmd := exec.Command(path, file)
	if err := cmd.Start(); err != nil {
		remove()
		return done, err
	}
	go func() { _ = cmd.Wait() }() // the browser itself may be that process, and outlive this one
	timer := time.AfterFunc(front.TokenLife, remove)
	return func() { timer.Stop(); remove() }, nil
}

// redirect writes a file that leads to a link. It is in the home folder, under
// a name without a dot at its front, since a browser of snap can read nothing
// else; where that cannot be written, in the folder for temporary files.
func redirect(link string) (path string, err error) {
	home, _ := os.UserHomeDir()                              // "" is the folder for temporary files
	f, err := os.CreateTemp(home, "legion-dashboard-*.html") // with mode 0600
	if err != nil {
		if f, err = os.CreateTemp("", "legion-dashboard-*.html"); err != nil {
			return "", err
		}
	}
	link = html.EscapeString(link)
	_, err = fmt.Fprintf(f, `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=%s">
<title>Dashboard</title>
<a href="%s">Open the dashboard</a>
`, link, link)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
	}
	return f.Name(), err
}
