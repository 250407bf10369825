package profile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/legion-go/legion/internal/profiling"
)

// maxRaw bounds the bytes of all profiles of a merger together, unpacked, and
// those of the result.
const maxRaw = 64 << 20

var errLarge = errors.New("they have more than 64 MiB: take fewer workers, or less time")

// Tags of the fields of a profile.
const (
	tagSampleType = 1
	tagSample     = 2
	tagMapping    = 3
	tagLocation   = 4
	tagFunction   = 5
	tagString     = 6
	tagTime       = 9
	tagDuration   = 10
	tagPeriodType = 11
	tagPeriod     = 12
)

// role is what a field of a message means for a merger.
type role uint8

const (
	dropped  role = iota
	plain         // a number
	text          // an index of strings
	identity      // the number by which others name this message
	mapping       // that of a mapping
	function      // that of a function
	location      // those of locations
	values        // one for each sample type
	inner         // a message
)

// shape has the role of each field of a message, by its tag.
type shape struct {
	roles [11]role
	inner *shape
}

var (
	typeShape     = shape{roles: [11]role{1: text, 2: text}}
	mappingShape  = shape{roles: [11]role{1: identity, 2: plain, 3: plain, 4: plain, 5: text, 6: text, 7: plain, 8: plain, 9: plain, 10: plain}}
	functionShape = shape{roles: [11]role{1: identity, 2: text, 3: text, 4: text, 5: plain}}
	locationShape = shape{roles: [11]role{1: identity, 2: mapping, 3: plain, 4: inner, 5: plain}, inner: &shape{roles: [11]role{1: function, 2: plain, 3: plain}}}
	sampleShape   = shape{roles: [11]role{1: location, 2: values, 3: inner}, inner: &shape{roles: [11]role{1: text, 2: text, 3: plain, 4: text}}}
)

// A merger makes one profile of several. What is the same in several is in the
// result once: strings, mappings, functions and locations; samples are not
// added up, as pprof does that.
type merger struct {
	strings                        map[string]uint64
	mappings, functions, locations map[string]uint64
	body                           []byte // of the result, without its head
	types, periodType              []byte // encoded, the same in all profiles
	perSample                      int    // values of a sample
	period                         uint64
	begin, end                     int64 // in ns; begin is 0 before the first
	raw                            int   // bytes so far
}

// source is a profile that is being added.
type source struct {
	*merger
	strings                        []string
	mappings, functions, locations map[uint64]uint64 // the numbers in the result
	labels                         []byte
}

