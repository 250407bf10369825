# Prints checks in the Test Anything Protocol: one line each, and their number at the end. To be sourced by bash.

count=0 failed=0

ok() { count=$((count + 1)); echo "ok $count - $1"; }

not_ok() { count=$((count + 1)) failed=$((failed + 1)); printf 'not ok %d - %s: %s\n' "$count" "$1" "${2//$'\n'/\\n}"; }

# is NAME GOT WANT: they are the same.
is() { if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "got ${2:0:400}, want ${3:0:400}"; fi; }

# has NAME GOT PART...: GOT holds each part.
has() {
	local name=$1 got=$2 part
	shift 2
	for part; do
		[[ $got == *"$part"* ]] || { not_ok "$name" "${got:0:400} does not hold $part"; return; }
	done
	ok "$name"
}

# lacks NAME GOT PART: GOT does not hold the part.
lacks() { if [[ $2 != *"$3"* ]]; then ok "$1"; else not_ok "$1" "${2:0:400} holds $3"; fi; }

# The plan comes last, so that a script that stops half-way has none.
end() { echo "1..$count"; exit "$((failed > 0))"; }
