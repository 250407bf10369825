package cli

import (
	"context"
	"slices"
	"strings"
)

// The scripts ask the program itself, so that they also know the pools,
// functions and methods of the daemon that runs. NAME is the program, FUNC its
// name as that of a function. Where there is nothing to propose, they propose
// files.
var completionScripts = map[string]string{
	"bash": `# bash completion for NAME. For this shell:  source <(NAME completion bash)
# For all:  NAME completion bash > /etc/bash_completion.d/NAME
_FUNC() {
	local word
	COMPREPLY=()
	while IFS= read -r word; do
		COMPREPLY+=("$word")
	done < <("${COMP_WORDS[0]}" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	if [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}
complete -o default -F _FUNC NAME
`,
	"zsh": `#compdef NAME
# zsh completion for NAME. For this shell:  source <(NAME completion zsh)
# For all:  NAME completion zsh > "${fpath[1]}/_NAME"
_FUNC() {
	local line
	local -a words_ keys
	for line in "${(@f)$("${words[1]}" __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		case "$line" in
		'') ;;
		*=:*) keys+=("$line") ;;
		*) words_+=("$line") ;;
		esac
	done
	if (( ${#words_} + ${#keys} == 0 )); then
		_files
		return
	fi
	(( ${#words_} )) && _describe NAME words_
	(( ${#keys} )) && _describe NAME keys -S ''
	return 0
}
if [[ "${funcstack[1]}" == _FUNC ]]; then
	_FUNC "$@"
else
	compdef _FUNC NAME
fi
`,
	"fish": `# fish completion for NAME. For this shell:  NAME completion fish | source
# For all:  NAME completion fish > ~/.config/fish/completions/NAME.fish
function __FUNC_complete
	set -l words (commandline -opc)
	set -l found ($words[1] __complete fish $words[2..-1] (commandline -ct) 2>/dev/null)
	if test (count $found) -gt 0
		printf '%s\n' $found
	else
		__fish_complete_path (commandline -ct)
	end
end
complete -c NAME -f -a '(__FUNC_complete)'
`,
}

func completionVerb(p *program) *verb {
	return &verb{
		group: moreGroup,
		Command: Command{
			Name: "completion", Args: "SHELL", Short: "write a script that completes command lines in bash, zsh or fish",
			Run: func(_ context.Context, in *Invocation) error {
				script, known := completionScripts[in.Args[0]]
				if !known {
					return usage("there is no completion for %q: SHELL is bash, zsh or fish", in.Args[0])
				}
				in.out().printf("%s", strings.NewReplacer("NAME", p.name, "FUNC", functionName(p.name)).Replace(script))
				return nil
			},
		},
	}
}

// functionName is a program's name as shells allow it for functions.
func functionName(name string) string {
	return strings.Map(func(r rune) rune {
		if notInName(r) || r == '-' {
			return '_'
		}
		return r
	}, name)
}

// completeVerb is what the scripts call: with the shell and the words up to the
// cursor, the last of which, possibly empty, it completes.
func completeVerb(p *program) *verb {
	return &verb{
		hidden: true, raw: true,
		Command: Command{
			Name: "__complete", Args: "SHELL WORD…", Short: "propose words",
			Run: func(ctx context.Context, in *Invocation) error {
				shell, words, drop := in.Args[0], in.Args[1:], ""
				if shell == "bash" {
					words, drop = rejoin(words)
				}
				current := unquoted(words[len(words)-1])
				for _, c := range p.candidates(ctx, append(slices.Clone(words[:len(words)-1]), current)) {
					if !strings.HasPrefix(c.word, current) || c.word == "" {
						continue
					}
					p.stdout.printf("%s\n", c.line(shell, drop))
				}
				return nil
			},
		},
	}
}

// candidate is a word that is proposed.
type candidate struct{ word, help string }

// line formats a candidate as a shell expects it.
func (c candidate) line(shell, drop string) string {
	word, help := oneLine(c.word), oneLine(c.help)
	switch shell {
	case "bash":
		return escapedForShell(strings.TrimPrefix(word, drop))
	case "zsh":
		return strings.ReplaceAll(word, ":", `\:`) + ":" + help
	}
	return word + "\t" + help
}

// rejoin makes whole words of those that bash has split at = and :. drop is the
// prefix to remove from the proposals, since bash takes it for another word.
func rejoin(words []string) (whole []string, drop string) {
	joined := false
	for i, w := range words {
		breaks := w != "" && strings.Trim(w, "=:") == ""
		if len(whole) > 0 && (breaks || joined) && i > 0 {
			whole[len(whole)-1] += w
		} else {
			whole = append(whole, w)
		}
		joined = breaks
	}
	last := whole[len(whole)-1]
	if tail := words[len(words)-1]; last != tail || strings.Trim(tail, "=:") == "" {
		drop = last[:strings.LastIndexAny(last, "=:")+1]
	}
	return whole, drop
}

// special are the characters that a shell needs quoted.
const special = " \t\"'\\$`*?[](){}<>|&;#~!"

func escapedForShell(word string) string {
	var b strings.Builder
	for _, r := range word {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// unquoted is a word, as far as it has been written, without its quotes.
func unquoted(word string) string {
	if word != "" && (word[0] == '"' || word[0] == '\'') {
		return strings.TrimSuffix(word[1:], word[:1])
	}
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		if word[i] == '\\' && i+1 < len(word) {
			i++
		}
		b.WriteByte(word[i])
	}
	return b.String()
}
