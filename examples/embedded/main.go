// Embedded shows Legion inside a program with another purpose: a web service.
// Its main starts the daemon, serves HTTP, and ends when the daemon does, after
// a stop by an operator, an upgrade, or the program itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func main() {
	demo := flag.Bool("demo", false, "ask the service once, then stop the daemon as an operator does")
	flag.Parse()
	d := legion.New(legion.Config{Name: "embedded", StopTimeout: 5 * time.Second})
	squares := legion.Worker(d, "square", square, legion.Pool{Max: 2, Timeout: time.Second})
	if err := run(d, squares, *demo); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(d *legion.Daemon, squares *legion.Func[int, int], demo bool) error {
	if err := d.Start(context.Background()); err != nil { // never returns in a worker process
		return err
	}
	// Start, unlike Run, leaves signals to the program.
	ctx, unwatch := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer unwatch()

	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := squares.Call(r.Context(), 12)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, n)
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, d.Stop(context.Background()))
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	// Such a main must wait for the daemon's end, too. Without it
	// the service would go on after a stop, and answer every request with an error.
	ended := make(chan error, 1)
	go func() { ended <- d.Wait() }()
	if demo {
		go visit(listener.Addr().String())
	}
	select {
	case err = <-ended:
		fmt.Println("the daemon has ended, and so does the service")
	case err = <-served: // it has failed
	case <-ctx.Done():
	}
	bounded, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	return errors.Join(err, server.Shutdown(bounded), d.Stop(bounded)) // requests first: they call the workers
}

// visit plays a client of the service, then an operator: "embedded stop".
func visit(address string) {
	response, err := http.Get("http://" + address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Printf("12² = %s, error: %v\n", body, err)
	c, err := client.Dial(context.Background(), "embedded", client.Options{})
	if err == nil {
		err = c.Call(context.Background(), "daemon.stop", nil, nil)
		_ = c.Close()
	}
	fmt.Println("stop asked for, error:", err)
}
