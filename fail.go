package legion

// Fail stops the daemon because of err, as Stop does; Run, Wait and Stop return
// an error that matches err. So main can report it and exit with a code other
// than 0; with package cli the code is that of a cli.ExitError in err, or else
// 1. Fail returns at once, and may be called from any goroutine and on the
// loop. The first error counts, and a restart that is under way is cancelled.
// In Init return the error instead. After the daemon's end Fail does nothing,
// and in a worker process nothing but a line in the log. It panics if err is
// nil.
func (d *Daemon) Fail(err error) {
	if err == nil {
		panic("legion: Fail of a nil error: call Stop to end a daemon without one")
	}
	if say := d.life.Fail(err); say != "" {
		d.log.Error(say, "err", err)
	}
	d.life.ForGood()
	d.begin("the program failed: " + err.Error())
}
