// Echodaemon is the example EchoDaemon of comodojo/daemon: a method that
// returns what it is given, by JSON-RPC and by XML-RPC. The program in client
// calls it.
//
//	go run ./examples/ported/echodaemon -f
//	go run ./examples/ported/echodaemon/client Hello
package main

import (
	"context"
	"errors"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
)

// echo are the parameters of the method examples.echo.
type echo struct {
	Message string `json:"message" usage:"the text to return"`
}

func main() { // runs in every process of the daemon: declare, then Main
	d := legion.New(legion.Config{
		Name:    "echodaemon",
		Control: "tcp://127.0.0.1:10042?anyone=operate", // sockethandler; there, any user may
	})
	legion.Method(d, "examples.echo", "I'm here to reply your data", func(ctx context.Context, in echo) (string, error) {
		if in.Message == "" {
			return "", errors.New("there is nothing to reply") // -32500, with this text
		}
		return in.Message, nil
	}, legion.Allow(legion.RoleRead)) // the role read may call it, too
	cli.Main(d)
}
