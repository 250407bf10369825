// Hashserver is the example HashServer of shaneharter/PHP-Daemon: a server that
// reads commands by lines. It answers quick commands itself; workers hash many
// times.
//
//	go run ./examples/ported/hashserver
//	echo 'sha1 x100000 foo' | nc 127.0.0.1 8000
package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"flag"
	"fmt"
	"log"
	"net"
	"regexp"
	"strconv"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/lock"
)

type repeated struct {
	Times int
	Text  string
}

func sha1Times(ctx context.Context, r repeated) (string, error) { // in a worker
	for range r.Times {
		r.Text = fmt.Sprintf("%x", sha1.Sum([]byte(r.Text)))
	}
	return r.Text, nil
}

var command = regexp.MustCompile(`^(md5|sha1)(?: x(\d+))? (.+)$`)

func main() {
	address := flag.String("address", "127.0.0.1:8000", "`where` to listen")
	flag.Parse()
	d := legion.New(legion.Config{Name: "hashserver"})
	d.Use(lock.File(""))
	worker := legion.Worker(d, "sha1", sha1Times, legion.Pool{Max: 2, Timeout: 3 * time.Minute})

	answer := func(ctx context.Context, line string) string {
		words := command.FindStringSubmatch(line)
		switch {
		case words == nil:
			return "use md5 TEXT, sha1 TEXT or sha1 xTIMES TEXT"
		case words[1] == "md5":
			return fmt.Sprintf("%x", md5.Sum([]byte(words[3])))
		case words[2] == "":
			return fmt.Sprintf("%x", sha1.Sum([]byte(words[3])))
		}
		times, err := strconv.Atoi(words[2])
		if err != nil {
			return err.Error()
		}
		hash, err := worker.Call(ctx, repeated{times, words[3]})
		if err != nil {
			return err.Error() // a timeout, for instance
		}
		return hash
	}
	serve := func(l net.Listener) error {
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			go func() { // one for each client; a call waits only for itself
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					fmt.Fprintln(c, answer(context.Background(), lines.Text()))
				}
			}()
		}
	}
	l := d.Serve("tcp", *address, serve, nil)
	legion.On(d, func(context.Context, event.Started) error {
		d.Logger().Info("the hash server is running", "at", l.Addr())
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
