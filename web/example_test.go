package web_test

import (
	"context"
	"log"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/controltls"
	"github.com/legion-go/legion/web"
)

// The page is at https://HOST:7070/ui/, for who has the token.
func Example() {
	d := legion.New(legion.Config{
		Name:       "thumbs",
		Control:    "unix: tcp://0.0.0.0:7070",
		ControlTLS: controltls.Files("/etc/thumbs/server.crt", "/etc/thumbs/server.key", ""),
		Access:     map[string]legion.Role{"token-file:/etc/thumbs/token": legion.RoleOperate},
	})
	d.Use(web.Dashboard())
	if err := d.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
