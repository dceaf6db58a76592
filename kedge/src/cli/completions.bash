# Asks kedge what fits. Bash takes words apart at : and =, as in --server=http://127.0.0.1:8080;
# kedge is asked with them whole, and answered with what comes after the last of these.
_kedge() {
    local IFS=$'\013'
    local words=() at index=0 before="" glue=""
    for ((at = 0; at <= COMP_CWORD; at++)); do
        local word=${COMP_WORDS[at]}
        if ((at == COMP_CWORD)); then
            # Up to the cursor.
            [[ $word == [:=]* ]] || word=$2
        fi
        if [[ -n $glue || ($at -gt 0 && $word == [:=]*) ]]; then
            before=${words[index]}
            words[index]+=$word
        else
            ((at == 0)) || ((++index))
            before=""
            words[index]=$word
        fi
        glue=""
        [[ $word != *[:=] ]] || glue=yes
        ((at < COMP_CWORD)) || [[ $word != [:=]* ]] || before=${words[index]}
    done
    COMPREPLY=( $( \
        _CLAP_IFS="$IFS" \
        _CLAP_COMPLETE_INDEX="$index" \
        KEDGE_COMPLETE="bash" \
        "kedge" -- "${words[@]}" \
    ) )
    if [[ $? != 0 ]]; then
        unset COMPREPLY
        return
    fi
    COMPREPLY=( "${COMPREPLY[@]#"$before"}" )
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} == *[=/:] ]] || COMPREPLY[0]+=" "
}
complete -o nospace -o bashdefault -o nosort -F _kedge kedge 2>/dev/null ||
    complete -o nospace -o bashdefault -F _kedge kedge
