package sample

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
)

// Encoders of painted pictures. They write to memory, so that an error would be
// a mistake in this package: must stops there.

func asPNG(img image.Image) []byte {
	return encode(func(b *bytes.Buffer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(b, img)
	})
}

func asJPEG(img image.Image) []byte {
	flat, ok := img.(*image.RGBA) // the encoder is quickest with these
	if !ok {
		flat = image.NewRGBA(img.Bounds())
		draw.Draw(flat, flat.Bounds(), img, image.Point{}, draw.Src)
	}
	return encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, flat, &jpeg.Options{Quality: 88}) })
}

func asBMP(img image.Image) []byte {
	return encode(func(b *bytes.Buffer) error { return bmp.Encode(b, img) })
}

func asTIFF(img image.Image) []byte {
	return encode(func(b *bytes.Buffer) error { return tiff.Encode(b, img, nil) })
}

func asGIF(img image.Image) []byte {
	return encode(func(b *bytes.Buffer) error { return gif.Encode(b, paletted(img.(*image.NRGBA)), nil) })
}

// asGrayPNG keeps one channel of 16 bits, asPalettedPNG one byte of a palette:
// decoders have a path of their own for each.
func asGrayPNG(img image.Image) []byte {
	gray := image.NewGray16(img.Bounds())
	draw.Draw(gray, gray.Bounds(), img, image.Point{}, draw.Src)
	return asPNG(gray)
}

func asPalettedPNG(img image.Image) []byte { return asPNG(paletted(img.(*image.NRGBA))) }

// cube is a palette of 6 levels of each colour, and one entry for see-through.
var cube = func() color.Palette {
	p := color.Palette{}
	for i := range 216 {
		p = append(p, color.NRGBA{R: uint8(i / 36 * 51), G: uint8(i / 6 % 6 * 51), B: uint8(i % 6 * 51), A: 255})
	}
	return append(p, color.NRGBA{})
}()

// paletted brings img to the colours of cube, with the ordered dither of a 4×4
// Bayer matrix: no search for the nearest colour, and so much faster than what
// image/gif would do.
func paletted(img *image.NRGBA) *image.Paletted {
	bayer := [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}
	out := image.NewPaletted(img.Bounds(), cube)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c := img.NRGBAAt(x, y)
			lift := bayer[y&3][x&3]*51/16 + 1
			step := func(v uint8) int { return min((int(v)+lift)/51, 5) }
			index := step(c.R)*36 + step(c.G)*6 + step(c.B)
			if c.A < 128 {
				index = 216
			}
			out.Pix[y*out.Stride+x] = uint8(index)
		}
	}
	return out
}

// enlarge makes every pixel of img times² pixels, with soft edges: the quick
// way to a large picture.
func enlarge(img image.Image, times int) image.Image {
	size := img.Bounds().Size().Mul(times)
	large := image.NewRGBA(image.Rectangle{Max: size})
	draw.ApproxBiLinear.Scale(large, large.Rect, img, img.Bounds(), draw.Src, nil)
	return large
}

// bouncing is an animated GIF of that many frames: a ball on a drawn ground.
func bouncing(frames int) []byte {
	const width, height, ball = 240, 160, 24
	ground := paletted(paint(sunset, width, height))
	sprite := paletted(paint(func(x, y float64) colour {
		c := rgb(0.9, 0.2, 0.2).lit(1.1 - 0.6*(x+y+1)/2)
		c.a = smooth(1, 0.9, x*x+y*y)
		return c
	}, ball, ball))
	// Every frame after the first is the ball alone, and is taken away again before
	// the next.
	film := gif.GIF{Image: []*image.Paletted{ground}, Delay: []int{2}, Disposal: []byte{gif.DisposalNone}}
	x, y, dx, dy := 0, 0, 3, 2
	for len(film.Image) < frames {
		if x+dx < 0 || x+dx+ball > width {
			dx = -dx
		}
		if y+dy < 0 || y+dy+ball > height {
			dy = -dy
		}
		x, y = x+dx, y+dy
		frame := *sprite
		frame.Rect = sprite.Rect.Add(image.Pt(x, y))
		film.Image = append(film.Image, &frame)
		film.Delay = append(film.Delay, 2)
		film.Disposal = append(film.Disposal, gif.DisposalPrevious)
	}
	return encode(func(b *bytes.Buffer) error { return gif.EncodeAll(b, &film) })
}

func encode(write func(*bytes.Buffer) error) []byte {
	var b bytes.Buffer
	must(write(&b))
	return b.Bytes()
}

func must(err error) {
	if err != nil {
		panic("sample: " + err.Error())
	}
}
