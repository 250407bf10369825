package front

import (
	"compress/gzip"
	"net/http"
	"time"

	"github.com/legion-go/legion/web/ui"
)

// lines writes lines, each at once, with gzip if the client understands it.
type lines struct {
	w       http.ResponseWriter
	packed  *gzip.Writer // nil: as they are
	control *http.ResponseController
}

// packing is the level of gzip for streams. Made-up items of a thousand busy
// workers became a sixth with it, in 3 ms each; higher levels took longer for
// little more, and lower ones more memory, than its 800 KB.
const packing = 4

// newLines says in the header how the lines will come. The caller must call
// end.
func newLines(w http.ResponseWriter, r *http.Request) *lines {
	l := &lines{w: w, control: http.NewResponseController(w)}
	w.Header().Set("Vary", "Accept-Encoding")
	if ui.TakesGzip(r.Header.Get("Accept-Encoding")) {
		w.Header().Set("Content-Encoding", "gzip")
		l.packed, _ = gzip.NewWriterLevel(w, packing) // the level is one
	}
	return l
}

// write sends a line. It fails if the reader does not take it in time.
func (l *lines) write(line []byte) error {
	l.within()
	line = append(line, '\n')
	var err error
	if l.packed == nil {
		_, err = l.w.Write(line)
	} else {
		_, _ = l.packed.Write(line)
		err = l.packed.Flush() // or that of Write
	}
	if err != nil {
		return err
	}
	return l.control.Flush()
}

func (l *lines) within() {
	_ = l.control.SetWriteDeadline(time.Now().Add(writeWithin)) // a server that has no deadlines has its own limits
}

// end writes what belongs at the end of all lines.
func (l *lines) end() {
	if l.packed != nil {
		l.within()
		_ = l.packed.Close() // an error is the client's: it has gone
	}
	_ = l.control.SetWriteDeadline(time.Time{})
}
