// Client asks for the state of the daemon's worker, or changes it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/legion-go/legion/client"
)

func main() {
	address := flag.String("address", "tcp://127.0.0.1:10042", "`where` the daemon is, or its name")
	flag.Parse()
	method, worker := "", []string{"handyman"}
	switch flag.Arg(0) {
	case "status", "pause", "resume":
		method = "worker." + flag.Arg(0)
	case "change":
		method, worker = "handyman.changename", nil
	default:
		log.Fatal("use one of status, pause, resume and change")
	}
	ctx := context.Background()
	c, err := client.Dial(ctx, *address, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	var reply any
	if err := c.Call(ctx, method, worker, &reply); err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply)
}
