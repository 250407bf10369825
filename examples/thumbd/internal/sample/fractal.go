package sample

import "math"

// escape iterates z² + c until it leaves the circle of radius 16 and returns
// how many steps that took, with a smooth fraction; negative if it has not left
// after limit steps.
func escape(zx, zy, cx, cy float64, limit int) float64 {
	for i := range limit {
		x2, y2 := zx*zx, zy*zy
		if x2+y2 > 256 {
			return float64(i) + 1 - math.Log2(math.Log(x2+y2)/2)
		}
		zx, zy = x2-y2+cx, 2*zx*zy+cy
	}
	return -1
}

// mandelbrot shows the surroundings of (cx, cy), radius wide to the top and
// bottom.
func mandelbrot(cx, cy, radius float64) scene {
	return func(x, y float64) colour {
		n := escape(0, 0, cx+x*radius, cy+y*radius, 180)
		if n < 0 {
			return rgb(0.02, 0.02, 0.06)
		}
		return rainbow(0.45+0.06*n, 0, 0.08, 0.22)
	}
}

// julia shows the filled Julia set of (cx, cy).
func julia(cx, cy float64) scene {
	return func(x, y float64) colour {
		n := escape(x*1.2, y*1.2, cx, cy, 200)
		if n < 0 {
			return rgb(0.05, 0.02, 0.1)
		}
		return rainbow(0.5+0.035*n, 0.05, 0.2, 0.4)
	}
}

// carpet is Sierpiński's.
func carpet(x, y float64) colour {
	u, v := fraction(x/2+0.5), fraction(y/2+0.5)
	for depth := range 6 {
		u, v = u*3, v*3
		if math.Floor(u) == 1 && math.Floor(v) == 1 {
			return rainbow(float64(depth)/6, 0, 0.15, 0.3)
		}
		u, v = fraction(u), fraction(v)
	}
	return rgb(0.1, 0.08, 0.15)
}
