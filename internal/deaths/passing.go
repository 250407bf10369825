package deaths

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/legion-go/legion/internal/passing"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/status"
)

// maxPassed is how many bytes all of it takes at most: a byte of a text takes
// up to six in JSON.
const maxPassed = 6 * (maxBytes + maxKinds*4*maxText)

// Memory is the registry as something that is passed on.
func (r *Registry) Memory() passing.Memory {
	return passing.Memory{Name: "legion.deaths", What: "certificates of deaths", Most: maxPassed, Pass: r.pass, Take: r.take}
}

// passed is what a process passes on to the next one, as JSON. The next program
// may be an older or newer version: unknown fields are ignored, missing ones
// are zero. Arguments are not passed on: their function may have other types
// there.
type passed struct {
	Legion  string             `json:"legion"` // "deaths 1"
	Number  uint64             `json:"number"`
	Deaths  []status.Death     `json:"deaths"`
	Gone    map[uint64]string  `json:"gone,omitempty"` // why recordings are not kept, by number
	Kinds   []status.DeathKind `json:"kinds"`
	LeftOut status.DeathKind   `json:"left_out"`
	Lost    int                `json:"lost"`
}

const passedFormat = "deaths 1"

// pass returns what the next process gets, nil if there is nothing.
func (r *Registry) pass() ([]byte, error) {
	p := r.moment()
	if p.Number == 0 {
		return nil, nil
	}
	return json.Marshal(p)
}

// moment is what there is now: a death is in all of it or in none.
func (r *Registry) moment() passed {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed = true
	p := passed{Legion: passedFormat, Number: r.number, Gone: map[uint64]string{}, Kinds: r.listKinds(), LeftOut: r.kinds.leftOut, Lost: r.kinds.lost}
	for _, c := range r.kept {
		p.Deaths = append(p.Deaths, copied(c.Death))
		if c.gone != "" {
			p.Gone[c.Number] = c.gone
		}
	}
	return p
}

// take takes what the previous process passed on. It trusts none of it, and
// comes before the first Add. On an error the registry stays empty.
func (r *Registry) take(b []byte) error {
	var p passed
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.Legion != passedFormat {
		return fmt.Errorf("its format is %q, this program knows %q", p.Legion, passedFormat)
	}
	if p.Number > 1<<62 || len(p.Deaths) > Kept || len(p.Kinds) > maxKinds || p.Lost < 0 {
		return fmt.Errorf("%d deaths of %d kinds, the last one number %d: more than are ever kept", len(p.Deaths), len(p.Kinds), p.Number)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.number > 0 {
		return errors.New("there were deaths already")
	}
	before := uint64(0)
	for _, d := range p.Deaths {
		if d.Number <= before || d.Number > p.Number {
			return fmt.Errorf("a death with number %d after %d, of %d", d.Number, before, p.Number)
		}
		before = d.Number
	}
	r.number = p.Number
	for _, d := range p.Deaths {
		limit(&d)
		d.Kind = fingerprint(&d)
		c := certificate{Death: d, gone: text.Shorten(p.Gone[d.Number], maxText)}
		if d.Argument {
			c.Argument, c.NoArgument = false, "it stayed in the process before the upgrade or the restart"
		}
		if len(d.Blobs) > 0 {
			c.gone = "its recordings went with the process before the upgrade or the restart"
		}
		r.keep(c)
	}
	r.kinds = kinds{leftOut: p.LeftOut, lost: p.Lost, all: map[string]*status.DeathKind{}}
	for _, kind := range p.Kinds {
		d := status.Death{Pool: kind.Pool, Cause: kind.Cause, Frame: kind.Frame, Why: kind.Why}
		limit(&d)
		if len(kind.Kind) != 8 || kind.Count == 0 || kind.Number > p.Number || r.kinds.all[kind.Kind] != nil {
			continue
		}
		kind.Pool, kind.Cause, kind.Frame, kind.Why = d.Pool, d.Cause, d.Frame, d.Why
		r.kinds.all[kind.Kind] = &kind
	}
	r.kept = slices.Clip(r.kept)
	return nil
}
