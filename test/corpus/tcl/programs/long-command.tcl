proc load_rows {args} {
    error "bad rows"
}
load_rows {a long list of words that goes on and on} {a long list of words that goes on and on} {a long list of words that goes on and on} {and on}
