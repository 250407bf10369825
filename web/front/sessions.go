package front

import (
	"sync"
	"time"
)

// SessionLife is the longest life of a session.
const SessionLife = 8 * time.Hour

const (
	maxSessions = 16
	maxRequests = 32 // at once, of a session
)

// sessions are those of a front. The zero value has none.
type sessions struct {
	mu     sync.Mutex
	all    map[hash]*session
	closed bool
}

// add makes a session known, and returns its secret. If there are too many, the
// one ends that was not used for longest. It reports false if all are in use,
// or the front is closed.
func (t *sessions) add(s *session) (secret string, ok bool) {
	secret = newSecret()
	h := hashOf(secret)
	t.mu.Lock()
	var oldest *session
	if len(t.all) >= maxSessions {
		for _, other := range t.all {
			if other.busy == 0 && (oldest == nil || other.used.Before(oldest.used)) {
				oldest = other
			}
		}
	}
	ok = !t.closed && (len(t.all) < maxSessions || oldest != nil)
	if ok {
		if oldest != nil {
			delete(t.all, oldest.key)
		}
		if t.all == nil {
			t.all = map[hash]*session{}
		}
		s.key, s.used = h, time.Now()
		t.all[h] = s
		s.life = time.AfterFunc(SessionLife, func() { t.end(s) })
	}
	t.mu.Unlock()
	if oldest != nil {
		oldest.close()
	}
	return secret, ok
}

// enter finds the session of a secret for one request, which must call leave.
// There is none if it has ended.
func (t *sessions) enter(secret string) (s *session, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s = t.all[hashOf(secret)]
	switch {
	case s == nil:
		return nil, errOver
	case s.busy >= maxRequests:
		return nil, errBusy
	}
	s.busy++
	s.used = time.Now()
	return s, nil
}

func (t *sessions) leave(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.busy--
	s.used = time.Now()
}

// end ends a session; it may have ended.
func (t *sessions) end(s *session) {
	t.mu.Lock()
	if t.all[s.key] == s {
		delete(t.all, s.key)
	}
	t.mu.Unlock()
	s.close()
}

// close ends all sessions; no other begins.
func (t *sessions) close() {
	t.mu.Lock()
	all := t.all
	t.all, t.closed = nil, true
	t.mu.Unlock()
	for _, s := range all {
		s.close()
	}
}
