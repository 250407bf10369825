package ui

import (
	"context"
	"encoding/json"
)

// LastLine is the line that says how the stream of ctx ended: with an error,
// since another window took its place, or, with neither, because it is time for
// the next one, which the page opens at once.
//
// It says neither, too, if the window itself asked for another stream. A
// browser may send the requests for two streams in the wrong order, and then
// the stream that the page has given up ends the one that it wants.
func LastLine(ctx context.Context, err error) []byte {
	var end struct {
		End      bool    `json:"end"`
		Error    *string `json:"error"`
		Replaced bool    `json:"replaced,omitempty"` // it should not be opened again by itself
	}
	why := context.Cause(ctx)
	end.End, end.Replaced = true, why == errReplaced
	if err != nil && why != errReplaced && why != errNext {
		text := err.Error()
		end.Error = &text
	}
	line, _ := json.Marshal(end) // cannot fail
	return line
}
