package outbox

// maxReasons bounds how many reasons are distinguished.
const maxReasons = 8

// drops counts dropped records that are not reported yet, by reason.
type drops []dropped

type dropped struct {
	records uint64
	why     error
	after   uint64 // records of the queue that left before the first of them
}

// add counts a record that was dropped for a reason, after the given number of
// records of the queue. Reasons with the same text are one. Beyond maxReasons,
// the last one stands for all further ones.
func (d *drops) add(why error, after uint64) {
	text := why.Error()
	for i := range *d {
		if one := &(*d)[i]; one.why.Error() == text || i == maxReasons-1 {
			one.records++
			return
		}
	}
	*d = append(*d, dropped{1, why, after})
}

// due returns the report that is due once the given number of records left the
// queue: drops are reported where the records are missing.
func (d drops) due(went uint64) (dropped, bool) {
	if len(d) == 0 || d[0].after > went {
		return dropped{}, false
	}
	return d[0], true
}

// told subtracts the reported drops of the first reason. More may have been
// counted in the meantime, after the given number of records.
func (d *drops) told(records, after uint64) {
	first := &(*d)[0]
	first.after = after
	if first.records -= records; first.records == 0 {
		*d = (*d)[1:]
	}
}
