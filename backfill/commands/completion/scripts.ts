import { shellWord } from '../../../functions/model/shell-word.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** In place of words: the shell completes names of folders. */
export const FOLDERS = ':folders';

/**
 * The script of a shell. It asks this program for the words, by the file that it was printed by: so it works for a
 * checkout, for npx, and for an alias. Where there is no command `kpi-migrate`, it makes one.
 *
 * @param program the words that start this program.
 */
export function scriptOf(shell: Shell, program: readonly string[]): string {
  const start = program.map(shellWord).join(' ');
  return SCRIPTS[shell](start);
}

const SCRIPTS: Readonly<Record<Shell, (start: string) => string>> = {
  bash: (start) => `type kpi-migrate >/dev/null 2>&1 || kpi-migrate() { ${start} "$@"; }
_kpi_migrate() {
  local line word=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ${FOLDERS} ]; then
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$word")
      compopt -o filenames 2>/dev/null
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(${start} completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kpi_migrate kpi-migrate`,
  zsh: (start) => `#compdef kpi-migrate
(( $+commands[kpi-migrate] || $+functions[kpi-migrate] || $+aliases[kpi-migrate] )) || kpi-migrate() { ${start} "$@" }
_kpi_migrate() {
  local line
  local -a found
  while IFS= read -r line; do
    if [[ $line == ${FOLDERS} ]]; then _files -/; return; fi
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(${start} completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe kpi-migrate found
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _kpi_migrate kpi-migrate`,
  fish: (start) => `type -q kpi-migrate; or function kpi-migrate; ${start} $argv; end
function __kpi_migrate
  set -l words (commandline -opc) (commandline -ct)
  set -l found (${start} completion fish -- $words[2..-1] 2>/dev/null)
  if test "$found" = ${FOLDERS}
    __fish_complete_directories (commandline -ct)
  else
    printf '%s\\n' $found
  end
end
complete -c kpi-migrate -f -a '(__kpi_migrate)'`,
};
