package outbox

// maxReasons bounds how many reasons are kept apart.
const maxReasons = 8

// drops counts dropped records that are not told yet, by reason.
type drops []dropped

type dropped struct {
	records uint64
	why     error
	after   uint64 // records of the queue that went before the first of them
}

// add counts a record that was dropped for a reason, after as many records of
// the queue. Reasons of one text are one. Beyond maxReasons, the last one
// stands for all further ones.
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

// due returns what is to be told once so many records of the queue went: what
// was dropped is told where it is missing.
func (d drops) due(went uint64) (dropped, bool) {
	if len(d) == 0 || d[0].after > went {
		return dropped{}, false
	}
	return d[0], true
}

// told takes away what has been told of the first reason. More of it may have
// been counted in the meantime, after as many records.
func (d *drops) told(records, after uint64) {
	first := &(*d)[0]
	first.after = after
	if first.records -= records; first.records == 0 {
		*d = (*d)[1:]
	}
}
