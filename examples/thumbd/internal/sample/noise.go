package sample

import "math"

// hash is a fixed number from 0 to 1 for every cell of the plane, with no
// visible pattern.
func hash(x, y float64) float64 {
	n := uint32(int32(x))*0x9e3779b1 ^ uint32(int32(y))*0x85ebca77
	n = (n ^ n>>15) * 0x2c1b3c6d
	n = (n ^ n>>12) * 0x297a2d39
	return float64(n^n>>15) / (1 << 32)
}

// noise runs smoothly between the hashes of neighbouring cells: value noise.
func noise(x, y float64) float64 {
	cx, cy := math.Floor(x), math.Floor(y)
	tx, ty := smooth(0, 1, x-cx), smooth(0, 1, y-cy)
	top := hash(cx, cy)*(1-tx) + hash(cx+1, cy)*tx
	bottom := hash(cx, cy+1)*(1-tx) + hash(cx+1, cy+1)*tx
	return top*(1-ty) + bottom*ty
}

// fractal is the sum of octaves of noise, each twice as fine and half as strong
// as the one before; 0 to 1, mostly around 0.5.
func fractal(x, y float64, octaves int) float64 {
	sum, strength, total := 0.0, 1.0, 0.0
	for range octaves {
		sum += strength * noise(x, y)
		total += strength
		strength /= 2
		x, y = 2*x+17.3, 2*y-5.1
	}
	return sum / total
}

func clouds(x, y float64) colour {
	bend := fractal(x*1.5, y*1.5, 2)
	cover := fractal(x*1.6+bend, y*2.6+3, 5)
	sky := mix(rgb(0.2, 0.42, 0.8), rgb(0.62, 0.8, 0.96), smooth(-1, 1, y))
	return mix(sky, rgb(1, 1, 1).lit(1.1-0.3*bend), smooth(0.45, 0.75, cover))
}

func marble(x, y float64) colour {
	vein := math.Abs(math.Sin(5*(x+0.4*y) + 7*fractal(2*x+5, 2*y, 5)))
	return mix(rgb(0.2, 0.25, 0.25), rgb(0.95, 0.94, 0.9), math.Sqrt(vein))
}

func wood(x, y float64) colour {
	r := math.Hypot(x*0.6+2, y*2) + 0.25*fractal(2*x, 6*y, 3)
	ring := fraction(r * 7)
	return mix(rgb(0.75, 0.5, 0.27), rgb(0.42, 0.23, 0.1), ring*ring).lit(0.85 + 0.3*noise(8*x, 120*y))
}

// mountains are five ridges, the nearer the darker, under an evening sky.
func mountains(x, y float64) colour {
	for depth := 4.0; depth >= 0; depth-- {
		ridge := -0.25 + 0.24*depth - 0.55*(fractal(x*(1+0.3*depth)+40*depth, depth, 5)-0.3)
		if y > ridge {
			return mix(rgb(0.65, 0.55, 0.62), rgb(0.06, 0.09, 0.13), depth/4)
		}
	}
	return mix(rgb(0.25, 0.25, 0.5), rgb(1, 0.75, 0.55), smooth(-1, 0.3, y))
}

// night is a moon among stars.
func night(x, y float64) colour {
	moon := math.Hypot(x-0.5, y+0.35)
	if moon < 0.3 {
		return rgb(0.95, 0.93, 0.85).lit(0.75 + 0.35*fractal(x*7, y*7, 4))
	}
	c := mix(rgb(0.01, 0.02, 0.08), rgb(0.1, 0.12, 0.28), smooth(-1, 1, y))
	c = mix(c, rgb(0.35, 0.25, 0.5), 0.5*smooth(0.5, 0.8, fractal(1.5*x+y, 1.5*y-x, 3)))
	cell := hash(math.Floor(x*60), math.Floor(y*60))
	if cell > 0.985 {
		spark := math.Hypot(fraction(x*60)-0.5, fraction(y*60)-0.5)
		c = mix(c, rgb(1, 1, 0.9), smooth(0.5, 0.1, spark)*fraction(cell*997))
	}
	return mix(c, rgb(0.5, 0.5, 0.6), 0.6*math.Exp(-5*(moon-0.3)))
}

// cells is a Voronoi diagram: every point takes the colour of the nearest of
// some scattered points.
func cells(x, y float64) colour {
	x, y = x*4, y*4
	cx, cy := math.Floor(x), math.Floor(y)
	first, second, name := 9.0, 9.0, 0.0
	for dy := -1.0; dy <= 1; dy++ {
		for dx := -1.0; dx <= 1; dx++ {
			id := hash(cx+dx, cy+dy)
			d := math.Hypot(cx+dx+id-x, cy+dy+hash(cx+dx+91, cy+dy)-y)
			switch {
			case d < first:
				first, second, name = d, first, id
			case d < second:
				second = d
			}
		}
	}
	glass := rainbow(name, 0, 0.25, 0.55).lit(1.1 - 0.6*first)
	return mix(rgb(0.05, 0.05, 0.07), glass, smooth(0.02, 0.07, second-first))
}

// snow is what a television shows without a station.
func snow(x, y float64) colour {
	k := hash(x*4096, y*4096)
	return rgb(k, k, k)
}
