package rpc

import (
	"maps"
	"strconv"
	"sync"
)

// counts are the answers of a registry by name and code. Both are bounded:
// names are those that exist, codes at most maxCodes of each name.
type counts struct {
	mu  sync.Mutex
	all map[string]map[string]uint64
}

// maxCodes is how many codes of a method are told apart: a program may choose
// them freely.
const maxCodes = 16

// otherCount is where a name that does not exist is counted, and a code that is
// one too many.
const otherCount = "_other"

// Count counts an answer. name is that of a method, or of something else that
// exists; code is what the answer was.
func (r *Registry) Count(name, code string) {
	c := &r.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	codes := c.all[name]
	if codes == nil {
		codes = map[string]uint64{}
		c.all[name] = codes
	}
	if _, known := codes[code]; !known && len(codes) >= maxCodes {
		code = otherCount
	}
	codes[code]++
}

// Counts returns all that was counted, by name and code.
func (r *Registry) Counts() map[string]map[string]uint64 {
	r.counts.mu.Lock()
	defer r.counts.mu.Unlock()
	all := make(map[string]map[string]uint64, len(r.counts.all))
	for name, codes := range r.counts.all {
		all[name] = maps.Clone(codes)
	}
	return all
}

// answered counts the answer of a method: 0, or the code of its error.
func (r *Registry) answered(name string, err *Error) {
	if r.lookup(name) == nil {
		name = otherCount
	}
	code := 0
	if err != nil {
		code = err.Code
	}
	r.Count(name, strconv.Itoa(code))
}
