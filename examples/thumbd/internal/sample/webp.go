package sample

import (
	"encoding/binary"
	"image"
)

// WebP's lossless format
// (https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification),
// as much of it as it takes to write one: no transform, no colour cache, no
// back references, one group of five Huffman codes.

// asWebP stores every channel with a code of 8 bits per value: no compression
// at all.
func asWebP(img image.Image) []byte {
	m := img.(*image.NRGBA)
	b := webpHeader(m.Rect.Dx(), m.Rect.Dy())
	for _, symbols := range []int{256 + 24, 256, 256, 256} { // green and lengths, red, blue, alpha
		flatCode(b, symbols)
	}
	oneSymbolCode(b, 0) // distances: none
	for i := 0; i < len(m.Pix); i += 4 {
		for _, channel := range []int{1, 0, 2, 3} { // green comes first
			b.huffman(m.Pix[i+channel])
		}
	}
	return b.riff()
}

// solidWebP is a picture of one colour. Every code has one symbol, which takes
// no bits, and so the pixels take none either: the file is as short for the
// largest picture as for the smallest.
func solidWebP(width, height int, r, g, blue uint8) []byte {
	b := webpHeader(width, height)
	for _, symbol := range []uint8{g, r, blue, 255, 0} {
		oneSymbolCode(b, symbol)
	}
	return b.riff()
}

// webpHeader begins a picture of at most 16384×16384.
func webpHeader(width, height int) *bitWriter {
	b := &bitWriter{}
	b.write(0x2f, 8) // signature
	b.write(uint(width-1), 14)
	b.write(uint(height-1), 14)
	b.write(1, 1) // opacity is used
	b.write(0, 3) // version
	b.write(0, 1) // no transform
	b.write(0, 1) // no colour cache
	b.write(0, 1) // one group of codes
	return b
}

func oneSymbolCode(b *bitWriter, symbol uint8) {
	b.write(1, 1) // simple code
	b.write(0, 1) // of one symbol
	b.write(1, 1) // written with 8 bits
	b.write(uint(symbol), 8)
}

// flatCode gives each of the first 256 symbols a code of length 8.
func flatCode(b *bitWriter, symbols int) {
	b.write(0, 1) // normal code
	// The lengths are Huffman coded themselves. Of the lengths that can occur, in
	// this order:
	order := []int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8}
	b.write(uint(len(order)-4), 4)
	for _, length := range order { // only 0 and 8 do: one bit each
		if length == 0 || length == 8 {
			b.write(1, 3)
		} else {
			b.write(0, 3)
		}
	}
	b.write(0, 1) // the lengths of all symbols follow
	for symbol := range symbols {
		if symbol < 256 {
			b.write(1, 1) // 8
		} else {
			b.write(0, 1) // 0: does not occur
		}
	}
}

// bitWriter writes the least significant bit first.
type bitWriter struct {
	out  []byte
	acc  uint64
	held uint
}

func (b *bitWriter) write(v, bits uint) {
	b.acc |= uint64(v) << b.held
	for b.held += bits; b.held >= 8; b.held -= 8 {
		b.out = append(b.out, byte(b.acc))
		b.acc >>= 8
	}
}

// huffman writes a code of flatCode, most significant bit first as all Huffman
// codes.
func (b *bitWriter) huffman(symbol uint8) {
	var reversed uint
	for i := range 8 {
		reversed |= uint(symbol>>i&1) << (7 - i)
	}
	b.write(reversed, 8)
}

// riff is what was written, in the container that a .webp file is.
func (b *bitWriter) riff() []byte {
	if b.held > 0 {
		b.out = append(b.out, byte(b.acc))
	}
	size := len(b.out)
	if size%2 == 1 {
		b.out = append(b.out, 0)
	}
	file := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(12+len(b.out)))...)
	file = append(file, "WEBPVP8L"...)
	file = binary.LittleEndian.AppendUint32(file, uint32(size))
	return append(file, b.out...)
}
