package legion

// Fail ends the daemon because of err: it stops in good order, as Stop does,
// and Run, Wait and Stop return an error that matches err. So main says why and
// ends with a code other than 0; with package cli the code is that of a
// cli.ExitError in err, or else 1. Fail returns at once, and may be called from
// any goroutine and on the loop. The first error counts, and no restart that is
// under way takes place. In Init return the error instead. After the end it
// does nothing. It panics if err is nil.
func (d *Daemon) Fail(err error) {
	if err == nil {
		panic("legion: Fail of a nil error: call Stop to end a daemon without one")
	}
	first := d.life.Fail(err)
	if first {
		d.log.Error("the daemon ends because of an error", "err", err)
	}
	d.life.ForGood()
	d.begin("the program failed: " + err.Error())
}