// merge makes one profile of the parts, each with its labels, gzipped. The
// parts are not trusted.
func merge(parts []profiling.Part) ([]byte, error) {
	m := &merger{strings: map[string]uint64{}, mappings: map[string]uint64{}, functions: map[string]uint64{}, locations: map[string]uint64{}}
	m.intern("")
	for _, p := range parts {
		if err := m.part(p); err != nil {
			return nil, fmt.Errorf("merging profiles: %w", err)
		}
	}
	if m.begin == 0 {
		return nil, errors.New("merging profiles: there is none")
	}
	head := appendNum(nil, tagTime, uint64(m.begin))
	head = appendNum(head, tagDuration, uint64(m.end-m.begin))
	head = appendBytes(head, tagPeriodType, m.periodType)
	head = appendNum(head, tagPeriod, m.period)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(m.body) // a bytes.Buffer takes everything
	_, _ = z.Write(head)
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// part adds a part: a profile, or several that are gzipped, one after the
// other. If the last of several is not whole, it is left out: its worker was
// killed while it wrote.
func (m *merger) part(p profiling.Part) error {
	b := bytes.NewReader(p.Profile)
	if !bytes.HasPrefix(p.Profile, []byte{0x1f, 0x8b}) {
		return m.add(p.Profile, p.Labels)
	}
	var z gzip.Reader
	for n := 0; b.Len() > 0; n++ {
		err := z.Reset(b)
		var raw []byte
		if err == nil {
			z.Multistream(false)
			raw, err = io.ReadAll(io.LimitReader(&z, int64(maxRaw-m.raw+1)))
		}
		switch {
		case err != nil && n > 0:
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", errMalformed, err)
		}
		if err := m.add(raw, p.Labels); err != nil {
			return err
		}
	}
	return nil
}

// add adds a profile that is not gzipped.
func (m *merger) add(raw []byte, labels []string) error {
	if m.raw += len(raw); m.raw > maxRaw {
		return errLarge
	}
	s := &source{merger: m, mappings: map[uint64]uint64{}, functions: map[uint64]uint64{}, locations: map[uint64]uint64{}}
	for i := 0; i+1 < len(labels); i += 2 {
		label := appendNum(appendNum(nil, 1, m.intern(labels[i])), 2, m.intern(labels[i+1]))
		s.labels = appendBytes(s.labels, 3, label)
	}
	var time, duration, period uint64
	err := each(raw, func(f field) error {
		switch f.tag {
		case tagString:
			s.strings = append(s.strings, string(f.bytes))
		case tagTime:
			time = f.num
		case tagDuration:
			duration = f.num
		case tagPeriod:
			period = f.num
		}
		return nil
	})
	if err != nil {
		return err
	}
	begin := int64(max(time, 1))
	if len(s.strings) == 0 || begin < 0 || int64(duration) < 0 || begin+int64(duration) < begin {
		return errMalformed
	}
	if err := s.kind(raw); err != nil {
		return err
	}
	if m.begin == 0 {
		m.begin, m.period = begin, period
	}
	m.begin, m.end = min(m.begin, begin), max(m.end, begin+int64(duration))
	return s.messages(raw)
}

// kind makes sure that a profile has the sample types of the others.
func (s *source) kind(raw []byte) error {
	var types, period []byte
	n := 0
	err := each(raw, func(f field) error {
		if f.tag != tagSampleType && f.tag != tagPeriodType {
			return nil
		}
		_, b, err := s.message(f.bytes, &typeShape)
		if f.tag == tagPeriodType {
			period = b
		} else {
			types = appendBytes(types, tagSampleType, b)
			n++
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case n == 0:
		return errMalformed
	case s.begin == 0:
		s.types, s.periodType, s.perSample = types, period, n
		s.body = append(s.body, types...)
	case !bytes.Equal(types, s.types):
		return errors.New("they are of different kinds")
	}
	return nil
}

// messages adds mappings, functions, locations and samples, in this order: each
// names only what comes before.
func (s *source) messages(raw []byte) error {
	for _, of := range []struct {
		tag   int
		shape *shape
		known map[string]uint64
		ids   map[uint64]uint64
	}{
		{tagMapping, &mappingShape, s.merger.mappings, s.mappings},
		{tagFunction, &functionShape, s.merger.functions, s.functions},
		{tagLocation, &locationShape, s.merger.locations, s.locations},
		{tagSample, &sampleShape, nil, nil},
	} {
		err := each(raw, func(f field) error {
			if f.tag != of.tag {
				return nil
			}
			id, body, err := s.message(f.bytes, of.shape)
			switch {
			case err != nil:
				return err
			case of.known == nil:
				s.body = appendBytes(s.body, of.tag, append(body, s.labels...))
				if len(s.body) > maxRaw { // labels make small samples larger
					return errLarge
				}
				return nil
			case id == 0 || of.ids[id] != 0:
				return errMalformed
			}
			now, known := of.known[string(body)]
			if !known {
				now = uint64(len(of.known) + 1)
				of.known[string(body)] = now
				s.body = appendBytes(s.body, of.tag, append(appendNum(nil, 1, now), body...))
			}
			of.ids[id] = now
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// message rewrites a message with the numbers and strings of the result, and
// without its own number, which it returns.
func (s *source) message(b []byte, of *shape) (id uint64, out []byte, err error) {
	counted := 0
	err = each(b, func(f field) error {
		is := dropped
		if f.tag < len(of.roles) {
			is = of.roles[f.tag]
		}
		if f.bytes != nil && is != inner && is != location && is != values && is != dropped {
			return errMalformed
		}
		switch is {
		case plain:
			out = appendNum(out, f.tag, f.num)
		case text:
			if f.num >= uint64(len(s.strings)) {
				return errMalformed
			}
			out = appendNum(out, f.tag, s.intern(s.strings[f.num]))
		case identity:
			id = f.num
		case mapping:
			out, err = named(out, f.tag, f.num, s.mappings)
		case function:
			out, err = named(out, f.tag, f.num, s.functions)
		case location:
			return f.numbers(func(v uint64) (err error) {
				out, err = named(out, f.tag, v, s.locations)
				return err
			})
		case values:
			return f.numbers(func(v uint64) error {
				counted++
				out = appendBytes(out, f.tag, appendPacked(v))
				return nil
			})
		case inner:
			if f.bytes == nil {
				return errMalformed
			}
			_, body, err := s.message(f.bytes, of.inner)
			out = appendBytes(out, f.tag, body)
			return err
		}
		return err
	})
	if err == nil && of == &sampleShape && counted != s.perSample {
		err = errMalformed
	}
	return id, out, err
}

// named appends the number in the result of what a profile calls id; 0 names
// nothing.
func named(b []byte, tag int, id uint64, ids map[uint64]uint64) ([]byte, error) {
	now, ok := ids[id]
	if !ok && id != 0 {
		return b, errMalformed
	}
	return appendNum(b, tag, now), nil
}

// intern returns the index of a string in the result.
func (m *merger) intern(s string) uint64 {
	i, known := m.strings[s]
	if !known {
		i = uint64(len(m.strings))
		m.strings[s] = i
		m.body = appendBytes(m.body, tagString, s)
	}
	return i
}
