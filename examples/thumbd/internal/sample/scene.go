package sample

import (
	"image"
	"image/color"
	"math"
)

// colour is red, green, blue and opacity, each from 0 to 1 and clipped to that
// at the end; not premultiplied.
type colour struct{ r, g, b, a float64 }

// scene paints the point (x, y): y is -1 at the top and 1 at the bottom, x goes
// as far to both sides as the picture is wide.
type scene func(x, y float64) colour

// paint renders s.
func paint(s scene, width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	unit := 2 / float64(height)
	for py := range height {
		y := (float64(py)+0.5)*unit - 1
		for px := range width {
			x := (float64(px) + 0.5 - float64(width)/2) * unit
			c := s(x, y)
			img.SetNRGBA(px, py, color.NRGBA{R: level(c.r), G: level(c.g), B: level(c.b), A: level(c.a)})
		}
	}
	return img
}

// level is v as a byte.
func level(v float64) uint8 { return uint8(math.Min(math.Max(v, 0), 1)*255 + 0.5) }

func rgb(r, g, b float64) colour { return colour{r, g, b, 1} }

// mix goes from a to b as t goes from 0 to 1.
func mix(a, b colour, t float64) colour {
	t = math.Min(math.Max(t, 0), 1)
	return colour{a.r + (b.r-a.r)*t, a.g + (b.g-a.g)*t, a.b + (b.b-a.b)*t, a.a + (b.a-a.a)*t}
}

// lit is c, brighter or darker by the factor k; opacity stays.
func (c colour) lit(k float64) colour { return colour{c.r * k, c.g * k, c.b * k, c.a} }

// rainbow is an endless smooth palette: three cosines, a phase apart, which the
// three shifts move against each other.
func rainbow(t, red, green, blue float64) colour {
	wave := func(shift float64) float64 { return 0.5 + 0.5*math.Cos(2*math.Pi*(t+shift)) }
	return rgb(wave(red), wave(green), wave(blue))
}

// hue is a pure colour: 0 red, 1/3 green, 2/3 blue, 1 red again.
func hue(t float64) colour {
	part := func(shift float64) float64 {
		return math.Abs(math.Mod(t+shift+2, 1)*6-3) - 1
	}
	return rgb(part(0), part(2.0/3), part(1.0/3))
}

