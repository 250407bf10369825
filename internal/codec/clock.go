package codec

import (
	"encoding/binary"
	"errors"
	"reflect"
	"time"
	"unsafe"
)

// The zone of a time.Time, one byte after seconds and nanoseconds.
const (
	zoneUTC   = iota // also of the zero Time
	zoneLocal        // the receiver's zone: both processes run on the same machine in the same environment
	zoneFixed        // followed by the offset in seconds east of UTC (int32) and the abbreviation (string)
)

const (
	minTime     = 6       // bytes
	maxZoneName = 64      // bytes; longer abbreviations are cut
	zoneSize    = 8 * 64  // about what time.FixedZone allocates
	maxOffset   = 1 << 30 // seconds
)

var timeType = reflect.TypeFor[time.Time]()

var (
	errZone   = errors.New("not a time zone")
	errNanos  = errors.New("not nanoseconds of a second")
	errOffset = &limitError{"the offset of the time zone is more than %d seconds: convert the time to UTC", maxOffset}
)

func encTime(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	t := (*time.Time)(p)
	b = putVarint(b, t.Unix())
	b = binary.LittleEndian.AppendUint32(b, uint32(t.Nanosecond()))
	switch t.Location() {
	case time.UTC:
		return append(b, zoneUTC), nil
	case time.Local:
		return append(b, zoneLocal), nil
	}
	name, offset := t.Zone()
	if offset > maxOffset || offset < -maxOffset {
		return b, errOffset
	}
	name = name[:min(len(name), maxZoneName)]
	b = putVarint(append(b, zoneFixed), int64(offset))
	return append(putUvarint(b, uint64(len(name))), name...), nil
}

func decTime(d *decoder, p unsafe.Pointer) error {
	sec, err := d.varint()
	if err != nil {
		return err
	}
	b, err := d.take(5)
	if err != nil {
		return err
	}
	nanos, zone := binary.LittleEndian.Uint32(b), b[4]
	if nanos > 999_999_999 {
		return errNanos
	}
	t := time.Unix(sec, int64(nanos))
	switch zone {
	case zoneUTC:
		t = t.UTC()
	case zoneLocal: // as time.Unix returns it
	case zoneFixed:
		loc, err := decZone(d)
		if err != nil {
			return err
		}
		t = t.In(loc)
	default:
		return errZone
	}
	*(*time.Time)(p) = t
	return nil
}

func decZone(d *decoder) (*time.Location, error) {
	offset, err := d.varint()
	if err != nil {
		return nil, err
	}
	if offset > maxOffset || offset < -maxOffset {
		return nil, errZone
	}
	name, err := d.span()
	if err != nil {
		return nil, err
	}
	if len(name) > maxZoneName {
		return nil, errZone
	}
	if err := d.claim(1, zoneSize); err != nil {
		return nil, err
	}
	return time.FixedZone(string(name), int(offset)), nil
}
