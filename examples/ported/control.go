package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// echo are the parameters of the method examples.echo.
type echo struct {
	Message string `json:"message" usage:"what is to come back"`
}

func methods(d *legion.Daemon) {
	legion.Method(d, "examples.echo", "I'm here to reply your data", func(ctx context.Context, in echo) (string, error) {
		if in.Message == "" {
			return "", errors.New("there is nothing to reply") // -32500, with this text
		}
		return in.Message, nil
	}, legion.Allow(legion.RoleRead)) // who may only look may call it, too

	legion.On(d, func(ctx context.Context, _ legion.Started) error {
		go func() { // a client of its own; elsewhere client.Find tells the address
			address, err := d.ControlAddress()
			if err == nil {
				err = ask(ctx, address)
			}
			if err != nil {
				d.Logger().Warn("asking itself", "err", err)
			}
		}()
		return nil
	})
}

// ask is a client of the control socket, in any program.
func ask(ctx context.Context, address string) error {
	c, err := client.Dial(ctx, address, client.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	var reply string
	if err := c.Call(ctx, "examples.echo", map[string]string{"message": "Marvin"}, &reply); err != nil {
		return err
	}
	fmt.Println("echo", reply)
	return nil
}
