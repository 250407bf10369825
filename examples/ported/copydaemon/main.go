// Copydaemon is the example CopyDaemon of comodojo/daemon: a worker with a loop
// of its own copies a file whenever it is there. The program in client asks for
// its state, pauses and resumes it, and changes the name of the copy.
//
//	go run ./examples/ported/copydaemon -f
//	go run ./examples/ported/copydaemon/client status
package main

import (
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
)

func main() { // runs in every process of the daemon: declare, then Main
	d := legion.New(legion.Config{
		Name:    "copydaemon",
		Control: "tcp://127.0.0.1:10042?anyone=operate", // sockethandler; there, any user may
	})
	handymen := legion.NewWorkers(d, "handyman", newHandyman, legion.Pool{
		LoopEvery: 10 * time.Second, // the second argument of install
		OnExit:    legion.Restart,   // the third, forever; StopDaemon is what false meant
		Timeout:   time.Second,      // of commands
	})
	changeName := legion.Handle(handymen, "handyman.changename", (*handyman).ChangeName)
	legion.Expose(d, changeName, legion.Help("Change the output file name"))
	cli.Main(d)
}
