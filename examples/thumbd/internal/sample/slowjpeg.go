package sample

// slowJPEG is a valid progressive JPEG of width×height grey pixels that takes a
// decoder any time the caller wants. Each of its scans says "nothing changes"
// about every block of the picture: that takes few bytes, because one code can
// say it of 32,767 blocks at once, but a decoder goes through all of its blocks
// again. The trick is known as LJT-01-003 from libjpeg-turbo's "Two Issues with
// the JPEG Standard".
func slowJPEG(width, height, scans int) []byte {
	out := []byte{0xff, 0xd8} // start of image
	segment := func(marker byte, content ...byte) {
		size := len(content) + 2
		out = append(append(out, 0xff, marker, byte(size>>8), byte(size)), content...)
	}

	quantisation := make([]byte, 65) // table 0
	for i := range 64 {
		quantisation[1+i] = 1
	}
	segment(0xdb, quantisation...)
	segment(0xc2, 8, byte(height>>8), byte(height), byte(width>>8), byte(width), 1, 1, 0x11, 0) // progressive, one component

	// Two Huffman tables with one code each, the bit 0: for the first coefficients
	// "no difference to the last block's", for the others "nothing in a run of
	// blocks", whose length is 2¹⁴ plus the number in the 14 bits that follow.
	segment(0xc4, append([]byte{0x00, 1}, append(make([]byte, 15), 0x00)...)...)
	segment(0xc4, append([]byte{0x10, 1}, append(make([]byte, 15), 0xe0)...)...)

	blocks := ((width + 7) / 8) * ((height + 7) / 8)
	segment(0xda, 1, 1, 0x00, 0, 0, 0) // first scan: the first coefficient of each block
	out = append(out, make([]byte, (blocks+7)/8)...)

	const longest = 1<<15 - 1
	var runs jpegBits
	for range (blocks + longest - 1) / longest {
		runs.write(0, 1)
		runs.write(longest, 14)
	}
	runs.fill()
	for range scans { // the other 63 coefficients
		segment(0xda, 1, 1, 0x00, 1, 63, 0)
		out = append(out, runs.out...)
	}
	return append(out, 0xff, 0xd9) // end of image
}

// jpegBits writes the most significant bit first, and a zero byte behind every
// 0xff.
type jpegBits struct {
	out  []byte
	acc  byte
	held int
}

func (b *jpegBits) write(v, bits int) {
	for i := bits - 1; i >= 0; i-- {
		b.acc = b.acc<<1 | byte(v>>i&1)
		if b.held++; b.held < 8 {
			continue
		}
		b.out = append(b.out, b.acc)
		if b.acc == 0xff {
			b.out = append(b.out, 0)
		}
		b.acc, b.held = 0, 0
	}
}

// fill completes the last byte with ones.
func (b *jpegBits) fill() {
	for b.held > 0 {
		b.write(1, 1)
	}
}
