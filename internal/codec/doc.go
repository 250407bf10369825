// Package codec turns Go values into bytes and back, for values that travel
// between a daemon and its worker processes.
//
// Both ends run the same binary and know the same types, so the encoding is
// positional and carries no schema. A codec is compiled once per type by
// reflection and then walks values with plain offsets. [Codec.Hash] lets the
// two ends make sure that they mean the same type before the first value
// travels.
//
// Read it in this order: codec.go (the API), compile.go (a type becomes a
// plan), plan.go (what a plan is), scalar.go, sequence.go, mapping.go,
// structure.go, clock.go, own.go and beside.go (one kind of type each),
// decoder.go (how input is read and bounded), text.go (where strings go),
// refuse.go (what cannot travel, and what to do instead), hash.go.
//
// # What travels
//
// Bools, all integers, floats, complex numbers and strings, named or not;
// slices, arrays, maps and pointers to types that travel; structs by their
// exported fields, as with encoding/json: unexported fields are skipped and
// keep, after decoding, the value they had in the destination (zero in memory
// that the codec allocates). An embedded struct travels even if the name of its
// type is unexported, because its exported fields can be seen. A field tagged
// `legion:"-"` is skipped. A struct that has fields, but none of them exported,
// is refused: it would arrive empty.
//
// A nil slice, map or pointer arrives as nil, an empty one as empty. Capacity,
// and the fact that two pointers are equal, do not travel: the receiver gets a
// tree. Recursive types are allowed; a value that is nested more than 1000
// levels deep through its own type, such as a cycle, is an error.
//
// time.Time keeps its instant to the nanosecond: Equal holds. UTC stays UTC and
// Local becomes the Local of the receiver; any other location arrives as its
// offset and abbreviation at that instant (a time.FixedZone). The monotonic
// reading is dropped.
//
// A type with MarshalBinary and UnmarshalBinary, or else GobEncode and
// GobDecode, or else MarshalText and UnmarshalText, on the value or the
// pointer, keeps its own encoding (AppendBinary and AppendText are preferred
// where they exist). An error or a panic in these methods is an error of the
// codec. They get a copy of the bytes, which they may keep.
//
// A *payload.Buffer travels beside the encoding, as a field of the value or of
// a struct in it, and nowhere else: see beside.go.
//
// Interfaces, functions, channels, uintptr and unsafe pointers, map keys that
// hold pointers, and types larger than 16 MiB are refused when the codec is
// compiled, with the path to the field and advice.
//
// The receiver's slices, maps and strings are its own, except that strings of
// at most 32 bytes share blocks of at most 128 bytes with other strings of the
// same value. A program that keeps one of them for long can free the others
// with strings.Clone.
//
// # Encoding
//
//	bool                     1 byte, 0 or 1
//	int8, uint8              1 byte
//	other unsigned integers  varint: 7 bits per byte, low bits first, as short as possible
//	other signed integers    zigzag (0, -1, 1, -2 …), then varint
//	floats, complex numbers  IEEE bits, little-endian; real before imaginary part
//	string                   varint length, bytes
//	pointer                  0 for nil, else 1 and the value
//	slice                    0 for nil, else varint length+1, elements
//	map                      0 for nil, else varint length+1, keys and values alternating, in no order
//	array                    elements
//	struct                   fields that travel, in the order of the type
//	time.Time                Unix seconds as int64, nanoseconds in 4 bytes little-endian, zone (see clock.go)
//	own encoding             varint length, bytes
//	*payload.Buffer          nothing
//
// Numbers and bools in slices and arrays are not varints: they have the width
// they have in memory, little-endian, so that they are copied at once. At the
// top level []byte, string and types named after them are their bytes and
// nothing else ([Codec.Raw]); there a nil []byte is encoded like an empty one
// and arrives as empty.
//
// An element that takes much memory and few bytes (one with large unexported
// fields, say) is padded with zero bytes: elements of slices and the targets of
// pointers take at least one byte per 256 bytes of memory, keys and values of
// maps one per 32; an element of a slice or map takes at least one byte.
//
// # Hostile input
//
// The sender may be compromised, and may change the bytes while they are read:
// every byte is read once, then checked. Decode never panics. It accepts only
// one encoding of each value (except for the order of maps and types that
// encode themselves), so everything else is an error: lengths beyond the input,
// longer varints than needed, integers out of range, bools other than 0 and 1,
// duplicate keys, bytes left over.
//
// Time is proportional to the length of the input. So is memory: besides the
// destination itself, Decode allocates at most 512 bytes for each byte of
// input, plus 1 KiB; it stops as soon as the input claims more. (This is the
// bound for the worst types, such as a slice of maps with one tiny entry each.
// A slice of strings takes 16, numbers and bytes take 1.) The Unmarshal method
// of a type is outside this bound, as is the rounding of the allocator.
//
// # Concurrency
//
// A Codec is immutable: any number of goroutines may use one. The value given
// to Append must not change during the call.
package codec
