package controltls_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/controltls"
)

// The daemon: a client with a certificate for "ops" may operate it, also from
// other machines.
func ExampleFiles() {
	d := legion.New(legion.Config{
		Name:       "thumbs",
		Control:    "unix: tcp://0.0.0.0:7070",
		ControlTLS: controltls.Files("/etc/thumbs/server.crt", "/etc/thumbs/server.key", "/etc/thumbs/clients.crt"),
		Access:     map[string]legion.Role{"cert:ops": legion.RoleOperate},
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Its client.
func ExampleDial() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "tcp://thumbs.example.org:7070", client.Options{
		DialContext: controltls.Dial("ops.crt", "ops.key", "daemons.crt", ""),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var status struct {
		State string `json:"state"`
	}
	if err := c.Call(ctx, "daemon.status", nil, &status); err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.State)
}
