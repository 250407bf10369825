package main

import "context"

// primes lives in a worker process.
type primes struct{}

func newPrimes(context.Context) (*primes, error) { return &primes{}, nil } // setup

type span struct{ From, To int }

// Sieve returns the primes of a span.
func (p *primes) Sieve(_ context.Context, s span) (found []int, err error) {
	for n := s.From; n <= s.To; n++ {
		if isPrime(n) {
			found = append(found, n)
		}
	}
	return found, nil
}

// Among returns those of the numbers that are primes.
func (p *primes) Among(_ context.Context, numbers []int) (found []int, err error) {
	for _, n := range numbers {
		if isPrime(n) {
			found = append(found, n)
		}
	}
	return found, nil
}

func isPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n > 1
}

// factors runs in a worker, too: a plain function.
func factors(_ context.Context, n int) (found []int, err error) {
	for f := 2; f <= n/2; f++ {
		if n%f == 0 {
			found = append(found, f)
		}
	}
	return found, nil
}
