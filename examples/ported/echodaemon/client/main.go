// Client calls the method of the daemon beside it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"strings"

	"github.com/legion-go/legion/client"
)

func main() {
	address := flag.String("address", "tcp://127.0.0.1:10042", "`where` the daemon is, or its name")
	flag.Parse()
	message := "Hello World!"
	if flag.NArg() > 0 {
		message = strings.Join(flag.Args(), " ")
	}
	reply, err := ask(context.Background(), *address, message)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply)
}

// ask is a client of the control socket, in any program.
func ask(ctx context.Context, address, message string) (reply string, err error) {
	c, err := client.Dial(ctx, address, client.Options{})
	if err != nil {
		return "", err
	}
	defer c.Close()
	err = c.Call(ctx, "examples.echo", map[string]string{"message": message}, &reply)
	return reply, err
}
