//go:build race

package elevation_test

// stride is which requests the matrix takes under the race detector, which is ten times slower: every ninth.
const stride = 9
