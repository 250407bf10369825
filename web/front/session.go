package front

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/status"
)

var (
	errOver = refuse(http.StatusUnauthorized, "the session is over")
	errBusy = refuse(http.StatusTooManyRequests, "too many requests at once")
	errFull = refuse(http.StatusTooManyRequests, "%d sessions are in use: close one of them", maxSessions)
)

// session is one browser, or one tab of it.
type session struct {
	link
	granted grant

	key  hash
	life *time.Timer

	busy int       // requests under way; guarded by the mutex of sessions
	used time.Time // likewise
}

// person is for whom the session is; one without a name stands for itself.
func (s *session) person() string {
	if s.granted.as == "" {
		return string(s.key[:])
	}
	return s.granted.as
}

func (s *session) close() {
	s.life.Stop()
	s.link.close()
}

// field is the header field for the secret where Authorization is taken: a
// proxy in front of the program's server may use that for its own login.
const field = "Legion-Session"

// opened is the answer to POST session.
type opened struct {
	Secret   string    `json:"secret"`
	Field    string    `json:"field,omitempty"` // where to send it; "": Authorization
	Renew    bool      `json:"renew"`           // POST session without a token begins the next session
	Role     string    `json:"role"`
	As       string    `json:"as"`
	Daemon   string    `json:"daemon"`
	Version  string    `json:"version"`
	Expires  time.Time `json:"expires"`
	Commands string    `json:"commands"` // what to type before a command
}

// begin is POST session.
func (f *front) begin(w http.ResponseWriter, r *http.Request) error {
	body, err := read(w, r)
	if err != nil {
		return err
	}
	var request struct {
		Token string `json:"token"`
	}
	if err := decode(body, &request); err != nil {
		return refuse(http.StatusBadRequest, "the body must be an object with a token: %v", err)
	}
	granted, keep, err := f.admit(r, request.Token)
	if err != nil {
		return err
	}
	s := &session{granted: granted, link: f.link(granted)}
	var hello status.Hello
	role, err := s.greet(r.Context(), &hello)
	if err != nil {
		keep()
		s.link.close()
		return err
	}
	end := time.Now().Add(SessionLife)
	secret, ok := f.sessions.add(s)
	if !ok {
		keep()
		s.link.close()
		return errFull
	}
	o := opened{
		Secret: secret, Renew: f.each, Role: role, As: granted.as,
		Daemon: hello.Name, Version: hello.Version, Expires: end, Commands: cmp.Or(f.command, hello.Name),
	}
	if f.each {
		o.Field = field
	}
	return reply(w, o)
}

// end is DELETE session.
func (f *front) end(w http.ResponseWriter, r *http.Request) error {
	s, err := f.enter(r)
	if err != nil {
		return err
	}
	f.sessions.leave(s)
	f.sessions.end(s)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// enter finds the session of a request. The caller must leave it.
func (f *front) enter(r *http.Request) (*session, error) {
	secret := r.Header.Get(field)
	if secret == "" {
		var found bool
		if secret, found = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !found {
			return nil, errOver
		}
	}
	s, err := f.sessions.enter(secret)
	if err != nil || !f.each {
		return s, err
	}
	entered := false
	defer func() {
		if !entered { // also if the program's Authorize panics
			f.sessions.leave(s)
		}
	}()
	granted, _, err := f.admit(r, "")
	if err == nil && granted != s.granted {
		err = errOver
	}
	if err != nil {
		f.sessions.end(s)
		return nil, err
	}
	entered = true
	return s, nil
}

const (
	maxBody     = 1 << 20          // bytes
	readWithin  = 10 * time.Second // for a body
	replyWithin = time.Minute      // until the client has taken an answer
)

// read reads the body of a request, which a form of another page cannot send:
// browsers ask before they send JSON elsewhere.
func read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, "the Content-Type must be application/json")
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readWithin)) // a server that has no deadlines has its own limits
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", maxBody)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body could not be read: %v", err)
	}
	_ = control.SetReadDeadline(time.Time{}) // the server would take its end for that of the client
	return body, nil
}

// decode decodes a body that is JSON as the daemon takes it: UTF-8, and no
// member twice.
func decode(body []byte, to any) error {
	if _, err := jsontext.AppendFormat(nil, body); err != nil {
		return err
	}
	return json.Unmarshal(body, to)
}

// reply sends a value as JSON.
func reply(w http.ResponseWriter, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(replyWithin))
	_, _ = w.Write(text) // an error is the client's: it has gone
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{})
	return nil
}
