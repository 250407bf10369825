package sample

import "github.com/legion-go/legion/examples/thumbd/internal/evil"

// Hostile are the bad samples: damaged by accident, or made to harm.
func Hostile() []File {
	return []File{
		// Complete pictures, small as files, of 3.4 GiB and 1 GiB in memory.
		{"bomb (complete).png", func() []byte { return solidPNG(30_000, 30_000) }},
		{"bomb (34 bytes).webp", func() []byte { return solidWebP(1<<14, 1<<14, 200, 30, 30) }},
		// They claim 9.3 GiB, 4 GiB and 3.4 GiB, and contain nothing.
		{"bomb (59 bytes).png", func() []byte { return claimedPNG(50_000, 50_000) }},
		{"bomb (35 bytes).gif", claimedGIF},
		{"bomb (54 bytes).bmp", func() []byte { return claimedBMP(30_000, 30_000) }},

		// The decoders panic on sizes that no slice can have:
		// https://go.dev/issue/54586 and https://go.dev/issue/60885.
		{"panic.png", func() []byte { return claimedPNG(1<<31-1, 1<<28) }},
		{"panic.bmp", func() []byte { return claimedBMP(1<<31-1, 1<<28) }},

		// A valid picture that keeps a decoder busy for much longer than a user would
		// wait.
		{"endless scans.jpg", func() []byte { return slowJPEG(4096, 4096, 8000) }},

		{"truncated.jpg", func() []byte { return cut(asJPEG(paint(sunset, 1200, 800))) }},
		{"truncated.png", func() []byte { return cut(asPNG(paint(marble, 500, 400))) }},
		{"truncated.gif", func() []byte { return cut(asGIF(paint(plasma, 300, 200))) }},
		{"truncated.tiff", func() []byte { return cut(asTIFF(paint(cells, 300, 200))) }},
		{"flipped bit.png", func() []byte {
			b := asPNG(paint(maze, 400, 300))
			b[len(b)/2] ^= 0x10
			return b
		}},
		{"diary.png", func() []byte { return []byte("Dear diary, today I was saved as a picture.\n") }},
		{"static.gif", static},
		{"empty.jpg", func() []byte { return nil }},

		// It makes package evil look for passwords, and for a way to send them.
		{"exfil.webp", func() []byte { return []byte(evil.Magic) }},
	}
}

// cut is the first half of b, as an interrupted copy would leave it.
func cut(b []byte) []byte { return b[:len(b)/2] }

// static begins like a GIF of 512×512 and continues with noise.
func static() []byte {
	b := []byte("GIF89a\x00\x02\x00\x02")
	for i := range 20_000 {
		b = append(b, byte(256*hash(float64(i), 7)))
	}
	return b
}
