package sample

import "image"

// File is a sample: its name, and how to make its content.
type File struct {
	Name  string
	bytes func() []byte
}

// Bytes makes the content; the same on every call.
func (f File) Bytes() []byte { return f.bytes() }

// Good are the samples that any decoder shows.
func Good() []File {
	type encoder func(image.Image) []byte
	var files []File
	for _, p := range []struct {
		name          string
		scene         scene
		width, height int
		encode        encoder
	}{
		{"bricks.bmp", bricks, 480, 360, asBMP},
		{"bricks.png", bricks, 640, 440, asPNG},
		{"carpet.png", carpet, 729, 729, asPalettedPNG},
		{"cells.jpg", cells, 740, 500, asJPEG},
		{"cells.tiff", cells, 600, 450, asTIFF},
		{"chart.bmp", chart, 520, 380, asBMP},
		{"chart.gif", chart, 640, 480, asGIF},
		{"clouds.jpg", clouds, 920, 520, asJPEG},
		{"clouds.png", clouds, 640, 360, asPNG},
		{"colour wheel.png", colourWheel, 580, 580, asPNG},
		{"colour wheel.webp", colourWheel, 400, 400, asWebP},
		{"colour wheel.gif", colourWheel, 320, 320, asGIF},
		{"fleck.png", plasma, 1, 1, asPNG},
		{"floor.jpg", floor, 860, 580, asJPEG},
		{"floor.png", floor, 640, 480, asPalettedPNG},
		{"flower.png", flower, 500, 500, asPNG},
		{"flower.tiff", flower, 500, 500, asTIFF},
		{"julia dragon.png", julia(-0.8, 0.156), 720, 460, asPNG},
		{"julia rabbit.jpg", julia(-0.123, 0.745), 640, 500, asJPEG},
		{"julia snow.gif", julia(-0.4, 0.6), 480, 320, asGIF},
		{"mandelbrot.jpg", mandelbrot(-0.65, 0, 1.2), 860, 640, asJPEG},
		{"mandelbrot seahorses.png", mandelbrot(-0.745, 0.113, 0.008), 640, 440, asPNG},
		{"mandelbrot spiral.bmp", mandelbrot(-0.7436, 0.1318, 0.0006), 640, 480, asBMP},
		{"marble.jpg", marble, 580, 800, asJPEG},
		{"marble.webp", marble, 320, 240, asWebP},
		{"maze.gif", maze, 500, 500, asGIF},
		{"maze.png", maze, 720, 540, asPalettedPNG},
		{"moire.png", moire, 580, 440, asGrayPNG},
		{"moire.jpg", moire, 720, 720, asJPEG},
		{"mountains.jpg", mountains, 860, 440, asJPEG},
		{"mountains.tiff", mountains, 600, 300, asTIFF},
		{"night.jpg", night, 800, 580, asJPEG},
		{"night.png", night, 480, 640, asPNG},
		{"panorama.jpg", mountains, 1440, 140, asJPEG},
		{"plasma.bmp", plasma, 512, 384, asBMP},
		{"plasma.gif", plasma, 400, 300, asGIF},
		{"saved under a wrong name.png", sunset, 580, 360, asJPEG},
		{"snow.jpg", snow, 500, 400, asJPEG},
		{"spheres.jpg", spheres, 860, 640, asJPEG},
		{"spheres.tiff", spheres, 640, 480, asTIFF},
		{"spheres.webp", spheres, 300, 200, asWebP},
		{"spiral.png", spiral, 580, 580, asPNG},
		{"spiral.gif", spiral, 360, 360, asGIF},
		{"sunset.jpg", sunset, 1160, 720, asJPEG},
		{"sunset.png", sunset, 640, 400, asGrayPNG},
		{"thread.png", chart, 5, 3000, asPNG},
		{"wood.jpg", wood, 640, 440, asJPEG},
		{"wood.bmp", wood, 400, 300, asBMP},
	} {
		files = append(files, File{p.name, func() []byte { return p.encode(paint(p.scene, p.width, p.height)) }})
	}
	return append(files,
		File{"bouncing (1000 frames).gif", func() []byte { return bouncing(1000) }},
		File{"photo (6 megapixels).jpg", func() []byte { return asJPEG(enlarge(paint(plasma, 750, 500), 4)) }},
	)
}