// smooth goes from 0 to 1, without a corner, as v goes from a to b.
func smooth(a, b, v float64) float64 {
	t := math.Min(math.Max((v-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}

func sunset(x, y float64) colour {
	sky := mix(rgb(0.10, 0.10, 0.35), rgb(1.0, 0.55, 0.25), smooth(-1, 0.3, y))
	sun := math.Hypot(x, y-0.05)
	if y < 0.3 {
		return mix(sky, rgb(1, 0.95, 0.7), smooth(0.36, 0.34, sun)+0.35*math.Exp(-3*sun))
	}
	// The sea shows the sky upside down, and the sun as a path of glitter.
	sea := mix(rgb(0.9, 0.45, 0.3), rgb(0.05, 0.08, 0.25), smooth(0.3, 1, y))
	ripple := math.Sin(90*math.Sqrt(y-0.28)+3*math.Sin(6*x)) * 0.5
	return mix(sea, rgb(1, 0.85, 0.55), math.Exp(-6*math.Abs(x)/(0.4+y))*(0.4+ripple))
}

func colourWheel(x, y float64) colour {
	r := math.Hypot(x, y) / 0.95
	c := mix(rgb(1, 1, 1), hue(math.Atan2(y, x)/(2*math.Pi)), r)
	c.a = smooth(1, 0.985, r) // see-through around the wheel
	return c
}

func flower(x, y float64) colour {
	r, angle := math.Hypot(x, y), math.Atan2(y, x)
	petal := 0.55 + 0.35*math.Cos(7*angle)
	c := mix(rgb(1, 0.8, 0.2), rgb(0.85, 0.1, 0.45), smooth(0.1, 0.6, r)).lit(0.75 + 0.35*math.Cos(7*angle))
	if r < 0.16 {
		c = rgb(0.35, 0.2, 0.05).lit(1 + 0.5*math.Sin(80*x)*math.Sin(80*y))
	}
	c.a = smooth(petal+0.01, petal-0.01, r)
	return c
}

func moire(x, y float64) colour {
	a := math.Sin(60 * math.Hypot(x-0.25, y))
	b := math.Sin(60 * math.Hypot(x+0.25, y))
	return mix(rgb(0.05, 0.1, 0.3), rgb(1, 0.95, 0.85), 0.5+0.25*(a+b))
}

func plasma(x, y float64) colour {
	v := math.Sin(3*x) + math.Sin(4*y+1) + math.Sin(3*(x+y)) + math.Sin(5*math.Hypot(x+0.5, y-0.3))
	return rainbow(v/4, 0, 0.33, 0.67)
}

func spiral(x, y float64) colour {
	r, angle := math.Hypot(x, y)+1e-9, math.Atan2(y, x)
	t := math.Log(r)*2.2 + angle*3/(2*math.Pi)
	return rainbow(t, 0.0, 0.1, 0.2).lit(0.25 + smooth(0, 0.6, r))
}

func floor(x, y float64) colour {
	sky := mix(rgb(0.35, 0.6, 0.95), rgb(0.95, 0.97, 1), smooth(-1, -0.05, y))
	if y < 0 {
		return sky
	}
	depth := 1 / (y + 0.02)
	tile := math.Sin(3*x*depth) * math.Sin(3*depth)
	c := mix(rgb(0.12, 0.12, 0.15), rgb(0.95, 0.93, 0.88), smooth(-0.1, 0.1, tile))
	return mix(c, sky, smooth(5, 30, depth))
}

// spheres are three shiny balls lit from the upper left.
func spheres(x, y float64) colour {
	back := mix(rgb(0.15, 0.17, 0.22), rgb(0.4, 0.42, 0.48), smooth(-1, 1, y))
	for _, ball := range []struct {
		x, y, radius float64
		colour       colour
	}{
		{0.35, 0.3, 0.5, rgb(0.9, 0.25, 0.2)},
		{-0.6, 0.1, 0.6, rgb(0.2, 0.5, 0.9)},
		{0.6, -0.45, 0.4, rgb(0.95, 0.75, 0.2)},
	} {
		nx, ny := (x-ball.x)/ball.radius, (y-ball.y)/ball.radius
		if d := nx*nx + ny*ny; d < 1 {
			nz := math.Sqrt(1 - d)
			light := -0.55*nx - 0.6*ny + 0.58*nz
			shine := math.Pow(math.Max(0, light), 40)
			return mix(ball.colour.lit(0.18+0.85*math.Max(0, light)), rgb(1, 1, 1), shine)
		}
	}
	return back
}

// chart is a television test card: bars of colour above a wedge of grey.
func chart(x, y float64) colour {
	if y < 0.4 {
		bar := math.Floor((x + 1.4) / 2.8 * 7)
		return hue(bar / 7).lit(0.8)
	}
	if y < 0.7 {
		k := math.Floor((x+1.4)/2.8*12) / 12
		return rgb(k, k, k)
	}
	k := 0.5 + 0.5*math.Sin(8*(x+2)*(x+2))
	return rgb(k, k, k)
}

func bricks(x, y float64) colour {
	row := math.Floor(y * 6)
	column := x*3 + math.Mod(row+20, 2)/2
	mortar := math.Min(math.Min(fraction(y*6), 1-fraction(y*6))/2, math.Min(fraction(column), 1-fraction(column)))
	brick := mix(rgb(0.55, 0.2, 0.13), rgb(0.75, 0.35, 0.22), hash(math.Floor(column), row))
	brick = brick.lit(0.8 + 0.35*fractal(x*9, y*9, 3))
	return mix(rgb(0.75, 0.73, 0.68), brick, smooth(0.02, 0.045, mortar))
}

// maze is a Truchet tiling: quarter circles, turned at random.
func maze(x, y float64) colour {
	cx, cy := math.Floor(x*5), math.Floor(y*5)
	fx, fy := x*5-cx, y*5-cy
	if hash(cx, cy) < 0.5 {
		fx = 1 - fx
	}
	near := math.Min(math.Abs(math.Hypot(fx, fy)-0.5), math.Abs(math.Hypot(1-fx, 1-fy)-0.5))
	return mix(rgb(0.98, 0.85, 0.4), rgb(0.1, 0.25, 0.35), smooth(0.12, 0.16, near))
}

// fraction is the part of v behind the point, from 0 up to 1 for negative
// numbers too.
func fraction(v float64) float64 { return v - math.Floor(v) }
