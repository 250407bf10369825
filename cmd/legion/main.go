// Legion makes new daemons, and controls running ones.
//
//	legion new thumbs            # writes a daemon, with a test, into the folder thumbs
//	legion ls                    # the running daemons that this user may see
//	legion dashboard thumbs      # shows a daemon in the browser
//	legion status thumbs         # … and every verb that a daemon's own command line has
//	legion logs -f thumbs
//	legion pool scale thumbs resize 2 8
//
// Give the name of a daemon, or the address of its control socket. For a tcp
// address, LEGION_TOKEN_FILE and LEGION_CA in the environment say how to get
// in. Without arguments legion lists its verbs.
package main

import (
	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/controltls"
)

func main() { tool().Main() }

// tool is the command line.
func tool() cli.Tool {
	return cli.Tool{
		Name:     "legion",
		Short:    "makes new daemons, and controls running ones",
		Commands: []cli.Command{newCommand(), listCommand(), dashboardCommand()},
		Options:  controltls.FromEnvironment,
	}
}
