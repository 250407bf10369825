package sample

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
)

// Bombs: small files whose pictures are large. Some are complete pictures,
// which a decoder with enough memory would show; some only claim their size,
// which is enough for a decoder that takes the memory before it reads on.

// solidPNG is a complete picture of black pixels at one bit each, which
// decoders turn into four bytes each, because one of its two colours is
// declared transparent. Deflate shrinks the zeros to a thousandth.
func solidPNG(width, height int) []byte {
	rows := (1 + (width+7)/8) * height // a filter byte, then the pixels
	return pngFile(width, height, 1, 0, map[string][]byte{"tRNS": {0, 1}}, zeros(rows))
}

// claimedPNG says that it is so large at 8 bits for each of red, green, blue
// and opacity, and ends where its pixels should begin.
func claimedPNG(width, height int) []byte {
	return pngFile(width, height, 8, 6, nil, zeros(0)[:2])
}

// pngFile puts a PNG together: https://www.w3.org/TR/png/.
func pngFile(width, height, depth, colourType int, extra map[string][]byte, data []byte) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, content []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
		start := len(out)
		out = append(append(out, kind...), content...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	chunk("IHDR", append(header, byte(depth), byte(colourType), 0, 0, 0))
	for kind, content := range extra {
		chunk(kind, content)
	}
	chunk("IDAT", data)
	chunk("IEND", nil)
	return out
}

// zeros is a zlib stream of n zero bytes. It is made quickly for any n:
// a compressed piece of zeros that ends at a byte boundary refers to nothing
// outside itself, and so can be written over and over.
func zeros(n int) []byte {
	const piece = 1 << 20
	var b bytes.Buffer
	b.Write([]byte{0x78, 0xda}) // zlib header

	w, err := flate.NewWriter(nil, flate.BestCompression)
	must(err)
	var repeated bytes.Buffer
	w.Reset(&repeated)
	_, err = w.Write(make([]byte, piece))
	must(err)
	must(w.Flush())
	for range n / piece {
		b.Write(repeated.Bytes())
	}
	w.Reset(&b)
	_, err = w.Write(make([]byte, n%piece))
	must(err)
	must(w.Close())

	// The Adler-32 sum of n zeros: its low half stays 1, its high half counts the
	// bytes.
	return binary.BigEndian.AppendUint32(b.Bytes(), uint32(n%65521)<<16|1)
}

// claimedBMP is a BMP header for 32 bits per pixel, and no pixels.
func claimedBMP(width, height int) []byte {
	b := make([]byte, 54)
	copy(b, "BM")
	binary.LittleEndian.PutUint32(b[10:], 54) // where the pixels would begin
	binary.LittleEndian.PutUint32(b[14:], 40) // size of the second header
	binary.LittleEndian.PutUint32(b[18:], uint32(width))
	binary.LittleEndian.PutUint32(b[22:], uint32(height))
	binary.LittleEndian.PutUint16(b[26:], 1)
	binary.LittleEndian.PutUint16(b[28:], 32)
	return b
}

// claimedGIF is a GIF with a frame as large as a GIF can be, of which one pixel
// is there.
func claimedGIF() []byte {
	b := []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00")
	b = append(b, 0, 0, 0, 255, 255, 255) // palette: black, white
	b = append(b, ',', 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0)
	return append(b, 2, 2, 0x4c, 0x01, 0, ';') // clear, one pixel, end
}
