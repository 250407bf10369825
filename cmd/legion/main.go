// Legion makes daemons, and talks to those that run.
//
//	legion new thumbs            # writes a daemon, with a test, into the folder thumbs
//	legion ls                    # the daemons that run, as far as this user may see them
//	legion status thumbs         # … and every verb that a daemon's own command line has
//	legion logs -f thumbs
//	legion pool scale thumbs resize 2 8
//
// A daemon is called by its name, or by the address of its control socket.
// Without arguments legion lists its verbs.
package main

import "github.com/legion-go/legion/cli"

func main() { tool().Main() }

// tool is the command line.
func tool() cli.Tool {
	return cli.Tool{
		Name:     "legion",
		Short:    "makes daemons, and talks to those that run",
		Commands: []cli.Command{newCommand(), listCommand()},
	}
}
