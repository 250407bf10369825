package front

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// TokenLife is how long a link of [Local.Link] may wait to be opened.
const TokenLife = 60 * time.Second

// secret is 256 random bits for a header field or a URL. It is looked up by its
// hash, so that the time this takes says nothing about the others.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, as crypto/rand says
	return base64.RawURLEncoding.EncodeToString(b[:])
}

type hash [sha256.Size]byte

func hashOf(secret string) hash { return sha256.Sum256([]byte(secret)) }

// tokens are one-time tokens. The zero value has none.
type tokens struct {
	mu   sync.Mutex
	ends map[hash]time.Time
}

// issue makes a token that lives for [TokenLife].
func (t *tokens) issue() string {
	token := newSecret()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for h, end := range t.ends {
		if !now.Before(end) {
			delete(t.ends, h)
		}
	}
	if t.ends == nil {
		t.ends = map[hash]time.Time{}
	}
	t.ends[hashOf(token)] = now.Add(TokenLife)
	return token
}

// redeem uses a token up. keep undoes that, within the token's life.
func (t *tokens) redeem(token string) (keep func(), ok bool) {
	h := hashOf(token)
	t.mu.Lock()
	defer t.mu.Unlock()
	end, ok := t.ends[h]
	delete(t.ends, h)
	if !ok || !time.Now().Before(end) {
		return nil, false
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.ends[h] = end
	}, true
}
