// A worker in Go: the payload is a text, the value its words with how often each comes, the most frequent first.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"unicode"
)

type word struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
}

func main() {
	payload, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail("PayloadError", err.Error())
	}
	var text string
	if err := json.Unmarshal(payload, &text); err != nil {
		fail("PayloadError", "the payload is not a text: "+err.Error())
	}
	counts := map[string]int{}
	for _, found := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		counts[found]++
	}
	words := make([]word, 0, len(counts))
	for found, count := range counts {
		words = append(words, word{found, count})
	}
	sort.Slice(words, func(i, j int) bool {
		a, b := words[i], words[j]
		return a.Count > b.Count || a.Count == b.Count && a.Word < b.Word
	})
	// A level as in sd-daemon(3).
	fmt.Fprintf(os.Stderr, "<6>%d words\n", len(words))
	write(words)
}

// The value of the worker, as one JSON document on stdout.
func write(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		panic(err)
	}
}

// Throws, as JavaScript would: what happened on stdout, and exit code 1.
func fail(name, message string) {
	write(map[string]string{"name": name, "message": message})
	os.Exit(1)
}
