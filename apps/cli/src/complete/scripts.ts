export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function isShell(name: string): name is Shell {
  return (SHELLS as readonly string[]).includes(name);
}

/** The script of a shell. It asks `kb __complete` with the words typed so far, so that it never goes stale. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return BASH;
    case 'zsh':
      return ZSH;
    case 'fish':
      return FISH;
  }
}

/** Bash breaks words at ":" and "=" and replaces only the part after them: that much is cut from every candidate. */
const BASH = `# bash completion for kb
_kb() {
  local line=\${COMP_LINE:0:COMP_POINT} current cut candidate about
  local -a words
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  current=\${words[\${#words[@]}-1]}
  cut=\${current%"\${current##*[:=]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate about; do
    case $candidate in
      :files) compopt -o filenames 2>/dev/null; while read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "\${current#"$cut"}") ;;
      :folders) compopt -o filenames 2>/dev/null; while read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -d -- "\${current#"$cut"}") ;;
      *) case $candidate in *=) compopt -o nospace 2>/dev/null ;; esac; COMPREPLY+=("\${candidate#"$cut"}") ;;
    esac
  done < <(kb __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _kb kb
`;

const ZSH = `#compdef kb
_kb() {
  local line value
  local -a values labels
  for line in "\${(@f)$(kb __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    value=\${line%%$'\\t'*}
    case $value in
      '') ;;
      :files) _files ;;
      :folders) _files -/ ;;
      *=) compadd -S '' -d "( \${line//$'\\t'/  } )" -- "$value" ;;
      *) values+=("$value"); labels+=("\${line//$'\\t'/  }") ;;
    esac
  done
  (( \${#values} )) && compadd -l -d labels -a values
}
compdef _kb kb
`;

const FISH = `# fish completion for kb
function __kb_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l current (commandline -ct)
    for line in (kb __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r '^--[^=]*=' '' -- $current)
            case :folders
                __fish_complete_directories (string replace -r '^--[^=]*=' '' -- $current)
            case '*'
                echo $line
        end
    end
end
complete -c kb -f -a '(__kb_complete)'
`;
