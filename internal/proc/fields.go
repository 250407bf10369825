package proc

import (
	"errors"
	"strconv"
	"strings"
)

// fieldWriter makes a text of fields. Each is a netstring ("5:hello,"); so it
// may contain any byte, and reading it needs no library.
type fieldWriter struct{ text []byte }

func (w *fieldWriter) str(s *string) {
	w.text = strconv.AppendInt(w.text, int64(len(*s)), 10)
	w.text = append(w.text, ':')
	w.text = append(w.text, *s...)
	w.text = append(w.text, ',')
}

func (w *fieldWriter) num(v *int64) {
	digits := strconv.FormatInt(*v, 10)
	w.str(&digits)
}

// fieldReader reads the text of a fieldWriter, which is not trusted. After the
// first mistake all fields are empty.
type fieldReader struct {
	rest   string
	failed error
}

func (r *fieldReader) str(s *string) {
	*s = ""
	if r.failed != nil {
		return
	}
	length, tail, ok := strings.Cut(r.rest, ":")
	n, err := strconv.ParseUint(length, 10, 31)
	if !ok || err != nil || uint64(len(tail)) <= n || tail[n] != ',' {
		r.fail("it is not a sequence of fields")
		return
	}
	*s, r.rest = tail[:n], tail[n+1:]
}

func (r *fieldReader) num(v *int64) {
	var digits string
	r.str(&digits)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		r.fail("a field of it is not a number")
	}
	*v = n
}

// end makes sure that there are no further fields.
func (r *fieldReader) end() {
	if r.rest != "" {
		r.fail("it has more text after its last field")
	}
}

// fail notes the first mistake.
func (r *fieldReader) fail(what string) {
	if r.failed == nil {
		r.failed = errors.New(what)
	}
}
