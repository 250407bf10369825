// Package top shows a daemon in a terminal, live: what its pools, workers and
// calls do, what died of what, its log and its events. The program is in the
// folder legion-top:
//
//	go install github.com/legion-go/legion/top/legion-top@latest
//	legion-top thumbs              # a name, or the address of a control socket
//	legion-top --read-only thumbs  # looks only, whatever this user may do
//
//	LEGION_TOKEN_FILE=token LEGION_CA=ca.pem legion-top tcp://thumbs.example.org:7070
//
// "thumbs top" and "legion top thumbs" start it if it is on the PATH.
//
// It is a module of its own, because no daemon needs what it needs. It knows
// what the control socket tells it, and does nothing that the command line
// could not do.
//
// Its parts, from the bottom up:
//
//   - internal/draw: lines of text for a terminal: widths, tables, charts
//   - internal/feed: the connection to the daemon, and what flows over it
//   - internal/state: what the daemon has told
//   - internal/screen: the screens, each a function from the state to lines
//   - internal/app: keys, questions, and the loop of the terminal
package top
