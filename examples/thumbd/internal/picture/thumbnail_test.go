package picture_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
	"testing/iotest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/legion-go/legion/examples/thumbd/internal/picture"
)

// halves is a picture whose left half is red and whose right half is
// see-through blue.
func halves(w, h int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x < w/2 {
				m.SetNRGBA(x, y, color.NRGBA{R: 255, A: 255})
			} else {
				m.SetNRGBA(x, y, color.NRGBA{B: 255, A: 128})
			}
		}
	}
	return m
}

func TestThumbnailOfEveryFormat(t *testing.T) {
	encoders := map[string]func(io.Writer, image.Image) error{
		"png":  png.Encode,
		"jpeg": func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) },
		"gif":  func(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) },
		"bmp":  bmp.Encode,
		"tiff": func(w io.Writer, m image.Image) error { return tiff.Encode(w, m, nil) },
	}
	for format, encode := range encoders {
		t.Run(format, func(t *testing.T) {
			var file bytes.Buffer
			if err := encode(&file, halves(400, 200)); err != nil {
				t.Fatal(err)
			}
			got, err := picture.Thumbnail(&file, 100)
			if err != nil {
				t.Fatal(err)
			}
			if got.Format != format || got.Width != 400 || got.Height != 200 || got.ThumbWidth != 100 || got.ThumbHeight != 50 {
				t.Errorf("got %s %d×%d → %d×%d, want %s 400×200 → 100×50",
					got.Format, got.Width, got.Height, got.ThumbWidth, got.ThumbHeight, format)
			}
			thumb, err := png.Decode(bytes.NewReader(got.PNG))
			if err != nil {
				t.Fatalf("the thumbnail is no PNG: %v", err)
			}
			if size := thumb.Bounds().Size(); size != image.Pt(100, 50) {
				t.Errorf("the thumbnail is %v, want 100×50", size)
			}
			left := color.NRGBAModel.Convert(thumb.At(20, 25)).(color.NRGBA)
			if left.R < 240 || left.B > 15 || left.A < 250 {
				t.Errorf("left half is %v, want red", left)
			}
			right := color.NRGBAModel.Convert(thumb.At(80, 25)).(color.NRGBA)
			if right.R > 15 || right.B < 100 {
				t.Errorf("right half is %v, want blue", right)
			}
			if format == "png" && (right.A < 120 || right.A > 136) {
				t.Errorf("right half has alpha %d, want 128: transparency was lost", right.A)
			}
		})
	}
}

func TestThumbnailRefuses(t *testing.T) {
	var whole bytes.Buffer
	if err := jpeg.Encode(&whole, halves(300, 200), nil); err != nil {
		t.Fatal(err)
	}
	emptyBMP := make([]byte, 54) // 0×0 pixels: the decoder takes it
	copy(emptyBMP, "BM")
	emptyBMP[10], emptyBMP[14], emptyBMP[26], emptyBMP[28] = 54, 40, 1, 24

	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":   {nil, picture.ErrNotPicture},
		"text":      {[]byte("Dear diary, today I was saved as .png"), picture.ErrNotPicture},
		"truncated": {whole.Bytes()[:whole.Len()/2], picture.ErrCorrupt},
		"no pixels": {emptyBMP, picture.ErrCorrupt},
		"no header": {[]byte("GIF89a"), picture.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := picture.Thumbnail(bytes.NewReader(c.file), 100); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// A disk that fails says nothing about the picture.
func TestThumbnailOfFailingDisk(t *testing.T) {
	disk := errors.New("input/output error")
	for name, r := range map[string]io.Reader{
		"at once": iotest.ErrReader(disk),
		"later":   io.MultiReader(bytes.NewReader([]byte("\x89PNG\r\n\x1a\n")), iotest.ErrReader(disk)),
	} {
		_, err := picture.Thumbnail(r, 100)
		if !errors.Is(err, disk) || errors.Is(err, picture.ErrCorrupt) || errors.Is(err, picture.ErrNotPicture) {
			t.Errorf("%s: got %v, want %v alone", name, err, disk)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct{ w, h, max, wantW, wantH int }{
		{400, 200, 100, 100, 50},
		{200, 400, 100, 50, 100},
		{300, 300, 100, 100, 100},
		{40, 20, 100, 40, 20},      // not enlarged
		{100, 100, 100, 100, 100},  // fits exactly
		{5000, 3, 100, 100, 1},     // never nothing
		{3, 5000, 100, 1, 100},     //
		{301, 200, 100, 100, 66},   // 66.4
		{1000, 667, 256, 256, 171}, // 170.8
	} {
		if w, h := picture.Fit(c.w, c.h, c.max); w != c.wantW || h != c.wantH {
			t.Errorf("Fit(%d, %d, %d) = %d×%d, want %d×%d", c.w, c.h, c.max, w, h, c.wantW, c.wantH)
		}
	}
}
