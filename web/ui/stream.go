package ui

import "encoding/json"

// LastLine is the line of a stream that says how it ended: with an error, since
// another window took its place, or, with neither, because it is time for the
// next one, which the page opens at once.
func LastLine(err error, replaced bool) []byte {
	var end struct {
		End      bool    `json:"end"`
		Error    *string `json:"error"`
		Replaced bool    `json:"replaced,omitempty"` // it should not be opened again by itself
	}
	end.End, end.Replaced = true, replaced
	if err != nil && !replaced {
		text := err.Error()
		end.Error = &text
	}
	line, _ := json.Marshal(end) // cannot fail
	return line
}
