package main

import (
	"github.com/legion-go/legion"
	"github.com/legion-go/legion/controltls"
)

// remote is for a daemon that is operated from other machines, too.
func remote() legion.Config {
	return legion.Config{
		Name:    "thumbs",
		Control: "unix:///run/thumbs/control.sock?mode=0666 tcp://0.0.0.0:7070",
		Access: map[string]legion.Role{
			"group:ops":                       legion.RoleOperate,
			"user:monitor":                    legion.RoleRead,
			"cert:deploy.example.com":         legion.RoleAdmin,
			"token-file:/etc/thumbs/ci.token": legion.RoleRead, // NAME:TOKEN; the name is what the log calls it
		},
		ControlTLS: controltls.Files("/etc/thumbs/server.pem", "/etc/thumbs/server.key", "/etc/thumbs/clients.pem"),
	}
}
